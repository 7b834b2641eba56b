//! What an earlier package knew of a mailbox, and what has become of it: the tables `earlier` and `compared`.
//!
//! Both are named by digests in the log, over one line of JSON per row, so that a stranger can make the same digest
//! with `sqlite3` and `sha256sum`. Must not know how messages are compared.

use std::fmt;

use rusqlite::{Connection, Params, Row, params};
use uuid::Uuid;

use crate::terms::{ControlNumber, GraphId, Hasher, ObjectId, Sha256, UtcInstant, words};

use super::CustodyError;
use super::read_back;
use super::writer::sql_int;

words!(
    /// What the earlier package has of a message.
    KnownState {
        /// Its bytes.
        Collected = "collected",
        /// An exception: it was listed and could not be had.
        Missing = "missing",
    }
);

words!(
    /// What has become of a message that the earlier package knew.
    Fate {
        /// The same version in the same folder: not fetched again.
        Unchanged = "unchanged",
        /// In another folder; fetched again only in another version.
        Moved = "moved",
        /// Another version: collected again.
        Changed = "changed",
        /// Missing then: tried again.
        Retried = "retried",
        /// In the scope of both, and not listed any more.
        Gone = "gone",
    }
);

words!(
    /// What asking for a message that is not listed any more showed.
    Sighting {
        /// The service does not have it.
        NotFound = "not_found",
        /// It lies in a folder that this run did not list.
        OtherFolder = "other_folder",
        /// The date that the range is about lies outside of it now.
        OtherDate = "other_date",
        /// It was not asked for: there were too many.
        NotAsked = "not_asked",
        /// The service did not say.
        Refused = "refused",
    }
);

/// A message as the earlier package knew it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The mailbox's owner.
    pub owner: ObjectId,
    /// The service's id of the message.
    pub graph_id: GraphId,
    /// The folder it lay in.
    pub folder: GraphId,
    /// That folder's path then.
    pub folder_path: String,
    /// What the package has of it.
    pub state: KnownState,
    /// The acquisition that has it, or misses it.
    pub acquisition_id: Uuid,
    /// Its number there.
    pub control_number: ControlNumber,
    /// The content identity of the collected bytes.
    pub content_id: Option<Sha256>,
    /// Its version then.
    pub change_key: Option<String>,
    /// The Message-ID property.
    pub internet_message_id: Option<String>,
    /// Delivery.
    pub received_utc: Option<UtcInstant>,
    /// Submission.
    pub sent_utc: Option<UtcInstant>,
    /// Creation.
    pub created_utc: Option<UtcInstant>,
    /// Last change then.
    pub modified_utc: Option<UtcInstant>,
}

/// A known message with its number and what has become of it so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRow {
    /// Its number.
    pub earlier_id: u64,
    /// What was known.
    pub known: Known,
    /// The latest comparison, if there is one.
    pub latest: Option<Latest>,
}

/// The part of a comparison that decides whether there is a later one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// What it came to.
    pub outcome: Fate,
    /// Where the message lay.
    pub folder_id: Option<u64>,
    /// Its version.
    pub change_key: Option<String>,
    /// Its last change.
    pub modified_utc: Option<UtcInstant>,
}

/// One comparison; the latest of a message holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedRow {
    /// The mailbox.
    pub mailbox_id: u64,
    /// The known message.
    pub earlier_id: u64,
    /// What it came to.
    pub outcome: Fate,
    /// The number under which it is collected again, if it is.
    pub listed_id: Option<u64>,
    /// Where it lies now; `None` for what is gone.
    pub folder_id: Option<u64>,
    /// Its version now.
    pub change_key: Option<String>,
    /// Its last change now.
    pub modified_utc: Option<UtcInstant>,
    /// For what is gone: what asking for it showed.
    pub seen: Option<Sighting>,
}

/// How a mailbox, or all of them, compare with what the earlier package knew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Compared {
    /// Listed, and not known to the earlier package.
    pub new: u64,
    /// Listed and missing then: tried again.
    pub retried: u64,
    /// Collected again in another version, from the same folder.
    pub changed: u64,
    /// In another folder than then.
    pub moved: u64,
    /// Of these, not fetched again, because the version is the same.
    pub moved_held: u64,
    /// The same version in the same folder: not fetched again.
    pub unchanged: u64,
    /// In the scope of both, and not listed any more.
    pub gone: u64,
}

impl Compared {
    /// Messages that were not fetched again, because an earlier package holds the same version.
    pub const fn held(&self) -> u64 {
        self.unchanged + self.moved_held
    }
}

impl std::iter::Sum for Compared {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            new: sum.new + one.new,
            retried: sum.retried + one.retried,
            changed: sum.changed + one.changed,
            moved: sum.moved + one.moved,
            moved_held: sum.moved_held + one.moved_held,
            unchanged: sum.unchanged + one.unchanged,
            gone: sum.gone + one.gone,
        })
    }
}

/// The rows that hold: the latest of each known message.
const LATEST: &str = "c.compared_id = (SELECT max(d.compared_id) FROM compared d WHERE d.earlier_id = c.earlier_id)";
/// One row of `earlier` as the digest has it.
const EARLIER_LINES: &str = "SELECT json_array(earlier_id, object_id, graph_id, folder_graph_id, folder_path, state, \
     acquisition_id, control_number, CASE WHEN content_id IS NOT NULL THEN lower(hex(content_id)) END, change_key, \
     internet_message_id, received_utc, sent_utc, created_utc, modified_utc) FROM earlier ORDER BY earlier_id";
/// One row of `compared` as the digest has it.
const COMPARED_LINES: &str = "SELECT json_array(compared_id, earlier_id, outcome, listed_id, folder_id, change_key, \
     modified_utc, seen, entry_seq) FROM compared WHERE mailbox_id = ?1 ORDER BY compared_id";

/// The number of known messages, and the digest over them.
pub(super) fn earlier_digest(db: &Connection) -> Result<(u64, Sha256), CustodyError> {
    digest(db, EARLIER_LINES, [])
}

/// The digest over a mailbox's comparisons.
pub(super) fn compared_digest(db: &Connection, mailbox_id: u64) -> Result<Sha256, CustodyError> {
    digest(db, COMPARED_LINES, [sql_int(mailbox_id)?]).map(|(_, sha256)| sha256)
}

fn digest(db: &Connection, sql: &str, params: impl Params) -> Result<(u64, Sha256), CustodyError> {
    let mut query = db.prepare(sql)?;
    let mut rows = query.query(params)?;
    let (mut hasher, mut lines) = (Hasher::new(), 0);
    while let Some(row) = rows.next()? {
        hasher.update(row.get_ref(0)?.as_str().unwrap_or_default().as_bytes());
        hasher.update(b"\n");
        lines += 1;
    }
    Ok((lines, hasher.finish().0))
}

/// What is known of a message; `None` when the earlier package did not know it.
pub(super) fn known(db: &Connection, owner: &ObjectId, graph_id: &GraphId) -> Result<Option<KnownRow>, CustodyError> {
    let sql = "SELECT * FROM earlier WHERE object_id = ?1 AND graph_id = ?2";
    let mut query = db.prepare_cached(sql)?;
    let mut rows = query.query(params![owner.as_str(), graph_id.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (earlier_id, known) = read_back::known(row)?;
    Ok(Some(KnownRow { earlier_id, known, latest: latest(db, earlier_id)? }))
}

fn latest(db: &Connection, earlier_id: u64) -> Result<Option<Latest>, CustodyError> {
    let sql = "SELECT outcome, folder_id, change_key, modified_utc FROM compared
                WHERE earlier_id = ?1 ORDER BY compared_id DESC LIMIT 1";
    let mut query = db.prepare_cached(sql)?;
    let mut rows = query.query([sql_int(earlier_id)?])?;
    rows.next()?.map(read_back::latest).transpose()
}

/// Known messages of a mailbox that nothing was said about yet, in the order of their ids, after `after`, at most `limit`.
pub(super) fn unseen(
    db: &Connection,
    owner: &ObjectId,
    after: Option<&GraphId>,
    limit: u32,
) -> Result<Vec<KnownRow>, CustodyError> {
    let sql = "SELECT e.* FROM earlier e WHERE e.object_id = ?1 AND e.graph_id > ?2
                  AND NOT EXISTS (SELECT 1 FROM compared c WHERE c.earlier_id = e.earlier_id)
                ORDER BY e.graph_id LIMIT ?3";
    let mut query = db.prepare_cached(sql)?;
    let mut rows = query.query(params![owner.as_str(), after.map_or("", GraphId::as_str), limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (earlier_id, known) = read_back::known(row)?;
        found.push(KnownRow { earlier_id, known, latest: None });
    }
    Ok(found)
}

/// How a mailbox compares so far.
pub(super) fn counts(db: &Connection, mailbox_id: u64) -> Result<Compared, CustodyError> {
    let sql = format!(
        "SELECT count(*) FILTER (WHERE outcome = 'retried') AS retried,
                count(*) FILTER (WHERE outcome = 'changed') AS changed,
                count(*) FILTER (WHERE outcome = 'moved') AS moved,
                count(*) FILTER (WHERE outcome = 'moved' AND listed_id IS NULL) AS moved_held,
                count(*) FILTER (WHERE outcome = 'unchanged') AS unchanged,
                count(*) FILTER (WHERE outcome = 'gone') AS gone,
                (SELECT count(*) FROM listed WHERE mailbox_id = ?1) - count(listed_id) AS new
           FROM compared c WHERE c.mailbox_id = ?1 AND {LATEST}"
    );
    let mut query = db.prepare_cached(&sql)?;
    let mut rows = query.query([sql_int(mailbox_id)?])?;
    let Some(row) = rows.next()? else { return Ok(Compared::default()) };
    let count = |column: &str| read_back::count(row, column);
    Ok(Compared {
        new: count("new")?,
        retried: count("retried")?,
        changed: count("changed")?,
        moved: count("moved")?,
        moved_held: count("moved_held")?,
        unchanged: count("unchanged")?,
        gone: count("gone")?,
    })
}

/// Messages of a folder that were not fetched again.
pub(super) fn held(db: &Connection, folder_id: u64) -> Result<u64, CustodyError> {
    // The plus sign keeps to the folder's rows: without it the planner goes through all that were not fetched.
    let sql = format!(
        "SELECT count(*) AS n FROM compared c WHERE c.folder_id = ?1 AND +c.listed_id IS NULL
            AND c.outcome IN ('unchanged','moved') AND {LATEST}"
    );
    let mut query = db.prepare_cached(&sql)?;
    let mut rows = query.query([sql_int(folder_id)?])?;
    rows.next()?.map_or(Ok(0), |row| read_back::count(row, "n"))
}

/// Goes through what a sealed manifest knows: what it lists, and what it did not fetch again because a package before
/// it holds it.
pub(super) fn each_known(
    db: &Connection,
    acquisition_id: Uuid,
    is_supplement: bool,
    each: &mut dyn FnMut(&Known) -> Result<(), CustodyError>,
) -> Result<(), CustodyError> {
    walk(db, LISTED, &mut |row| each(&read_back::listed_as_known(row, acquisition_id)?))?;
    if is_supplement {
        walk(db, &format!("{HELD} AND {LATEST} ORDER BY c.compared_id"), &mut |row| each(&read_back::known(row)?.1))?;
    }
    Ok(())
}

/// What a package lists. A message that was found again is known by where it was found; when it was changed last there
/// was not asked.
const LISTED: &str = "
    SELECT m.object_id, l.listed_id, i.content_id, l.internet_message_id, l.received_utc, l.sent_utc, l.created_utc,
           CASE WHEN n.body IS NULL THEN l.modified_utc END AS modified_utc, f.path AS folder_path,
           coalesce(i.immutable_id, l.graph_id) AS graph_id,
           coalesce(json_extract(n.body,'$.found_again.parent_folder_id'), f.graph_id) AS folder_graph_id,
           coalesce(json_extract(n.body,'$.found_again.change_key'), l.change_key) AS change_key
      FROM listed l JOIN mailbox m ON m.mailbox_id = l.mailbox_id JOIN folder f ON f.folder_id = l.folder_id
      LEFT JOIN item i ON i.item_id = l.listed_id
      LEFT JOIN entry n ON n.seq = i.entry_seq AND i.immutable_id IS NOT i.graph_id
     ORDER BY l.listed_id";
/// What it left where it was: as it lies now, under the number that it has elsewhere.
const HELD: &str = "
    SELECT e.earlier_id, e.object_id, e.graph_id, f.graph_id AS folder_graph_id, f.path AS folder_path, e.state,
           e.acquisition_id, e.control_number, e.content_id, c.change_key, e.internet_message_id, e.received_utc,
           e.sent_utc, e.created_utc, c.modified_utc
      FROM compared c JOIN earlier e ON e.earlier_id = c.earlier_id JOIN folder f ON f.folder_id = c.folder_id
     WHERE c.listed_id IS NULL AND c.outcome IN ('unchanged','moved')";

fn walk(
    db: &Connection,
    sql: &str,
    each: &mut dyn FnMut(&Row<'_>) -> Result<(), CustodyError>,
) -> Result<(), CustodyError> {
    let mut query = db.prepare(sql)?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        each(row)?;
    }
    Ok(())
}
