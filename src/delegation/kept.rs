//! What is kept of a check for the collection that follows: verdict, answers, facts and the administrator's evidence.
//!
//! No name and no address: ids, codes, times, and who exported. Where it is kept is not known here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ExchangeEvidence, MailboxFacts, Probe, Verdict};
use crate::terms::{AccessBasis, ObjectId, UtcInstant};

/// How many checks of one mailbox are kept, besides the latest with evidence.
const KEPT: usize = 5;

/// One check of one mailbox. Fields are only ever added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptCheck {
    /// When it ended.
    pub at: UtcInstant,
    /// Its verdict.
    pub verdict: Verdict,
    /// On what footing the mailbox was readable.
    pub basis: Option<AccessBasis>,
    /// Every step without its path, which may hold a name that was typed.
    pub observations: Vec<KeptObservation>,
    /// Licence and size.
    pub facts: Option<MailboxFacts>,
    /// What the administrator's export said.
    pub exchange_evidence: Option<ExchangeEvidence>,
}

/// A step and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptObservation {
    /// What was tried.
    pub step: String,
    /// HTTP status.
    pub status: Option<u16>,
    /// The service's error code.
    pub code: Option<String>,
    /// The service's id of the request.
    pub request_id: Option<String>,
    /// When the answer was there.
    pub at: UtcInstant,
}

impl KeptCheck {
    /// What is worth keeping of a probe.
    pub fn of(probe: &Probe, at: UtcInstant) -> Self {
        let observed = |seen: &super::Observation| KeptObservation {
            step: seen.step.clone(),
            status: seen.status,
            code: seen.code.clone(),
            request_id: seen.request_id.clone(),
            at: seen.at,
        };
        Self {
            at,
            verdict: probe.verdict,
            basis: probe.basis,
            observations: probe.observations.iter().map(observed).collect(),
            facts: probe.facts.clone(),
            exchange_evidence: probe.exchange_evidence.clone(),
        }
    }
}

/// Earlier checks of mailboxes by the account that is signed in, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriorChecks(BTreeMap<ObjectId, Vec<KeptCheck>>);

impl PriorChecks {
    /// Adds what is known of a mailbox.
    pub fn insert(&mut self, mailbox: ObjectId, checks: Vec<KeptCheck>) {
        self.0.insert(mailbox, checks);
    }

    /// The latest check of a mailbox.
    pub fn latest(&self, mailbox: &ObjectId) -> Option<&KeptCheck> {
        self.0.get(mailbox)?.last()
    }

    /// The latest evidence about a mailbox, from whichever check it was given to.
    pub fn evidence(&self, mailbox: &ObjectId) -> Option<&ExchangeEvidence> {
        self.0.get(mailbox)?.iter().rev().find_map(|check| check.exchange_evidence.as_ref())
    }
}

/// Adds a check to those of a mailbox: the latest few stay, and the latest that has evidence.
pub fn keep(mut checks: Vec<KeptCheck>, new: KeptCheck) -> Vec<KeptCheck> {
    checks.push(new);
    let first_kept = checks.len().saturating_sub(KEPT);
    let evidence = checks.iter().rposition(|check| check.exchange_evidence.is_some());
    let stays = |(at, check): (usize, KeptCheck)| (at >= first_kept || Some(at) == evidence).then_some(check);
    checks.into_iter().enumerate().filter_map(stays).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{ExchangeSays, MatchedBy};
    use super::*;
    use crate::terms::Sha256;

    fn check(minute: u8, evidence: bool) -> KeptCheck {
        let at = UtcInstant::parse(&format!("2024-06-04T09:{minute:02}:00Z")).expect("valid");
        let exchange_evidence = evidence.then(|| ExchangeEvidence {
            says: ExchangeSays::FullAccess,
            rights: vec!["FullAccess".into()],
            inherited: false,
            others: 0,
            matched_by: MatchedBy::Address,
            exported_by: Some("Adam".into()),
            exported_at: None,
            file_sha256: Sha256::of(b"x"),
            file_bytes: 1,
            read_at: at,
        });
        KeptCheck {
            at,
            verdict: Verdict::Ready,
            basis: Some(AccessBasis::FullAccess),
            observations: Vec::new(),
            facts: None,
            exchange_evidence,
        }
    }

    #[test]
    fn the_latest_few_stay_and_evidence_is_not_pushed_out_by_checks_without() {
        let checks = (0..20).fold(Vec::new(), |checks, minute| keep(checks, check(minute, minute == 3)));
        assert_eq!(checks.len(), KEPT + 1);
        let id = ObjectId::new("a1").expect("valid");
        let mut prior = PriorChecks::default();
        prior.insert(id.clone(), checks);
        assert_eq!(prior.latest(&id), Some(&check(19, false)));
        assert_eq!(prior.evidence(&id), check(3, true).exchange_evidence.as_ref());
    }

    #[test]
    fn a_kept_check_reads_back() {
        let text = serde_json::to_string(&check(1, true)).expect("plain data");
        assert_eq!(serde_json::from_str::<KeptCheck>(&text).expect("the same"), check(1, true));
    }
}
