//! The manifest file: made, opened after checks, written in whole transactions, closed as one clean file.
//!
//! Opening trusts nothing: every leaf is computed again from its line, the numbering must be gapless, and each
//! checkpoint must be the root of its prefix. Only then is anything written. Must not know threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::checkpoint::Stated;
use super::tree::Tree;
use super::{CustodyError, Ledger, Meta, Notary, Writer, beginning, replay, seal};

/// The format this program writes; `PRAGMA user_version`.
pub(super) const FORMAT: i64 = 1;
/// `AFFT`: `PRAGMA application_id`, which the DDL sets.
const APPLICATION_ID: i64 = 0x4146_4654;
/// The one source of the schema.
pub(super) const DDL: &str = include_str!("../../schemas/manifest.sql");
/// How long another program may hold the database before it counts as in use.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pages in the write-ahead log before SQLite moves them over; fewer moves, and 16 MiB at most on the side.
const WAL_PAGES: i64 = 4_000;
/// Memory for pages, in KiB (negative, as SQLite wants it).
const CACHE_KIB: i64 = -8_192;
/// Indexes that only readers of the finished record use. Their keys are digests, so keeping them up to date while
/// items come in would rewrite a page per item and index; sealing builds them in one go.
pub(super) const BUILT_AT_THE_END: [&str; 2] = ["item_mih", "item_content"];

/// The open manifest: its connection and what is kept of it in memory.
pub(super) struct Manifest {
    db: Connection,
    file: Utf8PathBuf,
    meta: Meta,
    tree: Tree,
    /// Where the head was stated last.
    stated: Stated,
    notary: Notary,
}

impl Manifest {
    /// Makes a manifest where there is none, with its first lines, and takes it up.
    pub(super) fn create(
        file: &Utf8Path,
        meta: Meta,
        notary: Notary,
        first: impl FnOnce(&mut Writer<'_>) -> Result<(), CustodyError>,
    ) -> Result<Self, CustodyError> {
        let (tree, stated) = beginning::make(file, &meta, &notary, first)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = connect(file, flags)?;
        prepare_for_writing(&db)?;
        Ok(Self { db, file: file.to_owned(), meta, tree, stated, notary })
    }

    /// Opens a manifest after checking that it is one, that this program knows its format, and that its log holds.
    /// The file is not changed before all of this is known.
    pub(super) fn open(file: &Utf8Path, notary: Notary) -> Result<Self, CustodyError> {
        if !file.exists() {
            return Err(CustodyError::Missing { file: file.to_owned() });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = connect(file, flags).map_err(|error| CustodyError::on_opening(file, error))?;
        check_identity(&db, file)?;
        if db.is_readonly("main")? {
            return Err(CustodyError::ReadOnly);
        }
        check_tables(&db)?;
        let meta = Meta::load(&db)?;
        let (tree, size) = replay::tree(&db, &meta)?;
        let stated = Stated { size, at: (notary.clock)() };
        prepare_for_writing(&db)?;
        settle(&db)?;
        Ok(Self { db, file: file.to_owned(), meta, tree, stated, notary })
    }

    /// Runs `f` in one transaction. When it returns, all of it is durable or, with an error, none of it is there.
    pub(super) fn write<T>(
        &mut self,
        f: impl FnOnce(&mut Writer<'_>) -> Result<T, CustodyError>,
    ) -> Result<T, CustodyError> {
        let before = (self.tree.clone(), self.stated);
        let outcome = catch_unwind(AssertUnwindSafe(|| self.transact(f))).unwrap_or(Err(CustodyError::Panicked));
        if outcome.is_err() {
            (self.tree, self.stated) = before;
            if !self.db.is_autocommit() {
                // Left open only when rolling back failed; a second failure shows at the next beginning.
                let _ = self.db.execute_batch("ROLLBACK");
            }
        }
        outcome
    }

    fn transact<T>(&mut self, f: impl FnOnce(&mut Writer<'_>) -> Result<T, CustodyError>) -> Result<T, CustodyError> {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.pragma_update(None, "defer_foreign_keys", true)?;
        let head = (&mut self.tree, &mut self.stated);
        let mut writer = Writer::new(&transaction, head, &self.meta, &self.notary);
        let value = f(&mut writer)?;
        if writer.is_spoiled() {
            return Err(CustodyError::refused("a failure in the transaction was passed over"));
        }
        transaction.commit()?;
        Ok(value)
    }

    /// Reads.
    pub(super) fn read<T>(&self, f: impl FnOnce(&Ledger<'_>) -> Result<T, CustodyError>) -> Result<T, CustodyError> {
        let ledger = Ledger { db: &self.db, tree: &self.tree, meta: &self.meta };
        catch_unwind(AssertUnwindSafe(|| f(&ledger))).unwrap_or(Err(CustodyError::Panicked))
    }

    /// What opening does once more, for those who had a connection beside it meanwhile.
    pub(super) fn settle(&self) -> Result<(), CustodyError> {
        settle(&self.db)
    }

    /// Builds what was left for the end; doing it again does nothing.
    pub(super) fn complete(&mut self) -> Result<(), CustodyError> {
        let there = things(&self.db)?;
        let missing = model()?.into_iter().filter(|thing| !there.iter().any(|other| other.name == thing.name));
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for thing in missing {
            transaction.execute_batch(&thing.sql)?;
        }
        Ok(transaction.commit()?)
    }

    /// SQLite's checks and ours over the whole database.
    pub(super) fn check(&self) -> Result<(), CustodyError> {
        seal::check(&self.db, &self.file)
    }

    /// Leaves one clean file.
    pub(super) fn close(self) -> Result<(), CustodyError> {
        seal::close(self.db, &self.file)
    }

    #[cfg(test)]
    pub(super) const fn database(&self) -> &Connection {
        &self.db
    }
}

pub(super) fn connect(file: &Utf8Path, flags: OpenFlags) -> Result<Connection, rusqlite::Error> {
    let db = Connection::open_with_flags(file.as_std_path(), flags)?;
    db.busy_timeout(PATIENCE)?;
    db.set_prepared_statement_cache_capacity(64);
    // What the file's own schema may do is limited before anything of it is read.
    db.pragma_update(None, "trusted_schema", false)?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "recursive_triggers", true)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "cache_size", CACHE_KIB)?;
    Ok(db)
}

fn prepare_for_writing(db: &Connection) -> Result<(), CustodyError> {
    let mode: String = db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(CustodyError::Unreachable {
            what: "this file system does not support a write-ahead log".to_owned(),
        });
    }
    db.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)?;
    Ok(())
}

/// Writes everything that an earlier session left in the write-ahead log into the database anew, durably.
///
/// If that session ended because a sync failed, its last lines may be in memory only, where reading finds them and a
/// later sync takes them for written. While somebody else reads the database the log stays, which is no error.
fn settle(db: &Connection) -> Result<(), CustodyError> {
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

pub(super) fn check_identity(db: &Connection, file: &Utf8Path) -> Result<(), CustodyError> {
    let pragma = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let id = pragma("application_id").map_err(|error| CustodyError::on_opening(file, error))?;
    let format = pragma("user_version").map_err(|error| CustodyError::on_opening(file, error))?;
    match (id, format) {
        (APPLICATION_ID, FORMAT) => Ok(()),
        (APPLICATION_ID, found) if found > FORMAT => {
            Err(CustodyError::Newer { file: file.to_owned(), found, known: FORMAT })
        }
        _ => Err(CustodyError::NotAManifest { file: file.to_owned() }),
    }
}

/// A table, view, index or trigger.
struct Thing {
    name: String,
    sql: String,
}

fn things(db: &Connection) -> Result<Vec<Thing>, rusqlite::Error> {
    // What SQLite makes by itself has no SQL.
    let mut query = db.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")?;
    query.query_map([], |row| Ok(Thing { name: row.get(0)?, sql: row.get(1)? }))?.collect()
}

/// What the format has.
fn model() -> Result<Vec<Thing>, rusqlite::Error> {
    let model = Connection::open_in_memory()?;
    model.execute_batch(DDL)?;
    things(&model)
}

/// Everything of the format must be there, but for what is built at the end; more may be.
fn check_tables(db: &Connection) -> Result<(), CustodyError> {
    let there = things(db)?;
    let may_lack = |name: &str| BUILT_AT_THE_END.contains(&name) || there.iter().any(|thing| thing.name == name);
    match model()?.into_iter().find(|thing| !may_lack(&thing.name)) {
        Some(Thing { name, .. }) => Err(CustodyError::corrupt(format!("{name} is missing"))),
        None => Ok(()),
    }
}
