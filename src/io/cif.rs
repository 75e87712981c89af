//! Crystallographic information files of symmetry P1: every atom of the cell listed.

use super::extxyz::Frame;
use super::named_atoms::{NamedAtoms, Told};
use super::words::{number, shortened};
use crate::atoms::cell::Cell;
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use std::fmt::Write as _;

/// Names of the space group that mean no symmetry.
const NO_SYMMETRY: [&str; 3] = ["P1", "P 1", "p1"];

/// One value with its line, from 1.
type Value<'a> = (&'a str, u64);

/// Reads the first data block: cell lengths and angles, and the loop of atom sites with fractional or Cartesian coordinates.
/// A symmetry other than P1 is refused. Digits in parentheses (uncertainties) are passed over.
pub fn read(text: &str, told: &Told) -> Result<Frame> {
    let block = Block::read(text)?;
    block.refuse_symmetry()?;
    let cell = block.cell()?;
    let column = |names: [&str; 2]| names.iter().find_map(|n| block.column(n));
    let names = column(["_atom_site_type_symbol", "_atom_site_label"]).ok_or_else(|| {
        Error::new("the CIF has no atoms")
            .cure("it needs a loop with _atom_site_type_symbol or _atom_site_label")
    })?;
    let axes = |stem: &str, letters: [&str; 3]| -> Option<[Vec<Value>; 3]> {
        let [x, y, z] = letters.map(|l| block.column(&format!("{stem}{l}")));
        Some([x?, y?, z?])
    };
    let fractional = axes("_atom_site_fract_", ["x", "y", "z"]);
    let is_fractional = fractional.is_some();
    let columns = fractional
        .or_else(|| axes("_atom_site_Cartn_", ["x", "y", "z"]))
        .ok_or_else(|| {
            Error::new("the atoms of the CIF have no positions")
                .cure("it needs _atom_site_fract_x, _y and _z, or _atom_site_Cartn_x, _y and _z")
        })?;
    let mut positions = Vec::new();
    for i in 0..names.len() {
        let mut given = [0.0; 3];
        for k in 0..3 {
            given[k] = measured(columns[k][i])?;
        }
        positions.push(if is_fractional {
            cell.cartesian(given)
        } else {
            given
        });
    }
    let named = NamedAtoms {
        cell,
        names: names.iter().map(|(name, _)| element_part(name)).collect(),
        positions,
        forces: None,
        masses: Vec::new(),
    };
    named.frame(told)
}

/// `Si1`, `Si4+` and `SI` are Si.
fn element_part(label: &str) -> String {
    let letters: String = label
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .take(2)
        .collect();
    let mut symbol = letters.to_ascii_lowercase();
    if let Some(first) = symbol.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    symbol
}

/// A number without the uncertainty behind it.
fn measured((text, line): Value) -> Result<f64> {
    number(text.split('(').next().unwrap_or(text)).map_err(|e| e.line(line))
}

/// The items and loops of one data block.
struct Block<'a> {
    items: Vec<(&'a str, Value<'a>)>,
    loops: Vec<(Vec<&'a str>, Vec<Value<'a>>)>,
}

impl<'a> Block<'a> {
    fn read(text: &'a str) -> Result<Self> {
        let tokens = tokens(text)?;
        let mut block = Self {
            items: Vec::new(),
            loops: Vec::new(),
        };
        let is = |k: usize, what: &str| {
            tokens
                .get(k)
                .is_some_and(|(t, ..)| t.to_ascii_lowercase().starts_with(what))
        };
        let is_name = |k: usize| {
            tokens
                .get(k)
                .is_some_and(|(t, _, bare)| *bare && t.starts_with('_'))
        };
        let is_word =
            |k: usize| k < tokens.len() && !is_name(k) && !is(k, "loop_") && !is(k, "data_");
        let (mut k, mut blocks) = (0, 0);
        while k < tokens.len() {
            let (token, line, _) = tokens[k];
            k += 1;
            if token.to_ascii_lowercase().starts_with("data_") {
                blocks += 1;
                if blocks > 1 {
                    break;
                }
            } else if token.eq_ignore_ascii_case("loop_") {
                let (mut names, mut values) = (Vec::new(), Vec::new());
                while is_name(k) {
                    names.push(tokens[k].0);
                    k += 1;
                }
                while is_word(k) {
                    values.push((tokens[k].0, tokens[k].1));
                    k += 1;
                }
                if names.is_empty() || values.len() % names.len() != 0 {
                    return Err(Error::new("a loop of the CIF is not complete")
                        .line(line)
                        .because(format!(
                            "it has {} values for {} columns",
                            values.len(),
                            names.len()
                        ))
                        .cure("complete its last row"));
                }
                block.loops.push((names, values));
            } else if token.starts_with('_') && is_word(k) {
                block.items.push((token, (tokens[k].0, tokens[k].1)));
                k += 1;
            }
        }
        Ok(block)
    }

    fn item(&self, name: &str) -> Option<Value<'a>> {
        let found = self
            .items
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    }

    fn column(&self, name: &str) -> Option<Vec<Value<'a>>> {
        self.loops.iter().find_map(|(names, values)| {
            let at = names.iter().position(|n| n.eq_ignore_ascii_case(name))?;
            Some(
                values
                    .iter()
                    .skip(at)
                    .step_by(names.len())
                    .copied()
                    .collect(),
            )
        })
    }

    fn refuse_symmetry(&self) -> Result<()> {
        let group = [
            "_space_group_name_H-M_alt",
            "_symmetry_space_group_name_H-M",
        ];
        let named = group.iter().find_map(|n| self.item(n));
        let operations = [
            "_space_group_symop_operation_xyz",
            "_symmetry_equiv_pos_as_xyz",
        ];
        let count = operations
            .iter()
            .find_map(|n| self.column(n))
            .map_or(1, |c| c.len());
        let told = match named {
            Some((name, line)) if !NO_SYMMETRY.contains(&name) && name != "?" => {
                Some((name.to_owned(), line))
            }
            _ if count > 1 => Some((format!("{count} operations"), 1)),
            _ => None,
        };
        match told {
            None => Ok(()),
            Some((what, line)) => Err(Error::new(format!("the CIF has the symmetry {}", shortened(&what)))
                .line(line)
                .because("only files that list every atom of the cell (P1) are read")
                .cure("expand it first, e.g. python3 -c \"from ase.io import *; write('p1.cif', read('in.cif'))\"")),
        }
    }

    /// Edge a along x, b in the xy plane.
    fn cell(&self) -> Result<Cell> {
        let get = |name: &str| -> Result<f64> {
            let value = self.item(name).ok_or_else(|| {
                Error::new(format!("the CIF has no {name}"))
                    .cure("add the lengths and angles of the cell")
            })?;
            measured(value)
        };
        let [a, b, c] = [
            get("_cell_length_a")?,
            get("_cell_length_b")?,
            get("_cell_length_c")?,
        ];
        let [alpha, beta, gamma] = [
            get("_cell_angle_alpha")?,
            get("_cell_angle_beta")?,
            get("_cell_angle_gamma")?,
        ];
        let (cos, sin) = (cosine, |d: f64| d.to_radians().sin());
        let x = c * cos(beta);
        let y = c * (cos(alpha) - cos(beta) * cos(gamma)) / sin(gamma);
        let z = (c * c - x * x - y * y).sqrt();
        Cell::new(
            [
                [a, 0.0, 0.0],
                [b * cos(gamma), b * sin(gamma), 0.0],
                [x, y, z],
            ],
            [true; 3],
        )
    }
}

/// Exactly 0 at right angles, where rounding would tilt the cell.
fn cosine(degrees: f64) -> f64 {
    if (degrees - 90.0).abs() < 1e-12 {
        0.0
    } else {
        degrees.to_radians().cos()
    }
}

/// Every word with its line and whether it stood without quotes. Quoted words keep their blanks; text between lines that
/// begin with `;` is one word.
fn tokens(text: &str) -> Result<Vec<(&str, u64, bool)>> {
    let mut found = Vec::new();
    let mut block: Option<(usize, u64)> = None;
    let mut offset = 0;
    for (k, line) in text.split('\n').enumerate() {
        let number = k as u64 + 1;
        let start = offset;
        offset += line.len() + 1;
        match (block, line.starts_with(';')) {
            (Some((from, begun)), true) => {
                found.push((text[from..start].trim_end(), begun, false));
                block = None;
            }
            (None, true) => block = Some((start + 1, number)),
            (Some(_), false) => {}
            (None, false) => words(line, number, &mut found)?,
        }
    }
    match block {
        Some((_, begun)) => Err(Error::new("a text of the CIF has no end")
            .line(begun)
            .cure("close it with a line that begins with ;")),
        None => Ok(found),
    }
}

fn words<'a>(line: &'a str, number: u64, found: &mut Vec<(&'a str, u64, bool)>) -> Result<()> {
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next().filter(|c| *c != '#') {
        let (word, after, bare) = if matches!(first, '\'' | '"') {
            // A quote ends a word only before a blank, so that 5'-end is one.
            let body = &rest[1..];
            let end = body.char_indices().find(|(k, c)| {
                *c == first && body[k + 1..].chars().next().is_none_or(char::is_whitespace)
            });
            let (end, _) =
                end.ok_or_else(|| Error::new("a quoted word of the CIF has no end").line(number))?;
            (&body[..end], &body[end + 1..], false)
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            (&rest[..end], &rest[end..], true)
        };
        found.push((word, number, bare));
        rest = after.trim_start();
    }
    Ok(())
}

/// Writes a structure as P1 in fractional coordinates; the cell keeps its lengths and angles, not its directions.
pub fn write(structure: &Structure) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = write_to(&mut text, structure);
    text
}

fn write_to(text: &mut String, structure: &Structure) -> std::fmt::Result {
    use crate::atoms::cell::{dot, norm};
    let [a, b, c] = *structure.cell.vectors();
    let angle = |u, v| {
        (dot(u, v) / (norm(u) * norm(v)))
            .clamp(-1.0, 1.0)
            .acos()
            .to_degrees()
    };
    writeln!(
        text,
        "data_{}\n_space_group_name_H-M_alt 'P 1'",
        structure.formula()
    )?;
    for (name, value) in [
        ("length_a", norm(a)),
        ("length_b", norm(b)),
        ("length_c", norm(c)),
    ] {
        writeln!(text, "_cell_{name} {value}")?;
    }
    for (name, value) in [
        ("alpha", angle(b, c)),
        ("beta", angle(a, c)),
        ("gamma", angle(a, b)),
    ] {
        writeln!(text, "_cell_angle_{name} {value}")?;
    }
    let names = ["label", "type_symbol", "fract_x", "fract_y", "fract_z"]
        .map(|n| format!("_atom_site_{n}\n"));
    write!(text, "loop_\n{}", names.concat())?;
    for (i, p) in structure.positions.iter().enumerate() {
        let ([x, y, z], symbol) = (structure.cell.fractional(*p), structure.symbol(i));
        writeln!(text, "{symbol}{} {symbol} {x} {y} {z}", i + 1)?;
    }
    Ok(())
}
