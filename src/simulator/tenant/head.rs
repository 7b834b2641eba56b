//! The facts of a message that listings need, read once from its header.
//!
//! Reading never fails: what cannot be read is absent, as it is in Graph.

use mail_parser::{Address, HeaderName, HeaderValue, Message, MessageParser, MimeHeaders, PartType};

/// A name and an address, either of which may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::simulator) struct Who {
    pub(in crate::simulator) name: Option<String>,
    pub(in crate::simulator) address: Option<String>,
}

/// What a listing shows.
#[derive(Debug, Clone, Default)]
pub(in crate::simulator) struct Head {
    pub(in crate::simulator) subject: Option<String>,
    /// With its brackets, as written.
    pub(in crate::simulator) message_id: Option<String>,
    pub(in crate::simulator) from: Option<Who>,
    pub(in crate::simulator) sender: Option<Who>,
    pub(in crate::simulator) to: Vec<Who>,
    pub(in crate::simulator) cc: Vec<Who>,
    pub(in crate::simulator) bcc: Vec<Who>,
    pub(in crate::simulator) reply_to: Vec<Who>,
    pub(in crate::simulator) importance: &'static str,
    /// Attachments that are not inline: Graph's `hasAttachments`.
    pub(in crate::simulator) has_attachments: bool,
    /// Message class, such as `IPM.Note`.
    pub(in crate::simulator) class: String,
    /// The subject without its prefixes, which decides the conversation.
    pub(in crate::simulator) topic: String,
    /// Date header and topmost Received header, in milliseconds since 1970.
    pub(in crate::simulator) dates: (Option<i64>, Option<i64>),
}

impl Head {
    /// Reads a message.
    pub(in crate::simulator) fn read(bytes: &[u8]) -> Self {
        let Some(message) = MessageParser::default().parse(bytes) else {
            return Self { importance: "normal", class: "IPM.Note".to_owned(), ..Self::default() };
        };
        let subject = message.subject().map(str::to_owned);
        let class = class(&message).to_owned();
        Self {
            message_id: message_id(&message),
            from: people(message.from()).into_iter().next(),
            sender: people(message.sender()).into_iter().next(),
            to: people(message.to()),
            cc: people(message.cc()),
            bcc: people(message.bcc()),
            reply_to: people(message.reply_to()),
            importance: importance(&message),
            has_attachments: has_attachments(&message, &class),
            topic: message.thread_name().map(str::to_owned).unwrap_or_default(),
            dates: (
                message.date().map(|date| date.to_timestamp().saturating_mul(1000)),
                message
                    .received()
                    .and_then(|hop| hop.date.as_ref())
                    .map(|date| date.to_timestamp().saturating_mul(1000)),
            ),
            subject,
            class,
        }
    }
}

fn message_id(message: &Message<'_>) -> Option<String> {
    let raw = message.header_raw(HeaderName::MessageId)?;
    let folded: String = raw.split_whitespace().collect::<Vec<_>>().join(" ");
    (!folded.is_empty()).then_some(folded)
}

/// The people of one header field; groups are opened.
pub(in crate::simulator) fn people(field: Option<&Address<'_>>) -> Vec<Who> {
    let who = |addr: &mail_parser::Addr<'_>| Who {
        name: addr.name().map(str::to_owned),
        address: addr.address().map(str::to_owned),
    };
    field.into_iter().flat_map(Address::iter).map(who).collect()
}

fn importance(message: &Message<'_>) -> &'static str {
    let text = |name: &'static str| {
        message.header_raw(name).map(|value| value.trim().to_ascii_lowercase()).unwrap_or_default()
    };
    match (text("Importance").as_str(), text("X-Priority").chars().next()) {
        ("high", _) | ("", Some('1' | '2')) => "high",
        ("low", _) | ("", Some('4' | '5')) => "low",
        _ => "normal",
    }
}

fn class(message: &Message<'_>) -> &'static str {
    let root = message.content_type();
    let attribute = |name: &str| root.and_then(|kind| kind.attribute(name)).unwrap_or_default().to_ascii_lowercase();
    if message.is_content_type("application", "pkcs7-mime") || message.is_content_type("application", "x-pkcs7-mime") {
        return "IPM.Note.SMIME";
    }
    if message.is_content_type("multipart", "signed") && attribute("protocol").contains("pkcs7") {
        return "IPM.Note.SMIME.MultipartSigned";
    }
    if message.is_content_type("multipart", "report") {
        return if attribute("report-type").contains("disposition") {
            "REPORT.IPM.Note.IPNRN"
        } else {
            "REPORT.IPM.Note.NDR"
        };
    }
    let calendar = message.parts.iter().find(|part| part.is_content_type("text", "calendar"));
    let Some(calendar) = calendar.filter(|part| part.content_disposition().is_none_or(|how| !how.is_attachment()))
    else {
        return "IPM.Note";
    };
    let method =
        calendar.content_type().and_then(|kind| kind.attribute("method")).unwrap_or_default().to_ascii_uppercase();
    let text = calendar.text_contents().unwrap_or_default().to_ascii_uppercase();
    match method.as_str() {
        "REQUEST" => "IPM.Schedule.Meeting.Request",
        "CANCEL" => "IPM.Schedule.Meeting.Canceled",
        "REPLY" if text.contains("PARTSTAT=DECLINED") => "IPM.Schedule.Meeting.Resp.Neg",
        "REPLY" if text.contains("PARTSTAT=TENTATIVE") => "IPM.Schedule.Meeting.Resp.Tent",
        "REPLY" => "IPM.Schedule.Meeting.Resp.Pos",
        _ => "IPM.Note",
    }
}

fn has_attachments(message: &Message<'_>, class: &str) -> bool {
    if class.starts_with("IPM.Note.SMIME") {
        return true;
    }
    message.attachments().any(|part| match &part.body {
        PartType::Message(_) => true,
        PartType::InlineBinary(_) | PartType::Multipart(_) => false,
        PartType::Text(_) | PartType::Html(_) | PartType::Binary(_) => !is_inline(part) && !is_meeting(part, class),
    })
}

/// Whether a part is shown inside the body.
pub(in crate::simulator) fn is_inline(part: &mail_parser::MessagePart<'_>) -> bool {
    let inline = part.content_disposition().is_some_and(mail_parser::ContentType::is_inline);
    inline || (part.content_disposition().is_none() && part.content_id().is_some())
}

/// Whether a part is the event of a meeting message, which Graph does not count as an attachment.
pub(in crate::simulator) fn is_meeting(part: &mail_parser::MessagePart<'_>, class: &str) -> bool {
    class.starts_with("IPM.Schedule") && part.is_content_type("text", "calendar")
}

/// All header fields, unfolded, in order.
pub(in crate::simulator) fn header_lines(message: &Message<'_>) -> Vec<(String, String)> {
    let unfolded = |value: &str| value.lines().map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned();
    let line = |header: &mail_parser::Header<'_>| {
        let raw = message.raw_message.get(header.offset_start as usize..header.offset_end as usize).unwrap_or_default();
        let parsed = match &header.value {
            HeaderValue::Text(text) => Some(text.to_string()),
            _ => None,
        };
        let value = std::str::from_utf8(raw).map(unfolded).ok().or(parsed);
        let value = value.unwrap_or_else(|| unfolded(&String::from_utf8_lossy(raw)));
        (header.name.as_str().to_owned(), value)
    };
    message.headers().iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_id_keeps_its_brackets_and_loses_its_folding() {
        let head = Head::read(b"Message-ID:\r\n\t<a.b@c>\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\r\nhi\r\n");
        assert_eq!(head.message_id.as_deref(), Some("<a.b@c>"));
        assert_eq!(head.subject.as_deref(), Some("Grüße"));
        assert_eq!(head.class, "IPM.Note");
        assert!(!head.has_attachments);
    }

    #[test]
    fn bytes_that_are_no_message_have_an_empty_head() {
        for bytes in [&b""[..], b"\0\0\0", b"\xff\xfe"] {
            assert_eq!(Head::read(bytes).class, "IPM.Note");
        }
    }
}
