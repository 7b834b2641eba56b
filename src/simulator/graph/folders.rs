//! Mail folders: one, the top level, the children of one; search folders among them.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::call::{About, Call, Open};
use super::filter::Filter;
use super::refusal::Refusal;
use super::view::{self, extended_ids};
use crate::simulator::ids;
use crate::simulator::reply::Reply;

const USUAL_PAGE: u64 = 10;
const LARGEST_PAGE: u64 = 1000;
const TYPE: &str = "@odata.type";
const PROPERTIES: [&str; 12] = [
    "id",
    "displayName",
    "parentFolderId",
    "childFolderCount",
    "unreadItemCount",
    "totalItemCount",
    "isHidden",
    "isSupported",
    "includeNestedFolders",
    "sourceFolderIds",
    "filterQuery",
    "singleValueExtendedProperties",
];

/// Everything a folder shows, without `$select`.
pub(super) fn whole(call: &Call<'_>, open: &Open<'_>, at: usize) -> Map<String, Value> {
    let mailbox = open.mailbox;
    let Some(folder) = mailbox.folders.get(at) else { return Map::new() };
    let parent = folder.parent.map_or_else(|| ids::store_root(mailbox), |parent| ids::folder(mailbox, parent));
    let children =
        mailbox.folders.iter().filter(|child| child.parent == Some(at) && !child.hidden && !child.is_unlisted());
    let unread = folder.mail.iter().filter_map(|n| mailbox.mail.get(*n as usize)).filter(|mail| !mail.is_read);
    let mut shown = Map::new();
    let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    if folder.search {
        put(TYPE, json!("#microsoft.graph.mailSearchFolder"));
    }
    put("id", json!(ids::folder(mailbox, at)));
    put("displayName", json!(folder.name));
    put("parentFolderId", json!(parent));
    put("childFolderCount", json!(children.count()));
    put("unreadItemCount", json!(unread.count()));
    put("totalItemCount", json!(call.world.shifts.count(mailbox, at) + folder.other_items));
    put("isHidden", json!(folder.hidden));
    if folder.search {
        put("isSupported", json!(true));
        put("includeNestedFolders", json!(true));
        put("sourceFolderIds", json!([ids::folder(mailbox, 0)]));
        put("filterQuery", json!("isRead eq false"));
    }
    shown
}

fn extended(open: &Open<'_>, at: usize, wanted: &[String]) -> Value {
    let Some(folder) = open.mailbox.folders.get(at) else { return json!([]) };
    let value = |id: &String| {
        let value = match view::tag(id)? {
            0x0E08 => {
                let mail = folder.mail.iter().filter_map(|n| open.mailbox.mail.get(*n as usize)).map(|mail| mail.bytes);
                let made = folder.batches.iter().filter_map(|batch| open.mailbox.batches.get(*batch));
                let made = made.map(|made| made.count.saturating_mul(made.mean_bytes));
                (mail.sum::<u64>() + made.sum::<u64>()).to_string()
            }
            0x3613 => folder.class.clone(),
            _ => return None,
        };
        Some(json!({ "id": view::spelled(id), "value": value }))
    };
    Value::Array(wanted.iter().filter_map(value).collect())
}

/// One folder as this request wants it.
pub(super) fn shown(call: &Call<'_>, open: &Open<'_>, at: usize) -> Result<Map<String, Value>, Refusal> {
    let mut all = whole(call, open, at);
    if let Some(names) = call.query.select() {
        view::check(&names, &PROPERTIES, "mailFolder")?;
        let wanted =
            |name: &str| name == TYPE || name == "id" || names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
        all.retain(|name, _| wanted(name));
    }
    let wanted = extended_ids(call);
    if !wanted.is_empty() && open.bodies {
        all.insert("singleValueExtendedProperties".to_owned(), extended(open, at, &wanted));
    }
    Ok(all)
}

/// `GET …/mailFolders/{id}`.
pub(super) fn one(call: &Call<'_>, user: &str, key: &str) -> Result<Reply, Refusal> {
    let open = call.open(user)?;
    let at = found(&open, key)?;
    let names = call.query.select().map(|names| format!("({})", names.join(","))).unwrap_or_default();
    let mut document = Map::new();
    document.insert(
        "@odata.context".to_owned(),
        json!(call.context(&open.context(&format!("mailFolders{names}/$entity")))),
    );
    document.append(&mut shown(call, &open, at)?);
    Ok(Reply::graph(StatusCode::OK, Value::Object(document)))
}

/// The folder a path names, after the right to it was checked. Who may not see anything learns nothing about names.
fn found(open: &Open<'_>, key: &str) -> Result<usize, Refusal> {
    match open.folder(key) {
        Ok(at) => open.permit(if at == 0 { About::Root } else { About::Folder(at) }).map(|()| at),
        Err(refusal) => open.permit(About::Root).and(Err(refusal)),
    }
}

/// The folders that a list request means.
fn matching(call: &Call<'_>, open: &Open<'_>, parent: Option<&str>) -> Result<Vec<usize>, Refusal> {
    let parent = match parent {
        None => {
            open.permit(About::Root)?;
            0
        }
        Some(key) => found(open, key)?,
    };
    let filter = super::messages::filter(call)?;
    let hidden = call.query.is_true("includeHiddenFolders");
    let listed = open.mailbox.folders.iter().enumerate().filter(|(at, folder)| {
        folder.parent == Some(parent)
            && (hidden || !folder.hidden)
            && !folder.is_unlisted()
            && open.permit(About::Folder(*at)).is_ok()
    });
    let passes = |at: &usize| {
        filter.as_ref().is_none_or(|filter: &Filter| filter.accepts(&Value::Object(whole(call, open, *at))))
    };
    let mut folders: Vec<usize> = listed.map(|(at, _)| at).filter(passes).collect();
    if let Some(order) = call.query.get("$orderby") {
        let mut words = order.split_whitespace();
        if !words.next().is_some_and(|name| name.eq_ignore_ascii_case("displayName")) {
            return Err(Refusal::bad_request(
                "ErrorInvalidUrlQuery",
                "This simulator sorts folders by displayName only.",
            ));
        }
        folders.sort_by_key(|at| open.mailbox.folders.get(*at).map(|folder| folder.name.to_lowercase()));
        if words.next() == Some("desc") {
            folders.reverse();
        }
    }
    Ok(folders)
}

/// `GET …/mailFolders` and `GET …/childFolders`.
pub(super) fn list(call: &Call<'_>, user: &str, parent: Option<&str>) -> Result<Reply, Refusal> {
    let open = call.open(user)?;
    let folders = matching(call, &open, parent)?;
    let size = call.query.top(LARGEST_PAGE)?.or(call.prefer.page).unwrap_or(USUAL_PAGE).min(LARGEST_PAGE);
    let skip = call.query.number("$skip")?.unwrap_or(0);
    let total = u64::try_from(folders.len()).unwrap_or_default();
    let end = skip.saturating_add(size).min(total);
    let range = usize::try_from(skip).unwrap_or(usize::MAX)..usize::try_from(end).unwrap_or(usize::MAX);
    let mut value = Vec::new();
    for at in folders.get(range).unwrap_or_default() {
        value.push(Value::Object(shown(call, &open, *at)?));
    }
    let names = call.query.select().map(|names| format!("({})", names.join(","))).unwrap_or_default();
    let place = match parent {
        Some(key) => format!("mailFolders('{}')/childFolders{names}", view::key(key)),
        None => format!("mailFolders{names}"),
    };
    let mut page = Map::new();
    page.insert("@odata.context".to_owned(), json!(call.context(&open.context(&place))));
    if call.query.is_true("$count") {
        page.insert("@odata.count".to_owned(), json!(total));
    }
    page.insert("value".to_owned(), Value::Array(value));
    if end < total {
        page.insert("@odata.nextLink".to_owned(), json!(call.link(&[("$skip", Some(end.to_string()))])));
    }
    Ok(Reply::graph(StatusCode::OK, Value::Object(page)))
}

/// `GET …/mailFolders/$count`.
pub(super) fn count(call: &Call<'_>, user: &str, parent: Option<&str>) -> Result<Reply, Refusal> {
    let open = call.open(user)?;
    Ok(Reply::text(StatusCode::OK, matching(call, &open, parent)?.len().to_string()))
}

/// All folders below the top that a caller can list, parents first; for delta.
pub(super) fn flat(call: &Call<'_>, open: &Open<'_>) -> Result<Vec<usize>, Refusal> {
    open.permit(About::Root)?;
    let hidden = call.query.is_true("includeHiddenFolders");
    let all = open.mailbox.folders.iter().enumerate();
    let listed = all.filter(|(_, folder)| !folder.outside_root && (hidden || !folder.hidden) && !folder.is_unlisted());
    Ok(listed.map(|(at, _)| at).collect())
}
