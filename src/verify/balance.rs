//! The balance: everything listed ended once, and every sum in the record is the sum of its rows.
//!
//! An item is collected when it has a row, else excepted when an exception of severity `item_missing`
//! that no later entry resolved names it; vanished when the latest such exception says `gone`.

use std::collections::BTreeMap;

use rusqlite::Row;
use serde_json::Value;

use super::ledger::{Cursor, DATABASE, Ledger};
use super::log::{Account, Body, LOG};
use super::report::{CheckName, Class, Findings};
use crate::terms::ControlNumber;

/// Counts of one folder or of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    listed: i64,
    collected: i64,
    rebuilt: i64,
    excepted: i64,
    vanished: i64,
    appeared: i64,
    departed: i64,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.listed += other.listed;
        self.collected += other.collected;
        self.rebuilt += other.rebuilt;
        self.excepted += other.excepted;
        self.vanished += other.vanished;
        self.appeared += other.appeared;
        self.departed += other.departed;
    }

    const fn named(self) -> [(&'static str, i64); 7] {
        [
            ("listed", self.listed),
            ("collected", self.collected),
            ("rebuilt", self.rebuilt),
            ("excepted", self.excepted),
            ("vanished", self.vanished),
            ("appeared", self.appeared),
            ("departed", self.departed),
        ]
    }

    fn differing(self, found: Self) -> Vec<String> {
        let pairs = self.named().into_iter().zip(found.named());
        let differing = pairs.filter(|((_, expected), (_, found))| expected != found);
        differing.map(|((name, expected), (_, found))| format!("{name} expected {expected} found {found}")).collect()
    }
}

/// Makes the check.
pub(super) fn check(ledger: &Ledger, account: &Account, findings: &mut Findings) -> rusqlite::Result<()> {
    let folders = count(ledger, account, findings)?;
    check_folders(ledger, &folders, findings)?;
    check_exceptions(ledger, findings)?;
    check_totals(ledger, account, &folders, findings)
}

fn wrong(findings: &mut Findings, detail: String) {
    findings.add(CheckName::Balance, Class::Wrong, DATABASE, detail);
}

/// A row of `listed` with what has become of it.
struct Ended {
    listed_id: i64,
    folder_id: i64,
    control_number: Option<String>,
    rebuilt: bool,
    same_place: bool,
    appeared: bool,
}

fn ended(row: &Row<'_>) -> rusqlite::Result<Ended> {
    Ok(Ended {
        listed_id: row.get(0)?,
        folder_id: row.get(1)?,
        control_number: row.get(2)?,
        rebuilt: row.get::<_, Option<bool>>(3)?.unwrap_or(false),
        same_place: row.get::<_, Option<bool>>(4)?.unwrap_or(true),
        appeared: row.get(5)?,
    })
}

/// An exception that says that a listed item is missing, or that it left its folder after it had ended.
struct Absence {
    exception_id: i64,
    listed_id: i64,
    gone: bool,
    departed: bool,
}

fn absence(row: &Row<'_>) -> rusqlite::Result<Absence> {
    Ok(Absence { exception_id: row.get(0)?, listed_id: row.get(1)?, gone: row.get(2)?, departed: row.get(3)? })
}

/// Counts what was listed by folder, looking at each row once.
fn count(ledger: &Ledger, account: &Account, findings: &mut Findings) -> rusqlite::Result<BTreeMap<i64, Counts>> {
    let mut statement = ledger.db().prepare(
        "SELECT l.listed_id, l.folder_id, i.control_number, i.source_kind = 'rebuilt_from_json',
                i.mailbox_id = l.mailbox_id AND i.folder_id = l.folder_id AND i.graph_id = l.graph_id, l.pass > 1
           FROM listed l LEFT JOIN item i ON i.item_id = l.listed_id ORDER BY l.listed_id",
    )?;
    let mut listed = Cursor::new(statement.query([])?, ended);
    let mut statement = ledger.db().prepare(
        "SELECT exception_id, listed_id, code = 'gone', severity = 'info' FROM exception
          WHERE (severity = 'item_missing' OR (severity = 'info' AND code = 'gone')) AND listed_id IS NOT NULL
          ORDER BY listed_id, exception_id",
    )?;
    let mut absences = Cursor::new(statement.query([])?, absence);
    let mut folders: BTreeMap<i64, Counts> = BTreeMap::new();
    for row in listed.by_ref() {
        let (mut missing, mut departed) = (None, false);
        while let Some(absence) = absences.next_if(|absence| absence.listed_id <= row.listed_id) {
            if absence.departed {
                departed |= absence.listed_id == row.listed_id;
            } else if absence.listed_id == row.listed_id && !account.resolved.contains(&absence.exception_id) {
                missing = Some(absence);
            }
        }
        let number = u64::try_from(row.listed_id).ok().and_then(ControlNumber::new).map(|number| number.to_string());
        let name = number.clone().unwrap_or_else(|| row.listed_id.to_string());
        match (&row.control_number, &missing) {
            (Some(_), None) | (None, Some(_)) => {}
            (Some(_), Some(_)) => wrong(findings, format!("{name} is both collected and missing")),
            (None, None) => wrong(findings, format!("{name} was listed and has neither an item nor an exception")),
        }
        if row.control_number.is_some() && row.control_number != number {
            wrong(findings, format!("item {} does not have the control number {name}", row.listed_id));
        }
        if !row.same_place {
            wrong(findings, format!("{name} is another message, or in another folder, than it was listed"));
        }
        let collected = row.control_number.is_some();
        folders.entry(row.folder_id).or_default().add(Counts {
            listed: 1,
            collected: i64::from(collected),
            rebuilt: i64::from(row.rebuilt),
            excepted: i64::from(!collected && missing.is_some()),
            vanished: i64::from(!collected && missing.is_some_and(|missing| missing.gone)),
            appeared: i64::from(row.appeared),
            departed: i64::from(departed),
        });
    }
    absences.finish()?;
    listed.finish()?;
    Ok(folders)
}

/// Compares the latest balance of each folder with the counts.
fn check_folders(ledger: &Ledger, counts: &BTreeMap<i64, Counts>, findings: &mut Findings) -> rusqlite::Result<()> {
    let sql = "SELECT f.folder_id, f.included, f.mailbox_id, r.mailbox_id,
                      r.listed, r.collected, r.rebuilt, r.excepted, r.vanished, r.appeared, r.departed
                 FROM folder f LEFT JOIN reconciliation r ON r.folder_id = f.folder_id
                  AND r.entry_seq = (SELECT max(entry_seq) FROM reconciliation WHERE folder_id = f.folder_id)
                ORDER BY f.folder_id";
    ledger.each(sql, [], |row| {
        let (folder, included): (i64, bool) = (row.get(0)?, row.get(1)?);
        let found = counts.get(&folder).copied().unwrap_or_default();
        let Some(mailbox) = row.get::<_, Option<i64>>(3)? else {
            if included || found.listed > 0 {
                wrong(findings, format!("folder {folder}: no balance"));
            }
            return Ok(());
        };
        let stated = Counts {
            listed: row.get(4)?,
            collected: row.get(5)?,
            rebuilt: row.get(6)?,
            excepted: row.get(7)?,
            vanished: row.get(8)?,
            appeared: row.get(9)?,
            departed: row.get(10)?,
        };
        if mailbox != row.get::<_, i64>(2)? {
            wrong(findings, format!("folder {folder}: its balance names another mailbox"));
        }
        if stated.collected.checked_add(stated.excepted) != Some(stated.listed) {
            wrong(findings, format!("folder {folder}: listed is not collected and excepted together"));
        }
        let differing = stated.differing(found);
        if !differing.is_empty() {
            wrong(findings, format!("folder {folder}: {}", differing.join(", ")));
        }
        Ok(())
    })?;
    let known: Vec<i64> = counts.keys().copied().collect();
    for folder in known {
        let there = ledger
            .db()
            .query_row("SELECT count(*) FROM folder WHERE folder_id = ?1", [folder], |row| row.get::<_, i64>(0))?;
        if there == 0 {
            wrong(findings, format!("folder {folder}: items are listed in it, and it is not there"));
        }
    }
    Ok(())
}

/// Every exception in the log has its row; the other way round the rows were followed to their entries.
fn check_exceptions(ledger: &Ledger, findings: &mut Findings) -> rusqlite::Result<()> {
    let sql = "SELECT seq FROM entry WHERE kind = 'item.excepted' EXCEPT SELECT entry_seq FROM exception";
    ledger.each(sql, [], |row| {
        let seq: i64 = row.get(0)?;
        findings.add(CheckName::Balance, Class::Missing, DATABASE, format!("log entry {seq} has no exception row"));
        Ok(())
    })
}

/// Compares what the last entries state about the whole with the rows.
fn check_totals(
    ledger: &Ledger,
    account: &Account,
    folders: &BTreeMap<i64, Counts>,
    findings: &mut Findings,
) -> rusqlite::Result<()> {
    let mut total = Counts::default();
    for counts in folders.values() {
        total.add(*counts);
    }
    let sum = "SELECT count(*), CAST(total(bytes) AS INTEGER) FROM item";
    let (items, bytes): (i64, i64) = ledger.db().query_row(sum, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if items != total.collected {
        wrong(findings, format!("{items} item rows, of which {} were listed", total.collected));
    }
    if let Some(sealed) = &account.sealed {
        for (name, found) in total.named().into_iter().chain([("bytes", bytes)]) {
            let must = matches!(name, "listed" | "collected" | "excepted");
            compare_total("acquisition.sealed", sealed, name, found, must, findings);
        }
    }
    let built = ledger.text("SELECT body FROM entry WHERE kind = 'package.built' ORDER BY seq DESC LIMIT 1")?;
    if let Some(built) = built.and_then(|body| super::canonical::read(&body).ok()) {
        compare_total("package.built", &built, "items", items, false, findings);
        compare_total("package.built", &built, "bytes", bytes, false, findings);
    }
    Ok(())
}

fn compare_total(kind: &str, body: &Body, name: &str, found: i64, must: bool, findings: &mut Findings) {
    let stated = match body.get(name) {
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_i64(),
        None if must => None,
        None => return,
    };
    if stated != Some(found) {
        let stated = stated.map_or_else(|| "nothing".to_owned(), |stated| stated.to_string());
        let detail = format!("{kind}: {name} states {stated}, the rows give {found}");
        findings.add(CheckName::Balance, Class::Wrong, LOG, detail);
    }
}
