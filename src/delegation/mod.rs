//! Can this account read that mailbox? Observations first, then a verdict, then advice.
//!
//! Graph has no list of who holds Full Access, so it can only be tried; the words never say more than what was
//! seen ("consistent with Full Access"). The steps follow what Exchange answers to delegates: `probe` asks,
//! `conclude` weighs, `advice` words. It reads and never grants.

mod advice;
mod check;
mod conclude;
mod probe;

#[cfg(test)]
mod tests;

use crate::directory::Person;
use crate::terms::{AccessBasis, Exchange, UtcInstant};

pub use check::check;
pub use probe::probe;

/// What was found out about one custodian.
#[derive(Debug, Clone)]
pub struct Probe {
    /// The custodian as typed.
    pub typed: String,
    /// Who that is, where somebody was found.
    pub person: Option<Person>,
    /// The conclusion.
    pub verdict: Verdict,
    /// On what footing the mailbox is readable, where it is.
    pub basis: Option<AccessBasis>,
    /// Every step, in order.
    pub observations: Vec<Observation>,
    /// What to do, in the words of whoever must do it; `None` when nothing is to be done.
    pub advice: Option<String>,
    /// Remarks that change nothing about the verdict.
    pub notes: Vec<String>,
    /// Every attempt behind the observations.
    pub trail: Vec<Exchange>,
}

/// The conclusion about one mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything that was tried could be read.
    Ready,
    /// Some folders can be read, others not.
    Partial,
    /// Nothing can be read.
    Denied,
    /// There is no mailbox that Graph can reach.
    NoMailbox,
    /// Nobody goes by this name.
    NotFound,
    /// The sign-in lacks the scope that other people's mailboxes need.
    ScopeMissing,
    /// The answers do not allow a conclusion.
    Unknown,
}

impl Verdict {
    /// The word in tables, JSON and the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Partial => "partial",
            Self::Denied => "denied",
            Self::NoMailbox => "no_mailbox",
            Self::NotFound => "not_found",
            Self::ScopeMissing => "scope_missing",
            Self::Unknown => "unknown",
        }
    }
}

/// One thing that was tried, and the answer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Observation {
    /// What was tried: `scope`, `identity`, `root`, `folders`, `child_folders`, a well-known folder's name,
    /// `recoverable_items` or `sample`.
    pub step: String,
    /// Path and query; empty for a step that asks nothing.
    pub path: String,
    /// HTTP status; `None` when no answer came or nothing was asked.
    pub status: Option<u16>,
    /// The service's error code.
    pub code: Option<String>,
    /// The service's id of the request.
    pub request_id: Option<String>,
    /// When the answer was there.
    #[schemars(with = "String")]
    pub at: UtcInstant,
}

/// One custodian's line in `check --json`.
#[derive(Debug, Clone, serde::Serialize, schemars::JsonSchema)]
pub struct CheckRow {
    /// The custodian as typed.
    pub custodian: String,
    /// Object id, where somebody was found.
    pub user_id: Option<String>,
    /// Display name.
    pub display_name: Option<String>,
    /// Primary address.
    pub address: Option<String>,
    /// The conclusion.
    pub verdict: Verdict,
    /// The conclusion in a sentence.
    pub meaning: String,
    /// On what footing the mailbox is readable.
    pub basis: Option<AccessBasis>,
    /// What to do.
    pub advice: Option<String>,
    /// Remarks.
    pub notes: Vec<String>,
    /// Every step, in order.
    pub observations: Vec<Observation>,
}

impl Probe {
    /// The conclusion in a sentence that claims no more than was seen.
    pub fn meaning(&self) -> &'static str {
        match (self.verdict, self.basis) {
            (Verdict::Ready, Some(AccessBasis::Myself)) => "the account's own mailbox; everything tried could be read",
            (Verdict::Ready, Some(AccessBasis::AppPermission)) => "readable with the application's permission",
            (Verdict::Ready, _) => "everything tried could be read: consistent with Full Access",
            (Verdict::Partial, _) => "only some folders can be read: a collection would be partial",
            (Verdict::Denied, _) => "not readable: no delegation seen, or not effective yet",
            (Verdict::NoMailbox, _) => "no mailbox that Graph can reach",
            (Verdict::NotFound, _) => "nobody in the tenant goes by this name",
            (Verdict::ScopeMissing, _) => "the sign-in lacks a scope",
            (Verdict::Unknown, _) => "no conclusion",
        }
    }

    /// The line in `check --json`.
    pub fn row(&self) -> CheckRow {
        let person = self.person.as_ref();
        CheckRow {
            custodian: self.typed.clone(),
            user_id: person.map(|person| person.id.to_string()),
            display_name: person.and_then(|person| person.display_name.clone()),
            address: person.and_then(|person| person.mail.clone()),
            verdict: self.verdict,
            meaning: self.meaning().to_owned(),
            basis: self.basis,
            advice: self.advice.clone(),
            notes: self.notes.clone(),
            observations: self.observations.clone(),
        }
    }
}
