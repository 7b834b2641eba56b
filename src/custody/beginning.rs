//! A manifest comes into being whole: made under another name, with its first lines, and renamed when it is durable.
//!
//! A kill before the rename leaves no manifest, and the acquisition has not begun; a kill after it leaves one that
//! can be resumed. Must not know what the first lines say.

use std::fs::{self, File};
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::checkpoint::Stated;
use super::manifest::{BUILT_AT_THE_END, DDL, connect};
use super::tree::Tree;
use super::{CustodyError, Meta, Notary, Writer};

/// What a name ends in while the manifest is being made.
const UNFINISHED: &str = ".part";
/// What SQLite keeps beside a database.
const BESIDE: [&str; 3] = ["-journal", "-wal", "-shm"];

/// Makes a manifest at `file`, where nothing or an empty file is, and returns the tree over its first lines, and where
/// its head was stated.
///
/// # Errors
/// [`CustodyError::Exists`] when something is there; whatever `first` returns; what the file system says.
pub(super) fn make(
    file: &Utf8Path,
    meta: &Meta,
    notary: &Notary,
    first: impl FnOnce(&mut Writer<'_>) -> Result<(), CustodyError>,
) -> Result<(Tree, Stated), CustodyError> {
    match fs::metadata(file) {
        Ok(found) if found.len() > 0 => return Err(CustodyError::Exists { file: file.to_owned() }),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(CustodyError::file(&error)),
    }
    let part = Utf8PathBuf::from(format!("{file}{UNFINISHED}"));
    // What an earlier beginning left. A write-ahead log that is not of this database would be applied to it.
    clear(&part)?;
    BESIDE.iter().try_for_each(|end| remove(Utf8Path::new(&format!("{file}{end}"))))?;
    let made = write(&part, meta, notary, first).and_then(|tree| in_place(&part, file).map(|()| tree));
    if made.is_err() {
        // What cannot be removed now is swept by the next beginning.
        let _ = clear(&part);
    }
    made
}

fn write(
    part: &Utf8Path,
    meta: &Meta,
    notary: &Notary,
    first: impl FnOnce(&mut Writer<'_>) -> Result<(), CustodyError>,
) -> Result<(Tree, Stated), CustodyError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = connect(part, flags)?;
    // Until the file has its name there is nothing to go back to: a kill leaves one that the next beginning sweeps, and
    // before it is renamed it is made durable as a whole.
    db.pragma_update(None, "synchronous", "OFF")?;
    journal(&db, "MEMORY")?;
    let mut tree = Tree::new();
    let start = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Rows may come before the line that tells them, as in every later step.
    start.pragma_update(None, "defer_foreign_keys", true)?;
    start.execute_batch(DDL)?;
    for index in BUILT_AT_THE_END {
        start.execute_batch(&format!("DROP INDEX {index}"))?;
    }
    meta.store(&start, &notary.key)?;
    let mut stated = Stated { size: 0, at: (notary.clock)() };
    let mut writer = Writer::new(&start, (&mut tree, &mut stated), meta, notary);
    first(&mut writer)?;
    if writer.is_spoiled() {
        return Err(CustodyError::refused("a failure in the first lines was passed over"));
    }
    start.commit()?;
    // As it will be written to. A file system that cannot do it says so when the file is taken up.
    journal(&db, "WAL")?;
    close(db)?;
    Ok((tree, stated))
}

fn journal(db: &Connection, mode: &str) -> Result<(), CustodyError> {
    Ok(db.query_row(&format!("PRAGMA journal_mode = {mode}"), [], |_| Ok(()))?)
}

fn close(db: Connection) -> Result<(), CustodyError> {
    db.flush_prepared_statement_cache();
    db.close().map_err(|(_, error)| CustodyError::from(error))
}

/// Gives the finished file its name, durably.
fn in_place(part: &Utf8Path, file: &Utf8Path) -> Result<(), CustodyError> {
    let named = File::options().write(true).open(part).and_then(|file| file.sync_all());
    named.and_then(|()| fs::rename(part, file)).map_err(|error| CustodyError::file(&error))?;
    match file.parent() {
        Some(folder) if cfg!(unix) => {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| CustodyError::file(&error))
        }
        _ => Ok(()),
    }
}

fn clear(part: &Utf8Path) -> Result<(), CustodyError> {
    BESIDE.iter().try_for_each(|end| remove(Utf8Path::new(&format!("{part}{end}"))))?;
    remove(part)
}

fn remove(file: &Utf8Path) -> Result<(), CustodyError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(CustodyError::file(&error)),
        Ok(()) | Err(_) => Ok(()),
    }
}
