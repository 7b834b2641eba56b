//! Where files lie: inside the program, or in a folder on disk.

use std::collections::BTreeMap;
use std::io;

use bytes::Bytes;
use camino::{Utf8Path, Utf8PathBuf};
use include_dir::{Dir, include_dir};

use super::source::TenantError;

static BUILTIN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/fixtures/tenant");

/// A place to read a tenant from.
pub(super) enum Shelf {
    /// Inside the program.
    Builtin,
    /// On disk.
    Disk(Utf8PathBuf),
}

/// One file that is read when it is needed.
#[derive(Debug, Clone)]
pub(super) enum Stored {
    /// Inside the program.
    Builtin(&'static [u8]),
    /// On disk.
    Disk(Utf8PathBuf),
}

impl Stored {
    /// The whole file.
    pub(super) fn read(&self) -> io::Result<Bytes> {
        match self {
            Self::Builtin(bytes) => Ok(Bytes::from_static(bytes)),
            Self::Disk(path) => std::fs::read(path).map(Bytes::from),
        }
    }
}

impl Shelf {
    /// A file by its path inside the tenant.
    pub(super) fn file(&self, path: &str) -> Result<Stored, TenantError> {
        match self {
            Self::Builtin => BUILTIN
                .get_file(path)
                .map(|file| Stored::Builtin(file.contents()))
                .ok_or_else(|| TenantError::unreadable(path, &io::ErrorKind::NotFound.into())),
            Self::Disk(root) => Ok(Stored::Disk(root.join(path))),
        }
    }

    /// A JSON file.
    pub(super) fn json<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, TenantError> {
        let bytes = self.file(path)?.read().map_err(|error| TenantError::unreadable(path, &error))?;
        serde_json::from_slice(&bytes).map_err(|error| TenantError::invalid(path, error.to_string()))
    }

    /// Whether there is a file of this path.
    pub(super) fn has(&self, path: &str) -> bool {
        match self {
            Self::Builtin => BUILTIN.get_file(path).is_some(),
            Self::Disk(root) => root.join(path).is_file(),
        }
    }

    /// The tenant's zone: TXT records by name, `keys/dkim-dns.json`; empty where there is none.
    pub(super) fn zone(&self) -> Result<BTreeMap<String, String>, TenantError> {
        const ZONE: &str = "keys/dkim-dns.json";
        let records: BTreeMap<String, String> = if self.has(ZONE) { self.json(ZONE)? } else { BTreeMap::new() };
        let plain = |name: String| name.trim_end_matches('.').to_ascii_lowercase();
        Ok(records.into_iter().map(|(name, txt)| (plain(name), txt)).collect())
    }

    /// Names of the folders directly below a path, sorted; none where it does not exist.
    pub(super) fn folders(&self, path: &str) -> Result<Vec<String>, TenantError> {
        let mut names: Vec<String> = match self {
            Self::Builtin => BUILTIN.get_dir(path).into_iter().flat_map(Dir::dirs).filter_map(builtin_name).collect(),
            Self::Disk(root) => {
                disk_folders(&root.join(path)).map_err(|error| TenantError::unreadable(path, &error))?
            }
        };
        names.sort();
        Ok(names)
    }
}

fn builtin_name(dir: &Dir<'static>) -> Option<String> {
    dir.path().file_name().and_then(|name| name.to_str()).map(str::to_owned)
}

fn disk_folders(path: &Utf8Path) -> io::Result<Vec<String>> {
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in path.read_dir_utf8()? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.push(entry.file_name().to_owned());
        }
    }
    Ok(names)
}
