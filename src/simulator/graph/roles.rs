//! The directory roles of whoever asks, for usage reports depend on them.

use http::StatusCode;
use serde_json::json;

use super::call::Call;
use super::refusal::Refusal;
use crate::simulator::reply::Reply;

/// `GET /me/memberOf/microsoft.graph.directoryRole`.
pub(super) fn own(call: &Call<'_>) -> Result<Reply, Refusal> {
    if !call.caller.has_scope("User.Read") && !call.caller.has_scope("Directory.Read.All") {
        return Err(Refusal::insufficient());
    }
    let user = call.caller.user.and_then(|at| call.world.tenant.users.get(at));
    let roles = user.map(|user| user.roles.as_slice()).unwrap_or_default();
    let shown: Vec<_> = roles
        .iter()
        .map(|role| json!({ "@odata.type": "#microsoft.graph.directoryRole", "id": role.template, "displayName": role.name, "roleTemplateId": role.template }))
        .collect();
    Ok(Reply::graph(StatusCode::OK, json!({ "@odata.context": call.context("directoryObjects"), "value": shown })))
}
