//! From a row of the database back to a value of the program. A column that the schema does not allow is damage.

use rusqlite::Row;
use uuid::Uuid;

use crate::terms::{
    AccessBasis, ControlNumber, ExceptionCode, GraphId, MailboxKind, ObjectId, Severity, Sha256, UtcInstant,
};

use super::{
    Counts, CustodianRow, CustodyError, Entry, EventKind, ExceptionSeen, Exclusion, Fate, FolderRow, ItemFile, Known,
    KnownState, Latest, Listed, ListedRow, MailboxRow, NativeFile, ReconciliationRow, VolumeRow,
};

fn wrong(column: &str) -> CustodyError {
    CustodyError::corrupt(format!("a row holds something in column {column} that the format does not allow"))
}

/// A number that is never negative.
pub(super) fn count(row: &Row<'_>, column: &str) -> Result<u64, CustodyError> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|_| wrong(column))
}

fn opt_count(row: &Row<'_>, column: &str) -> Result<Option<u64>, CustodyError> {
    row.get::<_, Option<i64>>(column)?.map(|n| u64::try_from(n).map_err(|_| wrong(column))).transpose()
}

fn small(row: &Row<'_>, column: &str) -> Result<u32, CustodyError> {
    u32::try_from(count(row, column)?).map_err(|_| wrong(column))
}

/// One of a closed list of words.
pub(super) fn word<T>(row: &Row<'_>, column: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, CustodyError> {
    read(row.get_ref(column)?.as_str().map_err(|_| wrong(column))?).ok_or_else(|| wrong(column))
}

fn opt<T, E>(row: &Row<'_>, column: &str, read: impl Fn(&str) -> Result<T, E>) -> Result<Option<T>, CustodyError> {
    match row.get_ref(column)?.as_str_or_null().map_err(|_| wrong(column))? {
        Some(text) => read(text).map(Some).map_err(|_| wrong(column)),
        None => Ok(None),
    }
}

pub(super) fn graph_id(row: &Row<'_>, column: &str) -> Result<GraphId, CustodyError> {
    word(row, column, |text| GraphId::new(text).ok())
}

/// A digest of 32 bytes.
pub(super) fn sha256(row: &Row<'_>, column: &str) -> Result<Sha256, CustodyError> {
    let bytes = row.get_ref(column)?.as_blob().map_err(|_| wrong(column))?;
    Sha256::from_slice(bytes).ok_or_else(|| wrong(column))
}

pub(super) fn entry(row: &Row<'_>) -> Result<Entry, CustodyError> {
    Ok(Entry {
        seq: count(row, "seq")?,
        kind: word(row, "kind", EventKind::from_word)?,
        at: word(row, "at", |text| UtcInstant::parse(text).ok())?,
        body: row.get("body")?,
    })
}

pub(super) fn custodian(row: &Row<'_>) -> Result<CustodianRow, CustodyError> {
    Ok(CustodianRow {
        custodian_id: count(row, "custodian_id")?,
        display_name: row.get("display_name")?,
        asked_as: row.get("asked_as")?,
    })
}

pub(super) fn mailbox(row: &Row<'_>) -> Result<MailboxRow, CustodyError> {
    Ok(MailboxRow {
        mailbox_id: count(row, "mailbox_id")?,
        custodian_id: count(row, "custodian_id")?,
        tenant_id: row.get("tenant_id")?,
        object_id: word(row, "object_id", |text| ObjectId::new(text).ok())?,
        upn: row.get("upn")?,
        primary_smtp: row.get("primary_smtp")?,
        mailbox_kind: word(row, "mailbox_kind", MailboxKind::from_word)?,
        access_basis: word(row, "access_basis", AccessBasis::from_word)?,
    })
}

pub(super) fn folder(row: &Row<'_>) -> Result<FolderRow, CustodyError> {
    Ok(FolderRow {
        folder_id: count(row, "folder_id")?,
        mailbox_id: count(row, "mailbox_id")?,
        graph_id: graph_id(row, "graph_id")?,
        parent_graph_id: opt(row, "parent_graph_id", GraphId::new)?,
        path: row.get("path")?,
        well_known: row.get("well_known")?,
        total_item_count: opt_count(row, "total_item_count")?,
        expected: opt_count(row, "expected")?,
        is_hidden: row.get("is_hidden")?,
        excluded_because: opt(row, "excluded_because", |text| Exclusion::from_word(text).ok_or(()))?,
    })
}

/// A balance; its column `expected` is read as `before`, since a folder has one of that name too.
pub(super) fn reconciliation(row: &Row<'_>) -> Result<ReconciliationRow, CustodyError> {
    let counts = Counts {
        listed: count(row, "listed")?,
        collected: count(row, "collected")?,
        rebuilt: count(row, "rebuilt")?,
        excepted: count(row, "excepted")?,
        vanished: count(row, "vanished")?,
        appeared: count(row, "appeared")?,
        departed: count(row, "departed")?,
        bytes: count(row, "bytes")?,
    };
    Ok(ReconciliationRow {
        mailbox_id: count(row, "mailbox_id")?,
        folder_id: count(row, "folder_id")?,
        expected: count(row, "before")?,
        outside: opt_count(row, "outside")?,
        not_chosen: opt_count(row, "not_chosen")?,
        held_before: opt_count(row, "held_before")?,
        counts,
        expected_after: count(row, "expected_after")?,
    })
}

pub(super) fn listed(row: &Row<'_>) -> Result<ListedRow, CustodyError> {
    let message = Listed {
        mailbox_id: count(row, "mailbox_id")?,
        folder_id: count(row, "folder_id")?,
        graph_id: graph_id(row, "graph_id")?,
        change_key: row.get("change_key")?,
        internet_message_id: row.get("internet_message_id")?,
        received_utc: opt(row, "received_utc", UtcInstant::parse)?,
        sent_utc: opt(row, "sent_utc", UtcInstant::parse)?,
        created_utc: opt(row, "created_utc", UtcInstant::parse)?,
        modified_utc: opt(row, "modified_utc", UtcInstant::parse)?,
        subject: row.get("subject")?,
        is_draft: row.get("is_draft")?,
        item_class: row.get("item_class")?,
        store_bytes: opt_count(row, "store_bytes")?,
        pass: small(row, "pass")?,
    };
    Ok(ListedRow { listed_id: count(row, "listed_id")?, message })
}

pub(super) fn item_file(row: &Row<'_>) -> Result<ItemFile, CustodyError> {
    Ok(ItemFile {
        control_number: word(row, "control_number", |text| text.parse().ok())?,
        path: row.get("path")?,
        bytes: count(row, "bytes")?,
        sha256: sha256(row, "sha256")?,
    })
}

/// By the places of the columns (path, bytes, hash): finding them by name takes as long as reading them, a million times.
pub(super) fn native_file(row: &Row<'_>) -> Result<NativeFile, CustodyError> {
    let bytes = u64::try_from(row.get::<_, i64>(1)?).map_err(|_| wrong("bytes"))?;
    let sha256 = row.get_ref(2)?.as_blob().ok().and_then(Sha256::from_slice).ok_or_else(|| wrong("sha256"))?;
    Ok(NativeFile { path: row.get(0)?, bytes, sha256 })
}

pub(super) fn exception(row: &Row<'_>) -> Result<ExceptionSeen, CustodyError> {
    Ok(ExceptionSeen {
        exception_id: count(row, "exception_id")?,
        code: word(row, "code", ExceptionCode::from_word)?,
        severity: word(row, "severity", Severity::from_word)?,
        mailbox_id: opt_count(row, "mailbox_id")?,
        control_number: opt_count(row, "number")?.and_then(ControlNumber::new),
        folder_path: row.get("folder_path")?,
        graph_id: opt(row, "graph_id", GraphId::new)?,
        detail: row.get("detail")?,
        attempts: opt_count(row, "attempts")?,
        entry_seq: count(row, "entry_seq")?,
        resolved: row.get("resolved")?,
    })
}

pub(super) fn volume(row: &Row<'_>) -> Result<VolumeRow, CustodyError> {
    Ok(VolumeRow {
        volume_id: count(row, "volume_id")?,
        name: row.get("name")?,
        bytes: count(row, "bytes")?,
        members: count(row, "members")?,
        sha256: sha256(row, "sha256")?,
    })
}

/// A row of `earlier`: its number and what it says.
pub(super) fn known(row: &Row<'_>) -> Result<(u64, Known), CustodyError> {
    let state = word(row, "state", KnownState::from_word)?;
    let acquisition_id = word(row, "acquisition_id", |text| Uuid::parse_str(text).ok())?;
    let control_number = word(row, "control_number", |text| text.parse().ok())?;
    Ok((count(row, "earlier_id")?, as_known(row, state, acquisition_id, control_number)?))
}

/// A row of `listed` with its item, as a package that comes later knows it.
pub(super) fn listed_as_known(row: &Row<'_>, acquisition_id: Uuid) -> Result<Known, CustodyError> {
    let collected = opt_sha256(row, "content_id")?.is_some();
    let state = if collected { KnownState::Collected } else { KnownState::Missing };
    let number = ControlNumber::new(count(row, "listed_id")?).ok_or_else(|| wrong("listed_id"))?;
    as_known(row, state, acquisition_id, number)
}

fn as_known(
    row: &Row<'_>,
    state: KnownState,
    acquisition_id: Uuid,
    control_number: ControlNumber,
) -> Result<Known, CustodyError> {
    Ok(Known {
        owner: word(row, "object_id", |text| ObjectId::new(text).ok())?,
        graph_id: graph_id(row, "graph_id")?,
        folder: graph_id(row, "folder_graph_id")?,
        folder_path: row.get("folder_path")?,
        state,
        acquisition_id,
        control_number,
        content_id: opt_sha256(row, "content_id")?,
        change_key: row.get("change_key")?,
        internet_message_id: row.get("internet_message_id")?,
        received_utc: opt(row, "received_utc", UtcInstant::parse)?,
        sent_utc: opt(row, "sent_utc", UtcInstant::parse)?,
        created_utc: opt(row, "created_utc", UtcInstant::parse)?,
        modified_utc: opt(row, "modified_utc", UtcInstant::parse)?,
    })
}

pub(super) fn latest(row: &Row<'_>) -> Result<Latest, CustodyError> {
    Ok(Latest {
        outcome: word(row, "outcome", Fate::from_word)?,
        folder_id: opt_count(row, "folder_id")?,
        change_key: row.get("change_key")?,
        modified_utc: opt(row, "modified_utc", UtcInstant::parse)?,
    })
}

fn opt_sha256(row: &Row<'_>, column: &str) -> Result<Option<Sha256>, CustodyError> {
    let bytes = row.get_ref(column)?.as_blob_or_null().map_err(|_| wrong(column))?;
    bytes.map(|bytes| Sha256::from_slice(bytes).ok_or_else(|| wrong(column))).transpose()
}
