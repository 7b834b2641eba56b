//! Where a result grows: beside its final name, which it gets when it is whole; taken away when it is not.
//!
//! Nothing that is there already is ever touched. A kill leaves a folder whose name begins with `.affiant-delivery-`. It must
//! not know what the result is.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

use super::DeliveryError;

/// A folder in the making.
#[derive(Debug)]
pub(super) struct Making {
    /// Gone again with everything in it.
    room: TempDir,
    path: Utf8PathBuf,
    to: Utf8PathBuf,
}

impl Making {
    /// Makes room for a new folder, outside of the one that is read.
    pub(super) fn new(to: &Utf8Path, reading: &Utf8Path) -> Result<Self, DeliveryError> {
        let to = camino::absolute_utf8(to).map_err(DeliveryError::io("find", to))?;
        let read = reading.canonicalize_utf8().map_err(DeliveryError::io("read", reading))?;
        let there = to.ancestors().find_map(|part| part.canonicalize_utf8().ok());
        if there.is_some_and(|there| there.starts_with(&read)) {
            return Err(DeliveryError::Inside { folder: to });
        }
        let Some(parent) = to.parent().filter(|_| to.symlink_metadata().is_err()) else {
            return Err(DeliveryError::Taken { folder: to });
        };
        fs::create_dir_all(parent).map_err(DeliveryError::io("make", parent))?;
        let room = tempfile::Builder::new().prefix(".affiant-delivery-").tempdir_in(parent);
        let room = room.map_err(DeliveryError::io("make a folder in", parent))?;
        let own = Utf8Path::from_path(room.path()).ok_or(std::io::ErrorKind::InvalidFilename.into());
        // The room is its maker's alone; the result has the rights that any new folder has.
        let path = own.map_err(DeliveryError::io("name", parent))?.join("made");
        fs::create_dir(&path).map_err(DeliveryError::io("make", &path))?;
        Ok(Self { room, path, to })
    }

    /// Where it is now.
    pub(super) fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// A folder for what is needed on the way only.
    pub(super) fn aside(&self) -> Result<Utf8PathBuf, DeliveryError> {
        let aside = self.path.with_file_name("aside");
        fs::create_dir_all(&aside).map_err(DeliveryError::io("make", &aside))?;
        Ok(aside)
    }

    /// Gives it its name.
    pub(super) fn done(self) -> Result<Utf8PathBuf, DeliveryError> {
        let Self { room, path, to } = self;
        fs::rename(&path, &to).map_err(DeliveryError::io("name", &to))?;
        drop(room);
        if let Some(parent) = to.parent().filter(|_| cfg!(unix)) {
            // Best effort: some network file systems do not sync directories.
            let _ = fs::File::open(parent).and_then(|folder| folder.sync_all());
        }
        Ok(to)
    }
}
