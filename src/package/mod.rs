//! Where bytes go: the delivered folder, from an arriving native to a sealed bag.
//!
//! The order of truth: bytes hashed while they arrive ([`Landing`]) → durable at their place, for ZIP deflated in a
//! batch that waits ([`Package::settle`]) → row in the manifest, by the caller → for ZIP, a whole volume
//! ([`Package::pack`]), its row, and only then the batches removed ([`Package::unstage`]) → everything read again
//! ([`Package::reread`]) → the bag's files, the tag manifest last ([`bag::write`]). A kill at any point leaves a
//! folder that [`Package::open`] and [`Package::recover`] bring back to what the manifest says.
//!
//! It must not know Graph, messages or the manifest's tables: the caller hands rows in as [`Native`]s.

mod added;
mod error;
mod space;
mod standing;
mod layout;
mod lock;
mod durable;
mod block;
mod landing;
mod placement;
mod volume_file;
mod volumes;
mod member;
mod batch;
mod together;
mod settle;
mod tree;
mod lanes;
mod shared_file;
mod waiting;
mod zip;
mod recover;
mod listing;
mod lists;
mod reread;
mod look;
pub mod bag;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::fs;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};

pub use added::Addition;
pub use error::PackageError;
pub use landing::{IN_MEMORY, Landed, Landing};
pub use lists::Payload;
pub use placement::Placement;
pub use recover::{Damage, Orphan, Recovered};
pub use reread::{Mismatch, Reread};
pub use settle::keep_open_at_most;
pub use volumes::{MEMBERS_MAX, VOLUME_BYTES, VOLUME_BYTES_MIN, VOLUME_MEMBERS};

use self::layout::{DATA, INCOMING, Layout, MANIFEST, OWN};
use self::lock::Lock;
use self::placement::Place;
use self::space::At as _;
use self::standing::{clear_beginning, must_be_free, must_be_open};
use self::together::FileSystem;
use self::volumes::{Held, SharedVolumes, Volumes};
use crate::terms::{ControlNumber, Sha256, UtcInstant, words};

/// How natives are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Each native is a file.
    Eml,
    /// Natives are members of ZIP volumes, each a whole archive.
    Zip {
        /// Bytes of a volume at the most, unless one native alone is larger.
        volume_bytes: u64,
        /// Members of a volume at the most.
        volume_members: u32,
        /// Whether members are deflated.
        compression: Compression,
    },
}

words!(
    /// What is done to natives that become members of volumes.
    Compression {
        /// Deflated, each that gets smaller by that.
        Deflate = "deflate",
        /// Stored as they are.
        Store = "store",
    }
);

/// One native as its row in the manifest has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Native {
    /// The manifest path.
    pub path: String,
    /// SHA-256 of the bytes as they arrived.
    pub sha256: Sha256,
    /// How many there were.
    pub bytes: u64,
}

/// A packed volume, as its row in the manifest has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeFacts {
    /// File name under `data/`: `VOL001.zip`.
    pub name: String,
    /// Length of the archive.
    pub bytes: u64,
    /// Natives in it.
    pub members: u64,
    /// SHA-256 of the archive.
    pub sha256: Sha256,
}

impl VolumeFacts {
    /// The volume's number; `None` when the name is not one that Affiant gives.
    pub fn number(&self) -> Option<u32> {
        recover::volume_number(&self.name)
    }
}

/// The delivered folder and the right to change it, which ends with the last clone.
#[derive(Debug, Clone)]
pub struct Package(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    layout: Layout,
    lock: Lock,
    format: Mutex<Format>,
    volumes: SharedVolumes,
    /// Folders whose own entries are durable, so that later natives in them need no look above.
    durable: Mutex<HashSet<Utf8PathBuf>>,
    /// What the package lies on, where it can be synced as a whole.
    file_system: Option<FileSystem>,
}

/// A panic elsewhere does not make these values wrong: each is changed in one step.
fn held<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Package {
    /// Writes a small file beside the payload, durably; the tag manifest will list it.
    ///
    /// # Errors
    /// [`PackageError`] when the disk does not take it.
    pub fn keep(&self, path: &str, bytes: &[u8]) -> Result<(), PackageError> {
        durable::write_whole(self.draft(path), &self.0.layout.at(path), bytes)
    }

    /// The same for a file of any size, whose bytes `fill` writes in pieces. Until it is whole and durable an older
    /// one keeps its name. Blocks: call it off the reactor.
    ///
    /// # Errors
    /// What `fill` returns, and [`PackageError`] when the disk does not take it.
    pub fn keep_large<E: From<PackageError>>(
        &self,
        path: &str,
        fill: impl FnOnce(&mut dyn io::Write) -> Result<(), E>,
    ) -> Result<(), E> {
        durable::fill_whole(self.draft(path), &self.0.layout.at(path), fill)
    }

    fn draft(&self, path: &str) -> Utf8PathBuf {
        self.0.layout.at(&format!("{INCOMING}/{}.part", tree::file_name(path)))
    }

    /// Makes a new package in a folder that does not exist or is empty, and takes its lock.
    ///
    /// A folder in which an earlier run died before it made a manifest counts as empty.
    pub fn create(root: &Utf8Path, format: Format, now: UtcInstant) -> Result<Self, PackageError> {
        let format = format.checked()?;
        let layout = Layout::new(root);
        let root = layout.root();
        if root.is_file() {
            return Err(PackageError::NotAFolder { path: root.to_owned() });
        }
        // Before anything is said about what lies there: it may be another run's work in progress.
        Lock::must_be_free(&layout)?;
        must_be_free(&layout)?;
        for folder in [DATA, OWN] {
            fs::create_dir_all(layout.at(folder)).at("make", layout.at(folder))?;
        }
        let lock = Lock::take(&layout, now)?;
        // Again under the lock: another run may have begun here since the first look.
        must_be_free(&layout)?;
        clear_beginning(&layout)?;
        fs::create_dir_all(layout.at(INCOMING)).at("make", layout.at(INCOMING))?;
        for folder in [Some(root), root.parent().filter(|parent| !parent.as_str().is_empty())].into_iter().flatten() {
            durable::sync_directory(folder).at("sync", folder)?;
        }
        Ok(Self::new(layout, lock, format))
    }

    /// Opens a package that was begun and not sealed, and takes its lock.
    ///
    /// Its format is in the manifest: [`Package::set_format`] comes next, then [`Package::recover`].
    pub fn open(root: &Utf8Path, now: UtcInstant) -> Result<Self, PackageError> {
        let layout = Layout::new(root);
        let root = layout.root();
        let facts = match fs::metadata(root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(PackageError::NotThere { root: root.to_owned() });
            }
            facts => facts.at("look at", root)?,
        };
        if !facts.is_dir() {
            return Err(PackageError::NotAFolder { path: root.to_owned() });
        }
        must_be_open(&layout)?;
        let lock = Lock::take(&layout, now)?;
        // Again under the lock: the run that held it may have sealed the package meanwhile.
        if let Err(error) = must_be_open(&layout) {
            lock.remove_files();
            return Err(error);
        }
        fs::create_dir_all(layout.at(INCOMING)).at("make", layout.at(INCOMING))?;
        fs::create_dir_all(layout.at(DATA)).at("make", layout.at(DATA))?;
        Ok(Self::new(layout, lock, Format::Eml))
    }

    fn new(layout: Layout, lock: Lock, format: Format) -> Self {
        let file_system = FileSystem::of(layout.root());
        let package = Self(Arc::new(Inner {
            layout,
            file_system,
            lock,
            format: Mutex::new(Format::Eml),
            volumes: Arc::new(Mutex::new(Volumes::new(VOLUME_BYTES, VOLUME_MEMBERS))),
            durable: Mutex::default(),
        }));
        package.apply(format);
        package
    }

    /// Sets the format that the manifest of a resumed acquisition states.
    pub fn set_format(&self, format: Format) -> Result<(), PackageError> {
        self.apply(format.checked()?);
        Ok(())
    }

    fn apply(&self, format: Format) {
        if let Format::Zip { volume_bytes, volume_members, .. } = format {
            self.set_volumes(Volumes::new(volume_bytes, volume_members));
        }
        *held(&self.0.format) = format;
    }

    /// The format.
    pub fn format(&self) -> Format {
        *held(&self.0.format)
    }

    /// The folder.
    pub fn root(&self) -> &Utf8Path {
        self.0.layout.root()
    }

    /// Where the manifest lies: `affiant/manifest.sqlite`.
    pub fn manifest_file(&self) -> Utf8PathBuf {
        self.0.layout.at(MANIFEST)
    }

    /// Where one native arrives.
    pub fn landing(&self) -> Landing {
        Landing::new(self.0.layout.at(INCOMING))
    }

    /// Gives a native its place. For ZIP this fills the open volume, or opens the next.
    pub fn place(&self, number: ControlNumber, bytes: u64) -> Placement {
        match self.format() {
            Format::Eml => Place::eml(number).placement(None),
            Format::Zip { .. } => {
                let place = held(&self.0.volumes).admit(number, bytes);
                let on_its_way = Held::new(Arc::clone(&self.0.volumes), place.volume());
                place.placement(Some(Arc::new(on_its_way)))
            }
        }
    }

    /// Volumes that are full, each handed out once, when no placement in it is held any more. To be packed.
    pub fn take_due_volumes(&self) -> Vec<u32> {
        held(&self.0.volumes).take_due()
    }

    /// Closes the volume that still takes natives: the collection has ended. A later native opens the next.
    pub fn close_volumes(&self) {
        held(&self.0.volumes).close();
    }

    fn layout(&self) -> &Layout {
        &self.0.layout
    }

    fn set_volumes(&self, volumes: Volumes) {
        *held(&self.0.volumes) = volumes;
    }

    fn must_be_in_place(&self) -> Result<(), PackageError> {
        self.0.lock.must_be_in_place()
    }

    fn remove_lock_files(&self) {
        self.0.lock.remove_files();
    }

    fn is_durable(&self, folder: &Utf8Path) -> bool {
        held(&self.0.durable).contains(folder)
    }

    fn are_durable(&self, folders: BTreeSet<Utf8PathBuf>) {
        held(&self.0.durable).extend(folders);
    }
}

/// Runs work that waits for the disk on a thread that may wait.
async fn off_the_reactor<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PackageError> + Send + 'static,
) -> Result<T, PackageError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(PackageError::CutShort),
        },
    }
}
