//! The store's files: private to their owner, replaced whole or not at all.

use std::fs;
use std::io::{self, Write as _};

use camino::{Utf8Path, Utf8PathBuf};

use super::StoreError;

fn failed(path: &Utf8Path, doing: &'static str) -> impl Fn(io::Error) -> StoreError {
    move |error| StoreError::File { path: path.to_owned(), doing, why: error.kind().to_string() }
}

/// A file's bytes; `None` when it is not there.
pub(super) fn read(path: &Utf8Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, "read")(error)),
    }
}

/// Writes a file that only its owner can read; the old one stays until the new one is whole.
pub(super) fn write(path: &Utf8Path, bytes: &[u8]) -> Result<(), StoreError> {
    let failed = failed(path, "written");
    let folder = path.parent().unwrap_or(Utf8Path::new("."));
    make_private_folder(folder).map_err(&failed)?;
    // A temporary file is made with mode 0600 from the start.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(&failed)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(&failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    sync_folder(folder).map_err(&failed)
}

/// Writes a file that must not be there yet; false, and nothing written, when it is.
pub(super) fn write_new(path: &Utf8Path, bytes: &[u8]) -> Result<bool, StoreError> {
    let failed = failed(path, "written");
    let folder = path.parent().unwrap_or(Utf8Path::new("."));
    make_private_folder(folder).map_err(&failed)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(&failed)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(&failed)?;
    match file.persist_noclobber(path) {
        Ok(_) => sync_folder(folder).map_err(&failed).map(|()| true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed(error.error)),
    }
}

/// An exclusive hold on a file among processes; ends when dropped.
#[derive(Debug)]
pub(super) struct Hold(fs::File);

/// Waits for the hold: for work of milliseconds only.
pub(super) fn hold(path: &Utf8Path) -> Result<Hold, StoreError> {
    let file = open_lock(path)?;
    file.lock().map_err(failed(path, "locked"))?;
    Ok(Hold(file))
}

/// The hold if it is free now.
pub(super) fn try_hold(path: &Utf8Path) -> Result<Option<Hold>, StoreError> {
    let file = open_lock(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Hold(file))),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(failed(path, "locked")(error)),
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // Closing the file would end it as well; a copy in a child process would not.
        let _ = self.0.unlock();
    }
}

fn open_lock(path: &Utf8Path) -> Result<fs::File, StoreError> {
    let failed = failed(path, "written");
    make_private_folder(path.parent().unwrap_or(Utf8Path::new("."))).map_err(&failed)?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(&failed)
}

/// Removes a file; one that is not there is fine.
pub(super) fn remove(path: &Utf8Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(path, "removed")(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(unix)]
fn make_private_folder(folder: &Utf8Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private_folder(folder: &Utf8Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn sync_folder(folder: &Utf8Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "folders cannot be synced here; the signature is shared")]
fn sync_folder(_: &Utf8Path) -> io::Result<()> {
    Ok(())
}

/// Removes a folder that is empty; any other stays.
pub(super) fn remove_empty_folder(path: &Utf8Path) {
    // It may hold what is not ours.
    let _ = fs::remove_dir(path);
}

/// The files of a folder; none when it is not there.
pub(super) fn list(folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, StoreError> {
    let entries = match folder.read_dir_utf8() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(folder, "read")(error)),
    };
    Ok(entries.filter_map(Result::ok).map(camino::Utf8DirEntry::into_path).collect())
}

/// Whether anyone but the owner can read a file.
#[cfg(unix)]
pub(super) fn is_open_to_others(path: &Utf8Path) -> Result<bool, StoreError> {
    use std::os::unix::fs::PermissionsExt as _;
    let facts = fs::metadata(path).map_err(failed(path, "read"))?;
    Ok(facts.permissions().mode() & 0o077 != 0)
}

/// Whether anyone but the owner can read a file.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the profile folder's own rights protect it; the signature is shared")]
pub(super) fn is_open_to_others(_: &Utf8Path) -> Result<bool, StoreError> {
    Ok(false)
}

/// Leaves a file to its owner alone.
#[cfg(unix)]
pub(super) fn close_to_others(path: &Utf8Path) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed(path, "written"))
}

/// Leaves a file to its owner alone.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the profile folder's own rights protect it; the signature is shared")]
pub(super) fn close_to_others(_: &Utf8Path) -> Result<(), StoreError> {
    Ok(())
}
