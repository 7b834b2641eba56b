//! Rows as projections of log entries: a column that the log states must have the log's value.
//!
//! The view `item_vs_log` is part of the package, so it could have been replaced; this is the same
//! comparison from outside, for every table whose rows belong to one entry each.

use std::fmt::Write as _;

use rusqlite::types::Value as Cell;
use rusqlite::{Row, Statement};
use serde_json::Value;

use super::database::{columns, published};
use super::ledger::{Cursor, DATABASE, Ledger};
use super::log::Body;
use super::report::{CheckName, Class, Findings};

/// How a table's rows and the log's entries belong together.
struct Rule {
    table: &'static str,
    /// The kind of entry that a row of this table belongs to; `None` for any.
    kind: Option<&'static str>,
    /// Whether each entry of the kind has exactly one row.
    one_each: bool,
    /// Columns that the entry must state; an absent member stands for NULL.
    stated: &'static [&'static str],
    /// Whether other columns are compared too, where the entry has a member of that name.
    others: bool,
    check: CheckName,
}

const RULES: [Rule; 8] = [
    Rule {
        table: "item",
        kind: Some("item.collected"),
        one_each: true,
        stated: &[
            "control_number",
            "graph_id",
            "path",
            "bytes",
            "sha256",
            "sha1",
            "md5",
            "content_id",
            "mih",
            "source_kind",
        ],
        others: true,
        check: CheckName::Items,
    },
    Rule {
        table: "volume",
        kind: Some("volume.written"),
        one_each: true,
        stated: &["name", "bytes", "members", "sha256"],
        others: true,
        check: CheckName::Items,
    },
    Rule {
        table: "reconciliation",
        kind: Some("folder.reconciled"),
        one_each: true,
        stated: &[
            "expected",
            "outside",
            "not_chosen",
            "held_before",
            "listed",
            "collected",
            "rebuilt",
            "excepted",
            "vanished",
            "appeared",
            "departed",
            "expected_after",
        ],
        others: true,
        check: CheckName::Balance,
    },
    Rule {
        table: "dns_key",
        kind: Some("dns.key.captured"),
        one_each: true,
        stated: &["name", "txt", "resolver", "asked_at", "dnssec_ad"],
        others: true,
        check: CheckName::Authenticity,
    },
    Rule {
        table: "licence_fact",
        kind: Some("custodian.licensed"),
        one_each: true,
        stated: &["custodian_id", "fact", "value", "dataset", "period", "as_of", "snapshot_id", "snapshot_sha256"],
        others: true,
        check: CheckName::Log,
    },
    // An exception may also hang on another kind of entry, which then tells it in its own words.
    Rule {
        table: "exception",
        kind: None,
        one_each: false,
        stated: &["code", "severity"],
        others: false,
        check: CheckName::Balance,
    },
    Rule {
        table: "custodian",
        kind: Some("custodian.named"),
        one_each: false,
        stated: &[],
        others: true,
        check: CheckName::Log,
    },
    Rule {
        table: "mailbox",
        kind: Some("mailbox.opened"),
        one_each: false,
        stated: &[],
        others: true,
        check: CheckName::Log,
    },
];

/// The prepared queries that [`Projections`] walks.
pub(super) struct Statements<'d>(Vec<(&'static Rule, Vec<String>, Statement<'d>)>);

/// The rows of every such table, in the order of the entries they belong to.
pub(super) struct Projections<'s> {
    tables: Vec<Table<'s>>,
}

struct Table<'s> {
    rule: &'static Rule,
    names: Vec<String>,
    rows: Cursor<'s, Projected>,
}

/// A row's cells, and the entry it says it belongs to.
struct Projected {
    entry_seq: i64,
    cells: Vec<Cell>,
}

fn projected(row: &Row<'_>) -> rusqlite::Result<Projected> {
    let cells = (1..row.as_ref().column_count()).map(|n| row.get(n)).collect::<rusqlite::Result<_>>()?;
    Ok(Projected { entry_seq: row.get(0)?, cells })
}

impl<'s> Projections<'s> {
    /// Prepares the queries.
    pub(super) fn prepare(ledger: &Ledger) -> rusqlite::Result<Statements<'_>> {
        let published = published()?;
        let prepare = |rule: &'static Rule| {
            // Asked for by their published names: those in the package may be anything, even no text.
            let names = columns(&published, rule.table)?;
            let sql = format!("SELECT entry_seq, {} FROM {} ORDER BY entry_seq", names.join(", "), rule.table);
            Ok((rule, names, ledger.db().prepare(&sql)?))
        };
        RULES.iter().map(prepare).collect::<rusqlite::Result<_>>().map(Statements)
    }

    /// Starts before the first row of each table.
    pub(super) fn new(statements: &'s mut Statements<'_>) -> rusqlite::Result<Self> {
        let table = |(rule, names, statement): &'s mut (&'static Rule, Vec<String>, Statement<'_>)| {
            Ok(Table { rule, names: names.clone(), rows: Cursor::new(statement.query([])?, projected) })
        };
        Ok(Self { tables: statements.0.iter_mut().map(table).collect::<rusqlite::Result<_>>()? })
    }

    /// Compares the rows that belong to the next entry.
    pub(super) fn entry(&mut self, seq: u64, kind: &str, body: &Body, findings: &mut Findings) {
        for table in &mut self.tables {
            table.entry(seq, kind, body, findings);
        }
    }

    /// Ends the check: rows that belong to no entry, and errors on the way.
    pub(super) fn finish(self, findings: &mut Findings) -> rusqlite::Result<()> {
        for mut table in self.tables {
            while let Some(row) = table.rows.next() {
                table.wrong(&row, "belongs to no log entry", findings);
            }
            table.rows.finish()?;
        }
        Ok(())
    }
}

impl Table<'_> {
    fn entry(&mut self, seq: u64, kind: &str, body: &Body, findings: &mut Findings) {
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        let mut count = 0;
        while let Some(row) = self.rows.next_if(|row| row.entry_seq <= seq) {
            count += 1;
            if row.entry_seq < seq {
                self.wrong(&row, "belongs to no log entry", findings);
            } else if self.rule.kind.is_some_and(|own| own != kind) {
                self.wrong(&row, &format!("belongs to entry {seq}, which is {kind}"), findings);
            } else if self.rule.kind.is_some() || kind == "item.excepted" {
                let differing = self.differing(&row, body);
                if !differing.is_empty() {
                    let why = format!("not as log entry {seq} states: {}", differing.join(", "));
                    self.wrong(&row, &why, findings);
                }
            }
        }
        let counted = self.rule.one_each && self.rule.kind == Some(kind);
        if counted && count != 1 && !self.rows.is_broken() {
            let path = body.get("path").and_then(Value::as_str).unwrap_or(DATABASE);
            let detail = format!("entry {seq} ({kind}) has {count} rows in {}", self.rule.table);
            findings.add(self.rule.check, Class::Missing, path, detail);
        }
    }

    /// The columns whose values are not the entry's.
    fn differing(&self, row: &Projected, body: &Body) -> Vec<&str> {
        let columns = self.names.iter().map(String::as_str).zip(&row.cells);
        let differs = |(name, cell): &(&str, &Cell)| {
            let must = self.rule.stated.contains(name);
            match body.get(*name) {
                Some(stated) => (must || self.rule.others) && !same(stated, cell),
                None => must && **cell != Cell::Null,
            }
        };
        columns.filter(differs).map(|(name, _)| name).collect()
    }

    fn wrong(&self, row: &Projected, why: &str, findings: &mut Findings) {
        let cell = |name: &str| self.names.iter().position(|n| n == name).and_then(|n| row.cells.get(n));
        let text = |name: &str| match cell(name) {
            Some(Cell::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        let path = if self.rule.table == "item" { text("path") } else { None };
        let mut which = self.rule.table.to_owned();
        match (row.cells.first(), text("control_number")) {
            (_, Some(number)) => write!(which, " {number}"),
            (Some(Cell::Integer(id)), None) => write!(which, " {id}"),
            _ => Ok(()),
        }
        .unwrap_or_default();
        findings.add(self.rule.check, Class::Wrong, path.unwrap_or(DATABASE), format!("{which} in {DATABASE}: {why}"));
    }
}

/// Whether a member and a cell are the same value; digests are hex in the log, flags may be booleans.
fn same(stated: &Value, cell: &Cell) -> bool {
    match (stated, cell) {
        (Value::Null, Cell::Null) => true,
        (Value::Bool(stated), Cell::Integer(cell)) => i64::from(*stated) == *cell,
        (Value::Number(stated), Cell::Integer(cell)) => stated.as_i64() == Some(*cell),
        // Integers beyond 2^53 are strings in the log.
        (Value::String(stated), Cell::Integer(cell)) => *stated == cell.to_string(),
        (Value::String(stated), Cell::Text(cell)) => stated == cell,
        (Value::String(stated), Cell::Blob(cell)) => *stated == hex::encode(cell),
        _ => false,
    }
}
