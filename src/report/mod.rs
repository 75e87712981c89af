//! The report: a plain model, drawn and typeset; nothing is computed here.
