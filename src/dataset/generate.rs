//! From a recipe to a dataset: in parallel over samples, and never from the start again after a kill.
//!
//! Each finished sample is one file in the folder `parts`; when all are there they are put together and `parts` goes.
//! A sample depends on the recipe and its index alone and runs on one thread, so the bytes are the same whatever the
//! number of threads, shards or interruptions.

use super::recipe::{Crystal, Recipe};
use super::store::{self, Axis, Dataset, Manifest};
use crate::atoms::disorder::{self, disordered};
use crate::atoms::lattice;
use crate::atoms::neighbours::NeighbourList;
use crate::atoms::structure::Structure;
use crate::dynamics::langevin::{Schedule, melt_and_quench};
use crate::dynamics::minimise::{Minimised, minimise};
use crate::elements::element;
use crate::error::{Error, Result};
use crate::io::files;
use crate::io::npz::Bundle;
use crate::observables::rdf::{self, Weighting};
use crate::observables::{neutron, thermal_width::PairWidths, vdos};
use crate::potentials::{self, Potential};
use crate::units::{THZ_IN_MEV, Unit};
use crate::vibrations::modes::Modes;
use faer::Mat;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The rule by which samples are left out of training, as told in the manifest.
const USABLE_RULE: &str = "converged, no imaginary mode, and at most 3 % of the modes above the energy grid (false modes of pairs caught in a cutoff window)";
/// That share of modes.
const MOST_FALSE_MODES: f64 = 0.03;
/// Where a quench ends; the minimisation takes the rest out.
const END_OF_QUENCH_KELVIN: f64 = 300.0;
/// A structure is brought this close to rest before it is melted, eV/Å, so that no overlap of displaced atoms drives it.
const ROUGHLY_AT_REST: f64 = 0.5;
/// Larger sample files are not ours.
const LARGEST_PART: u64 = 1 << 30;

/// What `samples.csv` says of one sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its name: the index.
    pub sample: usize,
    /// Seed of the run.
    pub seed: u64,
    /// Standard deviation of the displacements over the nearest-neighbour distance.
    pub displacement: f64,
    /// Share of the atoms that were displaced.
    pub displaced_share: f64,
    /// Fraction of formula units asked to be taken out.
    pub vacancy_fraction: f64,
    /// Linear scale of the cell.
    pub scale: f64,
    /// Temperature of its melt, K; 0 if it was not melted.
    pub melt_kelvin: f64,
    /// Time in which it was cooled, fs; 0 if it was not melted.
    pub quench_fs: f64,
    /// Atoms left.
    pub atoms: usize,
    /// Atoms per Å³.
    pub number_density: f64,
    /// eV per atom at rest.
    pub energy_per_atom_ev: f64,
    /// Largest force on an atom, eV/Å.
    pub max_force: f64,
    /// Iterations of the minimiser.
    pub iterations: usize,
    /// 1 if at rest.
    pub converged: u8,
    /// Pairs inside a cutoff window.
    pub window_pairs: usize,
    /// Unstable modes.
    pub imaginary_modes: usize,
    /// Share of the modes above the energy grid: false modes, where the grid holds all real ones.
    pub false_modes: f64,
    /// Highest frequency, THz.
    pub max_frequency_thz: f64,
    /// 1 if training may use it.
    pub usable: u8,
}

/// Which part of the samples this run makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// This one, from 0.
    pub index: usize,
    /// Of so many.
    pub of: usize,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The dataset is complete.
    Complete,
    /// So many samples are still missing (other shards make them).
    Missing(usize),
}

/// Makes what is missing of a dataset in `folder`, calling `tick` after each finished sample; puts it together when all
/// samples are there.
///
/// Errors: the folder holds another recipe, or something else; the recipe cannot be built; the disk.
pub fn generate(
    recipe: &Recipe,
    folder: &Path,
    shard: Shard,
    tick: &(dyn Fn(&Row) + Sync),
) -> Result<Progress> {
    if store::is_dataset(folder) {
        let there = Dataset::open(folder)?;
        if there.manifest.recipe == *recipe {
            // A kill between the last file and the cleaning up leaves the parts.
            Parts::of(folder).remove()?;
            return Ok(Progress::Complete);
        }
        return Err(occupied(folder));
    }
    let crystal = crystal(&recipe.crystal)?;
    let potential = potentials::parse(&recipe.potential)?;
    let parts = Parts::open(folder, recipe)?;
    (0..recipe.samples)
        .into_par_iter()
        .filter(|i| i % shard.of == shard.index && !parts.has(*i))
        .try_for_each(|i| {
            let sample = sample(recipe, &crystal, potential.as_ref(), i).map_err(|e| {
                Error::new(format!("sample {i} cannot be made")).because(e.to_string())
            })?;
            parts.save(i, &sample)?;
            tick(&sample.row);
            Ok(())
        })?;
    let missing = (0..recipe.samples).filter(|i| !parts.has(*i)).count();
    if missing > 0 {
        return Ok(Progress::Missing(missing));
    }
    assemble(recipe, &crystal, folder, &parts)?;
    parts.remove()?;
    Ok(Progress::Complete)
}

fn occupied(folder: &Path) -> Error {
    Error::new("the folder already holds another dataset")
        .at(folder)
        .because("its recipe is not the one asked for")
        .cure("choose another --out, or remove the folder")
}

fn crystal(how: &Crystal) -> Result<Structure> {
    let masses: Vec<f64> = how
        .species
        .iter()
        .map(|s| Ok(element(s)?.mass))
        .collect::<Result<_>>()?;
    let names: Vec<&str> = how.species.iter().map(String::as_str).collect();
    let unit = match (how.lattice.as_str(), names.as_slice(), masses.as_slice()) {
        ("beta-cristobalite", ["Si", "O"], &[si, o]) => {
            lattice::beta_cristobalite(how.constant, [si, o])?
        }
        ("zincblende", &[a, b], &[ma, mb]) => lattice::zincblende(how.constant, [a, b], [ma, mb])?,
        ("diamond", &[a], &[m]) => lattice::diamond(how.constant, a, m)?,
        _ => {
            return Err(Error::new(format!(
                "there is no lattice '{}' of {}",
                how.lattice,
                how.species.join(" and ")
            ))
            .cure(
                "use beta-cristobalite of Si and O, zincblende of two species, or diamond of one",
            ));
        }
    };
    lattice::supercell(&unit, how.repeat)
}

/// A finished sample.
struct Sample {
    row: Row,
    blocks: BTreeMap<String, Vec<f64>>,
}

/// The k-th even sequence at index i, in [0, 1): multiples of the powers of the generalised golden ratio in nine dimensions,
/// shifted by the seed, fill the range ever more evenly however many samples there are
/// (M. Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018).
fn even(seed: u64, index: usize, k: i32) -> f64 {
    // The root of x^10 = x + 1.
    const RATIO: f64 = 1.075_766_066_086_837_1;
    let shift = (seed as f64 * 0.618_033_988_749_894_9).fract();
    (shift + (index + 1) as f64 * RATIO.powi(-k)).fract()
}

fn within([low, high]: [f64; 2], u: f64) -> f64 {
    low + u * (high - low)
}

fn sample(
    recipe: &Recipe,
    crystal: &Structure,
    potential: &dyn Potential,
    index: usize,
) -> Result<Sample> {
    let d = &recipe.disorder;
    let u = |k| even(recipe.seed, index, k);
    let share = if u(3) < d.partly { u(4) } else { 1.0 };
    let scale = within(d.scale, u(5));
    let how = disorder::Disorder {
        amplitude: within(d.displacement, u(1)),
        share,
        removed: within(d.vacancies, u(2)),
    };
    let stream = index as u64;
    let mut start = disordered(&crystal.scaled(scale)?, how, recipe.seed, stream)?;
    let melt = &recipe.melt;
    let melted = (u(6) < melt.share).then(|| Schedule {
        melt_kelvin: within(melt.kelvin, u(7)),
        melt_fs: within(melt.melt_fs, u(8)),
        end_kelvin: END_OF_QUENCH_KELVIN,
        quench_fs: within(melt.quench_fs, u(9)),
        step_fs: melt.step_fs,
    });
    if let Some(schedule) = &melted {
        // Velocities of their own, so that a sample without a melt is the same with or without others that have one.
        let mut random = disorder::random(recipe.seed.wrapping_add(1), stream);
        let rough = minimise(
            potential,
            &start,
            ROUGHLY_AT_REST,
            recipe.minimisation.max_iterations,
        )?;
        start = melt_and_quench(potential, &rough.structure, schedule, &mut random)?;
    }
    let at_rest = minimise(
        potential,
        &start,
        recipe.minimisation.max_force,
        recipe.minimisation.max_iterations,
    )?;
    let structure = &at_rest.structure;
    let neighbours = NeighbourList::new(structure, potential.cutoff())?;
    let modes = Modes::of(&potential.hessian(structure, &neighbours)?, structure, true)?;
    let window_pairs = potential.window_pairs(structure, &neighbours).len();
    let imaginary_modes = modes.imaginary_modes();
    let highest = recipe.record.e_max / THZ_IN_MEV;
    let above = modes
        .frequencies_thz
        .iter()
        .filter(|nu| **nu > highest)
        .count();
    let false_modes = above as f64 / modes.frequencies_thz.len() as f64;
    let row = Row {
        sample: index,
        seed: recipe.seed,
        displacement: how.amplitude,
        melt_kelvin: melted.map_or(0.0, |m| m.melt_kelvin),
        quench_fs: melted.map_or(0.0, |m| m.quench_fs),
        displaced_share: share,
        vacancy_fraction: how.removed,
        scale,
        atoms: structure.len(),
        number_density: structure.number_density(),
        energy_per_atom_ev: at_rest.energy / structure.len() as f64,
        max_force: at_rest.max_force,
        iterations: at_rest.iterations,
        converged: u8::from(at_rest.converged),
        window_pairs,
        imaginary_modes,
        false_modes,
        max_frequency_thz: modes.frequencies_thz.last().copied().unwrap_or(0.0),
        usable: u8::from(
            at_rest.converged && imaginary_modes == 0 && false_modes <= MOST_FALSE_MODES,
        ),
    };
    Ok(Sample {
        blocks: observe(recipe, &at_rest, &modes)?,
        row,
    })
}

/// Everything recorded of a structure at rest.
fn observe(
    recipe: &Recipe,
    at_rest: &Minimised,
    modes: &Modes,
) -> Result<BTreeMap<String, Vec<f64>>> {
    let structure = &at_rest.structure;
    let record = &recipe.record;
    let masses = structure.atom_masses();
    let widths = PairWidths::new(modes, &masses, record.temperature)?;
    let partial = rdf::partial_rdf(structure, &record.r()?, Some(&widths))?;
    let density = vdos::vdos(modes, structure, &record.energy()?, record.broadening)?;
    let mut blocks = BTreeMap::new();
    blocks.insert("rdf".into(), partial.total(structure, Weighting::Number)?);
    for ((a, b), g) in partial.pairs.into_iter().zip(partial.g) {
        let name = format!("rdf.{}-{}", structure.species[a], structure.species[b]);
        blocks.insert(name, g);
    }
    blocks.insert(
        "neutron-gdos".into(),
        neutron::neutron_gdos(&density, structure)?,
    );
    for (species, values) in structure.species.iter().zip(density.partial) {
        blocks.insert(format!("vdos.{species}"), values);
    }
    blocks.insert("vdos".into(), density.total);
    Ok(blocks)
}

/// The finished samples of an unfinished dataset.
struct Parts {
    folder: PathBuf,
}

impl Parts {
    fn of(dataset: &Path) -> Self {
        Self {
            folder: dataset.join("parts"),
        }
    }

    /// The folder `parts` of a dataset, made if need be; refused if it belongs to another recipe.
    fn open(dataset: &Path, recipe: &Recipe) -> Result<Self> {
        let Self { folder } = Self::of(dataset);
        let note = folder.join("recipe.json");
        let text = serde_json::to_string_pretty(recipe)
            .map_err(|e| Error::new("cannot note the recipe").because(e.to_string()))?;
        if note.exists() {
            let there = files::read(&note, LARGEST_PART)?;
            // More samples of the same recipe may be asked for; everything else must be as it was.
            let same = serde_json::from_slice::<Recipe>(&there).is_ok_and(|r| {
                Recipe {
                    samples: recipe.samples,
                    ..r
                } == *recipe
            });
            if !same {
                return Err(occupied(dataset));
            }
        }
        files::replace_text(&note, &text)?;
        Ok(Self { folder })
    }

    fn path(&self, index: usize) -> PathBuf {
        self.folder.join(format!("{index:07}.npz"))
    }

    fn has(&self, index: usize) -> bool {
        self.path(index).is_file()
    }

    fn save(&self, index: usize, sample: &Sample) -> Result<()> {
        let row = |v: &Vec<f64>| Mat::from_fn(1, v.len(), |_, j| v[j]);
        let bundle = Bundle {
            meta: Some(
                serde_json::to_string(&sample.row)
                    .map_err(|e| Error::new("cannot note a sample").because(e.to_string()))?,
            ),
            arrays: sample
                .blocks
                .iter()
                .map(|(name, v)| (name.clone(), row(v)))
                .collect(),
        };
        let bytes = bundle.to_bytes()?;
        files::replace(&self.path(index), |out| {
            out.write_all(&bytes)
                .map_err(|e| Error::io(&self.folder, "write a sample", &e))
        })
    }

    fn load(&self, index: usize) -> Result<(Row, Bundle)> {
        let path = self.path(index);
        let damaged = || {
            Error::new("a finished sample is damaged")
                .at(&path)
                .cure("remove this file and start the same command again")
        };
        let bytes = files::read(&path, LARGEST_PART)?;
        let bundle = Bundle::from_bytes(&bytes).map_err(|_| damaged())?;
        let row = serde_json::from_str(bundle.meta.as_deref().ok_or_else(damaged)?)
            .map_err(|_| damaged())?;
        Ok((row, bundle))
    }

    fn remove(&self) -> Result<()> {
        if !self.folder.exists() {
            return Ok(());
        }
        fs::remove_dir_all(&self.folder)
            .map_err(|e| Error::io(&self.folder, "remove the finished parts", &e))
    }
}

fn assemble(recipe: &Recipe, crystal: &Structure, folder: &Path, parts: &Parts) -> Result<()> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let mut arrays: BTreeMap<String, Vec<Vec<f64>>> = BTreeMap::new();
    let failed = |why: String| {
        Error::new("cannot put the dataset together")
            .at(folder)
            .because(why)
    };
    for i in 0..recipe.samples {
        let (row, bundle) = parts.load(i)?;
        table.serialize(&row).map_err(|e| failed(e.to_string()))?;
        for (name, m) in bundle.arrays {
            arrays
                .entry(name)
                .or_default()
                .push((0..m.ncols()).map(|j| m[(0, j)]).collect());
        }
    }
    let arrays: BTreeMap<String, Mat<f64>> = arrays
        .into_iter()
        .map(|(name, rows)| (name, store::stack(&rows)))
        .collect();
    let table = table.into_inner().map_err(|e| failed(e.to_string()))?;
    let table = String::from_utf8(table).map_err(|e| failed(e.to_string()))?;
    let manifest = Manifest {
        schema: 0,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        recipe: recipe.clone(),
        r: Axis {
            grid: recipe.record.r()?,
            unit: Unit::Angstrom,
        },
        energy: Axis {
            grid: recipe.record.energy()?,
            unit: Unit::Mev,
        },
        species: crystal.species.clone(),
        concentrations: crystal.concentrations(),
        quantities: BTreeMap::new(),
        samples_checksum: String::new(),
        usable_rule: USABLE_RULE.to_owned(),
    };
    Dataset::write(folder, manifest, &table, &arrays)
}
