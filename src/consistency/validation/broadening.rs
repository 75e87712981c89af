//! The broadening that glasses of another cell size need.

use super::{Known, Settings, trial};
use crate::error::Result;
use crate::finding::Finding;
use crate::instrument::resolution::gaussian;
use crate::operator::Operator;

/// More true pairs than this not called consistent are not the 5 % of false alarms and the few curves outside by chance.
const DISOWNED: f64 = 0.15;
/// Further broadenings that are tried then, relative to the energy range.
const BROADENINGS: [f64; 6] = [0.005, 0.01, 0.02, 0.03, 0.045, 0.06];

/// Where true pairs are disowned, as those of larger cells are by an operator whose cells show single wavevectors: the least further
/// broadening of both spectra with which they no longer are. `before` is the share disowned as things are.
pub(super) fn needed(
    operator: &Operator,
    known: &Known,
    settings: Settings,
    before: f64,
) -> Result<Option<Finding>> {
    if before <= DISOWNED {
        return Ok(None);
    }
    let grid = operator.meta.energy;
    for share in BROADENINGS {
        let sigma = share * (grid.end() - grid.start());
        let broad = Known {
            spectra: &known.spectra * gaussian(&grid, sigma).transpose(),
            ..known.clone()
        };
        let after = trial::disowned(&operator.broadened(sigma)?, &broad, settings)?;
        if after <= DISOWNED {
            return Ok(Some(Finding::new(
                "needs-broadening",
                format!(
                    "{:.0} % of these true pairs are not called consistent; with all spectra broadened by a further {sigma:.2} meV (standard deviation) {:.0} % are not. Cells of another size show other wavevectors, and only broader spectra forget them.",
                    100.0 * before,
                    100.0 * after
                ),
                format!("Train with --broaden {sigma:.2}, for measured spectra as broad."),
            )));
        }
    }
    Ok(None)
}
