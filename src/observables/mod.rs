//! What an experiment would see of a structure and its modes.
