//! The body and attachments of a rebuilt message as MIME parts.
//!
//! It must not write header fields of the message other than those of its outermost part.

use std::borrow::Cow;

use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::MimePart;

use super::{Attachment, ItemContent, Loss, LossKind, LostBecause, PLACEHOLDER, Source};

const BYTES: &str = "application/octet-stream";
const MESSAGE: &str = "message/rfc822";

/// Writes the structure: `mixed(related(alternative(text, html), inline…), attachment…)`, each level only if needed.
pub(super) fn write(source: &Source, seed: &str, eml: &mut Vec<u8>, losses: &mut Vec<Loss>) {
    let mut inline = Vec::new();
    let mut attached = Vec::new();
    for (attachment, number) in source.attachments.iter().zip(1..) {
        let (part, related) = part_of(attachment, number, losses);
        if related && source.html.is_some() { inline.push(part) } else { attached.push(part) }
    }
    let multipart = |kind: &'static str, parts| multipart(kind, seed, parts);
    let body = match (source.text.as_deref(), source.html.as_deref()) {
        (Some(text), Some(html)) => {
            Some(multipart("alternative", vec![text_part("text/plain", text), text_part("text/html", html)]))
        }
        (Some(text), None) => Some(text_part("text/plain", text)),
        (None, Some(html)) => Some(text_part("text/html", html)),
        (None, None) => {
            losses.push(Loss { kind: LossKind::NoBody, attachment: None });
            None
        }
    };
    let body = match body {
        Some(body) if !inline.is_empty() => {
            inline.insert(0, body);
            Some(multipart("related", inline))
        }
        body => body,
    };
    let whole = match body {
        body if !attached.is_empty() => Some(multipart("mixed", body.into_iter().chain(attached).collect())),
        body => body,
    };
    match whole {
        Some(whole) => whole.write_part(eml),
        None => eml.extend_from_slice(b"\r\n"),
    }
}

fn multipart<'x>(kind: &'static str, seed: &str, parts: Vec<MimePart<'x>>) -> MimePart<'x> {
    let boundary = format!("=_affiant_{kind}_{seed}");
    MimePart::new(ContentType::new(format!("multipart/{kind}")).attribute("boundary", boundary), parts)
}

/// Body text. mail-builder takes 7bit where it can; control characters that 7bit must not carry go in base64.
fn text_part<'x>(media_type: &'static str, text: &'x str) -> MimePart<'x> {
    let content_type = ContentType::new(media_type).attribute("charset", "utf-8");
    if text.bytes().any(|byte| byte < b' ' && !matches!(byte, b'\t' | b'\r' | b'\n')) || has_bare_return(text) {
        return encoded(content_type, text.as_bytes());
    }
    MimePart::new(content_type, text)
}

fn has_bare_return(text: &str) -> bool {
    let mut rest = text.as_bytes();
    while let Some(at) = memchr::memchr(b'\r', rest) {
        rest = &rest[at + 1..];
        if rest.first() != Some(&b'\n') {
            return true;
        }
    }
    false
}

/// The part for one attachment, and whether it belongs beside the HTML that shows it.
fn part_of<'x>(attachment: &'x Attachment, number: usize, losses: &mut Vec<Loss>) -> (MimePart<'x>, bool) {
    let mut lost = |kind| losses.push(Loss { kind, attachment: Some(number) });
    match attachment {
        Attachment::File { name, content_type, content_id, is_inline, bytes } => {
            let media_type = writable_type(content_type.as_deref().unwrap_or(BYTES), bytes).unwrap_or_else(|| {
                lost(LossKind::TypeReplaced);
                ContentType::new(BYTES)
            });
            let id = content_id.as_deref().map(|id| id.trim().trim_matches(['<', '>'])).filter(|id| !id.is_empty());
            let writable_id = id.filter(|id| is_content_id(id));
            if id.is_some() && writable_id.is_none() {
                lost(LossKind::ContentIdLeftOut);
            }
            let name = name.as_deref();
            // Text without a name that is marked inline would be taken for body text.
            let shown = *is_inline && !(media_type.is_text() && named(name).is_none());
            let mut part = if media_type.c_type == MESSAGE { message(bytes) } else { file(media_type, name, bytes) };
            if let Some(id) = writable_id {
                part = part.header("Content-ID", Raw::new(format!("<{id}>")));
            }
            let part =
                part.header("Content-Disposition", disposition(if shown { "inline" } else { "attachment" }, name));
            (part, shown && writable_id.is_some())
        }
        Attachment::Item { name, content } => {
            let name = name.as_deref();
            if content.bytes().is_empty() {
                lost(LossKind::Attachment(LostBecause::Empty));
                return (placeholder(number, "lost", name, LostBecause::Empty.as_str()), false);
            }
            let part = match content {
                ItemContent::Message(bytes) => message(bytes),
                ItemContent::Event(bytes) => file(ContentType::new("text/calendar"), name, bytes),
                ItemContent::Contact(bytes) => file(ContentType::new("text/vcard"), name, bytes),
            };
            (part.header("Content-Disposition", disposition("attachment", name)), false)
        }
        Attachment::Reference { name, url } => {
            lost(LossKind::LinkOnly);
            let url = url.as_deref().unwrap_or("not given by the service");
            (placeholder(number, "reference", name.as_deref(), &format!("a link to a file in the cloud: {url}")), false)
        }
        Attachment::Lost { name, because } => {
            lost(LossKind::Attachment(*because));
            (placeholder(number, "lost", name.as_deref(), because.as_str()), false)
        }
    }
}

/// RFC 2046 5.2.1: a message is never base64; its bytes stand as they were served.
fn message(bytes: &[u8]) -> MimePart<'_> {
    MimePart::new(MESSAGE, bytes).transfer_encoding("8bit")
}

/// A file, always in base64, so that its bytes come back exactly whatever they are.
fn file<'x>(mut content_type: ContentType<'x>, name: Option<&'x str>, bytes: &'x [u8]) -> MimePart<'x> {
    if let Some(name) = named(name) {
        content_type = content_type.attribute("name", name);
    }
    // mail-builder writes every type but text in base64 of itself.
    if content_type.is_text() { encoded(content_type, bytes) } else { MimePart::new(content_type, bytes) }
}

fn encoded<'x>(content_type: ContentType<'x>, bytes: &[u8]) -> MimePart<'x> {
    use base64::Engine as _;
    let digits = base64::engine::general_purpose::STANDARD.encode(bytes);
    let lines: Vec<_> = digits.as_bytes().chunks(76).collect();
    MimePart::new(content_type, lines.join(&b"\r\n"[..])).transfer_encoding("base64")
}

fn disposition<'x>(kind: &'static str, name: Option<&'x str>) -> ContentType<'x> {
    match named(name) {
        Some(name) => ContentType::new(kind).attribute("filename", name),
        None => ContentType::new(kind),
    }
}

fn named(name: Option<&str>) -> Option<Cow<'_, str>> {
    name.filter(|name| !name.is_empty()).map(Cow::Borrowed)
}

/// A part that stands for something that is not here, and says so to machine and reader.
fn placeholder(number: usize, kind: &'static str, name: Option<&str>, what: &str) -> MimePart<'static> {
    let name = name.map(|name| format!("Name: {name}\r\n")).unwrap_or_default();
    let text = format!("Placeholder by Affiant. Attachment {number} {what}.\r\n{name}");
    let file_name = format!("affiant-placeholder-{number}.txt");
    let content_type = ContentType::new("text/plain").attribute("charset", "utf-8");
    encoded(content_type, text.as_bytes())
        .header(PLACEHOLDER, Raw::new(kind))
        .header("Content-Disposition", ContentType::new("attachment").attribute("filename", file_name))
}

/// The stated type if it can head a part of these bytes, with its charset and no other parameter. Multiparts have no
/// boundary here, and only a message may call itself one.
fn writable_type(stated: &str, bytes: &[u8]) -> Option<ContentType<'static>> {
    let mut pieces = stated.split(';').map(str::trim);
    let bare = pieces.next()?.to_ascii_lowercase();
    let (kind, subtype) = bare.split_once('/')?;
    let fits = match kind {
        "multipart" => false,
        "message" => bare == MESSAGE && opens_like_a_message(bytes),
        _ => true,
    };
    if !fits || !is_token(kind) || !is_token(subtype) {
        return None;
    }
    let charset = pieces
        .filter_map(|piece| piece.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .map(|(_, value)| value.trim().trim_matches('"').to_owned())
        .filter(|value| is_token(value));
    let content_type = ContentType::new(bare);
    Some(match charset {
        Some(charset) => content_type.attribute("charset", charset),
        None => content_type,
    })
}

/// RFC 2045 5.1, less the characters that no registered type has.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
}

fn opens_like_a_message(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let colon = line.iter().position(|byte| *byte == b':').unwrap_or(0);
    colon > 0 && line[..colon].iter().all(|byte| matches!(byte, 33..=57 | 59..=126))
}

fn is_content_id(id: &str) -> bool {
    id.len() <= 900 && id.bytes().all(|byte| matches!(byte, 33..=126) && !matches!(byte, b'<' | b'>'))
}
