//! A page of a listing becomes staged rows, entry by entry; an odd entry is counted and costs no other.
//!
//! The same reading serves the run and the check of the store afterwards. It must not ask for anything.

use serde_json::value::RawValue;
use serde_json::{Value as Json, json};

use super::left_out::{self, Count, LeftOut};
use super::{Dataset, directory, licences};
use crate::inventory::report;
use crate::inventory::store::table::{self, Table};
use crate::inventory::store::{Stage, StoreError};

/// Why a page cannot be read.
#[derive(Debug, thiserror::Error)]
pub(in crate::inventory) enum PageError {
    /// It is no such JSON.
    #[error("the answer has another shape than expected")]
    Shape,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was on a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::inventory) struct PageRows {
    pub(in crate::inventory) rows: u64,
    pub(in crate::inventory) rejected: u64,
}

static ORG: [&Table; 1] = [&table::VERIFIED_DOMAIN];
static DOMAINS: [&Table; 1] = [&table::OTHER_DOMAIN];
static SKUS: [&Table; 2] = [&table::SKU, &table::SKU_PLAN];
static SUBSCRIPTIONS: [&Table; 1] = [&table::SUBSCRIPTION];
static USERS: [&Table; 5] = [&table::USER, &table::ADDRESS, &table::LICENCE, &table::PLAN, &table::LEFT_OUT];
static DELETED: [&Table; 1] = [&table::DELETED];
static SIGNIN: [&Table; 1] = [&table::SIGNIN];
static GROUPS: [&Table; 1] = [&table::GROUP];
static SETTINGS: [&Table; 1] = [&table::SETTING];
static MFA: [&Table; 1] = [&table::MFA];
static SCORE: [&Table; 1] = [&table::TOTAL];

/// The tables a dataset fills; the first one's rows are its rows.
pub(in crate::inventory) fn tables(dataset: Dataset) -> &'static [&'static Table] {
    match dataset {
        Dataset::Org => &ORG,
        Dataset::Domains => &DOMAINS,
        Dataset::Skus => &SKUS,
        Dataset::Subscriptions => &SUBSCRIPTIONS,
        Dataset::DeletedUsers => &DELETED,
        Dataset::Signin => &SIGNIN,
        Dataset::Groups => &GROUPS,
        Dataset::ReportSettings => &SETTINGS,
        Dataset::Mfa => &MFA,
        Dataset::Securescore => &SCORE,
        _ => report::of(dataset).map_or(&USERS, |report| report.tables),
    }
}

/// A page of a listing.
#[derive(serde::Deserialize)]
struct Page {
    value: Vec<Box<RawValue>>,
    /// What was dropped before the page was stored.
    #[serde(default, rename = "affiant.leftOut")]
    left_out: Vec<LeftOut>,
}

/// The entries of a page; a single object is one entry.
fn entries(bytes: &[u8]) -> Result<Page, PageError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match serde_json::from_slice::<Page>(bytes) {
        Ok(page) => Ok(page),
        Err(_) => {
            let one: Box<RawValue> = serde_json::from_slice(bytes).map_err(|_| PageError::Shape)?;
            let is_object = one.get().trim_start().starts_with('{');
            if is_object { Ok(Page { value: vec![one], left_out: Vec::new() }) } else { Err(PageError::Shape) }
        }
    }
}

/// The page with only the entries that are kept, as it is stored; `None` where all are.
pub(in crate::inventory) fn kept(
    dataset: Dataset,
    bytes: &[u8],
    keeps: &dyn Fn(&Json) -> bool,
) -> Result<Option<Vec<u8>>, PageError> {
    if !matches!(dataset, Dataset::Users | Dataset::DeletedUsers | Dataset::Signin | Dataset::Mfa) {
        return Ok(None);
    }
    let all = entries(bytes)?.value;
    let (mut inside, mut dropped) = (Vec::with_capacity(all.len()), Count::default());
    for raw in &all {
        match serde_json::from_str::<Json>(raw.get()) {
            Ok(entry) if keeps(&entry) => inside.push(entry),
            Ok(entry) => dropped.add(&entry),
            Err(_) => {}
        }
    }
    if inside.len() == all.len() {
        return Ok(None);
    }
    let mut page = json!({ "value": inside });
    if dataset == Dataset::Users {
        page[left_out::NAME] = json!(dropped.lines());
    }
    Ok(Some(page.to_string().into_bytes()))
}

/// Stages the rows of a page.
pub(in crate::inventory) fn read_page(
    dataset: Dataset,
    bytes: &[u8],
    stage: &Stage<'_>,
) -> Result<PageRows, PageError> {
    let mut found = PageRows::default();
    // One transaction a page: the staging is on disk.
    let transaction = stage.db().unchecked_transaction().map_err(StoreError::from)?;
    let page = entries(bytes)?;
    if dataset == Dataset::Users {
        left_out::stage_lines(&page.left_out, stage)?;
    }
    for entry in page.value {
        let taken = match serde_json::from_str::<Json>(entry.get()) {
            Ok(entry) => match dataset {
                Dataset::Org => directory::organisation(&entry, stage)?,
                Dataset::Domains => directory::domain(&entry, stage)?,
                Dataset::DeletedUsers => directory::deleted(&entry, stage)?,
                Dataset::Signin => directory::signin(&entry, stage)?,
                Dataset::ReportSettings => directory::setting(&entry, stage)?,
                Dataset::Mfa => directory::mfa(&entry, stage)?,
                Dataset::Securescore => directory::score(&entry, stage)?,
                Dataset::Skus => licences::sku(&entry, stage)?,
                Dataset::Subscriptions => licences::subscription(&entry, stage)?,
                Dataset::Groups => licences::group(&entry, stage)?,
                _ => directory::user(&entry, stage)? && licences::of_user(&entry, stage)?,
            },
            Err(_) => false,
        };
        if taken {
            found.rows += 1;
        } else {
            found.rejected += 1;
        }
    }
    transaction.commit().map_err(StoreError::from)?;
    Ok(found)
}

/// Text that is there and says something.
pub(super) fn said<'a>(entry: &'a Json, name: &str) -> Option<&'a str> {
    entry.get(name).and_then(Json::as_str).filter(|text| !text.is_empty())
}

/// The same as a value for the store.
pub(super) fn text(entry: &Json, name: &str) -> rusqlite::types::Value {
    said(entry, name).map_or(rusqlite::types::Value::Null, |text| text.to_owned().into())
}

/// A whole number as a value for the store.
pub(super) fn number(entry: &Json, name: &str) -> rusqlite::types::Value {
    entry.get(name).and_then(Json::as_i64).map_or(rusqlite::types::Value::Null, Into::into)
}

/// Yes or no as a value for the store.
pub(super) fn yes(entry: &Json, name: &str) -> rusqlite::types::Value {
    entry.get(name).and_then(Json::as_bool).map_or(rusqlite::types::Value::Null, |yes| i64::from(yes).into())
}

/// An instant in the store's spelling; text that is none stays as it came.
pub(super) fn instant(entry: &Json, name: &str) -> rusqlite::types::Value {
    let Some(text) = said(entry, name) else { return rusqlite::types::Value::Null };
    let read = crate::terms::UtcInstant::parse(text);
    read.map_or_else(|_| text.to_owned(), |at| at.to_string()).into()
}

/// The entries of a list.
pub(super) fn list<'a>(entry: &'a Json, name: &str) -> impl Iterator<Item = &'a Json> {
    entry.get(name).and_then(Json::as_array).into_iter().flatten()
}
