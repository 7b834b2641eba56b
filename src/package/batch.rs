//! A batch: natives of one volume that became durable together, as one small archive that waits to be packed.
//!
//! One file, one sync and one name for all small natives of a group, already deflated, so that packing only copies; a
//! large native has a batch of its own, so that several are deflated at once.
//! Order: members into a temporary file → synced → renamed to a name that is free → folder synced by the caller; rows
//! come after. A group has one transaction, so after a kill either every native of a batch has its row or none has.
//! It must not know rows.

use std::fs::{self, File};
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use zip::ZipWriter;

use super::durable::Temporary;
use super::landing::temporary;
use super::lanes::in_order;
use super::layout::{INCOMING, Layout, batch_name, staged_volume};
use super::member::{Large, Small, broken, prepare, stream};
use super::placement::Place;
use super::space::At as _;
use super::volume_file::VolumeFile;
use super::{Compression, PackageError};

/// A batch that is synced and has no name yet.
pub(super) struct Batch {
    temporary: Temporary,
    to: Utf8PathBuf,
}

/// What one batch holds.
pub(super) enum Content {
    /// The small natives of a group, at least one, in their order.
    Small(Vec<Small>),
    /// One large native.
    Large(Large),
}

impl Content {
    /// The native that the batch is named after.
    fn first(&self) -> Option<Place> {
        match self {
            Self::Small(natives) => natives.first().map(|native| native.place),
            Self::Large(native) => Some(native.place),
        }
    }
}

/// Writes natives of one volume as one archive; synced when this returns. `None` for none.
///
/// # Errors
/// [`PackageError`] when the disk does not take it, or a native is not what arrived.
pub(super) fn write(
    layout: &Layout,
    volume: u32,
    how: Compression,
    content: Content,
) -> Result<Option<Batch>, PackageError> {
    let Some(first) = content.first() else { return Ok(None) };
    let to = layout.at(&format!("{}/{}", staged_volume(volume), batch_name(first.number())));
    let incoming = layout.at(INCOMING);
    let (file, temporary) = temporary(&incoming).at("make a file in", &incoming)?;
    let mut archive = ZipWriter::new(VolumeFile::new(file));
    match content {
        Content::Small(natives) => in_order(
            natives.into_iter().map(Ok),
            |native: &Small| native.bytes.len() as u64,
            || |native: Small| prepare(&to, how, &native),
            |ready: Result<_, PackageError>| archive.add_prepared_file(ready?).map_err(|error| broken(&to, error)),
        )?,
        Content::Large(native) => stream(&to, &mut archive, how, &native)?,
    }
    let file: File = archive.finish().map_err(|error| broken(&to, error))?.whole().at("write", &to)?;
    file.sync_data().at("sync", &to)?;
    Ok(Some(Batch { temporary, to }))
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
