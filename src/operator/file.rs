//! Operators on disk: one `.npz` with `meta.json`, checksummed.

use super::reference::Reference;
use super::{Constants, Meta, Operator, rows};
use crate::error::{Error, Result};
use crate::io::{files, npz::Bundle};
use faer::{Mat, MatRef};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Marks the file as ours.
const FORMAT: &str = "glassbridge-operator";
/// Raised when old files can no longer be read.
const VERSION: u32 = 3;
/// Operators are megabytes; this refuses what is surely something else.
const LARGEST_FILE: u64 = 8 << 30;

/// What `meta.json` holds.
#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
    /// blake3 over names, shapes and values of all arrays.
    checksum: String,
    operator: Meta,
}

impl Operator {
    /// Writes the operator; a reader opens it with `numpy.load`.
    ///
    /// Arrays: `W` (q x p, or q x the columns of the features), `b` (q), `V` (p x q), `c` (p), `g_mean` (p), `prior_factor` (n x p) and `residual_factor` (n x q), both
    /// F with covariance `FᵀF/n`, the training rows `structures` (n x p) and `spectra` (n x q) themselves, and, where known,
    /// `relative_density` (n); of a forward map that is not linear `kernel_rows` (n x columns), `kernel_weights` (n x q),
    /// `kernel_offset` (q) and `kernel_settings` (γ, λ). Vectors are stored as one row. Reading and writing again gives the same bytes.
    pub fn save(&self, path: &Path) -> Result<()> {
        let mut bundle = Bundle::default();
        let mut put = |name: &str, m: Mat<f64>| bundle.arrays.insert(name.to_owned(), m);
        put("W", self.w.clone());
        put("b", row_matrix(&self.b));
        put("V", self.v.clone());
        put("c", row_matrix(&self.c));
        let mean = rows::mean(self.x.as_ref());
        put("prior_factor", rows::centred(self.x.as_ref(), &mean));
        put("g_mean", row_matrix(&mean));
        put("residual_factor", self.residuals.clone());
        put("structures", self.x.clone());
        put("spectra", self.y.clone());
        if let Some(density) = &self.relative_density {
            put("relative_density", row_matrix(density));
        }
        if let Some(reference) = &self.reference {
            reference.store(&mut bundle);
        }
        let header = Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            checksum: checksum(&bundle),
            operator: self.meta.clone(),
        };
        bundle.meta = Some(
            serde_json::to_string_pretty(&header)
                .map_err(|e| Error::new("cannot describe the operator").because(e.to_string()))?,
        );
        let bytes = bundle.to_bytes()?;
        files::replace(path, |out| {
            out.write_all(&bytes)
                .map_err(|e| Error::io(path, "write the operator", &e))
        })
    }

    /// Reads an operator, refusing what is damaged, foreign or of another version, with the reason.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = files::read(path, LARGEST_FILE)?;
        Self::from_bytes(&bytes).map_err(|e| e.at(path))
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut bundle = Bundle::from_bytes(bytes)?;
        let meta = bundle
            .meta
            .as_deref()
            .ok_or_else(|| foreign("it has no meta.json"))?;
        let probe: serde_json::Value =
            serde_json::from_str(meta).map_err(|e| foreign(&e.to_string()))?;
        if probe["format"] != FORMAT {
            return Err(foreign("its meta.json is of another program"));
        }
        if probe["version"] != VERSION {
            return Err(Error::new("this operator is of another version")
                .because(format!(
                    "it says {}, this program reads {VERSION}",
                    probe["version"]
                ))
                .cure("train it again with this program"));
        }
        let header: Header = serde_json::from_str(meta).map_err(|e| foreign(&e.to_string()))?;
        if header.checksum != checksum(&bundle) {
            return Err(Error::new("the operator is damaged")
                .because("its arrays do not match its checksum")
                .cure("copy or train it again"));
        }
        let operator = Self {
            w: bundle.take("W")?,
            b: vector(bundle.take("b")?.as_ref()),
            v: bundle.take("V")?,
            c: vector(bundle.take("c")?.as_ref()),
            relative_density: bundle
                .arrays
                .remove("relative_density")
                .map(|m| vector(m.as_ref())),
            x: bundle.take("structures")?,
            y: bundle.take("spectra")?,
            residuals: bundle.take("residual_factor")?,
            constants: Constants::default(),
            reference: Reference::load(&mut bundle)?,
            meta: header.operator,
        };
        operator.check_shapes()?;
        Ok(operator)
    }

    fn check_shapes(&self) -> Result<()> {
        let (n, p, q) = (self.samples(), self.meta.r.len(), self.meta.energy.len());
        let shape = |m: &Mat<f64>| (m.nrows(), m.ncols());
        let fits = shape(&self.w) == (q, self.meta.features.columns())
            && shape(&self.v) == (p, q)
            && shape(&self.x) == (n, p)
            && shape(&self.y) == (n, q)
            && shape(&self.residuals) == (n, q)
            && self.meta.features.fit(p)
            && (self.b.len(), self.c.len()) == (q, p)
            && self.meta.groups.len() == n
            && self.meta.folds.len() == n
            && self.relative_density.as_ref().is_none_or(|d| d.len() == n)
            && (self.reference.as_ref())
                .is_none_or(|map| map.fits(self.meta.features.columns(), q));
        if fits {
            Ok(())
        } else {
            Err(foreign("its arrays do not fit its grids"))
        }
    }
}

fn foreign(why: &str) -> Error {
    Error::new("this is not an operator of glassbridge")
        .because(why)
        .cure("give the .npz file that `glassbridge train --out` wrote")
}

pub(super) fn row_matrix(values: &[f64]) -> Mat<f64> {
    Mat::from_fn(1, values.len(), |_, j| values[j])
}

pub(super) fn vector(m: MatRef<'_, f64>) -> Vec<f64> {
    if m.nrows() == 0 {
        Vec::new()
    } else {
        rows::row(m, 0)
    }
}

fn checksum(bundle: &Bundle) -> String {
    let mut hasher = blake3::Hasher::new();
    for (name, m) in &bundle.arrays {
        hasher.update(format!("{name} {} {}\n", m.nrows(), m.ncols()).as_bytes());
        for j in 0..m.ncols() {
            for value in m.col(j).iter() {
                hasher.update(&value.to_le_bytes());
            }
        }
    }
    hasher.finalize().to_hex().to_string()
}
