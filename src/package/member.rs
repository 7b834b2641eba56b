//! How a native becomes a member of an archive: its fixed attributes, and whether it is deflated or stored.
//!
//! The same bytes under the same name give the same member, whenever it is made: one fixed time, one mode, and a method
//! that depends on the bytes alone. It must not know where the archive lies.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

use camino::Utf8Path;
use zip::result::ZipError;
use zip::write::{PreparedZipFile, SimpleFileOptions, ZipFileBuilder};
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use super::durable::Temporary;
use super::placement::Place;
use super::space::At as _;
use super::volume_file::VolumeFile;
use super::{Compression, PackageError};
use crate::terms::{Sha256, pour};

/// From here on a member's sizes need Zip64; a little below the 4 GiB - 1 of the format.
const LARGE: u64 = 0xFFF0_0000;
/// Deflate level, measured over mail: base64, of which large mail consists, shrinks to 76 % with any from 2 to 6 and not
/// at all with 1; 2 takes 15 % less of the processor there than 6. Text shrinks to 44 % with 2 at 119 MB/s, to 42 % with
/// 6 at 85 MB/s.
const LEVEL: i64 = 2;
/// What is deflated to see whether a native that is streamed shrinks at all.
const SAMPLE: usize = 64 * 1024;

/// A native that is in memory.
pub(super) struct Small {
    pub(super) place: Place,
    pub(super) bytes: Vec<u8>,
}

/// A native that waits in a file, too large to be made a member of in memory.
pub(super) struct Large {
    pub(super) place: Place,
    pub(super) bytes: u64,
    pub(super) sha256: Sha256,
    pub(super) from: Temporary,
}

/// Makes a member of a small native, deflated, or stored where that does not make it smaller; runs beside the thread that
/// appends.
pub(super) fn prepare(archive: &Utf8Path, how: Compression, native: &Small) -> Result<PreparedZipFile, PackageError> {
    member(&native.place.name(), how, &native.bytes).map_err(|error| broken(archive, error))
}

fn member(name: &str, how: Compression, bytes: &[u8]) -> Result<PreparedZipFile, ZipError> {
    let length = bytes.len() as u64;
    if how == Compression::Deflate {
        let made = built(name, options(length, CompressionMethod::Deflated), bytes)?;
        if is_worth_it(made.compressed_size(), length) {
            return Ok(made);
        }
    }
    built(name, options(length, CompressionMethod::Stored), bytes)
}

fn built(name: &str, options: SimpleFileOptions, bytes: &[u8]) -> Result<PreparedZipFile, ZipError> {
    let mut builder = ZipFileBuilder::new(name, options)?;
    builder.write_all(bytes)?;
    builder.finish()
}

/// Streams a large native straight into the archive, and checks that it still is what arrived.
pub(super) fn stream(
    path: &Utf8Path,
    archive: &mut ZipWriter<VolumeFile>,
    how: Compression,
    native: &Large,
) -> Result<(), PackageError> {
    let from = native.from.path();
    let shrinks = how == Compression::Deflate && shrinks(&middle(from).at("read", from)?);
    let method = if shrinks { CompressionMethod::Deflated } else { CompressionMethod::Stored };
    let started = archive.start_file(native.place.name(), options(native.bytes, method));
    started.map_err(|error| broken(path, error))?;
    // No more than arrived plus one byte: a file that grew must not fill the disk.
    let limited = File::open(from).at("open", from)?.take(native.bytes.saturating_add(1));
    let (found, bytes) = pour(limited, archive).at("read", from)?;
    if (found, bytes) == (native.sha256, native.bytes) {
        return Ok(());
    }
    Err(PackageError::Changed { path: native.place.path(), expected: native.sha256, found })
}

/// A piece from the middle, where a large message has its attachments.
fn middle(path: &Utf8Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let middle = file.metadata()?.len() / 2;
    file.seek(SeekFrom::Start(middle))?;
    let mut sample = Vec::with_capacity(SAMPLE);
    file.take(SAMPLE as u64).read_to_end(&mut sample)?;
    Ok(sample)
}

fn shrinks(sample: &[u8]) -> bool {
    let made = built("sample", options(sample.len() as u64, CompressionMethod::Deflated), sample);
    made.is_ok_and(|made| is_worth_it(made.compressed_size(), sample.len() as u64))
}

/// One part in 32 is the least that is worth inflating again.
const fn is_worth_it(deflated: u64, length: u64) -> bool {
    deflated < length && deflated <= length - length / 32
}

fn options(bytes: u64, method: CompressionMethod) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(method)
        .compression_level((method == CompressionMethod::Deflated).then_some(LEVEL))
        // 1980-01-01, the earliest that the format knows: when a volume was packed is not part of it.
        .last_modified_time(DateTime::default())
        .unix_permissions(0o444)
        .system(System::Unix)
        .large_file(bytes >= LARGE)
}

pub(super) fn broken(archive: &Utf8Path, error: ZipError) -> PackageError {
    match error {
        ZipError::Io(error) => PackageError::local("write", archive, error),
        error => PackageError::Volume { path: archive.to_owned(), reason: error.to_string() },
    }
}
