//! Can this account read that mailbox? Observations first, then a verdict, then advice.
//!
//! Graph has no list of who holds Full Access, so it can only be tried; the words never say more than what was
//! seen ("consistent with Full Access"). The steps follow what Exchange answers to delegates: `probe` asks,
//! `conclude` weighs, `advice` words. It reads and never grants.

mod advice;
mod check;
mod conclude;
mod facts;
pub mod handout;
mod kept;
mod many;
mod permissions;
mod powershell;
mod probe;
mod steps;

#[cfg(test)]
impl Probe {
    /// A probe of which only this is known.
    pub(crate) fn of_verdict(typed: &str, person: Option<Person>, verdict: Verdict) -> Self {
        Self {
            typed: typed.into(),
            person,
            verdict,
            basis: None,
            observations: Vec::new(),
            advice: None,
            notes: Vec::new(),
            facts: None,
            exchange_evidence: None,
            trail: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;

use crate::directory::Person;
use crate::session::SignedIn;
use crate::terms::{AccessBasis, Exchange, UtcInstant};

pub use check::check;
pub use facts::{Archive, ExchangePlan, FactSource, MailboxFacts};
pub use kept::{KeptCheck, KeptObservation, PriorChecks, keep};
pub use many::{Checked, check_all};
pub use permissions::{
    ExchangeEvidence, ExchangeSays, Export, MatchedBy, PermissionFile, PermissionsError, RowTrouble, read_permissions,
};
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
    /// Licence and size, where the mailbox was asked for.
    pub facts: Option<MailboxFacts>,
    /// What an administrator's export says, where one was given.
    pub exchange_evidence: Option<ExchangeEvidence>,
    /// Every attempt behind the observations.
    pub trail: Vec<Exchange>,
}

/// The conclusion about one mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
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
    /// Whether there is something to read.
    pub const fn opens(self) -> bool {
        match self {
            Self::Ready | Self::Partial => true,
            Self::Denied | Self::NoMailbox | Self::NotFound | Self::ScopeMissing | Self::Unknown => false,
        }
    }

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
    /// What was tried: `scope`, `identity`, `root`, `folders`, `folder_sizes`, `child_folders`, a well-known
    /// folder's name, `recoverable_items`, `sample`, `message` or `licence`.
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
    /// Licence and size, as far as they are known.
    pub facts: Option<MailboxFacts>,
    /// What an administrator's export says about this mailbox.
    pub exchange_evidence: Option<ExchangeEvidence>,
    /// Every step, in order.
    pub observations: Vec<Observation>,
}

impl Probe {
    /// The conclusion in a sentence that claims no more than was seen, and names who else says so.
    pub fn meaning(&self) -> String {
        match &self.exchange_evidence {
            Some(evidence) if evidence.says == ExchangeSays::FullAccess => match (self.verdict, self.basis) {
                (Verdict::Ready, Some(AccessBasis::FullAccess)) => {
                    format!("everything tried could be read: {}", evidence.in_words())
                }
                (Verdict::Denied | Verdict::Partial, _) => {
                    format!("granted, not yet effective or blocked: {}, and yet {}", evidence.in_words(), self.seen())
                }
                _ => self.seen().to_owned(),
            },
            _ => self.seen().to_owned(),
        }
    }

    /// What the probe alone shows.
    const fn seen(&self) -> &'static str {
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

    /// Adds what an administrator's export says about this mailbox, and says where the two do not agree.
    #[must_use]
    pub fn with_evidence(mut self, evidence: Option<ExchangeEvidence>) -> Self {
        if let Some(evidence) = &evidence {
            self.notes.extend(contradiction(self.verdict, self.basis, evidence));
        }
        self.exchange_evidence = evidence;
        self
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
            meaning: self.meaning(),
            basis: self.basis,
            advice: self.advice.clone(),
            notes: self.notes.clone(),
            facts: self.facts.clone(),
            exchange_evidence: self.exchange_evidence.clone(),
            observations: self.observations.clone(),
        }
    }
}

/// Where observation and export differ, or where the export needs a remark.
fn contradiction(verdict: Verdict, basis: Option<AccessBasis>, evidence: &ExchangeEvidence) -> Option<String> {
    let said = evidence.in_words();
    let group = match evidence.others {
        0 => String::new(),
        others => format!(
            "; {others} others hold Full Access, and if one is a group with this account in it, that is a group grant \
             whose membership the export does not show"
        ),
    };
    let own = basis == Some(AccessBasis::Myself);
    match (verdict, evidence.says) {
        (Verdict::Ready | Verdict::Partial, ExchangeSays::Denied) => {
            Some(format!("{said}, and yet the mailbox could be read: the denial is newer, or not effective yet"))
        }
        (Verdict::Ready, ExchangeSays::NotListed | ExchangeSays::OtherRights) if !own => Some(format!(
            "{said}, and yet everything tried could be read: through a group, a role, or folder by folder{group}"
        )),
        (Verdict::Denied | Verdict::Partial | Verdict::Unknown, ExchangeSays::FullAccess) => {
            Some("Exchange shows the grant: wait until it is effective, else ask what blocks it (Conditional Access, an application access policy)".to_owned())
        }
        (Verdict::Ready, _) | (_, ExchangeSays::FullAccess) => None,
        _ => Some(format!("{said}{group}")),
    }
}

/// What administrators' exports say about the mailboxes that were checked.
#[must_use]
pub fn with_exports(
    probes: Vec<Probe>,
    files: &[PermissionFile],
    export: &Export,
    signed_in: &SignedIn,
    read_at: UtcInstant,
) -> Vec<Probe> {
    let people: Vec<Person> = probes.iter().filter_map(|probe| probe.person.clone()).collect();
    let everybody: Vec<&Person> = people.iter().collect();
    let known = permissions::Known { everybody: &everybody, signed_in, export, read_at };
    let weighed = |probe: Probe| {
        let evidence = probe.person.as_ref().and_then(|person| permissions::weigh(files, person, &known));
        let unnamed = evidence.is_none() && probe.person.is_some() && !files.is_empty();
        let mut probe = probe.with_evidence(evidence);
        if unnamed {
            probe.notes.push("the administrator's export does not name this mailbox".to_owned());
        }
        probe
    };
    probes.into_iter().map(weighed).collect()
}
