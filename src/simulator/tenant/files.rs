//! The shapes of a tenant folder's JSON files, exactly as people write them.
//!
//! Unknown members are ignored, so that a folder may carry notes. It must not interpret anything.

use serde::Deserialize;
use serde_json::{Map, Value};

/// `tenant.json`.
#[derive(Debug, Deserialize)]
pub(super) struct TenantFile {
    pub(super) tenant_id: String,
    pub(super) display_name: String,
    pub(super) domain: String,
    #[serde(default)]
    pub(super) apps: Vec<AppFile>,
}

/// A registered application.
#[derive(Debug, Deserialize)]
pub(super) struct AppFile {
    pub(super) client_id: String,
    #[serde(default)]
    pub(super) display_name: String,
    #[serde(default)]
    pub(super) secret: Option<String>,
    #[serde(default)]
    pub(super) certificate: Option<String>,
    #[serde(default = "agreed")]
    pub(super) consented: bool,
}

/// One entry of `users.json`: a Graph user with one member of ours.
#[derive(Debug, Deserialize)]
pub(super) struct UserFile {
    #[serde(default)]
    pub(super) simulator: UserNotes,
    #[serde(flatten)]
    pub(super) facts: Map<String, Value>,
}

/// What the simulator adds to a user.
#[derive(Debug, Default, Deserialize)]
pub(super) struct UserNotes {
    #[serde(default)]
    pub(super) mailbox: Option<String>,
    #[serde(default)]
    pub(super) state: Option<StateFile>,
    #[serde(default)]
    pub(super) roles: Vec<RoleFile>,
}

/// A directory role that somebody holds.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct RoleFile {
    pub(super) name: String,
    pub(super) template: String,
}

/// What kind of mailbox answer a user gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StateFile {
    Enabled,
    None,
    Inactive,
    OnPremises,
    Unlicensed,
}

/// `mailboxes/<name>/mailbox.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MailboxFile {
    pub(super) owner: String,
    pub(super) kind: Option<String>,
    pub(super) rights: Vec<RightFile>,
    pub(super) denied_style: DeniedFile,
    pub(super) folders: Vec<FolderFile>,
    pub(super) messages: Vec<MessageFile>,
    pub(super) synthetic: Vec<SyntheticFile>,
}

/// One delegation.
#[derive(Debug, Deserialize)]
pub(super) struct RightFile {
    pub(super) delegate: String,
    pub(super) access: AccessFile,
    #[serde(default)]
    pub(super) folders: Vec<String>,
    /// Whether a delegate of single folders may list all folders by name.
    #[serde(default)]
    pub(super) root_visible: bool,
    /// Seconds after the server's start until it takes effect.
    #[serde(default)]
    pub(super) after_seconds: u64,
}

/// How much a delegation gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AccessFile {
    Full,
    Folders,
}

/// Which of the observed answers a stranger gets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(super) enum DeniedFile {
    #[default]
    #[serde(rename = "403")]
    Forbidden,
    #[serde(rename = "404_item")]
    ItemNotFound,
    #[serde(rename = "404_folder")]
    FolderNotFound,
    #[serde(rename = "root_not_found")]
    RootNotFound,
}

/// One folder.
#[derive(Debug, Deserialize)]
pub(super) struct FolderFile {
    pub(super) path: String,
    /// What people see, where that is not the last piece of the path.
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) well_known: Option<String>,
    #[serde(default)]
    pub(super) hidden: bool,
    #[serde(default)]
    pub(super) search: bool,
    #[serde(default)]
    pub(super) class: Option<String>,
    #[serde(default)]
    pub(super) other_items: u64,
    #[serde(default)]
    pub(super) outside_root: bool,
}

/// One message.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MessageFile {
    pub(super) folder: String,
    pub(super) file: String,
    pub(super) received: Option<String>,
    /// Absent: as in the message; an explicit null: the property has no value.
    #[expect(clippy::option_option, reason = "absent and null are different statements in the file")]
    #[serde(deserialize_with = "given")]
    pub(super) sent: Option<Option<String>>,
    pub(super) created: Option<String>,
    pub(super) modified: Option<String>,
    pub(super) is_draft: bool,
    pub(super) is_read: Option<bool>,
    pub(super) class: Option<String>,
    pub(super) value_error: Option<ValueErrorFile>,
    pub(super) pad_attachment_bytes: Option<u64>,
    pub(super) bcc: Vec<String>,
    pub(super) reference_attachments: Vec<ReferenceFile>,
    pub(super) categories: Vec<String>,
}

/// What `$value` answers instead of the message.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ValueErrorFile {
    pub(super) status: u16,
    #[serde(default)]
    pub(super) code: String,
    #[serde(default)]
    pub(super) message: Option<String>,
}

/// A cloud attachment.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ReferenceFile {
    pub(super) name: String,
    pub(super) url: String,
}

/// Generated mail.
#[derive(Debug, Deserialize)]
pub(super) struct SyntheticFile {
    pub(super) folder: String,
    pub(super) count: u64,
    #[serde(default)]
    pub(super) seed: u64,
    pub(super) from: String,
    pub(super) to: String,
    #[serde(default = "usual_bytes")]
    pub(super) mean_bytes: u64,
}

fn agreed() -> bool {
    true
}

fn usual_bytes() -> u64 {
    6000
}

#[expect(clippy::option_option, reason = "absent and null are different statements in the file")]
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}
