//! Progress and findings as typed events. The library tells; front ends show.
//!
//! Terminal, quiet, JSON and recording monitors live elsewhere. An event carries no subject, address
//! of a third party, file name or secret.

use std::time::Duration;

use crate::terms::{ExceptionCode, Severity, UtcInstant};

/// Something that happened and that a person may want to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A custodian's folders are being listed; items listed so far.
    Listing {
        /// Index of the custodian in the plan, from 0.
        custodian: usize,
        /// Messages listed so far.
        items: u64,
    },
    /// Fetching starts for a custodian with this many items to go.
    Fetching {
        /// Index of the custodian in the plan.
        custodian: usize,
        /// Messages still to fetch.
        remaining: u64,
        /// Messages already durable from an earlier session.
        durable: u64,
    },
    /// Items became durable.
    Collected {
        /// Index of the custodian in the plan.
        custodian: usize,
        /// How many.
        items: u64,
        /// Their bytes.
        bytes: u64,
    },
    /// An item or folder is an exception.
    Excepted {
        /// Index of the custodian in the plan, where one is concerned.
        custodian: Option<usize>,
        /// Why.
        code: ExceptionCode,
        /// What it means.
        severity: Severity,
    },
    /// Requests are held back: the reason, and how long at least.
    Waiting {
        /// Why.
        reason: Wait,
        /// How long.
        delay: Duration,
    },
    /// The service cannot be used for now, and is waited for; nobody needs to do anything.
    Away {
        /// What is missing.
        what: Away,
        /// Since when.
        since: UtcInstant,
        /// How long until it is tried again.
        delay: Duration,
    },
    /// A custodian's mailbox cannot be read; nothing was collected from it.
    Refused {
        /// Index of the custodian in the plan.
        custodian: usize,
    },
    /// All items of a custodian have ended.
    Finished {
        /// Index of the custodian in the plan.
        custodian: usize,
    },
    /// The package is being packed, re-read and sealed: files done of all.
    Sealing {
        /// Files done.
        done: u64,
        /// Files in all.
        total: u64,
    },
}

/// Why requests wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The service said when to come back (Retry-After).
    ServiceAsked,
    /// A passing fault; the next attempt follows after this pause.
    Retrying,
    /// The published request budget of this mailbox is used up for now.
    Budget,
    /// A delegation was granted but is not effective yet.
    Propagation,
}

/// What is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Away {
    /// Graph does not answer at all: the network, a proxy, or the service.
    Service,
    /// Graph answers with failures of its own only.
    Failing,
    /// The identity platform, while a token must be renewed.
    SignIn,
}

/// Receives events; called often, so it must be quick and must not block.
pub trait Monitor: Send + Sync {
    /// Takes one event.
    fn tell(&self, event: &Event);
}

/// A monitor that shows nothing.
#[derive(Debug, Default, Clone, Copy)]
pub struct Silent;

impl Monitor for Silent {
    fn tell(&self, _: &Event) {}
}
