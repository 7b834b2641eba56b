//! Readers of reports, listings and product tables against what was published and what was seen, and against bytes that
//! are neither.

mod any_bytes;
mod examples;
mod forms;
mod volume;

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::store::Store;

/// A folder of reference data that is no part of this repository; says so where it is absent.
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
pub(super) fn reference(folder: &str, file: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = ["../shared/data", "../../shared/data"].map(|place| root.join(place).join(folder));
    let found = places.into_iter().find(|place| place.join(file).is_file());
    if found.is_none() {
        eprintln!("SKIPPED: no {file} at ../shared/data/{folder}");
    }
    found
}

/// What is only worth seeing with `--nocapture`.
#[expect(clippy::print_stderr, reason = "counts are read by people")]
pub(super) fn tell(text: &str) {
    eprintln!("{text}");
}

pub(super) fn store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(camino::Utf8Path::from_path(folder.path()).expect("UTF-8")).expect("a store");
    (folder, store)
}
