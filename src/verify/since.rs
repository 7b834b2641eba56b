//! A supplemental package: what it says of the package before it, and its comparison with that one.
//!
//! The digests over the two tables are made again from their rows and held against the log, the counts and the folders'
//! sums against the rows, and each row against what it is about. The earlier package itself is not needed.

use std::collections::BTreeMap;

use rusqlite::Params;
use serde_json::Value;

use super::ledger::{DATABASE, Ledger};
use super::log::{Account, Body, LOG};
use super::report::{CheckName, Class, Earlier, Findings};
use crate::terms::{Hasher, Sha256, UtcInstant};

/// Rows that one rule reports before it stops.
const REPORTED: u32 = 100;
/// One line of each row of `earlier`.
const EARLIER: &str = "SELECT json_array(earlier_id, object_id, graph_id, folder_graph_id, folder_path, state,
         acquisition_id, control_number, CASE WHEN content_id IS NOT NULL THEN lower(hex(content_id)) END,
         change_key, internet_message_id, received_utc, sent_utc, created_utc, modified_utc)
    FROM earlier ORDER BY earlier_id";
/// One line of each row of `compared` that is about a mailbox.
const COMPARED: &str = "SELECT json_array(compared_id, earlier_id, outcome, listed_id, folder_id, change_key,
         modified_utc, seen, entry_seq)
    FROM compared WHERE mailbox_id = ?1 ORDER BY compared_id";
/// The rows that hold: the latest of each known message.
const HOLDS: &str = "c.compared_id = (SELECT max(d.compared_id) FROM compared d WHERE d.earlier_id = c.earlier_id)";

/// What rows must not be: a query for those that are, and what is wrong with them.
const RULES: [(&str, &str); 6] = [
    (
        "SELECT c.compared_id FROM compared c JOIN listed l ON l.listed_id = c.listed_id
           JOIN earlier e ON e.earlier_id = c.earlier_id
          WHERE l.graph_id IS NOT e.graph_id OR l.mailbox_id IS NOT c.mailbox_id OR l.folder_id IS NOT c.folder_id",
        "is about another message than the listed one",
    ),
    (
        "SELECT c.compared_id FROM compared c JOIN earlier e ON e.earlier_id = c.earlier_id
           JOIN mailbox m ON m.mailbox_id = c.mailbox_id WHERE m.object_id IS NOT e.object_id",
        "is about a message of another mailbox",
    ),
    (
        "SELECT c.compared_id FROM compared c JOIN folder f ON f.folder_id = c.folder_id
           JOIN earlier e ON e.earlier_id = c.earlier_id
          WHERE f.mailbox_id IS NOT c.mailbox_id OR f.included = 0
             OR c.outcome IN ('unchanged','changed') AND f.graph_id IS NOT e.folder_graph_id
             OR c.outcome = 'moved' AND f.graph_id IS e.folder_graph_id",
        "does not fit the folder",
    ),
    (
        "SELECT c.compared_id FROM compared c JOIN earlier e ON e.earlier_id = c.earlier_id
          WHERE c.outcome <> 'gone' AND (c.outcome = 'retried') <> (e.state = 'missing')",
        "does not fit what the earlier package had of the message",
    ),
    (
        "SELECT c.compared_id FROM compared c JOIN earlier e ON e.earlier_id = c.earlier_id
          WHERE c.listed_id IS NULL AND c.outcome <> 'gone'
            AND (c.change_key <> e.change_key OR c.modified_utc <> e.modified_utc)",
        "holds another version than the earlier package",
    ),
    (
        "SELECT e.earlier_id FROM earlier e JOIN mailbox m ON m.object_id = e.object_id
           JOIN listed l ON l.mailbox_id = m.mailbox_id AND l.graph_id = e.graph_id
          WHERE NOT EXISTS (SELECT 1 FROM compared c WHERE c.earlier_id = e.earlier_id AND c.listed_id = l.listed_id)",
        "was known and is listed, and no comparison says why",
    ),
];

/// Makes the check; returns what the package says of the one before it.
pub(super) fn check(ledger: &Ledger, account: &Account, findings: &mut Findings) -> rusqlite::Result<Option<Earlier>> {
    let scope = account.opened.as_ref().and_then(|opened| opened.get("scope"));
    let Some(stated) = scope.and_then(|scope| scope.get("since")).filter(|since| !since.is_null()) else {
        for table in ["earlier", "compared"] {
            if count(ledger, table)? > 0 {
                add(
                    findings,
                    Class::Extra,
                    DATABASE,
                    format!("{table} has rows, and the first log entry names no earlier package"),
                );
            }
        }
        return Ok(None);
    };
    let since = read(stated);
    if since.is_none() {
        add(findings, Class::Wrong, LOG, "line 1: scope.since does not name a package".to_owned());
    }
    check_known(ledger, account, since.as_ref(), findings)?;
    check_mailboxes(ledger, account, findings)?;
    check_folders(ledger, findings)?;
    for (sql, why) in RULES {
        ledger.each(&format!("{sql} LIMIT {REPORTED}"), [], |row| {
            let id: i64 = row.get(0)?;
            let table = if sql.starts_with("SELECT e.") { "earlier" } else { "compared" };
            add(findings, Class::Wrong, DATABASE, format!("{table} {id}: {why}"));
            Ok(())
        })?;
    }
    Ok(since)
}

fn add(findings: &mut Findings, class: Class, path: &str, detail: String) {
    findings.add(CheckName::Balance, class, path, detail);
}

fn read(stated: &Value) -> Option<Earlier> {
    let text = |name: &str| stated.get(name).and_then(Value::as_str).map(str::to_owned);
    let digest = |name: &str| text(name).filter(|hex| Sha256::from_hex(hex).is_ok());
    Some(Earlier {
        acquisition_id: text("acquisition_id")?,
        log_size: stated.get("log_size")?.as_u64()?,
        log_root: digest("log_root")?,
        manifest_sha256: digest("manifest_sha256")?,
        sealed_at: text("sealed_at").filter(|at| UtcInstant::parse(at).is_ok())?,
    })
}

fn count(ledger: &Ledger, table: &str) -> rusqlite::Result<i64> {
    ledger.db().query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
}

/// SHA-256 over the lines of a query, each with its line feed.
fn digest(ledger: &Ledger, sql: &str, params: impl Params) -> rusqlite::Result<(i64, String)> {
    let (mut hasher, mut lines) = (Hasher::new(), 0);
    ledger.each(sql, params, |row| {
        hasher.update(row.get::<_, String>(0)?.as_bytes());
        hasher.update(b"\n");
        lines += 1;
        Ok(())
    })?;
    Ok((lines, hasher.finish().0.to_string()))
}

/// What was copied is what the log states.
fn check_known(
    ledger: &Ledger,
    account: &Account,
    since: Option<&Earlier>,
    findings: &mut Findings,
) -> rusqlite::Result<()> {
    let [known] = account.known.as_slice() else {
        let detail = format!("{} entries earlier.known, and the first entry names one package", account.known.len());
        add(findings, Class::Wrong, LOG, detail);
        return Ok(());
    };
    if since.is_some_and(|since| known.get("acquisition_id").and_then(Value::as_str) != Some(&since.acquisition_id)) {
        add(findings, Class::Wrong, LOG, "earlier.known names another package than the first entry".to_owned());
    }
    let (lines, sha256) = digest(ledger, EARLIER, [])?;
    compare("earlier.known", known, "messages", lines, findings);
    compare_digest("the rows of earlier", known, &sha256, findings);
    Ok(())
}

/// What was compared is what the log states, mailbox by mailbox.
fn check_mailboxes(ledger: &Ledger, account: &Account, findings: &mut Findings) -> rusqlite::Result<()> {
    let mut mailboxes = Vec::new();
    let sql = "SELECT mailbox_id FROM reconciliation UNION SELECT mailbox_id FROM compared ORDER BY 1";
    ledger.each(sql, [], |row| {
        mailboxes.push(row.get::<_, i64>(0)?);
        Ok(())
    })?;
    for mailbox in mailboxes {
        let Some(stated) = account.compared.get(&mailbox) else {
            add(findings, Class::Missing, LOG, format!("no mailbox.compared for mailbox {mailbox}"));
            continue;
        };
        let what = format!("mailbox.compared of mailbox {mailbox}");
        for (name, found) in counts(ledger, mailbox)? {
            compare(&what, stated, name, found, findings);
        }
        let (_, sha256) = digest(ledger, COMPARED, [mailbox])?;
        compare_digest(&format!("the rows of compared of mailbox {mailbox}"), stated, &sha256, findings);
    }
    Ok(())
}

fn counts(ledger: &Ledger, mailbox: i64) -> rusqlite::Result<BTreeMap<&'static str, i64>> {
    let sql = format!(
        "SELECT count(*) FILTER (WHERE outcome = 'retried'), count(*) FILTER (WHERE outcome = 'changed'),
                count(*) FILTER (WHERE outcome = 'moved'), count(*) FILTER (WHERE outcome = 'moved' AND listed_id IS NULL),
                count(*) FILTER (WHERE outcome = 'unchanged'), count(*) FILTER (WHERE outcome = 'gone'),
                (SELECT count(*) FROM listed WHERE mailbox_id = ?1) - count(listed_id)
           FROM compared c WHERE mailbox_id = ?1 AND {HOLDS}"
    );
    let names = ["retried", "changed", "moved", "moved_held", "unchanged", "gone", "new"];
    ledger
        .db()
        .query_row(&sql, [mailbox], |row| names.iter().enumerate().map(|(n, name)| Ok((*name, row.get(n)?))).collect())
}

/// Each folder's balance states how many of its messages an earlier package holds.
fn check_folders(ledger: &Ledger, findings: &mut Findings) -> rusqlite::Result<()> {
    let sql = format!(
        "SELECT r.folder_id, r.held_before,
                (SELECT count(*) FROM compared c WHERE c.folder_id = r.folder_id AND +c.listed_id IS NULL AND {HOLDS})
           FROM reconciliation r
          WHERE r.entry_seq = (SELECT max(entry_seq) FROM reconciliation WHERE folder_id = r.folder_id)"
    );
    ledger.each(&sql, [], |row| {
        let (folder, stated, found): (i64, Option<i64>, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if stated != Some(found) {
            let stated = stated.map_or_else(|| "nothing".to_owned(), |stated| stated.to_string());
            let detail = format!("folder {folder}: held_before states {stated}, the rows give {found}");
            add(findings, Class::Wrong, DATABASE, detail);
        }
        Ok(())
    })
}

fn compare(what: &str, body: &Body, name: &str, found: i64, findings: &mut Findings) {
    let stated = body.get(name).and_then(Value::as_i64);
    if stated != Some(found) {
        let stated = stated.map_or_else(|| "nothing".to_owned(), |stated| stated.to_string());
        add(findings, Class::Wrong, DATABASE, format!("{what}: {name} states {stated}, the rows give {found}"));
    }
}

fn compare_digest(what: &str, body: &Body, found: &str, findings: &mut Findings) {
    let stated = body.get("sha256").and_then(Value::as_str).unwrap_or_default();
    if stated != found {
        let detail = format!("{what}: expected {stated} (in the log)  found {found}");
        add(findings, Class::Changed, DATABASE, detail);
    }
}
