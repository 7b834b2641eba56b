//! The log: `log.jsonl` line by line beside the database's entries, in one pass.
//!
//! On the way each entry is handed to the checks that need it: the tree and its checkpoints, and the
//! rows that are projections of entries. What later checks need of the log is kept in [`Account`].

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use rusqlite::Row;
use serde_json::{Map, Value};

use super::checkpoint::{Heads, Named};
use super::ledger::{Cursor, DATABASE, Ledger};
use super::lines::Lines;
use super::projection::Projections;
use super::report::{CheckName, Class, Findings};
use super::{authenticity, canonical, merkle};
use crate::terms::{Sha256, UtcInstant};

/// Package path of the log.
pub(super) const LOG: &str = "affiant/log.jsonl";
/// The first and the last kind of entry.
pub(super) const OPENED: &str = "acquisition.opened";
const SEALED: &str = "acquisition.sealed";

/// The closed list of event kinds.
const KINDS: [&str; 28] = [
    OPENED,
    "session.opened",
    "auth.obtained",
    "auth.refreshed",
    "clock.compared",
    "custodian.named",
    "custodian.licensed",
    "mailbox.opened",
    "access.tested",
    "folder.listed",
    "page.fetched",
    "item.collected",
    "item.excepted",
    "item.reverified",
    "item.authenticated",
    "dns.key.captured",
    "folder.reconciled",
    "volume.written",
    "file.orphaned",
    "exception.resolved",
    "earlier.known",
    "mailbox.compared",
    "package.built",
    "custody.transferred",
    "custody.noted",
    "disposed",
    "session.closed",
    SEALED,
];

/// A log entry's members.
pub(super) type Body = Map<String, Value>;

/// What the log states about the acquisition as a whole.
#[derive(Debug)]
pub(super) struct Account {
    /// The first entry.
    pub(super) opened: Option<Body>,
    /// The last entry, if it is the seal.
    pub(super) sealed: Option<Body>,
    /// Exceptions that a later entry resolved, by number.
    pub(super) resolved: BTreeSet<i64>,
    /// The files that were set aside, each with its SHA-256.
    pub(super) aside: BTreeMap<String, String>,
    /// What was copied from an earlier package.
    pub(super) known: Vec<Body>,
    /// The latest comparison with it of each mailbox.
    pub(super) compared: BTreeMap<i64, Body>,
    /// Where the log file has come to.
    pub(super) end: End,
    /// What kept the database from being read to its end.
    pub(super) trouble: rusqlite::Result<()>,
}

impl Default for Account {
    fn default() -> Self {
        let (known, compared) = (Vec::new(), BTreeMap::new());
        Self {
            opened: None,
            sealed: None,
            resolved: BTreeSet::new(),
            aside: BTreeMap::new(),
            known,
            compared,
            end: End::default(),
            trouble: Ok(()),
        }
    }
}

impl Account {
    fn take(&mut self, seq: u64, kind: &str, body: Body) {
        match kind {
            OPENED if seq == 0 => self.opened = Some(body),
            SEALED => self.sealed = Some(body),
            "exception.resolved" => self.resolved.extend(body.get("exception_id").and_then(Value::as_i64)),
            "file.orphaned" => {
                let (path, sha256) = (text_of(&body, "moved_to"), text_of(&body, "sha256"));
                self.aside.insert(path.to_owned(), sha256.to_owned());
            }
            "earlier.known" => self.known.push(body),
            "mailbox.compared" => {
                let mailbox = body.get("mailbox_id").and_then(Value::as_i64);
                self.compared.extend(mailbox.map(|mailbox| (mailbox, body)));
            }
            _ => {}
        }
    }
}

struct Entry {
    seq: i64,
    body: String,
    leaf: Vec<u8>,
    kind: String,
    at: String,
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry { seq: row.get(0)?, body: row.get(1)?, leaf: row.get(2)?, kind: row.get(3)?, at: row.get(4)? })
}

/// Makes the check with the database, and with it those of the checkpoints and the projections.
///
/// An error means that it could not begin. One on the way ends up in [`Account::trouble`].
pub(super) fn check(root: &Utf8Path, ledger: &Ledger, findings: &mut Findings) -> rusqlite::Result<Account> {
    let mut statement = ledger.db().prepare("SELECT seq, body, leaf, kind, at FROM entry ORDER BY seq")?;
    let mut rows = Cursor::new(statement.query([])?, entry);
    let mut statement =
        ledger.db().prepare("SELECT size, root, note, tsr IS NOT NULL FROM checkpoint ORDER BY size")?;
    let mut heads = Heads::new(statement.query([])?, super::database::origin(ledger)?);
    let mut statements = Projections::prepare(ledger)?;
    let mut projections = Projections::new(&mut statements)?;
    let mut statement = authenticity::prepare(ledger)?;
    let mut results = authenticity::Lines::new(&mut statement, ledger)?;

    let mut account = Account::default();
    let mut file = LogFile::open(root, LOG, End::default(), findings);
    let mut seq = 0;
    loop {
        let line = file.next(seq, findings);
        let row = rows.next();
        if line.is_none() && row.is_none() {
            break;
        }
        let same = line.as_ref().zip(row.as_ref()).is_some_and(|(line, row)| line.text == row.body);
        compare((seq, same), line.as_ref(), row.as_ref(), file.is_broken() || rows.is_broken(), findings);
        if let Some(row) = row {
            let (leaf, body) = match line {
                // One text is parsed and hashed once.
                Some(Line { body, leaf, .. }) if same => (leaf, body),
                _ => (merkle::leaf(row.body.as_bytes()), canonical::read(&row.body).ok()),
            };
            match &body {
                Some(body) if text_of(body, "kind") == row.kind && text_of(body, "at") == row.at => {}
                _ => {
                    let detail = format!("entry {seq}: kind or time are not those of its text");
                    findings.add(CheckName::Log, Class::Wrong, DATABASE, detail);
                }
            }
            if Sha256::from_slice(&row.leaf) != Some(leaf) {
                let detail = format!("entry {seq}: its leaf is not the hash of its text");
                findings.add(CheckName::Checkpoint, Class::Wrong, DATABASE, detail);
            }
            heads.grow(leaf, body.as_ref().and_then(vkey), findings);
            if let Some(body) = body {
                projections.entry(seq, &row.kind, &body, findings);
                results.entry(seq, &row.kind, &body, findings);
                account.take(seq, &row.kind, body);
            }
        } else if let Some(Line { body: Some(body), .. }) = line {
            let kind = text_of(&body, "kind").to_owned();
            account.take(seq, &kind, body);
        }
        seq += 1;
    }
    file.finish(findings);
    let heads = heads.finish(root, (&file.tree, &file.named), findings);
    account.trouble = rows.finish().and(heads).and(projections.finish(findings)).and(results.finish(findings));
    account.end = file.end();
    Ok(account)
}

/// Makes what remains of the check when there is no database to read.
pub(super) fn check_alone(root: &Utf8Path, findings: &mut Findings) -> End {
    let mut file = LogFile::open(root, LOG, End::default(), findings);
    let mut seq = 0;
    while file.next(seq, findings).is_some() {
        seq += 1;
    }
    file.finish(findings);
    super::checkpoint::check_alone(root, (&file.tree, &file.named), findings);
    file.end()
}

fn compare((seq, same): (u64, bool), line: Option<&Line>, row: Option<&Entry>, cut: bool, findings: &mut Findings) {
    let mut add = |class, path: &str, detail: String| findings.add(CheckName::Log, class, path, detail);
    match (line, row) {
        (Some(_), Some(_)) => {
            if !same {
                add(Class::Changed, LOG, format!("line {}: not the text of entry {seq} in {DATABASE}", seq + 1));
            }
        }
        // A read that broke off is a finding of its own; what it did not reach is not missing.
        _ if cut => {}
        (None, Some(_)) => add(Class::Missing, LOG, format!("line {}: {DATABASE} has an entry {seq}", seq + 1)),
        (Some(_), None) => add(Class::Missing, DATABASE, format!("entry {seq}: {LOG} has a line {}", seq + 1)),
        (None, None) => {}
    }
    let Some(row) = row else { return };
    if u64::try_from(row.seq) != Ok(seq) {
        add(Class::Wrong, DATABASE, format!("entry {}: the next number is {seq}", row.seq));
    }
}

/// The key that an entry names.
fn vkey(body: &Body) -> Option<&str> {
    body.get("note_vkey").and_then(Value::as_str)
}

pub(super) fn text_of<'b>(body: &'b Body, name: &str) -> &'b str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// One readable line of the log file.
pub(super) struct Line {
    text: String,
    leaf: Sha256,
    /// Its members, if it is canonical.
    pub(super) body: Option<Body>,
}

/// Where a log has come to: what the lines after it go on from.
#[derive(Debug, Default)]
pub(super) struct End {
    /// The tree over all lines.
    pub(super) tree: merkle::Tree,
    /// The key that the last session named.
    pub(super) named: Named,
}

/// A log file on its own: canonical, gapless, its first and last line of the right kind.
pub(super) struct LogFile {
    path: String,
    lines: Option<Lines>,
    /// The tree over the lines as they stand in the file.
    pub(super) tree: merkle::Tree,
    pub(super) named: Named,
    last_kind: String,
    broken: bool,
}

impl LogFile {
    /// Opens a file whose lines go on where an earlier one ended.
    pub(super) fn open(root: &Utf8Path, path: &str, after: End, findings: &mut Findings) -> Self {
        let lines = Lines::open(&root.join(path));
        if let Err(error) = &lines {
            findings.add(CheckName::Log, Class::Unreadable, path, error.kind().to_string());
        }
        let (broken, path) = (lines.is_err(), path.to_owned());
        let End { tree, named } = after;
        Self { path, lines: lines.ok(), tree, named, last_kind: String::new(), broken }
    }

    const fn is_broken(&self) -> bool {
        self.broken
    }

    /// What lines in another file go on from.
    pub(super) fn end(self) -> End {
        End { tree: self.tree, named: self.named }
    }

    /// The next line, which should be number `seq` of the whole log.
    pub(super) fn next(&mut self, seq: u64, findings: &mut Findings) -> Option<Line> {
        let number = seq + 1;
        let path = self.path.clone();
        let mut wrong =
            |class, why: String| findings.add(CheckName::Log, class, &*path, format!("line {number}: {why}"));
        let line = match self.lines.as_mut()?.next()? {
            Ok(line) => line,
            Err(error) => {
                wrong(Class::Unreadable, error.to_string());
                self.broken = true;
                return None;
            }
        };
        if !line.ended {
            wrong(Class::Wrong, "no line feed at its end".to_owned());
        }
        if self.last_kind == SEALED {
            wrong(Class::Extra, "comes after the seal".to_owned());
        }
        let leaf = merkle::leaf(&line.bytes);
        self.tree.push(leaf);
        self.last_kind.clear();
        let text = match String::from_utf8(line.bytes) {
            Ok(text) => text,
            Err(error) => {
                wrong(Class::Wrong, "not UTF-8".to_owned());
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                return Some(Line { text, leaf, body: None });
            }
        };
        let body = match canonical::read(&text) {
            Ok(body) => body,
            Err(why) => {
                wrong(Class::Wrong, why.to_string());
                return Some(Line { text, leaf, body: None });
            }
        };
        for why in flaws(&body, seq) {
            wrong(Class::Wrong, why);
        }
        text_of(&body, "kind").clone_into(&mut self.last_kind);
        self.named.hear(vkey(&body));
        Some(Line { text, leaf, body: Some(body) })
    }

    fn finish(&self, findings: &mut Findings) {
        self.must_end_with(SEALED, findings);
    }

    /// Says so when the last line is of another kind.
    pub(super) fn must_end_with(&self, kind: &str, findings: &mut Findings) {
        if !self.broken && self.last_kind != kind {
            findings.add(CheckName::Log, Class::Missing, &*self.path, format!("its last line is not {kind}"));
        }
    }
}

/// What is wrong with the members that every entry must have.
fn flaws(body: &Body, seq: u64) -> Vec<String> {
    let mut flaws = Vec::new();
    if body.get("seq").and_then(Value::as_u64) != Some(seq) {
        flaws.push(format!("seq is not {seq}"));
    }
    let kind = text_of(body, "kind");
    if !KINDS.contains(&kind) {
        flaws.push("no known kind".to_owned());
    }
    if (seq == 0) != (kind == OPENED) {
        flaws.push("acquisition.opened is the first entry, and only the first".to_owned());
    }
    let at = text_of(body, "at");
    if !UtcInstant::parse(at).is_ok_and(|instant| instant.to_string() == at) {
        flaws.push("at is not YYYY-MM-DDThh:mm:ss.sssZ".to_owned());
    }
    flaws
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(line: &str) -> Body {
        canonical::read(line).expect("canonical")
    }

    #[test]
    fn an_entry_needs_its_number_a_known_kind_and_a_time() {
        let good = r#"{"at":"2024-06-04T09:00:00.000Z","kind":"acquisition.opened","seq":0}"#;
        assert_eq!(flaws(&body(good), 0), Vec::<String>::new());
        assert_eq!(flaws(&body(good), 1).len(), 2, "its number and its place");
        assert_eq!(flaws(&body("{}"), 1).len(), 3);
        let sloppy = r#"{"at":"2024-06-04T09:00:00Z","kind":"session.opened","seq":1}"#;
        assert_eq!(flaws(&body(sloppy), 1).len(), 1);
    }

    #[test]
    fn the_kinds_are_those_of_the_schema() {
        let ddl = include_str!("../../schemas/manifest.sql");
        for kind in KINDS {
            assert!(ddl.contains(&format!("'{kind}'")), "{kind}");
        }
    }
}
