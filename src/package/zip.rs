//! A volume: one whole ZIP made from the natives that wait for it.
//!
//! The same natives give the same bytes: members sorted by name, one fixed time, one mode, one compression.
//! Every member is hashed again on its way in and must be what the manifest says.
//! Order: temporary file → synced → read back and hashed → renamed → directory synced; then the caller records
//! the volume; only then are the waiting natives removed. Killed before the row, the volume is made again from
//! the natives, which are still there. It must not know what a message is.

use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;

use camino::{Utf8Path, Utf8PathBuf};
use zip::result::ZipError;
use zip::write::{PreparedZipFile, SimpleFileOptions, ZipFileBuilder};
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use super::durable::{Temporary, digest, put_in_place, sync_directory};
use super::lanes::in_order;
use super::layout::{DATA, INCOMING, Layout, staged_volume, volume_name};
use super::space::At as _;
use super::tree::{Expected, Join, Pair, Walk, in_path_order};
use super::volume_file::VolumeFile;
use super::{Native, Package, PackageError, VolumeFacts, off_the_reactor};
use crate::terms::pour;

/// Natives up to this many bytes are compressed ahead, in memory; larger ones are streamed one by one.
const AHEAD: u64 = 4 * 1024 * 1024;
/// From here on a member's sizes need Zip64; a little below the 4 GiB - 1 of the format.
const LARGE: u64 = 0xFFF0_0000;
/// Deflate level: faster ones do not shrink base64, slower ones gain nothing.
const LEVEL: i64 = 6;

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

/// A native on its way into the archive.
struct Member {
    native: Native,
    name: String,
    file: Utf8PathBuf,
}

enum Step {
    Ready(Box<PreparedZipFile>),
    Large(Member),
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
    let file = File::create(&part).at("make", &part)?;
    let temporary = Temporary::new(part);
    let broken = |error: ZipError| broken(&to, error);

    let mut archive = ZipWriter::new(VolumeFile::new(file));
    let mut members = 0;
    in_order(
        jobs(layout, volume, natives),
        |member: &Member| if member.native.bytes <= AHEAD { member.native.bytes } else { 0 },
        || |member| prepare(&to, member),
        |step: Result<_, PackageError>| {
            match step? {
                Step::Ready(ready) => archive.add_prepared_file(*ready).map_err(broken)?,
                Step::Large(member) => stream(&to, &mut archive, &member)?,
            }
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

/// Joins the manifest's natives with the files that wait: they must be the same, so that no row of a packed
/// volume lacks its member and no member lacks its row.
fn jobs(layout: &Layout, volume: u32, natives: Vec<Native>) -> impl Iterator<Item = Result<Member, PackageError>> {
    let expected = in_path_order(natives.into_iter())
        .map(move |native| Expected::new(native?, |place| place.is_zipped() && place.volume() == volume));
    let waiting = Walk::new(layout, &staged_volume(volume));
    let layout = layout.clone();
    Join::new(waiting, expected).map(move |pair| match pair? {
        Pair::Left(found) => Err(PackageError::Unrecorded { path: found.path }),
        Pair::Right(expected) => Err(PackageError::Missing { path: expected.native.path }),
        Pair::Both(found, Expected { place, native, .. }) => {
            Ok(Member { native, name: place.name(), file: layout.at(&found.path) })
        }
    })
}

fn options(bytes: u64) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(LEVEL))
        // 1980-01-01, the earliest that the format knows: when a volume was packed is not part of it.
        .last_modified_time(DateTime::default())
        .unix_permissions(0o444)
        .system(System::Unix)
        .large_file(bytes >= LARGE)
}

fn broken(volume: &Utf8Path, error: ZipError) -> PackageError {
    match error {
        ZipError::Io(error) => PackageError::local("write", volume, error),
        error => PackageError::Volume { path: volume.to_owned(), reason: error.to_string() },
    }
}

/// Compresses a native of moderate size in memory; runs beside the thread that appends.
fn prepare(volume: &Utf8Path, member: Member) -> Result<Step, PackageError> {
    if member.native.bytes > AHEAD {
        return Ok(Step::Large(member));
    }
    let broken = |error| broken(volume, error);
    let mut builder = ZipFileBuilder::new(&member.name, options(member.native.bytes)).map_err(broken)?;
    put(volume, &member, &mut builder)?;
    Ok(Step::Ready(Box::new(builder.finish().map_err(broken)?)))
}

/// Compresses a large native straight into the archive.
fn stream(volume: &Utf8Path, archive: &mut ZipWriter<VolumeFile>, member: &Member) -> Result<(), PackageError> {
    let started = archive.start_file(&member.name, options(member.native.bytes));
    started.map_err(|error| broken(volume, error))?;
    put(volume, member, archive)
}

/// Copies a native and checks that it still is what was collected.
fn put(volume: &Utf8Path, member: &Member, to: &mut impl io::Write) -> Result<(), PackageError> {
    let file = File::open(&member.file).at("open", &member.file)?;
    // No more than was recorded plus one byte: a file that grew must not grow the memory.
    let limited = io::Read::take(file, member.native.bytes.saturating_add(1));
    let (found, bytes) = pour(limited, to).at("pack a native into", volume)?;
    let Native { path, sha256: expected, bytes: recorded } = &member.native;
    if (found, bytes) == (*expected, *recorded) {
        return Ok(());
    }
    Err(PackageError::Changed { path: path.clone(), expected: *expected, found })
}
