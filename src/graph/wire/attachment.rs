//! The `attachment` resource in its three kinds.

use serde::Deserialize;

use crate::terms::GraphId;

/// An attachment's properties; its bytes come through `$value`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// Its id.
    pub id: GraphId,
    /// Tells the kind.
    #[serde(rename = "@odata.type")]
    pub odata_type: Option<String>,
    /// The name; may be missing, equal to another's, or hostile.
    pub name: Option<String>,
    /// The media type as the store has it.
    pub content_type: Option<String>,
    /// The store's size in bytes, overhead included.
    pub size: Option<i64>,
    /// Whether it belongs into the body.
    pub is_inline: Option<bool>,
    /// Last change, as sent.
    pub last_modified_date_time: Option<String>,
    /// The `cid:` it is called by.
    pub content_id: Option<String>,
    /// Base64 of a file's bytes; left out by the service when large.
    pub content_bytes: Option<String>,
    /// A cloud link's target, where the service gives it.
    pub source_url: Option<String>,
}

/// What an attachment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachmentKind {
    /// A file.
    File,
    /// Another message, an event or a contact.
    Item,
    /// A link to a file in the cloud; it has no bytes.
    Reference,
    /// A kind unknown to us.
    Unknown,
}

impl Attachment {
    /// What it is.
    pub fn kind(&self) -> AttachmentKind {
        match self.odata_type.as_deref().map(str::to_ascii_lowercase).as_deref() {
            Some("#microsoft.graph.fileattachment") => AttachmentKind::File,
            Some("#microsoft.graph.itemattachment") => AttachmentKind::Item,
            Some("#microsoft.graph.referenceattachment") => AttachmentKind::Reference,
            _ => AttachmentKind::Unknown,
        }
    }
}
