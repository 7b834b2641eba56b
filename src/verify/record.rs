//! A sealed package opened for those who present it: reports, load files, proofs.
//!
//! Its record is checked before a line of it is shown; its natives are not, and who reads one hashes it. Must not
//! know what is made of the facts.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, Read};

use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::Connection;

use super::ledger::{DATABASE, Ledger};
use super::report::{Class, Findings, Told, Verdict};
use super::volume::Archive;
use super::{checkpoint, prepare};
use crate::terms::Sha256;

/// Why a package cannot be presented.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum RecordError {
    /// There is nothing to read here.
    #[error("{root} cannot be read as a package: {why}")]
    #[diagnostic(
        code(affiant::record::unreadable),
        help("give the folder of a sealed package: the one that holds bagit.txt and affiant/manifest.sqlite")
    )]
    Unreadable {
        /// The folder.
        root: Utf8PathBuf,
        /// What is in the way.
        why: String,
    },
    /// The acquisition goes on.
    #[error("{root} is not sealed yet")]
    #[diagnostic(code(affiant::record::unsealed), help("finish it first: affiant resume {root}"))]
    Unsealed {
        /// The folder.
        root: Utf8PathBuf,
    },
    /// The record is not as it was sealed.
    #[error("the record of {root} is not as it was sealed: {first} ({count} in all)")]
    #[diagnostic(
        code(affiant::record::differs),
        help("nothing is made from a record that was changed; see every difference with: affiant verify {root}")
    )]
    Differs {
        /// The folder.
        root: Utf8PathBuf,
        /// How many differences there are.
        count: u64,
        /// The first of them.
        first: String,
    },
}

/// What the log came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordHead {
    /// The acquisition, a UUID.
    pub acquisition_id: String,
    /// Lines of the log.
    pub size: u64,
    /// RFC 6962 root over them.
    pub root: Sha256,
    /// The text of `affiant/checkpoint`.
    pub checkpoint: String,
}

/// A sealed package whose record holds.
#[derive(Debug)]
pub struct Record {
    root: Utf8PathBuf,
    ledger: Ledger,
    head: RecordHead,
    /// The volume read last, still open.
    volume: RefCell<Option<(String, Archive)>>,
}

impl Record {
    /// Opens a package after checking its record: tag files, database, log, tree, balance. Blocks: call it off the reactor.
    ///
    /// # Errors
    /// [`RecordError`]: no package, not sealed, or not as it was sealed.
    pub fn open(root: &Utf8Path) -> Result<Self, RecordError> {
        let mut findings = Findings::default();
        let unreadable = |why: String| RecordError::Unreadable { root: root.to_owned(), why };
        let ledger = match prepare(root, &mut findings) {
            Ok(ledger) => ledger,
            Err(why) if why.verdict == Verdict::Unsealed => {
                return Err(RecordError::Unsealed { root: root.to_owned() });
            }
            Err(why) => return Err(unreadable(why.detail)),
        };
        let report = findings.report(Told::default());
        let count = report.checks.iter().map(|check| check.findings.len() as u64 + check.omitted).sum();
        if let Some((check, finding)) = report.findings().next() {
            let first = format!("{check}: {} {}", finding.class, finding.path);
            return Err(RecordError::Differs { root: root.to_owned(), count, first });
        }
        let ledger = ledger.ok_or_else(|| unreadable(format!("{DATABASE} cannot be opened")))?;
        let head = head(root, &ledger).map_err(|_| unreadable(Class::Unreadable.to_string()))?;
        let head = head.ok_or_else(|| unreadable("its checkpoint cannot be read".to_owned()))?;
        Ok(Self { root: root.to_owned(), ledger, head, volume: RefCell::default() })
    }

    /// The package's folder.
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// The manifest: read-only, nothing in it is obeyed. Tables and columns: `schemas/manifest.sql`.
    pub const fn db(&self) -> &Connection {
        self.ledger.db()
    }

    /// What the log came to.
    pub const fn head(&self) -> &RecordHead {
        &self.head
    }

    /// Reads one native by its path in the manifest, from a file or from a volume, into `out`, and returns its digest and
    /// length. A path that leaves the package is refused.
    ///
    /// # Errors
    /// What the file system or the archive says.
    pub fn native(&self, path: &str, out: &mut dyn io::Write) -> io::Result<(Sha256, u64)> {
        if !path.starts_with("data/") || path.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a path of a native"));
        }
        match path.find(".zip/") {
            None => copy(&mut File::open(self.root.join(path))?, out),
            Some(dot) => {
                let (volume, name) = (path.get(..dot + 4).unwrap_or_default(), path.get(dot + 5..).unwrap_or_default());
                let mut held = self.volume.borrow_mut();
                let mut archive = match held.take() {
                    Some((open, archive)) if open == volume => archive,
                    _ => Archive::open(&self.root.join(volume))?,
                };
                let done = archive.member(name).and_then(|mut member| copy(&mut member, out));
                *held = Some((volume.to_owned(), archive));
                done
            }
        }
    }
}

fn copy(from: &mut dyn Read, to: &mut dyn io::Write) -> io::Result<(Sha256, u64)> {
    let mut hasher = crate::terms::Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let piece = buffer.get(..count).unwrap_or_default();
        hasher.update(piece);
        to.write_all(piece)?;
    }
}

fn head(root: &Utf8Path, ledger: &Ledger) -> rusqlite::Result<Option<RecordHead>> {
    let id = ledger.text("SELECT value FROM meta WHERE key = 'acquisition_id'")?;
    let (size, digest): (i64, Vec<u8>) =
        ledger.db().query_row("SELECT size, root FROM checkpoint ORDER BY size DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let checkpoint = fs::read_to_string(root.join(checkpoint::FILE)).ok();
    let head = id.zip(checkpoint).zip(u64::try_from(size).ok().zip(Sha256::from_slice(&digest)));
    Ok(head.map(|((acquisition_id, checkpoint), (size, root))| RecordHead { acquisition_id, size, root, checkpoint }))
}
