//! The store: one SQLite database in the home folder, made on first use, opened only if it is ours and of a format
//! this program knows.
//!
//! Several processes may read while one writes. It must not know the service.

mod body;
mod error;
mod join;
mod runs;
mod snapshot;
mod stage;
pub(super) mod table;

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::{Connection, OpenFlags};

use crate::home;

pub use self::error::StoreError;
pub(super) use self::join::join;
pub(super) use self::runs::{FetchRow, NewRun};
pub(super) use self::snapshot::{Settled, Whole, digest_as_of};
pub(super) use self::stage::Stage;

/// The one source of the schema.
const DDL: &str = include_str!("../../../schemas/inventory.sql");
/// `AFIV`: `PRAGMA application_id`, which the DDL sets.
const APPLICATION_ID: i64 = 0x4146_4956;
/// The format this program reads and writes; `PRAGMA user_version`.
const FORMAT: i64 = 1;
/// How long another process may hold the database before it counts as in use.
const PATIENCE: Duration = Duration::from_secs(10);

/// The open store.
#[derive(Debug)]
pub struct Store {
    pub(super) db: Connection,
    file: Utf8PathBuf,
}

impl Store {
    /// Where the store of a home folder lies.
    pub fn file_in(home: &Utf8Path) -> Utf8PathBuf {
        home.join("inventory.sqlite")
    }

    /// Opens the store to read and write; makes it where there is none.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] and [`StoreError::Newer`] for a file that is not ours to write; SQLite's own.
    pub fn open(home: &Utf8Path) -> Result<Self, StoreError> {
        let file = Self::file_in(home);
        if !file.exists() {
            // Made private before SQLite writes into it; an empty file is an empty database.
            home::write_new(&file, b"")
                .map_err(|error| StoreError::Folder { path: home.to_owned(), kind: error.kind() })?;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut db = Connection::open_with_flags(&file, flags)?;
        db.busy_timeout(PATIENCE)?;
        if is_empty(&db).map_err(|error| StoreError::from(error).about(&file))? {
            make(&mut db).map_err(|error| error.about(&file))?;
        }
        check(&db, &file)?;
        db.pragma_update(None, "journal_mode", "wal")?;
        db.pragma_update(None, "synchronous", "full")?;
        // Staged rows lie in files, whatever the library was built with.
        db.pragma_update(None, "temp_store", "file")?;
        db.set_prepared_statement_cache_capacity(64);
        db.pragma_update(None, "foreign_keys", true)?;
        Ok(Self { db, file })
    }

    /// Opens the store to read; `None` when there is none yet.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn look(home: &Utf8Path) -> Result<Option<Self>, StoreError> {
        let file = Self::file_in(home);
        if !file.exists() {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&file, flags)?;
        db.busy_timeout(PATIENCE)?;
        check(&db, &file)?;
        db.pragma_update(None, "query_only", true)?;
        Ok(Some(Self { db, file }))
    }

    /// Where it lies.
    pub fn file(&self) -> &Utf8Path {
        &self.file
    }
}

/// Whether there is nothing in it yet. Asked before [`make`], which waits for whoever writes.
fn is_empty(db: &Connection) -> Result<bool, rusqlite::Error> {
    db.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

/// Makes the tables in an empty database, in one transaction: two processes that begin at once make them once.
fn make(db: &mut Connection) -> Result<(), StoreError> {
    let transaction = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    if is_empty(&transaction)? {
        transaction.execute_batch(DDL)?;
    }
    Ok(transaction.commit()?)
}

fn check(db: &Connection, file: &Utf8Path) -> Result<(), StoreError> {
    let number = |name: &str| {
        let read = db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        read.map_err(|error| StoreError::from(error).about(file))
    };
    if number("application_id")? != APPLICATION_ID {
        return Err(StoreError::Foreign { file: file.to_owned() });
    }
    match number("user_version")? {
        FORMAT => Ok(()),
        format => Err(StoreError::Newer { file: file.to_owned(), format }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_made_once_private_and_opened_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Utf8Path::from_path(folder.path()).expect("UTF-8").join("home");
        assert!(Store::look(&home).expect("looks").is_none());
        drop(Store::open(&home).expect("made"));
        let store = Store::look(&home).expect("looks").expect("is there");
        assert!(store.db.execute("DELETE FROM tenant", []).is_err(), "a look writes nothing");
        assert!(!home::is_open_to_others(store.file()).expect("facts"));
    }

    #[test]
    fn a_file_that_is_not_ours_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let file = Store::file_in(home);
        let other = Connection::open(&file).expect("a database");
        other.execute_batch("CREATE TABLE theirs (x); PRAGMA application_id = 5;").expect("made");
        assert!(matches!(Store::open(home), Err(StoreError::Foreign { .. })));
        other
            .execute_batch(&format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 9;"))
            .expect("set");
        assert!(matches!(Store::open(home), Err(StoreError::Newer { format: 9, .. })));
        std::fs::write(&file, b"not a database at all, only text that is long enough").expect("written");
        assert!(matches!(Store::open(home), Err(StoreError::Foreign { .. })));
    }
}
