//! Which messages are asked for again: all, or a share that anyone can draw again by the same number.
//!
//! It must not ask for anything.

use camino::Utf8PathBuf;
use rusqlite::{Connection, Row};

use super::RefetchError;
use crate::terms::{ObjectId, Sha256};
use crate::verify::Record;

/// The fewest messages of a sample, where there are so many.
pub const AT_LEAST: u64 = 25;

/// A message as the package holds it.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) control_number: String,
    pub(super) path: String,
    pub(super) mailbox: ObjectId,
    pub(super) folder: String,
    pub(super) graph_id: String,
    pub(super) message_id: Option<String>,
    pub(super) sha256: Sha256,
    pub(super) content_id: Vec<u8>,
}

/// What was drawn.
#[derive(Debug)]
pub struct Drawn {
    pub(super) root: Utf8PathBuf,
    pub(super) held: Vec<Held>,
    pub(super) natives: u64,
    pub(super) rebuilt: u64,
    pub(super) draw: Option<u64>,
}

impl Drawn {
    /// Draws a share (in ten-thousandths: 100 is 1 %) of the natives that the service rendered, and at least
    /// [`AT_LEAST`]. Blocks: call it off the reactor.
    ///
    /// # Errors
    /// [`RefetchError::Manifest`]; [`RefetchError::OtherTenant`] for a package of another tenant.
    pub fn of(record: &Record, share: u64, draw: u64, tenant: &str) -> Result<Self, RefetchError> {
        let db = record.db();
        let count = |kind: &str| count(db, kind);
        let (natives, rebuilt) = (count("mime_value")?, count("rebuilt_from_json")?);
        let others: i64 =
            db.query_row("SELECT count(*) FROM mailbox WHERE tenant_id <> ?1 COLLATE NOCASE", [tenant], |row| {
                row.get(0)
            })?;
        if others > 0 {
            return Err(RefetchError::OtherTenant);
        }
        let wanted = (natives.saturating_mul(share)).div_ceil(10_000).max(AT_LEAST).min(natives);
        let mut numbers = Vec::new();
        let mut query = db.prepare("SELECT item_id FROM item WHERE source_kind = 'mime_value'")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            numbers.push((place(draw, number), number));
        }
        let all = wanted == natives;
        numbers.sort_unstable();
        numbers.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
        numbers.sort_unstable_by_key(|(_, number)| *number);
        let mut query = db.prepare(HELD)?;
        let held = numbers.iter().map(|(_, number)| query.query_row([number], held));
        let held = held.collect::<Result<Vec<_>, _>>()?;
        Ok(Self { root: record.root().to_owned(), held, natives, rebuilt, draw: (!all).then_some(draw) })
    }

    /// How many are asked for.
    pub fn count(&self) -> usize {
        self.held.len()
    }
}

/// Where a message stands in the order of a drawing.
fn place(draw: u64, item: i64) -> [u8; 32] {
    *Sha256::of(&[draw.to_be_bytes(), item.to_be_bytes()].concat()).as_bytes()
}

fn count(db: &Connection, kind: &str) -> rusqlite::Result<u64> {
    let count: i64 = db.query_row("SELECT count(*) FROM item WHERE source_kind = ?1", [kind], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

const HELD: &str = "SELECT i.control_number, i.path, m.object_id, f.graph_id, i.graph_id, i.internet_message_id, i.sha256,
    i.content_id FROM item i JOIN mailbox m USING (mailbox_id) JOIN folder f ON f.folder_id = i.folder_id WHERE i.item_id = ?1";

fn held(row: &Row<'_>) -> rusqlite::Result<Held> {
    let wrong = |column| rusqlite::Error::InvalidColumnType(column, String::new(), rusqlite::types::Type::Text);
    let mailbox: String = row.get(2)?;
    let sha256: Vec<u8> = row.get(6)?;
    Ok(Held {
        control_number: row.get(0)?,
        path: row.get(1)?,
        mailbox: ObjectId::new(&mailbox).map_err(|_| wrong(2))?,
        folder: row.get(3)?,
        graph_id: row.get(4)?,
        message_id: row.get(5)?,
        sha256: Sha256::from_slice(&sha256).ok_or_else(|| wrong(6))?,
        content_id: row.get(7)?,
    })
}
