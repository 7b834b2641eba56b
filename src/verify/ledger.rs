//! The manifest database, opened so that nothing appears beside it and nothing in it is obeyed.
//!
//! `immutable=1` takes the file as it is: no lock, no -wal, no -shm. It must not know what the rows mean.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::rc::Rc;

use camino::Utf8Path;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Params, Row, Rows};

/// Package path of the database.
pub(super) const DATABASE: &str = "affiant/manifest.sqlite";

/// The open database.
#[derive(Debug)]
pub(super) struct Ledger {
    db: Connection,
}

impl Ledger {
    /// Opens the database of a package, read-only.
    pub(super) fn open(root: &Utf8Path) -> rusqlite::Result<Self> {
        let file =
            std::path::absolute(root.join(DATABASE)).ok().and_then(|file| file.into_os_string().into_string().ok());
        let file = file.ok_or_else(|| rusqlite::Error::InvalidPath(root.join(DATABASE).into()))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(format!("{}?immutable=1", uri(&file)), flags)?;
        // The schema is the package's: its views and triggers may call nothing but plain functions.
        db.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA query_only = ON; PRAGMA cell_size_check = ON;")?;
        Ok(Self { db })
    }

    /// The connection, for queries.
    pub(super) const fn db(&self) -> &Connection {
        &self.db
    }

    /// The integer that a pragma reads.
    pub(super) fn pragma(&self, name: &str) -> rusqlite::Result<i64> {
        self.db.pragma_query_value(None, name, |row| row.get(0))
    }

    /// The text in the first row of a query.
    pub(super) fn text(&self, sql: &str) -> rusqlite::Result<Option<String>> {
        self.db.query_row(sql, [], |row| row.get(0)).optional()
    }

    /// Runs `each` for every row.
    pub(super) fn each(
        &self,
        sql: &str,
        params: impl Params,
        mut each: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let mut statement = self.db.prepare(sql)?;
        let mut rows = statement.query(params)?;
        while let Some(row) = rows.next()? {
            each(row)?;
        }
        Ok(())
    }
}

/// A `file:` address (RFC 8089) for an absolute path.
fn uri(file: &str) -> String {
    let mut uri = "file://".to_owned();
    if !file.starts_with('/') {
        uri.push('/');
    }
    for byte in file.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' | b':' => {
                uri.push(char::from(byte));
            }
            b'\\' if cfg!(windows) => uri.push('/'),
            other => drop(write!(uri, "%{other:02X}")),
        }
    }
    uri
}

/// Rows taken one at a time, with a look at the next: for walking several queries side by side.
///
/// After an error there are no more rows; the error is kept for the end of the walk.
pub(super) struct Cursor<'s, T> {
    rows: Rows<'s>,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ahead: Option<T>,
    trouble: Trouble,
}

/// The error that cut a walk short, visible while something else holds the cursor.
#[derive(Clone, Default)]
pub(super) struct Trouble(Rc<RefCell<Option<rusqlite::Error>>>);

impl Trouble {
    /// Whether there was an error.
    pub(super) fn is_there(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Keeps the first error; gives what there is without one.
    pub(super) fn keep<T>(&self, done: rusqlite::Result<T>) -> Option<T> {
        match done {
            Ok(value) => return Some(value),
            Err(error) => self.0.borrow_mut().get_or_insert(error),
        };
        None
    }

    /// Hands the error over.
    pub(super) fn take(&self) -> rusqlite::Result<()> {
        self.0.borrow_mut().take().map_or(Ok(()), Err)
    }
}

impl<'s, T> Cursor<'s, T> {
    /// Starts before the first row.
    pub(super) fn new(rows: Rows<'s>, read: fn(&Row<'_>) -> rusqlite::Result<T>) -> Self {
        Self { rows, read, ahead: None, trouble: Trouble::default() }
    }

    /// The next row, left in place.
    pub(super) fn peek(&mut self) -> Option<&T> {
        if self.ahead.is_none() {
            self.ahead = self.fetch();
        }
        self.ahead.as_ref()
    }

    /// Takes the next row if it is as asked.
    pub(super) fn next_if(&mut self, asked: impl FnOnce(&T) -> bool) -> Option<T> {
        if self.peek().is_some_and(asked) { self.ahead.take() } else { None }
    }

    /// Whether rows may be lacking because of an error.
    pub(super) fn is_broken(&self) -> bool {
        self.trouble.is_there()
    }

    /// Where an error will be seen.
    pub(super) fn trouble(&self) -> Trouble {
        self.trouble.clone()
    }

    /// Ends the walk with the error that cut it short, if one did.
    pub(super) fn finish(self) -> rusqlite::Result<()> {
        self.trouble.take()
    }

    fn fetch(&mut self) -> Option<T> {
        if self.is_broken() {
            return None;
        }
        let read = self.read;
        let row = self.rows.next().and_then(|row| row.map(read).transpose());
        self.trouble.keep(row).flatten()
    }
}

impl<T> Iterator for Cursor<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.ahead.take().or_else(|| self.fetch())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_any_character_becomes_an_address() {
        assert_eq!(uri("/a b/ü?x#y%/m.sqlite"), "file:///a%20b/%C3%BC%3Fx%23y%25/m.sqlite");
        assert_eq!(uri("C:/x"), "file:///C:/x");
    }
}
