//! Whether reports conceal names: `GET /admin/reportSettings`. It can be read here, never changed.

use std::sync::atomic::Ordering;

use http::StatusCode;
use serde_json::json;

use super::call::Call;
use super::refusal::Refusal;
use crate::simulator::reply::Reply;

const OPEN: [&str; 2] = ["ReportSettings.Read.All", "ReportSettings.ReadWrite.All"];

/// The setting, at the top as programs see it; the documented wrapping is a fault's.
pub(super) fn read(call: &Call<'_>) -> Result<Reply, Refusal> {
    if !OPEN.iter().any(|scope| call.caller.has_scope(scope)) {
        return Err(Refusal::no_scope_for_reports());
    }
    let concealed = call.world.concealed.load(Ordering::Relaxed);
    let context = call.context("admin/reportSettings/$entity");
    Ok(Reply::graph(StatusCode::OK, json!({ "@odata.context": context, "displayConcealedNames": concealed })))
}
