//! A delivered volume as a readable archive: checked against its list, decrypted beside the result where it must be.
//!
//! It must not look into the archive.

use std::fs::File;
use std::io::{self, BufReader};

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::NamedTempFile;

use super::lists::Expected;
use super::{DeliveryError, Keys};
use crate::terms::pour;

/// Read in pieces of this many bytes.
const PIECE: usize = 64 * 1024;

/// An archive that can be read, and the file that goes with it.
pub(super) struct Opened {
    pub(super) file: File,
    /// Kept until the archive is read.
    _decrypted: Option<NamedTempFile>,
}

/// Checks a volume and opens it. A decrypted copy lies in `beside` until it is dropped.
pub(super) fn open(
    folder: &Utf8Path,
    name: &str,
    expected: &Expected,
    keys: &Keys,
    beside: &Utf8Path,
) -> Result<Opened, DeliveryError> {
    let path = folder.join(name);
    if !path.symlink_metadata().is_ok_and(|facts| facts.is_file()) {
        return Err(DeliveryError::Missing { name: name.to_owned() });
    }
    let reading = |path: &Utf8PathBuf| File::open(path).map_err(DeliveryError::io("read", path));
    if let Some(stated) = expected.delivered.get(name).copied().flatten() {
        let (found, _) = pour(reading(&path)?, io::sink()).map_err(DeliveryError::io("read", &path))?;
        if found != stated {
            return Err(DeliveryError::Damaged { name: name.to_owned() });
        }
    }
    let Some(inner) = name.strip_suffix(".age") else {
        return Ok(Opened { file: reading(&path)?, _decrypted: None });
    };
    let decryptor = age::Decryptor::new_buffered(BufReader::with_capacity(PIECE, reading(&path)?));
    let decryptor =
        decryptor.map_err(|_| DeliveryError::Archive { name: name.to_owned(), why: "it is no age file".to_owned() })?;
    let key = || DeliveryError::Key { name: name.to_owned() };
    let plain = if decryptor.is_scrypt() {
        let passphrase = keys.passphrase.clone().ok_or_else(|| DeliveryError::Locked { name: name.to_owned() })?;
        let identity = age::scrypt::Identity::new(passphrase);
        decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).map_err(|_| key())?
    } else {
        if keys.identities.is_empty() {
            return Err(DeliveryError::Locked { name: name.to_owned() });
        }
        let all = keys.identities.iter().map(|identity| identity.as_ref() as &dyn age::Identity);
        decryptor.decrypt(all).map_err(|_| key())?
    };
    let temporary = NamedTempFile::new_in(beside).map_err(DeliveryError::io("make a file in", beside))?;
    let (found, _) = pour(plain, temporary.as_file()).map_err(|error| match error.kind() {
        // The stream's own check: a chunk was changed, cut or moved.
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => DeliveryError::Damaged { name: name.to_owned() },
        _ => DeliveryError::io("decrypt", &path)(error),
    })?;
    if expected.decrypted.get(inner).is_some_and(|stated| *stated != found) {
        return Err(DeliveryError::Damaged { name: inner.to_owned() });
    }
    let file = temporary.reopen().map_err(DeliveryError::io("read", beside))?;
    Ok(Opened { file, _decrypted: Some(temporary) })
}
