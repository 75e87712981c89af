//! What to simulate: built-in recipes and the user's changes to them.
//!
//! A recipe file is TOML. It names a built-in recipe with `base = "sio2"` and changes what it wants; every key that is
//! not a key of a recipe is refused. The complete, resolved recipe is stored in the dataset.

use super::kappa::Kappa;
use super::observable::{self, Observable};
use super::raman::Raman;
use super::settings::{Ins, Ixs};
use crate::atoms::disorder::Taken;
use crate::curve::Quantity;
use crate::error::{Error, Result};
use crate::grid::Grid;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The built-in recipes, by name.
const BUILT_IN: [(&str, &str); 15] = [
    ("amc", include_str!("recipes/amc.toml")),
    ("amc-displaced", include_str!("recipes/amc-displaced.toml")),
    ("lj2d", include_str!("recipes/lj2d.toml")),
    ("lj3d", include_str!("recipes/lj3d.toml")),
    ("argon", include_str!("recipes/argon.toml")),
    ("ka2d", include_str!("recipes/ka2d.toml")),
    ("ka3d", include_str!("recipes/ka3d.toml")),
    ("sic", include_str!("recipes/sic.toml")),
    ("cualzr", include_str!("recipes/cualzr.toml")),
    ("hea", include_str!("recipes/hea.toml")),
    ("hea-bcc", include_str!("recipes/hea-bcc.toml")),
    ("asi", include_str!("recipes/asi.toml")),
    ("asi-sw", include_str!("recipes/asi-sw.toml")),
    ("sio2", include_str!("recipes/sio2.toml")),
    (
        "sio2-vashishta",
        include_str!("recipes/sio2-vashishta.toml"),
    ),
];
/// A recipe is a page of text; more is not a recipe.
const LARGEST_FILE: u64 = 1 << 20;

/// A complete recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Its name.
    pub name: String,
    /// The potential, in the one-string form of the command line.
    pub potential: String,
    /// Number of samples.
    pub samples: usize,
    /// Seed; sample i depends on the seed and i alone.
    pub seed: u64,
    /// The crystal to start from.
    pub crystal: Crystal,
    /// How it is disordered.
    pub disorder: Disorder,
    /// Which samples are melted and quenched after that.
    pub melt: Melt,
    /// When a sample counts as at rest.
    pub minimisation: Minimisation,
    /// What is recorded of it.
    pub record: Record,
}

/// The crystal a sample starts from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crystal {
    /// Its kind.
    pub lattice: Lattice,
    /// Species on the lattice, e.g. `["Si", "O"]`.
    pub species: Vec<String>,
    /// Fractions of the species, which then sit at random on the places of a lattice of one kind of place; with several
    /// compositions the samples take turns. Empty for a compound, or a single species.
    #[serde(default)]
    pub compositions: Vec<Vec<f64>>,
    /// Edge of the cubic cell, Å; of graphene the bond, of the triangular lattice the nearest distance.
    pub constant: f64,
    /// Cells along a, b and c.
    pub repeat: [usize; 3],
}

/// A crystal to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lattice {
    /// Silica, C9.
    BetaCristobalite,
    /// A compound of two species.
    Zincblende,
    /// Diamond.
    Diamond,
    /// Face-centred cubic.
    Fcc,
    /// Body-centred cubic.
    Bcc,
    /// A sheet of graphene that may buckle.
    Graphene,
    /// The triangular lattice of two-dimensional matter.
    Triangular,
}

/// Ranges of disorder, each sampled evenly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disorder {
    /// Standard deviation of the random displacement of each coordinate, in units of the nearest-neighbour distance.
    pub displacement: [f64; 2],
    /// Fraction of atoms or formula units taken out.
    pub vacancies: [f64; 2],
    /// Which of the two.
    pub taken: Taken,
    /// Fraction of the bonds of a sheet that are turned by 90° (Stone-Wales defects).
    #[serde(default)]
    pub turned_bonds: [f64; 2],
    /// Share of the samples in which only the atoms inside a random sphere are displaced, so that the set also holds
    /// what lies between crystal and glass.
    pub partly: f64,
    /// Linear scale of the cell.
    pub scale: [f64; 2],
}

/// Melting and quenching by molecular dynamics, each range sampled evenly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Melt {
    /// Share of the samples that are melted; the others are only displaced.
    pub share: f64,
    /// Temperature of the melt, K.
    pub kelvin: [f64; 2],
    /// Time at it, fs.
    pub melt_fs: [f64; 2],
    /// Time in which it cools evenly to [`end_kelvin`](Self::end_kelvin), fs; its logarithm is sampled evenly, and so that
    /// of the quench rate.
    pub quench_fs: [f64; 2],
    /// Where the quench ends, K; the minimisation takes the rest out.
    pub end_kelvin: f64,
    /// Time step, fs.
    pub step_fs: f64,
    /// Whether the vacancies are made in the quenched glass instead of in the crystal.
    #[serde(default)]
    pub vacancies_after: bool,
    /// Whether the atoms of a sheet are held in its plane during melt and quench, and set free after.
    #[serde(default)]
    pub in_plane: bool,
}

/// When a sample counts as at rest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Minimisation {
    /// Largest force on an atom, eV/Å.
    pub max_force: f64,
    /// Iterations after which a sample is recorded as not converged.
    pub max_iterations: usize,
    /// Pressure that melt, glass and rest are under, `GPa` (N/m for a sheet); without it the cell is fixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure: Option<f64>,
}

/// What is recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// g(r) from 0 to here, Å; images are counted beyond half the cell.
    pub r_max: f64,
    /// Bins of g(r).
    pub r_bins: usize,
    /// Temperature of the thermal widths in g(r), K, from the sample's own modes.
    pub temperature: f64,
    /// Spectra from 0 to here, meV.
    pub e_max: f64,
    /// Bins of the spectra.
    pub e_bins: usize,
    /// Gaussian broadening of the spectra, standard deviation in meV.
    pub broadening: f64,
    /// Atoms of the largest rings of bonds that are counted; 0 for matter that is no network.
    #[serde(default)]
    pub rings: usize,
    /// Observables recorded besides densities of states, g(r), angles and rings.
    #[serde(default, deserialize_with = "observable::from_list")]
    pub observables: Vec<Observable>,
    /// The neutron spectrometer of `ins`.
    #[serde(default)]
    pub ins: Ins,
    /// Light of `raman` and `raman-reduced`.
    #[serde(default)]
    pub raman: Raman,
    /// Temperatures and widths of `kappa`.
    #[serde(default)]
    pub kappa: Kappa,
    /// The X-ray spectrometer of `ixs`.
    #[serde(default)]
    pub ixs: Ixs,
}

impl Record {
    /// The r grid, Å.
    pub fn r(&self) -> Result<Grid> {
        Grid::new(0.0, self.r_max, self.r_bins)
    }

    /// The grid of bond angles, degrees.
    pub fn angles() -> Result<Grid> {
        Grid::new(0.0, 180.0, 90)
    }

    /// The sizes of rings that are counted, from 3 on, as the centres of a grid; none for matter that is no network.
    pub fn ring_sizes(&self) -> Result<Option<Grid>> {
        let sizes = self.rings.checked_sub(2).filter(|n| *n > 0);
        sizes
            .map(|n| Grid::new(2.5, self.rings as f64 + 0.5, n))
            .transpose()
    }

    /// Refuses settings of observables that cannot be.
    fn check(&self, species: &[String]) -> Result<()> {
        use Observable::{Kappa, Raman, RamanReduced};
        let asked = |any: &[Observable]| any.iter().any(|o| self.observables.contains(o));
        self.ins.check()?;
        self.ixs.check()?;
        let energy = self.energy()?;
        self.raman
            .check(asked(&[Raman, RamanReduced]), species, &energy)?;
        self.kappa.check(asked(&[Kappa]), species)
    }

    /// How a quantity was broadened, in words.
    pub fn broadening_of(&self, quantity: Quantity) -> String {
        match quantity {
            Quantity::Kappa => self.kappa.label(self.broadening),
            _ => format!("Gaussian, sigma {} meV", self.broadening),
        }
    }

    /// The E grid, meV.
    pub fn energy(&self) -> Result<Grid> {
        Grid::new(0.0, self.e_max, self.e_bins)
    }
}

/// Names of the built-in recipes.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name)
}

/// The text of a built-in recipe, with its comments.
pub fn text(name: &str) -> Result<&'static str> {
    BUILT_IN
        .iter()
        .find(|(n, _)| *n == name)
        .map(|(_, text)| *text)
        .ok_or_else(|| {
            let known: Vec<_> = names().collect();
            Error::new(format!("there is no built-in recipe '{name}'"))
                .cure(format!("use one of {}, or a .toml file", known.join(", ")))
        })
}

impl Recipe {
    /// A built-in recipe by name, or a file.
    pub fn load(name_or_path: &str) -> Result<Self> {
        let path = Path::new(name_or_path);
        let is_file = path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("toml"));
        if !is_file {
            return Self::parse(text(name_or_path)?);
        }
        let bytes = crate::io::files::read(path, LARGEST_FILE)?;
        let text = String::from_utf8(bytes).map_err(|e| {
            Error::new("the recipe is not text")
                .at(path)
                .because(e.to_string())
        })?;
        Self::parse(&text).map_err(|e| e.at(path))
    }

    /// Parses a recipe and fills in what it leaves to its `base`.
    pub fn parse(text: &str) -> Result<Self> {
        let mut table: toml::Table = text
            .parse()
            .map_err(|e: toml::de::Error| syntax(text, &e))?;
        if let Some(base) = table.remove("base") {
            let name = base
                .as_str()
                .ok_or_else(|| Error::new("'base' must be the name of a built-in recipe"))?;
            let mut complete: toml::Table = self::text(name)?
                .parse()
                .map_err(|e: toml::de::Error| syntax(text, &e))?;
            overlay(&mut complete, table);
            table = complete;
        }
        let recipe: Self = table.try_into().map_err(|e: toml::de::Error| {
            Error::new("the recipe is not complete, or has a key that no recipe has")
                .because(e.message().to_owned())
                .cure("see `glassbridge simulate --print sio2`; start a recipe with base = \"sio2\" to change only some keys")
        })?;
        recipe.check()?;
        Ok(recipe)
    }

    /// Refuses values that no simulation can have.
    pub fn check(&self) -> Result<()> {
        let fail = |what: &str| Err(Error::new(format!("recipe '{}': {what}", self.name)));
        let range = |[low, high]: [f64; 2], least: f64, most: f64| {
            low >= least && low <= high && high <= most
        };
        let d = &self.disorder;
        if self.samples == 0 || self.samples > 10_000_000 {
            return fail("samples must be between 1 and ten million");
        }
        if !range(d.displacement, 0.0, 5.0)
            || !range(d.vacancies, 0.0, 0.9)
            || !range(d.scale, 0.5, 2.0)
            || !range(d.turned_bonds, 0.0, 0.3)
            || !(0.0..=1.0).contains(&d.partly)
        {
            return fail("a range of disorder is not low to high within sensible limits");
        }
        let m = &self.melt;
        let times = range(m.kelvin, 0.0, 1e5)
            && range(m.melt_fs, 0.0, 1e9)
            && range(m.quench_fs, 1e-3, 1e9)
            && range([m.end_kelvin; 2], 0.0, m.kelvin[1]);
        if !(range([m.share; 2], 0.0, 1.0) && times && range([m.step_fs; 2], 1e-3, 100.0)) {
            return fail(
                "the melt needs a share between 0 and 1 and sensible ranges of temperature and time",
            );
        }
        let c = &self.crystal;
        let fits =
            |f: &Vec<f64>| f.len() == c.species.len() && f.iter().all(|x| range([*x; 2], 0.0, 1e9));
        if c.species.is_empty() || !c.compositions.iter().all(fits) {
            return fail("every composition must have a fraction, not negative, for each species");
        }
        let cells = c.repeat;
        if cells.contains(&0) || cells.iter().product::<usize>() > 100_000 {
            return fail("repeat must be three positive numbers, at most 100,000 cells in all");
        }
        if self
            .minimisation
            .pressure
            .is_some_and(|p| !range([p; 2], -1e4, 1e4))
        {
            return fail("the pressure is not between -10,000 and 10,000 GPa");
        }
        let positive = [
            self.crystal.constant,
            self.minimisation.max_force,
            self.record.broadening,
        ];
        if positive.iter().any(|v| !(v.is_finite() && *v > 0.0))
            || !(self.record.temperature.is_finite() && self.record.temperature >= 0.0)
        {
            return fail(
                "lattice constant, force tolerance and broadening must be positive, the temperature not negative",
            );
        }
        if self.record.rings > 40 {
            return fail("rings of more than 40 atoms");
        }
        if self.record.r_bins > 100_000 || self.record.e_bins > 100_000 {
            return fail("more than 100,000 bins");
        }
        self.record.r()?;
        self.record.energy()?;
        self.record
            .check(&self.crystal.species)
            .map_err(|e| Error::new(format!("recipe '{}': {e}", self.name)))
    }
}

fn overlay(base: &mut toml::Table, changes: toml::Table) {
    for (key, value) in changes {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(change)) => overlay(inner, change),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

fn syntax(text: &str, error: &toml::de::Error) -> Error {
    let told = Error::new("the recipe is not valid TOML").because(error.message().to_owned());
    match error.span() {
        Some(span) => {
            let before = text.get(..span.start).unwrap_or("");
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            told.line(before.matches('\n').count() as u64 + 1)
                .column(column as u64)
        }
        None => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_recipe_is_complete_and_called_by_its_name() {
        for name in names() {
            assert_eq!(Recipe::load(name).unwrap().name, name);
        }
    }

    #[test]
    fn changes_fall_on_the_base_and_unknown_keys_are_refused() {
        let recipe = Recipe::parse("base = \"sio2\"\nsamples = 7\n[record]\nr_bins = 99").unwrap();
        let base = Recipe::load("sio2").unwrap();
        assert_eq!((recipe.samples, recipe.record.r_bins), (7, 99));
        assert_eq!(recipe.record.e_bins, base.record.e_bins);
        let error = Recipe::parse("base = \"sio2\"\nsample = 7")
            .unwrap_err()
            .to_string();
        assert!(error.contains("sample"), "{error}");
        let error = Recipe::parse("base = \"sio2\"\n\nx = = 3")
            .unwrap_err()
            .to_string();
        assert!(error.contains(":3:5"), "{error}");
    }
}
