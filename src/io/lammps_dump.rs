//! LAMMPS' text dumps, `dump custom`: any number of frames, positions plain, scaled or unwrapped.

use super::extxyz::Frame;
use super::lammps_box::Tilted;
use super::named_atoms::{NamedAtoms, Told, told_name};
use super::words::Words;
use crate::atoms::cell::{Cell, add};
use crate::error::{Error, Result};
use std::fmt::Write as _;

/// Reads every frame; atoms come in the order of their ids, if they have any.
///
/// Columns: `element` or `type` (named by [`Told::species`]), one of `x y z`, `xu yu zu`, `xs ys zs`, `xsu ysu zsu`, and
/// `fx fy fz` where there. Boxes: orthogonal, `xy xz yz` and `abc origin`.
pub fn read(text: &str, told: &Told) -> Result<Vec<Frame>> {
    let lines: Vec<&str> = text.lines().collect();
    let mut frames = Vec::new();
    let mut at = next_item(&lines, 0);
    while at < lines.len() {
        let (frame, after) = read_frame(&lines, at, told)?;
        frames.push(frame);
        at = next_item(&lines, after);
    }
    if frames.is_empty() {
        return Err(
            Error::new("the dump has no frame").cure("give a file that starts with ITEM: TIMESTEP")
        );
    }
    Ok(frames)
}

fn next_item(lines: &[&str], from: usize) -> usize {
    let found = lines.iter().skip(from).position(|l| l.starts_with("ITEM:"));
    found.map_or(lines.len(), |k| from + k)
}

/// One frame, from its first item, and the line after it.
fn read_frame(lines: &[&str], mut at: usize, told: &Told) -> Result<(Frame, usize)> {
    let (mut count, mut space) = (None, None);
    while at < lines.len() {
        let item = Words::of(lines[at], at);
        match item.all() {
            ["ITEM:", "NUMBER", "OF", "ATOMS"] => count = Some(line(lines, at + 1)?.count(0)?),
            ["ITEM:", "BOX", "BOUNDS", rest @ ..] => space = Some(bounds(lines, at, rest)?),
            ["ITEM:", "ATOMS", columns @ ..] => {
                let missing =
                    |what: &str| item.error(format!("the frame has no {what} before its atoms"));
                let count = count.ok_or_else(|| missing("number of atoms"))?;
                let (cell, origin) = space.ok_or_else(|| missing("box"))?;
                let end = at.saturating_add(1).saturating_add(count);
                if count == 0 || end > lines.len() {
                    return Err(item
                        .error(format!("the frame cannot have {count} atoms"))
                        .because(format!("{} lines follow", lines.len() - at - 1))
                        .cure("complete the file, or cut its last frame off"));
                }
                let atoms =
                    Columns::of(columns, &item)?.read(lines, at + 1..end, cell, origin, told)?;
                return Ok((atoms.frame(told).map_err(|e| e.line(at as u64 + 1))?, end));
            }
            _ => {}
        }
        at = next_item(lines, at + 1);
    }
    Err(Error::new("the last frame of the dump has no atoms")
        .line(lines.len() as u64)
        .cure("cut it off"))
}

fn line<'a>(lines: &[&'a str], at: usize) -> Result<Words<'a>> {
    let text = lines
        .get(at)
        .ok_or_else(|| Error::new("the file ends too early").line(at as u64))?;
    Ok(Words::of(text, at))
}

/// The cell and its corner.
fn bounds(lines: &[&str], at: usize, rest: &[&str]) -> Result<(Cell, [f64; 3])> {
    let rows = [
        line(lines, at + 1)?,
        line(lines, at + 2)?,
        line(lines, at + 3)?,
    ];
    // The last three words say how each direction ends: p repeats.
    let ends = rest.len().checked_sub(3).map(|k| &rest[k..]);
    let periodic = [0, 1, 2].map(|k| ends.is_none_or(|e| e[k].starts_with('p')));
    let here = |e: Error| e.line(at as u64 + 1);
    if rest.starts_with(&["abc", "origin"]) {
        let (mut edges, mut origin) = ([[0.0; 3]; 3], [0.0; 3]);
        for (k, row) in rows.iter().enumerate() {
            (edges[k], origin[k]) = (row.vector(0)?, row.number(3)?);
        }
        return Ok((Cell::new(edges, periodic).map_err(here)?, origin));
    }
    let is_tilted = rest.starts_with(&["xy", "xz", "yz"]);
    let (mut low, mut high, mut tilts) = ([0.0; 3], [0.0; 3], [0.0; 3]);
    for (k, row) in rows.iter().enumerate() {
        (low[k], high[k]) = (row.number(0)?, row.number(1)?);
        if is_tilted {
            tilts[k] = row.number(2)?;
        }
    }
    for (k, [below, above]) in Tilted::overhang(tilts).into_iter().enumerate() {
        low[k] -= below;
        high[k] -= above;
    }
    let lengths = [0, 1, 2].map(|k: usize| high[k] - low[k]);
    let cell = Tilted { lengths, tilts }.cell(periodic).map_err(here)?;
    Ok((cell, low))
}

/// Which column holds what.
struct Columns {
    id: Option<usize>,
    name: Option<usize>,
    kind: Option<usize>,
    position: usize,
    is_scaled: bool,
    force: Option<usize>,
}

impl Columns {
    fn of(names: &[&str], item: &Words) -> Result<Self> {
        let find = |name: &str| names.iter().position(|n| *n == name);
        let triple = |first: &str, rest: [&str; 2]| {
            find(first).filter(|k| names.get(k + 1..k + 3) == Some(&rest))
        };
        let plain = triple("x", ["y", "z"]).or_else(|| triple("xu", ["yu", "zu"]));
        let scaled = triple("xs", ["ys", "zs"]).or_else(|| triple("xsu", ["ysu", "zsu"]));
        let position = plain.or(scaled).ok_or_else(|| {
            item.error("the dump has no positions")
                .because(format!("its columns are {}", names.join(" ")))
                .cure("dump x y z, xs ys zs, xu yu zu or xsu ysu zsu, in this order")
        })?;
        Ok(Self {
            id: find("id"),
            name: find("element"),
            kind: find("type"),
            position,
            is_scaled: plain.is_none(),
            force: triple("fx", ["fy", "fz"]),
        })
    }

    fn read(
        &self,
        lines: &[&str],
        range: std::ops::Range<usize>,
        cell: Cell,
        origin: [f64; 3],
        told: &Told,
    ) -> Result<NamedAtoms> {
        let mut rows = Vec::new();
        for at in range {
            let words = Words::of(lines[at], at);
            let id = self.id.map_or(Ok(at), |k| words.count(k))?;
            let name = match (self.name, self.kind) {
                (Some(k), _) => words.text(k)?.to_owned(),
                (None, Some(k)) => {
                    told_name(told, words.count(k)?).map_err(|e| e.line(at as u64 + 1))?
                }
                (None, None) => return Err(words.error("the atoms have neither element nor type")),
            };
            let given = words.vector(self.position)?;
            let position = if self.is_scaled {
                add(origin, cell.cartesian(given))
            } else {
                given
            };
            let force = self.force.map(|k| words.vector(k)).transpose()?;
            rows.push((id, name, position, force));
        }
        rows.sort_by_key(|row| row.0);
        if let Some(twice) = rows.windows(2).find(|w| w[0].0 == w[1].0) {
            return Err(Error::new(format!("two atoms have the id {}", twice[0].0)));
        }
        let (mut names, mut positions, mut forces) = (Vec::new(), Vec::new(), Vec::new());
        for (_, name, position, force) in rows {
            names.push(name);
            positions.push(position);
            forces.extend(force);
        }
        Ok(NamedAtoms {
            cell,
            names,
            positions,
            forces: self.force.map(|_| forces),
            masses: Vec::new(),
        })
    }
}

/// Writes frames with elements, positions and, where known, forces; cells are turned into LAMMPS' directions, and forces
/// with them.
pub fn write(frames: &[Frame]) -> String {
    let mut text = String::new();
    for (step, frame) in frames.iter().enumerate() {
        // Writing to a String does not fail.
        let _ = write_frame(&mut text, step, frame);
    }
    text
}

fn write_frame(text: &mut String, step: usize, frame: &Frame) -> std::fmt::Result {
    let (structure, cell) = (&frame.structure, &frame.structure.cell);
    let tilted = Tilted::of(cell);
    let edges = tilted.edges();
    let ends = cell
        .periodic()
        .map(|p| if p { "pp" } else { "ff" })
        .join(" ");
    let is_tilted = tilted.tilts.iter().any(|t| *t != 0.0);
    let turned = |v: [f64; 3]| {
        let f = cell.fractional(v);
        let along = |a: usize| (0..3).map(|k| f[k] * edges[k][a]).sum::<f64>();
        [along(0), along(1), along(2)]
    };
    writeln!(
        text,
        "ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{}",
        structure.len()
    )?;
    let tilt_names = if is_tilted { "xy xz yz " } else { "" };
    writeln!(text, "ITEM: BOX BOUNDS {tilt_names}{ends}")?;
    let overhang = Tilted::overhang(tilted.tilts);
    for k in 0..3 {
        let [below, above] = overhang.get(k).copied().unwrap_or_default();
        write!(text, "{} {}", below, tilted.lengths[k] + above)?;
        if is_tilted {
            write!(text, " {}", tilted.tilts[k])?;
        }
        text.push('\n');
    }
    let forces = frame.forces.as_ref();
    let names = if forces.is_some() { " fx fy fz" } else { "" };
    writeln!(text, "ITEM: ATOMS id element x y z{names}")?;
    for (i, p) in structure.positions.iter().enumerate() {
        let [x, y, z] = turned(*p);
        write!(text, "{} {} {x} {y} {z}", i + 1, structure.symbol(i))?;
        if let Some(f) = forces.and_then(|f| f.get(i)) {
            // A force turns as a position does: rigidly.
            let [x, y, z] = turned(*f);
            write!(text, " {x} {y} {z}")?;
        }
        text.push('\n');
    }
    Ok(())
}
