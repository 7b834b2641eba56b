//! Many custodians side by side. What was observed is kept, also when one answer shows that asking on is pointless.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::stream::{self, StreamExt as _};
use miette::Diagnostic as _;

use super::check::{check, observed};
use super::{Probe, Verdict};
use crate::graph::{Fault, Graph};
use crate::session::SignedIn;

/// How many custodians are checked side by side; each mailbox has limits of its own, the directory's are shared.
const SIDE_BY_SIDE: usize = 8;

/// What came of checking several custodians.
#[derive(Debug)]
pub struct Checked {
    /// One for each custodian, in the order given; where nothing could be asked, without a conclusion.
    pub probes: Vec<Probe>,
    /// Which of them came to a conclusion of their own.
    pub concluded: Vec<bool>,
    /// What ended it early: sign-in needed, no network, no secure connection.
    pub ended: Option<Fault>,
}

/// Checks custodians eight at a time. After a fault that concerns everybody, nobody else is asked.
pub async fn check_all(graph: &Graph, signed_in: &SignedIn, typed: &[String]) -> Checked {
    let pointless = AtomicBool::new(false);
    let asked = typed.iter().map(|typed| {
        let pointless = &pointless;
        async move {
            if pointless.load(Ordering::Relaxed) {
                return None;
            }
            let result = check(graph, signed_in, typed).await;
            if result.is_err() {
                pointless.store(true, Ordering::Relaxed);
            }
            Some(result)
        }
    });
    let results: Vec<_> = stream::iter(asked).buffered(SIDE_BY_SIDE).collect().await;
    let concluded = results.iter().map(|result| matches!(result, Some(Ok(_)))).collect();
    let (mut probes, mut ended) = (Vec::with_capacity(results.len()), None);
    for (typed, result) in typed.iter().zip(results) {
        match result {
            Some(Ok(probe)) => probes.push(probe),
            Some(Err(mut fault)) => {
                probes.push(undecided(typed, &fault));
                // What went into the probe is not told twice.
                fault.trail = fault.trail.pop().into_iter().collect();
                ended = ended.or(Some(fault));
            }
            None => probes.push(unasked(typed)),
        }
    }
    Checked { probes, concluded, ended }
}

/// A custodian about whom nothing could be found out, with what was seen on the way.
fn undecided(typed: &str, fault: &Fault) -> Probe {
    let help = fault.help().map(|help| format!("; {help}")).unwrap_or_default();
    Probe {
        observations: fault.trail.iter().map(observed).collect(),
        advice: Some(format!("The check ended before a conclusion: {}{help}.", fault.kind)),
        trail: fault.trail.clone(),
        ..unasked(typed)
    }
}

fn unasked(typed: &str) -> Probe {
    Probe {
        typed: typed.to_owned(),
        person: None,
        verdict: Verdict::Unknown,
        basis: None,
        observations: Vec::new(),
        advice: Some("Not checked: the check ended before. Run `affiant check` again.".to_owned()),
        notes: Vec::new(),
        facts: None,
        exchange_evidence: None,
        trail: Vec::new(),
    }
}
