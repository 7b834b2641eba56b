//! Reading the record while it is being written: one consistent view, from the pen's own thread.
//!
//! Reads inside a write see that write's own rows. Must not change anything.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use rusqlite::{Connection, Params, Row};

use crate::terms::{Sha256, UtcInstant};

use super::listings::{self, Which};
use super::read_back;
use super::tally::{self, Of};
use super::tree::Tree;
use super::writer::sql_int;
use super::{
    Compared, Counts, CustodianRow, CustodyError, Ended, EventKind, ExceptionCount, ExceptionSeen, FolderRow, Head,
    ItemFile, KnownRow, ListedRow, MailboxRow, Meta, NativeFile, ReconciliationRow, VolumeRow, earlier, seal,
};

/// One line of the log with its stamps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place, from 0.
    pub seq: u64,
    /// What it tells.
    pub kind: EventKind,
    /// When it was appended.
    pub at: UtcInstant,
    /// The canonical text.
    pub body: String,
}

impl Entry {
    /// The line as JSON.
    ///
    /// # Errors
    /// [`CustodyError::LogBroken`] when it is not JSON.
    pub fn json(&self) -> Result<serde_json::Value, CustodyError> {
        serde_json::from_str(&self.body)
            .map_err(|_| CustodyError::LogBroken { seq: self.seq, what: "the line is not JSON".to_owned() })
    }
}

/// A view of the record. Every method fails with [`CustodyError`] when the database cannot be read or is damaged.
#[derive(Debug, Clone, Copy)]
pub struct Ledger<'a> {
    pub(super) db: &'a Connection,
    pub(super) tree: &'a Tree,
    pub(super) meta: &'a Meta,
}

impl Ledger<'_> {
    /// What the manifest says about itself.
    pub fn meta(&self) -> &Meta {
        self.meta
    }

    /// What stands in the log for a folder path; see [`Meta::path_hash`].
    pub fn path_hash(&self, path: &str) -> Sha256 {
        self.meta.path_hash(path)
    }

    /// The length of the log and its root.
    pub fn head(&self) -> Head {
        Head { size: self.tree.size(), root: self.tree.root() }
    }

    /// The signed text of the checkpoint over the whole log.
    ///
    /// # Errors
    /// [`CustodyError::NeverOpened`] while none was made.
    pub fn note(&self) -> Result<String, CustodyError> {
        let size = sql_int(self.tree.size())?;
        let note = self.one("SELECT note FROM checkpoint WHERE size = ?1", [size], |row| Ok(row.get("note")?))?;
        note.ok_or(CustodyError::NeverOpened)
    }

    /// The public key of the session that wrote the last lines, as verifiers want it.
    ///
    /// # Errors
    /// [`CustodyError::LogBroken`] when the line of that session does not name it.
    pub fn vkey(&self) -> Result<String, CustodyError> {
        let session = self.last_of(EventKind::SessionOpened)?.ok_or(CustodyError::NeverOpened)?;
        let broken = || CustodyError::LogBroken { seq: session.seq, what: "the line names no key".to_owned() };
        session.json()?["note_vkey"].as_str().map(str::to_owned).ok_or_else(broken)
    }

    /// Line 0, `acquisition.opened`.
    ///
    /// # Errors
    /// [`CustodyError::NeverOpened`] while the log is empty.
    pub fn opening(&self) -> Result<serde_json::Value, CustodyError> {
        let first = self.one("SELECT * FROM entry WHERE seq = 0", [], read_back::entry)?;
        first.ok_or(CustodyError::NeverOpened)?.json()
    }

    /// The last line of the log.
    pub fn last_event(&self) -> Result<Option<Entry>, CustodyError> {
        self.one("SELECT * FROM entry ORDER BY seq DESC LIMIT 1", [], read_back::entry)
    }

    /// The last line of one kind.
    pub fn last_of(&self, kind: EventKind) -> Result<Option<Entry>, CustodyError> {
        let sql = "SELECT * FROM entry WHERE kind = ?1 ORDER BY seq DESC LIMIT 1";
        self.one(sql, [kind.as_str()], read_back::entry)
    }

    /// All lines of one kind, in order. For kinds that do not grow with the mailbox.
    pub fn all_of(&self, kind: EventKind) -> Result<Vec<Entry>, CustodyError> {
        self.all("SELECT * FROM entry WHERE kind = ?1 ORDER BY seq", [kind.as_str()], read_back::entry)
    }

    /// Whether the log has its last line, `acquisition.sealed`: nothing may be added any more.
    pub fn is_sealed(&self) -> Result<bool, CustodyError> {
        Ok(self.last_event()?.is_some_and(|last| last.kind == EventKind::AcquisitionSealed))
    }

    /// All custodians, in the order they were named.
    pub fn custodians(&self) -> Result<Vec<CustodianRow>, CustodyError> {
        self.all("SELECT * FROM custodian ORDER BY custodian_id", [], read_back::custodian)
    }

    /// All mailboxes, in the order they were opened.
    pub fn mailboxes(&self) -> Result<Vec<MailboxRow>, CustodyError> {
        self.all("SELECT * FROM mailbox ORDER BY mailbox_id", [], read_back::mailbox)
    }

    /// The folders of a mailbox, left out ones too, in the order they were seen.
    pub fn folders(&self, mailbox_id: u64) -> Result<Vec<FolderRow>, CustodyError> {
        let sql = "SELECT * FROM folder WHERE mailbox_id = ?1 ORDER BY folder_id";
        self.all(sql, [sql_int(mailbox_id)?], read_back::folder)
    }

    /// Which passes over a folder came to their end.
    pub fn folder_passes(&self, folder_id: u64) -> Result<BTreeSet<u64>, CustodyError> {
        let sql = "SELECT json_extract(body,'$.pass') AS pass FROM entry
                    WHERE kind = 'folder.listed' AND json_extract(body,'$.folder_id') = ?1";
        let passes = self.all(sql, [sql_int(folder_id)?], |row| read_back::count(row, "pass"))?;
        Ok(passes.into_iter().collect())
    }

    /// Which passes came to their end, for each folder of a mailbox that has one; one read for all folders.
    pub fn passes(&self, mailbox_id: u64) -> Result<BTreeMap<u64, BTreeSet<u64>>, CustodyError> {
        let sql = "SELECT json_extract(body,'$.folder_id') AS folder_id, json_extract(body,'$.pass') AS pass FROM entry
                    WHERE kind = 'folder.listed' AND json_extract(body,'$.mailbox_id') = ?1
                      AND json_extract(body,'$.folder_id') IS NOT NULL"; // the tree's own listing names no folder
        let pair = |row: &Row<'_>| Ok((read_back::count(row, "folder_id")?, read_back::count(row, "pass")?));
        let mut passes = BTreeMap::<u64, BTreeSet<u64>>::new();
        for (folder_id, pass) in self.all(sql, [sql_int(mailbox_id)?], pair)? {
            passes.entry(folder_id).or_default().insert(pass);
        }
        Ok(passes)
    }

    /// Listed items of a mailbox that have not ended yet, in listing order, after `after`, at most `limit`.
    pub fn remaining(&self, mailbox_id: u64, after: u64, limit: u32) -> Result<Vec<ListedRow>, CustodyError> {
        listings::listed(self.db, Which::Remaining, mailbox_id, after, limit)
    }

    /// Listed items of a mailbox that are on record as missing, in the same manner; what a retry goes through.
    pub fn missing(&self, mailbox_id: u64, after: u64, limit: u32) -> Result<Vec<ListedRow>, CustodyError> {
        listings::listed(self.db, Which::Missing, mailbox_id, after, limit)
    }

    /// Whether the mailbox's list already holds this id, or an earlier package knew it.
    pub fn is_listed(&self, mailbox_id: u64, graph_id: &crate::terms::GraphId) -> Result<bool, CustodyError> {
        let sql = "SELECT 1 FROM listed WHERE mailbox_id = ?1 AND graph_id = ?2 UNION ALL
                   SELECT 1 FROM earlier e JOIN mailbox m ON m.object_id = e.object_id
                    WHERE m.mailbox_id = ?1 AND e.graph_id = ?2";
        let found = self.one(sql, (sql_int(mailbox_id)?, graph_id.as_str()), |_| Ok(()))?;
        Ok(found.is_some())
    }

    /// The exception that says, last, that a listed item is missing.
    pub fn last_missing(&self, listed_id: u64) -> Result<Option<u64>, CustodyError> {
        listings::last_missing(self.db, listed_id)
    }

    /// Exceptions that stand and say that a folder, or a part of it, could not be listed: each with its folder.
    pub fn unlisted(&self, mailbox_id: u64) -> Result<Vec<(u64, u64)>, CustodyError> {
        listings::unlisted(self.db, mailbox_id)
    }

    /// Ids other than the listed ones under which messages of a mailbox were found again.
    pub fn found_again(&self, mailbox_id: u64) -> Result<Vec<crate::terms::GraphId>, CustodyError> {
        listings::found_again(self.db, mailbox_id)
    }

    /// What became of a mailbox's items.
    pub fn counts(&self, mailbox_id: u64) -> Result<Counts, CustodyError> {
        tally::counts(self.db, Of::Mailbox(mailbox_id))
    }

    /// What became of a folder's items.
    pub fn folder_counts(&self, folder_id: u64) -> Result<Counts, CustodyError> {
        tally::counts(self.db, Of::Folder(folder_id))
    }

    /// How far a mailbox is; far cheaper than [`Self::counts`].
    pub fn ended(&self, mailbox_id: u64) -> Result<Ended, CustodyError> {
        tally::ended(self.db, mailbox_id)
    }

    /// How many items are in the package; far cheaper than [`Self::totals`].
    pub fn collected_in_all(&self) -> Result<u64, CustodyError> {
        tally::collected(self.db)
    }

    /// What became of all items.
    pub fn totals(&self) -> Result<Counts, CustodyError> {
        tally::counts(self.db, Of::Everything)
    }

    /// The exceptions that stand, by code and severity.
    pub fn exceptions_by_code(&self) -> Result<Vec<ExceptionCount>, CustodyError> {
        tally::exceptions_by_code(self.db)
    }

    /// Goes through all exceptions in the order they were recorded, resolved ones too.
    ///
    /// # Errors
    /// Also whatever `each` returns; the walk ends there.
    pub fn each_exception(
        &self,
        mut each: impl FnMut(ExceptionSeen) -> Result<(), CustodyError>,
    ) -> Result<(), CustodyError> {
        listings::each_exception(self.db, &mut each)
    }

    /// All exceptions in the order they were recorded, resolved ones too.
    pub fn exceptions(&self) -> Result<Vec<ExceptionSeen>, CustodyError> {
        let mut found = Vec::new();
        self.each_exception(|exception| {
            found.push(exception);
            Ok(())
        })?;
        Ok(found)
    }

    /// Goes through the natives in order of control number. The pen waits meanwhile: for slow work use
    /// [`Self::item_files`] in steps.
    ///
    /// # Errors
    /// Also whatever `each` returns; the walk ends there.
    pub fn each_item(&self, mut each: impl FnMut(ItemFile) -> Result<(), CustodyError>) -> Result<(), CustodyError> {
        listings::each_item(self.db, &mut each)
    }

    /// The next natives after the one with ordinal `after`, in order of control number, at most `limit`.
    pub fn item_files(&self, after: u64, limit: u32) -> Result<Vec<ItemFile>, CustodyError> {
        listings::item_files(self.db, after, limit)
    }

    /// Natives after a path, in the order of their paths, at most so many.
    pub fn natives(&self, after: &str, limit: u32) -> Result<Vec<NativeFile>, CustodyError> {
        listings::natives(self.db, after, limit)
    }

    /// How many messages a folder lists, and their bytes in the store as far as the service said.
    pub fn folder_sizes(&self, folder_id: u64) -> Result<(u64, u64), CustodyError> {
        listings::folder_sizes(self.db, folder_id)
    }

    /// The number and the version (change key) of a message as it was first listed.
    pub fn version(
        &self,
        mailbox_id: u64,
        graph_id: &crate::terms::GraphId,
    ) -> Result<Option<(u64, Option<String>)>, CustodyError> {
        listings::version(self.db, mailbox_id, graph_id)
    }

    /// The service's id of a listed item.
    pub fn graph_id(&self, listed_id: u64) -> Result<Option<crate::terms::GraphId>, CustodyError> {
        listings::graph_id(self.db, listed_id)
    }

    /// The service's count of a folder in one pass, or what it listed where it gave none.
    pub fn expected(&self, folder_id: u64, pass: u32) -> Result<Option<u64>, CustodyError> {
        listings::expected(self.db, folder_id, pass)
    }

    /// How many messages of a folder were passed over in one pass because of a list of ids; `None` without one.
    pub fn not_chosen(&self, folder_id: u64, pass: u32) -> Result<Option<u64>, CustodyError> {
        listings::not_chosen(self.db, folder_id, pass)
    }

    /// Goes through the ids of all listed items: the service's, and the Message-ID.
    pub fn each_listed_id(&self, mut each: impl FnMut(&str, Option<&str>)) -> Result<(), CustodyError> {
        listings::each_listed_id(self.db, &mut each)
    }

    /// Messages that the first listing of a folder showed and that nothing calls gone: number and id, in listing order after
    /// `after`, at most `limit`.
    pub fn first_listed(
        &self,
        folder_id: u64,
        after: u64,
        limit: u32,
    ) -> Result<Vec<(u64, crate::terms::GraphId)>, CustodyError> {
        listings::first_listed(self.db, folder_id, after, limit)
    }

    /// The latest balance of each folder of a mailbox, with the folder, in the order the folders were seen.
    pub fn balances(&self, mailbox_id: u64) -> Result<Vec<(FolderRow, ReconciliationRow)>, CustodyError> {
        let sql = "SELECT f.*, r.expected AS before, r.outside, r.not_chosen, r.held_before, r.listed, r.collected,
                          r.rebuilt, r.excepted, r.vanished, r.appeared, r.departed, r.expected_after,
                          (SELECT coalesce(sum(i.bytes), 0) FROM item i WHERE i.folder_id = f.folder_id) AS bytes
                     FROM folder f JOIN reconciliation r ON r.folder_id = f.folder_id
                      AND r.entry_seq = (SELECT max(entry_seq) FROM reconciliation WHERE folder_id = f.folder_id)
                    WHERE f.mailbox_id = ?1 ORDER BY f.folder_id";
        self.all(sql, [sql_int(mailbox_id)?], |row| Ok((read_back::folder(row)?, read_back::reconciliation(row)?)))
    }

    /// Whether the folder tree of every mailbox was seen whole: no exception says that there may be more folders.
    pub fn trees_are_whole(&self) -> Result<bool, CustodyError> {
        let sql = "SELECT 1 FROM exception WHERE severity = 'fatal' AND folder_id IS NULL LIMIT 1";
        Ok(self.one(sql, [], |_| Ok(()))?.is_none())
    }

    /// Whether there is an exception whose detail begins so.
    pub fn has_exception_like(&self, beginning: &str) -> Result<bool, CustodyError> {
        let sql = "SELECT 1 FROM exception WHERE substr(detail, 1, length(?1)) = ?1 LIMIT 1";
        Ok(self.one(sql, [beginning], |_| Ok(()))?.is_some())
    }

    /// A collected item's file and content id; `None` when it is not collected.
    pub fn collected(&self, listed_id: u64) -> Result<Option<(ItemFile, Sha256)>, CustodyError> {
        listings::collected(self.db, listed_id)
    }

    /// What an earlier package knew of a message, and what was said about it so far.
    pub fn known(
        &self,
        owner: &crate::terms::ObjectId,
        graph_id: &crate::terms::GraphId,
    ) -> Result<Option<KnownRow>, CustodyError> {
        earlier::known(self.db, owner, graph_id)
    }

    /// Known messages of a mailbox that nothing was said about yet, in the order of their ids, after one, at most `limit`.
    pub fn unseen(
        &self,
        owner: &crate::terms::ObjectId,
        after: Option<&crate::terms::GraphId>,
        limit: u32,
    ) -> Result<Vec<KnownRow>, CustodyError> {
        earlier::unseen(self.db, owner, after, limit)
    }

    /// How a mailbox compares with what an earlier package knew.
    pub fn compared(&self, mailbox_id: u64) -> Result<Compared, CustodyError> {
        earlier::counts(self.db, mailbox_id)
    }

    /// Messages of a folder that were not fetched again, because an earlier package holds them.
    pub fn held(&self, folder_id: u64) -> Result<u64, CustodyError> {
        earlier::held(self.db, folder_id)
    }

    /// How many messages an earlier package knew, and the digest over them.
    pub fn earlier_digest(&self) -> Result<(u64, Sha256), CustodyError> {
        earlier::earlier_digest(self.db)
    }

    /// The digest over a mailbox's comparisons.
    pub fn compared_digest(&self, mailbox_id: u64) -> Result<Sha256, CustodyError> {
        earlier::compared_digest(self.db, mailbox_id)
    }

    /// The last line of one kind that is about a mailbox.
    pub fn last_about(&self, kind: EventKind, mailbox_id: u64) -> Result<Option<Entry>, CustodyError> {
        let sql = "SELECT * FROM entry WHERE kind = ?1 AND json_extract(body,'$.mailbox_id') = ?2
                    ORDER BY seq DESC LIMIT 1";
        self.one(sql, (kind.as_str(), sql_int(mailbox_id)?), read_back::entry)
    }

    /// All volumes.
    pub fn volumes(&self) -> Result<Vec<VolumeRow>, CustodyError> {
        self.all("SELECT * FROM volume ORDER BY volume_id", [], read_back::volume)
    }

    /// The number for the next custodian.
    pub fn next_custodian_id(&self) -> Result<u64, CustodyError> {
        self.next_id("SELECT coalesce(max(custodian_id), 0) + 1 AS id FROM custodian")
    }

    /// The number for the next mailbox.
    pub fn next_mailbox_id(&self) -> Result<u64, CustodyError> {
        self.next_id("SELECT coalesce(max(mailbox_id), 0) + 1 AS id FROM mailbox")
    }

    /// The number for the next folder, whatever its mailbox.
    pub fn next_folder_id(&self) -> Result<u64, CustodyError> {
        self.next_id("SELECT coalesce(max(folder_id), 0) + 1 AS id FROM folder")
    }

    /// The number for the next part, whatever its item.
    pub fn next_part_id(&self) -> Result<u64, CustodyError> {
        self.next_id("SELECT coalesce(max(part_id), 0) + 1 AS id FROM part")
    }

    /// Writes the log as it is delivered: each line and a line feed, in order. Returns the number of lines.
    ///
    /// # Errors
    /// [`CustodyError::Export`] when `out` fails.
    pub fn export_log(&self, out: &mut dyn Write) -> Result<u64, CustodyError> {
        seal::export_log(self.db, out)
    }

    fn next_id(&self, sql: &str) -> Result<u64, CustodyError> {
        let id = self.one(sql, [], |row| read_back::count(row, "id"))?;
        Ok(id.unwrap_or(1))
    }

    fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl Fn(&Row<'_>) -> Result<T, CustodyError>,
    ) -> Result<Option<T>, CustodyError> {
        let mut query = self.db.prepare_cached(sql)?;
        let mut rows = query.query(params)?;
        rows.next()?.map(read).transpose()
    }

    fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl Fn(&Row<'_>) -> Result<T, CustodyError>,
    ) -> Result<Vec<T>, CustodyError> {
        let mut query = self.db.prepare_cached(sql)?;
        let mut rows = query.query(params)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read(row)?);
        }
        Ok(found)
    }
}
