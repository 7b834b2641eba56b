//! The answer of an examination: plain values, ready for the manifest.
//!
//! It must not know how they were found.

use super::{Role, Signers};
use crate::terms::{ExceptionCode, Md5, Severity, Sha256, UtcInstant};

/// Everything the bytes of a message say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// The first Message-ID, unfolded and trimmed, brackets kept; not always a valid id.
    pub message_id: Option<String>,
    /// The EDRM message identification hash; `None` without an id in angle brackets.
    pub mih: Option<Md5>,
    /// Content id, version [`super::CONTENT_ID_VERSION`].
    pub content_id: Sha256,
    /// The item class that Exchange would give this MIME, as far as it can be told.
    pub item_class: String,
    /// The Date header as written, on one line.
    pub header_date: Option<String>,
    /// The Date header as an instant; `None` where it is no date. A leap second counts as second 59.
    pub header_instant: Option<UtcInstant>,
    /// The subject, decoded; `None` without a Subject header.
    pub subject: Option<String>,
    /// What the receiving system said on top of the header.
    pub top: TopFields,
    /// Which keys its signatures ask for.
    pub signers: Signers,
    /// Family rows in document order.
    pub parts: Vec<PartFacts>,
    /// Whether the bytes end before the message's own multipart is closed, or within its header: they may have been cut
    /// short. What is not a multipart never says where it ends.
    pub unclosed: bool,
    /// What could not be read, and what is read but protected or incomplete.
    pub notes: Vec<Note>,
}

/// The topmost fields that the receiving system writes, each as it stands: everything after the colon, folds included,
/// without the last line end; bytes that are not UTF-8 are read as the charset that they most likely are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopFields {
    /// Received: the last hop.
    pub received: Option<String>,
    /// Authentication-Results (RFC 8601).
    pub authentication_results: Option<String>,
    /// ARC-Authentication-Results (RFC 8617).
    pub arc_authentication_results: Option<String>,
}

/// One member of the family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartFacts {
    /// Place in the list, from 1.
    pub ordinal: usize,
    /// Index in the list of the embedded message or TNEF stream that holds it.
    pub parent: Option<usize>,
    /// Where it stands: `2.1` is a section, `2/1` the body of the message at section 2, `2/1` also the first member
    /// of a TNEF stream at section 2, `1#3` the third link in section 1. Unique within an item.
    pub mime_path: String,
    /// What it is to the message.
    pub role: Role,
    /// The file name as written in the header, surrounding quotes removed, nothing decoded.
    pub name_raw: Option<Vec<u8>>,
    /// The file name as read. It may hold path separators or control characters; it is evidence, not a path.
    pub name: Option<String>,
    /// `type/subtype`, lower-cased.
    pub media_type: Option<String>,
    /// Length of the content: transfer-decoded, or as it stands in the parent for an embedded message.
    pub bytes: Option<u64>,
    /// Hash of the same bytes.
    pub sha256: Option<Sha256>,
    /// Where a link points.
    pub target_url: Option<String>,
    /// Ids of an embedded message that was opened.
    pub embedded: Option<Embedded>,
}

impl PartFacts {
    /// A row that only says where and what; the place in the list is filled in when it is added.
    pub(super) fn bare(parent: Option<usize>, mime_path: String, role: Role) -> Self {
        Self {
            ordinal: 0,
            parent,
            mime_path,
            role,
            name_raw: None,
            name: None,
            media_type: None,
            bytes: None,
            sha256: None,
            target_url: None,
            embedded: None,
        }
    }
}

/// The ids of an embedded message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embedded {
    /// Its first Message-ID.
    pub message_id: Option<String>,
    /// Its MIH.
    pub mih: Option<Md5>,
    /// Its own content id.
    pub content_id: Sha256,
}

/// Something the reader of the record should know; it becomes an exception row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The kind.
    pub code: ExceptionCode,
    /// What it means for the item.
    pub severity: Severity,
    /// A sentence fragment without any content of the mail.
    pub detail: String,
}

impl Note {
    pub(super) fn new(code: ExceptionCode, severity: Severity, detail: impl Into<String>) -> Self {
        Self { code, severity, detail: detail.into() }
    }
}
