//! What is drawn on a panel: lines, points, bands, maps; and whether it can be drawn.

use serde::Serialize;

/// What is drawn on a panel. An empty `label` keeps a layer out of the legend.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Layer {
    /// A curve.
    Line {
        /// Name in the legend.
        label: String,
        /// Abscissae.
        x: Vec<f64>,
        /// Ordinates.
        y: Vec<f64>,
        /// What it is, hence its colour and dash.
        role: Role,
    },
    /// Points, with error bars of one standard error if known.
    Points {
        /// Name in the legend.
        label: String,
        /// Abscissae.
        x: Vec<f64>,
        /// Ordinates.
        y: Vec<f64>,
        /// Standard errors of y.
        sigma: Option<Vec<f64>>,
        /// What it is, hence its colour and marker.
        role: Role,
    },
    /// The region between two curves, e.g. a 95 % band.
    Band {
        /// Name in the legend.
        label: String,
        /// Abscissae.
        x: Vec<f64>,
        /// Lower edge.
        low: Vec<f64>,
        /// Upper edge.
        high: Vec<f64>,
        /// What it belongs to, hence its colour.
        role: Role,
    },
    /// A range of x marked over the whole height, e.g. where two curves disagree.
    Shade {
        /// Name in the legend; the same name is listed once.
        label: String,
        /// Begin of the range.
        from: f64,
        /// End of the range.
        to: f64,
    },
    /// Bars from zero, centred on x.
    Bars {
        /// Name in the legend.
        label: String,
        /// Centres, ascending.
        x: Vec<f64>,
        /// Heights.
        y: Vec<f64>,
        /// What they are, hence their colour.
        role: Role,
    },
    /// A heat map with its colour bar.
    Map {
        /// Quantity and unit of the colour bar.
        label: String,
        /// Column centres, ascending.
        x: Vec<f64>,
        /// Row centres, ascending.
        y: Vec<f64>,
        /// `y.len()` rows of `x.len()` values, one row after the other.
        values: Vec<f64>,
    },
    /// Filled polygons with thin outlines; those that leave the frame are not drawn.
    Polygons {
        /// Name in the legend.
        label: String,
        /// The corners of each, x and y.
        outlines: Vec<Vec<[f64; 2]>>,
        /// Their number in the palette of classes: 0 to 5 are told apart in colour and in grey, then it begins anew.
        class: usize,
    },
    /// Straight lines, each from one point to another; those that leave the frame are not drawn.
    Segments {
        /// Name in the legend.
        label: String,
        /// Both ends of each, x and y.
        ends: Vec<[[f64; 2]; 2]>,
    },
}

/// What a layer is. The palette gives each role one colour, dash and marker, the same in every figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Measured by an instrument.
    Measured,
    /// Computed forwards, from structure to spectrum.
    Predicted,
    /// Computed backwards, from spectrum to structure.
    Inferred,
    /// Known before the measurement: the training glasses.
    Prior,
    /// Known otherwise: the truth of a simulation, a published value.
    Reference,
    /// One minus another.
    Difference,
}

impl Layer {
    /// A curve; an empty label keeps it out of the legend.
    pub fn line(label: &str, x: &[f64], y: &[f64], role: Role) -> Self {
        Self::Line {
            label: label.into(),
            x: x.to_vec(),
            y: y.to_vec(),
            role,
        }
    }

    pub(super) fn check(&self) -> std::result::Result<(), String> {
        match self {
            Self::Line { label, x, y, .. } => columns(label, &[x, y]),
            Self::Bars { label, x, y, .. } => {
                columns(label, &[x, y])?;
                ascending(label, x)
            }
            Self::Points {
                label, x, y, sigma, ..
            } => {
                columns(label, &[x, y])?;
                let Some(sigma) = sigma else { return Ok(()) };
                columns(label, &[x, sigma])?;
                match sigma.iter().find(|s| **s < 0.0) {
                    Some(s) => Err(format!("'{label}' has the standard error {s}")),
                    None => Ok(()),
                }
            }
            Self::Band {
                label,
                x,
                low,
                high,
                ..
            } => {
                columns(label, &[x, low, high])?;
                match (0..x.len()).find(|&i| low[i] > high[i]) {
                    Some(i) => Err(format!("band '{label}' is upside down at x = {}", x[i])),
                    None => Ok(()),
                }
            }
            Self::Shade { label, from, to } if !(is_drawable(*from) && is_drawable(*to)) => {
                Err(format!("'{label}' runs from {from} to {to}"))
            }
            Self::Shade { label, from, to } if from > to => {
                Err(format!("'{label}' runs from {from} back to {to}"))
            }
            Self::Shade { .. } => Ok(()),
            Self::Map {
                label,
                x,
                y,
                values,
            } => map(label, x, y, values),
            Self::Polygons {
                label, outlines, ..
            } => columns(label, &[outlines.concat().as_flattened()]),
            Self::Segments { label, ends } => columns(label, &[ends.as_flattened().as_flattened()]),
        }
    }
}

/// Numbers beyond this are refused: differences and ratios of smaller ones stay finite.
const LARGEST: f64 = 1e100;

/// False for NaN as well.
pub(super) fn is_drawable(v: f64) -> bool {
    v.abs() <= LARGEST
}

fn columns(label: &str, columns: &[&[f64]]) -> std::result::Result<(), String> {
    let lengths: Vec<_> = columns.iter().map(|c| c.len()).collect();
    if lengths.iter().any(|&n| n != lengths[0]) {
        return Err(format!("columns of '{label}' have lengths {lengths:?}"));
    }
    match columns
        .iter()
        .flat_map(|c| c.iter())
        .find(|v| !is_drawable(**v))
    {
        Some(v) => Err(format!("'{label}' holds the value {v:e}")),
        None => Ok(()),
    }
}

fn ascending(label: &str, x: &[f64]) -> std::result::Result<(), String> {
    match x.windows(2).find(|w| w[0] >= w[1]) {
        Some(w) => Err(format!("'{label}': {} is followed by {}", w[0], w[1])),
        None => Ok(()),
    }
}

fn map(label: &str, x: &[f64], y: &[f64], values: &[f64]) -> std::result::Result<(), String> {
    for column in [x, y, values] {
        columns(label, &[column])?;
    }
    ascending(label, x)?;
    ascending(label, y)?;
    if values.len() == x.len() * y.len() {
        return Ok(());
    }
    let (n, p, q) = (values.len(), y.len(), x.len());
    Err(format!("map '{label}' has {n} values for {p} rows of {q}"))
}
