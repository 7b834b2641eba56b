//! What Exchange makes of a MIME message for JSON: body, preview, header fields, attachments.
//!
//! It must not know requests; it reads bytes.

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Encoding, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use serde_json::{Map, Value, json};

use crate::simulator::tenant::{Head, Who, header_lines, is_inline, is_meeting};

/// Characters in `bodyPreview`.
const PREVIEW: usize = 255;

/// A body: `text` or `html`, and the text.
pub(super) struct Body {
    pub(super) html: bool,
    pub(super) content: String,
}

/// One attachment.
pub(super) struct Part {
    /// An embedded message instead of a file.
    pub(super) is_message: bool,
    pub(super) name: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) content_id: Option<String>,
    pub(super) inline: bool,
    pub(super) content: Vec<u8>,
}

/// The body, as text where that is wanted.
pub(super) fn body(bytes: &[u8], as_text: bool) -> Body {
    let Some(message) = MessageParser::default().parse(bytes) else {
        return Body { html: false, content: String::new() };
    };
    let html = message.html_bodies().any(|part| matches!(part.body, PartType::Html(_)));
    if html && !as_text {
        return Body { html: true, content: message.body_html(0).unwrap_or_default().into_owned() };
    }
    Body { html: false, content: message.body_text(0).unwrap_or_default().into_owned() }
}

/// The first characters of the body's text.
pub(super) fn preview(bytes: &[u8]) -> String {
    body(bytes, true).content.trim().chars().take(PREVIEW).collect()
}

/// All header fields in order.
pub(super) fn headers(bytes: &[u8]) -> Value {
    let lines = MessageParser::default().parse(bytes).map(|message| header_lines(&message)).unwrap_or_default();
    Value::Array(lines.into_iter().map(|(name, value)| json!({ "name": name, "value": value })).collect())
}

/// The attachments, in the order of the message.
pub(super) fn attachments(bytes: &[u8], class: &str) -> Vec<Part> {
    let Some(message) = MessageParser::default().parse(bytes) else { return Vec::new() };
    if class == "IPM.Note.SMIME.MultipartSigned" {
        // The store keeps the whole signed entity as one file.
        let (name, kind) = (Some("smime.p7m".to_owned()), Some("multipart/signed".to_owned()));
        return vec![Part {
            is_message: false,
            name,
            content_type: kind,
            content_id: None,
            inline: false,
            content: bytes.to_vec(),
        }];
    }
    let parts = message.attachments().filter(|part| !is_meeting(part, class));
    parts.map(|part| part_of(&message, part, class)).collect()
}

fn part_of(message: &Message<'_>, part: &MessagePart<'_>, class: &str) -> Part {
    let kind = part.content_type().map(|kind| match kind.subtype() {
        Some(sub) => format!("{}/{sub}", kind.ctype()),
        None => kind.ctype().to_owned(),
    });
    let raw = message.raw_message.get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default();
    let name = part.attachment_name().map(str::to_owned);
    let content_id = part.content_id().map(str::to_owned);
    let inline = is_inline(part);
    let (is_message, name, content) = match &part.body {
        PartType::Message(inner) if matches!(part.encoding, Encoding::None) => {
            (true, inner.subject().map(str::to_owned).or(name), raw.to_vec())
        }
        PartType::Message(inner) => (true, inner.subject().map(str::to_owned).or(name), inner.raw_message.to_vec()),
        // The parser has changed the characters of text; a file is its own bytes.
        PartType::Text(_) | PartType::Html(_) => (false, name, decoded(raw, part.encoding)),
        PartType::Binary(data) | PartType::InlineBinary(data) => (false, name, data.to_vec()),
        PartType::Multipart(_) => (false, name, raw.to_vec()),
    };
    let opaque = class.starts_with("IPM.Note.SMIME") && name.is_none();
    let name = if opaque { Some("smime.p7m".to_owned()) } else { name };
    Part { is_message, name, content_type: kind, content_id, inline, content }
}

fn decoded(raw: &[u8], encoding: Encoding) -> Vec<u8> {
    let decoded = match encoding {
        Encoding::None => None,
        Encoding::QuotedPrintable => quoted_printable_decode(raw),
        Encoding::Base64 => base64_decode(raw),
    };
    decoded.unwrap_or_else(|| raw.to_vec())
}

/// A person as Graph writes one.
pub(super) fn who(who: &Who) -> Value {
    let mut address = Map::new();
    let name = who.name.as_ref().or(who.address.as_ref());
    for (key, value) in [("name", name), ("address", who.address.as_ref())] {
        if let Some(value) = value {
            address.insert(key.to_owned(), json!(value));
        }
    }
    json!({ "emailAddress": address })
}

/// People as Graph writes them.
pub(super) fn people(people: &[Who]) -> Value {
    Value::Array(people.iter().map(who).collect())
}

/// An embedded message as `$expand` of an item attachment shows it.
pub(super) fn item(bytes: &[u8]) -> Value {
    let head = Head::read(bytes);
    let body = body(bytes, false);
    let date = |millis: Option<i64>| {
        millis.and_then(crate::terms::UtcInstant::from_millis).map_or(Value::Null, |at| json!(at.odata()))
    };
    json!({
        "@odata.type": "#microsoft.graph.message",
        "id": "",
        "receivedDateTime": date(head.dates.1.or(head.dates.0)),
        "sentDateTime": date(head.dates.0),
        "hasAttachments": head.has_attachments,
        "internetMessageId": head.message_id,
        "subject": head.subject,
        "importance": head.importance,
        "isDraft": false,
        "internetMessageHeaders": headers(bytes),
        "body": { "contentType": if body.html { "html" } else { "text" }, "content": body.content },
        "sender": head.sender.as_ref().or(head.from.as_ref()).map(who),
        "from": head.from.as_ref().map(who),
        "toRecipients": people(&head.to),
        "ccRecipients": people(&head.cc),
        "bccRecipients": people(&head.bcc),
        "replyTo": people(&head.reply_to),
    })
}
