//! `production.json`: what a production was made from, how, and what is in it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::clean::Cleaned;
use super::wanted::Wanted;
use crate::terms::Sha256;

/// A production.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Production {
    /// Version of this file: 1.
    pub format: u32,
    /// Version of the program.
    pub tool_version: String,
    /// The sealed package.
    pub source: Source,
    /// What was asked for.
    pub options: Wanted,
    /// The fields of the load files, in order.
    pub fields: Vec<String>,
    /// How much of what.
    pub counts: Counts,
    /// SHA-256 of the load files and lists, in lower-case hex, by path.
    pub load_files: BTreeMap<String, String>,
    /// The list of all files but this one and itself.
    pub list: List,
}

/// The sealed package that a production was made from.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Source {
    /// The acquisition, a UUID.
    pub acquisition_id: String,
    /// Lines of its log.
    pub log_size: u64,
    /// RFC 6962 root over them, in lower-case hex.
    pub log_root: String,
    /// SHA-256 of `tagmanifest-sha256.txt`, in lower-case hex.
    pub tag_manifest_sha256: String,
}

/// How much of what.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Counts {
    /// Messages of the package.
    pub messages: u64,
    /// Messages produced.
    pub produced: u64,
    /// Messages left out as duplicates.
    pub duplicates: u64,
    /// Rows of the load files: messages and members.
    pub documents: u64,
    /// Bytes of the natives produced.
    pub native_bytes: u64,
    /// Text files.
    pub texts: u64,
    /// Members written as files.
    pub attachments: u64,
    /// Links to cloud files.
    pub cloud_links: u64,
    /// Exceptions of the collection.
    pub exceptions: u64,
    /// Signs replaced in the Concordance file.
    pub cleaned_dat: Cleaned,
    /// Signs replaced in the CSV file.
    pub cleaned_csv: Cleaned,
    /// Signs replaced in the EDRM file.
    pub cleaned_xml: Cleaned,
}

/// The list of files.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct List {
    /// Its path.
    pub path: String,
    /// Its SHA-256, in lower-case hex.
    pub sha256: String,
    /// Files in it.
    pub files: u64,
}

impl Source {
    pub(super) fn new(record: &crate::verify::Record, tag_manifest: Sha256) -> Self {
        let head = record.head();
        Self {
            acquisition_id: head.acquisition_id.clone(),
            log_size: head.size,
            log_root: head.root.to_string(),
            tag_manifest_sha256: tag_manifest.to_string(),
        }
    }
}
