//! Lennard-Jones potentials by name, and from `key=value` lists.

use super::{LennardJones, Pair, Shift};
use crate::error::Result;
use crate::potentials::parse::{Options, unknown};

/// What can stand after `lj:`.
pub(in crate::potentials) const FORMS: &[&str] = &[
    "lj:epsilon=1,sigma=1,cutoff=2.5,shift=none|energy|force,units=reduced|metal",
    "lj:argon",
    "lj:kob-andersen[,shift=..]",
    "lj:kob-andersen-2d[,shift=..]",
];

/// ε of argon, 120 K: A. Rahman, Phys. Rev. 136, A405 (1964).
const ARGON_EPSILON: f64 = 0.010_340_8;
/// σ of argon in Å: L. Verlet, Phys. Rev. 159, 98 (1967).
const ARGON_SIGMA: f64 = 3.405;
/// The cutoff that nearly everybody takes, in σ.
const USUAL_CUTOFF: f64 = 2.5;

const SHIFTS: [(&str, Shift); 3] = [
    ("none", Shift::None),
    ("energy", Shift::Energy),
    ("force", Shift::Force),
];

impl LennardJones {
    /// Argon in eV and Å, any species: ε = 120 K (Rahman, Phys. Rev. 136, A405 (1964)), σ = 3.405 Å (Verlet, Phys. Rev. 159,
    /// 98 (1967)), cut at 2.5 σ with energy and force shifted.
    pub fn argon() -> Result<Self> {
        let pair = Pair {
            epsilon: ARGON_EPSILON,
            sigma: ARGON_SIGMA,
            cutoff: USUAL_CUTOFF * ARGON_SIGMA,
        };
        Self::one(pair, Shift::Force, false)
    }

    /// The mixture that does not crystallise, in reduced units, species A and B: ε = 1, 1.5, 0.5 and σ = 1, 0.8, 0.88 of AA, AB
    /// and BB, cut at 2.5 σ of each pair.
    ///
    /// In three dimensions 80 % A: W. Kob and H. C. Andersen, Phys. Rev. E 51, 4626 (1995). In two 65 % A, with the same
    /// parameters: R. Brüning et al., J. Phys.: Condens. Matter 21, 035117 (2009).
    pub fn kob_andersen(shift: Shift) -> Result<Self> {
        let pair = |a: usize, b: usize| {
            let (epsilon, sigma) = [(1.0, 1.0), (1.5, 0.8), (0.5, 0.88)][a + b];
            Pair {
                epsilon,
                sigma,
                cutoff: USUAL_CUTOFF * sigma,
            }
        };
        Self::mixture(&["A", "B"], pair, shift, true)
    }

    /// The potential of what stands after `lj:`.
    pub(in crate::potentials) fn named(which: &str) -> Result<Self> {
        let (name, rest) = which.split_once(',').unwrap_or((which, ""));
        match name {
            "argon" => Options::read(rest, &[]).and_then(|_| Self::argon()),
            "kob-andersen" | "kob-andersen-2d" => {
                let options = Options::read(rest, &["shift"])?;
                Self::kob_andersen(options.choice("shift", &SHIFTS, Shift::Energy)?)
            }
            _ if name.contains('=') => Self::written_out(which),
            _ => Err(unknown(&format!("lj:{which}"), FORMS)),
        }
    }

    fn written_out(text: &str) -> Result<Self> {
        let known = ["epsilon", "sigma", "cutoff", "shift", "units"];
        let options = Options::read(text, &known)?;
        let pair = Pair {
            epsilon: options.number("epsilon")?,
            sigma: options.number("sigma")?,
            cutoff: options.number("cutoff")?,
        };
        let units = [("reduced", true), ("metal", false)];
        let shift = options.choice("shift", &SHIFTS, Shift::None)?;
        Self::one(pair, shift, options.choice("units", &units, false)?)
    }
}
