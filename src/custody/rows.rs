//! The rows of the manifest as plain structs: what a caller hands in and what a reader gets back.
//!
//! Columns and closed words are those of `schemas/manifest.sql`; numbers that the database gives out itself
//! (`listed_id`, `exception_id`) are results, not fields. Must not know SQL.

use std::fmt;

use crate::terms::{
    AccessBasis, AuthMethod, ControlNumber, ExceptionCode, GraphId, MailboxKind, Md5, ObjectId, PartRole, Severity,
    Sha1, Sha256, SourceKind, UtcInstant, words,
};

use super::{Counts, ItemFile};

/// A person whose mailboxes are collected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustodianRow {
    /// From [`super::Ledger::next_custodian_id`].
    pub custodian_id: u64,
    /// The name in the directory.
    pub display_name: String,
    /// What the user typed.
    pub asked_as: String,
}

/// A mailbox of a custodian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxRow {
    /// From [`super::Ledger::next_mailbox_id`].
    pub mailbox_id: u64,
    /// Whose it is.
    pub custodian_id: u64,
    /// The tenant.
    pub tenant_id: String,
    /// The directory object.
    pub object_id: ObjectId,
    /// The user principal name.
    pub upn: String,
    /// The primary address, where known.
    pub primary_smtp: Option<String>,
    /// What kind of mailbox, as far as known.
    pub mailbox_kind: MailboxKind,
    /// On what footing it is read.
    pub access_basis: AccessBasis,
}

words!(
    /// Why a folder is left out.
    Exclusion {
        /// Folders were named, and this is none of them.
        NotAsked = "not_asked",
        /// It was excluded by name.
        Excluded = "excluded",
        /// A search folder shows items that live elsewhere.
        SearchFolder = "search_folder",
        /// It does not hold mail.
        NotMail = "not_mail",
        /// Recoverable Items, which are collected on request only.
        RecoverableNotAsked = "recoverable_not_asked",
        /// The service refused to show it.
        NotReadable = "not_readable",
    }
);

/// A folder as seen when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderRow {
    /// From [`super::Ledger::next_folder_id`].
    pub folder_id: u64,
    /// The mailbox.
    pub mailbox_id: u64,
    /// The service's id.
    pub graph_id: GraphId,
    /// The parent's id, as the service gave it.
    pub parent_graph_id: Option<GraphId>,
    /// Names from the root, as `terms::FolderPath` writes them.
    pub path: String,
    /// The well-known name, such as `inbox`.
    pub well_known: Option<String>,
    /// The service's count of everything in it.
    pub total_item_count: Option<u64>,
    /// The service's count of what is asked for.
    pub expected: Option<u64>,
    /// Whether Outlook hides it.
    pub is_hidden: bool,
    /// Why it is left out; `None` for a folder that is collected.
    pub excluded_because: Option<Exclusion>,
}

/// A message as the service listed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The mailbox.
    pub mailbox_id: u64,
    /// The folder.
    pub folder_id: u64,
    /// The service's id; what makes it one item within its mailbox.
    pub graph_id: GraphId,
    /// Its version when listed.
    pub change_key: Option<String>,
    /// The Message-ID property.
    pub internet_message_id: Option<String>,
    /// Delivery into this mailbox.
    pub received_utc: Option<UtcInstant>,
    /// Submission by the sender.
    pub sent_utc: Option<UtcInstant>,
    /// Made in this mailbox.
    pub created_utc: Option<UtcInstant>,
    /// Last change.
    pub modified_utc: Option<UtcInstant>,
    /// The subject.
    pub subject: Option<String>,
    /// Whether it is a draft.
    pub is_draft: bool,
    /// The item class, where told.
    pub item_class: Option<String>,
    /// Its size in the store, in bytes, where told.
    pub store_bytes: Option<u64>,
    /// 1 for the plan, 2 for the closing enumeration.
    pub pass: u32,
}

/// A listed message with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRow {
    /// Its place in the listing, from 1; the number of its control number.
    pub listed_id: u64,
    /// What was listed.
    pub message: Listed,
}

impl ListedRow {
    /// The name its file gets; `None` only for a number no listing gives out.
    pub fn control_number(&self) -> Option<ControlNumber> {
        ControlNumber::new(self.listed_id)
    }
}

/// A collected message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRow {
    /// Its place in the listing, as a control number.
    pub control_number: ControlNumber,
    /// The mailbox.
    pub mailbox_id: u64,
    /// The folder.
    pub folder_id: u64,
    /// The service's id.
    pub graph_id: GraphId,
    /// The immutable id, where it is another one.
    pub immutable_id: Option<String>,
    /// Its version when fetched.
    pub change_key: Option<String>,
    /// The Message-ID in the message itself.
    pub internet_message_id: Option<String>,
    /// The EDRM message identification hash.
    pub mih: Option<Md5>,
    /// The content identity.
    pub content_id: Sha256,
    /// The item class.
    pub item_class: String,
    /// Submission by the sender.
    pub sent_utc: Option<UtcInstant>,
    /// Delivery into this mailbox.
    pub received_utc: Option<UtcInstant>,
    /// Made in this mailbox.
    pub created_utc: Option<UtcInstant>,
    /// Last change.
    pub modified_utc: Option<UtcInstant>,
    /// The `Date` header as it stands.
    pub header_date: Option<String>,
    /// Whether it is a draft.
    pub is_draft: bool,
    /// The subject.
    pub subject: Option<String>,
    /// Where the file is in the package, with `/`.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its hash, taken as the bytes arrived.
    pub sha256: Sha256,
    /// SHA-1 over the same bytes, for load files.
    pub sha1: Option<Sha1>,
    /// MD5 over the same bytes, for load files.
    pub md5: Option<Md5>,
    /// Where the bytes come from.
    pub source_kind: SourceKind,
    /// The topmost Received field, as it stands.
    pub top_received: Option<String>,
    /// The topmost Authentication-Results field.
    pub top_authentication_results: Option<String>,
    /// The topmost ARC-Authentication-Results field.
    pub top_arc_authentication_results: Option<String>,
}

/// A member of a message's family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartRow {
    /// From [`super::Ledger::next_part_id`].
    pub part_id: u64,
    /// The message: its `listed_id`.
    pub item_id: u64,
    /// The embedded message it belongs to.
    pub parent_part_id: Option<u64>,
    /// Its place among the parts, from 1.
    pub ordinal: u32,
    /// Its place in the MIME tree, such as `2.1`; one part each.
    pub mime_path: String,
    /// What it is.
    pub role: PartRole,
    /// The name's bytes as they stand.
    pub name_raw: Option<Vec<u8>>,
    /// The name decoded.
    pub name: Option<String>,
    /// The media type.
    pub media_type: Option<String>,
    /// Its size decoded, in bytes.
    pub bytes: Option<u64>,
    /// The hash of its decoded bytes.
    pub sha256: Option<Sha256>,
    /// Where a link leads.
    pub target_url: Option<String>,
}

/// Something that is not as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionRow {
    /// The mailbox concerned.
    pub mailbox_id: Option<u64>,
    /// The folder concerned.
    pub folder_id: Option<u64>,
    /// The collected item concerned; never with [`Severity::ItemMissing`].
    pub item_id: Option<u64>,
    /// The listed item concerned.
    pub listed_id: Option<u64>,
    /// The service's id, where nothing was listed.
    pub graph_id: Option<GraphId>,
    /// Why.
    pub code: ExceptionCode,
    /// What it means.
    pub severity: Severity,
    /// What was seen: codes and counts, no content of a message.
    pub detail: String,
    /// How often it was tried.
    pub attempts: Option<u32>,
}

impl ExceptionRow {
    /// An exception about nothing in particular yet.
    pub fn new(code: ExceptionCode, severity: Severity) -> Self {
        Self {
            mailbox_id: None,
            folder_id: None,
            item_id: None,
            listed_id: None,
            graph_id: None,
            code,
            severity,
            detail: String::new(),
            attempts: None,
        }
    }
}

/// A folder's balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReconciliationRow {
    /// The mailbox.
    pub mailbox_id: u64,
    /// The folder.
    pub folder_id: u64,
    /// The service's count at the plan.
    pub expected: u64,
    /// Items that the service counts in the folder beyond those: other dates, other kinds. `None` where it did not count.
    pub outside: Option<u64>,
    /// Messages of the range that a list of ids kept out; `None` without one.
    pub not_chosen: Option<u64>,
    /// Messages of the range that an earlier package holds; `None` where there is none.
    pub held_before: Option<u64>,
    /// What was listed and how it ended; must balance.
    pub counts: Counts,
    /// The service's count at the end.
    pub expected_after: u64,
}

/// What DNS said of a signer's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsKeyRow {
    /// The name that was asked for, lower case, without a dot at the end.
    pub name: String,
    /// The text of its records, one per line; `None` where there is none.
    pub txt: Option<String>,
    /// Who was asked: address and port.
    pub resolver: String,
    /// When.
    pub asked_at: UtcInstant,
    /// Whether the resolver says that it checked the answer with DNSSEC.
    pub dnssec_ad: bool,
}

/// What one signature of an item is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthRow {
    /// The message: its `listed_id`.
    pub item_id: u64,
    /// DKIM: its place from the top, from 1; ARC: the instance of the set.
    pub ordinal: u32,
    /// Which kind of signature.
    pub method: AuthMethod,
    /// Whose key, where it states one that can be asked for.
    pub domain: Option<String>,
    /// Which key.
    pub selector: Option<String>,
    /// Whether it verifies over the signed fields.
    pub header_ok: Option<bool>,
    /// Whether the body is the one that was signed.
    pub body_ok: Option<bool>,
    /// ARC: whether the seal verifies.
    pub seal_ok: Option<bool>,
    /// The time as of which: that of receipt.
    pub as_of: UtcInstant,
    /// Remarks, with commas between them.
    pub detail: Option<String>,
}

/// A collected item whose signatures have not been weighed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unweighed {
    /// Its file.
    pub file: ItemFile,
    /// When it was received, or else when it was collected.
    pub received: UtcInstant,
}

/// A ZIP volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeRow {
    /// Its number, from 1.
    pub volume_id: u64,
    /// Its file name, such as `VOL001.zip`.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Files in it.
    pub members: u64,
    /// The hash of the whole file.
    pub sha256: Sha256,
}
