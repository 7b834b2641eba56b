//! What the manifest says about itself: which acquisition, made when, by which program, for which matter.
//!
//! Must not know how these facts were found; the salt and the id are handed in.

use rusqlite::Connection;
use uuid::Uuid;

use crate::terms::{Hasher, Matter, SealingKey, Sha256, UtcInstant};

use super::{CustodyError, checkpoint};

/// The facts of the `meta` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// The acquisition, a UUIDv7.
    pub acquisition_id: Uuid,
    /// When it was opened.
    pub created_at: UtcInstant,
    /// The program's name.
    pub tool_name: String,
    /// The program's version.
    pub tool_version: String,
    /// The hash of the running executable.
    pub tool_sha256: Sha256,
    /// The legal case; empty when none was named.
    pub matter: Matter,
    /// Sixteen random bytes that keep folder names in the log from being guessed.
    pub path_salt: [u8; 16],
}

impl Meta {
    /// The name the log's checkpoints carry.
    pub fn origin(&self) -> String {
        checkpoint::origin(&self.acquisition_id)
    }

    /// What stands in the log for a folder path: SHA-256 over the 16 salt bytes and the path in UTF-8.
    pub fn path_hash(&self, path: &str) -> Sha256 {
        let mut hasher = Hasher::new();
        hasher.update(&self.path_salt);
        hasher.update(path.as_bytes());
        hasher.finish().0
    }

    pub(super) fn store(&self, db: &Connection, key: &SealingKey) -> Result<(), CustodyError> {
        let facts = [
            ("format", super::manifest::FORMAT.to_string()),
            ("acquisition_id", self.acquisition_id.hyphenated().to_string()),
            ("origin", self.origin()),
            ("created_at", self.created_at.to_string()),
            ("tool_name", self.tool_name.clone()),
            ("tool_version", self.tool_version.clone()),
            ("tool_sha256", self.tool_sha256.to_string()),
            ("matter", self.matter.to_string()),
            ("note_vkey", checkpoint::vkey(&self.acquisition_id, key)),
            ("path_salt", hex::encode(self.path_salt)),
        ];
        let mut insert = db.prepare_cached("INSERT INTO meta (key, value) VALUES (?1, ?2)")?;
        for (key, value) in facts {
            insert.execute((key, value))?;
        }
        Ok(())
    }

    pub(super) fn load(db: &Connection) -> Result<Self, CustodyError> {
        let wrong = |key: &str| CustodyError::corrupt(format!("meta.{key} is missing or unreadable"));
        let text = |key: &str| -> Result<String, CustodyError> {
            let mut query = db.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
            let mut rows = query.query([key])?;
            rows.next()?.map(|row| row.get(0)).transpose()?.ok_or_else(|| wrong(key))
        };
        let salt = hex::decode(text("path_salt")?).ok().and_then(|salt| salt.try_into().ok());
        let meta = Self {
            acquisition_id: Uuid::parse_str(&text("acquisition_id")?).map_err(|_| wrong("acquisition_id"))?,
            created_at: UtcInstant::parse(&text("created_at")?).map_err(|_| wrong("created_at"))?,
            tool_name: text("tool_name")?,
            tool_version: text("tool_version")?,
            tool_sha256: Sha256::from_hex(&text("tool_sha256")?).map_err(|_| wrong("tool_sha256"))?,
            matter: Matter::new(&text("matter")?).ok_or_else(|| wrong("matter"))?,
            path_salt: salt.ok_or_else(|| wrong("path_salt"))?,
        };
        if text("origin")? == meta.origin() { Ok(meta) } else { Err(wrong("origin")) }
    }
}
