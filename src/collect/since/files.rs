//! The earlier package's own files: where it lies, whether it is sealed, whether its record is the one that was sealed.
//!
//! The record is checked, not the natives: that is `affiant verify`'s work. It must not write anything, nor read rows.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write};

use camino::{Utf8Path, Utf8PathBuf};

use super::error::SinceError;
use crate::terms::{Hasher, Sha256};

/// The database.
pub(super) const MANIFEST: &str = "affiant/manifest.sqlite";
/// The log as lines.
pub(super) const LOG: &str = "affiant/log.jsonl";
/// The log's head.
pub(super) const CHECKPOINT: &str = "affiant/checkpoint";
/// What seals a bag.
const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";
/// Largest tag manifest and checkpoint that are read, in bytes; both are far smaller.
const LARGEST: u64 = 16 << 20;
/// Pieces in which files are read.
const PIECE: usize = 256 * 1024;

/// The folder of a package.
#[derive(Debug, Clone, Copy)]
pub(super) struct Files<'a>(pub(super) &'a Utf8Path);

impl Files<'_> {
    /// Refuses what is no sealed package, and a place for the new one that lies inside.
    pub(super) fn must_be_sealed(self, out: &Utf8Path) -> Result<(), SinceError> {
        let folder = || self.0.to_owned();
        let is_there = |path: &str| self.0.join(path).is_file();
        if real(out).starts_with(real(self.0)) {
            return Err(SinceError::Inside { folder: folder() });
        }
        match (is_there(MANIFEST), is_there(TAG_MANIFEST), is_there(CHECKPOINT)) {
            (true, true, true) => Ok(()),
            (true, false, _) => Err(SinceError::Unsealed { folder: folder() }),
            (true, true, false) => Err(self.damaged(format!("{CHECKPOINT} is missing"))),
            (false, true, _) if self.0.join("affiant").is_dir() => Err(self.damaged(format!("{MANIFEST} is missing"))),
            (false, _, _) => Err(SinceError::NotAPackage { folder: folder() }),
        }
    }

    /// Compares the record's files with the tag manifest; returns the hash of the database.
    pub(super) fn must_be_listed(self) -> Result<Sha256, SinceError> {
        let listed = self.text(TAG_MANIFEST)?;
        let mut manifest = None;
        for path in [MANIFEST, LOG, CHECKPOINT] {
            let found = self.digest(path)?;
            let stated = listed.lines().find_map(|line| line.strip_suffix(path)?.strip_suffix("  "));
            if stated != Some(found.to_string().as_str()) {
                return Err(self.damaged(format!("{path} is not the file that {TAG_MANIFEST} lists")));
            }
            manifest = manifest.or(Some(found));
        }
        manifest.ok_or(SinceError::Internal)
    }

    /// A small text file.
    pub(super) fn text(self, path: &str) -> Result<String, SinceError> {
        let mut text = String::new();
        let read = File::open(self.0.join(path)).and_then(|file| file.take(LARGEST).read_to_string(&mut text));
        read.map(|_| text).map_err(|error| self.unreadable(&error))
    }

    /// The hash of a file.
    pub(super) fn digest(self, path: &str) -> Result<Sha256, SinceError> {
        let read = File::open(self.0.join(path)).and_then(|file| {
            let mut reader = BufReader::with_capacity(PIECE, file);
            let mut hasher = Hasher::new();
            loop {
                let piece = reader.fill_buf()?;
                if piece.is_empty() {
                    return Ok(hasher.finish().0);
                }
                hasher.update(piece);
                let length = piece.len();
                reader.consume(length);
            }
        });
        read.map_err(|error| self.unreadable(&error))
    }

    pub(super) fn damaged(self, what: String) -> SinceError {
        SinceError::Damaged { folder: self.0.to_owned(), what }
    }

    fn unreadable(self, error: &io::Error) -> SinceError {
        SinceError::Unreadable { folder: self.0.to_owned(), kind: error.kind() }
    }
}

/// Where a path leads, links followed as far as it exists.
fn real(path: &Utf8Path) -> Utf8PathBuf {
    let absolute = camino::absolute_utf8(path).unwrap_or_else(|_| path.to_owned());
    let mut rest = Vec::new();
    let mut there = absolute.as_path();
    loop {
        if let Ok(found) = there.canonicalize_utf8() {
            return rest.iter().rev().fold(found, |path: Utf8PathBuf, name: &&str| path.join(name));
        }
        match (there.parent(), there.file_name()) {
            (Some(parent), Some(name)) => {
                rest.push(name);
                there = parent;
            }
            _ => return absolute.clone(),
        }
    }
}

/// A place to write to that keeps only the hash.
#[derive(Default)]
pub(super) struct Digesting(pub(super) Hasher);

impl Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_inside_is_known_however_it_is_spelled() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let earlier = root.join("earlier");
        std::fs::create_dir(&earlier).expect("made");
        let inside =
            |out: &str| matches!(Files(&earlier).must_be_sealed(&root.join(out)), Err(SinceError::Inside { .. }));
        assert!(
            inside("earlier") && inside("earlier/") && inside("earlier/new/deep") && inside("earlier/../earlier/x")
        );
        assert!(!inside("earlier-2") && !inside("new/earlier") && !inside("."));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&earlier, root.join("link")).expect("linked");
            assert!(inside("link/new"));
        }
    }
}
