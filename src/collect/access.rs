//! What a test of access says besides its verdict: licence and size, the administrator's evidence, an earlier check.
//!
//! Ids, codes, counts and times, and the name of who exported, which was typed for the record. It asks nothing.

use crate::custody::Object;
use crate::delegation::{ExchangeEvidence, KeptCheck, MailboxFacts, PriorChecks, Probe};
use crate::terms::AccessBasis;

/// Further fields of `access.tested`; each is `null` in the log where nothing is known.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) facts: Option<Object>,
    pub(super) exchange_evidence: Option<Object>,
    pub(super) prior_check: Option<Object>,
}

/// Puts together what this probe and earlier checks say about a mailbox.
pub(super) fn said(probe: &Probe, prior: &PriorChecks) -> Said {
    let id = probe.person.as_ref().map(|person| &person.id);
    let evidence = probe.exchange_evidence.as_ref().or_else(|| prior.evidence(id?));
    Said {
        facts: probe.facts.as_ref().map(facts),
        exchange_evidence: evidence.map(exchange),
        prior_check: id.and_then(|id| prior.latest(id)).map(earlier),
    }
}

fn facts(facts: &MailboxFacts) -> Object {
    Object::new()
        .text("exchange_plan", facts.exchange_plan.as_str())
        .text("archive", facts.archive.as_str())
        .opt_int("size_bytes", facts.size_bytes)
        .opt_int("items", facts.items)
        .flag("at_least", facts.at_least)
        .text("source", facts.source.as_str())
        .put("at", facts.at)
}

fn exchange(evidence: &ExchangeEvidence) -> Object {
    Object::new()
        .text("says", evidence.says.as_str())
        .list("rights", evidence.rights.iter().map(String::as_str))
        .flag("inherited", evidence.inherited)
        .int("others", evidence.others)
        .text("matched_by", evidence.matched_by.as_str())
        .opt_text("exported_by", evidence.exported_by.as_deref())
        .put("exported_at", evidence.exported_at)
        .put("file_sha256", evidence.file_sha256)
        .int("file_bytes", evidence.file_bytes)
        .put("read_at", evidence.read_at)
}

fn earlier(check: &KeptCheck) -> Object {
    let requests = check.observations.iter().filter_map(|seen| seen.request_id.as_deref());
    Object::new()
        .put("at", check.at)
        .text("verdict", check.verdict.as_str())
        .opt_text("basis", check.basis.map(AccessBasis::as_str))
        .list("request_ids", requests)
}
