//! A connection beside the pen that only reads: for long reads that need not wait for the pen, nor it for them.
//!
//! It sees what is committed. Nothing it reads is checked: before the pen has opened a manifest, what this shows counts
//! for nothing. Must be closed before the pen closes, which otherwise finds the file in use.

use camino::Utf8Path;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{CustodyError, NativeFile, listings, manifest};

/// Memory for pages, in KiB (negative, as SQLite wants it): what is read here is read in order, and once.
const CACHE_KIB: i64 = -2_048;

/// The connection.
#[derive(Debug)]
pub struct Beside {
    db: Connection,
}

impl Beside {
    /// Opens the manifest at `file`.
    ///
    /// # Errors
    /// What SQLite says of the file.
    pub fn open(file: &Utf8Path) -> Result<Self, CustodyError> {
        // For reading alone too, SQLite wants to write the index of a log that a killed session left.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = manifest::connect(file, flags)?;
        db.pragma_update(None, "query_only", true)?;
        db.pragma_update(None, "cache_size", CACHE_KIB)?;
        // Moving that log into the database is the pen's matter, after its checks.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        Ok(Self { db })
    }

    pub(super) const fn db(&self) -> &Connection {
        &self.db
    }

    /// Line 0, `acquisition.opened`.
    ///
    /// # Errors
    /// [`CustodyError::LogBroken`] when it is not JSON; what SQLite says.
    pub fn opening(&self) -> Result<serde_json::Value, CustodyError> {
        let body: String = self.db.query_row("SELECT body FROM entry WHERE seq = 0", [], |row| row.get(0))?;
        let broken = |_| CustodyError::LogBroken { seq: 0, what: "the line is not JSON".to_owned() };
        serde_json::from_str(&body).map_err(broken)
    }

    /// Natives after a path, in the order of their paths, at most so many.
    ///
    /// # Errors
    /// What SQLite says; a row that the format does not allow.
    pub fn natives(&self, after: &str, limit: u32) -> Result<Vec<NativeFile>, CustodyError> {
        listings::natives(&self.db, after, limit)
    }
}
