//! Supplemental runs: what is new, moved, changed or gone against an earlier, sealed package.
//!
//! [`Earlier`] is that package, checked before anything is asked of the service. What it knows is copied into the new
//! manifest in the very transaction that opens it, so the earlier package is not needed again. From then on each message
//! of a listing is compared with the copy, and when a mailbox closes, so is what no listing showed.

mod closing;
mod compare;
mod earlier;
mod error;
mod files;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::custody::{CustodyError, EventKind, Ledger};
use crate::terms::{ObjectId, Sha256, UtcInstant};

pub(super) use self::closing::{add, close};
pub(super) use self::compare::{Here, Judged, judge};
pub use self::earlier::Earlier;
pub use self::error::SinceError;

/// What the first log line says of the earlier package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// Its acquisition.
    pub acquisition_id: Uuid,
    /// The number of lines of its log.
    pub log_size: u64,
    /// The root over them, as its checkpoint states it.
    pub log_root: Sha256,
    /// SHA-256 of its `affiant/manifest.sqlite`.
    pub manifest_sha256: Sha256,
    /// When it was sealed.
    pub sealed_at: UtcInstant,
    /// What of this order was taken over from it, because nothing else was said.
    pub taken_over: Vec<String>,
}

/// The word for folders in [`Since::taken_over`].
pub const FOLDERS: &str = "folders";

impl Since {
    /// Whether this of the order was taken over from the earlier package.
    pub(super) fn took_over(&self, what: &str) -> bool {
        self.taken_over.iter().any(|word| word == what)
    }
}

/// Whether the earlier package had a mailbox; its messages are compared then.
pub(super) fn had(ledger: &Ledger<'_>, owner: &ObjectId) -> Result<bool, CustodyError> {
    let Some(entry) = ledger.last_of(EventKind::EarlierKnown)? else { return Ok(false) };
    let line = entry.json()?;
    let owners = line["mailboxes"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(owners.iter().any(|id| id.as_str() == Some(owner.as_str())))
}
