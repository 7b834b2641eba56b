//! A batch: natives of one volume that became durable together, as one small archive that waits to be packed.
//!
//! One file, one sync and one name for a whole group of natives, already deflated, so that packing only copies.
//! Order: members into a temporary file → synced → renamed to a name that is free → folder synced by the caller; rows
//! come after. A group has one transaction, so after a kill either every native of a batch has its row or none has.
//! It must not know rows.

use std::fs::{self, File};
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use zip::ZipWriter;
use zip::write::PreparedZipFile;

use super::durable::Temporary;
use super::landing::{Arrived, temporary};
use super::lanes::in_order;
use super::layout::{INCOMING, Layout, batch_name, staged_volume};
use super::member::{Candidate, Large, broken, prepare, stream};
use super::space::At as _;
use super::volume_file::VolumeFile;
use super::{Compression, PackageError};

/// A batch that is synced and has no name yet.
pub(super) struct Batch {
    temporary: Temporary,
    to: Utf8PathBuf,
}

/// Writes natives of one volume, in their order, as one archive; synced when this returns.
///
/// # Errors
/// [`PackageError`] when the disk does not take it, or a native is not what arrived.
pub(super) fn write(
    layout: &Layout,
    volume: u32,
    how: Compression,
    natives: Vec<Candidate>,
) -> Result<Option<Batch>, PackageError> {
    let Some(first) = natives.first() else { return Ok(None) };
    let to = layout.at(&format!("{}/{}", staged_volume(volume), batch_name(first.place.number())));
    let incoming = layout.at(INCOMING);
    let (file, temporary) = temporary(&incoming).at("make a file in", &incoming)?;
    let mut archive = ZipWriter::new(VolumeFile::new(file));
    in_order(
        natives.into_iter().map(Ok),
        |native: &Candidate| native.landed.in_memory() as u64,
        || |native| step(&to, how, native),
        |step: Result<_, PackageError>| match step? {
            Step::Ready(ready) => archive.add_prepared_file(*ready).map_err(|error| broken(&to, error)),
            Step::Large(native) => stream(&to, &mut archive, how, &native),
        },
    )?;
    let file: File = archive.finish().map_err(|error| broken(&to, error))?.whole().at("write", &to)?;
    file.sync_data().at("sync", &to)?;
    Ok(Some(Batch { temporary, to }))
}

/// What a thread made of a native.
enum Step {
    /// The member, whole.
    Ready(Box<PreparedZipFile>),
    /// Too large for memory.
    Large(Large),
}

fn step(archive: &Utf8Path, how: Compression, native: Candidate) -> Result<Step, PackageError> {
    let Candidate { place, landed } = native;
    let (bytes, sha256) = (landed.bytes, landed.sha256);
    match landed.body {
        Arrived::Memory(bytes) => prepare(archive, how, place, &bytes).map(|ready| Step::Ready(Box::new(ready))),
        Arrived::File(from) => Ok(Step::Large(Large { place, bytes, sha256, from })),
    }
}

impl Batch {
    /// The folder that it will lie in, which must be there before it gets its name.
    pub(super) fn folder(&self) -> Option<&Utf8Path> {
        self.to.parent()
    }

    /// Gives it its name. Looking first is safe because the package's lock makes this process the only writer.
    pub(super) fn put_in_place(self) -> Result<(), PackageError> {
        match fs::symlink_metadata(&self.to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.temporary.rename(&self.to).at("name", &self.to)
            }
            Err(error) => Err(PackageError::local("look for", &self.to, error)),
            Ok(_) => Err(PackageError::Occupied { path: self.to }),
        }
    }
}
