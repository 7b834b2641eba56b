//! Writing: lines and rows of one transaction.
//!
//! The columns are projections of the log lines, so every row names the line it belongs to. Foreign keys are
//! checked when the transaction ends: rows may come before their line as long as both come. Once the database has
//! refused anything, nothing more is taken and the whole transaction is undone, whatever the caller does.

use rusqlite::{Connection, Params, params};

use crate::terms::{Exchange, Sha256, UtcInstant};

use super::checkpoint::Stated;
use super::tree::{self, Tree};
use super::{
    ComparedRow, CustodianRow, CustodyError, ExceptionRow, FolderRow, Head, ItemRow, Known, Ledger, Line, Listed,
    MailboxRow, Meta, Notary, PartRow, ReconciliationRow, VolumeRow,
};

/// A number as SQLite keeps it.
pub(super) fn sql_int(number: u64) -> Result<i64, CustodyError> {
    i64::try_from(number).map_err(|_| CustodyError::refused("a number beyond 2^63 - 1"))
}

fn opt_int(number: Option<u64>) -> Result<Option<i64>, CustodyError> {
    number.map(sql_int).transpose()
}

fn opt_time(at: Option<UtcInstant>) -> Option<String> {
    at.map(|at| at.to_string())
}

/// The pen while it is on the paper: everything given to it becomes durable together, or not at all.
///
/// Every method fails with [`CustodyError::Refused`] when the schema does not allow the row, and with the
/// errors of the disk.
pub struct Writer<'a> {
    db: &'a Connection,
    tree: &'a mut Tree,
    stated: &'a mut Stated,
    meta: &'a Meta,
    notary: &'a Notary,
    spoiled: bool,
}

impl std::fmt::Debug for Writer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Writer(next line {})", self.tree.size())
    }
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        db: &'a Connection,
        (tree, stated): (&'a mut Tree, &'a mut Stated),
        meta: &'a Meta,
        notary: &'a Notary,
    ) -> Self {
        Self { db, tree, stated, meta, notary, spoiled: false }
    }

    pub(super) const fn is_spoiled(&self) -> bool {
        self.spoiled
    }

    /// The record as it stands, this transaction included.
    pub fn ledger(&self) -> Ledger<'_> {
        Ledger { db: self.db, tree: self.tree, meta: self.meta }
    }

    /// What stands in the log for a folder path; see [`Meta::path_hash`].
    pub fn path_hash(&self, path: &str) -> Sha256 {
        self.meta.path_hash(path)
    }

    /// The place the next line will have: for rows that must be counted before their line can be said.
    pub const fn next_seq(&self) -> u64 {
        self.tree.size()
    }

    /// Appends a line to the log, stamped with its place and the time, and returns its place. After every 1,000 lines, or
    /// five minutes, the head is stated with it.
    ///
    /// # Errors
    /// [`CustodyError::Line`] when the line lacks a field or cannot be said.
    pub fn append(&mut self, line: Line) -> Result<u64, CustodyError> {
        let (seq, now) = (self.tree.size(), (self.notary.clock)());
        let said = line.body(seq, now);
        let body = said.inspect_err(|_| self.spoiled = true)?;
        let leaf = tree::leaf(body.as_bytes());
        let sql = "INSERT INTO entry (seq, body, leaf) VALUES (?1, ?2, ?3)";
        self.run(sql, params![sql_int(seq)?, body, leaf.as_bytes()])?;
        self.tree.push(leaf);
        if self.stated.is_due(self.tree.size(), now) {
            self.checkpoint()?;
        }
        Ok(seq)
    }

    /// Adds a custodian, told by line `seq`.
    pub fn custodian(&mut self, row: &CustodianRow, seq: u64) -> Result<(), CustodyError> {
        let sql = "INSERT INTO custodian (custodian_id, display_name, asked_as, entry_seq) VALUES (?1, ?2, ?3, ?4)";
        self.run(sql, params![sql_int(row.custodian_id)?, row.display_name, row.asked_as, sql_int(seq)?])?;
        Ok(())
    }

    /// Adds a mailbox, told by line `seq`.
    pub fn mailbox(&mut self, row: &MailboxRow, seq: u64) -> Result<(), CustodyError> {
        let sql = "INSERT INTO mailbox (mailbox_id, custodian_id, tenant_id, object_id, upn, primary_smtp,
                     mailbox_kind, access_basis, entry_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let values = params![
            sql_int(row.mailbox_id)?,
            sql_int(row.custodian_id)?,
            row.tenant_id,
            row.object_id.as_str(),
            row.upn,
            row.primary_smtp,
            row.mailbox_kind.as_str(),
            row.access_basis.as_str(),
            sql_int(seq)?
        ];
        self.run(sql, values)?;
        Ok(())
    }

    /// Adds a folder, told by line `seq`.
    pub fn folder(&mut self, row: &FolderRow, seq: u64) -> Result<(), CustodyError> {
        let sql = "INSERT INTO folder (folder_id, mailbox_id, graph_id, parent_graph_id, path, well_known,
                     total_item_count, expected, is_hidden, included, excluded_because, entry_seq)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
        let values = params![
            sql_int(row.folder_id)?,
            sql_int(row.mailbox_id)?,
            row.graph_id.as_str(),
            row.parent_graph_id.as_ref().map(crate::terms::GraphId::as_str),
            row.path,
            row.well_known,
            opt_int(row.total_item_count)?,
            opt_int(row.expected)?,
            row.is_hidden,
            row.excluded_because.is_none(),
            row.excluded_because.map(super::Exclusion::as_str),
            sql_int(seq)?
        ];
        self.run(sql, values)?;
        Ok(())
    }

    /// Adds a message to the frozen list, told by line `seq`, and returns its number; `None` when the mailbox's
    /// list already holds this id, and then nothing is changed.
    pub fn listed(&mut self, row: &Listed, seq: u64) -> Result<Option<u64>, CustodyError> {
        // Only that conflict is passed over: `INSERT OR IGNORE` would also swallow what a CHECK refuses.
        let sql = "INSERT INTO listed (listed_id, mailbox_id, folder_id, graph_id, change_key, internet_message_id,
                     received_utc, sent_utc, created_utc, modified_utc, subject, is_draft, item_class, store_bytes,
                     pass, entry_seq)
                   SELECT coalesce(max(listed_id), 0) + 1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15
                     FROM listed WHERE true
                   ON CONFLICT (mailbox_id, graph_id) DO NOTHING";
        let values = params![
            sql_int(row.mailbox_id)?,
            sql_int(row.folder_id)?,
            row.graph_id.as_str(),
            row.change_key,
            row.internet_message_id,
            opt_time(row.received_utc),
            opt_time(row.sent_utc),
            opt_time(row.created_utc),
            opt_time(row.modified_utc),
            row.subject,
            row.is_draft,
            row.item_class,
            opt_int(row.store_bytes)?,
            row.pass,
            sql_int(seq)?
        ];
        match self.run(sql, values)? {
            0 => Ok(None),
            _ => self.last_id().map(Some),
        }
    }

    /// Adds a collected item, told by line `seq`, which must be its own `item.collected`.
    pub fn item(&mut self, row: &ItemRow, seq: u64) -> Result<(), CustodyError> {
        let sql = "INSERT INTO item (item_id, control_number, mailbox_id, folder_id, graph_id, immutable_id, change_key,
                     internet_message_id, mih, content_id, item_class, sent_utc, received_utc, created_utc, modified_utc,
                     header_date, is_draft, subject, path, bytes, sha256, sha1, md5, source_kind, top_received,
                     top_authentication_results, top_arc_authentication_results, entry_seq)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
                     ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28)";
        let values = params![
            sql_int(row.control_number.ordinal())?,
            row.control_number.to_string(),
            sql_int(row.mailbox_id)?,
            sql_int(row.folder_id)?,
            row.graph_id.as_str(),
            row.immutable_id,
            row.change_key,
            row.internet_message_id,
            row.mih.as_ref().map(crate::terms::Md5::as_bytes),
            row.content_id.as_bytes(),
            row.item_class,
            opt_time(row.sent_utc),
            opt_time(row.received_utc),
            opt_time(row.created_utc),
            opt_time(row.modified_utc),
            row.header_date,
            row.is_draft,
            row.subject,
            row.path,
            sql_int(row.bytes)?,
            row.sha256.as_bytes(),
            row.sha1.as_ref().map(crate::terms::Sha1::as_bytes),
            row.md5.as_ref().map(crate::terms::Md5::as_bytes),
            row.source_kind.as_str(),
            row.top_received,
            row.top_authentication_results,
            row.top_arc_authentication_results,
            sql_int(seq)?
        ];
        self.run(sql, values)?;
        Ok(())
    }

    /// Adds a member of an item's family.
    pub fn part(&mut self, row: &PartRow) -> Result<(), CustodyError> {
        let sql = "INSERT INTO part (part_id, item_id, parent_part_id, ordinal, mime_path, role, name_raw, name,
                     media_type, bytes, sha256, target_url) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
        let values = params![
            sql_int(row.part_id)?,
            sql_int(row.item_id)?,
            opt_int(row.parent_part_id)?,
            row.ordinal,
            row.mime_path,
            row.role.as_str(),
            row.name_raw,
            row.name,
            row.media_type,
            opt_int(row.bytes)?,
            row.sha256.as_ref().map(Sha256::as_bytes),
            row.target_url
        ];
        self.run(sql, values)?;
        Ok(())
    }

    /// Adds an exception, told by line `seq`, and returns its number.
    pub fn exception(&mut self, row: &ExceptionRow, seq: u64) -> Result<u64, CustodyError> {
        let sql = "INSERT INTO exception (mailbox_id, folder_id, item_id, listed_id, graph_id, code, severity, detail,
                     attempts, entry_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let values = params![
            opt_int(row.mailbox_id)?,
            opt_int(row.folder_id)?,
            opt_int(row.item_id)?,
            opt_int(row.listed_id)?,
            row.graph_id.as_ref().map(crate::terms::GraphId::as_str),
            row.code.as_str(),
            row.severity.as_str(),
            row.detail,
            row.attempts,
            sql_int(seq)?
        ];
        self.run(sql, values)?;
        self.last_id()
    }

    /// Adds a folder's balance, told by line `seq`; one that does not close is refused.
    pub fn reconciliation(&mut self, row: &ReconciliationRow, seq: u64) -> Result<(), CustodyError> {
        let sql =
            "INSERT INTO reconciliation (mailbox_id, folder_id, expected, outside, not_chosen, held_before, listed,
                     collected, rebuilt, excepted, vanished, appeared, departed, expected_after, entry_seq)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
        let values = params![
            sql_int(row.mailbox_id)?,
            sql_int(row.folder_id)?,
            sql_int(row.expected)?,
            opt_int(row.outside)?,
            opt_int(row.not_chosen)?,
            opt_int(row.held_before)?,
            sql_int(row.counts.listed)?,
            sql_int(row.counts.collected)?,
            sql_int(row.counts.rebuilt)?,
            sql_int(row.counts.excepted)?,
            sql_int(row.counts.vanished)?,
            sql_int(row.counts.appeared)?,
            sql_int(row.counts.departed)?,
            sql_int(row.expected_after)?,
            sql_int(seq)?
        ];
        self.run(sql, values)?;
        Ok(())
    }

    /// Adds a message that an earlier package knew, told by line `seq`. A second one of the same id is passed over.
    pub fn known(&mut self, known: &Known, seq: u64) -> Result<(), CustodyError> {
        let sql = "INSERT INTO earlier (object_id, graph_id, folder_graph_id, folder_path, state, acquisition_id,
                     control_number, content_id, change_key, internet_message_id, received_utc, sent_utc, created_utc,
                     modified_utc, entry_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
                   ON CONFLICT (object_id, graph_id) DO NOTHING";
        let values = params![
            known.owner.as_str(),
            known.graph_id.as_str(),
            known.folder.as_str(),
            known.folder_path,
            known.state.as_str(),
            known.acquisition_id.hyphenated().to_string(),
            known.control_number.to_string(),
            known.content_id.as_ref().map(Sha256::as_bytes),
            known.change_key,
            known.internet_message_id,
            opt_time(known.received_utc),
            opt_time(known.sent_utc),
            opt_time(known.created_utc),
            opt_time(known.modified_utc),
            sql_int(seq)?
        ];
        self.run(sql, values)?;
        Ok(())
    }

    /// Adds a comparison with what an earlier package knew, told by line `seq`.
    pub fn compared(&mut self, row: &ComparedRow, seq: u64) -> Result<(), CustodyError> {
        let sql = "INSERT INTO compared (mailbox_id, earlier_id, outcome, listed_id, folder_id, change_key,
                     modified_utc, seen, entry_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let values = params![
            sql_int(row.mailbox_id)?,
            sql_int(row.earlier_id)?,
            row.outcome.as_str(),
            opt_int(row.listed_id)?,
            opt_int(row.folder_id)?,
            row.change_key,
            opt_time(row.modified_utc),
            row.seen.map(super::Sighting::as_str),
            sql_int(seq)?
        ];
        self.run(sql, values)?;
        Ok(())
    }

    /// Adds a ZIP volume, told by line `seq`.
    pub fn volume(&mut self, row: &VolumeRow, seq: u64) -> Result<(), CustodyError> {
        let sql = "INSERT INTO volume (volume_id, name, bytes, members, sha256, entry_seq)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let id = sql_int(row.volume_id)?;
        let (bytes, members) = (sql_int(row.bytes)?, sql_int(row.members)?);
        self.run(sql, params![id, row.name, bytes, members, row.sha256.as_bytes(), sql_int(seq)?])?;
        Ok(())
    }

    /// Adds one exchange with the service, and the line it served, if one did.
    pub fn request(&mut self, exchange: &Exchange, seq: Option<u64>) -> Result<(), CustodyError> {
        let sql =
            "INSERT INTO request (entry_seq, purpose, method, url, status, attempt, client_request_id, request_id,
                     server_date, sent_at, headers_at, done_at, content_length, bytes, retry_after_ms, error)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
        // What a server claims may be any number; one that SQLite cannot hold is no length and no pause.
        let claimed = |number: u128| i64::try_from(number).ok();
        let values = params![
            opt_int(seq)?,
            exchange.purpose.as_str(),
            exchange.method.as_str(),
            exchange.url,
            exchange.status,
            exchange.attempt,
            exchange.client_request_id.hyphenated().to_string(),
            exchange.request_id,
            exchange.server_date,
            exchange.sent_at.to_string(),
            opt_time(exchange.headers_at),
            exchange.done_at.to_string(),
            exchange.content_length.and_then(|length| claimed(length.into())),
            sql_int(exchange.bytes)?,
            exchange.retry_after.and_then(|pause| claimed(pause.as_millis())),
            exchange.error
        ];
        self.run(sql, values)?;
        Ok(())
    }

    /// States and signs the head of the log, this transaction's lines included, and keeps the statement. Stating the same
    /// head twice keeps one.
    ///
    /// # Errors
    /// [`CustodyError::NeverOpened`] while the log is empty.
    pub fn checkpoint(&mut self) -> Result<Head, CustodyError> {
        let head = self.ledger().head();
        if head.size == 0 {
            return Err(CustodyError::NeverOpened);
        }
        let sql = "INSERT INTO checkpoint (size, root, note) VALUES (?1, ?2, ?3) ON CONFLICT (size) DO NOTHING";
        let note = head.note(&self.meta.origin(), &self.notary.key);
        self.run(sql, params![sql_int(head.size)?, head.root.as_bytes(), note])?;
        *self.stated = Stated { size: head.size, at: (self.notary.clock)() };
        Ok(head)
    }

    /// Runs one statement and returns how many rows it added.
    pub(super) fn run(&mut self, sql: &str, values: impl Params) -> Result<usize, CustodyError> {
        // Some failures (a full disk) end the transaction by themselves; what follows would stand alone.
        if self.spoiled || self.db.is_autocommit() {
            self.spoiled = true;
            return Err(CustodyError::refused("a row after a failure in the same transaction"));
        }
        let ran = self.db.prepare_cached(sql).and_then(|mut statement| statement.execute(values));
        ran.map_err(|error| {
            self.spoiled = true;
            CustodyError::from(error)
        })
    }

    fn last_id(&self) -> Result<u64, CustodyError> {
        u64::try_from(self.db.last_insert_rowid()).map_err(|_| CustodyError::corrupt("a row number is negative"))
    }
}
