//! Directory questions with as many properties as the granted scopes allow: the wish list first, then less.
//!
//! A scope such as `User.ReadBasic.All` may refuse the longer lists; what is not shown stays unknown.

use serde::de::DeserializeOwned;

use crate::graph::{Answer, Ask, Fault, FaultKind, Graph, Lane};
use crate::terms::{Exchange, Purpose};

/// Properties to select, best list first.
const SELECTS: [&str; 3] = [
    "id,displayName,userPrincipalName,mail,proxyAddresses,userType,accountEnabled,assignedLicenses,assignedPlans,onPremisesSyncEnabled,department,createdDateTime",
    "id,displayName,userPrincipalName,mail,proxyAddresses,userType,accountEnabled",
    "id,displayName,userPrincipalName,mail",
];

/// A directory question without its `$select`.
pub(super) fn ask<'a>(path: impl IntoIterator<Item = &'a str>) -> Ask {
    Ask::new(Lane::Directory, Purpose::User, path)
}

/// Asks for one value with the longest list that is allowed. The attempts go to `trail`.
pub(super) async fn one<T: DeserializeOwned + Send>(
    graph: &Graph,
    ask: &Ask,
    trail: &mut Vec<Exchange>,
) -> Result<T, Fault> {
    let mut shorter = SELECTS.iter().skip(1);
    let mut wished = ask.clone().query("$select", SELECTS[0]);
    loop {
        let answer = kept(graph.get(&wished).await, trail);
        match (answer, shorter.next()) {
            (Err(fault), Some(select)) if may_be_the_select(&fault) => wished = ask.clone().query("$select", *select),
            (answer, _) => return answer,
        }
    }
}

/// Asks for a first page with the longest list that is allowed, and says with which question, for the next pages.
pub(super) async fn page<T: DeserializeOwned + Send>(
    graph: &Graph,
    ask: &Ask,
    trail: &mut Vec<Exchange>,
) -> Result<(Ask, crate::graph::Page<T>), Fault> {
    let mut shorter = SELECTS.iter().skip(1);
    let mut wished = ask.clone().query("$select", SELECTS[0]);
    loop {
        let answer = kept(graph.list(&wished).await, trail);
        match (answer, shorter.next()) {
            (Err(fault), Some(select)) if may_be_the_select(&fault) => wished = ask.clone().query("$select", *select),
            (answer, _) => return answer.map(|page| (wished, page)),
        }
    }
}

/// Takes the value and keeps the trail.
pub(super) fn kept<T>(answer: Result<Answer<T>, Fault>, trail: &mut Vec<Exchange>) -> Result<T, Fault> {
    match answer {
        Ok(Answer { value, trail: attempts }) => {
            trail.extend(attempts);
            Ok(value)
        }
        Err(fault) => {
            trail.extend(fault.trail.iter().cloned());
            Err(fault)
        }
    }
}

/// 403 for a property beyond the scopes; 400 or 501 where a server does not know one.
const fn may_be_the_select(fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::Denied | FaultKind::Refused)
}
