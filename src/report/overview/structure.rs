//! Pictures of structures: a sheet with its rings, a slab of a solid.

use crate::atoms::cell::{add, sub};
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use crate::observables::bonds::Bonds;
use crate::observables::rings::Ring;
use crate::report::{Arrangement, Figure, Layer, Panel, Role, Size};
use std::f64::consts::TAU;

/// What rings are called, their sizes, and their class of colour. Larger ones are painted first, lest they hide others.
const RINGS: [(&str, std::ops::RangeInclusive<usize>, usize); 6] = [
    ("larger rings", 9..=usize::MAX, 4),
    ("8-rings", 8..=8, 3),
    ("7-rings", 7..=7, 2),
    ("6-rings", 6..=6, 1),
    ("5-rings", 5..=5, 0),
    ("smaller rings", 0..=4, 5),
];
/// Room for legend, margins and scale bar, mm, and the largest drawing of a cell on a page, mm.
const AROUND: (f64, f64) = (10.0, 24.0);
const LARGEST: (f64, f64) = (155.0, 110.0);
/// The least width that holds the legend, mm.
const LEAST_WIDTH: f64 = 80.0;
/// Thickness of a slab and radius of its atoms, in units of (volume per atom)^(1/3): some two layers, atoms that do not touch.
const THICKNESS: f64 = 2.0;
const RADIUS: f64 = 0.22;
/// Corners of what is drawn as a disc.
const CORNERS: usize = 20;

/// A sheet seen along z: its bonds, and its rings coloured by their size, as in figure 2 of arXiv:2602.05313.
///
/// Each ring and each bond is drawn once, with its middle in the cell.
pub fn sheet(structure: &Structure, bonds: &Bonds, rings: &[Ring]) -> Result<Figure> {
    check(structure, bonds)?;
    let mut layers = Vec::new();
    for (name, sizes, class) in RINGS {
        let of_size = rings
            .iter()
            .filter(|ring| sizes.contains(&ring.atoms.len()));
        let outlines: Vec<_> = of_size.map(|ring| outline(structure, ring)).collect();
        if !outlines.is_empty() {
            layers.push(Layer::Polygons {
                label: format!("{name}: {}", outlines.len()),
                outlines,
                class,
            });
        }
    }
    let ends = bonds.once().map(|(i, bond)| {
        let half = bond.vector.map(|x| 0.5 * x);
        let middle = structure.cell.wrap(add(structure.positions[i], half));
        [flat(sub(middle, half)), flat(add(middle, half))]
    });
    layers.push(Layer::Segments {
        label: "bonds".into(),
        ends: ends.collect(),
    });
    let caption = format!(
        "{} seen along z: bonds, and rings coloured by their number of atoms; white is what no ring counted here encloses. \
         Each bond and each ring is drawn once, with its middle in the cell (dotted).",
        structure.formula()
    );
    picture("sheet", caption, structure, layers)
}

/// A slab through the middle of a solid, seen along z: its bonds, and its atoms as discs coloured by their species.
pub fn slab(structure: &Structure, bonds: &Bonds) -> Result<Figure> {
    check(structure, bonds)?;
    let spacing = (structure.cell.volume() / structure.len() as f64).cbrt();
    let middle = structure.cell.cartesian([0.5; 3])[2];
    let inside: Vec<_> = (0..structure.len())
        .map(|i| (i, structure.cell.wrap(structure.positions[i])))
        .filter(|(_, place)| (place[2] - middle).abs() <= 0.5 * THICKNESS * spacing)
        .collect();
    // Each atom has its half of a bond, whether the other atom is across an edge of the cell or not.
    let halves = inside.iter().flat_map(|&(i, place)| {
        let half = move |v: [f64; 3]| add(place, v.map(|x| 0.5 * x));
        let ends = move |v| [flat(place), flat(half(v))];
        bonds.of(i).iter().map(move |bond| ends(bond.vector))
    });
    let mut layers = vec![Layer::Segments {
        label: "bonds".into(),
        ends: halves.collect(),
    }];
    for (class, symbol) in structure.species.iter().enumerate() {
        let of_species = inside
            .iter()
            .filter(|(i, _)| structure.species_of[*i] == class);
        layers.push(Layer::Polygons {
            label: symbol.clone(),
            outlines: of_species
                .map(|(_, place)| disc(*place, RADIUS * spacing))
                .collect(),
            class,
        });
    }
    let caption = format!(
        "A slab of {:.1} Å through the middle of {}, seen along z.",
        THICKNESS * spacing,
        structure.formula()
    );
    picture("slab", caption, structure, layers)
}

fn check(structure: &Structure, bonds: &Bonds) -> Result<()> {
    if bonds.atoms() == structure.len() {
        return Ok(());
    }
    Err(Error::new("these bonds are not of this structure"))
}

/// The layers and the outline of the cell, as large as the page allows.
fn picture(
    id: &str,
    caption: String,
    structure: &Structure,
    mut layers: Vec<Layer>,
) -> Result<Figure> {
    let [a, b, _] = structure.cell.vectors().map(flat);
    let corners = [[0.0; 2], a, [a[0] + b[0], a[1] + b[1]], b, [0.0; 2]];
    let [x, y] = [0, 1].map(|k: usize| corners.map(|c| c[k]));
    let (wide, high) = (span(&x), span(&y));
    let scale = (LARGEST.0 / wide).min(LARGEST.1 / high);
    let size = Size {
        width_mm: (scale * wide + AROUND.0).max(LEAST_WIDTH),
        height_mm: (scale * high + AROUND.1).max(Size::LEAST_MM),
    };
    layers.push(Layer::line("", &x, &y, Role::Prior));
    let panel = Panel::picture("Å", layers);
    Figure::new(id, caption, Arrangement::Stacked, size, vec![panel])
}

fn span(values: &[f64]) -> f64 {
    let (low, high) = (values.iter())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| {
            (low.min(v), high.max(v))
        });
    high - low
}

/// The corners of a ring, its middle brought into the cell.
fn outline(structure: &Structure, ring: &Ring) -> Vec<[f64; 2]> {
    let share = 1.0 / ring.positions.len() as f64;
    let sum = |middle, place: &[f64; 3]| add(middle, place.map(|x| share * x));
    let middle = ring.positions.iter().fold([0.0; 3], sum);
    let shift = sub(structure.cell.wrap(middle), middle);
    ring.positions
        .iter()
        .map(|&place| flat(add(place, shift)))
        .collect()
}

fn disc(place: [f64; 3], radius: f64) -> Vec<[f64; 2]> {
    let corner = |k: usize| {
        let (sine, cosine) = (TAU * k as f64 / CORNERS as f64).sin_cos();
        [place[0] + radius * cosine, place[1] + radius * sine]
    };
    (0..CORNERS).map(corner).collect()
}

fn flat([x, y, _]: [f64; 3]) -> [f64; 2] {
    [x, y]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::disorder::random;
    use crate::atoms::lattice::{beta_cristobalite, graphene, supercell};
    use crate::atoms::stone_wales::with_turned_bonds;
    use crate::observables::bonds::Cutoffs;
    use crate::observables::rings::primitive_rings;

    fn area(corners: &[[f64; 2]]) -> f64 {
        let next = corners.iter().cycle().skip(1);
        let cross = |(a, b): (&[f64; 2], &[f64; 2])| a[0] * b[1] - a[1] * b[0];
        0.5 * corners.iter().zip(next).map(cross).sum::<f64>().abs()
    }

    #[test]
    fn the_rings_of_a_sheet_tile_it() {
        let sheet_of = supercell(&graphene(1.42, 12.011).unwrap(), [6, 4, 1]).unwrap();
        let turned = with_turned_bonds(&sheet_of, 1.0 / 144.0, &mut random(2, 0)).unwrap();
        let cutoffs = Cutoffs::given(&turned, &[("C", "C", 1.85)]).unwrap();
        let bonds = Bonds::new(&turned, &cutoffs).unwrap();
        let rings = primitive_rings(&turned, &bonds, 8).unwrap();
        let figure = sheet(&turned, &bonds, &rings).unwrap();
        let (mut labels, mut covered) = (Vec::new(), 0.0);
        for layer in &figure.panels()[0].layers {
            if let Layer::Polygons {
                label, outlines, ..
            } = layer
            {
                labels.push(label.as_str());
                covered += outlines.iter().map(|o| area(o)).sum::<f64>();
            }
        }
        assert_eq!(labels, ["7-rings: 2", "6-rings: 44", "5-rings: 2"]);
        assert!((covered / turned.cell.measure() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_slab_shows_part_of_the_atoms() {
        let silica = beta_cristobalite(7.16, [28.085, 15.999]).unwrap();
        let silica = supercell(&silica, [2; 3]).unwrap();
        let bonds = Bonds::new(&silica, &Cutoffs::found(&silica).unwrap()).unwrap();
        let figure = slab(&silica, &bonds).unwrap();
        let shown = |layer: &Layer| match layer {
            Layer::Polygons { outlines, .. } => Some(outlines.len()),
            _ => None,
        };
        let shown: Vec<_> = figure.panels()[0].layers.iter().filter_map(shown).collect();
        // 4.96 Å hold three planes of 8 Si each, 1.79 Å apart, and two planes of 16 O between them.
        assert_eq!(shown, [24, 32]);
        let other = graphene(1.42, 12.011).unwrap();
        assert!(slab(&other, &bonds).is_err());
    }
}
