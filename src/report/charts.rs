//! Figures as charts on the screen: their numbers as JSON, and the script that draws them (uPlot, in `assets/uplot`).

use super::model::{Figure, Layer, Role};
use super::palette;
use crate::error::{Error, Result};
use serde::Serialize;
use serde_json::json;

/// Pixels on the screen to a millimetre of line width in print.
const PX_PER_MM: f64 = 4.0;

const UPLOT: &str = include_str!("assets/uplot/uPlot.iife.min.js");
const UPLOT_STYLE: &str = include_str!("assets/uplot/uPlot.min.css");
const UPLOT_LICENCE: &str = include_str!("assets/uplot/LICENSE");
const CHARTS: &str = include_str!("assets/charts.js");

/// Styles that the script needs.
pub(super) fn style() -> &'static str {
    UPLOT_STYLE
}

/// uPlot with its licence, the chart maker, and `look`: the colours, widths and dashes of the printed figures.
pub fn script() -> Result<String> {
    Ok(format!(
        "/*!\n{UPLOT_LICENCE}*/\n{UPLOT}\n{CHARTS}const look = {};\n",
        embedded(&look())?
    ))
}

/// What charts look like: the palette, so that screen and print agree.
fn look() -> serde_json::Value {
    let roles = [
        Role::Measured,
        Role::Predicted,
        Role::Inferred,
        Role::Prior,
        Role::Reference,
        Role::Difference,
    ];
    let named = roles.map(|role| {
        let stroke = palette::stroke(role);
        let dash: Vec<f64> = stroke.dash.map_or(Vec::new(), |(on, off)| {
            vec![on * PX_PER_MM, off * PX_PER_MM]
        });
        let told = json!({
            "colour": hex(stroke.colour),
            "width": stroke.width * PX_PER_MM,
            "dash": dash,
            "filled": palette::marker(role).2,
        });
        (serde_json::to_value(role), told)
    });
    let roles: serde_json::Map<String, serde_json::Value> = named
        .into_iter()
        .filter_map(|(name, told)| Some((name.ok()?.as_str()?.to_owned(), told)))
        .collect();
    json!({
        "roles": roles,
        "attention": hex(palette::ATTENTION),
        "band": palette::band(Role::Inferred).alpha,
    })
}

fn hex(colour: palette::Colour) -> String {
    let (r, g, b) = colour.rgb;
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// The figure's numbers for the script, if all of it is curves over ascending x.
pub(super) fn numbers(figure: &Figure) -> Result<Option<String>> {
    let panels = figure.panels();
    let mut layers = panels.iter().flat_map(|p| &p.layers);
    if panels.iter().any(|p| p.ruler.is_some()) || !layers.all(is_curve) {
        return Ok(None);
    }
    embedded(figure).map(Some)
}

fn is_curve(layer: &Layer) -> bool {
    match layer {
        Layer::Line { x, .. }
        | Layer::Points { x, .. }
        | Layer::Band { x, .. }
        | Layer::Bars { x, .. } => x.windows(2).all(|w| w[0] < w[1]),
        Layer::Shade { .. } => true,
        Layer::Map { .. } | Layer::Polygons { .. } | Layer::Segments { .. } => false,
    }
}

/// JSON that cannot end the script it stands in.
fn embedded(value: &impl Serialize) -> Result<String> {
    let json = serde_json::to_string(value)
        .map_err(|e| Error::new("cannot write the numbers of a figure").because(e.to_string()))?;
    Ok(json
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029"))
}
