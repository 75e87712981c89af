//! The local page: one document with its styles and scripts inside.

use crate::curve::Quantity;
use crate::operator::Operator;
use crate::report::{self, Paper};
use crate::units::Unit;
use serde_json::json;

const PAGE: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("page.css");

/// What the page may do: run its own script and ask its own server.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
     connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page for an operator read from `path`.
pub(super) fn page(operator: &Operator, path: &str) -> String {
    let meta = &operator.meta;
    let names = |axis: &dyn Fn(Unit) -> bool| -> Vec<&str> {
        let all = Quantity::ALL.into_iter().filter(|q| axis(q.axis()));
        all.map(Quantity::name).collect()
    };
    let known = json!({
        "operator": path,
        "quantity": meta.quantity,
        "glasses": operator.samples(),
        "composition": meta.composition,
        "density": meta.mean_density,
        "pdfs": names(&|u| u != Unit::Mev),
        "spectra": names(&|u| u == Unit::Mev),
        "hasPdf": cfg!(feature = "pdf"),
    });
    // JSON in a script: no word of a path may end it.
    let known = known.to_string().replace('<', "\\u003c");
    let script = report::script().unwrap_or_default();
    PAGE.replacen(
        "/*STYLE*/",
        &format!("{}{STYLE}", report::style(Paper::A4)),
        1,
    )
    .replacen(
        "/*SCRIPT*/",
        &format!("{script}const known = {known};\n{SCRIPT}"),
        1,
    )
}
