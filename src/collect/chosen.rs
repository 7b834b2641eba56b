//! Messages named by id: the list that was given, and whether a message of a listing is wanted.
//!
//! The list stays in the package as it was given; the log states its hash and how many ids it holds. What is not
//! wanted is counted and never listed; what was wanted and is nowhere in scope is an exception of its own.
//! It must not talk to the service.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read};

use miette::Diagnostic;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::custody::{CustodyError, ExceptionRow, Writer};
use crate::graph::wire;
use crate::package::Package;
use crate::terms::{ExceptionCode, GraphId, Severity, Sha256};

use super::error::CollectError;
use super::record;

/// Where the list lies in the package.
pub(super) const FILE: &str = "affiant/chosen-ids";
/// Largest list, in bytes: some 200,000 ids, which are held in memory during the run.
const LARGEST: u64 = 32 << 20;
/// Longest Message-ID, in bytes; a header line holds no more (RFC 5322, section 2.1.1).
const LONGEST: usize = 998;
/// First cells that are a column's title, without spaces, hyphens and underscores, in lower case.
const TITLES: [&str; 7] = ["id", "ids", "itemid", "graphid", "immutableid", "messageid", "internetmessageid"];
/// What the exceptions of ids that were not found say first.
const NOT_FOUND: &str = "asked for by id and not found in scope";

/// What the list is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// Only these messages are collected.
    Only,
    /// These messages are not collected.
    Skip,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Only => "only",
            Self::Skip => "skip",
        })
    }
}

/// What the log states about the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// What it is for.
    pub way: Way,
    /// SHA-256 of the file as given.
    pub sha256: Sha256,
    /// Different ids in it.
    pub entries: u64,
}

/// A list that cannot be used.
#[derive(Debug, Error, Diagnostic)]
pub enum IdsError {
    /// The file cannot be read.
    #[error("the list of ids cannot be read")]
    #[diagnostic(
        code(affiant::collect::ids_read),
        help("check the path and that the file is not open in another program")
    )]
    Read(#[source] io::Error),
    /// Larger than is held in memory.
    #[error("the list of ids is larger than 32 MiB")]
    #[diagnostic(code(affiant::collect::ids_size), help("split it and collect each part into a folder of its own"))]
    Size,
    /// Not UTF-8.
    #[error("the list of ids is not UTF-8 text")]
    #[diagnostic(
        code(affiant::collect::ids_encoding),
        help("save it as \"CSV UTF-8\" or plain text; workbooks (.xlsx) are not read")
    )]
    Encoding,
    /// A row that is neither kind of id.
    #[error("line {line} of the list of ids is neither a message id of Graph nor a Message-ID")]
    #[diagnostic(
        code(affiant::collect::ids_line),
        help("put one id on each line, or ids into the first column of a CSV file; # starts a comment")
    )]
    Line {
        /// Where, from 1.
        line: u64,
    },
    /// Nothing in it.
    #[error("the list of ids holds no id")]
    #[diagnostic(
        code(affiant::collect::ids_empty),
        help("put one id on each line, or ids into the first column of a CSV file")
    )]
    Empty,
}

/// A list of ids, read.
#[derive(Debug)]
pub struct Ids {
    chosen: Chosen,
    bytes: Vec<u8>,
    /// Ids of the service, compared exactly, with their lines.
    graph: HashMap<String, u64>,
    /// Message-IDs without their angle brackets, compared exactly, with their lines.
    message: HashMap<String, u64>,
}

impl Ids {
    /// Reads a list: one id per line, or the first column of a CSV file (commas, semicolons or tabs). Lines that begin
    /// with `#`, blank lines, a title and a byte order mark are passed over. What has an `@` or stands in angle brackets
    /// is a Message-ID, anything else an id of the service, in the immutable form that manifests hold.
    ///
    /// # Errors
    /// [`IdsError`]: unreadable, too large (32 MiB), not UTF-8, a line that is no id, or none at all.
    pub fn read(way: Way, reader: impl Read) -> Result<Self, IdsError> {
        let mut bytes = Vec::new();
        reader.take(LARGEST + 1).read_to_end(&mut bytes).map_err(IdsError::Read)?;
        if bytes.len() as u64 > LARGEST {
            return Err(IdsError::Size);
        }
        let chosen = Chosen { way, sha256: Sha256::of(&bytes), entries: 0 };
        let mut ids = Self { chosen, bytes, graph: HashMap::new(), message: HashMap::new() };
        let text = std::str::from_utf8(&ids.bytes).map_err(|_| IdsError::Encoding)?;
        (ids.graph, ids.message) = parse(text.strip_prefix('\u{FEFF}').unwrap_or(text))?;
        ids.chosen.entries = (ids.graph.len() + ids.message.len()) as u64;
        if ids.chosen.entries == 0 { Err(IdsError::Empty) } else { Ok(ids) }
    }

    /// The list that the package keeps, if it still is the one that the log states.
    pub(super) fn kept(package: &Package, chosen: Chosen) -> Result<Self, CollectError> {
        let file = std::fs::File::open(package.root().join(FILE)).map_err(|_| CollectError::Ids)?;
        let ids = Self::read(chosen.way, file).map_err(|_| CollectError::Ids)?;
        if ids.chosen == chosen { Ok(ids) } else { Err(CollectError::Ids) }
    }

    /// What the log states about it.
    pub const fn chosen(&self) -> Chosen {
        self.chosen
    }

    /// The file as it was given; nothing the second time.
    pub(super) fn take_bytes(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Whether a message of a listing is to be collected.
    pub(super) fn wants(&self, message: &wire::Message) -> bool {
        self.wants_id(message.id.as_str(), message.internet_message_id.as_deref())
    }

    /// The same of a message of which only the ids are known.
    pub(super) fn wants_id(&self, graph_id: &str, message_id: Option<&str>) -> bool {
        let by_message_id = message_id.is_some_and(|id| self.message.contains_key(bare(id)));
        let named = by_message_id || self.graph.contains_key(graph_id);
        match self.chosen.way {
            Way::Only => named,
            Way::Skip => !named,
        }
    }

    /// Swears to every id that was asked for and that no listing showed, by its line in the list: a Message-ID may hold
    /// a name, and the log may go to the other side. Once; a later session finds it done.
    pub(super) fn swear_unseen(&self, w: &mut Writer<'_>) -> Result<(), CustodyError> {
        if self.chosen.way == Way::Skip || w.ledger().has_exception_like(NOT_FOUND)? {
            return Ok(());
        }
        let (mut graph, mut message) = (self.graph.clone(), self.message.clone());
        w.ledger().each_listed_id(|id, message_id| {
            graph.remove(id);
            // One Message-ID may name several messages: a copy to oneself, a copy in another mailbox.
            message_id.and_then(|id| message.remove(bare(id)));
        })?;
        let of_graph = graph.into_iter().map(|(id, line)| (line, GraphId::new(&id).ok()));
        let mut unseen: Vec<_> = message.into_values().map(|line| (line, None)).chain(of_graph).collect();
        unseen.sort_unstable_by_key(|(line, _)| *line);
        for (line, graph_id) in unseen {
            let row = ExceptionRow::new(ExceptionCode::Other, Severity::ItemMissing);
            let detail = format!("{NOT_FOUND}: line {line} of {FILE}");
            record::except(w, &ExceptionRow { graph_id, detail, ..row }, None)?;
        }
        Ok(())
    }
}

type Lines = HashMap<String, u64>;

fn parse(text: &str) -> Result<(Lines, Lines), IdsError> {
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .delimiter(delimiter(text))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let (mut graph, mut message, mut first) = (Lines::new(), Lines::new(), true);
    let mut place = Place { text, at: 0, line: 1 };
    for row in rows.records() {
        let row = row.map_err(|_| IdsError::Line { line: place.line })?;
        let (cell, line) = (row.get(0).unwrap_or_default(), place.of(&row));
        if cell.is_empty() || cell.starts_with('#') || (std::mem::take(&mut first) && is_title(cell)) {
            continue;
        }
        if cell.contains('@') || (cell.starts_with('<') && cell.ends_with('>')) {
            if cell.len() > LONGEST || cell.chars().any(char::is_control) || bare(cell).is_empty() {
                return Err(IdsError::Line { line });
            }
            message.entry(bare(cell).to_owned()).or_insert(line);
        } else {
            GraphId::new(cell).map_err(|_| IdsError::Line { line })?;
            graph.entry(cell.to_owned()).or_insert(line);
        }
    }
    Ok((graph, message))
}

/// The lines of rows. The reader's own numbers are those of where it went on reading: before line feeds, blank lines
/// and comments.
struct Place<'t> {
    text: &'t str,
    at: usize,
    line: u64,
}

impl Place<'_> {
    fn of(&mut self, row: &csv::StringRecord) -> u64 {
        let begun = row.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(self.at);
        self.forward(begun.saturating_sub(self.at));
        while let Some(line) = self.text.get(self.at..).and_then(|rest| rest.split_inclusive('\n').next())
            && (line.trim().is_empty() || line.starts_with('#'))
        {
            self.forward(line.len());
        }
        self.line
    }

    fn forward(&mut self, bytes: usize) {
        let passed = self.text.get(self.at..self.at + bytes).unwrap_or_default();
        self.line += passed.matches('\n').count() as u64;
        self.at += passed.len();
    }
}

/// The first of the usual separators in the first line that says something.
fn delimiter(text: &str) -> u8 {
    let says = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
    let first = text.lines().find(says).unwrap_or_default();
    first.bytes().find(|byte| matches!(byte, b',' | b';' | b'\t')).unwrap_or(b',')
}

fn is_title(cell: &str) -> bool {
    let plain: String = cell.chars().filter(|c| !matches!(c, ' ' | '-' | '_')).collect();
    TITLES.contains(&plain.to_lowercase().as_str())
}

/// A Message-ID without its angle brackets, which lists have or lack.
fn bare(id: &str) -> &str {
    let id = id.trim();
    id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).unwrap_or(id).trim()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Ids, IdsError> {
        Ids::read(Way::Only, text.as_bytes())
    }

    fn message(id: &str, message_id: Option<&str>) -> wire::Message {
        let json = serde_json::json!({ "id": id, "internetMessageId": message_id });
        serde_json::from_value(json).expect("a message")
    }

    #[test]
    fn ids_of_both_kinds_are_told_apart_line_by_line() {
        let ids = read(
            "\u{FEFF}# from opposing counsel\r\nAAMk1=\r\n\r\n<a@b.example>\r\nc@d.example\r\n<odd>\r\nAAMk1=\r\n",
        );
        let ids = ids.expect("a list");
        assert_eq!(ids.chosen().entries, 4);
        assert_eq!(ids.graph.get("AAMk1="), Some(&2));
        assert_eq!(ids.message.get("a@b.example"), Some(&4));
        assert!(ids.wants(&message("AAMk1=", None)) && ids.wants(&message("x", Some("<c@d.example>"))));
        assert!(ids.wants(&message("x", Some("<odd>"))));
        assert!(!ids.wants(&message("aamk1=", Some("<A@b.example>"))), "both kinds are compared exactly");
        assert!(!ids.wants(&message("x", None)));
    }

    #[test]
    fn the_first_column_of_a_spreadsheet_is_the_list() {
        let table = "Internet Message-ID;Subject\r\n<a@b.example>;\"two\r\nlines\"\r\n\"<c@d.example>\";x\r\n";
        let ids = Ids::read(Way::Skip, table.as_bytes()).expect("a list");
        assert_eq!(ids.chosen().entries, 2);
        assert!(!ids.wants(&message("x", Some("<c@d.example>"))) && ids.wants(&message("x", None)));
    }

    #[test]
    fn what_is_no_id_is_named_by_its_line() {
        assert!(matches!(read("AAMk1\n\u{7}@b\n"), Err(IdsError::Line { line: 2 })));
        assert!(matches!(read("# nothing\n\n"), Err(IdsError::Empty)));
        assert!(matches!(Ids::read(Way::Only, [0xFF, 0xFE].as_slice()), Err(IdsError::Encoding)));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Ids::read(Way::Only, bytes.as_slice());
        }
    }
}
