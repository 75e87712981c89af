//! A structure factor in place of a pair distribution function: conditioned on where it was measured, never transformed.
//!
//! With the descriptor `x = (ρ/ρ̄) g` on bins up to `r_max`,
//!
//! ```text
//! S(Q) - 1 = (4πρ̄/Q) ∫₀^r_max r (x - ρ/ρ̄) sin(Qr) dr + (4πρ/Q) ∫_r_max^∞ r (g - 1) sin(Qr) dr.
//! ```
//!
//! The first integral is a matrix that acts on x. Of g beyond the operator's grid nothing is known but that it tends to 1: its
//! fine ripples on S(Q) are integrated out as nuisances, with the spread that the training glasses still have at the end of the
//! grid. Atoms of one kind scatter X-rays and neutrons alike in S(Q); for several kinds the weights of X-rays depend on Q, and
//! those of the operator's g(r) are at best the ones at Q = 0: that is the user's to know ([`Measurement::pdfs`] takes S(Q) as weighted like the
//! operator's g).

use super::Channel;
use super::measurement::{Diffraction, Measurement, Raw, rms};
use super::noise;
use crate::curve::Quantity;
use crate::elements::Composition;
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::grid::Grid;
use crate::operator::Operator;
use faer::Mat;
use std::f64::consts::PI;

/// The finding that says so.
pub(super) const IN_Q: &str = "conditioned-in-q";
/// Beyond the grid g is uncertain for this length, Å; in glasses of this program's sets nothing is seen further out.
const TAIL: f64 = 10.0;
/// The uncertainty falls by 1/e over this length, Å: of the order of the correlation lengths of glasses.
const DECAY: f64 = 4.0;
/// Part of the grid at its end, Å, whose spread stands for that beyond it.
const END: f64 = 1.0;
/// Points below this Q, 1/Å, say more of the tail than of the grid.
const LOWEST_Q: f64 = 0.3;

/// The data of [`Measurement::pdfs`] where they are S(Q), Q(S - 1) or F(Q).
pub(super) fn measurement(
    operator: &Operator,
    raw: &Raw,
    density: Option<&[f64]>,
    diffraction: &Diffraction<'_>,
) -> Result<Measurement> {
    let meta = &operator.meta;
    let mean = mean_density(operator, density)?;
    let grid = meta.r;
    let highest = diffraction
        .q_max
        .unwrap_or(f64::INFINITY)
        .min(PI / grid.step());
    let inside = raw.restricted(LOWEST_Q, highest)?;
    let per_s = factors(operator, &inside, diffraction.composition)?;
    let mut findings = vec![Finding::new(
        IN_Q,
        format!(
            "The structure factor is used where it was measured, {:.2} to {:.2} 1/Å; g(r) beyond {:.1} Å, which the operator does not know, is integrated out.",
            inside.x[0],
            inside.x[inside.x.len() - 1],
            grid.end()
        ),
        "Nothing to do; a PDF made of it would have cost its errors.",
    )];
    let mut map = sine_map(&grid, &inside.x, 4.0 * PI * mean);
    if let Some(width) = diffraction.width()? {
        for (i, q) in inside.x.iter().enumerate() {
            let factor = (-0.5 * (q * width).powi(2)).exp();
            map.row_mut(i).iter_mut().for_each(|m| *m *= factor);
        }
    }
    // A resolution in Q damps g - 1 in r.
    let damping = diffraction.damping(&grid.centres())?;
    for (j, damping) in damping.iter().enumerate() {
        map.col_mut(j).iter_mut().for_each(|m| *m *= damping);
    }
    // What the constant ρ/ρ̄ adds to the matrix's product and S - 1 does not hold.
    let step: Vec<f64> = (0..map.nrows()).map(|i| map.row(i).sum()).collect();
    let relative = |i: usize| density.map_or(1.0, |d| d[i] / mean);
    let excess = Mat::from_fn(inside.y.nrows(), inside.x.len(), |i, j| {
        per_s[j].0 * inside.y[(i, j)] + per_s[j].1
    });
    let data = Mat::from_fn(excess.nrows(), excess.ncols(), |i, j| {
        excess[(i, j)] + relative(i) * step[j]
    });
    // Noise is told relative to S - 1: the constant's part of the data is large at low Q and says nothing.
    let size = rms(excess.as_ref());
    let (sigma, known) = if let Some(sigma) = &inside.sigma {
        let scaled = sigma.iter().zip(&per_s).map(|(s, f)| s * f.0.abs());
        (scaled.collect(), true)
    } else {
        let seen = operator.x.as_ref() * map.transpose();
        let mut each = noise::estimate(seen.as_ref(), data.as_ref());
        each.sort_by(f64::total_cmp);
        let sigma = each[each.len() / 2];
        findings.push(Finding::new(
            "errors-unknown",
            format!(
                "The structure factor has no errors; white noise of {sigma:.4} was estimated from its point-to-point scatter ({:.1} % of the rms of S - 1).",
                100.0 * sigma / size
            ),
            "Give a third column with errors.",
        ));
        (vec![sigma; inside.x.len()], false)
    };
    let mut channel = Channel::new(inside.x.clone(), map, sigma, known, size)?;
    add_tail(&mut channel, operator, mean);
    Ok(Measurement {
        channel,
        scale: vec![1.0; data.nrows()],
        data,
        findings,
        nuisances: Vec::new(),
    })
}

/// ρ̄; refused where S(Q) cannot be tied to the descriptor.
fn mean_density(operator: &Operator, density: Option<&[f64]>) -> Result<f64> {
    if operator.meta.dimensions == 2 {
        return Err(
            Error::new("a structure factor of three dimensions, and an operator of two")
                .cure("give g(r)"),
        );
    }
    match (operator.meta.mean_density, density) {
        (Some(mean), Some(_)) => Ok(mean),
        (None, Some(density)) if density.iter().all(|d| (d - density[0]).abs() < 1e-12) => {
            Ok(density[0])
        }
        (_, None) => Err(
            Error::new("S(Q) needs the number density to stand for g(r)")
                .cure("give --density in atoms per Å^3"),
        ),
        (None, Some(_)) => Err(Error::new(
            "this operator does not know densities, and the structure factors are of several",
        )
        .cure("train with densities (--samples), or check one sample at a time")),
    }
}

/// `(factor, offset)` of `S - 1 = factor · value + offset` at each Q.
fn factors(
    operator: &Operator,
    raw: &Raw,
    composition: Option<&Composition>,
) -> Result<Vec<(f64, f64)>> {
    let own: Option<Composition> = (operator.meta.composition.as_deref())
        .map(str::parse)
        .transpose()?;
    let b_squared = match (raw.quantity, composition.or(own.as_ref())) {
        (Quantity::KeenF, Some(c)) => c.mean_b()?.powi(2) / 100.0,
        (Quantity::KeenF, None) => {
            return Err(Error::new("F(Q) needs the composition to become S(Q)")
                .because("it is scaled by the mean scattering length")
                .cure("give --composition, such as SiO2"));
        }
        _ => 1.0,
    };
    let at = |q: f64| match raw.quantity {
        Quantity::StructureFactor => (1.0, -1.0),
        Quantity::ReducedStructureFactor => (1.0 / q, 0.0),
        _ => (1.0 / b_squared, 0.0),
    };
    Ok(raw.x.iter().map(|&q| at(q)).collect())
}

/// `(unit/Q) ∫_bin r sin(Qr) dr` for every Q (rows) and bin (columns), exactly.
fn sine_map(grid: &Grid, q: &[f64], unit: f64) -> Mat<f64> {
    // ∫ r sin(Qr) dr = sin(Qr)/Q² - r cos(Qr)/Q.
    let integral = |q: f64, r: f64| (q * r).sin() / (q * q) - r * (q * r).cos() / q;
    Mat::from_fn(q.len(), grid.len(), |i, j| {
        let (a, b) = (grid.edge(j), grid.edge(j + 1));
        unit / q[i] * (integral(q[i], b) - integral(q[i], a))
    })
}

/// One nuisance for each bin beyond the grid, with the spread of the grid's end, falling off.
fn add_tail(channel: &mut Channel, operator: &Operator, mean: f64) {
    let grid = operator.meta.r;
    let (p, n) = (grid.len(), operator.samples() as f64);
    let last = ((END / grid.step()).ceil() as usize).clamp(1, p);
    let sum: f64 = (p - last..p)
        .map(|j| {
            let off = |i: usize| {
                let density = operator.relative_density.as_ref().map_or(1.0, |d| d[i]);
                (operator.x[(i, j)] - density).powi(2)
            };
            (0..operator.samples()).map(off).sum::<f64>() / n
        })
        .sum();
    let spread = (sum / last as f64).sqrt();
    // Coarse enough to be few, fine enough that no measured Q tells two neighbours apart.
    let q_max = channel.x[channel.x.len() - 1];
    let width = (PI / q_max).max(grid.step());
    let bins = (TAIL / width).ceil() as usize;
    let Ok(tail) = Grid::new(grid.end(), grid.end() + bins as f64 * width, bins.max(2)) else {
        return;
    };
    let map = sine_map(&tail, &channel.x, 4.0 * PI * mean);
    for k in 0..tail.len() {
        let sd = spread * (-(tail.centre(k) - grid.end()) / DECAY).exp();
        let column: Vec<f64> = map.col(k).iter().map(|m| sd * m).collect();
        channel.add_nuisance(&column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sine_map_is_the_integral() {
        let grid = Grid::new(0.0, 6.0, 60).unwrap();
        let q = [0.5, 3.0, 20.0];
        let map = sine_map(&grid, &q, 2.0);
        for (i, q) in q.into_iter().enumerate() {
            let (a, b, steps) = (grid.edge(31), grid.edge(32), 1000);
            let h = (b - a) / f64::from(steps);
            let sum: f64 = (0..steps)
                .map(|k| a + (f64::from(k) + 0.5) * h)
                .map(|r| r * (q * r).sin() * h)
                .sum();
            assert!((map[(i, 31)] - 2.0 / q * sum).abs() < 1e-7, "{q}");
        }
    }
}
