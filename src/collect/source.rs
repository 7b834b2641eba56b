//! What the rebuilt path is made of: a message's JSON and its attachments, asked for one by one.
//!
//! The list of attachments is asked for without content, because large ones time it out; each is then fetched
//! alone. An attachment that cannot be had is a named loss, never the end of the message.

use bytes::{Bytes, BytesMut};

use crate::graph::wire::{self, AttachmentKind};
use crate::graph::{Answer, Ask, Fault, FaultKind, Followed, Graph, Lane, Sink};
use crate::terms::{Exchange, ObjectId, Purpose, UtcInstant};

use super::fetch::Refusal;
use super::rebuild::{Attachment, ItemContent, LostBecause, Mailbox, Source};

const SELECT: &str = "subject,from,sender,toRecipients,ccRecipients,bccRecipients,replyTo,sentDateTime,\
                      internetMessageId,importance,isDraft,body,internetMessageHeaders";
/// The same without what some clouds lack or some items cannot give.
const SELECT_LESS: &str = "subject,from,sender,toRecipients,ccRecipients,bccRecipients,replyTo,sentDateTime,\
                           internetMessageId,importance,isDraft";
/// Attachments of one message that are followed; Exchange allows fewer.
const MAX_ATTACHMENTS: usize = 5_000;
/// Largest attachment that is kept in memory for rebuilding; Exchange Online's limit for a message is 150 MB.
const MAX_BYTES: usize = 160 * 1024 * 1024;

/// What could be gathered.
#[derive(Debug)]
pub(super) enum Gathered {
    /// The message's facts.
    Here(Box<Source>),
    /// It was gone by then.
    Gone(Refusal),
    /// Not even its JSON can be had.
    Refused(Refusal),
}

/// Asks for everything the rebuilt path needs.
///
/// # Errors
/// What is about the run: sign-in, network, TLS.
pub(super) async fn gather(
    graph: &Graph,
    mailbox: &ObjectId,
    id: &str,
    trail: &mut Vec<Exchange>,
) -> Result<Gathered, Fault> {
    let asker = Asker { graph, mailbox, id };
    let message = match asker.message(SELECT, trail).await {
        Err(fault) if is_about_the_item(&fault) && !matches!(fault.kind, FaultKind::Gone) => {
            asker.message(SELECT_LESS, trail).await
        }
        answer => answer,
    };
    let message = match message {
        Ok(message) => message,
        Err(fault) if matches!(fault.kind, FaultKind::Gone) => return Ok(Gathered::Gone(Refusal::of(&fault))),
        Err(fault) if is_about_the_item(&fault) => return Ok(Gathered::Refused(Refusal::of(&fault))),
        Err(fault) => return Err(fault),
    };
    let mut source = facts(message);
    source.attachments = asker.attachments(trail).await?;
    Ok(Gathered::Here(Box::new(source)))
}

/// Faults that end this item and not the run.
fn is_about_the_item(fault: &Fault) -> bool {
    !fault.is_total() && !matches!(fault.kind, FaultKind::Local(_) | FaultKind::Throttled)
}

fn facts(message: wire::Message) -> Source {
    let mailbox = |recipient: wire::Recipient| {
        let address = recipient.email_address?;
        Some(Mailbox { name: address.name, address: address.address })
    };
    let all = |recipients: Vec<wire::Recipient>| recipients.into_iter().filter_map(mailbox).collect();
    let pair = |header: wire::HeaderPair| Some((header.name?, header.value.unwrap_or_default()));
    let body = message.body.unwrap_or(wire::ItemBody { content_type: None, content: None });
    let is_html = body.content_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("html"));
    let (text, html) = if is_html { (None, body.content) } else { (body.content, None) };
    Source {
        subject: message.subject,
        from: message.from.and_then(mailbox),
        sender: message.sender.and_then(mailbox),
        to: all(message.to_recipients),
        cc: all(message.cc_recipients),
        bcc: all(message.bcc_recipients),
        reply_to: all(message.reply_to),
        sent: message.sent_date_time.as_deref().and_then(|text| UtcInstant::parse(text).ok()),
        message_id: message.internet_message_id,
        importance: message.importance,
        thread_topic: None,
        thread_index: None,
        is_draft: message.is_draft.unwrap_or(false),
        headers: message.internet_message_headers.unwrap_or_default().into_iter().filter_map(pair).collect(),
        text,
        html,
        attachments: Vec::new(),
    }
}

struct Asker<'a> {
    graph: &'a Graph,
    mailbox: &'a ObjectId,
    id: &'a str,
}

impl Asker<'_> {
    fn ask(&self, purpose: Purpose, tail: &[&str]) -> Ask {
        let path = ["users", self.mailbox.as_str(), "messages", self.id];
        Ask::new(Lane::Mailbox(self.mailbox.clone()), purpose, path.into_iter().chain(tail.iter().copied()))
    }

    async fn message(&self, select: &str, trail: &mut Vec<Exchange>) -> Result<wire::Message, Fault> {
        let ask = self.ask(Purpose::ItemState, &[]).query("$select", select);
        let answer = self.graph.get::<wire::Message>(&ask).await;
        keep(answer, trail)
    }

    async fn attachments(&self, trail: &mut Vec<Exchange>) -> Result<Vec<Attachment>, Fault> {
        let ask = self.ask(Purpose::Attachment, &["attachments"]);
        let ask = ask.query("$select", "id,name,contentType,size,isInline");
        let (mut listed, mut unlisted) = (Vec::new(), false);
        let mut links = Followed::default();
        let mut answer = keep(self.graph.list::<wire::Attachment>(&ask).await, trail);
        loop {
            match answer {
                Ok(page) => {
                    let new = page.items.len() as u64;
                    listed.extend(page.items);
                    match page.next {
                        None => break,
                        Some(link) if links.leads_on(&link, new) && listed.len() < MAX_ATTACHMENTS => {
                            answer = keep(self.graph.next(&ask, &link).await, trail);
                        }
                        // There may be more than can be listed; the loss has no name.
                        Some(_) => {
                            unlisted = true;
                            break;
                        }
                    }
                }
                // How many there are is then not known; one nameless loss says so.
                Err(fault) if is_about_the_item(&fault) => {
                    return Ok(vec![Attachment::Lost { name: None, because: because(&fault) }]);
                }
                Err(fault) => return Err(fault),
            }
        }
        let mut attachments = Vec::with_capacity(listed.len());
        for one in listed {
            attachments.push(self.attachment(one, trail).await?);
        }
        if unlisted {
            attachments.push(Attachment::Lost { name: None, because: LostBecause::Unavailable });
        }
        Ok(attachments)
    }

    async fn attachment(&self, listed: wire::Attachment, trail: &mut Vec<Exchange>) -> Result<Attachment, Fault> {
        // Its own properties hold what the list leaves out: Content-ID, and the address of a link.
        let id = listed.id.as_str();
        let more = listed.is_inline == Some(true) || listed.kind() == AttachmentKind::Reference;
        let own = match more {
            true => {
                let ask = self.ask(Purpose::Attachment, &["attachments", id]);
                match keep(self.graph.get::<wire::Attachment>(&ask).await, trail) {
                    Ok(own) => own,
                    Err(fault) if is_about_the_item(&fault) => listed.clone(),
                    Err(fault) => return Err(fault),
                }
            }
            false => listed.clone(),
        };
        let name = own.name.clone().or_else(|| listed.name.clone());
        if listed.kind() == AttachmentKind::Reference {
            return Ok(Attachment::Reference { name, url: own.source_url });
        }
        let mut sink = Memory::default();
        let ask = self.ask(Purpose::Attachment, &["attachments", id, "$value"]);
        match keep(self.graph.stream(&ask, &mut sink).await, trail) {
            Ok(_) => {}
            Err(fault) if is_about_the_item(&fault) => return Ok(Attachment::Lost { name, because: because(&fault) }),
            Err(Fault { kind: FaultKind::Local(_), .. }) => {
                return Ok(Attachment::Lost { name, because: LostBecause::Unavailable });
            }
            Err(fault) => return Err(fault),
        }
        let bytes = sink.0.to_vec();
        Ok(match listed.kind() {
            AttachmentKind::Item => Attachment::Item { name, content: content(bytes) },
            _ => Attachment::File {
                name,
                content_type: own.content_type.or(listed.content_type),
                content_id: own.content_id.or(listed.content_id),
                is_inline: own.is_inline.or(listed.is_inline).unwrap_or(false),
                bytes,
            },
        })
    }
}

/// An attached item's `$value` is MIME, iCalendar or vCard; it says so in its first line.
fn content(bytes: Vec<u8>) -> ItemContent {
    let begins = |word: &str| bytes.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()));
    if begins("BEGIN:VCALENDAR") {
        ItemContent::Event(bytes)
    } else if begins("BEGIN:VCARD") {
        ItemContent::Contact(bytes)
    } else {
        ItemContent::Message(bytes)
    }
}

const fn because(fault: &Fault) -> LostBecause {
    match fault.kind {
        FaultKind::Gone | FaultKind::NotFound => LostBecause::Gone,
        FaultKind::Denied | FaultKind::Refused => LostBecause::Refused,
        FaultKind::Unrenderable => LostBecause::Unreadable,
        _ => LostBecause::Unavailable,
    }
}

/// Keeps the exchanges and hands the outcome on.
fn keep<T>(answer: Result<Answer<T>, Fault>, trail: &mut Vec<Exchange>) -> Result<T, Fault> {
    match answer {
        Ok(Answer { value, trail: mut more }) => {
            trail.append(&mut more);
            Ok(value)
        }
        Err(mut fault) => {
            trail.append(&mut fault.trail);
            Err(fault)
        }
    }
}

/// An attachment on its way into memory.
#[derive(Default)]
struct Memory(BytesMut);

impl Sink for Memory {
    async fn begin(&mut self) -> std::io::Result<()> {
        self.0.clear();
        Ok(())
    }

    async fn chunk(&mut self, bytes: Bytes) -> std::io::Result<()> {
        if self.0.len() + bytes.len() > MAX_BYTES {
            return Err(std::io::Error::other("larger than any attachment"));
        }
        self.0.extend_from_slice(&bytes);
        Ok(())
    }
}
