//! Which messages say what an earlier one says, by content id: the first by control number is kept.
//!
//! Families are whole by nature, as a message carries its members. It must not know what becomes of the answer.

use std::collections::HashMap;

use rusqlite::{Connection, Statement};

use super::family::Item;
use super::wanted::Dedupe;

/// Who is left out, and for whom.
#[derive(Default)]
pub(super) struct Duplicates {
    /// Kept message by left-out message.
    left_out: HashMap<i64, i64>,
}

impl Duplicates {
    /// Finds them in the manifest.
    pub(super) fn find(db: &Connection, among: Dedupe) -> rusqlite::Result<Self> {
        let own = if among == Dedupe::Custodian { "m.custodian_id, " } else { "" };
        let sql = format!(
            "SELECT item_id, kept FROM (SELECT i.item_id, min(i.item_id) OVER (PARTITION BY {own}i.content_id) AS kept \
             FROM item i JOIN mailbox m USING (mailbox_id)) WHERE kept <> item_id"
        );
        let left_out =
            db.prepare(&sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        Ok(Self { left_out })
    }

    /// For whom a message is left out.
    pub(super) fn kept_for(&self, item_id: i64) -> Option<i64> {
        self.left_out.get(&item_id).copied()
    }

    /// How many are left out.
    pub(super) fn len(&self) -> u64 {
        self.left_out.len() as u64
    }
}

/// The query for the custodians that have a copy.
pub(super) struct Custodians<'d> {
    statement: Statement<'d>,
    among: Dedupe,
}

impl<'d> Custodians<'d> {
    pub(super) fn new(db: &'d Connection, among: Dedupe) -> rusqlite::Result<Self> {
        let sql = "SELECT DISTINCT c.custodian_id, coalesce(nullif(trim(c.display_name), ''), c.asked_as) \
                   FROM item i JOIN mailbox m USING (mailbox_id) JOIN custodian c USING (custodian_id) \
                   WHERE i.content_id = ?1 ORDER BY c.custodian_id";
        Ok(Self { statement: db.prepare(sql)?, among })
    }

    /// The custodians of a kept message and of the copies left out for it, its own first.
    pub(super) fn of(&mut self, item: &Item) -> rusqlite::Result<Vec<String>> {
        let mut all = vec![item.custodian.clone()];
        if let Some(content_id) = item.content_id.filter(|_| self.among == Dedupe::Global) {
            let others = self.statement.query_map([content_id.as_bytes().as_slice()], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
            })?;
            for other in others {
                let (id, name) = other?;
                if id != item.custodian_id {
                    all.push(name);
                }
            }
        }
        Ok(all)
    }
}
