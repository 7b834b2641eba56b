//! The `mailFolder` resource.

use serde::Deserialize;

use super::extended::{ExtendedProperty, by_tag};
use crate::terms::GraphId;

/// A mail folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MailFolder {
    /// Its id.
    pub id: GraphId,
    /// The OData type, where it is not a plain mail folder.
    #[serde(rename = "@odata.type")]
    pub odata_type: Option<String>,
    /// The name people see; not unique, may hold any character.
    pub display_name: Option<String>,
    /// The folder it lies in.
    pub parent_folder_id: Option<GraphId>,
    /// Visible folders directly below.
    pub child_folder_count: Option<i64>,
    /// Items of every type in it, not only messages.
    pub total_item_count: Option<i64>,
    /// Unread ones among them.
    pub unread_item_count: Option<i64>,
    /// Whether it is hidden; not said in every cloud.
    pub is_hidden: Option<bool>,
    /// Extended properties, when asked for.
    #[serde(default, deserialize_with = "super::null_is_empty")]
    pub single_value_extended_properties: Vec<ExtendedProperty>,
}

impl MailFolder {
    /// Whether it is a search folder: a view on messages that live elsewhere.
    pub fn is_search_folder(&self) -> bool {
        self.odata_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("#microsoft.graph.mailSearchFolder"))
    }

    /// The size of what lies in it, in bytes, MAPI `0x0E08`, when asked for; folders below do not count.
    pub fn size_bytes(&self) -> Option<u64> {
        by_tag(&self.single_value_extended_properties, 0x0E08)?.trim().parse().ok()
    }

    /// The container class (`IPF.Note` …), MAPI `0x3613`, when asked for.
    pub fn container_class(&self) -> Option<&str> {
        by_tag(&self.single_value_extended_properties, 0x3613)
    }
}
