//! Attachments: files, embedded messages, and links to the cloud.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};

use super::call::{Call, Open};
use super::mime::{self, Part};
use super::refusal::Refusal;
use super::{messages, value, view};
use crate::simulator::ids;
use crate::simulator::reply::{Payload, Reply};
use crate::simulator::tenant::Item;
use crate::terms::UtcInstant;

/// Lists leave out the content of files above this; the figure is what users report.
const INLINE_CONTENT: usize = 3 * 1024 * 1024;
/// What the store adds to an attachment's size, and about the size of a link.
const OVERHEAD: usize = 186;
const PROPERTIES: [&str; 12] = [
    "id",
    "lastModifiedDateTime",
    "name",
    "contentType",
    "size",
    "isInline",
    "contentId",
    "contentLocation",
    "contentBytes",
    "item",
    "sourceUrl",
    "providerType",
];

enum Content {
    Part(Part),
    Link(String),
}

/// One attachment of a message.
pub(super) struct Attachment {
    ordinal: usize,
    content: Content,
}

/// The attachments of a message: those in its MIME, then the links that exist beside it.
pub(super) fn of(open: &Open<'_>, item: Item, bytes: &[u8], class: &str) -> Vec<Attachment> {
    let links = match item {
        Item::Mail(n) => open.mailbox.mail.get(n).map(|mail| mail.references.as_slice()).unwrap_or_default(),
        Item::Made(..) => &[],
    };
    let parts = mime::attachments(bytes, class).into_iter().map(Content::Part);
    let links = links.iter().map(|(name, _)| Content::Link(name.clone()));
    parts.chain(links).enumerate().map(|(ordinal, content)| Attachment { ordinal, content }).collect()
}

impl Attachment {
    /// As JSON; `single` where it is asked for alone.
    pub(super) fn shown(&self, call: &Call<'_>, open: &Open<'_>, item: Item, single: bool) -> Map<String, Value> {
        let mut out = Map::new();
        let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
        let id = ids::attachment(open.mailbox, item, call.prefer.ids, self.ordinal);
        let modified = open.mailbox.dates(item).and_then(|dates| UtcInstant::from_millis(dates.modified));
        let (kind, name, content_type, size, inline) = match &self.content {
            Content::Link(name) => ("reference", Some(name.clone()), None, OVERHEAD, false),
            Content::Part(part) if part.is_message => {
                ("item", part.name.clone(), None, part.content.len() + OVERHEAD, false)
            }
            Content::Part(part) => {
                ("file", part.name.clone(), part.content_type.clone(), part.content.len() + OVERHEAD, part.inline)
            }
        };
        put("@odata.type", json!(format!("#microsoft.graph.{kind}Attachment")));
        if kind == "file" {
            put("@odata.mediaContentType", json!(content_type));
        }
        put("id", json!(id));
        put("lastModifiedDateTime", modified.map_or(Value::Null, |at| json!(at.odata())));
        put("name", json!(name));
        put("contentType", json!(content_type));
        put("size", json!(size));
        put("isInline", json!(inline));
        if let Content::Part(part) = &self.content {
            if part.is_message {
                let expand = call.query.get("$expand").unwrap_or_default().to_ascii_lowercase();
                if expand.starts_with("microsoft.graph.itemattachment/item") {
                    put("item", mime::item(&part.content));
                }
            } else {
                put("contentId", json!(part.content_id));
                put("contentLocation", Value::Null);
                if single || part.content.len() <= INLINE_CONTENT {
                    put("contentBytes", json!(STANDARD.encode(&part.content)));
                }
            }
        }
        out
    }
}

struct Found<'a> {
    open: Open<'a>,
    item: Item,
    list: Vec<Attachment>,
}

fn find<'a>(call: &Call<'a>, user: &str, folder: Option<&str>, id: &str) -> Result<Found<'a>, Refusal> {
    let open = call.open(user)?;
    let item = messages::find(call, &open, folder, id)?;
    if !open.bodies {
        return Err(Refusal::access_denied());
    }
    let bytes = value::rendered(&open, item)?.whole();
    let list = of(&open, item, &bytes, &view::class(&open, item));
    Ok(Found { open, item, list })
}

fn selected(call: &Call<'_>, mut shown: Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    if let Some(names) = call.query.select() {
        view::check(&names, &PROPERTIES, "attachment")?;
        let wanted = |name: &str| name == "id" || names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
        shown.retain(|name, _| name.starts_with('@') || name == "item" || wanted(name));
    }
    Ok(shown)
}

/// `GET …/attachments`: always all of them; `$top` and `$filter` are ignored, as the service does.
pub(super) fn list(call: &Call<'_>, user: &str, folder: Option<&str>, id: &str) -> Result<Reply, Refusal> {
    let found = find(call, user, folder, id)?;
    let mut value = Vec::new();
    for attachment in &found.list {
        value.push(Value::Object(selected(call, attachment.shown(call, &found.open, found.item, false))?));
    }
    let context = call.context(&found.open.context(&format!("messages('{}')/attachments", view::key(id))));
    Ok(Reply::graph(StatusCode::OK, json!({ "@odata.context": context, "value": value })))
}

/// `GET …/attachments/$count`.
pub(super) fn count(call: &Call<'_>, user: &str, folder: Option<&str>, id: &str) -> Result<Reply, Refusal> {
    Ok(Reply::text(StatusCode::OK, find(call, user, folder, id)?.list.len().to_string()))
}

fn pick<'a>(found: &'a Found<'_>, id: &str) -> Result<&'a Attachment, Refusal> {
    let ordinal = ids::read_attachment(found.open.mailbox, found.item, id).map_err(Refusal::bad_id)?;
    found.list.get(ordinal).ok_or_else(Refusal::item_not_found)
}

/// `GET …/attachments/{id}`.
pub(super) fn one(
    call: &Call<'_>,
    user: &str,
    folder: Option<&str>,
    id: &str,
    attachment: &str,
) -> Result<Reply, Refusal> {
    let found = find(call, user, folder, id)?;
    let attachment = pick(&found, attachment)?;
    let mut document = Map::new();
    let place = format!("messages('{}')/attachments/$entity", view::key(id));
    document.insert("@odata.context".to_owned(), json!(call.context(&found.open.context(&place))));
    document.append(&mut selected(call, attachment.shown(call, &found.open, found.item, true))?);
    Ok(view::ok(document))
}

/// `GET …/attachments/{id}/$value`: a file's bytes, a message's MIME; a link has none.
pub(super) fn value(
    call: &Call<'_>,
    user: &str,
    folder: Option<&str>,
    id: &str,
    attachment: &str,
) -> Result<Reply, Refusal> {
    let found = find(call, user, folder, id)?;
    match &pick(&found, attachment)?.content {
        Content::Link(_) => Err(Refusal::not_supported()),
        Content::Part(part) => {
            let kind = part.content_type.as_deref().filter(|_| !part.is_message);
            let kind = kind.unwrap_or(if part.is_message { "text/plain" } else { "application/octet-stream" });
            let payload = Payload::Bytes(part.content.clone().into());
            Ok(Reply::empty(StatusCode::OK).payload(payload).header(CONTENT_TYPE, kind))
        }
    }
}
