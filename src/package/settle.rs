//! Group durability: many natives made durable together, before one transaction records them.
//!
//! Order, per native: bytes in a temporary file → synced → renamed; then, once for the group, the directories
//! that got names are synced. Killed before a rename, a native is a temporary file; killed after it, a whole
//! file without a row. Neither is ever mistaken for a collected item, because the row comes last.
//! The bytes are not read back here: right after a sync that would only read memory. Sealing re-reads every
//! native. It must not know rows.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use camino::{Utf8Path, Utf8PathBuf};

use super::durable::{Temporary, open_to_sync, put_in_place, sync_directory};
use super::landing::{Arrived, Landed, temporary};
use super::layout::INCOMING;
use super::space::At as _;
use super::{Package, PackageError, Placement, off_the_reactor};
use crate::terms::Sha256;

/// Natives that are synced side by side; disks and journals merge concurrent syncs.
const LANES: usize = 4;
/// Natives a lane keeps open between writing and syncing.
const AT_ONCE: usize = 32;

/// Natives that all lanes may keep open together.
static OPEN: AtomicUsize = AtomicUsize::new(LANES * AT_ONCE);

/// Tells how many files a package may keep open between writing and syncing; for systems that allow only few.
pub fn keep_open_at_most(files: usize) {
    OPEN.store(files.clamp(LANES, LANES * AT_ONCE), Ordering::Relaxed);
}

fn at_once() -> usize {
    OPEN.load(Ordering::Relaxed) / LANES
}

impl Package {
    /// Makes a group of natives durable at their places; all of them are when this returns without an error.
    ///
    /// After an error, some may be in place; they have no row and are moved aside by the next recovery.
    pub async fn settle(&self, batch: Vec<(Landed, Placement)>) -> Result<(), PackageError> {
        let mut lanes: Vec<Vec<_>> = Vec::new();
        lanes.resize_with(batch.len().div_ceil(AT_ONCE / 2).min(LANES), Vec::new);
        let count = lanes.len().max(1);
        for (index, native) in batch.into_iter().enumerate() {
            if let Some(lane) = lanes.get_mut(index % count) {
                lane.push(native);
            }
        }
        let started = lanes.into_iter().map(|lane| {
            let package = self.clone();
            tokio::task::spawn_blocking(move || package.settle_lane(lane))
        });
        let started: Vec<_> = started.collect();
        let mut touched = BTreeSet::new();
        let mut failed = None;
        for lane in started {
            // Each lane is awaited even after a failure: nothing works on unseen when this returns.
            match lane.await.unwrap_or(Err(PackageError::CutShort)) {
                Ok(folders) => touched.extend(folders),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        let package = self.clone();
        off_the_reactor(move || {
            package.sync_folders(touched)?;
            // Otherwise rows would name files that went elsewhere.
            package.must_be_in_place()
        })
        .await
    }

    fn settle_lane(&self, lane: Vec<(Landed, Placement)>) -> Result<BTreeSet<Utf8PathBuf>, PackageError> {
        let mut touched = BTreeSet::new();
        let mut lane = lane.into_iter().peekable();
        while lane.peek().is_some() {
            // All are written before the first is synced, so that the disk sees them together.
            let written = lane.by_ref().take(at_once()).map(|(landed, placement)| self.write(landed, placement));
            let written = written.collect::<Result<Vec<_>, _>>()?;
            for native in &written {
                native.file.sync_data().at("sync", &native.to)?;
            }
            for Written { file, temporary, sha256, to } in written {
                drop(file);
                if let Some(folder) = to.parent() {
                    touched.extend(self.make_folder(folder)?);
                }
                put_in_place(temporary, &to, sha256)?;
            }
        }
        Ok(touched)
    }

    fn write(&self, landed: Landed, placement: Placement) -> Result<Written, PackageError> {
        let (sha256, to) = (landed.sha256, placement.file);
        let (file, temporary) = match landed.body {
            Arrived::Memory(bytes) => {
                let incoming = self.layout().at(INCOMING);
                let (mut file, made) = temporary(&incoming).at("make a file in", &incoming)?;
                file.write_all(&bytes).at("write", &to)?;
                (file, made)
            }
            Arrived::File(made) => (open_to_sync(made.path()).at("open", made.path())?, made),
        };
        Ok(Written { file, temporary, sha256, to })
    }

    /// Makes a folder where needed; returns the folders whose entries must be synced for a file in it to last.
    fn make_folder(&self, folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, PackageError> {
        let mut touched = vec![folder.to_owned()];
        if !self.is_durable(folder) {
            // The folder itself is never made anew: it may have been moved away.
            self.must_be_in_place()?;
            fs::create_dir_all(folder).at("make", folder)?;
            let root = self.root();
            let above = folder.ancestors().skip(1).take_while(|above| above.starts_with(root));
            touched.extend(above.map(Utf8Path::to_owned));
        }
        Ok(touched)
    }

    fn sync_folders(&self, touched: BTreeSet<Utf8PathBuf>) -> Result<(), PackageError> {
        for folder in &touched {
            sync_directory(folder).at("sync", folder)?;
        }
        self.are_durable(touched);
        Ok(())
    }
}

struct Written {
    file: fs::File,
    temporary: Temporary,
    sha256: Sha256,
    to: Utf8PathBuf,
}
