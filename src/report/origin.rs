//! The figure that tells data from prior.

use super::{Arrangement, Axis, Figure, Layer, Panel, Role, Size};
use crate::error::Result;
use crate::grid::Grid;
use crate::inverse::Resolution;

/// The share of the data at each r, and the averaging kernels; `whose` begins the caption.
pub(super) fn figure(id: &str, whose: &str, r: Grid, resolution: &Resolution) -> Result<Figure> {
    let r = r.centres();
    let kernels = &resolution.kernels;
    let values = (0..r.len())
        .flat_map(|i| (0..r.len()).map(move |j| kernels[(i, j)]))
        .collect();
    Figure::new(
        id,
        format!(
            "{whose}(a) The share of what was unknown before (the spread of the training glasses) that the spectrum decides, at each r; the rest is prior. (b) Averaging kernels in units of the training glasses' spread; row r shows which true values enter the estimate at r (a perfect instrument has a narrow diagonal)."
        ),
        Arrangement::Beside,
        Size::page(70.0),
        vec![
            Panel::new(
                Axis::new("r (Å)"),
                Axis::over("share decided by the data", 0.0, 1.05),
                vec![Layer::Line {
                    label: String::new(),
                    x: r.clone(),
                    y: resolution.data_share.clone(),
                    role: Role::Inferred,
                }],
            ),
            Panel::new(
                Axis::new("true r′ (Å)"),
                Axis::new("estimate at r (Å)"),
                vec![Layer::Map {
                    label: "averaging kernel".into(),
                    x: r.clone(),
                    y: r,
                    values,
                }],
            ),
        ],
    )
}
