//! A listed message that is gone from where it was listed is looked for once, by its Message-ID, before it is written off.
//!
//! Ids survive a move, so this finds what was moved by copying and deleting, as other mail programs do, and what the
//! service lost sight of for a moment. What it finds is taken only when it is the same message by its dates, no other
//! row's, and not in a folder that was left out on purpose. It must not fetch the message.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use crate::custody::{Exclusion, ListedRow};
use crate::graph::{Ask, FaultKind, Lane, wire};
use crate::terms::{Exchange, GraphId, ObjectId, Purpose, UtcInstant};

use super::Run;
use super::error::CollectError;
use super::plan::PlannedMailbox;

/// Longest Message-ID that is asked for, in bytes: encoded and in a filter it still fits into any URL.
const LONGEST: usize = 500;
/// Copies of one message that are looked at.
const COPIES: u32 = 5;

/// Where a message was found again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Its id there.
    pub(super) graph_id: GraphId,
    /// The folder.
    pub(super) folder: Option<GraphId>,
    /// Its version there.
    pub(super) change_key: Option<String>,
}

/// What a search came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// Here it is.
    Here(Place),
    /// Not here; for the record, what was seen instead.
    Not(&'static str),
}

/// The search in one mailbox.
pub(super) struct Search {
    run: Run,
    mailbox_id: u64,
    owner: ObjectId,
    /// Known folders, and whether a message may be taken from there.
    folders: HashMap<GraphId, bool>,
    /// Whether one may be taken from a folder that is newer than the plan.
    from_unknown: bool,
    taken: OnceCell<Mutex<HashSet<GraphId>>>,
}

impl Search {
    /// In this mailbox.
    pub(super) fn of(run: &Run, mailbox: &PlannedMailbox) -> Self {
        let may = |why: Option<Exclusion>| match why {
            // It was in scope when it was listed; that its new folder was not asked for does not change that.
            None | Some(Exclusion::NotAsked | Exclusion::NotMail | Exclusion::SearchFolder) => true,
            Some(Exclusion::Excluded | Exclusion::RecoverableNotAsked | Exclusion::NotReadable) => false,
        };
        let rows = mailbox.folders.iter().map(|folder| &folder.row);
        Self {
            run: run.clone(),
            mailbox_id: mailbox.mailbox_id,
            owner: mailbox.owner.clone(),
            folders: rows.map(|row| (row.graph_id.clone(), may(row.excluded_because))).collect(),
            from_unknown: run.acquisition.job.excluded.is_empty(),
            taken: OnceCell::new(),
        }
    }

    /// Asks once. A service that does not understand, or refuses, has not found it.
    ///
    /// # Errors
    /// What ends a run: sign-in, network, TLS; [`CollectError::Custody`].
    pub(super) async fn again(&self, row: &ListedRow, trail: &mut Vec<Exchange>) -> Result<Found, CollectError> {
        let Some(filter) = row.message.internet_message_id.as_deref().and_then(filter) else {
            return Ok(Found::Not("it has no Message-ID to look for"));
        };
        let path = ["users", self.owner.as_str(), "messages"];
        let ask = Ask::new(Lane::Mailbox(self.owner.clone()), Purpose::ItemState, path)
            .query("$filter", filter)
            .query("$select", "id,parentFolderId,changeKey,receivedDateTime,sentDateTime")
            .query("$top", COPIES.to_string());
        match self.run.graph.list::<wire::Message>(&ask).await {
            Ok(mut answer) => {
                trail.append(&mut answer.trail);
                self.choose(row, answer.value.items).await
            }
            Err(fault) if fault.is_total() || matches!(fault.kind, FaultKind::Throttled) => Err(fault.into()),
            Err(mut fault) => {
                trail.append(&mut fault.trail);
                Ok(Found::Not("the service did not look for its Message-ID"))
            }
        }
    }

    async fn choose(&self, row: &ListedRow, copies: Vec<wire::Message>) -> Result<Found, CollectError> {
        let mut seen = Found::Not("no message of the mailbox has its Message-ID");
        for copy in copies {
            if copy.id == row.message.graph_id {
                // Only out of sight for a moment.
                return Ok(Found::Here(place(copy)));
            }
            let (mailbox_id, id) = (self.mailbox_id, copy.id.clone());
            if !is_same(row, &copy) || self.run.acquisition.pen.read(move |l| l.is_listed(mailbox_id, &id)).await? {
                seen = Found::Not("another message of the mailbox has its Message-ID");
                continue;
            }
            let folder = copy.parent_folder_id.as_ref().and_then(|id| self.folders.get(id));
            if !folder.copied().unwrap_or(self.from_unknown) {
                seen = Found::Not("it lies in a folder that was left out");
                continue;
            }
            if held(self.taken().await?).insert(copy.id.clone()) {
                return Ok(Found::Here(place(copy)));
            }
        }
        Ok(seen)
    }

    /// Gives an id back that was found and could not be fetched.
    pub(super) async fn release(&self, place: &Place) -> Result<(), CollectError> {
        held(self.taken().await?).remove(&place.graph_id);
        Ok(())
    }

    /// Ids under which listed messages were found again: they are in the package already.
    pub(super) async fn known(&self) -> Result<HashSet<GraphId>, CollectError> {
        Ok(held(self.taken().await?).clone())
    }

    async fn taken(&self) -> Result<&Mutex<HashSet<GraphId>>, CollectError> {
        let mailbox_id = self.mailbox_id;
        let recorded = || async move {
            let ids = self.run.acquisition.pen.read(move |l| l.found_again(mailbox_id)).await?;
            Ok::<_, CollectError>(Mutex::new(ids.into_iter().collect()))
        };
        self.taken.get_or_try_init(recorded).await
    }
}

fn held(ids: &Mutex<HashSet<GraphId>>) -> MutexGuard<'_, HashSet<GraphId>> {
    ids.lock().unwrap_or_else(PoisonError::into_inner)
}

fn place(copy: wire::Message) -> Place {
    let change_key = copy.version().map(str::to_owned);
    Place { graph_id: copy.id, folder: copy.parent_folder_id, change_key }
}

/// A move keeps the dates of delivery and submission; the sender's own copy, say, has others.
fn is_same(row: &ListedRow, copy: &wire::Message) -> bool {
    let agree = |first: Option<UtcInstant>, text: &Option<String>| match (first, text.as_deref().map(UtcInstant::parse))
    {
        (Some(first), Some(Ok(second))) => first == second,
        _ => true,
    };
    agree(row.message.received_utc, &copy.received_date_time) && agree(row.message.sent_utc, &copy.sent_date_time)
}

/// The filter for a Message-ID; `None` for one that cannot be asked for.
fn filter(message_id: &str) -> Option<String> {
    let sayable = !message_id.trim().is_empty() && !message_id.chars().any(char::is_control);
    let filter = format!("internetMessageId eq '{}'", message_id.replace('\'', "''"));
    (sayable && filter.len() <= LONGEST).then_some(filter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::custody::Listed;

    fn row(received: &str) -> ListedRow {
        let message = Listed {
            mailbox_id: 1,
            folder_id: 1,
            graph_id: GraphId::new("AAMk-1").expect("valid"),
            change_key: None,
            internet_message_id: Some("<a@x.example>".to_owned()),
            received_utc: UtcInstant::parse(received).ok(),
            sent_utc: None,
            created_utc: None,
            modified_utc: None,
            subject: None,
            is_draft: false,
            item_class: None,
            store_bytes: None,
            pass: 1,
        };
        ListedRow { listed_id: 1, message }
    }

    #[test]
    fn a_copy_with_other_dates_is_another_message() {
        let copy = |json: &str| serde_json::from_str::<wire::Message>(json).expect("a message");
        let same = copy(r#"{"id":"AAMk-2","receivedDateTime":"2024-03-01T10:00:00Z"}"#);
        let sent_copy = copy(r#"{"id":"AAMk-3","receivedDateTime":"2024-03-01T09:59:58Z"}"#);
        let listed = row("2024-03-01T10:00:00Z");
        assert!(is_same(&listed, &same) && !is_same(&listed, &sent_copy));
        // What neither side knows cannot tell them apart.
        assert!(is_same(&listed, &copy(r#"{"id":"AAMk-4"}"#)));
    }

    #[test]
    fn quotes_are_doubled_and_what_no_url_could_hold_is_not_asked_for() {
        assert_eq!(filter("<o'b@x.example>").as_deref(), Some("internetMessageId eq '<o''b@x.example>'"));
        for wrong in ["", "  ", "<a\r\nb@x>", &"x".repeat(LONGEST)] {
            assert_eq!(filter(wrong), None);
        }
    }
}
