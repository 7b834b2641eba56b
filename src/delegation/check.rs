//! From what was typed to a verdict: resolve, then probe. Whatever cannot be resolved gets a verdict too.

use super::advice;
use super::probe::probe;
use super::{Observation, Probe, Verdict};
use crate::directory::{Person, ResolveError, resolve_recorded};
use crate::graph::{Fault, FaultKind, Graph};
use crate::session::SignedIn;
use crate::terms::Exchange;

/// Finds out who was meant and whether their mailbox can be read. An error only when nothing can be said at all.
pub async fn check(graph: &Graph, signed_in: &SignedIn, typed: &str) -> Result<Probe, Fault> {
    let mut trail = Vec::new();
    match found(graph, signed_in, typed, &mut trail).await {
        Ok(person) => {
            let mut probe = probe(graph, signed_in, &person).await?;
            typed.clone_into(&mut probe.typed);
            trail.append(&mut probe.trail);
            Ok(Probe { trail, ..probe })
        }
        Err(ResolveError::Fault(fault)) if fault.is_total() => Err(Fault { trail, ..fault }),
        Err(error) => Ok(unresolved(typed, &error, trail)),
    }
}

/// Who was meant. Without directory rights, the signed-in account can still be found by its own name.
async fn found(
    graph: &Graph,
    signed_in: &SignedIn,
    typed: &str,
    trail: &mut Vec<Exchange>,
) -> Result<Person, ResolveError> {
    let found = resolve_recorded(graph, typed, trail).await;
    let own = typed.trim().eq_ignore_ascii_case(&signed_in.user_principal_name)
        || typed.trim().eq_ignore_ascii_case(signed_in.object_id.as_str());
    let denied =
        |error: &ResolveError| matches!(error, ResolveError::Fault(fault) if matches!(fault.kind, FaultKind::Denied));
    match found {
        Err(error) if own && denied(&error) => resolve_recorded(graph, "me", trail).await,
        found => found,
    }
}

fn unresolved(typed: &str, error: &ResolveError, trail: Vec<Exchange>) -> Probe {
    let verdict = match error {
        ResolveError::Unknown { .. } => Verdict::NotFound,
        ResolveError::Ambiguous { .. } => Verdict::Unknown,
        ResolveError::Fault(fault) => match fault.kind {
            FaultKind::Denied => Verdict::ScopeMissing,
            _ => Verdict::Unknown,
        },
    };
    Probe {
        typed: typed.to_owned(),
        person: None,
        verdict,
        basis: None,
        observations: trail.iter().map(observed).collect(),
        advice: Some(advice::unresolved(error)),
        notes: Vec::new(),
        facts: None,
        exchange_evidence: None,
        trail,
    }
}

/// An attempt on the way to a person, as a step.
pub(super) fn observed(exchange: &Exchange) -> Observation {
    Observation {
        step: "identity".to_owned(),
        path: exchange.url.clone(),
        status: exchange.status,
        code: exchange.error.clone(),
        request_id: exchange.request_id.clone(),
        at: exchange.done_at,
    }
}
