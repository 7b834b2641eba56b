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

use super::departed::{self, Shown};
use super::enumerate::{self, First, Ledge, Listing, Sheet, Target, Why};
use super::error::CollectError;
use super::room::{self, Room};
use super::since::{self, Here, Judged};
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
    list_in_turn(run, spot, folder, pass, (standing, known), Turn::free(), None).await
}

/// What is asked when a folder is listed.
pub(super) fn target(run: &Run, owner: &ObjectId, folder: &GraphId) -> Target {
    let job = &run.acquisition.job;
    Target {
        mailbox: owner.clone(),
        folder: Some(folder.as_str().to_owned()),
        window: job.range.window(),
        field: job.date_field,
        now: (run.acquisition.notary.clock)(),
    }
}

/// A first page that was asked for ahead, with its room.
pub(super) type Ahead = (First, Room);

/// The same for a folder of several that are listed at once: the first page is asked for ahead, or has been, and waits for
/// its turn to be recorded. Where too many wait already, it is asked for when it is its turn.
///
/// # Errors
/// As [`list`].
pub(super) async fn list_in_turn(
    run: &Run,
    spot: &Spot,
    folder: &FolderRow,
    pass: u32,
    (standing, known): (&Standing, HashSet<GraphId>),
    mut turn: Turn,
    ahead: Option<Ahead>,
) -> Result<Vec<u64>, CollectError> {
    let (first, room) = match ahead {
        Some((first, room)) => (Some(first), Some(room)),
        None => (None, room_or_turn(&mut turn, folder).await),
    };
    let job = &run.acquisition.job;
    let target = target(run, &spot.owner, &folder.graph_id);
    let (recent, changed) = (Recent::default(), Vec::new());
    let passed =
        Passed { not_chosen: run.acquisition.ids.as_ref().map(|_| 0), held_before: job.since.as_ref().map(|_| 0) };
    let here = Here {
        owner: spot.owner.clone(),
        mailbox_id: spot.mailbox_id,
        folder_id: spot.folder_id,
        folder: folder.graph_id.clone(),
    };
    let known = Arc::new(known);
    let (shown, clear) = (Shown::default(), true);
    let mut register = Register { run, spot, here, pass, known, recent, shown, clear, passed, changed, turn, room };
    let (listing, whole) = match enumerate::list(&run.graph, &target, first, &mut register).await {
        Ok(listing) => (listing, listing.broken == 0),
        Err(CollectError::Fault(mut fault)) if is_closed(&fault) => {
            standing.confirm(&mut fault.trail).await?;
            register.closed(fault).await?;
            (Listing::default(), false)
        }
        Err(error) => return Err(error),
    };
    register.turn.come().await;
    if pass > 1 && whole && register.clear && listing.expected.is_none_or(|expected| listing.listed >= expected) {
        departed::name(run, spot, &register.shown).await?;
    }
    let changed = std::mem::take(&mut register.changed);
    ended(run, spot, folder, pass, listing, register.passed, whole).await?;
    register.turn.go().await;
    Ok(changed)
}

/// Room for a first page; none is needed when it is the folder's turn.
async fn room_or_turn(turn: &mut Turn, folder: &FolderRow) -> Option<Room> {
    tokio::select! {
        biased;
        () = turn.come() => None,
        room = room::for_rows(enumerate::rows_of_a_page(folder.total_item_count)) => Some(room),
    }
}

async fn ended(
    run: &Run,
    spot: &Spot,
    folder: &FolderRow,
    pass: u32,
    listing: Listing,
    passed: Passed,
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
            w.append(passed.told(line))?;
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

/// Messages of a folder that the service lists and the list does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Passed {
    /// What a list of ids keeps out, where there is one.
    pub(super) not_chosen: Option<u64>,
    /// What an earlier package holds, where there is one.
    pub(super) held_before: Option<u64>,
}

impl Passed {
    /// Both are part of the scope: where they are, they are said.
    pub(super) fn told(self, line: Line) -> Line {
        let line = match self.not_chosen {
            Some(count) => line.int("not_chosen", count),
            None => line,
        };
        match self.held_before {
            Some(count) => line.int("held_before", count),
            None => line,
        }
    }
}

struct Register<'a> {
    run: &'a Run,
    spot: &'a Spot,
    here: Here,
    pass: u32,
    known: Arc<HashSet<GraphId>>,
    recent: Recent,
    /// Listed items that were shown again.
    shown: Shown,
    /// Whether every entry could be read.
    clear: bool,
    passed: Passed,
    changed: Vec<u64>,
    turn: Turn,
    /// Of a page that waits for its turn.
    room: Option<Room>,
}

impl Register<'_> {
    /// Takes out what a list of ids keeps out; returns how many are new to this pass, and those of them that stay.
    fn keep_wanted(&mut self, rows: &mut Vec<wire::Message>) -> (u64, HashSet<GraphId>) {
        let ids = self.run.acquisition.ids.as_deref();
        let (mut fresh, mut wanted) = (0, HashSet::new());
        rows.retain(|message| {
            let (new, keep) = (self.recent.is_new(&message.id), ids.is_none_or(|ids| ids.wants(message)));
            fresh += u64::from(new);
            if new && keep {
                wanted.insert(message.id.clone());
            }
            keep
        });
        self.passed.not_chosen = self.passed.not_chosen.map(|before| before + fresh - wanted.len() as u64);
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
        let pass = self.pass;
        let items = sheet.rows.len() as u64;
        let (fresh, wanted) = self.keep_wanted(&mut sheet.rows);
        let unreadable = sheet.unreadable;
        let lost = self.exception(
            ExceptionCode::ParseError,
            Severity::ItemMissing,
            format!("{unreadable} entries of a page have no readable id or date"),
        );
        let told = wanted.len() as u64;
        let place = PagePlace {
            here: self.here.clone(),
            pass,
            items,
            known: self.known.clone(),
            fresh: self.passed.held_before.map(|_| wanted),
        };
        let taken = self.run.acquisition.pen.write(move |w| page(w, sheet, &place, &lost)).await?;
        self.room = None;
        self.changed.extend(taken.changed);
        self.passed.held_before = self.passed.held_before.map(|before| before + taken.held);
        taken.known.into_iter().for_each(|listed_id| self.shown.mark(listed_id));
        self.clear &= unreadable == 0;
        if pass == 1 {
            self.run.monitor.tell(&Event::Listing { custodian: self.spot.custodian, items: told });
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

/// A page's place in the listing, and what decides about its messages.
struct PagePlace {
    here: Here,
    pass: u32,
    items: u64,
    /// Ids that are in the package under another one.
    known: Arc<HashSet<GraphId>>,
    /// In a supplemental run, the messages that are new to this pass.
    fresh: Option<HashSet<GraphId>>,
}

/// What a page came to.
#[derive(Default)]
struct Taken {
    /// Listed items that a later listing shows again.
    known: Vec<u64>,
    /// Listed items that have changed since they were first listed.
    changed: Vec<u64>,
    /// Messages new to this pass that an earlier package holds.
    held: u64,
}

/// One page: its line, its requests, its rows.
fn page(
    w: &mut Writer<'_>,
    sheet: Sheet,
    place: &PagePlace,
    lost: &ExceptionRow,
) -> Result<Taken, crate::custody::CustodyError> {
    let (Here { mailbox_id, folder_id, .. }, pass) = (&place.here, place.pass);
    let (mailbox_id, folder_id) = (*mailbox_id, *folder_id);
    let (mut judged, mut taken) = (Vec::new(), Taken::default());
    let mut ids = HashSet::new();
    for message in sheet.rows {
        match w.ledger().version(mailbox_id, &message.id)? {
            None if !place.known.contains(&message.id) && ids.insert(message.id.clone()) => {
                let what = place.judge(w, &message)?;
                let fresh = place.fresh.as_ref().is_some_and(|fresh| fresh.contains(&message.id));
                taken.held += u64::from(fresh && matches!(what, Judged::Held(_)));
                judged.push((what, enumerate::listed(message, mailbox_id, folder_id, pass)));
            }
            Some((listed_id, first)) if pass > 1 => {
                taken.known.push(listed_id);
                taken.changed.extend(differs(first.as_deref(), &message).then_some(listed_id));
            }
            None | Some(_) => {}
        }
    }
    let new = judged.iter().filter(|(what, _)| !matches!(what, Judged::Held(_))).count() as u64;
    let line = Line::new(EventKind::PageFetched)
        .int("mailbox_id", mailbox_id)
        .int("folder_id", folder_id)
        .int("pass", pass)
        .int("items", place.items)
        .int("new_items", new)
        .opt_text("request_id", sheet.trail.last().and_then(|exchange| exchange.request_id.as_deref()));
    let seq = w.append(line)?;
    record::requests(w, &sheet.trail, seq)?;
    for (what, listed) in judged {
        since::add(w, what, &listed, seq)?;
    }
    if sheet.unreadable > 0 {
        record::except(w, lost, None)?;
    }
    Ok(taken)
}

impl PagePlace {
    /// What is to be done about a message that is not on the list.
    fn judge(&self, w: &Writer<'_>, message: &wire::Message) -> Result<Judged, crate::custody::CustodyError> {
        match self.fresh {
            Some(_) => since::judge(&w.ledger(), &self.here, message),
            None => Ok(Judged::New),
        }
    }
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
