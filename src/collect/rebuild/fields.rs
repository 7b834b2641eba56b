//! The header block of a rebuilt message: the label, the original fields in their order, then what only JSON knows.
//!
//! No name or value can break out of its field. It must not write MIME structure; that belongs to the parts.

use mail_builder::headers::Header as _;
use mail_builder::headers::address::Address;
use mail_builder::headers::text::Text;

use super::{LABEL, Loss, LossKind, Mailbox, Source};
use crate::terms::{SourceKind, UtcInstant};

/// RFC 5322 2.1.1: characters a line may have without its CRLF.
const LINE_LIMIT: usize = 998;

/// Writes all fields but the MIME structure, and no empty line.
pub(super) fn write(source: &Source, eml: &mut Vec<u8>, losses: &mut Vec<Loss>) {
    let mut block = Block { source, eml, losses, written: Vec::new() };
    block.verbatim(LABEL, SourceKind::Rebuilt.as_str());
    block.originals();
    block.mailboxes("From", source.from.as_slice());
    if source.sender != source.from {
        block.mailboxes("Sender", source.sender.as_slice());
    }
    block.mailboxes("Reply-To", &source.reply_to);
    block.mailboxes("To", &source.to);
    block.mailboxes("Cc", &source.cc);
    block.mailboxes("Bcc", &source.bcc);
    block.text("Subject", source.subject.as_deref());
    block.text("Thread-Topic", source.thread_topic.as_deref());
    block.given("Thread-Index", source.thread_index.as_deref());
    block.given("Date", source.sent.map(rfc5322).as_deref());
    block.given("Message-ID", source.message_id.as_deref());
    let importance = source.importance.as_deref().filter(|word| !word.eq_ignore_ascii_case("normal"));
    block.given("Importance", importance);
    block.given("X-Unsent", source.is_draft.then_some("1"));
    block.verbatim("MIME-Version", "1.0");
}

struct Block<'s> {
    source: &'s Source,
    eml: &'s mut Vec<u8>,
    losses: &'s mut Vec<Loss>,
    /// Names of the original fields that were written.
    written: Vec<&'s str>,
}

impl Block<'_> {
    /// The original fields. Those that describe the MIME structure of the original do not fit this one.
    fn originals(&mut self) {
        let source = self.source;
        if source.headers.is_empty() {
            self.lost(LossKind::NoOriginalHeaders);
        }
        for (name, value) in &source.headers {
            if describes_structure(name) {
                continue;
            }
            if !is_field_name(name) {
                self.lost(LossKind::HeaderLeftOut);
                continue;
            }
            let value = self.harmless(value);
            if value.is_ascii() || is_structured(name) {
                self.verbatim(name, &value);
            } else {
                self.encoded(name, &value);
            }
            self.written.push(name);
        }
    }

    fn has(&self, name: &str) -> bool {
        self.written.iter().any(|written| written.eq_ignore_ascii_case(name))
    }

    fn mailboxes(&mut self, name: &str, mailboxes: &[Mailbox]) {
        let list: Vec<_> = mailboxes.iter().filter_map(|mailbox| self.address(mailbox)).collect();
        if list.is_empty() || self.has(name) {
            return;
        }
        self.name(name);
        Address::new_list(list).write_header(self.eml, name.len() + 2);
    }

    /// A mailbox as it can be written: a name without an address keeps empty brackets, an address that is none is
    /// quoted.
    fn address(&mut self, mailbox: &Mailbox) -> Option<Address<'static>> {
        let name = mailbox.name.as_deref().filter(|name| !name.is_empty()).map(|name| self.harmless(name));
        let address = mailbox.address.as_deref().unwrap_or_default();
        let address = self.harmless(address).trim().to_owned();
        if name.is_none() && address.is_empty() {
            return None;
        }
        Some(Address::new_address(name, quoted_where_needed(address)))
    }

    /// Unstructured text, encoded where it is not ASCII.
    fn text(&mut self, name: &str, value: Option<&str>) {
        let Some(value) = value.filter(|_| !self.has(name)) else { return };
        let value = self.harmless(value);
        self.encoded(name, &value);
    }

    /// A value that is written as it was given.
    fn given(&mut self, name: &str, value: Option<&str>) {
        let Some(value) = value.filter(|value| !value.is_empty() && !self.has(name)) else { return };
        let value = self.harmless(value);
        self.verbatim(name, value.trim());
    }

    fn encoded(&mut self, name: &str, value: &str) {
        self.name(name);
        Text::new(value).write_header(self.eml, name.len() + 2);
    }

    /// On one line as long as the standard allows it, else broken where white space stands.
    fn verbatim(&mut self, name: &str, value: &str) {
        self.name(name);
        let mut column = name.len() + 2;
        for word in words_with_blanks(value) {
            if column + word.len() > LINE_LIMIT && word.starts_with([' ', '\t']) {
                self.eml.extend_from_slice(b"\r\n");
                column = 0;
            }
            self.eml.extend_from_slice(word.as_bytes());
            column += word.len();
        }
        self.eml.extend_from_slice(b"\r\n");
    }

    fn name(&mut self, name: &str) {
        self.eml.extend_from_slice(name.as_bytes());
        self.eml.extend_from_slice(b": ");
    }

    /// A value on one line: folds are undone, any other control character becomes a space and is said.
    fn harmless(&mut self, value: &str) -> String {
        let unfolded = value.replace("\r\n ", " ").replace("\r\n\t", "\t").replace("\n ", " ").replace("\n\t", "\t");
        let unfolded = unfolded.trim_end_matches(['\r', '\n']);
        if unfolded.chars().any(breaks_out) {
            self.lost(LossKind::HeaderChanged);
        }
        unfolded.chars().map(|char| if breaks_out(char) { ' ' } else { char }).collect()
    }

    fn lost(&mut self, kind: LossKind) {
        let loss = Loss { kind, attachment: None };
        if !self.losses.contains(&loss) {
            self.losses.push(loss);
        }
    }
}

/// A tab is white space; every other control character could end a line for some reader.
fn breaks_out(char: char) -> bool {
    char.is_control() && char != '\t' || matches!(char, '\u{2028}' | '\u{2029}')
}

/// The words of a value, each with the white space before it.
fn words_with_blanks(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = value;
    std::iter::from_fn(move || {
        let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let word = rest[blank..].find([' ', '\t']).map_or(rest.len(), |end| blank + end);
        let (unit, after) = rest.split_at(word);
        rest = after;
        (!unit.is_empty()).then_some(unit)
    })
}

/// RFC 5322 3.6.8: printable ASCII without the colon.
fn is_field_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| matches!(byte, 33..=57 | 59..=126))
}

fn describes_structure(name: &str) -> bool {
    let name = name.trim().to_ascii_lowercase();
    name == "mime-version" || name.starts_with("content-") && name != "content-class" && name != "content-language"
}

/// Fields whose value is made of addresses or ids: encoded words are not allowed everywhere in them.
fn is_structured(name: &str) -> bool {
    const NAMES: [&str; 12] = [
        "from",
        "sender",
        "reply-to",
        "to",
        "cc",
        "bcc",
        "message-id",
        "in-reply-to",
        "references",
        "return-path",
        "received",
        "date",
    ];
    NAMES.iter().any(|structured| name.eq_ignore_ascii_case(structured))
}

/// An address with characters that would end or part it is written as a quoted string.
fn quoted_where_needed(address: String) -> String {
    let unsafe_char = |char: char| char.is_whitespace() || "<>()[],;:\\\"".contains(char);
    if !address.contains(unsafe_char) {
        return address;
    }
    let (local, domain) = match address.rsplit_once('@') {
        Some((local, domain)) if !domain.is_empty() && !domain.contains(unsafe_char) => (local, format!("@{domain}")),
        _ => (&*address, String::new()),
    };
    if local.len() >= 2 && local.starts_with('"') && local.ends_with('"') {
        return address;
    }
    let local = local.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{local}\"{domain}")
}

fn rfc5322(at: UtcInstant) -> String {
    let at = at.timestamp().to_zoned(jiff::tz::TimeZone::UTC);
    at.strftime("%a, %-d %b %Y %H:%M:%S +0000").to_string()
}
