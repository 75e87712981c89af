//! The embedded-atom functions of X. W. Zhou, R. A. Johnson and H. N. G. Wadley, Phys. Rev. B 69, 144113 (2004).
//!
//! ```text
//! f(r) = f_e e^(-β(x-1)) / (1 + (x-λ)²⁰),   x = r/r_e
//! φ(r) = A e^(-α(x-1)) / (1 + (x-κ)²⁰) - B e^(-β(x-1)) / (1 + (x-λ)²⁰)
//! φ_ab = ½ (f_b/f_a φ_aa + f_a/f_b φ_bb)
//! F(ρ) = Σ F_ni (ρ/ρ_n - 1)^i  below ρ_n,   Σ F_i (ρ/ρ_e - 1)^i  below ρ_o = 1.15 ρ_e,
//!        F_e (1 - η ln ρ/ρ_s) (ρ/ρ_s)^η  above
//! ```
//!
//! Tabulated as the authors' program does (`create.f` in LAMMPS' `tools/eam_database`): 2000 points, cutoff √10/2 times the
//! largest lattice constant √2 `r_e` (past the fifth neighbours of fcc), all functions of r flat below 0.5 Å.

use super::Tables;
use crate::error::{Error, Result};

/// Parameters down, elements across.
const PARAMETERS: &str = include_str!("zhou_2004.txt");

/// Points of every table.
const POINTS: usize = 2000;
/// Å, below which functions of r stay as they are.
const CORE: f64 = 0.5;
/// `ρ_o` in units of `ρ_e`.
const DENSE: f64 = 1.15;
/// The densities go as far as this, if no atom can make more.
const LEAST_DENSITY: f64 = 100.0;

/// The parameters of one element by the names of the table.
#[derive(Debug)]
struct Element {
    r_e: f64,
    f_e: f64,
    rho_e: f64,
    rho_s: f64,
    alpha: f64,
    beta: f64,
    a: f64,
    b: f64,
    kappa: f64,
    lambda: f64,
    thin: [f64; 4],
    middle: [f64; 4],
    eta: f64,
    big_f_e: f64,
    rho_n: f64,
}

/// The elements of the table, in its order.
pub(super) fn elements() -> Vec<&'static str> {
    row("element").unwrap_or_default()
}

fn row(name: &str) -> Option<Vec<&'static str>> {
    let mut lines = PARAMETERS.lines().map(str::split_whitespace);
    lines.find_map(|mut words| (words.next() == Some(name)).then(|| words.collect()))
}

impl Element {
    /// The row of an element; `None` if the table lacks it.
    fn of(symbol: &str) -> Option<Self> {
        let column = elements().iter().position(|e| *e == symbol)?;
        let get = |name: &str| row(name)?.get(column)?.parse::<f64>().ok();
        Some(Self {
            r_e: get("re")?,
            f_e: get("fe")?,
            rho_e: get("rhoe")?,
            rho_s: get("rhos")?,
            alpha: get("alpha")?,
            beta: get("beta")?,
            a: get("A")?,
            b: get("B")?,
            kappa: get("kappa")?,
            lambda: get("lambda")?,
            thin: [get("Fn0")?, get("Fn1")?, get("Fn2")?, get("Fn3")?],
            middle: [get("F0")?, 0.0, get("F2")?, get("F3")?],
            eta: get("eta")?,
            big_f_e: get("Fe")?,
            rho_n: get("rhon")? * get("rhoe")?,
        })
    }

    /// `e^(-rate (x-1)) / (1 + (x-shift)²⁰)`.
    fn decay(&self, r: f64, rate: f64, shift: f64) -> f64 {
        let x = r / self.r_e;
        (-rate * (x - 1.0)).exp() / (1.0 + (x - shift).powi(20))
    }

    fn density(&self, r: f64) -> f64 {
        self.f_e * self.decay(r, self.beta, self.lambda)
    }

    fn pair(&self, r: f64) -> f64 {
        self.a * self.decay(r, self.alpha, self.kappa)
            - self.b * self.decay(r, self.beta, self.lambda)
    }

    fn embedding(&self, rho: f64) -> f64 {
        let cubic = |c: &[f64; 4], x: f64| c[0] + x * (c[1] + x * (c[2] + x * c[3]));
        if rho < self.rho_n {
            cubic(&self.thin, rho / self.rho_n - 1.0)
        } else if rho < DENSE * self.rho_e {
            cubic(&self.middle, rho / self.rho_e - 1.0)
        } else {
            let x = rho / self.rho_s;
            self.big_f_e * (1.0 - self.eta * x.ln()) * x.powf(self.eta)
        }
    }
}

/// φ of two elements, which may be one.
fn mixed(a: &Element, b: &Element, r: f64) -> f64 {
    let ratio = b.density(r) / a.density(r);
    0.5 * (ratio * a.pair(r) + b.pair(r) / ratio)
}

impl Tables {
    /// The tables of some of the 16 elements; none given: of all.
    pub fn zhou_2004(species: &[String]) -> Result<Self> {
        let names: Vec<String> = if species.is_empty() {
            elements().into_iter().map(str::to_owned).collect()
        } else {
            species.to_vec()
        };
        let known = |name: &String| {
            Element::of(name).ok_or_else(|| {
                Error::new(format!("eam:zhou-2004 knows no {name}"))
                    .because(format!("it has parameters for {}", elements().join(", ")))
                    .cure("choose a potential for these species")
            })
        };
        let all: Vec<Element> = names.iter().map(known).collect::<Result<_>>()?;
        let largest = |f: &dyn Fn(&Element) -> f64| all.iter().map(f).fold(0.0, f64::max);
        let cutoff = 10f64.sqrt() / 2.0 * 2f64.sqrt() * largest(&|e| e.r_e);
        let densest = largest(&|e| e.density(CORE).max(2.0 * e.rho_e)).max(LEAST_DENSITY);
        let (distance_step, density_step) =
            (cutoff / (POINTS - 1) as f64, densest / (POINTS - 1) as f64);
        let over_r = |f: &dyn Fn(f64) -> f64| -> Vec<f64> {
            let knots = (0..POINTS).map(|m| (m as f64 * distance_step).max(CORE));
            knots.map(f).collect()
        };
        let over_rho = |e: &Element| -> Vec<f64> {
            let knots = (0..POINTS).map(|m| m as f64 * density_step);
            knots.map(|rho| e.embedding(rho)).collect()
        };
        let pairs = (0..all.len()).flat_map(|a| (0..=a).map(move |b| (a, b)));
        Ok(Self {
            embedding: all.iter().map(over_rho).collect(),
            density: all
                .iter()
                .flat_map(|e| vec![over_r(&|r| e.density(r)); all.len()])
                .collect(),
            pair: pairs
                .map(|(a, b)| over_r(&|r| r * mixed(&all[a], &all[b], r)))
                .collect(),
            species: names,
            density_step,
            distance_step,
            cutoff,
        })
    }
}
