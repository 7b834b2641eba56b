//! One message as JSON, with what `$select`, `$expand` and `Prefer` ask for.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::call::{Call, Open};
use super::refusal::Refusal;
use super::{attachments, mime, value};
use crate::simulator::ids;
use crate::simulator::tenant::{Dates, Head, Item, Loaded, Who};
use crate::terms::{Sha256, UtcInstant};

/// What Graph adds where `$select` is missing.
pub(super) const TIP: &str = "Name the properties you need in $select; answers become smaller and faster.";

/// All properties of a message that can be selected.
const PROPERTIES: [&str; 33] = [
    "id",
    "createdDateTime",
    "lastModifiedDateTime",
    "changeKey",
    "categories",
    "receivedDateTime",
    "sentDateTime",
    "hasAttachments",
    "internetMessageId",
    "subject",
    "bodyPreview",
    "importance",
    "parentFolderId",
    "conversationId",
    "conversationIndex",
    "isDeliveryReceiptRequested",
    "isReadReceiptRequested",
    "isRead",
    "isDraft",
    "webLink",
    "inferenceClassification",
    "body",
    "sender",
    "from",
    "toRecipients",
    "ccRecipients",
    "bccRecipients",
    "replyTo",
    "flag",
    "internetMessageHeaders",
    "uniqueBody",
    "meetingMessageType",
    "singleValueExtendedProperties",
];

/// How a context address spells a key.
pub(super) fn key(key: &str) -> String {
    key.replace('\'', "''")
}

/// Refuses names that the resource does not have; navigation properties and annotations are let through.
pub(super) fn check(names: &[String], known: &[&str], kind: &str) -> Result<(), Refusal> {
    let fine = |name: &&String| {
        known.iter().any(|known| known.eq_ignore_ascii_case(name)) || name.contains(['/', '@', '*', '.'])
    };
    match names.iter().find(|name| !fine(name)) {
        Some(name) => Err(Refusal::no_such_property(name, kind)),
        None => Ok(()),
    }
}

/// The ids of extended properties that `$expand` asks for, as written.
pub(super) fn extended_ids(call: &Call<'_>) -> Vec<String> {
    let expand = call.query.get("$expand").unwrap_or_default();
    let lower = expand.to_ascii_lowercase();
    let Some(after) = lower.find("singlevalueextendedproperties").and_then(|at| expand.get(at..)) else {
        return Vec::new();
    };
    after.split('\'').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The MAPI tag in an id such as `Integer 0x0E08`.
pub(super) fn tag(id: &str) -> Option<u32> {
    let (_, number) = id.trim().rsplit_once(char::is_whitespace)?;
    u32::from_str_radix(number.strip_prefix("0x").or_else(|| number.strip_prefix("0X"))?, 16).ok()
}

/// The id as the service writes it: lower case, no leading zeros.
pub(super) fn spelled(id: &str) -> String {
    let kind = id.split_whitespace().next().unwrap_or_default();
    tag(id).map_or_else(|| id.to_owned(), |tag| format!("{kind} {tag:#x}"))
}

/// How messages are shown to one request.
pub(super) struct View<'a> {
    call: &'a Call<'a>,
    open: &'a Open<'a>,
    select: Option<Vec<String>>,
    extended: Vec<String>,
    attachments: bool,
}

impl<'a> View<'a> {
    /// Reads what the request wants to see.
    pub(super) fn new(call: &'a Call<'a>, open: &'a Open<'a>) -> Result<Self, Refusal> {
        let select = call.query.select().filter(|names| !names.iter().any(|name| name == "*"));
        check(select.as_deref().unwrap_or_default(), &PROPERTIES, "message")?;
        let expand = call.query.get("$expand").unwrap_or_default().to_ascii_lowercase();
        let attachments = expand.split(',').any(|name| name.trim().starts_with("attachments"));
        if !open.bodies && (attachments || expand.contains("extendedproperties")) {
            return Err(Refusal::access_denied());
        }
        Ok(Self { call, open, select, extended: extended_ids(call), attachments })
    }

    fn wants(&self, name: &str) -> bool {
        self.select.as_ref().is_none_or(|names| names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)))
    }

    fn selects(&self, name: &str) -> bool {
        self.select.is_some() && self.wants(name)
    }

    /// What is known of a message without reading its file.
    pub(super) fn facts(&self, item: Item) -> Map<String, Value> {
        let mailbox = self.open.mailbox;
        let Some(dates) = mailbox.dates(item) else { return Map::new() };
        let (mail, made) = match item {
            Item::Mail(n) => (mailbox.mail.get(n), None),
            Item::Made(batch, n) => (None, mailbox.batches.get(batch).map(|made| made.head(n))),
        };
        let Some(head) = mail.map(|mail| &mail.head).or(made.as_ref()) else { return Map::new() };
        let mut out = Map::new();
        let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
        let meeting = meeting(&head.class);
        if let Some((kind, _)) = meeting {
            put("@odata.type", json!(kind));
        }
        let change_key =
            ids::change_key(mailbox, ids::number(item), self.call.world.revision(&mailbox.guid, ids::number(item)));
        put("@odata.etag", json!(format!("W/\"{change_key}\"")));
        let id = match self.call.world.is_moved(&mailbox.guid, ids::number(item)) {
            true => ids::message(mailbox, item, ids::Kind::Normal),
            false => ids::message(mailbox, item, self.call.prefer.ids),
        };
        put("id", json!(id));
        put_dates(&mut put, dates);
        put("changeKey", json!(change_key));
        put("categories", json!(mail.map(|mail| mail.categories.as_slice()).unwrap_or_default()));
        put("hasAttachments", json!(head.has_attachments));
        put("internetMessageId", json!(head.message_id));
        put("subject", json!(head.subject));
        put("importance", json!(head.importance));
        let home = self.call.world.shifts.home(mailbox, item).unwrap_or_default();
        put("parentFolderId", json!(ids::folder(mailbox, home)));
        self.put_conversation(&mut put, head);
        put("isDeliveryReceiptRequested", json!(false));
        put("isReadReceiptRequested", json!(false));
        put("isRead", json!(mail.is_none_or(|mail| mail.is_read)));
        put("isDraft", json!(mail.is_some_and(|mail| mail.is_draft)));
        put("webLink", json!(format!("https://outlook.example/owa/?ItemID={id}&exvsurl=1&viewmodel=ReadMessageItem")));
        put("inferenceClassification", json!("focused"));
        if let Some((_, kind)) = meeting {
            put("meetingMessageType", json!(kind));
        }
        put_people(&mut put, head, mail);
        put("flag", json!({ "flagStatus": "notFlagged" }));
        out
    }

    fn put_conversation(&self, put: &mut dyn FnMut(&str, Value) -> Option<Value>, head: &Head) {
        use base64::Engine;
        use base64::engine::general_purpose::{STANDARD, URL_SAFE};
        let hash = Sha256::of(format!("{} {}", self.open.mailbox.guid, head.topic.to_lowercase()).as_bytes());
        let bytes = hash.as_bytes();
        put("conversationId", json!(URL_SAFE.encode([&b"\x00\x03\x24\x00"[..], bytes].concat())));
        put(
            "conversationIndex",
            json!(STANDARD.encode([&b"\x01\x01"[..], bytes.get(..20).unwrap_or_default()].concat())),
        );
    }

    /// The message as the request wants it.
    pub(super) fn message(&self, item: Item) -> Result<Map<String, Value>, Refusal> {
        let mut out = self.facts(item);
        let class = self.class(item);
        if self.select.is_some() {
            out.retain(|name, _| name == "id" || name.starts_with('@') || self.wants(name));
        }
        let content = ["body", "bodyPreview"].iter().any(|name| self.wants(name));
        let more = ["internetMessageHeaders", "uniqueBody"].iter().any(|name| self.selects(name));
        if self.open.bodies && (content || more || self.attachments) || self.selects("internetMessageHeaders") {
            let bytes = value::rendered(self.open, item)?.whole();
            self.put_content(&mut out, &bytes);
            if self.attachments {
                let list = attachments::of(self.open, item, &bytes, &class);
                let shown = list.iter().map(|one| Value::Object(one.shown(self.call, self.open, item, false)));
                out.insert("attachments".to_owned(), Value::Array(shown.collect()));
            }
        }
        if !self.extended.is_empty() {
            let values = self.extended.iter().filter_map(|id| self.extended(item, &class, id)).collect::<Vec<_>>();
            if !values.is_empty() {
                out.insert("singleValueExtendedProperties".to_owned(), Value::Array(values));
            }
        }
        Ok(out)
    }

    /// The message class.
    pub(super) fn class(&self, item: Item) -> String {
        class(self.open, item)
    }

    fn put_content(&self, out: &mut Map<String, Value>, bytes: &[u8]) {
        if self.selects("internetMessageHeaders") {
            out.insert("internetMessageHeaders".to_owned(), mime::headers(bytes));
        }
        if !self.open.bodies {
            return;
        }
        if self.wants("bodyPreview") {
            out.insert("bodyPreview".to_owned(), json!(mime::preview(bytes)));
        }
        for name in ["body", "uniqueBody"] {
            if self.selects(name) || (name == "body" && self.select.is_none()) {
                let body = mime::body(bytes, self.call.prefer.text_body);
                let kind = if body.html { "html" } else { "text" };
                out.insert(name.to_owned(), json!({ "contentType": kind, "content": body.content }));
            }
        }
    }

    fn extended(&self, item: Item, class: &str, id: &str) -> Option<Value> {
        let mailbox = self.open.mailbox;
        let value = match tag(id)? {
            0x0E08 => match item {
                Item::Mail(n) => mailbox.mail.get(n)?.bytes.to_string(),
                Item::Made(batch, n) => mailbox.batches.get(batch)?.about_bytes(n).to_string(),
            },
            0x001A => class.to_owned(),
            _ => return None,
        };
        Some(json!({ "id": spelled(id), "value": value }))
    }
}

/// The class of a message.
pub(super) fn class(open: &Open<'_>, item: Item) -> String {
    match item {
        Item::Mail(n) => open.mailbox.mail.get(n).map(|mail| mail.head.class.clone()).unwrap_or_default(),
        Item::Made(..) => "IPM.Note".to_owned(),
    }
}

/// A meeting message's type and kind; the misspelling is Graph's.
fn meeting(class: &str) -> Option<(&'static str, &'static str)> {
    match class {
        "IPM.Schedule.Meeting.Request" => Some(("#microsoft.graph.eventMessageRequest", "meetingRequest")),
        "IPM.Schedule.Meeting.Canceled" => Some(("#microsoft.graph.eventMessage", "meetingCancelled")),
        "IPM.Schedule.Meeting.Resp.Pos" => Some(("#microsoft.graph.eventMessageResponse", "meetingAccepted")),
        "IPM.Schedule.Meeting.Resp.Neg" => Some(("#microsoft.graph.eventMessageResponse", "meetingDeclined")),
        "IPM.Schedule.Meeting.Resp.Tent" => {
            Some(("#microsoft.graph.eventMessageResponse", "meetingTenativelyAccepted"))
        }
        _ => None,
    }
}

fn put_dates(put: &mut dyn FnMut(&str, Value) -> Option<Value>, dates: Dates) {
    let written = |millis: i64| UtcInstant::from_millis(millis).map_or(Value::Null, |at| json!(at.odata()));
    put("createdDateTime", written(dates.created));
    put("lastModifiedDateTime", written(dates.modified));
    put("receivedDateTime", written(dates.received));
    put("sentDateTime", dates.sent.map_or(Value::Null, written));
}

fn put_people(put: &mut dyn FnMut(&str, Value) -> Option<Value>, head: &Head, mail: Option<&Loaded>) {
    let sender = head.sender.as_ref().or(head.from.as_ref());
    if let Some(sender) = sender {
        put("sender", mime::who(sender));
    }
    if let Some(from) = head.from.as_ref().or(sender) {
        put("from", mime::who(from));
    }
    put("toRecipients", mime::people(&head.to));
    put("ccRecipients", mime::people(&head.cc));
    let mut bcc = head.bcc.clone();
    for address in mail.map(|mail| mail.bcc.as_slice()).unwrap_or_default() {
        let known = bcc.iter().any(|who| who.address.as_ref().is_some_and(|have| have.eq_ignore_ascii_case(address)));
        if !known {
            bcc.push(Who { name: None, address: Some(address.clone()) });
        }
    }
    put("bccRecipients", mime::people(&bcc));
    put("replyTo", mime::people(&head.reply_to));
}

/// A document with status 200.
pub(super) fn ok(document: Map<String, Value>) -> crate::simulator::reply::Reply {
    crate::simulator::reply::Reply::graph(StatusCode::OK, Value::Object(document))
}
