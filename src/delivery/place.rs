//! Where a result grows: beside its final name, which it gets when it is whole; taken away when it is not.
//!
//! It must not know what the result is.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

use super::DeliveryError;

/// A folder in the making.
#[derive(Debug)]
pub(super) struct Making {
    path: Utf8PathBuf,
    to: Utf8PathBuf,
    is_done: bool,
}

impl Making {
    /// Makes room for a new folder, outside of the one that is read. What an interrupted run left there is taken away.
    pub(super) fn new(to: &Utf8Path, reading: &Utf8Path) -> Result<Self, DeliveryError> {
        let to = camino::absolute_utf8(to).map_err(DeliveryError::io("find", to))?;
        let name = to.file_name().ok_or_else(|| DeliveryError::Taken { folder: to.clone() })?.to_owned();
        let resolved = to.parent().and_then(|parent| parent.ancestors().find_map(|part| part.canonicalize_utf8().ok()));
        let read = reading.canonicalize_utf8().map_err(DeliveryError::io("read", reading))?;
        if resolved.is_some_and(|parent| parent.starts_with(&read)) {
            return Err(DeliveryError::Inside { folder: to });
        }
        let is_empty = to.read_dir_utf8().is_ok_and(|mut entries| entries.next().is_none());
        if to.symlink_metadata().is_ok() && !is_empty {
            return Err(DeliveryError::Taken { folder: to });
        }
        let path = to.with_file_name(format!("{name}.part"));
        if path.symlink_metadata().is_ok() {
            fs::remove_dir_all(&path).map_err(DeliveryError::io("clear", &path))?;
        }
        fs::create_dir_all(&path).map_err(DeliveryError::io("make", &path))?;
        Ok(Self { path, to, is_done: false })
    }

    /// Where it is now.
    pub(super) fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Gives it its name.
    pub(super) fn done(mut self) -> Result<Utf8PathBuf, DeliveryError> {
        if self.to.is_dir() {
            fs::remove_dir(&self.to).map_err(DeliveryError::io("replace", &self.to))?;
        }
        fs::rename(&self.path, &self.to).map_err(DeliveryError::io("name", &self.to))?;
        self.is_done = true;
        if let Some(parent) = self.to.parent().filter(|_| cfg!(unix)) {
            // Best effort: some network file systems do not sync directories.
            let _ = fs::File::open(parent).and_then(|folder| folder.sync_all());
        }
        Ok(self.to.clone())
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        if !self.is_done {
            // What cannot be removed now is removed by the next run.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
