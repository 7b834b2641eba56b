//! Change tracking of one folder's messages, and of the folders.
//!
//! Nothing ever changes in this tenant: the first round tells everything, every later one nothing. The options of
//! the first request are kept inside the token, as the service does.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::call::{About, Call, Open};
use super::filter::{Filter, Op};
use super::listing::{Listing, Wanted};
use super::query::Query;
use super::refusal::Refusal;
use super::view::{self, View};
use super::{folders, messages};
use crate::simulator::ids;
use crate::simulator::reply::Reply;
use crate::terms::DateField;

const USUAL_PAGE: u64 = 10;
/// A filtered round ends here, as if it were complete.
const FILTERED_MOST: u64 = 5000;
const SKIP: &str = "$skiptoken";
const DELTA: &str = "$deltatoken";

/// What a token remembers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    /// The folder, or the mailbox; a token of another one is unknown here.
    of: String,
    /// How many were told.
    told: u64,
    /// The options of the first request.
    query: String,
    /// Whether the round is over.
    over: bool,
}

impl State {
    /// The state a request continues from; a new one without a token.
    fn of(call: &Call<'_>, of: String) -> Result<Self, Refusal> {
        let (token, over) = match (call.query.get(DELTA), call.query.get(SKIP)) {
            (Some(token), _) => (token, true),
            (None, Some(token)) => (token, false),
            (None, None) => return Ok(Self { of, told: 0, query: call.query.with(&[]), over: false }),
        };
        let bytes = URL_SAFE_NO_PAD.decode(token).ok();
        let state: Option<Self> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        state.filter(|state| state.of == of && state.over == over).ok_or_else(Refusal::sync_state_not_found)
    }

    fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(json!(self).to_string())
    }

    /// The page's link to what comes next.
    fn link(&self, call: &Call<'_>) -> (&'static str, String) {
        if self.over {
            ("@odata.deltaLink", call.fresh_link(DELTA, &self.token()))
        } else {
            ("@odata.nextLink", call.fresh_link(SKIP, &self.token()))
        }
    }
}

/// The same request with the options its token remembers.
fn resumed<'a>(call: &Call<'a>, state: &State) -> Call<'a> {
    Call { query: Query::parse(&state.query), ..call.clone() }
}

/// How much a page holds, and whether `$top` was the reason: then the round ends after it.
fn size(call: &Call<'_>) -> Result<(u64, bool), Refusal> {
    let top = call.query.top(1000)?;
    Ok((top.or(call.prefer.page).unwrap_or(USUAL_PAGE).min(1000), top.is_some()))
}

fn page(call: &Call<'_>, place: &str, state: &State, value: Vec<Value>) -> Reply {
    let mut document = Map::new();
    document.insert("@odata.context".to_owned(), json!(call.context(place)));
    let (name, link) = state.link(call);
    document.insert(name.to_owned(), json!(link));
    document.insert("value".to_owned(), Value::Array(value));
    view::ok(document)
}

/// Only one-sided filters on the delivery date are allowed.
fn check(filter: &Filter) -> Result<(), Refusal> {
    match filter {
        Filter::Compare(name, Op::Ge | Op::Gt, _) if name.eq_ignore_ascii_case("receivedDateTime") => Ok(()),
        _ => Err(Refusal::bad_request(
            "ErrorInvalidUrlQuery",
            "The query parameters of the change tracking request are not supported.",
        )),
    }
}

/// `GET …/mailFolders/{id}/messages/delta`.
pub(super) fn messages(call: &Call<'_>, user: &str, key: &str) -> Result<Reply, Refusal> {
    let open = call.open(user)?;
    let folder = open.folder(key)?;
    open.permit(About::Messages(folder))?;
    let mut state = State::of(call, ids::folder(open.mailbox, folder))?;
    let resumed = resumed(call, &state);
    let filter = messages::filter(&resumed)?;
    filter.as_ref().map(check).transpose()?;
    let (size, ends) = size(&resumed)?;
    let wanted = Wanted::of(filter.as_ref());
    let view = View::new(&resumed, &open)?;
    let shifted = call.world.shifts.of(open.mailbox);
    let listing = Listing::new(open.mailbox, shifted.as_ref(), &[folder], &wanted, DateField::Received, &|_| true);
    let total = if filter.is_some() { listing.total().min(FILTERED_MOST) } else { listing.total() };
    let mut value = Vec::new();
    if !state.over {
        for item in listing.page(state.told, size.min(total.saturating_sub(state.told)), true) {
            value.push(Value::Object(view.message(item)?));
        }
        // A full last page is followed by an empty one.
        let count = u64::try_from(value.len()).unwrap_or_default();
        state.told += count;
        state.over = ends || count < size;
    }
    let place = open.context(&format!("mailFolders('{}')/messages", view::key(key)));
    Ok(page(call, &place, &state, value))
}

/// `GET …/mailFolders/delta`.
pub(super) fn folders(call: &Call<'_>, user: &str) -> Result<Reply, Refusal> {
    let open = call.open(user)?;
    let mut state = State::of(call, mailbox_of(&open))?;
    let resumed = resumed(call, &state);
    let (size, ends) = size(&resumed)?;
    let all = folders::flat(&resumed, &open)?;
    let mut value = Vec::new();
    if !state.over {
        let skip = usize::try_from(state.told).unwrap_or(usize::MAX);
        for at in all.iter().skip(skip).take(usize::try_from(size).unwrap_or(usize::MAX)) {
            value.push(Value::Object(folders::shown(&resumed, &open, *at)?));
        }
        let count = u64::try_from(value.len()).unwrap_or_default();
        state.told += count;
        state.over = ends || count < size;
    }
    Ok(page(call, &open.context("mailFolders"), &state, value))
}

fn mailbox_of(open: &Open<'_>) -> String {
    format!("folders of {}", open.mailbox.guid)
}
