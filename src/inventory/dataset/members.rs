//! Members of licensing groups who did not get their licence: counted per group.
//!
//! Source: Microsoft, "group: membersWithLicenseErrors".

use rusqlite::params;

use super::page::PageError;
use crate::inventory::store::{Stage, StoreError};

/// Adds the members of one page to their group.
pub(in crate::inventory) fn members(group: &str, bytes: &[u8], stage: &Stage<'_>) -> Result<u64, PageError> {
    #[derive(serde::Deserialize)]
    struct Page {
        value: Vec<serde::de::IgnoredAny>,
    }
    let page: Page = serde_json::from_slice(bytes).map_err(|_| PageError::Shape)?;
    let sql = "UPDATE temp.s_licensed_group_v SET members_with_errors = coalesce(members_with_errors, 0) + ?2
       WHERE group_id = ?1";
    let count = i64::try_from(page.value.len()).unwrap_or(i64::MAX);
    stage.db().execute(sql, params![group, count]).map_err(StoreError::from)?;
    Ok(page.value.len() as u64)
}

/// The group in the address of such a question.
pub(in crate::inventory) fn group_of(url: &str) -> Option<&str> {
    let rest = url.split_once("/groups/")?.1;
    rest.split_once("/membersWithLicenseErrors").map(|(group, _)| group)
}
