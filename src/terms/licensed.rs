//! What was known of a custodian's licences and mailbox when a collection began, as plain words.
//!
//! Each fact leads back to the snapshot of the usage and licence sync that it came from; what is not known is said to be
//! unknown. It must not know where facts are looked up or written.

use std::fmt;

use super::{ObjectId, Sha256, words};

words!(
    /// A thing that may be known of a custodian.
    FactName {
        /// Whether a sync of the tenant is at hand: `yes`, or unknown.
        SyncAtHand = "sync_at_hand",
        /// The account can sign in: `yes`, `no`.
        AccountEnabled = "account_enabled",
        /// `member` or `guest`, as the directory says.
        UserType = "user_type",
        /// Part numbers of the licences, sorted, with blanks between; empty for none.
        Licences = "licences",
        /// The strongest Exchange plan that is enabled: `plan_2`, `plan_1`, `kiosk`, `none`.
        MailboxPlan = "mailbox_plan",
        /// The licences allow a hold: `yes`, `no`.
        HoldCapable = "hold_capable",
        /// Premium eDiscovery is licensed: `yes`, `no`.
        EdiscoveryPremium = "ediscovery_premium",
        /// Premium audit is licensed: `yes`, `no`.
        AuditPremium = "audit_premium",
        /// What the mailbox report calls the recipient, such as `user`, `shared`, `room`, `equipment`.
        MailboxKind = "mailbox_kind",
        /// Whether there is an online archive, which is not collected: `yes`, `no`.
        Archive = "archive",
        /// Items of all kinds in the whole mailbox, without Recoverable Items and archive.
        MailboxItems = "mailbox_items",
        /// Their size, in bytes.
        MailboxBytes = "mailbox_bytes",
        /// Recoverable Items.
        RecoverableItems = "recoverable_items",
        /// Their size, in bytes.
        RecoverableBytes = "recoverable_bytes",
        /// The latest activity in Exchange, a date.
        LastExchange = "last_exchange",
        /// The latest activity in Teams, a date.
        LastTeams = "last_teams",
        /// The latest activity in OneDrive, a date.
        LastOnedrive = "last_onedrive",
        /// The latest activity in SharePoint, a date.
        LastSharepoint = "last_sharepoint",
        /// Mail is read by POP or IMAP, so that some may lie elsewhere: `yes`, `no`.
        PopOrImap = "pop_or_imap",
    }
);

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenceFact {
    /// Which.
    pub name: FactName,
    /// What it is; `None`: not known.
    pub value: Option<String>,
    /// Where it was read; `None` where there was nothing to read.
    pub source: Option<FactSource>,
}

/// The snapshot a fact was read in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactSource {
    /// The dataset, such as `users` or `mailbox`.
    pub dataset: String,
    /// The period of a usage report, such as `D30`; empty for others.
    pub period: String,
    /// As of when: the report's refresh date, else when the snapshot was taken.
    pub as_of: String,
    /// The snapshot's number in the store.
    pub snapshot_id: u64,
    /// The snapshot's digest over its rows.
    pub snapshot_sha256: Sha256,
}

/// Looks up what is known of a person of the tenant that is collected from.
pub trait Licensed: fmt::Debug + Send + Sync {
    /// Every fact of [`FactName::ALL`], in that order; reads a local store, and asks nobody.
    fn facts(&self, person: &ObjectId) -> Vec<LicenceFact>;
}

/// Nothing is known.
#[derive(Debug, Clone, Copy)]
pub struct NothingKnown;

impl Licensed for NothingKnown {
    fn facts(&self, _: &ObjectId) -> Vec<LicenceFact> {
        vec![LicenceFact { name: FactName::SyncAtHand, value: None, source: None }]
    }
}
