//! The store's files: private to their owner, replaced whole or not at all.

use std::fs;
use std::io::{self, Write as _};

use camino::{Utf8Path, Utf8PathBuf};

use super::{Account, StoreError};

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

/// Removes a file; one that is not there is fine.
pub(super) fn remove(path: &Utf8Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(path, "removed")(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn accounts_file(home: &Utf8Path) -> Utf8PathBuf {
    home.join("accounts.json")
}

/// Who has signed in, the current account last.
pub(super) fn accounts(home: &Utf8Path) -> Result<Vec<Account>, StoreError> {
    let path = accounts_file(home);
    match read(&path)? {
        Some(bytes) => serde_json::from_slice(&bytes).map_err(|_| StoreError::Accounts { path }),
        None => Ok(Vec::new()),
    }
}

pub(super) fn write_accounts(home: &Utf8Path, accounts: &[Account]) -> Result<(), StoreError> {
    let path = accounts_file(home);
    let bytes = serde_json::to_vec_pretty(accounts).map_err(|_| StoreError::Accounts { path: path.clone() })?;
    write(&path, &bytes)
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
