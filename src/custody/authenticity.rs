//! Signers' keys and what signatures are worth: their rows, and what is still to be weighed.
//!
//! It must not know DNS or how a signature is weighed.

use rusqlite::{Connection, params};

use crate::terms::UtcInstant;

use super::writer::sql_int;
use super::{AuthRow, CustodyError, DnsKeyRow, Ledger, Unweighed, Writer, read_back};

impl Writer<'_> {
    /// Adds what DNS said of a key, told by line `seq`.
    ///
    /// # Errors
    /// As every row: [`CustodyError::Refused`], and the disk's.
    pub fn dns_key(&mut self, row: &DnsKeyRow, seq: u64) -> Result<(), CustodyError> {
        let sql = "INSERT INTO dns_key (name, txt, resolver, asked_at, dnssec_ad, entry_seq)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let asked_at = row.asked_at.to_string();
        self.run(sql, params![row.name, row.txt, row.resolver, asked_at, row.dnssec_ad, sql_int(seq)?])?;
        Ok(())
    }

    /// Adds what a signature is worth, told by line `seq`.
    ///
    /// # Errors
    /// As every row: [`CustodyError::Refused`], and the disk's.
    pub fn auth_result(&mut self, row: &AuthRow, seq: u64) -> Result<(), CustodyError> {
        let sql = "INSERT INTO auth_result (item_id, ordinal, method, domain, selector, header_ok, body_ok, seal_ok,
                     as_of, detail, entry_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let values = params![
            sql_int(row.item_id)?,
            row.ordinal,
            row.method.as_str(),
            row.domain,
            row.selector,
            row.header_ok,
            row.body_ok,
            row.seal_ok,
            row.as_of.to_string(),
            row.detail,
            sql_int(seq)?
        ];
        self.run(sql, values)?;
        Ok(())
    }
}

impl Ledger<'_> {
    /// What DNS said of each name, last.
    ///
    /// # Errors
    /// The disk's.
    pub fn dns_keys(&self) -> Result<Vec<(String, Option<String>)>, CustodyError> {
        let mut query = self.db.prepare_cached("SELECT name, txt FROM dns_key ORDER BY entry_seq")?;
        let mut rows = query.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push((row.get(0)?, row.get(1)?));
        }
        Ok(found)
    }

    /// Collected items after a number whose line states signatures that no line weighs yet.
    ///
    /// # Errors
    /// The disk's.
    pub fn unweighed(&self, after: u64, limit: u32) -> Result<Vec<Unweighed>, CustodyError> {
        unweighed(self.db, after, limit)
    }
}

fn unweighed(db: &Connection, after: u64, limit: u32) -> Result<Vec<Unweighed>, CustodyError> {
    let sql = "SELECT i.control_number, i.path, i.bytes, i.sha256, coalesce(i.received_utc, e.at) AS received
                 FROM item i JOIN entry e ON e.seq = i.entry_seq
                WHERE i.item_id > ?1 AND json_extract(e.body,'$.signatures') > 0
                  AND NOT EXISTS (SELECT 1 FROM auth_result a WHERE a.item_id = i.item_id)
                ORDER BY i.item_id LIMIT ?2";
    let mut query = db.prepare_cached(sql)?;
    let mut rows = query.query(params![sql_int(after)?, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let received: String = row.get("received")?;
        let received = UtcInstant::parse(&received).map_err(|_| CustodyError::corrupt("item.received_utc"))?;
        found.push(Unweighed { file: read_back::item_file(row)?, received });
    }
    Ok(found)
}
