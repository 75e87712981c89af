//! The files that were asked for, complete before the first is written.

use super::Args;
use super::curves;
use super::found::{Found, Vibrations};
use crate::error::Result;
use crate::io::extxyz::Frame;
use crate::io::npy;
use crate::io::npz::Bundle;
use crate::io::structure_file::structures_as_text;
use crate::units::SQRT_EV_PER_A2_AMU_IN_THZ;
use crate::vibrations::modes::Modes;
use faer::Mat;
use std::path::PathBuf;

/// Where each goes and what it holds.
pub(super) fn files(args: &Args, found: &Found) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut files = Vec::new();
    if let Vibrations::Modes { modes, hessian } = &found.vibrations {
        if let Some(path) = &args.hessian {
            let mut bytes = Vec::new();
            let dense = hessian.to_dense(found.structure.dimensions());
            npy::write_matrix(&mut bytes, dense.as_ref())?;
            files.push((path.clone(), bytes));
        }
        if let Some(path) = &args.modes {
            files.push((path.clone(), of_modes(modes, found.reduced)?));
        }
    }
    if let Some(path) = &args.forces {
        let frame = Frame {
            structure: found.structure.clone(),
            energy: Some(found.evaluation.energy),
            forces: Some(found.evaluation.forces.clone()),
        };
        files.push((
            path.clone(),
            structures_as_text(path, &[frame])?.into_bytes(),
        ));
    }
    if let Some(folder) = &args.out {
        for (name, columns) in curves::curves(&args.observables, found)? {
            let path = folder.join(format!("{name}.csv"));
            files.push((path, columns.to_text().into_bytes()));
        }
    }
    Ok(files)
}

fn of_modes(modes: &Modes, reduced: bool) -> Result<Vec<u8>> {
    let (name, scale) = if reduced {
        ("frequencies_reduced", 1.0 / SQRT_EV_PER_A2_AMU_IN_THZ)
    } else {
        ("frequencies_thz", 1.0)
    };
    let frequencies = &modes.frequencies_thz;
    let column = Mat::from_fn(frequencies.len(), 1, |s, _| frequencies[s] * scale);
    let vectors = modes.vectors.clone().map(|v| ("vectors".to_owned(), v));
    let arrays = std::iter::once((name.to_owned(), column)).chain(vectors);
    Bundle {
        meta: None,
        arrays: arrays.collect(),
    }
    .to_bytes()
}
