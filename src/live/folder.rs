//! A folder in which files land: which of them are whole, and which of those are new.

use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What writers call files that they have not finished.
const UNFINISHED: [&str; 5] = ["part", "tmp", "temp", "crdownload", "swp"];

/// A folder and what was seen in it so far.
///
/// A file is whole when two looks in a row find it with the same size and time of change; so the time between looks should
/// be longer than the pauses of whoever writes. Folders inside, hidden files and names that end in `.part` or `.tmp` are passed over.
///
/// ```
/// # use glassbridge::live::Folder;
/// let place = tempfile::tempdir().unwrap();
/// let mut folder = Folder::new(place.path()).unwrap();
/// std::fs::write(place.path().join("a.dat"), "1 2").unwrap();
/// assert!(folder.look().unwrap().is_empty()); // seen for the first time: perhaps still growing
/// assert_eq!(folder.look().unwrap().len(), 1); // unchanged: whole
/// assert!(folder.look().unwrap().is_empty()); // given once
/// ```
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    seen: BTreeMap<PathBuf, Seen>,
}

/// A file as the last look found it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Seen {
    size: u64,
    changed: Option<SystemTime>,
    /// Whether it was given out in this state.
    is_given: bool,
}

impl Folder {
    /// Watches `path`.
    ///
    /// Errors: there is no such folder.
    pub fn new(path: &Path) -> Result<Self> {
        if !path.is_dir() {
            return Err(Error::new("there is no folder to watch")
                .at(path)
                .cure("make it, or check the spelling"));
        }
        Ok(Self {
            path: path.to_path_buf(),
            seen: BTreeMap::new(),
        })
    }

    /// Looks once: the files that are whole and were not given before, or have changed since, by name.
    ///
    /// Errors: the folder cannot be read (a file that vanishes meanwhile is no error).
    pub fn look(&mut self) -> Result<Vec<PathBuf>> {
        let failed = |e: std::io::Error| Error::io(&self.path, "read the folder", &e);
        let mut now = BTreeMap::new();
        let mut ready = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let Some(found) = state(&path) else { continue };
            let before = self.seen.get(&path);
            let is_same =
                before.is_some_and(|b| (b.size, b.changed) == (found.size, found.changed));
            let was_given = is_same && before.is_some_and(|b| b.is_given);
            let is_given = is_same && found.size > 0;
            if is_given && !was_given {
                ready.push(path.clone());
            }
            now.insert(path, Seen { is_given, ..found });
        }
        self.seen = now;
        ready.sort();
        Ok(ready)
    }

    /// Files that are there and not whole yet, by name.
    pub fn unfinished(&self) -> Vec<&Path> {
        let waiting = self.seen.iter().filter(|(_, seen)| !seen.is_given);
        waiting.map(|(path, _)| path.as_path()).collect()
    }
}

/// Size and time of change of a file to be read; `None` for all else.
fn state(path: &Path) -> Option<Seen> {
    let name = path.file_name()?.to_string_lossy();
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    let unfinished = UNFINISHED.iter().any(|e| ending.eq_ignore_ascii_case(e));
    if name.starts_with('.') || name.ends_with('~') || unfinished {
        return None;
    }
    let found = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    Some(Seen {
        size: found.len(),
        changed: found.modified().ok(),
        is_given: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(paths: &[PathBuf]) -> Vec<String> {
        let name = |p: &PathBuf| p.file_name().unwrap().to_string_lossy().into_owned();
        paths.iter().map(name).collect()
    }

    #[test]
    fn a_growing_file_is_waited_for_and_a_changed_one_given_again() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a.dat");
        let mut folder = Folder::new(place.path()).unwrap();
        fs::write(&path, "1").unwrap();
        assert!(folder.look().unwrap().is_empty());
        fs::write(&path, "1 2").unwrap();
        assert!(folder.look().unwrap().is_empty());
        assert_eq!(folder.unfinished(), [path.as_path()]);
        assert_eq!(names(&folder.look().unwrap()), ["a.dat"]);
        assert!(folder.unfinished().is_empty());
        fs::write(&path, "1 2 3").unwrap();
        assert!(folder.look().unwrap().is_empty());
        assert_eq!(names(&folder.look().unwrap()), ["a.dat"]);
    }

    #[test]
    fn what_is_no_spectrum_is_passed_over_and_order_is_by_name() {
        let place = tempfile::tempdir().unwrap();
        for name in ["b", "a.dat", ".hidden", "x.part", "y.TMP", "z~", "empty"] {
            let text = if name == "empty" { "" } else { "1" };
            fs::write(place.path().join(name), text).unwrap();
        }
        fs::create_dir(place.path().join("folder")).unwrap();
        let mut folder = Folder::new(place.path()).unwrap();
        folder.look().unwrap();
        assert_eq!(names(&folder.look().unwrap()), ["a.dat", "b"]);
        fs::remove_file(place.path().join("b")).unwrap();
        assert!(folder.look().unwrap().is_empty());
        assert_eq!(folder.unfinished().len(), 1, "the empty file");
        assert!(Folder::new(&place.path().join("missing")).is_err());
    }
}
