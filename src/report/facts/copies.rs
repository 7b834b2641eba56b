//! Duplicates, earlier packages, and signatures of senders: what the rows say when they are counted.

use schemars::JsonSchema;
use serde::Serialize;

use super::ask::{Ask, count};

/// Copies of the same message.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Duplicates {
    /// Groups of messages with the same EDRM Message Identification Hash.
    pub mih: Groups,
    /// Groups of messages with the same content.
    pub content: Groups,
    /// Messages without a usable Message-ID, and so without an MIH.
    pub without_mih: u64,
    /// Groups with the same MIH and different content.
    pub conflicts: u64,
    /// The first of those conflicts: MIH and control numbers.
    pub conflict_list: Vec<Conflict>,
}

/// Groups of copies.
#[expect(clippy::struct_field_names, reason = "groups of copies are what it counts first")]
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Groups {
    /// Groups of two or more.
    pub groups: u64,
    /// Messages in them.
    pub messages: u64,
    /// Messages beyond the first of each group.
    pub copies: u64,
    /// Groups with messages of more than one mailbox.
    pub across_mailboxes: u64,
}

/// Messages with one Message-ID and different content.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Conflict {
    /// The MIH.
    pub mih: String,
    /// Messages.
    pub messages: u64,
    /// Different contents.
    pub contents: u64,
    /// Control numbers, at most ten.
    pub control_numbers: Vec<String>,
}

/// How a supplemental run compares with the package before it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Earlier {
    /// Messages that the earlier package knew of the mailboxes.
    pub known: u64,
    /// Outcomes, with how many.
    pub outcomes: Vec<Counted>,
    /// Of those that are gone: what a search showed.
    pub gone: Vec<Counted>,
}

/// A word of the record and how often it stands there.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Counted {
    /// The word.
    pub word: String,
    /// How often.
    pub count: u64,
}

/// Signatures that senders' domains put on their messages.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Authenticity {
    /// Results recorded.
    pub results: u64,
    /// Messages with at least one.
    pub messages: u64,
    /// By method, header signature and body hash.
    pub by_outcome: Vec<Outcome>,
    /// Keys captured from DNS during the collection.
    pub keys: u64,
    /// Names under which DNS had no key.
    pub keys_absent: u64,
    /// What else is said of signatures: the words of `schemas/FORMAT.md`.
    pub remarks: Vec<Counted>,
}

/// Results of one kind.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Outcome {
    /// `dkim` or `arc`.
    pub method: String,
    /// Whether the signature over the header holds; `null` where it could not be judged.
    pub header_ok: Option<bool>,
    /// Whether the body hash holds; `null` where it could not be judged.
    pub body_ok: Option<bool>,
    /// How many.
    pub count: u64,
}

pub(super) fn duplicates(ask: Ask<'_>) -> rusqlite::Result<Duplicates> {
    let sql = "SELECT lower(hex(mih)), count(*), count(DISTINCT content_id) FROM item WHERE mih IS NOT NULL
                GROUP BY mih HAVING count(DISTINCT content_id) > 1";
    let mut conflict_list = ask.rows(&format!("{sql} ORDER BY mih LIMIT 50"), [], |row| {
        Ok(Conflict {
            mih: row.get(0)?,
            messages: count(row, 1)?,
            contents: count(row, 2)?,
            control_numbers: Vec::new(),
        })
    })?;
    for conflict in &mut conflict_list {
        let sql = "SELECT control_number FROM item WHERE mih = ?1 ORDER BY item_id LIMIT 10";
        let mih = hex::decode(&conflict.mih).unwrap_or_default();
        conflict.control_numbers = ask.rows(sql, [mih], |row| row.get(0))?;
    }
    Ok(Duplicates {
        mih: groups(ask, "mih")?,
        content: groups(ask, "content_id")?,
        without_mih: ask.number("SELECT count(*) FROM item WHERE mih IS NULL")?,
        conflicts: ask.number(&format!("SELECT count(*) FROM ({sql})"))?,
        conflict_list,
    })
}

fn groups(ask: Ask<'_>, column: &str) -> rusqlite::Result<Groups> {
    let sql = format!(
        "SELECT count(*), sum(n), sum(n - 1), sum(m > 1) FROM (SELECT count(*) AS n, count(DISTINCT mailbox_id) AS m
           FROM item WHERE {column} IS NOT NULL GROUP BY {column} HAVING count(*) > 1)"
    );
    ask.db.query_row(&sql, [], |row| {
        Ok(Groups {
            groups: count(row, 0)?,
            messages: count(row, 1)?,
            copies: count(row, 2)?,
            across_mailboxes: count(row, 3)?,
        })
    })
}

pub(super) fn earlier(ask: Ask<'_>) -> rusqlite::Result<Option<Earlier>> {
    if ask.lines("earlier.known")?.is_empty() {
        return Ok(None);
    }
    let latest = "compared c WHERE c.compared_id = (SELECT max(d.compared_id) FROM compared d WHERE d.earlier_id = c.earlier_id)";
    let counted = |sql: &str| ask.rows(sql, [], |row| Ok(Counted { word: row.get(0)?, count: count(row, 1)? }));
    Ok(Some(Earlier {
        known: ask.number("SELECT count(*) FROM earlier")?,
        outcomes: counted(&format!("SELECT c.outcome, count(*) FROM {latest} GROUP BY 1 ORDER BY 1"))?,
        gone: counted(&format!("SELECT c.seen, count(*) FROM {latest} AND c.seen IS NOT NULL GROUP BY 1 ORDER BY 1"))?,
    }))
}

/// The words of `detail`, which have commas between them, counted.
const REMARKS: &str =
    "SELECT w.value, count(*) FROM auth_result, json_each('[\"' || replace(detail, ',', '\",\"') || '\"]') w
   WHERE detail IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1";

pub(super) fn authenticity(ask: Ask<'_>) -> rusqlite::Result<Authenticity> {
    let sql =
        "SELECT method, header_ok, body_ok, count(*) FROM auth_result GROUP BY 1, 2, 3 ORDER BY 1, 2 DESC, 3 DESC";
    Ok(Authenticity {
        results: ask.number("SELECT count(*) FROM auth_result")?,
        messages: ask.number("SELECT count(DISTINCT item_id) FROM auth_result")?,
        by_outcome: ask.rows(sql, [], |row| {
            Ok(Outcome { method: row.get(0)?, header_ok: row.get(1)?, body_ok: row.get(2)?, count: count(row, 3)? })
        })?,
        keys: ask.number("SELECT count(DISTINCT name) FROM dns_key WHERE txt IS NOT NULL")?,
        keys_absent: ask.number("SELECT count(DISTINCT name) FROM dns_key WHERE txt IS NULL")?,
        remarks: ask.rows(REMARKS, [], |row| Ok(Counted { word: row.get(0)?, count: count(row, 1)? }))?,
    })
}
