//! The static structure factor of a glass, at rest or at a temperature.
//!
//! `S_ab(Q) - 1 = Σ M(r) exp(-Q²σ²/2) sin(Qr)/(Qr) / (N c_a c_b) - 4πρ ∫ r sin(Qr)/Q M(r) dr`, the sum over ordered pairs of atoms
//! of a and b closer than `r_max`, σ the thermal width of each pair, and `S = Σ_ab w_ab(Q) S_ab`, `w_ab = c_a c_b f_a f_b / ⟨f⟩²`
//! (Faber and Ziman): Keen, *J. Appl. Cryst.* **34**, 172 (2001), eqs. 10 to 19. The window M takes the pairs beyond `r_max` to be
//! as many as there would be without structure. X-rays are weighed by their form factors at each Q.

use super::coherent::Probe;
use super::thermal_width::PairWidths;
use crate::atoms::cell::norm;
use crate::atoms::pairs::fold_pairs;
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::instrument::Window;
use std::f64::consts::PI;

/// |⟨f⟩| below this fraction of √⟨f²⟩ is that of a null scatterer: dividing by its square magnifies every error a hundred times.
const NULL_SCATTERER: f64 = 0.1;
/// Phase Q dr of a step of the integral over the mean density: Simpson's error is phase⁴/180.
const PHASE: f64 = 0.05;

/// `S_ab(Q)` of each pair of species.
#[derive(Debug, Clone, PartialEq)]
pub struct PartialStructureFactor {
    /// Q axis, 1/Å; values are at the centres.
    pub grid: Grid,
    /// `(a, b)` with a ≤ b, as positions among the species.
    pub pairs: Vec<(usize, usize)>,
    /// `S_ab` at each Q; 1 at large Q.
    pub s: Vec<Vec<f64>>,
}

/// The partial structure factors of a structure that repeats in three directions, from pairs up to `r_max` (Å), through all
/// images; with `widths` at their temperature.
///
/// Errors: a sheet, an axis that reaches zero, widths of another structure.
pub fn partial_structure_factor(
    structure: &Structure,
    grid: &Grid,
    r_max: f64,
    window: Window,
    widths: Option<&PairWidths>,
) -> Result<PartialStructureFactor> {
    check(structure, grid, r_max, widths)?;
    let kinds = structure.species.len();
    let pairs: Vec<(usize, usize)> = (0..kinds)
        .flat_map(|a| (a..kinds).map(move |b| (a, b)))
        .collect();
    let place = |a: usize, b: usize| {
        let (a, b) = (a.min(b), a.max(b));
        pairs.iter().position(|p| *p == (a, b)).unwrap_or(0)
    };
    let kind = &structure.species_of;
    let shares = fold_pairs(
        structure,
        r_max,
        || vec![vec![0.0; grid.len()]; pairs.len()],
        |sums, i, j, vector| {
            let r = norm(vector);
            let variance = widths.map_or(0.0, |w| w.variance(i, j, vector));
            add_sinc(
                grid,
                r,
                variance,
                window.at(r, r_max),
                &mut sums[place(kind[i], kind[j])],
            );
        },
    )?;
    let uniform = uniform(structure.number_density(), grid, r_max, window);
    let counts = structure.concentrations();
    let atoms = structure.len() as f64;
    let s = pairs.iter().enumerate().map(|(p, &(a, b))| {
        // Each pair was met once; ordered pairs of one species are twice as many.
        let ways = if a == b { 2.0 } else { 1.0 };
        let per_pair = ways / (atoms * counts[a] * counts[b]);
        (0..grid.len())
            .map(|k| {
                let sum: f64 = shares.iter().map(|share| share[p][k]).sum();
                1.0 + per_pair * sum - uniform[k]
            })
            .collect()
    });
    Ok(PartialStructureFactor {
        grid: *grid,
        s: s.collect(),
        pairs,
    })
}

fn check(
    structure: &Structure,
    grid: &Grid,
    r_max: f64,
    widths: Option<&PairWidths>,
) -> Result<()> {
    if structure.cell.dimensions() != 3 {
        return Err(Error::new("S(Q) is that of a solid").because(format!(
            "this structure repeats in {} directions",
            structure.cell.dimensions()
        )));
    }
    if grid.start() < 0.0 || !(r_max.is_finite() && r_max > 0.0) {
        return Err(Error::new(format!(
            "S(Q) from Q = {} 1/Å with pairs up to {r_max} Å is not possible",
            grid.start()
        )));
    }
    if widths.is_some_and(|w| w.atoms() != structure.len()) {
        return Err(Error::new(
            "these are the thermal widths of another structure",
        ));
    }
    Ok(())
}

/// Adds `weight exp(-Q²σ²/2) sin(Qr)/(Qr)` at every Q of an even axis, by recurrences: no sine but the first two.
fn add_sinc(grid: &Grid, r: f64, variance: f64, weight: f64, sum: &mut [f64]) {
    let (first, step) = (grid.centre(0), grid.step());
    let (mut before, mut now) = (((first - step) * r).sin(), (first * r).sin());
    let turn = 2.0 * (step * r).cos();
    let mut damping = weight / r * (-0.5 * variance * first * first).exp();
    let mut factor = (-0.5 * variance * step * (2.0 * first + step)).exp();
    let change = (-variance * step * step).exp();
    for (k, s) in sum.iter_mut().enumerate() {
        *s += damping * now / grid.centre(k);
        damping *= factor;
        factor *= change;
        (before, now) = (now, turn * now - before);
    }
}

/// `4πρ ∫₀^r_max r sin(Qr)/Q M(r) dr` by Simpson's rule.
fn uniform(density: f64, grid: &Grid, r_max: f64, window: Window) -> Vec<f64> {
    let intervals = 2 * (grid.end() * r_max / PHASE / 2.0).ceil().max(100.0) as usize;
    let dr = r_max / intervals as f64;
    let mut sum = vec![0.0; grid.len()];
    for n in 1..=intervals {
        let r = n as f64 * dr;
        let simpson = match n {
            _ if n == intervals => 1.0,
            _ if n % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let weight = 4.0 * PI * density * r * r * window.at(r, r_max) * simpson * dr / 3.0;
        add_sinc(grid, r, 0.0, weight, &mut sum);
    }
    sum
}

impl PartialStructureFactor {
    /// S(Q) of the structure these partials come from.
    ///
    /// Errors: another structure; a null scatterer, whose ⟨f⟩ is nearly zero at some Q, with its numbers.
    pub fn total(&self, structure: &Structure, probe: Probe) -> Result<Vec<f64>> {
        let c = structure.concentrations();
        if self.pairs.len() != c.len() * (c.len() + 1) / 2 {
            return Err(Error::new("these are the partials of another structure"));
        }
        let amplitudes = probe.amplitudes(structure)?;
        let at = |k: usize| {
            let q = self.grid.centre(k);
            let f: Vec<f64> = amplitudes.iter().map(|a| a.at(q)).collect();
            let mean: f64 = c.iter().zip(&f).map(|(c, f)| c * f).sum();
            let square: f64 = c.iter().zip(&f).map(|(c, f)| c * f * f).sum();
            if mean.abs() < NULL_SCATTERER * square.sqrt() {
                return Err(Error::new("S(Q) normalised by ⟨f⟩² does not exist for this sample")
                    .because(format!(
                        "⟨f⟩ = {mean:.4} is nearly zero beside √⟨f²⟩ = {:.4} at Q = {q:.2} 1/Å (a null scatterer)",
                        square.sqrt()
                    ))
                    .cure("use X-rays, or functions that are not normalised"));
            }
            let terms = self.pairs.iter().zip(&self.s).map(|(&(a, b), s)| {
                let ways = if a == b { 1.0 } else { 2.0 };
                ways * c[a] * c[b] * f[a] * f[b] / (mean * mean) * s[k]
            });
            Ok(terms.sum())
        };
        (0..self.grid.len()).map(at).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::thermal_width::Statistics::Quantum;
    use super::*;
    use crate::atoms::cell::Cell;
    use crate::atoms::lattice::{diamond, supercell};
    use crate::vibrations::modes::Modes;
    use faer::Mat;

    #[test]
    fn a_crystal_peaks_at_its_reflections_and_is_one_far_out() {
        let silicon = supercell(&diamond(5.431, "Si", 28.085).unwrap(), [3; 3]).unwrap();
        let grid = Grid::new(0.5, 20.5, 2000).unwrap();
        let found = partial_structure_factor(&silicon, &grid, 20.0, Window::Lorch, None).unwrap();
        let s = found.total(&silicon, Probe::Neutrons).unwrap();
        let x_rays = found.total(&silicon, Probe::XRays).unwrap();
        // One species: the weights are one whatever the probe.
        assert!(s.iter().zip(&x_rays).all(|(a, b)| (a - b).abs() < 1e-9));
        let highest = (0..250).max_by(|&i, &j| s[i].total_cmp(&s[j])).unwrap();
        // (111) at 2π √3 / 5.431 = 2.004 1/Å.
        assert!((grid.centre(highest) - 2.004).abs() < 0.02);
        // Between the origin and the first reflection there is nothing but ripples of the end at 20 Å, a tenth of S.
        assert!(s[60..90].iter().all(|s| s.abs() < 0.1), "{:?}", &s[60..90]);
    }

    /// Two atoms on a spring along x in a wide box: σ² = ⟨q²⟩/μ damps the oscillation as exp(-Q²σ²/2).
    #[test]
    fn warm_pairs_are_damped_by_their_width() {
        const THZ: f64 = 5.0;
        let masses = [12.0, 12.0];
        let structure = Structure::new(
            Cell::orthorhombic([40.0; 3]).unwrap(),
            vec!["C".into()],
            vec![12.0],
            vec![0, 0],
            vec![[0.0; 3], [1.5, 0.0, 0.0]],
        )
        .unwrap();
        let half = 0.5_f64.sqrt();
        let mut vectors = Mat::identity(6, 6);
        (vectors[(0, 5)], vectors[(3, 5)]) = (half, -half);
        vectors[(5, 5)] = 0.0;
        let modes = Modes {
            frequencies_thz: vec![0.0, 0.0, 0.0, 0.0, 0.0, THZ],
            vectors: Some(vectors),
        };
        let widths = PairWidths::new(&modes, &masses, 300.0, Quantum).unwrap();
        let grid = Grid::new(1.0, 21.0, 200).unwrap();
        let of = |widths| {
            partial_structure_factor(&structure, &grid, 10.0, Window::None, widths)
                .unwrap()
                .s
                .remove(0)
        };
        let (cold, warm) = (of(None), of(Some(&widths)));
        let variance = widths.variance(0, 1, [1.5, 0.0, 0.0]);
        assert!(variance > 1e-3);
        let uniform = uniform(structure.number_density(), &grid, 10.0, Window::None);
        for k in 0..200 {
            let q = grid.centre(k);
            let exact = (q * 1.5).sin() / (q * 1.5);
            assert!((cold[k] - 1.0 + uniform[k] - exact).abs() < 1e-10, "{q}");
            let damped = exact * (-0.5 * q * q * variance).exp();
            assert!((warm[k] - 1.0 + uniform[k] - damped).abs() < 1e-10, "{q}");
        }
    }

    #[test]
    fn null_scatterers_and_sheets_are_refused() {
        let cell = Cell::orthorhombic([6.0; 3]).unwrap();
        // Ti 67.6, Zr 32.4: near enough with 2 to 1.
        let of = vec![0, 0, 1];
        let places = vec![[0.0; 3], [3.0, 0.0, 0.0], [0.0, 3.0, 0.0]];
        let names = vec!["Ti".to_owned(), "Zr".to_owned()];
        let alloy = Structure::new(cell, names, vec![47.9, 91.2], of, places).unwrap();
        let grid = Grid::new(0.5, 5.5, 50).unwrap();
        let found = partial_structure_factor(&alloy, &grid, 5.0, Window::Lorch, None).unwrap();
        let e = found
            .total(&alloy, Probe::Neutrons)
            .unwrap_err()
            .to_string();
        assert!(e.contains("null scatterer"), "{e}");
        assert!(found.total(&alloy, Probe::XRays).is_ok());
        let mut sheet = alloy;
        sheet.cell = Cell::new(
            [[6.0, 0.0, 0.0], [0.0, 6.0, 0.0], [0.0, 0.0, 6.0]],
            [true, true, false],
        )
        .unwrap();
        assert!(partial_structure_factor(&sheet, &grid, 5.0, Window::Lorch, None).is_err());
    }
}
