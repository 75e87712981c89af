//! The finished samples of an unfinished dataset, one file each.

use super::recipe::Recipe;
use super::sample::{Row, Sample};
use crate::error::{Error, Result};
use crate::io::files;
use crate::io::npz::Bundle;
use faer::Mat;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Larger sample files are not ours.
const LARGEST_PART: u64 = 1 << 30;

/// The folder `parts` of a dataset.
pub(super) struct Parts {
    folder: PathBuf,
}

/// What a part says beside its arrays.
#[derive(Serialize, Deserialize)]
struct Note {
    row: Row,
    structure: String,
}

/// The refusal of a folder that is not free for a recipe.
pub(super) fn occupied(folder: &Path) -> Error {
    Error::new("the folder already holds another dataset")
        .at(folder)
        .because("its recipe is not the one asked for")
        .cure("choose another --out, or remove the folder")
}

impl Parts {
    /// The parts of a dataset, whether there are any or not.
    pub(super) fn of(dataset: &Path) -> Self {
        Self {
            folder: dataset.join("parts"),
        }
    }

    /// The folder `parts` of a dataset, made if need be; refused if it belongs to another recipe.
    pub(super) fn open(dataset: &Path, recipe: &Recipe) -> Result<Self> {
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

    pub(super) fn has(&self, index: usize) -> bool {
        self.path(index).is_file()
    }

    pub(super) fn save(&self, sample: &Sample) -> Result<()> {
        let row = |v: &Vec<f64>| Mat::from_fn(1, v.len(), |_, j| v[j]);
        let note = Note {
            row: sample.row.clone(),
            structure: sample.structure.clone(),
        };
        let bundle = Bundle {
            meta: Some(
                serde_json::to_string(&note)
                    .map_err(|e| Error::new("cannot note a sample").because(e.to_string()))?,
            ),
            arrays: sample
                .blocks
                .iter()
                .map(|(name, v)| (name.clone(), row(v)))
                .collect(),
        };
        let bytes = bundle.to_bytes()?;
        files::replace(&self.path(sample.row.sample), |out| {
            out.write_all(&bytes)
                .map_err(|e| Error::io(&self.folder, "write a sample", &e))
        })
    }

    pub(super) fn load(&self, index: usize) -> Result<Sample> {
        let path = self.path(index);
        let damaged = || {
            Error::new("a finished sample is damaged")
                .at(&path)
                .cure("remove this file and start the same command again")
        };
        let bytes = files::read(&path, LARGEST_PART)?;
        let bundle = Bundle::from_bytes(&bytes).map_err(|_| damaged())?;
        let note: Note = serde_json::from_str(bundle.meta.as_deref().ok_or_else(damaged)?)
            .map_err(|_| damaged())?;
        let blocks = bundle.arrays.into_iter();
        Ok(Sample {
            row: note.row,
            structure: note.structure,
            blocks: blocks
                .map(|(name, m)| (name, (0..m.ncols()).map(|j| m[(0, j)]).collect()))
                .collect(),
        })
    }

    pub(super) fn remove(&self) -> Result<()> {
        if !self.folder.exists() {
            return Ok(());
        }
        fs::remove_dir_all(&self.folder)
            .map_err(|e| Error::io(&self.folder, "remove the finished parts", &e))
    }
}
