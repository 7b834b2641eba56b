//! The database as a whole: sound, of this format, with the published schema and a consistent `meta`.
//!
//! The schema is compared with `schemas/manifest.sql` object by object, because a dropped trigger or
//! a rewritten view is how a record would be edited quietly. It must not look at the rows of the record.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde_json::{Map, Value};

use super::ledger::{DATABASE, Ledger};
use super::report::{CheckName, Class, Findings};

/// The published schema.
const DDL: &str = include_str!("../../schemas/manifest.sql");
/// The format that this verifier reads; `PRAGMA user_version` of a manifest.
pub(super) const FORMAT: i64 = 1;
/// `AFFT`, in the header of every manifest.
const APPLICATION_ID: i64 = 0x4146_4654;
/// What a log's name begins with; the acquisition's id follows.
const ORIGIN: &str = "affiant.invalid/acq/";
/// Rows that a single soundness check reports before it stops.
const REPORTED: u32 = 100;

/// The format number in the database's header, when it can be read and is newer than [`FORMAT`].
pub(super) fn newer_format(ledger: &Ledger) -> Option<i64> {
    ledger.pragma("user_version").ok().filter(|format| *format > FORMAT)
}

/// Makes the check.
pub(super) fn check(ledger: &Ledger, findings: &mut Findings) -> rusqlite::Result<()> {
    let mut wrong = |detail: String| findings.add(CheckName::Database, Class::Wrong, DATABASE, detail);
    for (pragma, expected) in [("application_id", APPLICATION_ID), ("user_version", FORMAT)] {
        let found = ledger.pragma(pragma)?;
        if found != expected {
            wrong(format!("{pragma}: expected {expected}  found {found}"));
        }
    }
    compare_schema(&schema(ledger.db())?, &schema(&published()?)?, &mut wrong);
    ledger.each(&format!("PRAGMA integrity_check({REPORTED})"), [], |row| {
        let said: String = row.get(0)?;
        if said != "ok" {
            wrong(format!("integrity check: {}", said.replace('\n', " ")));
        }
        Ok(())
    })?;
    let mut dangling = 0;
    ledger.each("PRAGMA foreign_key_check", [], |row| {
        let (table, id, parent): (String, Option<i64>, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        dangling += 1;
        if dangling <= REPORTED {
            let id = id.map(|id| format!(" {id}")).unwrap_or_default();
            wrong(format!("{table}{id} refers to a row of {parent} that is not there"));
        }
        Ok(())
    })
}

/// Type, name and text of every object of a schema.
type Schema = BTreeMap<(String, String), Option<String>>;

/// An empty database with the published schema.
pub(super) fn published() -> rusqlite::Result<Connection> {
    let db = Connection::open_in_memory()?;
    db.execute_batch(DDL)?;
    Ok(db)
}

/// The names of a table's columns.
pub(super) fn columns(db: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = db.prepare("SELECT name FROM pragma_table_info(?1)")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

fn schema(db: &Connection) -> rusqlite::Result<Schema> {
    let mut statement = db.prepare("SELECT type, name, sql FROM sqlite_schema")?;
    let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
    rows.collect()
}

fn compare_schema(found: &Schema, expected: &Schema, wrong: &mut impl FnMut(String)) {
    for (object @ (kind, name), text) in expected {
        match found.get(object) {
            None => wrong(format!("schema: {kind} {name} is missing")),
            Some(other) if other != text => wrong(format!("schema: {kind} {name} is not the published one")),
            Some(_) => {}
        }
    }
    for (kind, name) in found.keys().filter(|object| !expected.contains_key(object)) {
        wrong(format!("schema: {kind} {name} does not belong there"));
    }
}

/// The name that the log's checkpoints must carry.
pub(super) fn origin(ledger: &Ledger) -> rusqlite::Result<Option<String>> {
    let id = ledger.text("SELECT value FROM meta WHERE key = 'acquisition_id'")?;
    Ok(id.map(|id| format!("{ORIGIN}{id}")))
}

/// Checks `meta` against itself and against the log's first entry, for what that entry states.
pub(super) fn check_meta(
    ledger: &Ledger,
    opened: Option<&Map<String, Value>>,
    findings: &mut Findings,
) -> rusqlite::Result<()> {
    let mut wrong = |detail: String| findings.add(CheckName::Database, Class::Wrong, DATABASE, detail);
    let mut meta = BTreeMap::new();
    ledger.each("SELECT key, value FROM meta", [], |row| {
        meta.insert(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
        Ok(())
    })?;
    for key in ["format", "acquisition_id", "origin", "created_at", "tool_name", "tool_version", "note_vkey"] {
        if !meta.contains_key(key) {
            wrong(format!("meta: {key} is missing"));
        }
    }
    if meta.get("format").is_some_and(|format| *format != FORMAT.to_string()) {
        wrong(format!("meta: format is not {FORMAT}"));
    }
    let expected = meta.get("acquisition_id").map(|id| format!("{ORIGIN}{id}"));
    if expected != meta.get("origin").cloned() {
        wrong("meta: origin does not name the acquisition".to_owned());
    }
    for key in ["acquisition_id", "tool_name", "tool_version", "tool_sha256", "matter", "note_vkey"] {
        let stated = opened.and_then(|opened| opened.get(key)).and_then(Value::as_str);
        if stated.is_some_and(|stated| Some(stated) != meta.get(key).map(String::as_str)) {
            wrong(format!("meta: {key} is not what the first log entry states"));
        }
    }
    Ok(())
}
