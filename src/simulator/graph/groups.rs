//! Groups that hand out licences, and who of their members got none.

use serde_json::{Value, json};

use super::call::Call;
use super::filter::Filter;
use super::refusal::Refusal;
use crate::simulator::person::Person;
use crate::simulator::reply::Reply;

const OPEN: [&str; 4] = ["GroupMember.Read.All", "Group.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"];

/// `GET /groups`.
pub(super) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.demand(&OPEN)?;
    let refused = |text: &'static str| Refusal::bad_request("Request_UnsupportedQuery", text);
    let filter = match call.query.get("$filter") {
        Some(text) => Some(Filter::parse(text).ok_or_else(|| refused("Invalid filter clause"))?),
        None => None,
    };
    let advanced = filter.as_ref().is_some_and(Filter::is_advanced);
    if advanced && !(call.eventual && call.query.is_true("$count")) {
        return Err(refused("Request_UnsupportedQuery: $count is supported only with 'ConsistencyLevel: eventual'."));
    }
    let shown = (0..call.world.tenant.estate.groups.len()).filter_map(|at| group(call, at));
    let kept: Vec<Value> = shown.filter(|group| filter.as_ref().is_none_or(|filter| filter.accepts(group))).collect();
    let count = kept.len();
    let mut reply = call.answer("groups", kept);
    if call.query.is_true("$count")
        && call.eventual
        && let Some(document) = reply.document().and_then(Value::as_object_mut)
    {
        document.insert("@odata.count".to_owned(), json!(count));
    }
    Ok(reply)
}

fn group(call: &Call<'_>, at: usize) -> Option<Value> {
    let estate = &call.world.tenant.estate;
    let group = estate.groups.get(at)?;
    let licence = |part: &String| Some(json!({ "disabledPlans": [], "skuId": estate.skus.get(estate.sku(part)?)?.id }));
    Some(json!({
        "id": group.id, "displayName": group.name, "description": null, "groupTypes": [], "mailEnabled": false,
        "securityEnabled": true, "assignedLicenses": group.skus.iter().filter_map(licence).collect::<Vec<_>>(),
        "licenseProcessingState": { "state": "ProcessingComplete" },
        "hasMembersWithLicenseErrors": call.world.people().any(|person| fails(&person, at)),
    }))
}

fn fails(person: &Person, group: usize) -> bool {
    person.holdings.iter().any(|held| held.group == Some(group) && held.error.is_some())
}

/// `GET /groups/{id}/membersWithLicenseErrors`.
pub(super) fn errors(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    call.demand(&OPEN)?;
    let at = call.world.tenant.estate.groups.iter().position(|group| group.id.eq_ignore_ascii_case(id));
    let at = at.ok_or_else(|| Refusal::no_such_user(id))?;
    let shown = |person: Person| {
        json!({ "@odata.type": "#microsoft.graph.user", "id": person.id, "displayName": person.facts.get("displayName"),
                "userPrincipalName": person.facts.get("userPrincipalName") })
    };
    let members = call.world.people().filter(|person| fails(person, at)).map(shown).collect();
    Ok(call.answer("directoryObjects", members))
}
