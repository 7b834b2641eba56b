//! The balance: per folder, per mailbox and in all, with the sources of every difference.

use schemars::JsonSchema;
use serde::Serialize;

use super::ask::{Ask, count, counted};

/// The account of everything that was in scope.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Reconciliation {
    /// All mailboxes together.
    pub totals: Counts,
    /// By mailbox.
    pub mailboxes: Vec<MailboxLine>,
    /// By folder.
    pub folders: Vec<FolderLine>,
}

/// Counts of messages.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Counts {
    /// In the range by the service's own count before anything was read.
    pub expected: u64,
    /// Shown only by the second listing, at the end.
    pub appeared: u64,
    /// Kept out by a list of ids.
    pub not_chosen: u64,
    /// In an earlier package in the same version.
    pub held_before: u64,
    /// Listed: to be collected.
    pub listed: u64,
    /// In the package.
    pub collected: u64,
    /// Part of collected: rebuilt because the service could not render them.
    pub rebuilt: u64,
    /// Not in the package.
    pub excepted: u64,
    /// Part of excepted: gone before they could be read.
    pub vanished: u64,
    /// Part of collected: no longer in the folder at the second listing.
    pub departed: u64,
    /// In the range by the service's own count afterwards.
    pub expected_after: u64,
    /// In the folder beyond the range: other dates, other kinds.
    pub outside: u64,
    /// Size of what was collected, in bytes.
    pub bytes: u64,
    /// What was listed, less what appeared, plus what was kept out or held, less what was expected; zero when the first
    /// listing and the service's count agree.
    pub difference: i64,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.expected += other.expected;
        self.appeared += other.appeared;
        self.not_chosen += other.not_chosen;
        self.held_before += other.held_before;
        self.listed += other.listed;
        self.collected += other.collected;
        self.rebuilt += other.rebuilt;
        self.excepted += other.excepted;
        self.vanished += other.vanished;
        self.departed += other.departed;
        self.expected_after += other.expected_after;
        self.outside += other.outside;
        self.bytes += other.bytes;
        self.difference += other.difference;
    }

    /// Whether there is anything to say.
    pub(in super::super) const fn is_busy(&self) -> bool {
        self.expected > 0 || self.listed > 0 || self.expected_after > 0 || self.not_chosen > 0 || self.held_before > 0
    }
}

/// A mailbox's line.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MailboxLine {
    /// Number in the record.
    pub mailbox_id: u64,
    /// Whose.
    pub custodian: String,
    /// Folders in scope.
    pub folders: u64,
    /// Its counts.
    pub counts: Counts,
}

/// A folder's line.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FolderLine {
    /// The mailbox.
    pub mailbox_id: u64,
    /// Where it is.
    pub path: String,
    /// Its counts.
    pub counts: Counts,
    /// What explains a difference: `null` where there is none.
    pub reason: Option<String>,
}

const SQL: &str = "WITH size AS MATERIALIZED (SELECT folder_id, sum(bytes) AS bytes FROM item GROUP BY 1),
  said AS MATERIALIZED (SELECT folder_id, min(detail) AS detail FROM exception WHERE code = 'count_mismatch' AND folder_id IS NOT NULL GROUP BY 1)
SELECT r.mailbox_id, f.path, r.expected, r.appeared, r.not_chosen, r.held_before, r.listed, r.collected, r.rebuilt,
       r.excepted, r.vanished, r.departed, r.expected_after, r.outside, s.bytes, d.detail, c.display_name, c.asked_as
  FROM reconciliation r
  JOIN folder f ON f.folder_id = r.folder_id
  JOIN mailbox m ON m.mailbox_id = r.mailbox_id
  JOIN custodian c ON c.custodian_id = m.custodian_id
  LEFT JOIN size s ON s.folder_id = r.folder_id
  LEFT JOIN said d ON d.folder_id = r.folder_id
 WHERE r.entry_seq = (SELECT max(q.entry_seq) FROM reconciliation q
                       WHERE q.mailbox_id = r.mailbox_id AND q.folder_id = r.folder_id)
 ORDER BY m.custodian_id, r.mailbox_id, f.folder_id";

pub(super) fn reconciliation(ask: Ask<'_>) -> rusqlite::Result<Reconciliation> {
    let mut found = Reconciliation { totals: Counts::default(), mailboxes: Vec::new(), folders: Vec::new() };
    let mut statement = ask.db.prepare(SQL)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let counts = counts(row)?;
        let mailbox_id = count(row, 0)?;
        found.totals.add(&counts);
        if found.mailboxes.last().is_none_or(|last| last.mailbox_id != mailbox_id) {
            let custodian = name(row.get(16)?, row.get(17)?);
            found.mailboxes.push(MailboxLine { mailbox_id, custodian, folders: 0, counts: Counts::default() });
        }
        if let Some(mailbox) = found.mailboxes.last_mut() {
            mailbox.folders += 1;
            mailbox.counts.add(&counts);
        }
        let reason = reason(&counts, row.get(15)?);
        found.folders.push(FolderLine { mailbox_id, path: row.get(1)?, counts, reason });
    }
    Ok(found)
}

/// What a custodian is called in the report.
pub(in super::super) fn name(display_name: String, asked_as: String) -> String {
    if display_name.trim().is_empty() { asked_as } else { display_name }
}

fn counts(row: &rusqlite::Row<'_>) -> rusqlite::Result<Counts> {
    let mut counts = Counts {
        expected: count(row, 2)?,
        appeared: count(row, 3)?,
        not_chosen: count(row, 4)?,
        held_before: count(row, 5)?,
        listed: count(row, 6)?,
        collected: count(row, 7)?,
        rebuilt: count(row, 8)?,
        excepted: count(row, 9)?,
        vanished: count(row, 10)?,
        departed: count(row, 11)?,
        expected_after: count(row, 12)?,
        outside: counted(row, 13)?.unwrap_or(0),
        bytes: count(row, 14)?,
        difference: 0,
    };
    let found = (counts.listed + counts.not_chosen + counts.held_before).saturating_sub(counts.appeared);
    counts.difference = i64::try_from(i128::from(found) - i128::from(counts.expected)).unwrap_or(i64::MAX);
    Ok(counts)
}

fn reason(counts: &Counts, said: Option<String>) -> Option<String> {
    let parts = [
        (counts.appeared, "appeared during the run"),
        (counts.vanished, "gone before they were read"),
        (counts.departed, "collected, then moved or deleted"),
    ];
    let mut words: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    words.extend(said);
    let silent = counts.difference == 0 && counts.expected == counts.expected_after;
    match (silent, words.is_empty()) {
        (true, true) => None,
        (false, true) => Some("no reason is recorded".to_owned()),
        (_, false) => Some(words.join("; ")),
    }
}
