//! What was asked for: custodians, dates, folders, format. The scope that the record opens with.
//!
//! A job is written into the log's first line and read back from there on resume, so that a
//! resumed run collects exactly what was asked the first time. It must not know how to do any of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::package::{Compression, Format};
use crate::terms::{DateField, FolderPath, Matter, Range};

use super::chosen::Chosen;
use super::folders::RECOVERABLE_ROOT;
use super::since::Since;

/// One acquisition as ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The custodians as typed; at least one, no duplicates.
    pub custodians: Vec<String>,
    /// The date range, as asked and as meant.
    pub range: Range,
    /// The property the range is about.
    pub date_field: DateField,
    /// Only these folders and what lies below them; empty means all.
    pub folders: Vec<FolderPath>,
    /// Not these folders, nor what lies below them.
    pub excluded: Vec<FolderPath>,
    /// The list of ids that says which messages; made from the list itself when the acquisition is created.
    pub chosen: Option<Chosen>,
    /// The earlier package that this one supplements.
    pub since: Option<Since>,
    /// Whether Recoverable Items are collected.
    pub recoverable: bool,
    /// How natives are delivered.
    pub format: Format,
    /// The legal case.
    pub matter: Matter,
}

/// The scope object in `acquisition.opened`. Fields are only ever added.
#[derive(Debug, Serialize, Deserialize)]
struct Scope {
    custodians: Vec<String>,
    date_field: DateField,
    range: Range,
    window_from: Option<String>,
    window_to: Option<String>,
    folders: Vec<String>,
    excluded_folders: Vec<String>,
    include_recoverable: bool,
    format: String,
    volume_bytes: Option<u64>,
    volume_members: Option<u32>,
    /// Not in records of versions that always deflated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    compression: Option<String>,
    matter: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chosen: Option<Chosen>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Since>,
}

impl Job {
    /// Whether a folder with this path is asked for, as far as its path tells.
    pub(super) fn asks_for(&self, path: &FolderPath) -> bool {
        let covered = |paths: &[FolderPath]| paths.iter().any(|asked| asked.covers(path));
        // Recoverable Items are asked for by their own flag.
        let asked = match path.names().first() {
            Some(first) if first == RECOVERABLE_ROOT => self.recoverable,
            _ => self.folders.is_empty() || covered(&self.folders),
        };
        asked && !covered(&self.excluded)
    }

    /// The scope as it stands in the log: strings, integers and booleans only.
    pub fn to_scope(&self) -> Value {
        let window = self.range.window();
        let paths = |paths: &[FolderPath]| paths.iter().map(ToString::to_string).collect();
        let (format, volume_bytes, volume_members, compression) = match self.format {
            Format::Eml => ("eml", None, None, None),
            Format::Zip { volume_bytes, volume_members, compression } => {
                ("zip", Some(volume_bytes), Some(volume_members), Some(compression.to_string()))
            }
        };
        let scope = Scope {
            custodians: self.custodians.clone(),
            date_field: self.date_field,
            range: self.range.clone(),
            window_from: window.from().map(|at| at.to_string()),
            window_to: window.to().map(|at| at.to_string()),
            folders: paths(&self.folders),
            excluded_folders: paths(&self.excluded),
            include_recoverable: self.recoverable,
            format: format.to_owned(),
            volume_bytes,
            volume_members,
            compression,
            matter: self.matter.as_str().to_owned(),
            chosen: self.chosen,
            since: self.since.clone(),
        };
        // A struct of plain fields always serialises.
        serde_json::to_value(scope).unwrap_or(Value::Null)
    }

    /// Reads the scope back; `None` when it is not one this version understands.
    pub fn from_scope(scope: &Value) -> Option<Self> {
        let scope: Scope = serde_json::from_value(scope.clone()).ok()?;
        // The stored window holds, not a new reading of what was typed: zone rules may have changed since.
        let range = scope.range;
        let paths =
            |texts: Vec<String>| -> Option<Vec<_>> { texts.iter().map(|text| FolderPath::parse(text).ok()).collect() };
        let format = match (scope.format.as_str(), scope.volume_bytes, scope.volume_members) {
            ("eml", _, _) => Format::Eml,
            ("zip", Some(volume_bytes), Some(volume_members)) => {
                let word = scope.compression.as_deref().unwrap_or(Compression::Deflate.as_str());
                Format::Zip { volume_bytes, volume_members, compression: Compression::from_word(word)? }
            }
            _ => return None,
        };
        Some(Self {
            custodians: scope.custodians,
            range,
            date_field: scope.date_field,
            folders: paths(scope.folders)?,
            excluded: paths(scope.excluded_folders)?,
            recoverable: scope.include_recoverable,
            format,
            matter: Matter::new(&scope.matter)?,
            chosen: scope.chosen,
            since: scope.since,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::chosen::Way;
    use crate::terms::Sha256;

    #[test]
    fn a_job_reads_back_from_the_scope_in_the_log() {
        let job = Job {
            custodians: vec!["ana@contoso.example".into()],
            range: Range::parse(Some("2024-01-01"), Some("2024-03-31"), "Europe/Berlin").expect("valid"),
            date_field: DateField::Sent,
            folders: vec![FolderPath::parse("Inbox/A\\/B").expect("valid")],
            excluded: vec![],
            recoverable: true,
            format: Format::Zip { volume_bytes: 1 << 20, volume_members: 10, compression: Compression::Store },
            matter: Matter::new("Case 7").expect("valid"),
            chosen: Some(Chosen { way: Way::Only, sha256: Sha256::of(b"a"), entries: 1 }),
            since: Some(Since {
                acquisition_id: uuid::Uuid::from_u128(7),
                log_size: 12,
                log_root: Sha256::of(b"b"),
                manifest_sha256: Sha256::of(b"c"),
                sealed_at: crate::terms::UtcInstant::parse("2024-06-04T09:00:00Z").expect("valid"),
                taken_over: vec!["range".into()],
            }),
        };
        assert_eq!(Job::from_scope(&job.to_scope()), Some(job));
    }

    #[test]
    fn a_path_tells_whether_a_folder_that_is_no_more_was_asked_for() {
        let path = |text| FolderPath::parse(text).expect("valid");
        let mut job = Job {
            custodians: vec!["ana@contoso.example".into()],
            range: Range::all(),
            date_field: DateField::Received,
            folders: vec![path("Inbox")],
            excluded: vec![path("Inbox/Private")],
            recoverable: false,
            format: Format::Eml,
            matter: Matter::new("").expect("valid"),
            chosen: None,
            since: None,
        };
        assert!(job.asks_for(&path("Inbox/Deal")) && !job.asks_for(&path("Archive")));
        assert!(!job.asks_for(&path("Inbox/Private/Old")) && !job.asks_for(&path("Recoverable Items/Purges")));
        job.recoverable = true;
        assert!(job.asks_for(&path("Recoverable Items/Purges")));
    }
}
