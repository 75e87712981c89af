//! The coupling C(E) of light to vibrations, by which a reduced Raman spectrum becomes a density of states.
//!
//! `I_red(E) = C(E) g(E)` (R. Shuker and R. W. Gammon, *Phys. Rev. Lett.* **25**, 222 (1970)). C differs from glass to glass: one that is taken from a
//! simulated set, or from another sample, is an assumption, and its spread is an error of the result.

use crate::curve::{Curve, Quantity};
use crate::error::{Error, Result};
use crate::finding::Finding;

/// Where C is less than this part of its largest value, dividing by it makes noise of everything.
const LEAST: f64 = 1e-3;

/// A reduced Raman spectrum divided by a coupling: a density of states of area 1, at the measured points where C is known.
///
/// The errors of the coupling are added to those of the spectrum, as independent ones; a spectrum without errors stays without.
/// Errors: the curves are no reduced Raman spectrum and coupling; fewer than two points are left; what is left has no area.
pub fn uncouple(spectrum: &Curve, coupling: &Curve) -> Result<(Curve, Vec<Finding>)> {
    for (curve, wanted) in [
        (spectrum, Quantity::RamanReduced),
        (coupling, Quantity::RamanCoupling),
    ] {
        if curve.quantity() != wanted {
            return Err(Error::new(format!("the curve is {}, not {wanted}", curve.quantity()))
                .cure("say what the file is with --quantity; `simulate --observables raman-reduced` writes raman-coupling.csv"));
        }
    }
    let largest = coupling.y().iter().copied().fold(0.0, f64::max);
    let known = |x: f64| coupling.at(x).filter(|c| *c > LEAST * largest);
    let points: Vec<(usize, f64)> = (0..spectrum.len())
        .filter_map(|i| known(spectrum.x()[i]).map(|c| (i, c)))
        .collect();
    let x: Vec<f64> = points.iter().map(|&(i, _)| spectrum.x()[i]).collect();
    let y: Vec<f64> = points.iter().map(|&(i, c)| spectrum.y()[i] / c).collect();
    let spread = spread(coupling)?;
    let sigma = spectrum.sigma().map(|sigma| {
        let one = |(k, &(i, c)): (usize, &(usize, f64))| {
            let own = sigma[i] / c;
            let from_coupling = spread.as_ref().and_then(|s| s.at(x[k])).unwrap_or(0.0) / c * y[k];
            own.hypot(from_coupling)
        };
        points.iter().enumerate().map(one).collect::<Vec<_>>()
    });
    let divided = Curve::new(x, y, sigma, Quantity::Vdos).map_err(|e| {
        e.because("the coupling is known at too few of the measured energies")
            .cure("check the units of both files")
    })?;
    let area = divided.area();
    if !(area.is_finite() && area > 0.0) {
        return Err(
            Error::new("the spectrum divided by its coupling has no area")
                .cure("take the background off, and check the reduction"),
        );
    }
    let mut findings = vec![Finding::new(
        "coupling-assumed",
        format!(
            "The Raman spectrum was divided by a coupling C(E) that was not measured on this sample{}.",
            told(coupling)
        ),
        "The result is as good as that coupling; an operator trained on Raman spectra needs none.",
    )];
    if points.len() < spectrum.len() {
        findings.push(Finding::new(
            "coupling-unknown",
            format!("{} of {} points lie where the coupling is not known or vanishes; they are left out.", spectrum.len() - points.len(), spectrum.len()),
            "Give a coupling over the measured range.",
        ));
    }
    Ok((divided.scaled(1.0 / area), findings))
}

/// The errors of the coupling as a curve of their own.
fn spread(coupling: &Curve) -> Result<Option<Curve>> {
    coupling
        .sigma()
        .map(|s| {
            Curve::new(
                coupling.x().to_vec(),
                s.to_vec(),
                None,
                Quantity::RamanCoupling,
            )
        })
        .transpose()
}

fn told(coupling: &Curve) -> String {
    let Some(sigma) = coupling.sigma() else {
        return ", of unknown spread".into();
    };
    let mut relative: Vec<f64> = (sigma.iter().zip(coupling.y()))
        .filter(|(_, c)| **c > 0.0)
        .map(|(s, c)| s / c)
        .collect();
    relative.sort_by(f64::total_cmp);
    let median = relative.get(relative.len() / 2).copied().unwrap_or(0.0);
    format!(
        "; it spreads by {:.0} % (median) among the glasses it was taken from",
        100.0 * median
    )
}

/// C(E) of glasses: of each, reduced Raman spectrum over density of states, both of area 1 on one grid (rows), mean and standard
/// deviation over the glasses. Zero where less than a thousandth of the largest mean density of states is left.
pub fn of_glasses(reduced: &[Vec<f64>], density: &[Vec<f64>]) -> (Vec<f64>, Vec<f64>) {
    let bins = density.first().map_or(0, Vec::len);
    let mean_of =
        |rows: &[Vec<f64>], j: usize| rows.iter().map(|r| r[j]).sum::<f64>() / rows.len() as f64;
    let mean: Vec<f64> = (0..bins).map(|j| mean_of(density, j)).collect();
    let least = LEAST * mean.iter().copied().fold(0.0, f64::max);
    let at = |j: usize| {
        if mean[j] <= least {
            return (0.0, 0.0);
        }
        // The ratio of the means, not the mean of ratios that may be zero over zero.
        let c = mean_of(reduced, j) / mean[j];
        let off = |(i, g): (&Vec<f64>, &Vec<f64>)| ((i[j] - c * g[j]) / mean[j]).powi(2);
        let variance = reduced.iter().zip(density).map(off).sum::<f64>() / reduced.len() as f64;
        (c, variance.sqrt())
    };
    (0..bins).map(at).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(y: impl Fn(f64) -> f64, quantity: Quantity, sigma: Option<f64>) -> Curve {
        let x: Vec<f64> = (1..100).map(|i| f64::from(i) * 0.5).collect();
        let y: Vec<f64> = x.iter().map(|&x| y(x)).collect();
        let sigma = sigma.map(|s| y.iter().map(|y| s * y).collect());
        Curve::new(x, y, sigma, quantity).unwrap()
    }

    #[test]
    fn what_was_coupled_is_uncoupled() {
        let (g, c) = (
            |e: f64| (e / 20.0).sin().abs() + 0.1,
            |e: f64| 0.2 + e / 30.0,
        );
        let density = curve(g, Quantity::Vdos, None);
        let seen = curve(|e| 7.0 * c(e) * g(e), Quantity::RamanReduced, Some(0.03));
        let coupling = curve(c, Quantity::RamanCoupling, Some(0.04));
        let (back, findings) = uncouple(&seen, &coupling).unwrap();
        assert_eq!(back.quantity(), Quantity::Vdos);
        for (i, y) in back.y().iter().enumerate() {
            assert!((y / (density.y()[i] / density.area()) - 1.0).abs() < 1e-12);
            assert!((back.sigma().unwrap()[i] / y - 0.05).abs() < 1e-12);
        }
        assert_eq!(findings.len(), 1);
        assert!(
            findings[0].message.contains("4 %"),
            "{}",
            findings[0].message
        );
        assert!(uncouple(&density, &coupling).is_err());
        assert!(uncouple(&seen, &density).is_err());
    }

    #[test]
    fn points_without_a_coupling_are_left_out_and_told() {
        let seen = curve(|_| 1.0, Quantity::RamanReduced, None);
        let coupling = curve(
            |e| if e < 20.0 { 1.0 } else { 0.0 },
            Quantity::RamanCoupling,
            None,
        );
        let (back, findings) = uncouple(&seen, &coupling).unwrap();
        assert!(back.x()[back.len() - 1] < 20.5 && findings[1].code == "coupling-unknown");
        assert!(back.sigma().is_none());
    }

    #[test]
    fn the_coupling_of_glasses_is_their_mean_with_its_spread() {
        let density = vec![vec![1.0, 2.0, 0.0]; 2];
        let reduced = vec![vec![1.0, 1.0, 0.0], vec![3.0, 1.0, 0.0]];
        let (c, spread) = of_glasses(&reduced, &density);
        assert_eq!((c, spread), (vec![2.0, 0.5, 0.0], vec![1.0, 0.0, 0.0]));
    }
}
