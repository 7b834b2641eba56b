//! Natives read from a package, loose or in ZIP volumes, and compared with the manifest before anything is made of them.
//!
//! One native is held at a time. It must not write.

use std::fs::File;
use std::io::{self, BufReader, Read};

use camino::{Utf8Path, Utf8PathBuf};
use zip::ZipArchive;

use super::error::ProductionError;
use super::family::Item;
use crate::terms::Sha256;

/// The natives of a package.
pub(super) struct Source {
    root: Utf8PathBuf,
    /// The volume that was opened last: its package path, and the archive.
    open: Option<(String, ZipArchive<BufReader<File>>)>,
}

impl Source {
    pub(super) fn new(root: &Utf8Path) -> Self {
        Self { root: root.to_owned(), open: None }
    }

    /// The bytes of a native, as they were sealed.
    pub(super) fn read(&mut self, item: &Item) -> Result<Vec<u8>, ProductionError> {
        let control_number = item.control.clone();
        let bytes = match self.bytes(item) {
            Ok(bytes) => bytes,
            Err(gone) if gone.kind() == io::ErrorKind::NotFound => {
                return Err(ProductionError::Differs { control_number });
            }
            Err(source) => return Err(ProductionError::Unreadable { control_number, source }),
        };
        let same = bytes.len() as u64 == item.bytes && item.sha256 == Some(Sha256::of(&bytes));
        if same { Ok(bytes) } else { Err(ProductionError::Differs { control_number }) }
    }

    fn bytes(&mut self, item: &Item) -> io::Result<Vec<u8>> {
        let parts: Vec<_> = item.path.split('/').collect();
        if parts.iter().any(|part| matches!(*part, "" | "." | "..") || part.contains(['\\', ':'])) {
            return Err(io::ErrorKind::InvalidFilename.into());
        }
        let mut bytes = Vec::new();
        // One byte more than the manifest states is enough to know that it is another file.
        let most = item.bytes.saturating_add(1);
        match volume_of(&item.path) {
            None => File::open(self.root.join(&item.path))?.take(most).read_to_end(&mut bytes)?,
            Some((volume, member)) => self.volume(volume)?.by_name(member)?.take(most).read_to_end(&mut bytes)?,
        };
        Ok(bytes)
    }

    fn volume(&mut self, volume: &str) -> io::Result<&mut ZipArchive<BufReader<File>>> {
        let open = match self.open.take() {
            Some(open) if open.0 == volume => open,
            _ => (volume.to_owned(), ZipArchive::new(BufReader::new(File::open(self.root.join(volume))?))?),
        };
        Ok(&mut self.open.insert(open).1)
    }
}

/// The volume's path and the member's name.
fn volume_of(path: &str) -> Option<(&str, &str)> {
    let dot = path.find(".zip/")?;
    Some((path.get(..dot + 4)?, path.get(dot + 5..)?))
}
