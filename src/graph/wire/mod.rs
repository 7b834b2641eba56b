//! Graph's resources as they come over the wire: owned, only what is used, unknown members ignored.
//!
//! Names are Graph's in snake case; dates stay the text that came. Absent means unknown, not false.
//! Source: Graph v1.0 metadata, resources `user`, `mailFolder`, `message`, `attachment`.

mod attachment;
mod extended;
mod folder;
mod message;
mod user;

pub use attachment::{Attachment, AttachmentKind};
pub use extended::ExtendedProperty;
pub use folder::MailFolder;
pub use message::{EmailAddress, HeaderPair, ItemBody, Message, Recipient};
pub use user::{AssignedPlan, LicenseDetails, ServicePlan, User};

/// Takes `null` for a list as no entries.
fn null_is_empty<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    let list: Option<Vec<T>> = serde::Deserialize::deserialize(deserializer)?;
    Ok(list.unwrap_or_default())
}
