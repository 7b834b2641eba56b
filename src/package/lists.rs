//! The lists of the payload while they grow: two BagIt manifests and hashdeep's, from one reading.
//!
//! `manifest-sha256.txt` is what integrity rests on. `manifest-md5.txt` and `affiant/hashdeep.txt` are for tools
//! that match files by MD5; each lists every payload file, as RFC 8493 asks of every payload manifest.
//! It must not read the payload.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use super::PackageError;
use super::durable::{Temporary, sync_directory};
use super::layout::{HASHDEEP, INCOMING, Layout, OWN, PAYLOAD_MANIFEST, PAYLOAD_MANIFEST_MD5};
use super::space::At as _;
use super::tree::{file_name, is_plain};
use crate::terms::{Hasher, Md5, Sha256};

/// What opens a file that `hashdeep -k` takes (format 1.0).
const HASHDEEP_HEADER: &str = "%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n";

/// Lists are written in pieces of this many bytes.
const LIST_PIECE: usize = 64 * 1024;

/// The lists of the payload, written but not yet in place.
#[derive(Debug)]
pub struct Payload {
    /// Files in the payload.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// SHA-256 of the payload manifest: fit for the log, before the log itself is sealed.
    pub sha256: Sha256,
    lists: [(Temporary, &'static str); 3],
}

impl Payload {
    /// Gives the lists their names, durably.
    pub(super) fn put_in_place(self, layout: &Layout) -> Result<(), PackageError> {
        for (temporary, name) in self.lists {
            temporary.rename(&layout.at(name)).at("name", layout.at(name))?;
        }
        sync_directory(&layout.at(OWN)).at("sync", layout.at(OWN))?;
        sync_directory(layout.root()).at("sync", layout.root())
    }
}

/// One list while it grows.
struct List {
    name: &'static str,
    file: BufWriter<File>,
    temporary: Temporary,
}

impl List {
    fn new(layout: &Layout, name: &'static str) -> Result<Self, PackageError> {
        let path = layout.at(&format!("{INCOMING}/{}.part", file_name(name)));
        let file = File::create(&path).at("make", &path)?;
        Ok(Self { name, file: BufWriter::with_capacity(LIST_PIECE, file), temporary: Temporary::new(path) })
    }

    fn add(&mut self, line: &str) -> Result<(), PackageError> {
        self.file.write_all(line.as_bytes()).at("write", self.name)
    }

    fn finish(self) -> Result<(Temporary, &'static str), PackageError> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error).at("write", self.name)?;
        file.sync_all().at("sync", self.name)?;
        Ok((self.temporary, self.name))
    }
}

/// The lists while they grow, in path order.
pub(super) struct Lists {
    sha256: List,
    md5: List,
    hashdeep: List,
    hasher: Hasher,
    /// Room for a line, kept from one to the next.
    line: String,
    files: u64,
    bytes: u64,
}

impl Lists {
    /// Empty lists among the files that are being written.
    pub(super) fn new(layout: &Layout) -> Result<Self, PackageError> {
        let (sha256, md5) = (List::new(layout, PAYLOAD_MANIFEST)?, List::new(layout, PAYLOAD_MANIFEST_MD5)?);
        let mut hashdeep = List::new(layout, HASHDEEP)?;
        hashdeep.add(HASHDEEP_HEADER)?;
        Ok(Self { sha256, md5, hashdeep, hasher: Hasher::new(), line: String::new(), files: 0, bytes: 0 })
    }

    /// Adds a file.
    pub(super) fn add(&mut self, path: &str, bytes: u64, (sha256, md5): (Sha256, Md5)) -> Result<(), PackageError> {
        if !is_plain(path) {
            return Err(PackageError::Foreign { path: path.to_owned() });
        }
        let (sha256, md5, bytes_told) = (sha256.to_string(), md5.to_string(), bytes.to_string());
        self.line.clear();
        self.line.extend([&sha256, "  ", path, "\n"]);
        self.hasher.update(self.line.as_bytes());
        self.sha256.add(&self.line)?;
        self.line.clear();
        self.line.extend([&md5, "  ", path, "\n"]);
        self.md5.add(&self.line)?;
        self.line.clear();
        self.line.extend([&bytes_told, ",", &md5, ",", &sha256, ",", path, "\n"]);
        self.hashdeep.add(&self.line)?;
        self.files += 1;
        self.bytes += bytes;
        Ok(())
    }

    /// Ends and syncs them.
    pub(super) fn finish(self) -> Result<Payload, PackageError> {
        let lists = [self.sha256.finish()?, self.md5.finish()?, self.hashdeep.finish()?];
        let (sha256, _) = self.hasher.finish();
        Ok(Payload { files: self.files, bytes: self.bytes, sha256, lists })
    }
}
