//! The harmonic modes of a structure.

use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use crate::potentials::hessian::Hessian;
use crate::units::SQRT_EV_PER_A2_AMU_IN_THZ;
use faer::{Mat, Side};

/// Modes below this frequency (THz, either sign) are taken for rigid translations. An eigenvalue of zero that is rounded
/// by 1e-15 of the largest one, (50 THz)², comes out at 1.6e-6 THz; sound of 3 km/s in a box of 100 Å is at 0.3 THz.
pub const ZERO_THZ: f64 = 1e-2;

/// Vectors of two rows an atom with a third row of zeros.
fn in_space(vectors: &Mat<f64>) -> Mat<f64> {
    Mat::from_fn(vectors.nrows() / 2 * 3, vectors.ncols(), |row, s| {
        if row % 3 == 2 {
            0.0
        } else {
            vectors[(row / 3 * 2 + row % 3, s)]
        }
    })
}

/// Frequencies and polarisation vectors of all modes: 3N of them, 2N in a plane.
#[derive(Debug, Clone)]
pub struct Modes {
    /// ν = ω/2π in THz, ascending; an imaginary frequency is given as a negative number.
    pub frequencies_thz: Vec<f64>,
    /// Column s is the unit polarisation vector of mode s (rows x, y, z of atom 0, then of atom 1, ...); the
    /// displacement of an atom of mass m is its part divided by √m.
    pub vectors: Option<Mat<f64>>,
}

impl Modes {
    /// Diagonalises `D = M^-1/2 H M^-1/2` of a structure: `D e = ω² e`, `ν = 15.633 THz √ω²`. A [flat](Structure::flat)
    /// structure of N atoms has the 2N modes in its plane; its vectors still have three rows an atom.
    ///
    /// Uses as many threads as faer's global setting says; set `Par::Seq` when many structures run side by side.
    pub fn of(hessian: &Hessian, structure: &Structure, with_vectors: bool) -> Result<Self> {
        let dimensions = structure.dimensions();
        let mut modes =
            Self::diagonalised(hessian, &structure.atom_masses(), dimensions, with_vectors)?;
        if structure.flat {
            modes.vectors = modes.vectors.map(|e| in_space(&e));
        }
        Ok(modes)
    }

    fn diagonalised(
        hessian: &Hessian,
        masses: &[f64],
        dimensions: usize,
        with_vectors: bool,
    ) -> Result<Self> {
        if masses.len() != hessian.atoms() {
            return Err(Error::new(format!(
                "{} masses for a Hessian of {} atoms",
                masses.len(),
                hessian.atoms()
            )));
        }
        let dynamical = hessian.mass_weighted(masses).to_dense(dimensions);
        if dynamical
            .col_iter()
            .any(|c| c.iter().any(|x| !x.is_finite()))
        {
            return Err(Error::new("the Hessian holds numbers that are not finite")
                .because("two atoms may sit on top of each other, or a mass is zero"));
        }
        let failed = |e| {
            Error::new("the modes could not be found")
                .because(format!("the eigenvalue solver says {e:?}"))
                .cure("check the structure and the potential")
        };
        let (eigenvalues, vectors) = if with_vectors {
            let eigen = dynamical.self_adjoint_eigen(Side::Lower).map_err(failed)?;
            let values = eigen.S().column_vector().iter().copied().collect();
            (values, Some(eigen.U().to_owned()))
        } else {
            (
                dynamical
                    .self_adjoint_eigenvalues(Side::Lower)
                    .map_err(failed)?,
                None,
            )
        };
        Ok(Self {
            frequencies_thz: eigenvalues.into_iter().map(frequency_thz).collect(),
            vectors,
        })
    }

    /// Number of modes whose |ν| is below [`ZERO_THZ`]; three for a crystal at rest.
    pub fn zero_modes(&self) -> usize {
        (self.frequencies_thz.iter())
            .filter(|f| f.abs() < ZERO_THZ)
            .count()
    }

    /// Number of modes with ν at or below minus [`ZERO_THZ`]: directions in which the structure is unstable.
    pub fn imaginary_modes(&self) -> usize {
        (self.frequencies_thz.iter())
            .filter(|&&f| f <= -ZERO_THZ)
            .count()
    }
}

/// ν in THz of an eigenvalue ω² in eV/Å²/amu, with the sign of the eigenvalue.
pub(super) fn frequency_thz(eigenvalue: f64) -> f64 {
    eigenvalue.signum() * eigenvalue.abs().sqrt() * SQRT_EV_PER_A2_AMU_IN_THZ
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::neighbours::NeighbourList;
    use crate::atoms::structure::Structure;
    use crate::potentials::Potential;
    use crate::potentials::toy::{Toy, crystal};

    const TOY: Toy = Toy { cutoff: 2.3 };

    fn hessian(structure: &Structure) -> Hessian {
        let list = NeighbourList::new(structure, TOY.cutoff).unwrap();
        TOY.hessian(structure, &list).unwrap()
    }

    /// faer 0.18 and 0.19 gave wrong eigenvectors for sizes past the divide-and-conquer threshold.
    #[test]
    fn vectors_are_orthonormal_and_solve_the_eigenvalue_problem() {
        for n in [1, 3] {
            let structure = crystal(1.5, n);
            let masses = structure.atom_masses();
            let modes = Modes::diagonalised(&hessian(&structure), &masses, 3, true).unwrap();
            let dynamical = hessian(&structure).mass_weighted(&masses).to_dense(3);
            let vectors = modes.vectors.as_ref().unwrap();
            let values: Vec<_> = (modes.frequencies_thz.iter())
                .map(|f| f.signum() * (f / SQRT_EV_PER_A2_AMU_IN_THZ).powi(2))
                .collect();
            let size = vectors.nrows();
            let scaled = Mat::from_fn(size, size, |i, s| vectors[(i, s)] * values[s]);
            let residual = (&dynamical * vectors - scaled).norm_max();
            assert!(residual < 1e-11 * dynamical.norm_max(), "{residual}");
            let overlap = vectors.transpose() * vectors - Mat::<f64>::identity(size, size);
            assert!(overlap.norm_max() < 1e-12);
            assert!(modes.frequencies_thz.is_sorted());
        }
    }

    #[test]
    fn a_diatomic_chain_has_its_textbook_frequencies() {
        // Two atoms in one dimension, each bonded to the other on both sides by springs k: ω² = 2k(1/m + 1/M).
        let (k, masses) = (3.0, [2.0, 5.0]);
        let x = |value: f64| [[value, 0.0, 0.0], [0.0; 3], [0.0; 3]];
        let springs = [
            (0, 0, x(2.0 * k)),
            (1, 1, x(2.0 * k)),
            (0, 1, x(-2.0 * k)),
            (1, 0, x(-2.0 * k)),
        ];
        let modes =
            Modes::diagonalised(&Hessian::from_triplets(2, springs), &masses, 3, false).unwrap();
        let expected =
            (2.0 * k * (1.0 / masses[0] + 1.0 / masses[1])).sqrt() * 15.633_304_239_856_19;
        assert!((modes.frequencies_thz[5] - expected).abs() < 1e-10);
        assert_eq!((modes.zero_modes(), modes.imaginary_modes()), (5, 0));
    }

    #[test]
    fn a_crystal_has_three_translations_and_a_stretched_one_is_unstable() {
        let at_rest = crystal(1.5, 2);
        let modes = Modes::of(&hessian(&at_rest), &at_rest, false).unwrap();
        assert_eq!((modes.zero_modes(), modes.imaginary_modes()), (3, 0));
        let stretched = crystal(1.9, 2);
        let modes = Modes::of(&hessian(&stretched), &stretched, false).unwrap();
        assert_eq!(modes.zero_modes(), 3);
        assert!(modes.imaginary_modes() > 0 && modes.frequencies_thz[0] < 0.0);
    }

    #[test]
    fn values_alone_are_those_found_with_vectors() {
        let structure = crystal(1.5, 2);
        let masses = structure.atom_masses();
        let alone = Modes::diagonalised(&hessian(&structure), &masses, 3, false).unwrap();
        let both = Modes::diagonalised(&hessian(&structure), &masses, 3, true).unwrap();
        assert!(alone.vectors.is_none());
        for (a, b) in alone.frequencies_thz.iter().zip(&both.frequencies_thz) {
            // Squares agree to rounding; near zero the roots differ by the root of it.
            assert!((a * a.abs() - b * b.abs()).abs() < 1e-9);
        }
    }

    #[test]
    fn a_broken_hessian_is_refused() {
        let nan = Hessian::from_triplets(1, [(0, 0, [[f64::NAN; 3]; 3])]);
        assert!(Modes::diagonalised(&nan, &[1.0], 3, true).is_err());
        assert!(Modes::diagonalised(&nan, &[1.0, 1.0], 3, true).is_err());
    }
}
