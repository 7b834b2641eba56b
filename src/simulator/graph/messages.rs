//! Lists of messages: one folder's or the whole mailbox's, with `$filter`, `$orderby`, `$select` and paging.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::call::{About, Call, Open};
use super::filter::Filter;
use super::listing::{Listing, Wanted, date_field};
use super::query::{Prefer, Query};
use super::refusal::Refusal;
use super::view::{self, View};
use crate::simulator::ids;
use crate::simulator::reply::Reply;
use crate::simulator::tenant::Item;
use crate::terms::DateField;

const USUAL_PAGE: u64 = 10;
const LARGEST_PAGE: u64 = 1000;
/// How far the count of a whole mailbox is off: users report counts that include deleted items.
const COUNT_SURPLUS: u64 = 12;

/// The page size a request asks for; what is no size counts as none.
pub(super) fn page_size(query: &Query, prefer: Prefer) -> u64 {
    query.top(LARGEST_PAGE).ok().flatten().or(prefer.page).unwrap_or(USUAL_PAGE).min(LARGEST_PAGE)
}

/// The order of a list: which date, and whether the newest come first.
fn order(call: &Call<'_>, filter: Option<&Filter>) -> Result<(DateField, bool), Refusal> {
    let Some(text) = call.query.get("$orderby") else { return Ok((DateField::Received, true)) };
    let parts: Vec<(&str, bool)> = text
        .split(',')
        .map(|part| {
            let mut words = part.split_whitespace();
            let name = words.next().unwrap_or_default();
            (name, words.next().is_some_and(|way| way.eq_ignore_ascii_case("desc")))
        })
        .collect();
    if let Some(filter) = filter {
        // Every property of $orderby must be in $filter, in the same order, before all others.
        let filtered = filter.properties();
        let first = filtered.get(..parts.len()).unwrap_or_default();
        if first.is_empty() || !first.iter().zip(&parts).all(|(have, (wanted, _))| have.eq_ignore_ascii_case(wanted)) {
            let text = "The restriction or sort order is too complex for this operation.";
            return Err(Refusal::bad_request("InefficientFilter", text));
        }
    }
    let (name, newest_first) = parts.first().copied().unwrap_or_default();
    let field = date_field(name).ok_or_else(|| {
        Refusal::bad_request("ErrorInvalidUrlQuery", format!("This simulator sorts by dates only, not by '{name}'."))
    })?;
    Ok((field, newest_first))
}

/// The filter of a request, if it has one that can be read.
pub(super) fn filter(call: &Call<'_>) -> Result<Option<Filter>, Refusal> {
    let Some(text) = call.query.get("$filter") else { return Ok(None) };
    match Filter::parse(text) {
        Some(filter) => Ok(Some(filter)),
        None => Err(Refusal::bad_request("BadRequest", "Invalid filter clause")),
    }
}

/// Which folders a request covers, after the right to them was checked.
fn folders(open: &Open<'_>, folder: Option<&str>) -> Result<Vec<usize>, Refusal> {
    if let Some(key) = folder {
        let at = open.folder(key)?;
        open.permit(About::Messages(at))?;
        return Ok(vec![at]);
    }
    open.permit(About::AllMessages)?;
    let all = open.mailbox.folders.iter().enumerate();
    Ok(all.filter(|(_, folder)| !folder.search && !folder.outside_root).map(|(at, _)| at).collect())
}

/// What about a listed item `$filter` may look at besides its dates.
fn facts(view: &View<'_>, item: Item) -> Value {
    Value::Object(view.facts(item))
}

/// `GET …/messages`.
pub(super) fn list(call: &Call<'_>, user: &str, folder: Option<&str>) -> Result<Reply, Refusal> {
    let open = call.open(user)?;
    let covered = folders(&open, folder)?;
    let filter = filter(call)?;
    let (field, newest_first) = order(call, filter.as_ref())?;
    call.query.top(LARGEST_PAGE)?;
    let size = page_size(&call.query, call.prefer);
    let skip = call.query.number("$skip")?.unwrap_or(0);
    let wanted = Wanted::of(filter.as_ref());
    let view = View::new(call, &open)?;
    let test = |item: Item| {
        let facts = facts(&view, item);
        wanted.rest.iter().all(|condition| condition.accepts(&facts))
    };
    let shifted = call.world.shifts.of(open.mailbox);
    let listing = Listing::new(open.mailbox, shifted.as_ref(), &covered, &wanted, field, &test);
    // Without a filter the service counts items that are no messages when it skips.
    let others = match (folder, &filter, covered.first().and_then(|at| open.mailbox.folders.get(*at))) {
        (Some(_), None, Some(folder)) => folder.other_items,
        _ => 0,
    };
    let start = skip.saturating_sub(others);
    let items = listing.page(start, size, newest_first);
    let mut value = Vec::new();
    for item in &items {
        value.push(Value::Object(view.message(*item)?));
    }
    let names = call.query.select().map(|names| format!("({})", names.join(","))).unwrap_or_default();
    let place = match folder {
        Some(key) => open.context(&format!("mailFolders('{}')/messages{names}", view::key(key))),
        None => open.context(&format!("messages{names}")),
    };
    let mut page = Map::new();
    page.insert("@odata.context".to_owned(), json!(call.context(&place)));
    let total = listing.total();
    if call.query.is_true("$count") {
        let surplus = if folder.is_none() { COUNT_SURPLUS } else { 0 };
        page.insert("@odata.count".to_owned(), json!(total + surplus));
    }
    if call.query.get("$select").is_none() && skip == 0 {
        page.insert("@microsoft.graph.tips".to_owned(), json!(view::TIP));
    }
    page.insert("value".to_owned(), Value::Array(value));
    let next = start + u64::try_from(items.len()).unwrap_or_default();
    if next < total {
        let skip = (next + others).to_string();
        page.insert("@odata.nextLink".to_owned(), json!(call.link(&[("$skip", Some(skip)), ("$skiptoken", None)])));
    }
    Ok(Reply::graph(StatusCode::OK, Value::Object(page)))
}

/// `GET …/messages/$count`.
pub(super) fn count(call: &Call<'_>, user: &str, folder: Option<&str>) -> Result<Reply, Refusal> {
    let open = call.open(user)?;
    let covered = folders(&open, folder)?;
    let filter = filter(call)?;
    let wanted = Wanted::of(filter.as_ref());
    let view = View::new(call, &open)?;
    let test = |item: Item| {
        let facts = facts(&view, item);
        wanted.rest.iter().all(|condition| condition.accepts(&facts))
    };
    let shifted = call.world.shifts.of(open.mailbox);
    let total = Listing::new(open.mailbox, shifted.as_ref(), &covered, &wanted, DateField::Received, &test).total();
    Ok(Reply::text(StatusCode::OK, total.to_string()))
}

/// The message that a path names, after the right to it was checked.
pub(super) fn find(call: &Call<'_>, open: &Open<'_>, folder: Option<&str>, id: &str) -> Result<Item, Refusal> {
    let item = ids::read_message(open.mailbox, id).map_err(Refusal::bad_id)?;
    let moved = call.world.is_moved(&open.mailbox.guid, ids::number(item));
    if moved && id != ids::message(open.mailbox, item, ids::Kind::Normal) {
        return Err(Refusal::item_not_found());
    }
    let home = call.world.shifts.home(open.mailbox, item).ok_or_else(Refusal::item_not_found)?;
    open.permit(About::Messages(home))?;
    match folder {
        Some(key) if open.folder(key)? != home => Err(Refusal::item_not_found()),
        _ => Ok(item),
    }
}

/// `GET …/messages/{id}`.
pub(super) fn one(call: &Call<'_>, user: &str, folder: Option<&str>, id: &str) -> Result<Reply, Refusal> {
    let open = call.open(user)?;
    let item = find(call, &open, folder, id)?;
    let view = View::new(call, &open)?;
    let names = call.query.select().map(|names| format!("({})", names.join(","))).unwrap_or_default();
    let mut document = Map::new();
    let context = call.context(&open.context(&format!("messages{names}/$entity")));
    document.insert("@odata.context".to_owned(), json!(context));
    document.append(&mut view.message(item)?);
    Ok(Reply::graph(StatusCode::OK, Value::Object(document)))
}
