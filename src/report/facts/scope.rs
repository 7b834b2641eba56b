//! What was asked for, and what was left out.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::super::moment::Moment;
use super::ask::{Ask, count, counted, text};
use crate::terms::Range;

/// The scope as it was sworn to before anything was read.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Scope {
    /// Custodians as typed.
    pub custodians: Vec<String>,
    /// Which date decides.
    pub date_field: Option<String>,
    /// The range in the words of the person who typed it.
    pub range_as_asked: Option<String>,
    /// The range as applied: half-open, in UTC.
    pub range_as_applied: Option<String>,
    /// First instant inside, if bounded.
    pub from: Option<Moment>,
    /// First instant outside, if bounded.
    pub to: Option<Moment>,
    /// The zone the dates were read in.
    pub zone: Option<String>,
    /// The date filter of the first listing, as it was sent.
    pub filter_as_sent: Option<String>,
    /// Folders asked for; empty for all.
    pub folders: Vec<String>,
    /// Folders kept out by the person.
    pub excluded_folders: Vec<String>,
    /// Whether Recoverable Items were asked for.
    pub include_recoverable: Option<bool>,
    /// `eml` or `zip`.
    pub format: Option<String>,
    /// SHA-256 of the list of message ids that narrowed the scope, if there was one.
    pub chosen_sha256: Option<String>,
    /// The earlier acquisition that this one supplements, if any.
    pub since: Option<String>,
    /// Folders in scope.
    pub folders_included: u64,
    /// Folders left out, by reason.
    pub left_out: Vec<LeftOut>,
    /// The folders left out, one by one.
    pub folders_left_out: Vec<FolderLeftOut>,
}

/// Folders left out for one reason.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LeftOut {
    /// The reason's word in the manifest.
    pub reason: String,
    /// Folders.
    pub folders: u64,
    /// Items in them, as the service counted, where it did.
    pub items: u64,
}

/// A folder left out.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FolderLeftOut {
    /// The mailbox.
    pub mailbox_id: u64,
    /// Where it is.
    pub path: String,
    /// The reason's word in the manifest.
    pub reason: String,
    /// Items in it, as the service counted.
    pub items: Option<u64>,
}

/// The zone of the acquisition's scope.
pub(in super::super) fn zone(scope: &Value) -> Option<String> {
    scope.get("range").and_then(|range| text(range, "zone"))
}

pub(super) fn scope(ask: Ask<'_>, opened: &Value) -> rusqlite::Result<Scope> {
    let scope = opened.get("scope").cloned().unwrap_or_default();
    let range = scope.get("range").and_then(|range| serde_json::from_value::<Range>(range.clone()).ok());
    let texts = |name: &str| {
        let all = scope.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let member = |object: &str, name: &str| scope.get(object).and_then(|object| text(object, name));
    Ok(Scope {
        custodians: texts("custodians"),
        date_field: text(&scope, "date_field"),
        range_as_asked: range.as_ref().map(Range::as_asked),
        range_as_applied: range.as_ref().map(Range::as_applied),
        from: ask.moment(text(&scope, "window_from").as_deref()),
        to: ask.moment(text(&scope, "window_to").as_deref()),
        zone: zone(&scope),
        filter_as_sent: filter_as_sent(ask)?,
        folders: texts("folders"),
        excluded_folders: texts("excluded_folders"),
        include_recoverable: scope.get("include_recoverable").and_then(Value::as_bool),
        format: text(&scope, "format"),
        chosen_sha256: member("chosen", "sha256"),
        since: member("since", "acquisition_id"),
        folders_included: ask.number("SELECT count(*) FROM folder WHERE included = 1")?,
        left_out: ask.rows(
            "SELECT excluded_because, count(*), sum(total_item_count) FROM folder WHERE included = 0 GROUP BY 1 ORDER BY 1",
            [],
            |row| Ok(LeftOut { reason: row.get(0)?, folders: count(row, 1)?, items: count(row, 2)? }),
        )?,
        folders_left_out: ask.rows(
            "SELECT mailbox_id, path, excluded_because, total_item_count FROM folder WHERE included = 0
              ORDER BY mailbox_id, folder_id LIMIT 5000",
            [],
            |row| {
                let (path, reason) = (row.get(1)?, row.get(2)?);
                Ok(FolderLeftOut { mailbox_id: count(row, 0)?, path, reason, items: counted(row, 3)? })
            },
        )?,
    })
}

/// The `$filter` of the first listing that had one.
fn filter_as_sent(ask: Ask<'_>) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT url FROM request WHERE purpose = 'list' AND url LIKE '%filter=%' ORDER BY request_no LIMIT 1";
    let urls = ask.rows(sql, [], |row| row.get::<_, String>(0))?;
    let filter = urls.first().and_then(|url| {
        let query = url.split_once('?').map(|(_, query)| query)?;
        let (_, filter) = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "$filter")?;
        Some(filter.into_owned())
    });
    Ok(filter)
}

/// What the words for a reason mean.
pub(in super::super) fn reason(word: &str) -> &'static str {
    match word {
        "not_asked" => "not among the folders that were asked for",
        "excluded" => "kept out by the person who asked",
        "search_folder" => "a search folder: it shows messages that lie in other folders",
        "not_mail" => "holds no mail",
        "recoverable_not_asked" => "Recoverable Items were not asked for",
        "not_readable" => "could not be read; see the exceptions",
        _ => "see the record",
    }
}
