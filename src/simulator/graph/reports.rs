//! Usage reports as Graph answers them: a redirect to a link that needs no token, made for who asks.

use std::sync::atomic::Ordering;

use http::StatusCode;
use http::header::{ETAG, RETRY_AFTER};

use super::call::Call;
use super::refusal::Refusal;
use crate::simulator::reply::Reply;
use crate::simulator::reports::{Link, Report, etag, refreshed};

const SCOPE: &str = "Reports.Read.All";
/// Roles that see who did what.
const DETAIL: [&str; 7] = [
    "4a5d8f65-41da-4de4-8968-e035b65339cf",
    "62e90394-69f5-4237-9190-012177145e10",
    "29232cdf-9323-42fd-ade2-1d097af3e4de",
    "f28a1f50-f6e7-4571-818b-6a12f2af6b6c",
    "75941009-915a-4869-abe7-691bff18279e",
    "69091246-20e8-4a56-aa4d-066075b2a7a8",
    "baf37b3a-610e-45da-9e62-d9d1e5e8914b",
];
/// Roles that see totals, and everybody concealed.
const SUMMARY: [&str; 3] = [
    "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
    "75934031-6c7e-415a-99d7-48dbd49e875e",
    "27460883-1df1-4691-b032-3b79643e5e63",
];

/// `GET /reports/get…(…)`.
pub(super) fn download(call: &Call<'_>, function: &str) -> Result<Reply, Refusal> {
    let (name, arguments) = function.split_once('(').unwrap_or((function, ""));
    let report = Report::named(name).ok_or_else(|| Refusal::no_such_path(name))?;
    if !call.caller.has_scope(SCOPE) {
        return Err(Refusal::no_scope_for_reports());
    }
    let concealed_by_role = by_role(call)?;
    let arguments = arguments.strip_suffix(')').unwrap_or(arguments);
    let span = report
        .span(arguments.trim(), refreshed(&call.world.time))
        .map_err(|text| Refusal::bad_request("InvalidParameter", text))?;
    if call.query.get("$format").is_some_and(|format| format.to_ascii_lowercase().contains("json")) {
        return Err(Refusal::bad_request("UnknownError", "{\"Message\":\"JSON format is not supported.\"}"));
    }
    let now = call.world.time.millis();
    call.world.reports.throttle.enter(&call.caller.client_id, report, now).map_err(|seconds| {
        Refusal::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", "Too many requests for this report.")
            .header(RETRY_AFTER, seconds.to_string())
    })?;
    let concealed = concealed_by_role || call.world.concealed.load(Ordering::Relaxed);
    let link = Link { report, span, concealed };
    let tag = etag(call.world, &link);
    if call.known.as_deref() == Some(tag.as_str()) {
        return Ok(Reply::empty(StatusCode::NOT_MODIFIED).header(ETAG, &tag));
    }
    let token = call.world.reports.links.make(link, now);
    let location = format!("{}/data/v1.0/download?token={token}", call.world.reports.origin);
    Ok(Reply::redirect(&location).header(ETAG, &tag))
}

/// Whether the caller's role conceals people; a person without any of the roles is refused.
fn by_role(call: &Call<'_>) -> Result<bool, Refusal> {
    let Some(at) = call.caller.user else { return Ok(false) };
    let roles = call.world.tenant.users.get(at).map(|user| user.roles.as_slice()).unwrap_or_default();
    let any = |of: &[&str]| roles.iter().any(|role| of.contains(&role.template.as_str()));
    if any(&DETAIL) {
        return Ok(false);
    }
    any(&SUMMARY).then_some(true).ok_or_else(Refusal::wrong_role)
}
