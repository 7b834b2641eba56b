//! What the manifest says of a message and its family, and which members are documents of their own.
//!
//! Images and text that the body shows, signatures and links are no documents: they are part of the message. It must
//! not read natives.

use std::collections::HashMap;

use rusqlite::{Connection, Row, Statement};

use crate::identity::Head;
use crate::terms::{FolderPath, Matching, Md5, PartRole, Sha1, Sha256, UtcInstant};

/// A message, from its rows.
#[expect(clippy::struct_field_names, reason = "the names of the manifest's columns")]
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) item_id: i64,
    pub(super) control: String,
    pub(super) graph_id: String,
    pub(super) message_id: Option<String>,
    pub(super) mih: Option<Md5>,
    pub(super) content_id: Option<Sha256>,
    pub(super) item_class: String,
    pub(super) sent: Option<UtcInstant>,
    pub(super) received: Option<UtcInstant>,
    pub(super) is_draft: bool,
    pub(super) subject: Option<String>,
    pub(super) path: String,
    pub(super) bytes: u64,
    pub(super) sha256: Option<Sha256>,
    pub(super) sha1: Option<Sha1>,
    pub(super) md5: Option<Md5>,
    pub(super) source: String,
    pub(super) folder: String,
    pub(super) custodian_id: i64,
    pub(super) custodian: String,
    pub(super) mailbox: String,
    pub(super) collected: Option<UtcInstant>,
}

const ITEMS: &str = "SELECT i.item_id, i.control_number, i.graph_id, i.internet_message_id, i.mih, i.content_id, \
    i.item_class, i.sent_utc, i.received_utc, i.is_draft, i.subject, i.path, i.bytes, i.sha256, i.sha1, i.md5, \
    i.source_kind, f.path, c.custodian_id, coalesce(nullif(trim(c.display_name), ''), c.asked_as), \
    coalesce(m.primary_smtp, m.upn), e.at \
    FROM item i JOIN folder f USING (folder_id) JOIN mailbox m ON m.mailbox_id = i.mailbox_id \
    JOIN custodian c USING (custodian_id) JOIN entry e ON e.seq = i.entry_seq ORDER BY i.item_id";

/// The query for all messages, in the order of their control numbers.
pub(super) fn items(db: &Connection) -> rusqlite::Result<Statement<'_>> {
    db.prepare(ITEMS)
}

/// Reads a row of [`items`].
pub(super) fn item(row: &Row<'_>) -> rusqlite::Result<Item> {
    let instant = |column| {
        let text: Option<String> = row.get(column)?;
        Ok::<_, rusqlite::Error>(text.and_then(|text| UtcInstant::parse(&text).ok()))
    };
    let blob = |column| row.get::<_, Option<Vec<u8>>>(column);
    let folder: String = row.get(17)?;
    Ok(Item {
        item_id: row.get(0)?,
        control: row.get(1)?,
        graph_id: row.get(2)?,
        message_id: row.get(3)?,
        mih: blob(4)?.and_then(|bytes| Md5::from_slice(&bytes)),
        content_id: blob(5)?.and_then(|bytes| Sha256::from_slice(&bytes)),
        item_class: row.get(6)?,
        sent: instant(7)?,
        received: instant(8)?,
        is_draft: row.get(9)?,
        subject: row.get(10)?,
        path: row.get(11)?,
        bytes: u64::try_from(row.get::<_, i64>(12)?).unwrap_or(0),
        sha256: blob(13)?.and_then(|bytes| Sha256::from_slice(&bytes)),
        sha1: blob(14)?.and_then(|bytes| Sha1::from_slice(&bytes)),
        md5: blob(15)?.and_then(|bytes| Md5::from_slice(&bytes)),
        source: row.get(16)?,
        folder: shown_folder(&folder),
        custodian_id: row.get(18)?,
        custodian: row.get(19)?,
        mailbox: row.get(20)?,
        collected: instant(21)?,
    })
}

/// `\Inbox\Deal`.
pub(super) fn shown_folder(path: &str) -> String {
    match FolderPath::parse(path) {
        Ok(path) => path.names().iter().map(|name| format!("\\{}", name.replace('\\', "\\\\"))).collect(),
        Err(_) => path.to_owned(),
    }
}

/// A part of a message.
#[derive(Debug, Clone)]
pub(super) struct Part {
    id: i64,
    parent: Option<i64>,
    pub(super) ordinal: u64,
    pub(super) mime_path: String,
    pub(super) role: PartRole,
    pub(super) name: Option<String>,
    pub(super) media_type: Option<String>,
    pub(super) bytes: Option<u64>,
    pub(super) sha256: Option<Sha256>,
    pub(super) target: Option<String>,
}

/// The query for one message's parts.
pub(super) struct Parts<'d>(Statement<'d>);

impl<'d> Parts<'d> {
    pub(super) fn new(db: &'d Connection) -> rusqlite::Result<Self> {
        let sql = "SELECT part_id, parent_part_id, ordinal, mime_path, role, name, media_type, bytes, sha256, target_url \
                   FROM part WHERE item_id = ?1 ORDER BY ordinal, part_id";
        db.prepare(sql).map(Self)
    }

    /// The parts of a message in document order.
    pub(super) fn of(&mut self, item_id: i64) -> rusqlite::Result<Vec<Part>> {
        self.0.query_map([item_id], part)?.collect()
    }
}

fn part(row: &Row<'_>) -> rusqlite::Result<Part> {
    let number =
        |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.and_then(|n| u64::try_from(n).ok()));
    let role: String = row.get(4)?;
    Ok(Part {
        id: row.get(0)?,
        parent: row.get(1)?,
        ordinal: number(2)?.unwrap_or(0),
        mime_path: row.get(3)?,
        role: PartRole::from_word(&role).unwrap_or(PartRole::Attachment),
        name: row.get(5)?,
        media_type: row.get(6)?,
        bytes: number(7)?,
        sha256: row.get::<_, Option<Vec<u8>>>(8)?.and_then(|bytes| Sha256::from_slice(&bytes)),
        target: row.get(9)?,
    })
}

impl Part {
    /// Whether it is a document of its own.
    fn is_document(&self) -> bool {
        let media = self.media_type.as_deref().unwrap_or_default();
        let shown = media.starts_with("image/") || media.starts_with("text/") && self.name.is_none();
        match self.role {
            PartRole::Attachment | PartRole::EmbeddedMessage | PartRole::TnefMember | PartRole::Calendar => true,
            PartRole::Inline => !shown,
            PartRole::Reference | PartRole::Signature => false,
        }
    }

    /// The extension of its name, if it is a plain one.
    pub(super) fn extension(&self) -> Option<String> {
        let (stem, end) = self.name.as_deref()?.trim_end().rsplit_once('.')?;
        let end = end.to_ascii_lowercase();
        let plain =
            !stem.is_empty() && (1..=8).contains(&end.len()) && end.bytes().all(|byte| byte.is_ascii_alphanumeric());
        plain.then_some(end)
    }

    /// The extension of the file that is written for it.
    pub(super) fn file_extension(&self) -> String {
        let by_role = match self.role {
            PartRole::EmbeddedMessage => Some("eml"),
            PartRole::Calendar => Some("ics"),
            _ => None,
        };
        by_role.map(str::to_owned).or_else(|| self.extension()).unwrap_or_else(|| "bin".to_owned())
    }
}

/// A member that is a document of its own.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) part: Part,
    /// `AFF-0000001.0002`: the number is that of the part in the manifest.
    pub(super) control: String,
    /// Index of the member it lies in; `None` where that is the message.
    pub(super) parent: Option<usize>,
    /// What other tools know its bytes by.
    pub(super) matching: Option<Matching>,
    /// The head of an embedded message.
    pub(super) head: Option<Head>,
    /// Where its file lies.
    pub(super) native: Option<String>,
    /// Where its text lies.
    pub(super) text: Option<String>,
}

/// The members among the parts, depth first.
pub(super) fn members(control: &str, parts: &[Part]) -> Vec<Member> {
    let by_id: HashMap<i64, &Part> = parts.iter().map(|part| (part.id, part)).collect();
    let mut placed: HashMap<i64, usize> = HashMap::new();
    let mut members: Vec<Member> = Vec::new();
    for part in parts.iter().filter(|part| part.is_document()) {
        let above = std::iter::successors(part.parent, |id| by_id.get(id).and_then(|part| part.parent));
        let parent = above.take(parts.len()).find_map(|id| placed.get(&id).copied());
        placed.insert(part.id, members.len());
        members.push(Member {
            part: part.clone(),
            control: format!("{control}.{:04}", part.ordinal),
            parent,
            matching: None,
            head: None,
            native: None,
            text: None,
        });
    }
    members
}

/// A message with everything that its rows in load files say.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) item: Item,
    pub(super) head: Head,
    pub(super) members: Vec<Member>,
    /// Custodians of the copies that were left out, its own first; empty without deduplication.
    pub(super) custodians: Vec<String>,
    /// Codes of the exceptions that stand.
    pub(super) exceptions: Vec<String>,
    /// Whether it links to cloud files.
    pub(super) has_links: bool,
    pub(super) native: String,
    pub(super) text: Option<String>,
}
