//! Bodies as they arrived, stored once under their digest, packed, and checked when they are read again.
//!
//! It must not know what is in them.

use std::io::{self, Cursor, Read, Write as _};

use rusqlite::{OptionalExtension as _, params};
use zip::write::SimpleFileOptions;

use super::{Store, StoreError};
use crate::terms::{Sha256, pour};

/// How bodies are packed: one entry of a zip archive, deflated.
const CODEC: &str = "zip";
const ENTRY: &str = "body";

/// A stored body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::inventory) struct Stored {
    pub(in crate::inventory) sha256: Sha256,
    /// Bytes before packing.
    pub(in crate::inventory) bytes: u64,
    /// Whether it was not there before.
    pub(in crate::inventory) is_new: bool,
}

impl Store {
    /// Keeps a body, unless it is there already. Only what it packs to is held in memory.
    pub(in crate::inventory) fn keep_body(&self, mut body: impl Read) -> Result<Stored, StoreError> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file(ENTRY, SimpleFileOptions::default()).map_err(|_| StoreError::Body)?;
        let (sha256, bytes) = pour(&mut body, &mut writer).map_err(StoreError::File)?;
        writer.flush().map_err(StoreError::File)?;
        let packed = writer.finish().map_err(|_| StoreError::Body)?.into_inner();
        let mut insert = self
            .db
            .prepare_cached("INSERT OR IGNORE INTO raw_body (sha256, bytes, codec, body) VALUES (?1, ?2, ?3, ?4)")?;
        let count = i64::try_from(bytes).unwrap_or(i64::MAX);
        let written = insert.execute(params![sha256.to_string(), count, CODEC, packed])?;
        Ok(Stored { sha256, bytes, is_new: written > 0 })
    }

    /// Unpacks a body into a sink; `None` when it is not kept (any more).
    ///
    /// # Errors
    /// [`StoreError::Body`] when it cannot be unpacked or is not what its digest says.
    pub(in crate::inventory) fn unpack_body(
        &self,
        sha256: &str,
        mut to: impl io::Write,
    ) -> Result<Option<u64>, StoreError> {
        let found = self
            .db
            .query_row("SELECT codec, body FROM raw_body WHERE sha256 = ?1", [sha256], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))
            })
            .optional()?;
        let Some((codec, packed)) = found else { return Ok(None) };
        let poured = match codec.as_str() {
            CODEC => {
                let mut archive = zip::ZipArchive::new(Cursor::new(packed)).map_err(|_| StoreError::Body)?;
                let entry = archive.by_name(ENTRY).map_err(|_| StoreError::Body)?;
                pour(entry, &mut to)
            }
            "identity" => pour(packed.as_slice(), &mut to),
            _ => return Err(StoreError::Body),
        };
        let (digest, bytes) = poured.map_err(|_| StoreError::Body)?;
        if digest.to_string() == sha256 { Ok(Some(bytes)) } else { Err(StoreError::Body) }
    }
}
