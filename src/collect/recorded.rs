//! What was planned and found, read from the record alone: for a session that asks the service nothing more.
//!
//! It must not write.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::custody::{CustodyError, EventKind, Ledger, MailboxRow};
use crate::delegation::Verdict;

use super::acquisition::Acquisition;
use super::error::CollectError;
use super::plan::{Part, Plan, PlannedFolder, PlannedMailbox};
use super::since;

/// The plan as the record has it.
pub(super) async fn plan(acquisition: &Acquisition) -> Result<Plan, CollectError> {
    let (custodians, supplemental) = (acquisition.job.custodians.clone(), acquisition.job.since.is_some());
    Ok(acquisition.pen.read(move |l| read(l, custodians, supplemental)).await?)
}

fn read(l: &Ledger<'_>, custodians: Vec<String>, supplemental: bool) -> Result<Plan, CustodyError> {
    let verdicts = verdicts(l)?;
    let mailboxes = l.mailboxes()?;
    let mut parts = Vec::with_capacity(custodians.len());
    for (index, custodian) in custodians.into_iter().enumerate() {
        let id = index as u64 + 1;
        let verdict = verdicts.get(&id).copied().unwrap_or(Verdict::Unknown);
        let row = mailboxes.iter().find(|row| row.custodian_id == id);
        let user_id = row.map(|row| row.object_id.clone());
        let mailbox = match row {
            Some(row) if verdict.opens() => Some(mailbox(l, row, supplemental)?),
            _ => None,
        };
        parts.push(Part { index, custodian, user_id, verdict, advice: None, mailbox });
    }
    Ok(Plan { parts })
}

/// The last verdict on each custodian, by number.
fn verdicts(l: &Ledger<'_>) -> Result<BTreeMap<u64, Verdict>, CustodyError> {
    let mut verdicts = BTreeMap::new();
    for entry in l.all_of(EventKind::AccessTested)? {
        let line = entry.json()?;
        let verdict = line.get("verdict").cloned().and_then(|word| serde_json::from_value(word).ok());
        if let (Some(id), Some(verdict)) = (line.get("custodian_id").and_then(Value::as_u64), verdict) {
            verdicts.insert(id, verdict);
        }
    }
    Ok(verdicts)
}

fn mailbox(l: &Ledger<'_>, row: &MailboxRow, supplemental: bool) -> Result<PlannedMailbox, CustodyError> {
    let mut folders = Vec::new();
    for folder in l.folders(row.mailbox_id)? {
        let (listed, store_bytes) = l.folder_sizes(folder.folder_id)?;
        let not_chosen = l.not_chosen(folder.folder_id, 1)?.unwrap_or(0);
        let held_before = l.held(folder.folder_id)?;
        folders.push(PlannedFolder { row: folder, listed, not_chosen, held_before, store_bytes });
    }
    let had_before = supplemental && since::had(l, &row.object_id)?;
    let compared = if supplemental { Some(l.compared(row.mailbox_id)?) } else { None };
    Ok(PlannedMailbox { mailbox_id: row.mailbox_id, owner: row.object_id.clone(), folders, compared, had_before })
}
