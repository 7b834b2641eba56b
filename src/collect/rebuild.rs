//! The second path: a message that the service will not render as MIME, put together again from its JSON.
//!
//! What comes out is a reconstruction and says so in its first header field. It holds what the JSON holds and nothing
//! else: no invented id, date, address or subject, no text that was not there, except a marked placeholder for each
//! attachment that could not be had. Equal input gives equal bytes. This module is pure: it must not know Graph's wire
//! types, the network or the clock.
//!
//! MIME parts are written by mail-builder; the header block is not, because mail-builder would add a Message-ID and a
//! Date of its own where the message has none.

mod fields;
mod losses;
mod parts;

pub use losses::{Loss, LossKind, LostBecause};

use crate::terms::{Hasher, UtcInstant};

/// First header field of every rebuilt message.
pub const LABEL: &str = "X-Affiant-Source";
/// Header field of a part that stands for something that is not here.
pub const PLACEHOLDER: &str = "X-Affiant-Placeholder";

/// The facts of one message, as its JSON gives them. What is absent there is `None` or empty here.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// `subject`, decoded.
    pub subject: Option<String>,
    /// `from`.
    pub from: Option<Mailbox>,
    /// `sender`; written when it differs from `from`.
    pub sender: Option<Mailbox>,
    /// `toRecipients`.
    pub to: Vec<Mailbox>,
    /// `ccRecipients`.
    pub cc: Vec<Mailbox>,
    /// `bccRecipients`: only the sender's own copy and journal mail have them.
    pub bcc: Vec<Mailbox>,
    /// `replyTo`; all of them are kept.
    pub reply_to: Vec<Mailbox>,
    /// `sentDateTime`; never the received time.
    pub sent: Option<UtcInstant>,
    /// `internetMessageId` as given, with or without brackets.
    pub message_id: Option<String>,
    /// `importance`; `normal` is not written, as in mail.
    pub importance: Option<String>,
    /// Topic of the conversation, where it is known.
    pub thread_topic: Option<String>,
    /// `conversationIndex` in base64, as JSON gives it.
    pub thread_index: Option<String>,
    /// Whether the store calls it a draft.
    pub is_draft: bool,
    /// `internetMessageHeaders` in their order: name and value.
    pub headers: Vec<(String, String)>,
    /// The body as plain text, if the JSON has that rendering.
    pub text: Option<String>,
    /// The body as HTML, if the JSON has that rendering.
    pub html: Option<String>,
    /// The attachments in the order of the list.
    pub attachments: Vec<Attachment>,
}

/// A `recipient`: either half may be missing, and the address may be none at all (an X.500 name, free text).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// `emailAddress.name`.
    pub name: Option<String>,
    /// `emailAddress.address`.
    pub address: Option<String>,
}

/// One attachment, as far as it could be had.
#[derive(Debug, Clone)]
pub enum Attachment {
    /// A file with its bytes.
    File {
        /// `name`.
        name: Option<String>,
        /// `contentType`.
        content_type: Option<String>,
        /// `contentId`, with or without brackets.
        content_id: Option<String>,
        /// `isInline`.
        is_inline: bool,
        /// The bytes of the attachment's `$value`.
        bytes: Vec<u8>,
    },
    /// An item of the store.
    Item {
        /// `name`.
        name: Option<String>,
        /// What its `$value` gave.
        content: ItemContent,
    },
    /// A link to a file in the cloud.
    Reference {
        /// `name`.
        name: Option<String>,
        /// `sourceUrl`, where the service gives it.
        url: Option<String>,
    },
    /// It is in the list and could not be fetched.
    Lost {
        /// `name`.
        name: Option<String>,
        /// Why not.
        because: LostBecause,
    },
}

/// The content of an attached item, byte for byte as served.
#[derive(Debug, Clone)]
pub enum ItemContent {
    /// A message, as MIME.
    Message(Vec<u8>),
    /// An event, as iCalendar.
    Event(Vec<u8>),
    /// A contact, as vCard.
    Contact(Vec<u8>),
}

/// A rebuilt message and what it lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// The message, lines ended by CRLF. Embedded messages stand in it as they were served.
    pub eml: Vec<u8>,
    /// Everything the original had, or may have had, and this file has not.
    pub losses: Vec<Loss>,
}

/// Puts the message together.
pub fn rebuild(source: &Source) -> Rebuilt {
    let mut losses = Vec::new();
    let mut eml = Vec::with_capacity(size_hint(source));
    fields::write(source, &mut eml, &mut losses);
    parts::write(source, &boundary_seed(source), &mut eml, &mut losses);
    Rebuilt { eml, losses }
}

/// Boundaries derive from all content, so that they are the same every time and cannot occur inside it.
fn boundary_seed(source: &Source) -> String {
    let mut hasher = Hasher::new();
    let mut take = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    for text in [&source.message_id, &source.subject, &source.text, &source.html].into_iter().flatten() {
        take(text.as_bytes());
    }
    for attachment in &source.attachments {
        match attachment {
            Attachment::File { bytes, .. } => take(bytes),
            Attachment::Item { content, .. } => take(content.bytes()),
            Attachment::Reference { url, .. } => take(url.as_deref().unwrap_or_default().as_bytes()),
            Attachment::Lost { .. } => take(b""),
        }
    }
    let digest = hasher.finish().0.to_string();
    digest.chars().take(32).collect()
}

/// Base64 takes 78 bytes for 57.
fn size_hint(source: &Source) -> usize {
    let files: usize = source
        .attachments
        .iter()
        .map(|attachment| match attachment {
            Attachment::File { bytes, .. } => bytes.len() / 57 * 78,
            Attachment::Item { content, .. } => content.bytes().len(),
            Attachment::Reference { .. } | Attachment::Lost { .. } => 0,
        })
        .sum();
    let texts = [&source.text, &source.html].into_iter().flatten().map(String::len).sum::<usize>();
    files + texts + 16 * 1024
}

impl ItemContent {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Message(bytes) | Self::Event(bytes) | Self::Contact(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests;
