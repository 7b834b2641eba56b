//! Sealing's last look: every native is read from the disk again and compared with its row.
//!
//! The same reading makes the lists of the payload, so that the payload is read once. Files and rows are
//! joined in path order: what is missing, what is too much and what differs all come out. It must not judge:
//! whether a difference forbids sealing is the caller's decision (it does).

use std::io;
use std::iter::Peekable;
use std::ops::ControlFlow;
use std::thread;

use zip::ZipArchive;

use super::durable::{digest, digests};
use super::lanes::{BATCH_BUDGET, in_order};
use super::layout::{DATA, Layout};
use super::lists::{Lists, Payload};
use super::recover::volume_number;
use super::shared_file::SharedFile;
use super::space::At as _;
use super::tree::{Found, Join, Pair, Walk, in_path_order};
use super::{Format, Native, Package, PackageError, VolumeFacts};
use crate::terms::{Bucket, Md5, Sha256};

/// A place where disk and manifest disagree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The native, volume or file, as a manifest path.
    pub path: String,
    /// What the manifest says; `None` for something that it does not know.
    pub expected: Option<Sha256>,
    /// What is there; `None` when nothing readable is.
    pub found: Option<Sha256>,
}

/// What reading everything again showed.
#[derive(Debug)]
pub struct Reread {
    /// Empty when the package may be sealed.
    pub mismatches: Vec<Mismatch>,
    /// For [`super::bag::write`].
    pub payload: Payload,
}

impl Package {
    /// Reads every native (for ZIP: every volume, and every member in it) and compares it with its row.
    ///
    /// `natives` come in the order of their paths (SQLite's `ORDER BY path`) and are not held in memory.
    /// `progress` gets the number of natives done, and may end the work with [`PackageError::CutShort`]. Blocks: call it off the reactor.
    pub fn reread(
        &self,
        natives: impl Iterator<Item = Native>,
        volumes: &[VolumeFacts],
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Reread, PackageError> {
        let mut reading = Reading {
            layout: self.layout(),
            mismatches: Vec::new(),
            lists: Lists::new(self.layout())?,
            done: 0,
            progress,
        };
        let natives = in_path_order(natives);
        match self.format() {
            Format::Eml => reading.files(natives)?,
            Format::Zip { .. } => reading.volumes(natives, volumes)?,
        }
        Ok(Reread { mismatches: reading.mismatches, payload: reading.lists.finish()? })
    }
}

struct Reading<'a> {
    layout: &'a Layout,
    mismatches: Vec<Mismatch>,
    lists: Lists,
    done: u64,
    progress: &'a mut dyn FnMut(u64) -> ControlFlow<()>,
}

/// What a thread found out about one path.
enum Seen {
    File { path: String, bytes: u64, expected: Option<Sha256>, found: io::Result<(Sha256, Md5)> },
    Nothing { path: String, expected: Sha256 },
}

impl Reading<'_> {
    fn files(&mut self, natives: impl Iterator<Item = Result<Native, PackageError>>) -> Result<(), PackageError> {
        let layout = self.layout;
        let pairs = Join::new(Walk::to_read(layout, DATA), natives);
        let worker = || {
            let mut bucket = Bucket::default();
            move |pair: Pair<Found, Native>| match pair {
                Pair::Left(file) => see(layout, file, None, &mut bucket),
                Pair::Both(file, native) => see(layout, file, Some(native.sha256), &mut bucket),
                Pair::Right(native) => Seen::Nothing { path: native.path, expected: native.sha256 },
            }
        };
        in_order(
            pairs,
            |pair: &Pair<Found, Native>| match pair {
                Pair::Left(_) => BATCH_BUDGET,
                Pair::Both(_, native) => share(native.bytes),
                Pair::Right(_) => 0,
            },
            worker,
            |seen| {
                match seen {
                    Seen::Nothing { path, expected } => self.differs(path, Some(expected), None),
                    Seen::File { path, bytes, expected, found } => {
                        let found = found.at("read", layout.at(&path))?;
                        self.lists.add(&path, bytes, found)?;
                        if expected != Some(found.0) {
                            self.differs(path, expected, Some(found.0));
                        }
                    }
                }
                self.one_done()
            },
        )
    }

    fn volumes(
        &mut self,
        natives: impl Iterator<Item = Result<Native, PackageError>>,
        volumes: &[VolumeFacts],
    ) -> Result<(), PackageError> {
        let mut natives = natives.peekable();
        for file in Walk::new(self.layout, DATA) {
            let file = file?;
            let facts = volumes.iter().find(|facts| file.path.strip_prefix("data/") == Some(facts.name.as_str()));
            if volume_number(file.path.strip_prefix("data/").unwrap_or_default()).is_none() || facts.is_none() {
                // Stray: hashed so that the report can name it.
                let found = digest(&self.layout.at(&file.path)).at("read", self.layout.at(&file.path))?.0;
                self.differs(file.path, None, Some(found));
                continue;
            }
            let prefix = format!("{}/", file.path);
            while let Some(lost) = natives.next_if(|native| is_before(native, &prefix)) {
                self.lost(lost?)?;
            }
            let members = std::iter::from_fn(|| natives.next_if(|native| is_within(native, &prefix)));
            let found = self.volume(&file, &prefix, members.peekable())?;
            let sha256 = found.0;
            self.lists.add(&file.path, file.bytes, found)?;
            if facts.map(|facts| facts.sha256) != Some(sha256) {
                self.differs(file.path, facts.map(|facts| facts.sha256), Some(sha256));
            }
        }
        for lost in natives {
            self.lost(lost?)?;
        }
        for facts in volumes {
            let path = format!("{DATA}/{}", facts.name);
            if !self.layout.at(&path).is_file() {
                self.differs(path, Some(facts.sha256), None);
            }
        }
        Ok(())
    }

    /// Reads one volume twice at the same time: as a file for its own hash, and member by member.
    fn volume(
        &mut self,
        file: &Found,
        prefix: &str,
        members: Peekable<impl Iterator<Item = Result<Native, PackageError>>>,
    ) -> Result<(Sha256, Md5), PackageError> {
        let path = self.layout.at(&file.path);
        thread::scope(|scope| {
            let whole = scope.spawn(|| digests(&path, &mut Bucket::default()));
            let opened = SharedFile::open(&path).at("open", &path)?;
            match ZipArchive::new(opened) {
                Ok(archive) => self.members(&archive, prefix, members)?,
                // No archive, no members: each of them is reported, and the volume's own hash tells too.
                Err(_) => {
                    for lost in members {
                        self.lost(lost?)?;
                    }
                }
            }
            // A panic there is passed on by the scope.
            let whole = whole.join().unwrap_or_else(|_| Err(io::Error::other("the reading thread ended")));
            Ok(whole.at("read", &path)?.0)
        })
    }

    fn members(
        &mut self,
        archive: &ZipArchive<SharedFile>,
        prefix: &str,
        natives: impl Iterator<Item = Result<Native, PackageError>>,
    ) -> Result<(), PackageError> {
        let mut names: Vec<String> =
            archive.file_names().filter_map(Result::ok).map(|name| format!("{prefix}{name}")).collect();
        names.sort_unstable();
        let pairs = Join::new(names.into_iter().map(Ok), natives);
        let worker = || {
            let (mut archive, mut bucket) = (archive.clone(), Bucket::default());
            move |pair: Pair<String, Native>| match pair {
                Pair::Left(path) => (path, None, None),
                Pair::Right(native) => (native.path, Some(native.sha256), None),
                Pair::Both(path, native) => {
                    let found = member_digest(&mut archive, path.strip_prefix(prefix).unwrap_or_default(), &mut bucket);
                    (path, Some(native.sha256), found)
                }
            }
        };
        in_order(
            pairs,
            |pair: &Pair<String, Native>| match pair {
                Pair::Right(native) | Pair::Both(_, native) => share(native.bytes),
                Pair::Left(_) => 0,
            },
            worker,
            |(path, expected, found)| {
                if expected.is_none() || expected != found {
                    self.differs(path, expected, found);
                }
                self.one_done()
            },
        )
    }

    fn lost(&mut self, native: Native) -> Result<(), PackageError> {
        self.differs(native.path, Some(native.sha256), None);
        self.one_done()
    }

    fn differs(&mut self, path: String, expected: Option<Sha256>, found: Option<Sha256>) {
        self.mismatches.push(Mismatch { path, expected, found });
    }

    fn one_done(&mut self) -> Result<(), PackageError> {
        self.done += 1;
        if (self.progress)(self.done).is_break() { Err(PackageError::CutShort) } else { Ok(()) }
    }
}

fn is_before(native: &Result<Native, PackageError>, prefix: &str) -> bool {
    native.as_ref().is_ok_and(|native| native.path.as_str() < prefix)
}

/// An error counts as within: it is taken, and ends the reading.
fn is_within(native: &Result<Native, PackageError>, prefix: &str) -> bool {
    native.as_ref().map_or(true, |native| native.path.starts_with(prefix))
}

/// What a file counts for when it is handed to a thread. Only a piece of it is ever in memory, so a large file need not
/// be alone; it is not to be behind others, though.
fn share(bytes: u64) -> u64 {
    bytes.min(BATCH_BUDGET)
}

fn see(layout: &Layout, file: Found, expected: Option<Sha256>, bucket: &mut Bucket) -> Seen {
    match digests(&layout.at(&file.path), bucket) {
        Ok((found, bytes)) => Seen::File { path: file.path, bytes, expected, found: Ok(found) },
        Err(error) => Seen::File { path: file.path, bytes: 0, expected, found: Err(error) },
    }
}

/// `None` when the member cannot be read: its CRC or its compressed data is wrong.
fn member_digest(archive: &mut ZipArchive<SharedFile>, name: &str, bucket: &mut Bucket) -> Option<Sha256> {
    let member = archive.by_name(name).ok()?;
    bucket.pour(member, io::sink()).ok().map(|(found, _)| found)
}
