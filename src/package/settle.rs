//! Group durability: many natives made durable together, before one transaction records them.
//!
//! Order, per native: bytes in a temporary file → synced, one by one or with the whole group → renamed; then, once for
//! the group, the directories that got names are synced. Killed before a rename, a native is a temporary file; killed after it, a whole
//! file without a row. Neither is ever mistaken for a collected item, because the row comes last.
//! The bytes are not read back here: right after a sync that would only read memory. Sealing re-reads every
//! native. It must not know rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use camino::{Utf8Path, Utf8PathBuf};

use super::batch::{self, Content};
use super::durable::{Temporary, open_to_sync, put_in_place, sync_directory};
use super::landing::{Arrived, Landed, temporary};
use super::lanes::{BATCH_BUDGET, in_order};
use super::layout::INCOMING;
use super::member::{Large, Small};
use super::space::At as _;
use super::{Compression, Format, Package, PackageError, Placement, off_the_reactor};
use crate::terms::Sha256;

/// Natives that are synced side by side; disks and journals merge concurrent syncs.
const LANES: usize = 4;
/// Natives a lane keeps open between writing and syncing.
const AT_ONCE: usize = 32;

/// From so many natives on a group is synced as a whole where that can be done.
const TOGETHER: usize = 8;

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
    pub async fn settle(&self, group: Vec<(Landed, Placement)>) -> Result<(), PackageError> {
        match self.format() {
            Format::Eml => self.settle_files(group).await,
            Format::Zip { compression, .. } => {
                let package = self.clone();
                off_the_reactor(move || package.settle_batches(group, compression)).await
            }
        }
    }

    async fn settle_files(&self, group: Vec<(Landed, Placement)>) -> Result<(), PackageError> {
        let is_many = group.len() >= TOGETHER;
        let together = self.0.file_system.as_ref().is_some_and(|file_system| is_many && !file_system.is_busy());
        let lanes = self.in_lanes(group, move |package, lane| match together {
            true => package.write_lane(lane),
            false => package.settle_lane(lane).map(Lane::Settled),
        });
        let lanes = lanes.await?;
        let package = self.clone();
        off_the_reactor(move || {
            let mut touched = BTreeSet::new();
            if let (true, Some(file_system)) = (together, &package.0.file_system) {
                file_system.sync().at("sync", package.root())?;
            }
            for lane in lanes {
                match lane {
                    Lane::Settled(folders) => touched.extend(folders),
                    Lane::Written(written) => {
                        for native in written {
                            package.name(native, &mut touched)?;
                        }
                    }
                }
            }
            package.sync_folders(touched)?;
            // Otherwise rows would name files that went elsewhere.
            package.must_be_in_place()
        })
        .await
    }

    /// Works on a group side by side; each lane is awaited even after a failure: nothing works on unseen when this
    /// returns.
    async fn in_lanes(
        &self,
        group: Vec<(Landed, Placement)>,
        work: impl Fn(&Self, Vec<(Landed, Placement)>) -> Result<Lane, PackageError> + Clone + Send + 'static,
    ) -> Result<Vec<Lane>, PackageError> {
        let mut lanes: Vec<Vec<_>> = Vec::new();
        lanes.resize_with(group.len().div_ceil(AT_ONCE / 2).min(LANES), Vec::new);
        let count = lanes.len().max(1);
        for (index, native) in group.into_iter().enumerate() {
            if let Some(lane) = lanes.get_mut(index % count) {
                lane.push(native);
            }
        }
        let started = lanes.into_iter().map(|lane| {
            let (package, work) = (self.clone(), work.clone());
            tokio::task::spawn_blocking(move || work(&package, lane))
        });
        let started: Vec<_> = started.collect();
        let (mut done, mut failed) = (Vec::new(), None);
        for lane in started {
            match lane.await.unwrap_or(Err(PackageError::CutShort)) {
                Ok(lane) => done.push(lane),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(done), Err)
    }

    /// Writes without a sync of its own: one for the whole group comes before any of them gets its name.
    fn write_lane(&self, lane: Vec<(Landed, Placement)>) -> Result<Lane, PackageError> {
        let written = lane.into_iter().map(|(landed, placement)| {
            let (sha256, to) = (landed.sha256, self.layout().at(&placement.path));
            let temporary = match landed.body {
                Arrived::Memory(bytes) => self.write_bytes(&bytes, &to)?.1,
                Arrived::File(made) => made,
            };
            Ok(Written { temporary, sha256, to })
        });
        written.collect::<Result<Vec<_>, _>>().map(Lane::Written)
    }

    /// Gives a synced file its name.
    fn name(&self, native: Written, touched: &mut BTreeSet<Utf8PathBuf>) -> Result<(), PackageError> {
        let Written { temporary, sha256, to } = native;
        if let Some(folder) = to.parent() {
            self.make_folder(folder, touched)?;
        }
        put_in_place(temporary, &to, sha256)
    }

    /// One batch for the small natives of each volume (of two volumes where one is full), and one for each large native, so
    /// that these are deflated side by side.
    fn settle_batches(&self, group: Vec<(Landed, Placement)>, how: Compression) -> Result<(), PackageError> {
        let (mut small, mut batches) = (BTreeMap::<u32, Vec<Small>>::new(), Vec::new());
        for (Landed { sha256, bytes, body, .. }, Placement { place, volume, .. }) in group {
            match body {
                Arrived::Memory(bytes) => small.entry(volume).or_default().push(Small { place, bytes }),
                Arrived::File(from) => batches.push((volume, Content::Large(Large { place, bytes, sha256, from }))),
            }
        }
        batches.extend(small.into_iter().map(|(volume, natives)| (volume, Content::Small(natives))));
        let mut touched = BTreeSet::new();
        in_order(
            batches.into_iter().map(Ok),
            |_| BATCH_BUDGET,
            || |(volume, content)| batch::write(self.layout(), volume, how, content),
            |written: Result<_, PackageError>| {
                let Some(batch) = written? else { return Ok(()) };
                if let Some(folder) = batch.folder() {
                    self.make_folder(folder, &mut touched)?;
                }
                batch.put_in_place()
            },
        )?;
        self.sync_folders(touched)?;
        self.must_be_in_place()
    }

    fn settle_lane(&self, lane: Vec<(Landed, Placement)>) -> Result<BTreeSet<Utf8PathBuf>, PackageError> {
        let mut touched = BTreeSet::new();
        let mut lane = lane.into_iter().peekable();
        while lane.peek().is_some() {
            // All are written before the first is synced, so that the disk sees them together.
            let written = lane.by_ref().take(at_once()).map(|(landed, placement)| self.write(landed, &placement));
            let written = written.collect::<Result<Vec<_>, _>>()?;
            for (file, native) in &written {
                file.sync_data().at("sync", &native.to)?;
            }
            for (file, native) in written {
                drop(file);
                self.name(native, &mut touched)?;
            }
        }
        Ok(touched)
    }

    fn write(&self, landed: Landed, placement: &Placement) -> Result<(fs::File, Written), PackageError> {
        let (sha256, to) = (landed.sha256, self.layout().at(&placement.path));
        let (file, temporary) = match landed.body {
            Arrived::Memory(bytes) => self.write_bytes(&bytes, &to)?,
            Arrived::File(made) => (open_to_sync(made.path()).at("open", made.path())?, made),
        };
        Ok((file, Written { temporary, sha256, to }))
    }

    fn write_bytes(&self, bytes: &[u8], to: &Utf8Path) -> Result<(fs::File, Temporary), PackageError> {
        let incoming = self.layout().at(INCOMING);
        let (mut file, made) = temporary(&incoming).at("make a file in", &incoming)?;
        file.write_all(bytes).at("write", to)?;
        Ok((file, made))
    }

    /// Makes a folder where needed, and adds those whose entries must be synced for a file in it to last.
    fn make_folder(&self, folder: &Utf8Path, touched: &mut BTreeSet<Utf8PathBuf>) -> Result<(), PackageError> {
        if touched.contains(folder) {
            return Ok(());
        }
        if !self.is_durable(folder) {
            // The folder itself is never made anew: it may have been moved away.
            self.must_be_in_place()?;
            fs::create_dir_all(folder).at("make", folder)?;
            let root = self.root();
            let above = folder.ancestors().skip(1).take_while(|above| above.starts_with(root));
            touched.extend(above.map(Utf8Path::to_owned));
        }
        touched.insert(folder.to_owned());
        Ok(())
    }

    fn sync_folders(&self, touched: BTreeSet<Utf8PathBuf>) -> Result<(), PackageError> {
        for folder in &touched {
            sync_directory(folder).at("sync", folder)?;
        }
        self.are_durable(touched);
        Ok(())
    }
}

/// What one lane has done.
enum Lane {
    /// Natives that are durable and named; the folders that got names.
    Settled(BTreeSet<Utf8PathBuf>),
    /// Natives that are written and wait for the sync of all.
    Written(Vec<Written>),
}

struct Written {
    temporary: Temporary,
    sha256: Sha256,
    to: Utf8PathBuf,
}
