//! A sealed package opened for those who present it, such as reports.
//!
//! Its record is checked before a line of it is shown; its natives are not. Must not know what is
//! made of the facts.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::Connection;

use super::ledger::{DATABASE, Ledger};
use super::payload::LEFT;
use super::report::{Class, CustodyEvent, Endorsement, Finding, Findings, Stamp, Told, Verdict};
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
    /// The public key that signed it, as the log names it.
    pub vkey: String,
}

/// A sealed package whose record holds.
#[derive(Debug)]
pub struct Record {
    root: Utf8PathBuf,
    ledger: Ledger,
    head: RecordHead,
    custody: Vec<CustodyEvent>,
    stamps: Vec<Stamp>,
    endorsements: Vec<Endorsement>,
}

impl Record {
    /// Opens a package after checking its record: tag files, database, log, tree, balance. Blocks: call it off the reactor.
    ///
    /// # Errors
    /// [`RecordError`]: no package, not sealed, or not as it was sealed.
    pub fn open(root: &Utf8Path) -> Result<Self, RecordError> {
        Self::opened(root, |_| false)
    }

    /// The same for the process that is about to add to the package and holds its lock: the lock's own files are no
    /// difference.
    ///
    /// # Errors
    /// As [`Record::open`].
    pub fn beside_a_run(root: &Utf8Path) -> Result<Self, RecordError> {
        Self::opened(root, |finding| finding.class == Class::Extra && LEFT.contains(&finding.path.as_str()))
    }

    fn opened(root: &Utf8Path, is_ours: impl Fn(&Finding) -> bool) -> Result<Self, RecordError> {
        let mut findings = Findings::default();
        let unreadable = |why: String| RecordError::Unreadable { root: root.to_owned(), why };
        let (ledger, told) = match prepare(root, &mut findings) {
            Ok(prepared) => prepared,
            Err(why) if why.verdict == Verdict::Unsealed => {
                return Err(RecordError::Unsealed { root: root.to_owned() });
            }
            Err(why) => return Err(unreadable(why.detail)),
        };
        let report = findings.report(Told::default());
        let foreign = || report.findings().filter(|(_, finding)| !is_ours(finding));
        if let Some((check, finding)) = foreign().next() {
            let omitted: u64 = report.checks.iter().map(|check| check.omitted).sum();
            let count = foreign().count() as u64 + omitted;
            let first = format!("{check}: {} {}", finding.class, finding.path);
            return Err(RecordError::Differs { root: root.to_owned(), count, first });
        }
        let ledger = ledger.ok_or_else(|| unreadable(format!("{DATABASE} cannot be opened")))?;
        let Told { custody, stamps, endorsements, .. } = told;
        let vkey = told.head.map(|head| head.vkey).unwrap_or_default();
        let head = head(root, &ledger, vkey).map_err(|_| unreadable(Class::Unreadable.to_string()))?;
        let head = head.ok_or_else(|| unreadable("its checkpoint cannot be read".to_owned()))?;
        Ok(Self { root: root.to_owned(), ledger, head, custody, stamps, endorsements })
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

    /// What was sworn after the seal, in order.
    pub fn custody(&self) -> &[CustodyEvent] {
        &self.custody
    }

    /// Time stamps over the checkpoint whose signature holds; by whom is only their own word.
    pub fn stamps(&self) -> &[Stamp] {
        &self.stamps
    }

    /// Signatures of people over the checkpoint that hold.
    pub fn endorsements(&self) -> &[Endorsement] {
        &self.endorsements
    }
}

fn head(root: &Utf8Path, ledger: &Ledger, vkey: String) -> rusqlite::Result<Option<RecordHead>> {
    let id = ledger.text("SELECT value FROM meta WHERE key = 'acquisition_id'")?;
    let (size, digest): (i64, Vec<u8>) =
        ledger.db().query_row("SELECT size, root FROM checkpoint ORDER BY size DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let checkpoint = fs::read_to_string(root.join(checkpoint::FILE)).ok();
    let head = id.zip(checkpoint).zip(u64::try_from(size).ok().zip(Sha256::from_slice(&digest)));
    Ok(head.map(|((acquisition_id, checkpoint), (size, root))| RecordHead {
        acquisition_id,
        size,
        root,
        checkpoint,
        vkey,
    }))
}
