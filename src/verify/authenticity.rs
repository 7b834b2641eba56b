//! Signatures: rows against their log lines, and natives weighed again with the keys on record.
//!
//! Weighing is done by `identity`, which is pure; which key was known when is read from the record here. Findings name
//! columns, never a domain. It must not ask DNS.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Row, Statement};
use serde_json::{Value, json};

use super::ledger::{Cursor, DATABASE, Ledger};
use super::log::Body;
use super::report::{CheckName, Class, Findings};
use crate::identity::{Judged, KeyAnswer, KeyName, judge, signers};
use crate::terms::{Hasher, UtcInstant};

const CHECK: CheckName = CheckName::Authenticity;

/// A row of `auth_result`.
#[derive(Debug)]
pub(super) struct Result {
    method: String,
    ordinal: i64,
    domain: Option<String>,
    selector: Option<String>,
    header_ok: Option<bool>,
    body_ok: Option<bool>,
    seal_ok: Option<bool>,
    detail: Option<String>,
    as_of: String,
    entry_seq: i64,
    control_number: Option<String>,
    keys_up_to: Option<i64>,
}

const COLUMNS: &str = "a.method, a.ordinal, a.domain, a.selector, a.header_ok, a.body_ok, a.seal_ok, a.detail, a.as_of, \
                       a.entry_seq, i.control_number, json_extract(e.body,'$.keys_up_to') \
                       FROM auth_result a LEFT JOIN item i ON i.item_id = a.item_id LEFT JOIN entry e ON e.seq = a.entry_seq";

fn result(row: &Row<'_>) -> rusqlite::Result<Result> {
    Ok(Result {
        method: row.get(0)?,
        ordinal: row.get(1)?,
        domain: row.get(2)?,
        selector: row.get(3)?,
        header_ok: row.get(4)?,
        body_ok: row.get(5)?,
        seal_ok: row.get(6)?,
        detail: row.get(7)?,
        as_of: row.get(8)?,
        entry_seq: row.get(9)?,
        control_number: row.get(10)?,
        keys_up_to: row.get(11)?,
    })
}

impl Result {
    /// The result as its log line must state it.
    fn stated(&self, salt: &[u8]) -> Value {
        let key = self.selector.as_deref().zip(self.domain.as_deref()).map(|(selector, domain)| {
            let mut hasher = Hasher::new();
            hasher.update(salt);
            hasher.update(format!("{selector}._domainkey.{domain}").as_bytes());
            hasher.finish().0.to_string()
        });
        json!({
            "method": self.method, "ordinal": self.ordinal, "key_hash": key, "header_ok": self.header_ok,
            "body_ok": self.body_ok, "seal_ok": self.seal_ok, "detail": self.detail,
        })
    }
}

/// The rows in the order of their log lines.
pub(super) struct Lines<'s> {
    rows: Cursor<'s, Result>,
    salt: Vec<u8>,
}

/// Prepares the query that [`Lines`] walks.
pub(super) fn prepare(ledger: &Ledger) -> rusqlite::Result<Statement<'_>> {
    ledger.db().prepare(&format!("SELECT {COLUMNS} ORDER BY a.entry_seq, a.method DESC, a.ordinal"))
}

impl<'s> Lines<'s> {
    /// Starts before the first row.
    pub(super) fn new(statement: &'s mut Statement<'_>, ledger: &Ledger) -> rusqlite::Result<Self> {
        let salt = ledger.text("SELECT value FROM meta WHERE key = 'path_salt'")?;
        let salt = salt.and_then(|salt| hex::decode(salt).ok()).unwrap_or_default();
        Ok(Self { rows: Cursor::new(statement.query([])?, result), salt })
    }

    /// Compares the rows that belong to the next entry.
    pub(super) fn entry(&mut self, seq: u64, kind: &str, body: &Body, findings: &mut Findings) {
        let at = i64::try_from(seq).unwrap_or(i64::MAX);
        let mut rows = Vec::new();
        while let Some(row) = self.rows.next_if(|row| row.entry_seq <= at) {
            rows.push(row);
        }
        let own = kind == "item.authenticated";
        if rows.is_empty() && !own {
            return;
        }
        let stated: Vec<Value> = rows.iter().map(|row| row.stated(&self.salt)).collect();
        let heads = rows.iter().all(|row| {
            row.entry_seq == at
                && body.get("as_of").and_then(Value::as_str) == Some(&row.as_of)
                && body.get("control_number").and_then(Value::as_str) == row.control_number.as_deref()
        });
        if !own || !heads || body.get("results").and_then(Value::as_array) != Some(&stated) {
            let detail = format!("auth_result in {DATABASE}: not as log entry {seq} ({kind}) states");
            if !self.rows.is_broken() {
                findings.add(CHECK, Class::Wrong, DATABASE, detail);
            }
        }
    }

    /// Ends the check.
    pub(super) fn finish(mut self, findings: &mut Findings) -> rusqlite::Result<()> {
        if self.rows.next().is_some() {
            findings.add(
                CHECK,
                Class::Wrong,
                DATABASE,
                format!("auth_result in {DATABASE}: a row belongs to no log entry"),
            );
        }
        self.rows.finish()
    }
}

/// Checks that every item whose line states signatures has results, as of its receipt.
pub(super) fn check(ledger: &Ledger, findings: &mut Findings) -> rusqlite::Result<()> {
    let sql = "SELECT i.path, count(a.item_id), max(json_extract(e.body,'$.signatures')),
                      sum(a.as_of IS NOT coalesce(i.received_utc, e.at))
                 FROM item i JOIN entry e ON e.seq = i.entry_seq LEFT JOIN auth_result a ON a.item_id = i.item_id
                GROUP BY i.item_id
               HAVING count(a.item_id) <> coalesce(json_extract(e.body,'$.signatures'), 0)
                   OR (count(a.item_id) > 0 AND sum(a.as_of IS NOT coalesce(i.received_utc, e.at)) > 0)";
    ledger.each(sql, [], |row| {
        let (path, rows, stated): (String, i64, Option<i64>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let stated = stated.unwrap_or(0);
        let (class, detail) = if rows == stated {
            (Class::Wrong, "its signatures are not weighed as of its receipt".to_owned())
        } else {
            (Class::Missing, format!("expected {stated} results in auth_result  found {rows}"))
        };
        findings.add(CHECK, class, path, detail);
        Ok(())
    })
}

/// What DNS said of each name, with the place in the log.
#[derive(Debug, Default)]
pub(super) struct Keys(BTreeMap<String, Vec<(i64, Option<String>)>>);

impl Keys {
    /// Reads them from the record.
    pub(super) fn read(ledger: &Ledger) -> rusqlite::Result<Arc<Self>> {
        let mut keys = Self::default();
        ledger.each("SELECT name, entry_seq, txt FROM dns_key ORDER BY entry_seq", [], |row| {
            keys.0.entry(row.get(0)?).or_default().push((row.get(1)?, row.get(2)?));
            Ok(())
        })?;
        Ok(Arc::new(keys))
    }

    /// The latest answer of the first `up_to` lines.
    fn of(&self, name: &KeyName, up_to: i64) -> KeyAnswer<'_> {
        let told = self.0.get(&name.to_string()).into_iter().flatten().rev().find(|(seq, _)| *seq < up_to);
        match told {
            None => KeyAnswer::NotCaptured,
            Some((_, None)) => KeyAnswer::Absent,
            Some((_, Some(txt))) => KeyAnswer::Txt(txt),
        }
    }
}

/// The query for one item's results.
pub(super) struct Results<'d> {
    statement: Statement<'d>,
    keys: Arc<Keys>,
}

/// The results of one item, and the keys.
#[derive(Debug)]
pub(super) struct Weighed {
    rows: Vec<Result>,
    keys: Arc<Keys>,
}

impl<'d> Results<'d> {
    /// Prepares the query.
    pub(super) fn new(ledger: &'d Ledger) -> rusqlite::Result<Self> {
        let sql = format!("SELECT {COLUMNS} WHERE a.item_id = ?1 ORDER BY a.method DESC, a.ordinal");
        Ok(Self { statement: ledger.db().prepare(&sql)?, keys: Keys::read(ledger)? })
    }

    /// The results of an item.
    pub(super) fn of(&mut self, item_id: i64) -> rusqlite::Result<Weighed> {
        let rows = self.statement.query_map([item_id], result)?.collect::<rusqlite::Result<_>>()?;
        Ok(Weighed { rows, keys: self.keys.clone() })
    }
}

/// Weighs a native's signatures again and names what differs from the rows. What was rebuilt has none.
pub(super) fn differences(weighed: &Weighed, rebuilt: bool, native: &[u8]) -> Vec<String> {
    let Some(first) = weighed.rows.first() else {
        let count = if rebuilt { 0 } else { signers(native).signatures };
        return if count == 0 { Vec::new() } else { vec![format!("expected {count} results  found none")] };
    };
    let Ok(as_of) = UtcInstant::parse(&first.as_of) else { return vec!["as_of".to_owned()] };
    let up_to = first.keys_up_to.unwrap_or(0);
    let judged = judge(native, as_of, &|name| weighed.keys.of(name, up_to));
    if judged.len() != weighed.rows.len() || rebuilt {
        return vec![format!("expected {} results  found {}", judged.len(), weighed.rows.len())];
    }
    weighed.rows.iter().zip(&judged).flat_map(|(row, judged)| compare(row, judged)).collect()
}

fn compare(row: &Result, judged: &Judged) -> Vec<String> {
    let words: Vec<&str> = judged.remarks.iter().map(|remark| remark.as_str()).collect();
    let columns = [
        ("method", row.method == judged.method.as_str()),
        ("ordinal", row.ordinal == i64::from(judged.ordinal)),
        ("domain", row.domain.as_deref() == judged.key.as_ref().map(KeyName::domain)),
        ("selector", row.selector.as_deref() == judged.key.as_ref().map(KeyName::selector)),
        ("header_ok", row.header_ok == judged.header_ok),
        ("body_ok", row.body_ok == judged.body_ok),
        ("seal_ok", row.seal_ok == judged.seal_ok),
        ("detail", row.detail.as_deref().unwrap_or_default() == words.join(",")),
    ];
    let differing = columns.into_iter().filter(|(_, same)| !same);
    differing.map(|(column, _)| format!("{} {}: {column}", judged.method, judged.ordinal)).collect()
}
