//! Custody events: the package changed hands, a copy was destroyed, somebody wants something on record.
//!
//! Each is a segment of the log that goes on where it ended, signed by whoever swears it; that may be another than who
//! collected. It must not judge what is said.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

use super::{AttestError, Open, SEGMENTS};
use crate::custody::{EventKind, Line, Notary, SealedManifest, Tool};
use crate::terms::Sha256;

/// The most characters of one thing said.
const MOST: usize = 2_000;
/// The most segments a package can have: their names hold six digits.
const SEGMENTS_MAX: u32 = 999_999;

/// What is sworn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The package, or a copy of it, changed hands.
    Transferred {
        /// Who gave it.
        from: String,
        /// Who has it now.
        to: String,
        /// On what, or by which way.
        medium: String,
        /// What was handed over; the package's tag manifest where nothing else is named.
        sha256: Option<Sha256>,
    },
    /// Something to have on record.
    Noted {
        /// The words.
        text: String,
    },
    /// Something was destroyed.
    Disposed {
        /// What.
        what: String,
        /// How, where it is said.
        how: Option<String>,
        /// On whose word, where it is said.
        authority: Option<String>,
    },
}

/// What was added.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Sworn {
    /// The segment, from the package's root.
    pub path: String,
    /// Lines of the whole log now.
    pub log_size: u64,
    /// The root over them, lower-case hex.
    #[schemars(with = "String")]
    pub log_root: Sha256,
    /// The public key that signed it.
    pub vkey: String,
    /// What was handed over, for a transfer.
    #[schemars(with = "Option<String>")]
    pub handed_over_sha256: Option<Sha256>,
    /// SHA-256 of the tag manifest after the addition.
    #[schemars(with = "String")]
    pub tagmanifest_sha256: Sha256,
}

/// Swears an event about a sealed package. Blocks: call it off the reactor.
///
/// # Errors
/// [`AttestError`]; nothing was added then.
pub fn swear(root: &Utf8Path, event: &Event, tool: &Tool, notary: &Notary) -> Result<Sworn, AttestError> {
    let mut open = Open::new(root, (notary.clock)())?;
    let (line, handed_over) = line(event, &open)?;
    let mut earlier = Vec::new();
    let number = loop {
        let number = u32::try_from(earlier.len()).unwrap_or(SEGMENTS_MAX) + 1;
        let path = segment(number, "jsonl");
        if !open.addition.has(&path) {
            break number;
        }
        earlier.push(read(open.record.root().join(path))?);
    };
    if number > SEGMENTS_MAX {
        return Err(AttestError::Full(SEGMENTS_MAX));
    }
    let sealed = SealedManifest::open(&open.record.root().join("affiant/manifest.sqlite"))?;
    let sworn = sealed.segment(&earlier, tool, vec![line], notary)?;
    let path = segment(number, "jsonl");
    let files = [(path.clone(), sworn.lines), (segment(number, "checkpoint"), sworn.note.into_bytes())];
    let tag_manifest = open.addition.put(&files)?;
    let (log_size, log_root) = (sworn.head.size, sworn.head.root);
    Ok(Sworn {
        path,
        log_size,
        log_root,
        vkey: sworn.vkey,
        handed_over_sha256: handed_over,
        tagmanifest_sha256: tag_manifest,
    })
}

fn segment(number: u32, end: &str) -> String {
    format!("{SEGMENTS}/{number:06}.{end}")
}

fn read(path: Utf8PathBuf) -> Result<Vec<u8>, AttestError> {
    fs::read(&path).map_err(|source| AttestError::Read { path, source })
}

/// The event as a line, and the digest of what was handed over.
fn line(event: &Event, open: &Open) -> Result<(Line, Option<Sha256>), AttestError> {
    Ok(match event {
        Event::Transferred { from, to, medium, sha256 } => {
            let sha256 = sha256.map_or_else(|| open.tag_manifest(), Ok)?;
            let line = Line::new(EventKind::CustodyTransferred)
                .text("from", said("who gives it", from)?)
                .text("to", said("who takes it", to)?)
                .text("medium", said("the medium", medium)?)
                .text("sha256", sha256.to_string());
            (line, Some(sha256))
        }
        Event::Noted { text } => (Line::new(EventKind::CustodyNoted).text("text", said("the note", text)?), None),
        Event::Disposed { what, how, authority } => {
            let mut line = Line::new(EventKind::Disposed).text("what", said("what was destroyed", what)?);
            for (name, words, value) in
                [("how", "how it was destroyed", how), ("authority", "the authority", authority)]
            {
                if let Some(value) = value {
                    line = line.text(name, said(words, value)?);
                }
            }
            (line, None)
        }
    })
}

/// Words as they are kept: one line, trimmed, neither empty nor endless.
fn said<'t>(what: &'static str, text: &'t str) -> Result<&'t str, AttestError> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= MOST && !text.chars().any(char::is_control);
    fits.then_some(text).ok_or(AttestError::Text { what, most: MOST })
}
