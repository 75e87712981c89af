//! The report: a plain model, drawn and typeset; nothing is computed here.

mod model;

pub use model::{
    Arrangement, Axis, Block, Figure, Layer, Panel, Report, Role, Section, Size, Table, Tone,
    Verdict,
};
