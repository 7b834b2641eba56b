//! Proofs for single messages: what a stranger needs to check one message without the package.
//!
//! [`prove`] takes chosen control numbers out of a sealed package whose record holds: the native, its log line, the
//! path from that line to the signed head of the log, and a page that says how to check them. It never writes into
//! the package, and knows no time of its own: the same record gives the same bytes.

mod error;
mod native;
mod page;
mod path;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::{Connection, OptionalExtension as _};

pub use error::ProveError;

use crate::terms::{ControlNumber, Matching, Sha256};
use crate::verify::{Record, Verdict, verify_proofs};
use native::Native;
use path::Levels;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Proved {
    /// The folder that holds a folder for each proof.
    #[schemars(with = "String")]
    pub out: Utf8PathBuf,
    /// The acquisition, a UUID.
    pub acquisition_id: String,
    /// Lines of the log that the proofs lead to.
    pub log_size: u64,
    /// The root over them, lower-case hex.
    pub log_root: String,
    /// The public key that signed it (C2SP signed-note vkey): to be handed over on another way.
    pub vkey: String,
    /// The proofs, in the order of their numbers.
    pub proofs: Vec<Proof>,
}

/// One proof.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Proof {
    /// The message's number.
    pub control_number: String,
    /// Its folder.
    #[schemars(with = "String")]
    pub folder: Utf8PathBuf,
    /// What the line states.
    pub kind: LineKind,
    /// The line's place in the log, counted from 0.
    pub index: u64,
    /// SHA-256 of the native, lower-case hex; `null` for a message that is not there.
    pub sha256: Option<String>,
}

/// What a proven line states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// The message was collected: `item.collected`.
    Collected,
    /// The message is missing, and why: `item.excepted`.
    Excepted,
}

/// Writes a folder for each number into `out`, which must not exist; it appears whole or not at all.
///
/// Every proof is checked as a stranger would before the folder gets its name. Blocks: call it off the reactor. Keeps
/// 64 bytes per line of the log in memory.
///
/// # Errors
/// [`ProveError`]: the folder is there or lies inside the package, a number is not in the package, a native is not what
/// its row states, or a file cannot be written.
pub fn prove(record: &Record, numbers: &BTreeSet<ControlNumber>, out: &Utf8Path) -> Result<Proved, ProveError> {
    let parent = room(record.root(), out)?;
    let wanted = numbers.iter().map(|number| Wanted::find(record.db(), *number)).collect::<Result<Vec<_>, _>>()?;
    let levels = Levels::over(leaves(record.db())?);
    let head = record.head();
    if (levels.size(), levels.root()) != (head.size, Some(head.root)) {
        return Err(ProveError::Internal);
    }
    let wrong = |source| ProveError::Write { path: out.to_owned(), source };
    // Gone again with everything in it, unless it is given its name.
    let room = tempfile::Builder::new().prefix(".affiant-proofs-").tempdir_in(parent).map_err(wrong)?;
    let room_path = Utf8Path::from_path(room.path()).ok_or(ProveError::Internal)?;
    let made = room_path.join("proofs");
    fs::create_dir(&made).map_err(wrong)?;
    for wanted in &wanted {
        wanted.write(record, &levels, &made)?;
    }
    let folders: Vec<Utf8PathBuf> = wanted.iter().map(|wanted| made.join(wanted.number.to_string())).collect();
    if verify_proofs(&folders, None).verdict != Verdict::Verified {
        return Err(ProveError::Internal);
    }
    fs::rename(&made, out).map_err(wrong)?;
    Ok(Proved {
        out: out.to_owned(),
        acquisition_id: head.acquisition_id.clone(),
        log_size: head.size,
        log_root: head.root.to_string(),
        vkey: head.vkey.clone(),
        proofs: wanted.into_iter().map(|wanted| wanted.said(out)).collect(),
    })
}

/// The folder above `out`, once it is sure that nothing is overwritten and nothing appears in the package.
fn room<'o>(root: &Utf8Path, out: &'o Utf8Path) -> Result<&'o Utf8Path, ProveError> {
    if out.symlink_metadata().is_ok() {
        return Err(ProveError::Taken { folder: out.to_owned() });
    }
    let parent = match out.parent() {
        Some(parent) if !parent.as_str().is_empty() => parent,
        _ => Utf8Path::new("."),
    };
    let wrong = |source| ProveError::Write { path: parent.to_owned(), source };
    let resolved = parent.canonicalize_utf8().map_err(wrong)?;
    if root.canonicalize_utf8().is_ok_and(|root| resolved.starts_with(root)) {
        return Err(ProveError::Inside { folder: out.to_owned() });
    }
    Ok(parent)
}

/// The leaf of every line of the log, in order.
fn leaves(db: &Connection) -> Result<Vec<Sha256>, ProveError> {
    let mut query = db.prepare("SELECT leaf FROM entry ORDER BY seq")?;
    let mut rows = query.query([])?;
    let mut leaves = Vec::new();
    while let Some(row) = rows.next()? {
        let leaf: Vec<u8> = row.get(0)?;
        leaves.push(Sha256::from_slice(&leaf).ok_or(ProveError::Internal)?);
    }
    Ok(leaves)
}

/// A number with what the record has of it.
struct Wanted {
    number: ControlNumber,
    index: u64,
    line: String,
    native: Option<Native>,
}

impl Wanted {
    /// Looks for the line that says what became of the message.
    fn find(db: &Connection, number: ControlNumber) -> Result<Self, ProveError> {
        let unknown = || ProveError::Unknown { number };
        let ordinal = i64::try_from(number.ordinal()).map_err(|_| unknown())?;
        let collected = "SELECT e.seq, e.body, i.path, i.bytes, i.sha256, i.sha1, i.md5
                           FROM item i JOIN entry e ON e.seq = i.entry_seq WHERE i.control_number = ?1";
        let found = db.query_row(collected, [number.to_string()], |row| {
            Ok((row.get(0)?, row.get(1)?, Native::read(row, number)?))
        });
        if let Some((seq, line, native)) = found.optional()? {
            return Self::new(number, seq, line, Some(native.ok_or(ProveError::Internal)?));
        }
        let excepted = "SELECT e.seq, e.body FROM exception x JOIN entry e ON e.seq = x.entry_seq
                         WHERE x.listed_id = ?1 AND x.severity = 'item_missing' AND e.kind = 'item.excepted'
                           AND json_extract(e.body, '$.control_number') = ?2
                         ORDER BY x.exception_id DESC LIMIT 1";
        let found = db.query_row(excepted, (ordinal, number.to_string()), |row| Ok((row.get(0)?, row.get(1)?)));
        let (seq, line) = found.optional()?.ok_or_else(unknown)?;
        Self::new(number, seq, line, None)
    }

    fn new(number: ControlNumber, seq: i64, line: String, native: Option<Native>) -> Result<Self, ProveError> {
        let index = u64::try_from(seq).map_err(|_| ProveError::Internal)?;
        Ok(Self { number, index, line, native })
    }

    fn write(&self, record: &Record, levels: &Levels, out: &Utf8Path) -> Result<(), ProveError> {
        let name = self.number.to_string();
        let folder = out.join(&name);
        let wrong = |source| ProveError::Write { path: folder.clone(), source };
        fs::create_dir(&folder).map_err(wrong)?;
        if let Some(native) = &self.native {
            native.copy(record.root(), &folder.join(format!("{name}.eml")))?;
        }
        let head = record.head();
        let path = levels.path(self.index).ok_or(ProveError::Internal)?;
        let page = page::page(self, head);
        for (end, text) in [
            (".log.json", self.line.as_str()),
            (".tlog-proof", &path::text(self.index, &path, &head.checkpoint)),
            (".vkey", &format!("{}\n", head.vkey)),
        ] {
            keep(&folder.join(format!("{name}{end}")), text.as_bytes())?;
        }
        keep(&folder.join("explanation.html"), page.as_bytes())
    }

    fn said(self, out: &Utf8Path) -> Proof {
        let control_number = self.number.to_string();
        Proof {
            folder: out.join(&control_number),
            control_number,
            kind: self.kind(),
            index: self.index,
            sha256: self.native.map(|native| native.sha256.to_string()),
        }
    }

    const fn kind(&self) -> LineKind {
        if self.native.is_some() { LineKind::Collected } else { LineKind::Excepted }
    }
}

/// Writes a file that is not there yet.
fn keep(path: &Utf8Path, bytes: &[u8]) -> Result<(), ProveError> {
    let written = File::create_new(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|source| ProveError::Write { path: path.to_owned(), source })
}
