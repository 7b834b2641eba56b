//! Snapshots: a whole dataset goes in with one transaction; the same content twice writes no rows.
//!
//! Versions that are no longer true are closed, new ones opened. It must not know where rows come from.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::join::join;
use super::stage::{Stage, digest_of};
use super::table::{Holds, PRINCIPAL, Table};
use super::{Store, StoreError};
use crate::terms::{Hasher, Sha256, UtcInstant};

/// A dataset that is whole.
#[derive(Debug)]
pub(in crate::inventory) struct Whole<'a> {
    pub(in crate::inventory) run: i64,
    pub(in crate::inventory) tenant: &'a str,
    pub(in crate::inventory) dataset: &'a str,
    pub(in crate::inventory) period: &'a str,
    /// The report's own date; empty where it has none.
    pub(in crate::inventory) refresh: &'a str,
    pub(in crate::inventory) taken: UtcInstant,
    pub(in crate::inventory) concealment: &'a str,
    pub(in crate::inventory) columns: Option<&'a str>,
    /// The exchanges it came from.
    pub(in crate::inventory) fetches: &'a [i64],
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::inventory) struct Settled {
    pub(in crate::inventory) snap: i64,
    pub(in crate::inventory) rows: i64,
    /// The snapshot that says the same.
    pub(in crate::inventory) same_as: Option<i64>,
    /// The snapshot of the same date that said something else.
    pub(in crate::inventory) restates: Option<i64>,
}

/// The newest complete snapshot of a dataset.
struct Before {
    snap: i64,
    same_as: Option<i64>,
    refresh: String,
    content: String,
    rows: i64,
    concealment: String,
    columns: Option<String>,
}

impl Store {
    /// Puts a whole dataset in.
    pub(in crate::inventory) fn settle(&self, stage: &Stage<'_>, whole: &Whole<'_>) -> Result<Settled, StoreError> {
        let (content, rows) = (stage.digest()?, stage.count()?);
        let transaction = rusqlite::Transaction::new_unchecked(&self.db, rusqlite::TransactionBehavior::Immediate)?;
        let before = before(&transaction, whole)?;
        let content = content.to_string();
        let same = before.as_ref().filter(|before| before.content == content && before.refresh == whole.refresh);
        let same_as = same.map(|before| before.same_as.unwrap_or(before.snap));
        let restates = if same_as.is_none() { restated(&transaction, whole, &content)? } else { None };
        let snap = insert(&transaction, whole, (&content, rows), same_as, restates)?;
        if same_as.is_none() {
            if stage.tables().iter().any(|table| table.name == PRINCIPAL.name) {
                join(&transaction, whole.tenant, snap, whole.refresh)?;
            }
            for table in stage.tables() {
                match table.holds {
                    Holds::Versions => versions(&transaction, table, whole.tenant, snap)?,
                    Holds::Snapshot => copy(&transaction, table, whole.tenant, snap)?,
                }
            }
        }
        refer(&transaction, whole, snap)?;
        transaction.commit()?;
        Ok(Settled { snap, rows, same_as, restates })
    }

    /// Notes that the service says nothing changed since the newest snapshot; `None` when there is none.
    pub(in crate::inventory) fn settle_unchanged(&self, whole: &Whole<'_>) -> Result<Option<Settled>, StoreError> {
        let transaction = rusqlite::Transaction::new_unchecked(&self.db, rusqlite::TransactionBehavior::Immediate)?;
        let Some(before) = before(&transaction, whole)? else { return Ok(None) };
        let same_as = Some(before.same_as.unwrap_or(before.snap));
        let (concealment, columns) = (before.concealment.as_str(), before.columns.as_deref());
        let whole = Whole { refresh: &before.refresh, concealment, columns, ..*whole };
        let snap = insert(&transaction, &whole, (&before.content, before.rows), same_as, None)?;
        refer(&transaction, &whole, snap)?;
        transaction.commit()?;
        Ok(Some(Settled { snap, rows: before.rows, same_as, restates: None }))
    }
}

fn before(db: &Connection, whole: &Whole<'_>) -> Result<Option<Before>, StoreError> {
    let sql = "SELECT snap_id, same_as, refresh_date, content_sha256, row_count,
       concealment, columns_json FROM snapshot
       WHERE tenant_id = ?1 AND dataset = ?2 AND period = ?3 AND complete = 1 ORDER BY snap_id DESC LIMIT 1";
    let found = db.query_row(sql, params![whole.tenant, whole.dataset, whole.period], |row| {
        Ok(Before {
            snap: row.get(0)?,
            same_as: row.get(1)?,
            refresh: row.get(2)?,
            content: row.get(3)?,
            rows: row.get(4)?,
            concealment: row.get(5)?,
            columns: row.get(6)?,
        })
    });
    Ok(found.optional()?)
}

/// The newest snapshot of the same report date, if it says something else.
fn restated(db: &Connection, whole: &Whole<'_>, content: &str) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT snap_id FROM snapshot WHERE tenant_id = ?1 AND dataset = ?2 AND period = ?3 AND complete = 1
       AND refresh_date = ?4 AND refresh_date <> '' AND content_sha256 <> ?5 ORDER BY snap_id DESC LIMIT 1";
    let with = params![whole.tenant, whole.dataset, whole.period, whole.refresh, content];
    Ok(db.query_row(sql, with, |row| row.get(0)).optional()?)
}

fn insert(
    db: &Connection,
    whole: &Whole<'_>,
    (content, rows): (&str, i64),
    same_as: Option<i64>,
    restates: Option<i64>,
) -> Result<i64, StoreError> {
    db.execute(
        "INSERT INTO snapshot (run_id, tenant_id, dataset, period, refresh_date, taken_at, complete, row_count,
           content_sha256, same_as, restates, concealment, columns_json)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            whole.run,
            whole.tenant,
            whole.dataset,
            whole.period,
            whole.refresh,
            whole.taken.to_string(),
            rows,
            content,
            same_as,
            restates,
            whole.concealment,
            whole.columns,
        ],
    )?;
    Ok(db.last_insert_rowid())
}

fn refer(db: &Connection, whole: &Whole<'_>, snap: i64) -> Result<(), StoreError> {
    let mut update = db.prepare_cached("UPDATE fetch SET snap_id = ?2 WHERE fetch_id = ?1")?;
    for fetch in whole.fetches {
        update.execute(params![fetch, snap])?;
    }
    Ok(())
}

/// Closes what is missing or differs, and opens what is new.
fn versions(db: &Connection, table: &Table, tenant: &str, snap: i64) -> Result<(), StoreError> {
    let (name, only) = (table.name, table.only);
    let compared: Vec<&str> = if table.has_hash { vec!["row_hash"] } else { table.columns.to_vec() };
    let same = |parts: &[&str]| -> String { parts.iter().map(|part| format!(" AND s.{part} IS t.{part}")).collect() };
    let matched = format!("1{}{}", same(table.keys), same(&compared));
    db.execute(
        &format!(
            "UPDATE {name} AS t SET to_snap = ?2 WHERE tenant_id = ?1 AND to_snap IS NULL AND {only}
               AND NOT EXISTS (SELECT 1 FROM temp.s_{name} s WHERE {matched})"
        ),
        params![tenant, snap],
    )?;
    let hash = if table.has_hash { ", row_hash" } else { "" };
    let columns = table.content().join(", ");
    db.execute(
        &format!(
            "INSERT INTO {name} (tenant_id, from_snap, {columns}{hash}) SELECT ?1, ?2, {columns}{hash}
             FROM temp.s_{name} s WHERE NOT EXISTS (SELECT 1 FROM {name} t WHERE t.tenant_id = ?1 AND t.to_snap IS NULL{})",
            same(table.keys)
        ),
        params![tenant, snap],
    )?;
    Ok(())
}

/// Copies the rows of a snapshot.
fn copy(db: &Connection, table: &Table, tenant: &str, snap: i64) -> Result<(), StoreError> {
    let columns: Vec<&str> = table.keys.iter().chain(table.columns).chain(table.found).copied().collect();
    let (name, columns) = (table.name, columns.iter().map(|column| format!(", {column}")).collect::<String>());
    if table.has_tenant {
        let sql = format!("INSERT INTO {name} (snap_id, tenant_id{columns}) SELECT ?1, ?2{columns} FROM temp.s_{name}");
        db.execute(&sql, params![snap, tenant])?;
    } else {
        let sql = format!("INSERT INTO {name} (snap_id{columns}) SELECT ?1{columns} FROM temp.s_{name}");
        db.execute(&sql, params![snap])?;
    }
    Ok(())
}

/// The digest of what the tables say as of a snapshot.
pub(in crate::inventory) fn digest_as_of(
    db: &Connection,
    tables: &[&'static Table],
    tenant: &str,
    snap: i64,
) -> Result<Sha256, StoreError> {
    let mut hasher = Hasher::new();
    for table in tables {
        let (columns, name, order, only) = (table.content().join(", "), table.name, table.order(), table.only);
        match table.holds {
            Holds::Versions => {
                let sql = format!(
                    "SELECT {columns} FROM {name} WHERE tenant_id = ?1 AND from_snap <= ?2
                       AND (to_snap IS NULL OR to_snap > ?2) AND {only} ORDER BY {order}"
                );
                digest_of(db, table, &sql, &[&tenant, &snap], &mut hasher)?;
            }
            Holds::Snapshot => {
                let sql = format!("SELECT {columns} FROM {name} WHERE snap_id = ?1 ORDER BY {order}");
                digest_of(db, table, &sql, &[&snap], &mut hasher)?;
            }
        }
    }
    Ok(hasher.finish().0)
}
