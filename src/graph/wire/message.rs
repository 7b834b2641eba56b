//! The `message` resource and its subtypes.

use serde::Deserialize;

use super::extended::{ExtendedProperty, by_tag};
use crate::terms::GraphId;

/// A message: what a listing selects, and what the rebuilt path needs.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id; immutable when asked for.
    pub id: GraphId,
    /// `W/"changeKey"`.
    #[serde(rename = "@odata.etag")]
    pub etag: Option<String>,
    /// The OData type, where it is a subtype such as `#microsoft.graph.eventMessageRequest`.
    #[serde(rename = "@odata.type")]
    pub odata_type: Option<String>,
    /// Changes with every change of the item.
    pub change_key: Option<String>,
    /// The folder it lies in.
    pub parent_folder_id: Option<GraphId>,
    /// Delivery, as sent.
    pub received_date_time: Option<String>,
    /// Submission, as sent.
    pub sent_date_time: Option<String>,
    /// Creation in this mailbox, as sent.
    pub created_date_time: Option<String>,
    /// Last change, as sent.
    pub last_modified_date_time: Option<String>,
    /// Subject.
    pub subject: Option<String>,
    /// The Message-ID header as the store keeps it.
    pub internet_message_id: Option<String>,
    /// Whether it is a draft.
    pub is_draft: Option<bool>,
    /// Whether there are attachments that are not inline; never a reason not to look.
    pub has_attachments: Option<bool>,
    /// The conversation.
    pub conversation_id: Option<String>,
    /// `low`, `normal`, `high`.
    pub importance: Option<String>,
    /// For meeting messages: `meetingRequest` and so on.
    pub meeting_message_type: Option<String>,
    /// Whose mail it claims to be.
    pub from: Option<Recipient>,
    /// The account that sent it.
    pub sender: Option<Recipient>,
    /// To.
    #[serde(default, deserialize_with = "super::null_is_empty")]
    pub to_recipients: Vec<Recipient>,
    /// Cc.
    #[serde(default, deserialize_with = "super::null_is_empty")]
    pub cc_recipients: Vec<Recipient>,
    /// Bcc.
    #[serde(default, deserialize_with = "super::null_is_empty")]
    pub bcc_recipients: Vec<Recipient>,
    /// Reply-To; all of them.
    #[serde(default, deserialize_with = "super::null_is_empty")]
    pub reply_to: Vec<Recipient>,
    /// The body in one of its forms.
    pub body: Option<ItemBody>,
    /// The headers, only when selected, absent for internal mail.
    pub internet_message_headers: Option<Vec<HeaderPair>>,
    /// Extended properties, when asked for.
    #[serde(default, deserialize_with = "super::null_is_empty")]
    pub single_value_extended_properties: Vec<ExtendedProperty>,
}

impl Message {
    /// The change key, from its own property or the ETag.
    pub fn version(&self) -> Option<&str> {
        let etag = || self.etag.as_deref()?.strip_prefix("W/\"")?.strip_suffix('"');
        self.change_key.as_deref().or_else(etag)
    }

    /// The store's size in bytes (MAPI `0x0E08`), when asked for; not the size of the MIME form.
    pub fn store_size(&self) -> Option<u64> {
        by_tag(&self.single_value_extended_properties, 0x0E08)?.parse().ok()
    }

    /// The message class (`IPM.Note` …, MAPI `0x001A`), when asked for.
    pub fn message_class(&self) -> Option<&str> {
        by_tag(&self.single_value_extended_properties, 0x001A)
    }
}

/// A body.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemBody {
    /// `text` or `html`.
    pub content_type: Option<String>,
    /// The text.
    pub content: Option<String>,
}

/// A sender or recipient.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recipient {
    /// Name and address.
    pub email_address: Option<EmailAddress>,
}

/// A name and an address, either of which may be missing or strange.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmailAddress {
    /// The name.
    pub name: Option<String>,
    /// The address; may be an X.500 name.
    pub address: Option<String>,
}

/// One header line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeaderPair {
    /// Its name.
    pub name: Option<String>,
    /// Its value.
    pub value: Option<String>,
}
