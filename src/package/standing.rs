//! What a folder is before a run touches it: free, begun and given up, open, sealed, or somebody else's.
//!
//! A run that was stopped before it had a manifest has collected nothing, and its folder is as good as empty: the
//! next one clears what it left. What that may be is known to the last file; anything else is never removed.

use std::fs;
use std::io;

use super::PackageError;
use super::layout::{BEGINNING, DATA, HOLDER, INCOMING, LOCK, Layout, OWN};
use super::lock::Lock;
use super::space::At as _;
use super::tree;

/// A new acquisition needs an empty folder, or one where a run died before it had a manifest.
pub(super) fn must_be_free(layout: &Layout) -> Result<(), PackageError> {
    let root = layout.root().to_owned();
    if layout.is_sealed() && layout.at(OWN).is_dir() {
        return Err(PackageError::HoldsSealed { root });
    }
    if layout.has_manifest() {
        return Err(PackageError::HoldsAnother { root });
    }
    let entries = match fs::read_dir(&root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.at("read", &root)?,
    };
    for entry in entries {
        let name = entry.at("read", &root)?.file_name();
        if name != DATA && name != OWN {
            return Err(PackageError::NotEmpty { root });
        }
    }
    let begun = layout.at(LOCK).is_file();
    for folder in [DATA, OWN] {
        for found in tree::Walk::new(layout, folder) {
            let path = found?.path;
            if path != LOCK && path != HOLDER && !(begun && is_of_a_beginning(&path)) {
                return Err(PackageError::NotEmpty { root });
            }
        }
    }
    Ok(())
}

/// Whether a run leaves this when it is stopped before it has a manifest.
fn is_of_a_beginning(path: &str) -> bool {
    BEGINNING.contains(&path) || path.strip_prefix(INCOMING).is_some_and(|below| below.starts_with('/'))
}

/// Removes what a beginning left; only where [`must_be_free`] has looked, under the lock.
pub(super) fn clear_beginning(layout: &Layout) -> Result<(), PackageError> {
    for path in &BEGINNING.map(|path| layout.at(path)) {
        match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other.at("remove", path)?,
        }
    }
    match fs::remove_dir_all(layout.at(INCOMING)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.at("clear", layout.at(INCOMING)),
    }
}

/// An acquisition to be resumed has a manifest and no seal.
pub(super) fn must_be_open(layout: &Layout) -> Result<(), PackageError> {
    let root = layout.root().to_owned();
    if !layout.has_manifest() {
        let begun = layout.at(LOCK).is_file() && must_be_free(layout).is_ok();
        return Err(if begun { PackageError::NeverBegun { root } } else { PackageError::NotAPackage { root } });
    }
    if layout.is_sealed() {
        Lock::clear_dead(layout);
        return Err(PackageError::Sealed { root });
    }
    Ok(())
}
