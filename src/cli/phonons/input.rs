//! The structure, and what is refused before any work.

use super::Args;
use crate::atoms::neighbours::NeighbourList;
use crate::atoms::structure::Structure;
use crate::elements::element;
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::io::structure_file::{Told, read_structures};
use crate::potentials::Potential;

/// One frame of a file, from 1, with what was assumed of it; in reduced units every species has mass 1, unless the file
/// says otherwise.
pub(super) fn read(args: &Args, reduced: bool) -> Result<(Structure, Vec<Finding>)> {
    let path = args.file.as_path();
    let mass = |symbol: &str| {
        if reduced {
            Ok(1.0)
        } else {
            Ok(element(symbol)?.mass)
        }
    };
    let told = Told {
        species: &args.species,
        mass_of: &mass,
    };
    let (frames, findings) = read_structures(path, &told)?;
    let count = frames.len();
    let wanted = args
        .frame
        .checked_sub(1)
        .and_then(|k| frames.into_iter().nth(k));
    let structure = wanted.map(|frame| frame.structure).ok_or_else(|| {
        Error::new(format!("there is no frame {}", args.frame))
            .at(path)
            .because(format!("the file has {count}, counted from 1"))
    })?;
    if args.dimensions == 2 {
        Ok((structure.flattened().map_err(|e| e.at(path))?, findings))
    } else {
        Ok((structure, findings))
    }
}

/// Refuses a structure with two atoms in one place, where no potential has derivatives.
pub(super) fn refuse_overlap(potential: &dyn Potential, structure: &Structure) -> Result<()> {
    /// Å; a tenth of the shortest bond there is, that of H₂.
    const ONE_PLACE: f64 = 0.07;
    let neighbours = NeighbourList::new(structure, potential.cutoff())?;
    for i in 0..structure.len() {
        if let Some(n) = neighbours.of(structure, i).find(|n| n.distance < ONE_PLACE) {
            return Err(
                Error::new(format!("atoms {} and {} overlap", i + 1, n.index + 1))
                    .because(format!(
                        "they are {:.3} Å apart, counting periodic images",
                        n.distance
                    ))
                    .cure("remove one of them, or check Lattice and units: lengths are in Å"),
            );
        }
    }
    Ok(())
}

/// Refuses one plane of atoms that would feel its own images above and below: two-dimensional matter read as a solid.
pub(super) fn refuse_thin_box(potential: &dyn Potential, structure: &Structure) -> Result<()> {
    /// Fewer may be the unit cell of a crystal.
    const A_PLANE: usize = 4;
    let repeats = structure.cell.periodic() == [true; 3];
    let height = structure.cell.vectors()[2][2].abs();
    let one_plane = structure.clone().flattened().is_ok();
    if repeats && one_plane && structure.len() >= A_PLANE && height < potential.cutoff() {
        return Err(Error::new("the box is too thin for a sheet")
            .because(format!(
                "all atoms lie in one plane, and its images {height:.3} Å above and below are within the cutoff of {:.3} Å",
                potential.cutoff()
            ))
            .cure("give --dimensions 2 for matter of two dimensions; write pbc=\"T T F\" for a sheet that may buckle"));
    }
    Ok(())
}
