//! The last pieces: the log as a file, and the database as one clean file that passes its own checks.
//!
//! The lead composes them: export the log, write the checkpoint, hand over. Must not know where the files go.

use std::fs::File;
use std::io::{Read as _, Write};
use std::thread;

use camino::Utf8Path;
use rusqlite::Connection;

use super::{Beside, CustodyError, read_back};

/// Each line and a line feed, in order.
pub(super) fn export_log(db: &Connection, out: &mut dyn Write) -> Result<u64, CustodyError> {
    let mut query = db.prepare_cached("SELECT seq, body FROM entry ORDER BY seq")?;
    let mut rows = query.query([])?;
    let mut lines = 0;
    while let Some(row) = rows.next()? {
        let seq = read_back::count(row, "seq")?;
        if seq != lines {
            return Err(CustodyError::LogBroken { seq: lines, what: "the line is missing".to_owned() });
        }
        let body = row
            .get_ref("body")?
            .as_str()
            .map_err(|_| CustodyError::LogBroken { seq, what: "the line is not text".to_owned() })?;
        out.write_all(body.as_bytes()).and_then(|()| out.write_all(b"\n")).map_err(CustodyError::Export)?;
        lines += 1;
    }
    out.flush().map_err(CustodyError::Export)?;
    Ok(lines)
}

/// SQLite's own checks and ours: pages and indexes, foreign keys, and the columns against their lines. The last two go
/// on beside the first, over a connection of their own.
pub(super) fn check(db: &Connection, file: &Utf8Path) -> Result<(), CustodyError> {
    thread::scope(|scope| {
        let rows = scope.spawn(|| check_rows(Beside::open(file)?.db()));
        let whole = check_whole(db);
        // Waited for in any case: the file is not to be in use any more.
        let rows = rows.join().unwrap_or(Err(CustodyError::Panicked));
        whole.and(rows)
    })
}

fn check_whole(db: &Connection) -> Result<(), CustodyError> {
    let verdict: String = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(CustodyError::corrupt(verdict)) }
}

fn check_rows(db: &Connection) -> Result<(), CustodyError> {
    let mut orphans = db.prepare("PRAGMA foreign_key_check")?;
    let mut rows = orphans.query([])?;
    if let Some(row) = rows.next()? {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        return Err(CustodyError::corrupt(format!("a row of {table} names a row of {parent} that is not there")));
    }
    let mut differing = db.prepare("SELECT control_number FROM item_vs_log ORDER BY control_number LIMIT 1")?;
    let mut rows = differing.query([])?;
    match rows.next()? {
        Some(row) => {
            let number: String = row.get(0)?;
            Err(CustodyError::corrupt(format!("the row of {number} differs from its log line")))
        }
        None => Ok(()),
    }
}

/// Brings everything into the one file and closes it; no `-wal` or `-shm` stays beside it.
pub(super) fn close(db: Connection, file: &Utf8Path) -> Result<(), CustodyError> {
    db.flush_prepared_statement_cache();
    let blocked: i64 = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if blocked != 0 {
        return Err(CustodyError::Busy);
    }
    let mode: String = db.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))?;
    if mode != "delete" {
        return Err(CustodyError::Busy);
    }
    db.close().map_err(|(_, error)| CustodyError::from(error))?;
    // Somebody else's connection would keep them; an evidence folder must not hold stray files.
    let stray = ["-wal", "-shm", "-journal"].iter().any(|end| Utf8Path::new(&format!("{file}{end}")).exists());
    if stray {
        return Err(CustodyError::Busy);
    }
    must_need_no_log(file)
}

/// SQLite may say that a database left its write-ahead log when the disk did not take that. Everyone who opened such a
/// file would make side files again. Byte 18 of the header tells: 1 is a single file, 2 a file with a log.
fn must_need_no_log(file: &Utf8Path) -> Result<(), CustodyError> {
    let mut header = [0; 19];
    File::open(file).and_then(|mut file| file.read_exact(&mut header)).map_err(|error| CustodyError::file(&error))?;
    match header {
        [.., 1] => Ok(()),
        _ => Err(CustodyError::Unreachable { what: "it could not be made one file".to_owned() }),
    }
}
