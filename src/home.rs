//! Files of the home folder: private to their owner, replaced whole or not at all, changed by one process at a time.
//!
//! It must not know what is in them.

use std::fs;
use std::io::{self, Write as _};

use camino::{Utf8Path, Utf8PathBuf};

/// A file's bytes; `None` when it is not there.
pub(crate) fn read(path: &Utf8Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a file that only its owner can read; the old one stays until the new one is whole.
pub(crate) fn write(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Utf8Path::new("."));
    make_private_folder(folder)?;
    // A temporary file is made with mode 0600 from the start.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all())?;
    file.persist(path)?;
    sync_folder(folder)
}

/// Writes a file that must not be there yet; false, and nothing written, when it is.
pub(crate) fn write_new(path: &Utf8Path, bytes: &[u8]) -> io::Result<bool> {
    let folder = path.parent().unwrap_or(Utf8Path::new("."));
    make_private_folder(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all())?;
    match file.persist_noclobber(path) {
        Ok(_) => sync_folder(folder).map(|()| true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.error),
    }
}

/// An exclusive hold on a file among processes; ends when dropped.
#[derive(Debug)]
pub(crate) struct Hold(fs::File);

/// Waits for the hold: for work of milliseconds only.
pub(crate) fn hold(path: &Utf8Path) -> io::Result<Hold> {
    let file = open_lock(path)?;
    file.lock()?;
    Ok(Hold(file))
}

/// The hold if it is free now.
pub(crate) fn try_hold(path: &Utf8Path) -> io::Result<Option<Hold>> {
    let file = open_lock(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Hold(file))),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // Closing the file would end it as well; a copy in a child process would not.
        let _ = self.0.unlock();
    }
}

fn open_lock(path: &Utf8Path) -> io::Result<fs::File> {
    make_private_folder(path.parent().unwrap_or(Utf8Path::new(".")))?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Removes a file; one that is not there is fine.
pub(crate) fn remove(path: &Utf8Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
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
pub(crate) fn remove_empty_folder(path: &Utf8Path) {
    // It may hold what is not ours.
    let _ = fs::remove_dir(path);
}

/// The files of a folder; none when it is not there.
pub(crate) fn list(folder: &Utf8Path) -> io::Result<Vec<Utf8PathBuf>> {
    let entries = match folder.read_dir_utf8() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    Ok(entries.filter_map(Result::ok).map(camino::Utf8DirEntry::into_path).collect())
}

/// Whether anyone but the owner can read a file.
#[cfg(unix)]
pub(crate) fn is_open_to_others(path: &Utf8Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    let facts = fs::metadata(path)?;
    Ok(facts.permissions().mode() & 0o077 != 0)
}

/// Whether anyone but the owner can read a file.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the profile folder's own rights protect it; the signature is shared")]
pub(crate) fn is_open_to_others(_: &Utf8Path) -> io::Result<bool> {
    Ok(false)
}

/// Leaves a file to its owner alone.
#[cfg(unix)]
pub(crate) fn close_to_others(path: &Utf8Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

/// Leaves a file to its owner alone.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the profile folder's own rights protect it; the signature is shared")]
pub(crate) fn close_to_others(_: &Utf8Path) -> io::Result<()> {
    Ok(())
}
