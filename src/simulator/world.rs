//! The state of a running simulator: the tenant, which never changes, and what happens to it meanwhile.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::access::Access;
use super::faults::Faults;
use super::identity::Platform;
use super::issued::Issued;
use super::limits::Limits;
use super::person::Changes;
use super::reports;
use super::requests::Requests;
use super::shifts::Shifts;
use super::tenant::Tenant;
use super::time::Time;

/// Everything the routes work with.
pub(super) struct World {
    pub(super) tenant: Tenant,
    /// `http://127.0.0.1:PORT`: where people sign in and where Graph answers.
    pub(super) origin: String,
    pub(super) time: Time,
    pub(super) platform: Platform,
    pub(super) limits: Arc<Limits>,
    pub(super) access: Access,
    pub(super) faults: Faults,
    pub(super) requests: Requests,
    pub(super) issued: Issued,
    /// How long every answer of Graph takes at least.
    pub(super) latency: Duration,
    /// Requests to Graph so far.
    pub(super) turns: AtomicU64,
    /// How often items were edited, by mailbox and number.
    pub(super) edits: Mutex<HashMap<(String, u64), u64>>,
    /// Items that were moved and got new ids, by mailbox and number.
    pub(super) moved: Mutex<HashSet<(String, u64)>>,
    /// Messages that were deleted or moved by hand.
    pub(super) shifts: Shifts,
    /// What has changed about people since the start.
    pub(super) changes: Changes,
    /// Seed of everything that looks random.
    pub(super) seed: u64,
    pub(super) reports: reports::Desk,
    /// The tenant's switch: reports conceal names.
    pub(super) concealed: AtomicBool,
}

impl World {
    /// How often an item was edited since the start.
    pub(super) fn revision(&self, mailbox: &str, number: u64) -> u64 {
        let edits = self.edits.lock().unwrap_or_else(PoisonError::into_inner);
        if edits.is_empty() { 0 } else { edits.get(&(mailbox.to_owned(), number)).copied().unwrap_or(0) }
    }

    /// Edits an item: its change key moves.
    pub(super) fn touch(&self, mailbox: &str, number: u64) {
        let mut edits = self.edits.lock().unwrap_or_else(PoisonError::into_inner);
        *edits.entry((mailbox.to_owned(), number)).or_default() += 1;
    }

    /// Moves an item as programs do that copy and delete: it answers to its other id only.
    pub(super) fn relocate(&self, mailbox: &str, number: u64) {
        let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        moved.insert((mailbox.to_owned(), number));
    }

    /// Whether an item was moved since the start.
    pub(super) fn is_moved(&self, mailbox: &str, number: u64) -> bool {
        let moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        !moved.is_empty() && moved.contains(&(mailbox.to_owned(), number))
    }

    /// Turns the tenant's switch for reports, or replaces their content without a new refresh date.
    pub(super) fn set_reports(&self, concealed: Option<bool>, restated: Option<u64>) {
        if let Some(concealed) = concealed {
            self.concealed.store(concealed, Ordering::Relaxed);
        }
        if let Some(restated) = restated {
            self.reports.stage.lock().unwrap_or_else(PoisonError::into_inner).restated = restated;
        }
    }

    /// The number of requests to Graph before this one.
    pub(super) fn turn(&self) -> u64 {
        self.turns.fetch_add(1, Ordering::Relaxed)
    }
}
