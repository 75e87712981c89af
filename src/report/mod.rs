//! The report: a plain model, drawn and typeset; nothing is computed here.
//!
//! [`Report`] is what a report says. [`svg`] draws one of its figures, [`png`](png()) paints it, and the four writers make
//! files of the whole. The same model gives the same bytes in every format.

mod axes;
mod canvas;
mod charts;
mod csv;
mod figure;
mod html;
mod layers;
mod map;
mod model;
mod origin;
pub mod overview;
pub mod pages;
mod palette;
#[cfg(feature = "pdf")]
mod pdf;
mod png;
mod ruler;
mod write;

pub use charts::script;
pub use figure::svg;
pub use html::{POLICY, body, html, style};
pub use model::{
    Arrangement, Axis, Block, Figure, Layer, Panel, Paper, Report, Role, Section, Size, Table,
    Tone, Verdict,
};
pub use png::png;
pub use write::{json, pdf, write_figures, write_html, write_json, write_pdf};
