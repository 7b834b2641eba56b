//! A ZIP volume as a stranger sees it: its member names, and one member's bytes.
//!
//! Nothing is ever unpacked to disk, and a name is only compared, so no name can do harm.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Read};

use camino::Utf8Path;
use zip::ZipArchive;

/// An open volume.
pub(super) struct Archive(ZipArchive<BufReader<File>>);

impl Archive {
    /// Opens a volume and reads its directory.
    pub(super) fn open(file: &Utf8Path) -> io::Result<Self> {
        Ok(Self(ZipArchive::new(BufReader::new(File::open(file)?))?))
    }

    /// The names of all members, sorted.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let names = self.0.file_names().map(|name| name.map(Cow::into_owned));
        let mut names = names.collect::<Result<Vec<String>, _>>()?;
        names.sort_unstable();
        Ok(names)
    }

    /// One member's bytes; reading them to the end checks them against the archive's checksum.
    pub(super) fn member(&mut self, name: &str) -> io::Result<impl Read> {
        Ok(self.0.by_name(name)?)
    }
}
