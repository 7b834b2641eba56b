//! Graph v1.0 as far as mail collection needs it: directory, folders, messages, attachments, delta, batches.
//!
//! It must not know sockets, tokens, limits or faults: it answers one authenticated request from the tenant's data.

mod attachments;
mod batch;
mod call;
mod delta;
mod filter;
mod folders;
mod groups;
mod licences;
mod listing;
mod messages;
mod mime;
mod organisation;
mod path;
mod premium;
mod products;
mod query;
mod refusal;
mod report_settings;
mod reports;
mod roles;
mod settings;
mod users;
mod value;
mod view;

use bytes::Bytes;
use http::HeaderMap;

use self::call::Call;
use self::query::{Prefer, Query};
use super::faults::Point;
use super::identity::Caller;
use super::ids;
use super::reply::Reply;
use super::tenant::Standing;
use super::world::World;

pub(in crate::simulator) use path::segments;
pub(in crate::simulator) use refusal::Refusal;

/// One request to Graph.
pub(in crate::simulator) struct Request {
    /// Its method, in capitals.
    pub(in crate::simulator) method: String,
    /// Its path after `/v1.0`, percent-encoded as it came.
    pub(in crate::simulator) path: String,
    /// Its query, as it came, without the question mark.
    pub(in crate::simulator) query: String,
    /// Its headers; a `request-id` that the server adds is repeated inside errors.
    pub(in crate::simulator) headers: HeaderMap,
    /// Its body.
    pub(in crate::simulator) body: Bytes,
}

/// Answers one authenticated request. Blocks while a message's file is read.
///
/// `turn` is the number of requests before this one; it decides only answers that alternate.
pub(in crate::simulator) fn answer(world: &World, caller: &Caller, request: &Request, turn: u64) -> Reply {
    let segments = path::segments(&request.path);
    if segments.len() == 1 && segments.first().is_some_and(|name| name == "$batch") {
        let parts = |part: &Request, number: u64| respond(world, caller, part, turn.wrapping_add(number), true);
        return batch::answer(request, parts).unwrap_or_else(|refusal| refuse(world, request, turn, refusal));
    }
    respond(world, caller, request, turn, false)
}

/// The mailbox that a path addresses, for limits that are kept per mailbox.
pub(in crate::simulator) fn mailbox_of(world: &World, caller: &Caller, path: &str) -> Option<usize> {
    let segments = path::segments(path);
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (user, rest) = match segments.as_slice() {
        ["me", rest @ ..] => (caller.user?, rest),
        ["users", name, rest @ ..] => (world.tenant.user(name)?, rest),
        _ => return None,
    };
    match world.tenant.users.get(user)?.mailbox {
        Standing::Mailbox(index) if !rest.is_empty() => Some(index),
        _ => None,
    }
}

/// Which faults may strike a request.
pub(in crate::simulator) fn point(path: &str, query: &str) -> Point {
    let segments = path::segments(path);
    let words: Vec<&str> = segments.iter().map(String::as_str).collect();
    let rest = match words.as_slice() {
        ["me", rest @ ..] | ["users", _, rest @ ..] if !rest.is_empty() => rest,
        ["users", ..] if selects_premium(query) => return Point::Premium,
        ["me"] | ["users", ..] => return Point::Users,
        ["organization" | "domains", ..] => return Point::Organization,
        ["subscribedSkus", ..] => return Point::Skus,
        ["directory", "subscriptions"] => return Point::Subscriptions,
        ["groups", ..] => return Point::Groups,
        ["admin", "reportSettings"] => return Point::ReportSettings,
        ["reports", "authenticationMethods", ..] => return Point::Premium,
        ["reports", ..] => return Point::Report,
        _ => return Point::Other,
    };
    match rest {
        [.., "delta"] => Point::Delta,
        [.., "messages"] if query.contains("orderby") => Point::Sorted,
        [.., "messages"] | [.., "messages", "$count"] => Point::List,
        [.., "attachments"] if selects(query, "contentBytes") => Point::Contents,
        [.., "attachments"] => Point::Attachments,
        [.., "attachments", _] | [.., "attachments", _, "$value"] => Point::Attachment,
        [.., "messages", _, "$value"] => Point::Value,
        [.., "messages", _] if selects(query, "body") => Point::Body,
        [.., "messages", _] => Point::Message,
        ["mailFolders", .., "childFolders"] => Point::Children,
        ["mailFolders", ..] => Point::Folders,
        ["mailboxSettings", ..] => Point::Settings,
        _ => Point::Other,
    }
}

/// Whether a request names sign-in dates.
fn selects_premium(query: &str) -> bool {
    Query::parse(query)
        .select()
        .is_some_and(|names| names.iter().any(|name| name.eq_ignore_ascii_case("signInActivity")))
}

/// Whether a request wants this property: by name, or because it names none.
fn selects(query: &str, name: &str) -> bool {
    let named = Query::parse(query).select();
    named.is_none_or(|names| names.iter().any(|selected| selected.eq_ignore_ascii_case(name)))
}

/// The parameter that a link from an empty page back to itself adds.
pub(in crate::simulator) const AGAIN: &str = "again";

/// What a fault counts by: a message, whatever is asked of it, or else the request as it came.
pub(in crate::simulator) fn resource(request: &Request) -> String {
    match point(&request.path, &request.query) {
        Point::Message | Point::Body | Point::Value => path::segments(&request.path)
            .into_iter()
            .filter(|segment| segment != "$value")
            .collect::<Vec<_>>()
            .join("/"),
        // The page after an empty one is the same page.
        _ => format!("{}?{}", request.path, Query::parse(&request.query).with(&[(AGAIN, None)])),
    }
}

/// Changes the message that a path names, as if somebody had edited it.
pub(in crate::simulator) fn touch(world: &World, caller: &Caller, path: &str) {
    if let Some((mailbox, number)) = item_of(world, caller, path) {
        world.touch(&mailbox, number);
    }
}

/// Moves the message that a path names, as if a program had copied it and deleted the first.
pub(in crate::simulator) fn relocate(world: &World, caller: &Caller, path: &str) {
    if let Some((mailbox, number)) = item_of(world, caller, path) {
        world.relocate(&mailbox, number);
    }
}

/// The mailbox and the number of the message that a path names.
fn item_of(world: &World, caller: &Caller, path: &str) -> Option<(String, u64)> {
    let segments = path::segments(path);
    let id = segments.iter().skip_while(|segment| *segment != "messages").nth(1);
    let mailbox = world.tenant.mailboxes.get(mailbox_of(world, caller, path)?)?;
    let item = ids::read_message(mailbox, id?).ok()?;
    Some((mailbox.guid.clone(), ids::number(item)))
}

/// How many messages a request wants on a page, for faults that depend on it.
pub(in crate::simulator) fn page_size(request: &Request) -> u64 {
    messages::page_size(&Query::parse(&request.query), Prefer::read(&request.headers))
}

fn respond(world: &World, caller: &Caller, request: &Request, turn: u64, in_batch: bool) -> Reply {
    let prefer = Prefer::read(&request.headers);
    let text = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
    let call = Call {
        world,
        caller,
        query: Query::parse(&request.query),
        prefer,
        eventual: text("consistencylevel").is_some_and(|level| level.eq_ignore_ascii_case("eventual")),
        known: text("if-none-match").map(str::to_owned),
        address: format!("{}/v1.0/{}", world.origin, request.path.trim_start_matches('/')),
        turn,
        in_batch,
    };
    let segments = path::segments(&request.path);
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    // Parts of a batch count one by one; the server counts only what comes by itself.
    let counted = if in_batch { mailbox_of(world, caller, &request.path) } else { None };
    let permit = counted.map(|mailbox| world.limits.enter(&caller.client_id, mailbox, world.time.millis())).transpose();
    let outcome = if let Err(excess) = &permit {
        Err(Refusal::excess(*excess))
    } else if request.method == "GET" {
        route(&call, &segments)
    } else {
        Err(Refusal::not_supported())
    };
    match outcome {
        Ok(reply) => match prefer.applied() {
            Some(applied) => reply.header(http::HeaderName::from_static("preference-applied"), &applied),
            None => reply,
        },
        Err(refusal) => refuse(world, request, turn, refusal),
    }
}

/// The refusal in Graph's envelope.
fn refuse(world: &World, request: &Request, turn: u64, refusal: Refusal) -> Reply {
    let text = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
    let made = uuid::Uuid::from_u128(u128::from(turn)).to_string();
    let id = text("request-id").unwrap_or(&made);
    let now = world.time.now().odata();
    let now = now.split(['.', 'Z']).next().unwrap_or_default();
    refusal.into_reply(now, id, text("client-request-id").unwrap_or(id))
}

fn route(call: &Call<'_>, segments: &[&str]) -> Result<Reply, Refusal> {
    match segments {
        ["me", ..] if call.caller.user.is_none() => {
            let text = "/me request is only valid with delegated authentication flow.";
            Err(Refusal::bad_request("BadRequest", text))
        }
        ["me"] => users::one(call, "me"),
        ["users"] => users::list(call),
        ["users", "$count"] => users::count(call),
        ["users", "delta"] => Err(Refusal::not_supported()),
        ["users", name] => users::one(call, name),
        ["me", "memberOf", "microsoft.graph.directoryRole"] => roles::own(call),
        ["organization"] => organisation::list(call),
        ["domains"] => organisation::all_domains(call),
        ["subscribedSkus"] => products::list(call),
        ["directory", "subscriptions"] => products::contracts(call),
        ["groups"] => groups::list(call),
        ["groups", id, "membersWithLicenseErrors"] => groups::errors(call, id),
        ["admin", "reportSettings"] => report_settings::read(call),
        ["directory", "deletedItems", "microsoft.graph.user"] => premium::deleted(call),
        ["security", "secureScores"] => premium::scores(call),
        ["reports", "authenticationMethods", "userRegistrationDetails"] => premium::methods(call),
        ["reports", function] => reports::download(call, function),
        ["me", rest @ ..] => within(call, "me", rest),
        ["users", name, rest @ ..] => within(call, name, rest),
        [other, ..] => Err(Refusal::no_such_path(other)),
        [] => Err(Refusal::no_such_path("")),
    }
}

/// Paths below one user.
fn within(call: &Call<'_>, user: &str, rest: &[&str]) -> Result<Reply, Refusal> {
    match rest {
        ["mailFolders"] => folders::list(call, user, None),
        ["mailFolders", "$count"] => folders::count(call, user, None),
        ["mailFolders", "delta"] => delta::folders(call, user),
        ["mailFolders", folder] => folders::one(call, user, folder),
        ["mailFolders", folder, "childFolders"] => folders::list(call, user, Some(folder)),
        ["mailFolders", folder, "childFolders", "$count"] => folders::count(call, user, Some(folder)),
        ["mailFolders", _, "childFolders", inner @ ..] => within(call, user, &[&["mailFolders"][..], inner].concat()),
        ["mailFolders", folder, "messages", inner @ ..] => mail(call, user, Some(folder), inner),
        ["messages", inner @ ..] => mail(call, user, None, inner),
        ["licenseDetails"] => licences::list(call, user),
        ["mailboxSettings"] => settings::all(call, user),
        ["mailboxSettings", "userPurpose"] => settings::purpose(call, user),
        [other, ..] => Err(Refusal::no_such_path(other)),
        [] => Err(Refusal::no_such_path("")),
    }
}

/// Paths below a list of messages.
fn mail(call: &Call<'_>, user: &str, folder: Option<&str>, rest: &[&str]) -> Result<Reply, Refusal> {
    match (folder, rest) {
        (_, []) => messages::list(call, user, folder),
        (_, ["$count"]) => messages::count(call, user, folder),
        (Some(folder), ["delta"]) => delta::messages(call, user, folder),
        (_, [id]) => messages::one(call, user, folder, id),
        // Documented, yet answered this way.
        (Some(_), [_, "$value"]) => Err(Refusal::not_supported()),
        (None, [id, "$value"]) => value::message(call, user, id),
        (_, [id, "attachments"]) => attachments::list(call, user, folder, id),
        (_, [id, "attachments", "$count"]) => attachments::count(call, user, folder, id),
        (_, [id, "attachments", attachment]) => attachments::one(call, user, folder, id, attachment),
        (_, [id, "attachments", attachment, "$value"]) => attachments::value(call, user, folder, id, attachment),
        (_, [_, other, ..]) => Err(Refusal::no_such_path(other)),
    }
}

#[cfg(test)]
mod tests;
