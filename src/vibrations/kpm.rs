//! The kernel polynomial method: densities of states of structures too large to diagonalise.
//!
//! A. Weiße, G. Wellein, A. Alvermann and H. Fehske, Rev. Mod. Phys. 78, 275 (2006). Time and memory grow with the number
//! of stored blocks of the Hessian.

mod density;
mod half;
mod recursion;
mod window;

pub use density::Share;

use super::modes::frequency_thz;
use crate::atoms::disorder::random;
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use crate::potentials::hessian::Hessian;
use crate::units::THZ_IN_MEV;
use half::Half;
use rand::RngExt;
use recursion::{LANES, Recursion, Row};
use window::{Window, gershgorin};

/// Steps of Lanczos for the window, more each time the spectrum was found to reach beyond it. An eigenvector with the
/// share 1/N in the start vector is found if it is `ln(N)²/16 steps²` of the width outside: 24 steps know the upper end of
/// 100,000 atoms to 1.5 %, which the residual covers.
const LANCZOS_STEPS: [usize; 3] = [24, 100, 400];

/// A moment may exceed its bound, `|⟨r|T_n|r⟩| ≤ ⟨r|r⟩` inside the window, by this much rounding.
const OUTGROWN: f64 = 1e-6;

/// How finely and how often to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Number of Chebyshev moments M, even; the resolution is about `π ω_max / 2M` at low frequency.
    pub moments: usize,
    /// Number of random vectors, a multiple of eight; the statistical error falls with its square root.
    pub vectors: usize,
    /// Seed of the random vectors.
    pub seed: u64,
}

impl Default for Settings {
    /// 512 moments of 8 vectors.
    fn default() -> Self {
        Self {
            moments: 512,
            vectors: LANES,
            seed: 0,
        }
    }
}

/// Chebyshev moments of the dynamical matrix, for each random vector and each species.
///
/// `μ_n = ⟨r| P_a T_n(x) |r⟩`, x being ω² mapped to -1 ... 1. Two moments come from each product with the matrix:
/// by cyclicity of the trace `tr P_a T_2n = 2 tr T_n P_a T_n - tr P_a`, so that the parts of the species cost nothing more.
/// The rigid translations are projected out of the random vectors: they are not in any density made of these moments.
#[derive(Debug, Clone)]
pub struct Moments {
    window: Window,
    /// For each vector, for each species, M moments.
    values: Vec<Vec<Vec<f64>>>,
    modes: usize,
}

impl Moments {
    /// The moments of `D = M^-1/2 H M^-1/2`; see [`Settings`]. The same for any number of threads.
    pub fn of(hessian: Hessian, structure: &Structure, settings: Settings) -> Result<Self> {
        Self::of_prepared(&Prepared::of(hessian, structure)?, settings)
    }

    /// The same of a matrix that serves again, for [`along`](Self::along).
    pub fn of_prepared(prepared: &Prepared, settings: Settings) -> Result<Self> {
        let Settings {
            moments,
            vectors,
            seed,
        } = settings;
        check(moments, vectors)?;
        let rows = |block| random_rows(&prepared.masses, prepared.dimensions, seed, block);
        prepared.moments(seed, &rows, vectors / LANES, moments, true)
    }

    /// The moments `⟨v|T_n|v⟩` of given vectors (three numbers an atom), for [`projections`](Self::projections): what the modes have
    /// in common with each. Translations are projected out.
    ///
    /// Errors: no vectors, or not of this structure; an odd number of moments.
    pub fn along(prepared: &Prepared, vectors: &[Vec<[f64; 3]>], moments: usize) -> Result<Self> {
        check(moments, LANES)?;
        let atoms = prepared.order.len();
        if vectors.is_empty() || vectors.iter().any(|v| v.len() != atoms) {
            return Err(Error::new(format!(
                "{} vectors do not fit a structure of {atoms} atoms",
                vectors.len()
            )));
        }
        let rows = |block: u64| {
            let some = &vectors[LANES * block as usize..];
            let part = |i: usize, a: usize, l: usize| some.get(l).map_or(0.0, |v| v[i][a]);
            let row = |&i: &usize| -> Row {
                std::array::from_fn(|a| std::array::from_fn(|l| part(i, a, l)))
            };
            let mut rows: Vec<Row> = prepared.order.iter().map(row).collect();
            without_translations(&prepared.masses, &mut rows);
            rows
        };
        let blocks = vectors.len().div_ceil(LANES);
        let mut found = prepared.moments(0, &rows, blocks, moments, false)?;
        found.values.truncate(vectors.len());
        Ok(found)
    }

    /// Number M of moments.
    pub fn len(&self) -> usize {
        self.values[0][0].len()
    }

    /// Whether there are none; never so.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of random vectors.
    pub fn vectors(&self) -> usize {
        self.values.len()
    }

    /// Number of modes besides the translations.
    pub fn modes(&self) -> usize {
        self.modes
    }

    /// An energy in meV that no mode exceeds.
    pub fn highest(&self) -> f64 {
        frequency_thz(self.window.high()) * THZ_IN_MEV
    }

    /// The lowest imaginary frequency seen, in THz as a negative number. None is seen if all are weaker than a thirtieth
    /// of the highest frequency or so.
    pub fn lowest_imaginary(&self) -> Option<f64> {
        self.window.lowest.map(frequency_thz)
    }
}

/// A dynamical matrix as the recursion reads it.
#[derive(Debug)]
pub struct Prepared {
    matrix: Half,
    bounds: [f64; 2],
    /// The atoms in the order in which the matrix has them, and in it their masses and species.
    order: Vec<usize>,
    masses: Vec<f64>,
    species_of: Vec<usize>,
    kinds: usize,
    dimensions: usize,
}

impl Prepared {
    /// Of a Hessian (which is taken, since it is large) and its structure.
    pub fn of(hessian: Hessian, structure: &Structure) -> Result<Self> {
        if hessian.atoms() != structure.len() || structure.len() < 2 {
            return Err(Error::new(format!(
                "a Hessian of {} atoms for a structure of {}",
                hessian.atoms(),
                structure.len()
            ))
            .because("they must be the same, and two at least for anything to vibrate"));
        }
        let order = along_a_curve(structure);
        let whole = hessian.into_mass_weighted(&structure.atom_masses());
        Ok(Self {
            bounds: gershgorin(&whole),
            matrix: Half::of(&whole, &order),
            masses: order.iter().map(|&i| structure.mass(i)).collect(),
            species_of: order.iter().map(|&i| structure.species_of[i]).collect(),
            kinds: structure.species.len(),
            dimensions: structure.dimensions(),
            order,
        })
    }

    /// The moments of blocks of eight vectors, by species or of all atoms together, in a window that holds the spectrum.
    fn moments(
        &self,
        seed: u64,
        rows: &dyn Fn(u64) -> Vec<Row>,
        blocks: usize,
        count: usize,
        by_species: bool,
    ) -> Result<Moments> {
        let all_alike = vec![0; self.order.len()];
        let (species_of, kinds) = if by_species {
            (&self.species_of, self.kinds)
        } else {
            (&all_alike, 1)
        };
        for steps in LANCZOS_STEPS {
            let first = random_rows(&self.masses, self.dimensions, seed, 0);
            let start = first.iter().map(|row| row.map(|lanes| lanes[0])).collect();
            let recursion = Recursion {
                matrix: &self.matrix,
                species_of,
                kinds,
                window: Window::of(&self.matrix, self.bounds, start, steps)?,
            };
            let of_block = |block| recursion.moments(rows(block as u64), count);
            let values: Vec<_> = (0..blocks).flat_map(of_block).collect();
            if !outgrown(&values) {
                return Ok(Moments {
                    window: recursion.window,
                    values,
                    modes: self.dimensions * (self.order.len() - 1),
                });
            }
        }
        Err(Error::new("the modes could not be found")
            .because("the eigenvalues of the Hessian are not where their estimate says"))
    }
}

fn check(moments: usize, vectors: usize) -> Result<()> {
    let possible = moments >= 4 && moments.is_multiple_of(2);
    if !possible || vectors == 0 || !vectors.is_multiple_of(LANES) {
        return Err(Error::new(format!(
            "{moments} moments of {vectors} random vectors are not possible"
        ))
        .cure(format!(
            "take an even number of moments and a multiple of {LANES} vectors"
        )));
    }
    Ok(())
}

/// The atoms in the order of a curve that winds through all cubes of the cell, halves before quarters before eighths (Morton
/// 1966), so that neighbours in space are mostly near each other in memory, whatever the order of the file.
fn along_a_curve(structure: &Structure) -> Vec<usize> {
    const BITS: u32 = 10;
    let key = |i: usize| -> u32 {
        let fractional = structure.cell.fractional(structure.positions[i]);
        let cube = fractional.map(|x| ((x - x.floor()) * f64::from(1 << BITS)) as u32);
        (0..3 * BITS).fold(0, |key, bit| {
            key | (cube[bit as usize % 3] >> (bit / 3) & 1) << bit
        })
    };
    let mut order: Vec<usize> = (0..structure.len()).collect();
    order.sort_by_cached_key(|&i| key(i));
    order
}

/// Eight vectors of random signs without the translations; in a plane they stay in it.
fn random_rows(masses: &[f64], dimensions: usize, seed: u64, block: u64) -> Vec<Row> {
    let mut random = random(seed, block);
    let mut rows = vec![[[0.0; LANES]; 3]; masses.len()];
    for row in &mut rows {
        for lanes in &mut row[..dimensions] {
            let bits: u8 = random.random();
            *lanes = std::array::from_fn(|l| if bits >> l & 1 == 1 { 1.0 } else { -1.0 });
        }
    }
    without_translations(masses, &mut rows);
    rows
}

/// `r - t ⟨t|r⟩` for each translation t, `t_i = √(m_i / Σ m)`.
fn without_translations(masses: &[f64], rows: &mut [Row]) {
    let total: f64 = masses.iter().sum();
    let parts: Vec<f64> = masses.iter().map(|m| (m / total).sqrt()).collect();
    let mut along = [[0.0; LANES]; 3];
    for (part, row) in parts.iter().zip(&*rows) {
        for a in 0..3 {
            for l in 0..LANES {
                along[a][l] += part * row[a][l];
            }
        }
    }
    for (part, row) in parts.iter().zip(rows) {
        for a in 0..3 {
            for l in 0..LANES {
                row[a][l] -= part * along[a][l];
            }
        }
    }
}

/// Whether some total moment is larger than it can be with all eigenvalues inside the window.
fn outgrown(values: &[Vec<Vec<f64>>]) -> bool {
    let total = |of_vector: &[Vec<f64>], n: usize| of_vector.iter().map(|m| m[n]).sum::<f64>();
    values.iter().any(|of_vector| {
        let bound = total(of_vector, 0) * (1.0 + OUTGROWN);
        let is_fine = |n| total(of_vector, n).abs() <= bound;
        // Not "any is larger", which a moment that is not a number would pass.
        !(0..of_vector[0].len()).all(is_fine)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::cell::Cell;
    use crate::grid::Grid;
    use crate::potentials::hessian::Block;

    /// A chain of atoms of two masses along x with springs k, which move along x only.
    fn chain(cells: usize, k: f64, masses: [f64; 2]) -> (Structure, Hessian) {
        let atoms = 2 * cells;
        let structure = Structure::new(
            Cell::orthorhombic([atoms as f64, 1.0, 1.0]).unwrap(),
            vec!["A".into(), "B".into()],
            masses.to_vec(),
            (0..atoms).map(|i| i % 2).collect(),
            (0..atoms).map(|i| [i as f64, 0.0, 0.0]).collect(),
        );
        let x = |value: f64| -> Block { [[value, 0.0, 0.0], [0.0; 3], [0.0; 3]] };
        let springs = (0..atoms).flat_map(|i| {
            let j = (i + 1) % atoms;
            [(i, i, x(k)), (j, j, x(k)), (i, j, x(-k)), (j, i, x(-k))]
        });
        let hessian = Hessian::from_triplets(atoms, springs);
        (structure.unwrap(), hessian)
    }

    /// `ω² = k(1/m + 1/M) ± k √((1/m + 1/M)² - 4 sin²(q/2)/mM)` for all wave numbers q of the ring; two thirds of the
    /// degrees of freedom, across the chain, have ω = 0.
    #[test]
    fn a_diatomic_chain_has_its_textbook_density() {
        let (cells, k, masses) = (1024, 2.0, [1.0, 3.0]);
        let (structure, hessian) = chain(cells, k, masses);
        let settings = Settings {
            moments: 256,
            vectors: 16,
            seed: 1,
        };
        let moments = Moments::of(hessian, &structure, settings).unwrap();
        let sum = 1.0 / masses[0] + 1.0 / masses[1];
        let mut energies = Vec::new();
        for n in 1..cells {
            let sine = (std::f64::consts::PI * n as f64 / cells as f64).sin();
            let root = (sum * sum - 4.0 * sine * sine / (masses[0] * masses[1])).sqrt();
            energies.extend([sum - root, sum + root].map(|x| frequency_thz(k * x) * THZ_IN_MEV));
        }
        // Between the branches there is nothing; a quarter of the top is below it, four resolutions from both.
        let top = frequency_thz(2.0 * k * sum) * THZ_IN_MEV;
        let [acoustic, optical] =
            [2.0 * k / masses[1], 2.0 * k / masses[0]].map(|x| frequency_thz(x) * THZ_IN_MEV);
        let room = 4.0 * moments.resolution(acoustic);
        assert!(optical - acoustic > 2.0 * room);
        let shares = |low: f64, high: f64| -> f64 {
            let grid = Grid::new(low, high, 2).unwrap();
            let shares = moments.shares(&grid);
            shares
                .iter()
                .map(|s| s.mean.iter().sum::<f64>())
                .sum::<f64>()
                / 2.0
        };
        let counted = |low: f64, high: f64| {
            energies.iter().filter(|e| (low..high).contains(e)).count() as f64
                / moments.modes() as f64
        };
        assert!(shares(acoustic + room, optical - room) < 1e-3);
        for (low, high) in [
            (0.25 * top, 0.5 * (acoustic + optical)),
            (0.5 * (acoustic + optical), 1.01 * top),
        ] {
            let (seen, exact) = (shares(low, high), counted(low, high));
            // Random vectors: about √(2 / (16 vectors x 2048 atoms)) = 0.008 of a share of one.
            assert!(
                (seen - exact).abs() < 0.008,
                "{low} to {high}: {seen} and {exact}"
            );
        }
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let (structure, hessian) = chain(2000, 1.0, [1.0, 2.0]);
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let settings = Settings {
                moments: 16,
                ..Settings::default()
            };
            pool.install(|| {
                Moments::of(hessian.clone(), &structure, settings)
                    .unwrap()
                    .values
            })
        };
        assert_eq!(with(1), with(3));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let (structure, hessian) = chain(4, 1.0, [1.0, 2.0]);
        let with = |hessian: Hessian, moments, vectors| {
            Moments::of(
                hessian,
                &structure,
                Settings {
                    moments,
                    vectors,
                    seed: 0,
                },
            )
            .is_err()
        };
        assert!(
            with(hessian.clone(), 63, 8)
                && with(hessian.clone(), 64, 4)
                && with(hessian.clone(), 2, 8)
        );
        assert!(with(chain(5, 1.0, [1.0, 2.0]).1, 64, 8));
        assert!(with(chain(4, f64::NAN, [1.0, 2.0]).1, 64, 8));
        assert!(with(chain(4, 0.0, [1.0, 2.0]).1, 64, 8));
    }
}
