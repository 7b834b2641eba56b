//! What the usage and licence sync knew of the custodians, and how its count of items compares with what was found.

use schemars::JsonSchema;
use serde::Serialize;

use super::ask::{Ask, count, counted};

/// Licences and mailboxes as known when the collection began.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Licences {
    /// Whether a sync of the tenant was at hand.
    pub sync_at_hand: bool,
    /// Every fact on record, by custodian.
    pub facts: Vec<Fact>,
    /// The mailbox report's count of items beside what was found; one entry per custodian that the report counts.
    pub completeness: Vec<Completeness>,
}

/// One fact.
#[expect(clippy::struct_field_names, reason = "the names of the manifest's columns")]
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Fact {
    /// The custodian's number in the record.
    pub custodian_id: u64,
    /// The custodian as typed.
    pub custodian: String,
    /// What it is about, as in the manifest.
    pub fact: String,
    /// What it is; null where it was not known.
    pub value: Option<String>,
    /// The dataset it was read in.
    pub dataset: Option<String>,
    /// The period of that usage report.
    pub period: Option<String>,
    /// As of when.
    pub as_of: Option<String>,
    /// The snapshot's number in the sync's store.
    pub snapshot_id: Option<u64>,
    /// The snapshot's digest.
    pub snapshot_sha256: Option<String>,
}

/// A mailbox's items: those that the report counts, those that its folders said to hold, those that were in range.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Completeness {
    /// The custodian as typed.
    pub custodian: String,
    /// Items of all kinds in the whole mailbox, as the usage report counts them.
    pub reported_items: u64,
    /// As of when.
    pub as_of: Option<String>,
    /// Items of all kinds that the mailbox's folders counted when the plan was made, in scope or not.
    pub items_in_folders: u64,
    /// Messages of the range, listed.
    pub listed: u64,
    /// Messages collected.
    pub collected: u64,
}

pub(super) fn licences(ask: Ask<'_>) -> rusqlite::Result<Licences> {
    let facts = ask.rows(
        "SELECT f.custodian_id, c.asked_as, f.fact, f.value, f.dataset, f.period, f.as_of, f.snapshot_id,
                CASE WHEN f.snapshot_sha256 IS NOT NULL THEN lower(hex(f.snapshot_sha256)) END
           FROM licence_fact f JOIN custodian c USING (custodian_id) ORDER BY f.entry_seq",
        [],
        |row| {
            Ok(Fact {
                custodian_id: count(row, 0)?,
                custodian: row.get(1)?,
                fact: row.get(2)?,
                value: row.get(3)?,
                dataset: row.get(4)?,
                period: row.get(5)?,
                as_of: row.get(6)?,
                snapshot_id: counted(row, 7)?,
                snapshot_sha256: row.get(8)?,
            })
        },
    )?;
    let completeness = ask.rows(
        "SELECT c.asked_as, CAST(f.value AS INTEGER), f.as_of,
                (SELECT sum(total_item_count) FROM folder WHERE mailbox_id = m.mailbox_id),
                (SELECT count(*) FROM listed WHERE mailbox_id = m.mailbox_id),
                (SELECT count(*) FROM item WHERE mailbox_id = m.mailbox_id)
           FROM licence_fact f JOIN custodian c USING (custodian_id) JOIN mailbox m USING (custodian_id)
          WHERE f.fact = 'mailbox_items' AND f.value IS NOT NULL ORDER BY f.entry_seq",
        [],
        |row| {
            Ok(Completeness {
                custodian: row.get(0)?,
                reported_items: count(row, 1)?,
                as_of: row.get(2)?,
                items_in_folders: count(row, 3)?,
                listed: count(row, 4)?,
                collected: count(row, 5)?,
            })
        },
    )?;
    let sync_at_hand = facts.iter().any(|fact| fact.fact == "sync_at_hand" && fact.value.as_deref() == Some("yes"));
    Ok(Licences { sync_at_hand, facts, completeness })
}
