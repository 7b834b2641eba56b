//! One native's bytes, from its file or from inside its volume, hashed on the way.
//!
//! It must not know what the row says: whoever asked compares.

use std::fs::File;
use std::io::{self, Read, Write};

use camino::Utf8Path;

use super::payload::volume_of;
use super::volume::Archive;
use crate::terms::{Hasher, Sha256};

/// Writes a native of a package out, from its file or from the volume that holds it; returns its SHA-256 and length as
/// read, which the caller compares with the row's. `path` is the row's. Blocks: call it off the reactor.
///
/// # Errors
/// What the disk says, of either side.
pub fn copy_native(root: &Utf8Path, path: &str, out: &mut dyn Write) -> io::Result<(Sha256, u64)> {
    // Rows are checked against files elsewhere; a path that leads out of the package is nobody's native.
    if path.split('/').any(|part| part == "..") || path.starts_with('/') || path.contains('\\') {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    match volume_of(path) {
        "" => pour(File::open(root.join(path))?, out),
        volume => {
            let member = path.get(volume.len() + 1..).unwrap_or_default();
            pour(Archive::open(&root.join(volume))?.member(member)?, out)
        }
    }
}

fn pour(mut from: impl Read, out: &mut dyn Write) -> io::Result<(Sha256, u64)> {
    let (mut hasher, mut piece) = (Hasher::new(), vec![0; 64 * 1024]);
    loop {
        let read = match from.read(&mut piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else { return Ok(hasher.finish()) };
        hasher.update(bytes);
        out.write_all(bytes)?;
    }
}
