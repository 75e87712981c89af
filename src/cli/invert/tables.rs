//! What is written of all spectra: g with its band, the summary, the averaging kernels.

use super::Done;
use super::summary;
use crate::curve::Quantity;
use crate::error::{Error, Result};
use crate::inverse::{Inversion, Resolution};
use crate::io::files;
use crate::io::npz::Bundle;
use crate::io::wide_table::WideTable;
use crate::operator::Operator;
use crate::units::Unit;
use faer::Mat;
use std::path::Path;
use std::sync::Arc;

/// g with its band, and the summary.
pub(in crate::cli) fn write_tables(operator: &Operator, all: &[&Done], out: &Path) -> Result<()> {
    let names: Vec<String> = all.iter().flat_map(|d| d.loaded.names.clone()).collect();
    let inversions: Vec<&Inversion> = all.iter().flat_map(|d| &d.inversions).collect();
    let axis = operator.meta.r.centres();
    let table = |value: &dyn Fn(&Inversion) -> &[f64], what: &str| WideTable {
        samples: names.clone(),
        axis: axis.clone(),
        rows: Mat::from_fn(names.len(), axis.len(), |i, j| value(inversions[i])[j]),
        quantity: Some(Quantity::PairDistribution),
        unit: Some(Unit::Angstrom),
        notes: vec![("made by".into(), format!("glassbridge invert, {what}"))],
    };
    table(&|i| &i.g, "estimate").write(&out.join("g.csv"))?;
    table(&|i| &i.low, "lower end of the 95 % band").write(&out.join("g_lower.csv"))?;
    table(&|i| &i.high, "upper end of the 95 % band").write(&out.join("g_upper.csv"))?;
    let summary = summary::table(operator, all)?;
    files::replace_text(&out.join("summary.csv"), &summary)
}

/// Averaging kernels and shares, once for the spectra of one instrument (`_2` and so on: of another), and which each spectrum has
/// (`instrument`, from 1).
pub(super) fn write_kernels(operator: &Operator, all: &[Done], out: &Path) -> Result<()> {
    let axis = operator.meta.r.centres();
    let mut each: Vec<&Arc<Resolution>> = Vec::new();
    let mut instrument: Vec<f64> = Vec::new();
    for done in all {
        let known = each.iter().position(|r| Arc::ptr_eq(r, &done.resolution));
        let at = known.unwrap_or(each.len());
        if at == each.len() {
            each.push(&done.resolution);
        }
        instrument.extend(done.inversions.iter().map(|_| (at + 1) as f64));
    }
    let row = |v: &[f64]| Mat::from_fn(1, v.len(), |_, j| v[j]);
    let mut kernels = Bundle::default();
    (kernels.arrays).insert("instrument".into(), row(&instrument));
    for (k, r) in each.into_iter().enumerate() {
        let suffix = if k == 0 {
            String::new()
        } else {
            format!("_{}", k + 1)
        };
        for (name, m) in [
            ("kernels", r.kernels.clone()),
            ("data_share", row(&r.data_share)),
            ("noise_sd", row(&r.noise_sd)),
            ("prior_sd", row(&r.prior_sd)),
            ("r", row(&axis)),
        ] {
            kernels.arrays.insert(format!("{name}{suffix}"), m);
        }
    }
    let bytes = kernels.to_bytes()?;
    files::replace(&out.join("kernels.npz"), |file| {
        file.write_all(&bytes)
            .map_err(|e| Error::io(out, "write the kernels", &e))
    })
}
