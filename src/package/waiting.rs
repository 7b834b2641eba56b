//! What waits to be packed: the batches of a volume, and which of them holds which native.
//!
//! Only directories of archives are read here; of the archives themselves few are open at a time, whatever their
//! number. It must not change anything.

use std::collections::VecDeque;
use std::io;

use zip::ZipArchive;
use zip::result::ZipError;

use super::PackageError;
use super::layout::{Layout, staged_volume};
use super::member::broken;
use super::placement::Place;
use super::shared_file::SharedFile;
use super::space::At as _;
use super::tree::ByPath;
use super::tree::Walk;

/// Batches that one reader keeps open: mailboxes that were collected side by side lie mixed in them.
const OPEN: usize = 16;

/// One native that waits.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    /// Its manifest path.
    pub(super) path: String,
    /// Its length.
    pub(super) bytes: u64,
    /// The batch that holds it, as an index.
    pub(super) batch: usize,
}

impl ByPath for Waiting {
    fn path(&self) -> &str {
        &self.path
    }
}

/// The batches of a volume.
#[derive(Debug, Default)]
pub(super) struct Stock {
    /// Where they lie, from the root.
    pub(super) batches: Vec<String>,
    /// Their natives in path order.
    pub(super) natives: Vec<Waiting>,
}

impl Stock {
    /// Reads the directories of all batches below a folder. A file that is no batch holds nothing: what should be in it
    /// is then missing.
    pub(super) fn below(layout: &Layout, folder: &str) -> Result<Self, PackageError> {
        let mut stock = Self::default();
        for found in Walk::new(layout, folder) {
            let path = found?.path;
            // A file that cannot be read now says nothing about what is in it; that is the disk's error and not damage.
            match read(layout, &path)? {
                Ok(mut archive) => stock.list(&mut archive),
                Err(ZipError::Io(error)) if error.kind() != io::ErrorKind::UnexpectedEof => {
                    return Err(PackageError::local("read", layout.at(&path), error));
                }
                Err(_) => {}
            }
            stock.batches.push(path);
        }
        stock.natives.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(stock)
    }

    /// The batches of one volume.
    pub(super) fn of_volume(layout: &Layout, volume: u32) -> Result<Self, PackageError> {
        Self::below(layout, &staged_volume(volume))
    }

    fn list(&mut self, archive: &mut ZipArchive<SharedFile>) {
        let batch = self.batches.len();
        for index in 0..archive.len() {
            // A member with a foreign name is nobody's native.
            let Ok(member) = archive.by_index_raw(index) else { continue };
            let place = member.name().ok().and_then(|name| Place::inside(&name));
            if let Some(place) = place {
                self.natives.push(Waiting { path: place.path(), bytes: member.size(), batch });
            }
        }
    }
}

/// Opens batches when they are needed, and closes those that were not needed for longest.
pub(super) struct Shelf<'a> {
    layout: &'a Layout,
    batches: &'a [String],
    open: VecDeque<(usize, ZipArchive<SharedFile>)>,
}

impl<'a> Shelf<'a> {
    pub(super) const fn new(layout: &'a Layout, batches: &'a [String]) -> Self {
        Self { layout, batches, open: VecDeque::new() }
    }

    /// The batch with this index.
    ///
    /// # Errors
    /// [`PackageError`] when it can no longer be read.
    pub(super) fn batch(&mut self, index: usize) -> Result<&mut ZipArchive<SharedFile>, PackageError> {
        let archive = match self.open.iter().position(|(open, _)| *open == index) {
            Some(at) => self.open.remove(at).map(|(_, archive)| archive),
            None => None,
        };
        let archive = match archive {
            Some(archive) => archive,
            None => open(self.layout, self.batches.get(index).map_or("", String::as_str))?,
        };
        self.open.truncate(OPEN - 1);
        self.open.push_front((index, archive));
        match self.open.front_mut() {
            Some((_, archive)) => Ok(archive),
            None => unreachable!("it was put there"),
        }
    }
}

fn open(layout: &Layout, path: &str) -> Result<ZipArchive<SharedFile>, PackageError> {
    read(layout, path)?.map_err(|error| broken(&layout.at(path), error))
}

/// Reads a batch's directory; the inner error is the archive's.
fn read(layout: &Layout, path: &str) -> Result<Result<ZipArchive<SharedFile>, ZipError>, PackageError> {
    let file = layout.at(path);
    Ok(ZipArchive::new(SharedFile::open(&file).at("open", &file)?))
}
