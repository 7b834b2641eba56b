//! Mailbox settings: only what kind of mailbox it is, and only of one's own.

use http::StatusCode;
use serde_json::json;

use super::call::Call;
use super::refusal::Refusal;
use crate::simulator::reply::Reply;

/// `GET …/mailboxSettings`.
pub(super) fn all(call: &Call<'_>, user: &str) -> Result<Reply, Refusal> {
    let (id, kind) = kind(call, user)?;
    let context = call.context(&format!("users('{id}')/mailboxSettings"));
    Ok(Reply::graph(StatusCode::OK, json!({ "@odata.context": context, "timeZone": "UTC", "userPurpose": kind })))
}

/// `GET …/mailboxSettings/userPurpose`.
pub(super) fn purpose(call: &Call<'_>, user: &str) -> Result<Reply, Refusal> {
    let (id, kind) = kind(call, user)?;
    let context = call.context(&format!("users('{id}')/mailboxSettings/userPurpose"));
    Ok(Reply::graph(StatusCode::OK, json!({ "@odata.context": context, "value": kind })))
}

/// Another's settings are closed even to administrators and members in a delegated session.
fn kind(call: &Call<'_>, name: &str) -> Result<(String, String), Refusal> {
    let (at, user) = call.user(name).ok_or_else(|| Refusal::invalid_user(name))?;
    let mailbox = call.mailbox(user)?;
    let scope = call.caller.has_scope("MailboxSettings.Read") || call.caller.has_scope("MailboxSettings.ReadWrite");
    let own = call.caller.user.is_none_or(|caller| caller == at);
    if scope && own { Ok((user.id.clone(), mailbox.kind.clone())) } else { Err(Refusal::access_denied()) }
}
