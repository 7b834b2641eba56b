//! The few moves by which bytes become durable: temporary file, sync, rename, directory sync.
//!
//! A name that others rely on is only ever given to a file that is whole and synced, so a kill between any
//! two moves leaves either the old state or the new one, and at worst a temporary file that is swept later.
//! It must not know what the bytes are.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};

use camino::{Utf8Path, Utf8PathBuf};

use super::PackageError;
use super::space::At as _;
use crate::terms::{Bucket, Md5, Sha256};

/// Read and copy in pieces of this many bytes.
const PIECE: usize = 64 * 1024;

/// A temporary file's name; the file goes when this does, unless it was renamed.
#[derive(Debug)]
pub(super) struct Temporary(Option<Utf8PathBuf>);

impl Temporary {
    /// Takes charge of a file that was just made.
    pub(super) const fn new(path: Utf8PathBuf) -> Self {
        Self(Some(path))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Utf8Path {
        self.0.as_deref().unwrap_or_else(|| Utf8Path::new(""))
    }

    /// Gives it its final name, replacing what has it. Not durable until the directory is synced.
    pub(super) fn rename(mut self, to: &Utf8Path) -> io::Result<()> {
        fs::rename(self.path(), to)?;
        self.0 = None;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // What cannot be removed now is swept by the next session.
            let _ = fs::remove_file(path);
        }
    }
}

/// Renames a synced temporary file to its final name, which must be free, or taken by the very same bytes.
///
/// Looking first and renaming then is safe because the package's lock makes this process the only writer.
pub(super) fn put_in_place(temporary: Temporary, to: &Utf8Path, sha256: Sha256) -> Result<(), PackageError> {
    match fs::symlink_metadata(to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => temporary.rename(to).at("name", to),
        Err(error) => Err(PackageError::local("look for", to, error)),
        Ok(found) if found.is_file() && digest(to).at("read", to)?.0 == sha256 => {
            // Left by a session that was killed between the rename and the row.
            open_to_sync(to).and_then(|file| file.sync_data()).at("sync", to)
        }
        Ok(_) => Err(PackageError::Occupied { path: to.to_owned() }),
    }
}

/// Opens an existing file so that it can be synced on every platform: Windows wants write access for that.
pub(super) fn open_to_sync(path: &Utf8Path) -> io::Result<File> {
    File::options().write(true).open(path)
}

/// Makes the entries of a directory durable. Windows has no such call; its journal orders renames.
pub(super) fn sync_directory(path: &Utf8Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    match File::open(path)?.sync_all() {
        // Some network file systems do not sync directories and say so; there is nothing better to do there.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        other => other,
    }
}

/// Writes a small file at once: temporary name, sync, rename over any older one, directory sync.
pub(super) fn write_whole(temporary: Utf8PathBuf, to: &Utf8Path, bytes: &[u8]) -> Result<(), PackageError> {
    let mut file = File::create(&temporary).at("make", &temporary)?;
    let temporary = Temporary::new(temporary);
    file.write_all(bytes).and_then(|()| file.sync_all()).at("write", to)?;
    drop(file);
    temporary.rename(to).at("name", to)?;
    to.parent().map_or(Ok(()), sync_directory).at("sync the folder of", to)
}

/// The same for bytes that come in pieces.
pub(super) fn fill_whole<E: From<PackageError>>(
    temporary: Utf8PathBuf,
    to: &Utf8Path,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    let file = File::create(&temporary).at("make", &temporary)?;
    let temporary = Temporary::new(temporary);
    let mut out = BufWriter::with_capacity(PIECE, file);
    fill(&mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error);
    file.and_then(|file| file.sync_all()).at("write", to)?;
    temporary.rename(to).at("name", to)?;
    to.parent().map_or(Ok(()), sync_directory).at("sync the folder of", to)?;
    Ok(())
}

/// SHA-256, MD5 and length of a file, in one reading.
pub(super) fn digests(path: &Utf8Path, bucket: &mut Bucket) -> io::Result<((Sha256, Md5), u64)> {
    bucket.digests(File::open(path)?)
}

/// SHA-256 and length of a file.
pub(super) fn digest(path: &Utf8Path) -> io::Result<(Sha256, u64)> {
    Bucket::default().pour(File::open(path)?, io::sink())
}
