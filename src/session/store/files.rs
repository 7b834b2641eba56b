//! The store's files, by way of the home folder's rules; what goes wrong is said in the store's words.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::StoreError;
use crate::home;

pub(super) use crate::home::{Hold, remove_empty_folder};

fn failed(path: &Utf8Path, doing: &'static str) -> impl Fn(io::Error) -> StoreError {
    move |error| StoreError::File { path: path.to_owned(), doing, why: error.kind().to_string() }
}

/// A file's bytes; `None` when it is not there.
pub(super) fn read(path: &Utf8Path) -> Result<Option<Vec<u8>>, StoreError> {
    home::read(path).map_err(failed(path, "read"))
}

/// Writes a file that only its owner can read; the old one stays until the new one is whole.
pub(super) fn write(path: &Utf8Path, bytes: &[u8]) -> Result<(), StoreError> {
    home::write(path, bytes).map_err(failed(path, "written"))
}

/// Writes a file that must not be there yet; false, and nothing written, when it is.
pub(super) fn write_new(path: &Utf8Path, bytes: &[u8]) -> Result<bool, StoreError> {
    home::write_new(path, bytes).map_err(failed(path, "written"))
}

/// Waits for the hold: for work of milliseconds only.
pub(super) fn hold(path: &Utf8Path) -> Result<Hold, StoreError> {
    home::hold(path).map_err(failed(path, "locked"))
}

/// The hold if it is free now.
pub(super) fn try_hold(path: &Utf8Path) -> Result<Option<Hold>, StoreError> {
    home::try_hold(path).map_err(failed(path, "locked"))
}

/// Removes a file; one that is not there is fine.
pub(super) fn remove(path: &Utf8Path) -> Result<(), StoreError> {
    home::remove(path).map_err(failed(path, "removed"))
}

/// The files of a folder; none when it is not there.
pub(super) fn list(folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, StoreError> {
    home::list(folder).map_err(failed(folder, "read"))
}

/// Whether anyone but the owner can read a file.
pub(super) fn is_open_to_others(path: &Utf8Path) -> Result<bool, StoreError> {
    home::is_open_to_others(path).map_err(failed(path, "read"))
}

/// Leaves a file to its owner alone.
pub(super) fn close_to_others(path: &Utf8Path) -> Result<(), StoreError> {
    home::close_to_others(path).map_err(failed(path, "written"))
}
