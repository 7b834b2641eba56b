//! One native's bytes, from its file or from inside its volume, hashed on the way.
//!
//! It must not know what the row says: whoever asked compares.

use std::fs::{self, File};
use std::io::{self, Write};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use super::payload::volume_of;
use super::volume::Archive;
use crate::terms::{Sha256, pour};

/// Writes a native of a package out, from its file or from the volume that holds it; returns its SHA-256 and length as
/// read, which the caller compares with the row's. `path` is the row's. Blocks: call it off the reactor.
///
/// # Errors
/// What the disk says, of either side.
pub fn copy_native(root: &Utf8Path, path: &str, out: &mut dyn Write) -> io::Result<(Sha256, u64)> {
    match volume_of(path) {
        "" => pour(File::open(plain(root, path)?)?, out),
        volume => {
            let member = path.get(volume.len() + 1..).unwrap_or_default();
            pour(Archive::open(&plain(root, volume)?)?.member(member)?, out)
        }
    }
}

/// A plain file below the package's root, whatever its row says.
fn plain(root: &Utf8Path, path: &str) -> io::Result<Utf8PathBuf> {
    let below = Utf8Path::new(path).components().all(|part| matches!(part, Utf8Component::Normal(_)));
    let file = root.join(path);
    let is_there = below && fs::symlink_metadata(&file).is_ok_and(|facts| facts.is_file());
    if is_there { Ok(file) } else { Err(io::Error::new(io::ErrorKind::NotFound, "there is no such file")) }
}
