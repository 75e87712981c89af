//! The dataset folder: `manifest.json`, `samples.csv`, one `.npy` a quantity.

use super::{Recipe, axes};
use crate::atoms::structure::Structure;
use crate::elements::element;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::io::samples::Samples;
use crate::io::{extxyz, files, npy};
use crate::units::Unit;
use faer::Mat;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Raised when old folders can no longer be read.
const SCHEMA: u32 = 2;
/// Name of the description; it is written last, so that a folder with one is complete.
const MANIFEST: &str = "manifest.json";
/// Name of the structures at rest.
const STRUCTURES: &str = "structures.extxyz";
/// Larger arrays are not read whole.
const LARGEST_ARRAY: u64 = 16 << 30;

/// What `manifest.json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the layout.
    pub schema: u32,
    /// Version of the program.
    pub program: String,
    /// The resolved recipe.
    pub recipe: Recipe,
    /// Directions in which the structures repeat: 3, or 2 for sheets and flat matter.
    pub dimensions: usize,
    /// r grid, Å.
    pub r: Axis,
    /// E grid, meV; densities are per meV with area 1.
    pub energy: Axis,
    /// Chemical symbols.
    pub species: Vec<String>,
    /// Atomic fraction of each species; the mean where samples differ in composition.
    pub concentrations: Vec<f64>,
    /// Arrays by name.
    pub quantities: BTreeMap<String, Quantity>,
    /// blake3 of `samples.csv`.
    pub samples_checksum: String,
    /// blake3 of `structures.extxyz`.
    pub structures_checksum: String,
    /// Which samples are left out of training.
    pub usable_rule: String,
}

/// A grid with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// Bins.
    pub grid: Grid,
    /// Unit of the axis; none of degrees and numbers of atoms.
    pub unit: Option<Unit>,
}

/// One array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantity {
    /// File name.
    pub file: String,
    /// `r`, `energy`, `angle` (degrees, 0 to 180) or `ring-size` (atoms, from 3).
    pub axis: String,
    /// blake3 of the file.
    pub checksum: String,
}

/// An opened dataset.
#[derive(Debug)]
pub struct Dataset {
    folder: PathBuf,
    /// Its description.
    pub manifest: Manifest,
    samples: Samples,
}

/// Whether a folder holds a complete dataset.
pub fn is_dataset(folder: &Path) -> bool {
    folder.join(MANIFEST).is_file()
}

impl Dataset {
    /// Writes arrays, table, structures (extended XYZ, a frame a sample) and, last, the description.
    pub fn write(
        folder: &Path,
        mut manifest: Manifest,
        table: &str,
        structures: &str,
        arrays: &BTreeMap<String, Mat<f64>>,
    ) -> Result<()> {
        for (name, matrix) in arrays {
            let mut bytes = Vec::new();
            npy::write_matrix(&mut bytes, matrix.as_ref())?;
            let file = format!("{name}.npy");
            files::replace(&folder.join(&file), |out| {
                out.write_all(&bytes)
                    .map_err(|e| Error::io(folder, "write the array", &e))
            })?;
            let checksum = blake3::hash(&bytes).to_hex().to_string();
            manifest.quantities.insert(
                name.clone(),
                Quantity {
                    file,
                    axis: axes::of(name).into(),
                    checksum,
                },
            );
        }
        files::replace_text(&folder.join("samples.csv"), table)?;
        files::replace_text(&folder.join(STRUCTURES), structures)?;
        manifest.structures_checksum = blake3::hash(structures.as_bytes()).to_hex().to_string();
        manifest.schema = SCHEMA;
        manifest.samples_checksum = blake3::hash(table.as_bytes()).to_hex().to_string();
        let text = serde_json::to_string_pretty(&manifest)
            .map_err(|e| Error::new("cannot describe the dataset").because(e.to_string()))?;
        files::replace_text(&folder.join(MANIFEST), &text)
    }

    /// Opens a folder, refusing what is incomplete, foreign or changed.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(MANIFEST);
        if !path.is_file() {
            return Err(Error::new("this folder is not a complete dataset")
                .at(folder)
                .because(format!("it has no {MANIFEST}"))
                .cure("give the --out folder of `glassbridge simulate`; an interrupted run goes on when it is started again"));
        }
        let bytes = files::read(&path, 1 << 28)?;
        let bad = |why: String| {
            Error::new("the dataset cannot be read")
                .at(&path)
                .because(why)
                .cure("simulate it again with this program")
        };
        let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|e| bad(e.to_string()))?;
        if manifest.schema != SCHEMA {
            return Err(bad(format!(
                "its layout is version {}, this program reads {SCHEMA}",
                manifest.schema
            )));
        }
        let table = folder.join("samples.csv");
        if blake3::hash(&files::read(&table, 1 << 32)?)
            .to_hex()
            .to_string()
            != manifest.samples_checksum
        {
            return Err(changed(&table));
        }
        Ok(Self {
            samples: Samples::read(&table)?,
            folder: folder.to_path_buf(),
            manifest,
        })
    }

    /// One array, a row a sample.
    pub fn matrix(&self, name: &str) -> Result<Mat<f64>> {
        let (quantity, path) = self.file(name)?;
        let bytes = files::read(&path, LARGEST_ARRAY)?;
        if blake3::hash(&bytes).to_hex().to_string() != quantity.checksum {
            return Err(changed(&path));
        }
        let matrix = npy::read_matrix(&bytes).map_err(|e| e.at(&path))?;
        let bins = self.axis(name)?.grid.len();
        if (matrix.nrows(), matrix.ncols()) != (self.samples.ids().len(), bins) {
            return Err(Error::new("an array does not fit the dataset").at(&path));
        }
        Ok(matrix)
    }

    /// What the manifest says of an array, and where it is.
    pub(super) fn file(&self, name: &str) -> Result<(&Quantity, PathBuf)> {
        let quantity = self.array(name)?;
        // The name comes from a file we read: it must not lead out of the folder.
        if Path::new(&quantity.file)
            .file_name()
            .is_none_or(|f| f != quantity.file.as_str())
        {
            return Err(Error::new("the dataset names a file outside its folder")
                .at(&self.folder)
                .because(quantity.file.clone()));
        }
        Ok((quantity, self.folder.join(&quantity.file)))
    }

    /// The axis of an array.
    pub fn axis(&self, name: &str) -> Result<Axis> {
        let array = self.array(name)?;
        axes::axis(&array.axis, &self.manifest.recipe.record).map_err(|e| e.at(&self.folder))
    }

    /// What the manifest says of an array.
    fn array(&self, name: &str) -> Result<&Quantity> {
        self.manifest.quantities.get(name).ok_or_else(|| {
            let known: Vec<_> = self.manifest.quantities.keys().cloned().collect();
            Error::new(format!("the dataset has no '{name}'"))
                .at(&self.folder)
                .cure(format!(
                    "it has {}; `simulate --observables` records more",
                    known.join(", ")
                ))
        })
    }

    /// The structures at rest, in the order of the samples.
    pub fn structures(&self) -> Result<Vec<Structure>> {
        let path = self.folder.join(STRUCTURES);
        let bytes = files::read(&path, LARGEST_ARRAY)?;
        if blake3::hash(&bytes).to_hex().to_string() != self.manifest.structures_checksum {
            return Err(changed(&path));
        }
        let text = String::from_utf8_lossy(&bytes);
        // Species of reduced units are no elements; masses play no part in how a structure looks.
        let mass = |symbol: &str| Ok(element(symbol).map_or(1.0, |e| e.mass));
        let frames = extxyz::read(&text, mass).map_err(|e| e.at(&path))?;
        Ok(frames.into_iter().map(|f| f.structure).collect())
    }

    /// The names of the samples.
    pub fn names(&self) -> Vec<&str> {
        self.samples.ids()
    }

    /// One numeric column of `samples.csv`.
    pub fn column(&self, name: &str) -> Result<Vec<f64>> {
        self.samples.column(name)
    }

    /// Indices of the samples that training uses, by the manifest's rule.
    pub fn usable(&self) -> Result<Vec<usize>> {
        let flags = self.column("usable")?;
        Ok((0..flags.len()).filter(|&i| flags[i] != 0.0).collect())
    }
}

pub(super) fn changed(path: &Path) -> Error {
    Error::new("the file was changed after it was made")
        .at(path)
        .because("it does not match its checksum")
        .cure("simulate the dataset again, or restore the file")
}

/// Stacks rows of equal length.
pub fn stack(rows: &[Vec<f64>]) -> Mat<f64> {
    Mat::from_fn(rows.len(), rows.first().map_or(0, Vec::len), |i, j| {
        rows[i][j]
    })
}
