//! One message of a listing against what the earlier package knew: to be collected, or held already.
//!
//! The version decides, and never the bytes: Exchange renders anew each time. A message in another version is collected
//! again even where its content may turn out the same; one whose version cannot be told is, too.

use crate::custody::{ComparedRow, CustodyError, Fate, Known, KnownState, Ledger};
use crate::graph::wire;
use crate::terms::{GraphId, ObjectId, UtcInstant};

/// Where a listing is.
#[derive(Debug, Clone)]
pub(in crate::collect) struct Here {
    /// The mailbox's owner.
    pub(in crate::collect) owner: ObjectId,
    /// The mailbox's number.
    pub(in crate::collect) mailbox_id: u64,
    /// The folder's number.
    pub(in crate::collect) folder_id: u64,
    /// The folder's id.
    pub(in crate::collect) folder: GraphId,
}

/// What is to be done about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::collect) enum Judged {
    /// Collect it: the earlier package did not know it.
    New,
    /// Collect it; the comparison is recorded with its number.
    Again(ComparedRow),
    /// An earlier package holds it; the comparison is recorded, unless it has been.
    Held(Option<ComparedRow>),
}

/// Compares a message of a listing, by its id.
pub(in crate::collect) fn judge(
    ledger: &Ledger<'_>,
    here: &Here,
    message: &wire::Message,
) -> Result<Judged, CustodyError> {
    let Some(row) = ledger.known(&here.owner, &message.id)? else { return Ok(Judged::New) };
    let modified_utc = message.last_modified_date_time.as_deref().and_then(|text| UtcInstant::parse(text).ok());
    let now = Version { key: message.version(), modified: modified_utc };
    let (outcome, again) = fate(&row.known, now, row.known.folder == here.folder);
    let said = row.latest.is_some_and(|last| last.outcome == outcome && last.folder_id == Some(here.folder_id));
    let compared = ComparedRow {
        mailbox_id: here.mailbox_id,
        earlier_id: row.earlier_id,
        outcome,
        listed_id: None,
        folder_id: Some(here.folder_id),
        change_key: message.version().map(str::to_owned),
        modified_utc,
        seen: None,
    };
    Ok(if again { Judged::Again(compared) } else { Judged::Held((!said).then_some(compared)) })
}

/// A message's version, as far as the service tells.
#[derive(Debug, Clone, Copy)]
struct Version<'a> {
    key: Option<&'a str>,
    modified: Option<UtcInstant>,
}

/// What has become of a known message, and whether it is collected again.
fn fate(known: &Known, now: Version<'_>, same_folder: bool) -> (Fate, bool) {
    match (known.state, is_same(known, now), same_folder) {
        (KnownState::Missing, _, _) => (Fate::Retried, true),
        (KnownState::Collected, true, true) => (Fate::Unchanged, false),
        (KnownState::Collected, true, false) => (Fate::Moved, false),
        (KnownState::Collected, false, true) => (Fate::Changed, true),
        (KnownState::Collected, false, false) => (Fate::Moved, true),
    }
}

/// The same version: nothing that both sides tell differs, and they tell something.
fn is_same(known: &Known, now: Version<'_>) -> bool {
    let keys = known.change_key.as_deref().zip(now.key).map(|(then, now)| then == now);
    let dates = known.modified_utc.zip(now.modified).map(|(then, now)| then == now);
    match (keys, dates) {
        (Some(false), _) | (_, Some(false)) | (None, None) => false,
        (Some(true), _) | (None, Some(true)) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::{ControlNumber, Sha256};

    fn at(text: &str) -> Option<UtcInstant> {
        UtcInstant::parse(text).ok()
    }

    fn known(state: KnownState, change_key: Option<&str>) -> Known {
        Known {
            owner: ObjectId::new("a1").expect("valid"),
            graph_id: GraphId::new("AAMk-1").expect("valid"),
            folder: GraphId::new("AAMk-inbox").expect("valid"),
            folder_path: "Inbox".to_owned(),
            state,
            acquisition_id: uuid::Uuid::nil(),
            control_number: ControlNumber::new(1).expect("positive"),
            content_id: Some(Sha256::of(b"a")),
            change_key: change_key.map(str::to_owned),
            internet_message_id: None,
            received_utc: None,
            sent_utc: None,
            created_utc: None,
            modified_utc: at("2024-03-01T10:00:00Z"),
        }
    }

    #[test]
    fn version_and_folder_decide_and_what_was_missing_is_always_tried_again() {
        let then = at("2024-03-01T10:00:00Z");
        let version = |key, modified| Version { key, modified };
        let have = known(KnownState::Collected, Some("v1"));
        assert_eq!(fate(&have, version(Some("v1"), then), true), (Fate::Unchanged, false));
        assert_eq!(fate(&have, version(Some("v1"), then), false), (Fate::Moved, false));
        assert_eq!(fate(&have, version(Some("v2"), then), true), (Fate::Changed, true));
        assert_eq!(fate(&have, version(Some("v2"), then), false), (Fate::Moved, true));
        assert_eq!(fate(&have, version(Some("v1"), at("2024-03-02T10:00:00Z")), true), (Fate::Changed, true));
        let lack = known(KnownState::Missing, Some("v1"));
        assert_eq!(fate(&lack, version(Some("v1"), then), true), (Fate::Retried, true));
    }

    #[test]
    fn without_a_change_key_the_last_change_decides_and_without_both_it_is_collected_again() {
        let have = known(KnownState::Collected, None);
        let version = |modified| Version { key: Some("v1"), modified };
        assert!(is_same(&have, version(at("2024-03-01T10:00:00Z"))));
        assert!(!is_same(&have, version(at("2024-03-01T10:00:01Z"))));
        assert!(!is_same(&have, version(None)));
    }
}
