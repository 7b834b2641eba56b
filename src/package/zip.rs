//! A volume: one whole ZIP made from the natives that wait for it in batches.
//!
//! The same natives give the same bytes, whatever batches they came in: members sorted by name, each as
//! [`super::member`] makes it, and copied here as it was made. Every member is inflated and hashed on its way in and must
//! be what the manifest says.
//! Order: temporary file → synced → read back and hashed → renamed → directory synced; then the caller records
//! the volume; only then are the waiting batches removed. Killed before the row, the volume is made again from
//! the batches, which are still there. It must not know what a message is.

use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;

use zip::ZipWriter;
use zip::result::ZipError;

use super::durable::{Temporary, digest, put_in_place, sync_directory};
use super::lanes::in_order;
use super::layout::{DATA, INCOMING, Layout, staged_volume, volume_name};
use super::member::broken;
use super::placement::Place;
use super::space::At as _;
use super::tree::{Join, Pair, in_path_order};
use super::volume_file::VolumeFile;
use super::waiting::{Shelf, Stock, Waiting};
use super::{Native, Package, PackageError, VolumeFacts, off_the_reactor};
use crate::terms::{Bucket, Sha256};

impl Package {
    /// Writes `data/VOLnnn.zip` from all natives of a volume, as the manifest has them (in any order).
    ///
    /// Needs as much free space as the volume will have. `progress` gets the number of members done, and
    /// may end the work with [`PackageError::CutShort`]: it is done again later.
    /// Afterwards: record what is returned, then [`Package::unstage`].
    pub async fn pack(
        &self,
        volume: u32,
        natives: Vec<Native>,
        mut progress: impl FnMut(u64) -> ControlFlow<()> + Send + 'static,
    ) -> Result<VolumeFacts, PackageError> {
        let package = self.clone();
        off_the_reactor(move || pack(package.layout(), volume, natives, &mut progress)).await
    }

    /// Removes the waiting natives of a volume whose row is committed. May be repeated.
    pub async fn unstage(&self, volume: u32) -> Result<(), PackageError> {
        let package = self.clone();
        off_the_reactor(move || unstage(package.layout(), volume)).await
    }
}

/// Removes what waited for a volume; nothing there is fine.
pub(super) fn unstage(layout: &Layout, volume: u32) -> Result<(), PackageError> {
    let folder = layout.at(&staged_volume(volume));
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.at("remove", &folder),
    }
}

/// A native that waits, with its row.
struct Member {
    waiting: Waiting,
    native: Native,
}

fn pack(
    layout: &Layout,
    volume: u32,
    mut natives: Vec<Native>,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<VolumeFacts, PackageError> {
    natives.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    let name = volume_name(volume);
    let to = layout.at(&format!("{DATA}/{name}"));
    let part = layout.at(&format!("{INCOMING}/{name}.part"));
    let Stock { batches, natives: waiting } = Stock::of_volume(layout, volume)?;
    let file = File::create(&part).at("make", &part)?;
    let temporary = Temporary::new(part);
    let broken = |error: ZipError| broken(&to, error);

    let mut archive = ZipWriter::new(VolumeFile::new(file));
    let mut shelf = Shelf::new(layout, &batches);
    let mut members = 0;
    in_order(
        jobs(volume, waiting, natives),
        |_: &Member| 0,
        || {
            let (mut shelf, mut bucket) = (Shelf::new(layout, &batches), Bucket::default());
            move |member| check(&mut shelf, &mut bucket, member)
        },
        |checked: Result<Member, _>| {
            let Member { waiting, .. } = checked?;
            let batch = shelf.batch(waiting.batch)?;
            let member = batch.index_for_name(inside(&waiting.path)).ok_or(ZipError::FileNotFound);
            let member = member.and_then(|index| batch.by_index_raw(index)).map_err(broken)?;
            archive.raw_copy_file(member).map_err(broken)?;
            members += 1;
            if progress(members).is_break() { Err(PackageError::CutShort) } else { Ok(()) }
        },
    )?;
    let file = archive.finish().map_err(broken)?.whole().at("write", &to)?;
    file.sync_all().at("sync", &to)?;
    drop(file);

    // From the disk's side, not from what was meant to be written.
    let (sha256, bytes) = digest(temporary.path()).at("read", &to)?;
    put_in_place(temporary, &to, sha256)?;
    sync_directory(&layout.at(DATA)).at("sync", layout.at(DATA))?;
    Ok(VolumeFacts { name, bytes, members, sha256 })
}

/// Joins the manifest's natives with those that wait: they must be the same, so that no row of a packed volume lacks its
/// member and no member lacks its row.
fn jobs(
    volume: u32,
    waiting: Vec<Waiting>,
    natives: Vec<Native>,
) -> impl Iterator<Item = Result<Member, PackageError>> {
    let is_ours =
        move |path: &str| Place::read(path).is_some_and(|place| place.is_zipped() && place.volume() == volume);
    let expected = in_path_order(natives.into_iter()).map(move |native| match native {
        Ok(native) if !is_ours(&native.path) => Err(PackageError::NotOurs { path: native.path }),
        native => native,
    });
    Join::new(waiting.into_iter().map(Ok), expected).map(|pair| match pair? {
        Pair::Left(waiting) => Err(PackageError::Unrecorded { path: waiting.path }),
        Pair::Right(native) => Err(PackageError::Missing { path: native.path }),
        Pair::Both(waiting, native) => Ok(Member { waiting, native }),
    })
}

/// Inflates a native where it waits, and sees that it is what was collected.
fn check(shelf: &mut Shelf<'_>, bucket: &mut Bucket, member: Member) -> Result<Member, PackageError> {
    let Native { path, sha256: expected, bytes: recorded } = &member.native;
    let batch = shelf.batch(member.waiting.batch)?;
    let changed = |found| PackageError::Changed { path: path.clone(), expected: *expected, found };
    // What cannot be inflated has no digest; that of nothing is not what was collected either.
    let nothing = || changed(Sha256::of(b""));
    let inflated = batch.by_name(inside(path)).map_err(|_| nothing())?;
    // No more than was recorded plus one byte: what inflates to more must not keep the machine busy.
    let limited = io::Read::take(inflated, recorded.saturating_add(1));
    let (found, bytes) = bucket.pour(limited, io::sink()).map_err(|_| nothing())?;
    if (found, bytes) == (*expected, *recorded) { Ok(member) } else { Err(changed(found)) }
}

/// The name inside of the archive: what comes after `data/VOLnnn.zip/`.
fn inside(path: &str) -> &str {
    path.splitn(3, '/').nth(2).unwrap_or_default()
}
