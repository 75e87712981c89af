//! The reference structures of `../shared/oracles/lammps`.

use glassbridge::atoms::cell::Cell;
use glassbridge::atoms::structure::Structure;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

/// Arrays of an `.npz`, flattened; integers as floats, text left out.
pub struct Arrays(BTreeMap<String, Vec<f64>>);

impl Arrays {
    pub fn get(&self, name: &str) -> &[f64] {
        &self.0[name]
    }
}

/// Reads an oracle, or says that the folder is missing.
pub fn oracle(name: &str) -> Option<Arrays> {
    oracle_of("lammps", name)
}

/// The same from another folder of oracles.
pub fn oracle_of(folder: &str, name: &str) -> Option<Arrays> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/oracles"))
        .join(folder)
        .join(format!("{name}.npz"));
    if !path.exists() {
        eprintln!("skipped: {} is not here", path.display());
        return None;
    }
    let mut zip = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut arrays = BTreeMap::new();
    for i in 0..zip.len() {
        let mut member = zip.by_index(i).unwrap();
        let name = member.name().unwrap().trim_end_matches(".npy").to_owned();
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).unwrap();
        let open = || npyz::NpyFile::new(&bytes[..]).unwrap();
        assert_eq!(open().order(), npyz::Order::C, "{name}");
        let values = match open().try_data::<f64>() {
            Ok(data) => data.map(Result::unwrap).collect(),
            Err(_) => match open().try_data::<i64>() {
                Ok(data) => data.map(|v| v.unwrap() as f64).collect(),
                Err(_) => match open().try_data::<f32>() {
                    Ok(data) => data.map(|v| f64::from(v.unwrap())).collect(),
                    Err(_) => continue,
                },
            },
        };
        arrays.insert(name, values);
    }
    Some(Arrays(arrays))
}

/// The structure of an oracle; `species` are its types in order.
pub fn structure(arrays: &Arrays, species: &[&str]) -> Structure {
    let triples =
        |v: &[f64]| -> Vec<[f64; 3]> { v.chunks(3).map(|c| [c[0], c[1], c[2]]).collect() };
    let cell = triples(arrays.get("cell"));
    let species_of: Vec<usize> = arrays
        .get("types")
        .iter()
        .map(|t| *t as usize - 1)
        .collect();
    let mut masses = vec![1.0; species.len()];
    for (s, m) in species_of.iter().zip(arrays.get("masses")) {
        masses[*s] = *m;
    }
    Structure::new(
        Cell::new([cell[0], cell[1], cell[2]], [true; 3]).unwrap(),
        species.iter().map(|s| (*s).to_owned()).collect(),
        masses,
        species_of,
        triples(arrays.get("positions")),
    )
    .unwrap()
}

/// A file of `../shared/potentials`, or `None`, told, if it is not here.
#[allow(
    dead_code,
    reason = "not every test that uses this module needs tables"
)]
pub fn shared_potential(file: &str) -> Option<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/potentials");
    let path = PathBuf::from(folder).join(file);
    if !path.exists() {
        eprintln!("skipped: {} is not here", path.display());
        return None;
    }
    Some(path)
}
