//! Listings on their way into the record: pages become rows, a listing that ended becomes a line.
//!
//! Pass 1 makes the plan. Pass 2, after fetching, closes the window: what has arrived since is added, what has
//! changed since is named. It must not talk to the service itself.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use crate::custody::{EventKind, ExceptionRow, FolderRow, Line, Writer};
use crate::graph::{Fault, wire};
use crate::monitor::Event;
use crate::terms::{ExceptionCode, Exchange, GraphId, ObjectId, Severity, Window};

use super::enumerate::{self, Ledge, Listing, Sheet, Target, Why};
use super::error::CollectError;
use super::standing::{Standing, is_closed};
use super::turn::Turn;
use super::{Run, record};

/// Ids remembered to tell repeats: an overlap of pages is far smaller, and memory stays bounded.
const REMEMBERED: usize = 20_000;

/// Which folder of which custodian.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    /// Index in the plan.
    pub(super) custodian: usize,
    /// The mailbox's number.
    pub(super) mailbox_id: u64,
    /// The mailbox's owner.
    pub(super) owner: ObjectId,
    /// The folder's number.
    pub(super) folder_id: u64,
}

/// Lists a folder and records that it was listed; returns listed items that have changed since they were first listed.
///
/// # Errors
/// What ends a run. A folder that does not open is an exception as long as the mailbox does.
///
/// `known` are ids under which listed messages were found again; they are not listed a second time.
pub(super) async fn list(
    run: &Run,
    spot: &Spot,
    folder: &FolderRow,
    pass: u32,
    standing: &Standing,
    known: HashSet<GraphId>,
) -> Result<Vec<u64>, CollectError> {
    list_in_turn(run, spot, folder, pass, (standing, known), Turn::free()).await
}

/// The same for a folder of several that are listed at once: the first page is asked for ahead, and waits for its turn to
/// be recorded.
///
/// # Errors
/// As [`list`].
pub(super) async fn list_in_turn(
    run: &Run,
    spot: &Spot,
    folder: &FolderRow,
    pass: u32,
    (standing, known): (&Standing, HashSet<GraphId>),
    turn: Turn,
) -> Result<Vec<u64>, CollectError> {
    let job = &run.acquisition.job;
    let target = Target {
        mailbox: spot.owner.clone(),
        folder: Some(folder.graph_id.as_str().to_owned()),
        window: job.range.window(),
        field: job.date_field,
        now: (run.acquisition.clock)(),
    };
    let (recent, changed) = (Recent::default(), Vec::new());
    let (known, not_chosen) = (Arc::new(known), run.acquisition.ids.as_ref().map(|_| 0));
    let mut register = Register { run, spot, pass, known, recent, listed: 0, not_chosen, changed, turn };
    let (listing, whole) = match enumerate::list(&run.graph, &target, &mut register).await {
        Ok(listing) => (listing, listing.broken == 0),
        Err(CollectError::Fault(mut fault)) if is_closed(&fault) => {
            standing.confirm(&mut fault.trail).await?;
            register.closed(fault).await?;
            (Listing::default(), false)
        }
        Err(error) => return Err(error),
    };
    register.turn.come().await;
    let changed = std::mem::take(&mut register.changed);
    ended(run, spot, folder, pass, listing, register.not_chosen, whole).await?;
    register.turn.go().await;
    Ok(changed)
}

async fn ended(
    run: &Run,
    spot: &Spot,
    folder: &FolderRow,
    pass: u32,
    listing: Listing,
    not_chosen: Option<u64>,
    whole: bool,
) -> Result<(), CollectError> {
    let (mailbox_id, folder_id, path) = (spot.mailbox_id, spot.folder_id, folder.path.clone());
    run.acquisition
        .pen
        .write(move |w| {
            let line = Line::new(EventKind::FolderListed)
                .int("folder_id", folder_id)
                .int("mailbox_id", mailbox_id)
                .text("path_hash", w.path_hash(&path).to_string())
                .int("pass", pass)
                .int("listed", listing.listed)
                .opt_int("expected", listing.expected);
            w.append(passed_over(line, not_chosen))?;
            let expected = listing.expected.unwrap_or(listing.listed);
            if expected != listing.listed {
                let row = ExceptionRow::new(ExceptionCode::CountMismatch, Severity::Info);
                let detail = format!("pass {pass}: the service counted {expected} and listed {}", listing.listed);
                let about = ExceptionRow { mailbox_id: Some(mailbox_id), folder_id: Some(folder_id), detail, ..row };
                record::except(w, &about, None)?;
            }
            if whole {
                // What an earlier listing of this folder could not see, this one has.
                for (exception_id, folder) in w.ledger().unlisted(mailbox_id)? {
                    if folder == folder_id {
                        record::resolve(w, exception_id, "listed")?;
                    }
                }
            }
            Ok(())
        })
        .await?;
    Ok(())
}

/// A list of ids is part of the scope: where there is one, what it kept out is said.
pub(super) fn passed_over(line: Line, not_chosen: Option<u64>) -> Line {
    match not_chosen {
        Some(count) => line.int("not_chosen", count),
        None => line,
    }
}

struct Register<'a> {
    run: &'a Run,
    spot: &'a Spot,
    pass: u32,
    known: Arc<HashSet<GraphId>>,
    recent: Recent,
    listed: u64,
    not_chosen: Option<u64>,
    changed: Vec<u64>,
    turn: Turn,
}

impl Register<'_> {
    /// Takes out what a list of ids keeps out; returns how many are new to this pass, and how many of those stay.
    fn keep_wanted(&mut self, rows: &mut Vec<wire::Message>) -> (u64, u64) {
        let ids = self.run.acquisition.ids.as_deref();
        let (mut fresh, mut wanted) = (0, 0);
        rows.retain(|message| {
            let (new, keep) = (self.recent.is_new(&message.id), ids.is_none_or(|ids| ids.wants(message)));
            fresh += u64::from(new);
            wanted += u64::from(new && keep);
            keep
        });
        self.not_chosen = self.not_chosen.map(|before| before + fresh - wanted);
        (fresh, wanted)
    }

    fn exception(&self, code: ExceptionCode, severity: Severity, detail: String) -> ExceptionRow {
        let row = ExceptionRow::new(code, severity);
        let (mailbox_id, folder_id) = (Some(self.spot.mailbox_id), Some(self.spot.folder_id));
        ExceptionRow { mailbox_id, folder_id, detail, ..row }
    }

    fn tell(&self, code: ExceptionCode, severity: Severity) {
        self.run.monitor.tell(&Event::Excepted { custodian: Some(self.spot.custodian), code, severity });
    }

    /// Records that the folder does not open at all.
    async fn closed(&mut self, fault: Fault) -> Result<(), CollectError> {
        self.turn.come().await;
        let detail = format!("the folder cannot be listed: {fault}");
        let row = self.exception(ExceptionCode::NotAccessible, Severity::Fatal, detail);
        self.tell(row.code, row.severity);
        self.except(row, fault.trail).await
    }

    async fn except(&self, row: ExceptionRow, trail: Vec<Exchange>) -> Result<(), CollectError> {
        let write = move |w: &mut Writer<'_>| {
            let seq = record::except(w, &row, None)?;
            record::requests(w, &trail, seq)
        };
        Ok(self.run.acquisition.pen.write(write).await?)
    }
}

impl Ledge for Register<'_> {
    async fn sheet(&mut self, mut sheet: Sheet) -> Result<u64, CollectError> {
        self.turn.come().await;
        self.run.halt_if_asked()?;
        let (mailbox_id, folder_id, pass) = (self.spot.mailbox_id, self.spot.folder_id, self.pass);
        let items = sheet.rows.len() as u64;
        let (fresh, wanted) = self.keep_wanted(&mut sheet.rows);
        let unreadable = sheet.unreadable;
        let lost = self.exception(
            ExceptionCode::ParseError,
            Severity::ItemMissing,
            format!("{unreadable} entries of a page have no readable id or date"),
        );
        let (known, pen) = (self.known.clone(), &self.run.acquisition.pen);
        let changed = pen.write(move |w| page(w, sheet, items, (mailbox_id, folder_id, pass), &known, &lost)).await?;
        self.changed.extend(changed);
        self.listed += fresh;
        if pass == 1 {
            self.run.monitor.tell(&Event::Listing { custodian: self.spot.custodian, items: wanted });
        }
        if unreadable > 0 {
            self.tell(ExceptionCode::ParseError, Severity::ItemMissing);
        }
        Ok(fresh)
    }

    async fn broken(&mut self, window: Window, why: Why) -> Result<(), CollectError> {
        self.turn.come().await;
        let end = |at: Option<crate::terms::UtcInstant>| at.map_or_else(|| "…".to_owned(), |at| at.to_string());
        let span = format!("{} <= t < {}", end(window.from()), end(window.to()));
        let detail = format!("the service cannot list {span}: {why}");
        let row = self.exception(ExceptionCode::Other, Severity::Fatal, detail);
        self.tell(row.code, row.severity);
        let trail = if let Why::Fault(fault) = why { fault.trail } else { Vec::new() };
        self.except(row, trail).await
    }
}

/// One page: its line, its requests, its rows; returns listed items that have changed since they were first listed.
fn page(
    w: &mut Writer<'_>,
    sheet: Sheet,
    items: u64,
    (mailbox_id, folder_id, pass): (u64, u64, u32),
    known: &HashSet<GraphId>,
    lost: &ExceptionRow,
) -> Result<Vec<u64>, crate::custody::CustodyError> {
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    let mut ids = HashSet::new();
    for message in sheet.rows {
        match w.ledger().version(mailbox_id, &message.id)? {
            None if !known.contains(&message.id) && ids.insert(message.id.clone()) => {
                new.push(enumerate::listed(message, mailbox_id, folder_id, pass));
            }
            Some((listed_id, first)) if pass > 1 && differs(first.as_deref(), &message) => changed.push(listed_id),
            None | Some(_) => {}
        }
    }
    let line = Line::new(EventKind::PageFetched)
        .int("mailbox_id", mailbox_id)
        .int("folder_id", folder_id)
        .int("pass", pass)
        .int("items", items)
        .int("new_items", new.len() as u64)
        .opt_text("request_id", sheet.trail.last().and_then(|exchange| exchange.request_id.as_deref()));
    let seq = w.append(line)?;
    record::requests(w, &sheet.trail, seq)?;
    for listed in &new {
        w.listed(listed, seq)?;
    }
    if sheet.unreadable > 0 {
        record::except(w, lost, None)?;
    }
    Ok(changed)
}

fn differs(first: Option<&str>, message: &wire::Message) -> bool {
    first.is_some() && message.version().is_some() && first != message.version()
}

/// The latest ids of a listing, as hashes: many listings go on at once, and an id is twenty times as long.
#[derive(Default)]
pub(super) struct Recent {
    hashing: RandomState,
    hashes: HashSet<u64>,
    order: VecDeque<u64>,
}

impl Recent {
    /// Whether it was not seen lately; remembers it.
    pub(super) fn is_new(&mut self, id: &GraphId) -> bool {
        let hash = self.hashing.hash_one(id);
        if !self.hashes.insert(hash) {
            return false;
        }
        self.order.push_back(hash);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.hashes.remove(&oldest);
        }
        true
    }
}
