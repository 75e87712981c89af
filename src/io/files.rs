//! Files that appear whole or not at all.

use crate::error::{Error, Result};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

/// Longest line of a table, 16 MiB: a million numbers.
const LONGEST_LINE: usize = 16 << 20;

/// Writes a file under a temporary name beside `path` and renames it when `write` is done; on any failure nothing is left
/// behind and an older file stays as it was. Missing parent folders are made.
pub fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let folder = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    let name = path
        .file_name()
        .ok_or_else(|| Error::new("this is a folder, not a file name").at(path))?;
    fs::create_dir_all(folder).map_err(|e| Error::io(folder, "make the folder", &e))?;
    let temporary = folder.join(format!(
        ".{}.{}.part",
        name.to_string_lossy(),
        std::process::id()
    ));
    let attempt = || -> Result<()> {
        let failed = |e: std::io::Error| Error::io(path, "write the file", &e);
        let mut out = BufWriter::new(File::create(&temporary).map_err(failed)?);
        write(&mut out)?;
        out.flush().map_err(failed)?;
        fs::rename(&temporary, path).map_err(failed)
    };
    attempt().inspect_err(|_| {
        // The first error is the one to tell; a part file that was never made cannot be removed.
        let _ = fs::remove_file(&temporary);
    })
}

/// Writes text; see [`replace`].
pub fn replace_text(path: &Path, text: &str) -> Result<()> {
    replace(path, |out| {
        out.write_all(text.as_bytes())
            .map_err(|e| Error::io(path, "write the file", &e))
    })
}

/// Reads a file of at most `limit` bytes.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let failed = |e: std::io::Error| Error::io(path, "read the file", &e);
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        // A folder cannot be read; a pipe or a device may never end.
        return Err(Error::new("this is not a regular file")
            .at(path)
            .cure("name a file; save what a pipe delivers first"));
    }
    let size = metadata.len();
    if size > limit {
        return Err(Error::new("the file is too large")
            .at(path)
            .because(format!("it has {size} bytes, the limit is {limit}"))
            .cure("check that this is the right file, or cut it to the range you need"));
    }
    fs::read(path).map_err(failed)
}

/// Refuses text with a line too long to be a row: splitting it into cells would take many times its size.
pub(super) fn refuse_long_lines(bytes: &[u8]) -> Result<()> {
    let mut lines = (1..).zip(bytes.split(|b| matches!(b, b'\n' | b'\r')));
    match lines.find(|(_, line)| line.len() > LONGEST_LINE) {
        Some((number, line)) => Err(Error::new("a line is too long")
            .line(number)
            .because(format!(
                "it has {} bytes, the limit is {LONGEST_LINE}",
                line.len()
            ))
            .cure("check that this is the right file; one line is one row")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        replace_text(&path, "old").unwrap();
        let failed = replace(&path, |out| {
            out.write_all(b"half").unwrap();
            Err(Error::new("stop"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
