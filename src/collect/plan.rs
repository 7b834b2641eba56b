//! The plan: per custodian, proof of access, the folders, and the frozen list of messages.
//!
//! Planning lists every message in scope into the manifest before anything is fetched; what is shown to the
//! person is what is collected. A plan that was interrupted goes on where it stopped: a folder is listed again
//! only if its listing had not ended. It must not fetch messages.

use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::sync::Semaphore;

use crate::custody::{
    Compared, CustodianRow, EventKind, ExceptionRow, FolderRow, Ledger, Line, MailboxRow, Object, Writer,
};
use crate::delegation::{self, Observation, Probe, Verdict};
use crate::graph::IN_FLIGHT;
use crate::monitor::Event;
use crate::terms::{AccessBasis, ExceptionCode, GraphId, ObjectId, Severity};

use super::enumerate;
use super::error::CollectError;
use super::register::{self, Ahead, Spot};
use super::since::{self, FOLDERS};
use super::standing::Standing;
use super::turn::Turn;
use super::unlisted::{self, Extent, Looked};
use super::{Run, access, folders, record, room};

/// First pages that are asked for while the tree is looked at once more: what the seats of two rounds leave over.
const FIRST_PAGES: usize = 2 * IN_FLIGHT - 3;

/// What will be collected.
#[derive(Debug, Clone)]
pub struct Plan {
    /// One part per custodian, in the order they were asked for.
    pub parts: Vec<Part>,
}

/// One custodian's part.
#[derive(Debug, Clone)]
pub struct Part {
    /// Index in the plan.
    pub index: usize,
    /// As typed.
    pub custodian: String,
    /// The directory object, once resolved.
    pub user_id: Option<ObjectId>,
    /// What the probe found.
    pub verdict: Verdict,
    /// What to do where access is missing.
    pub advice: Option<String>,
    /// `None` when the mailbox cannot be read.
    pub mailbox: Option<PlannedMailbox>,
}

/// A mailbox that can be read, and what is in scope there.
#[derive(Debug, Clone)]
pub struct PlannedMailbox {
    /// Its number in the manifest.
    pub mailbox_id: u64,
    /// The directory object that owns it.
    pub owner: ObjectId,
    /// Its folders, in scope or not.
    pub folders: Vec<PlannedFolder>,
    /// In a supplemental run, how it compares so far; what is gone is known at the end.
    pub compared: Option<Compared>,
    /// Whether an earlier package had it; without one there is nothing to compare with.
    pub had_before: bool,
}

/// A folder of the plan.
#[derive(Debug, Clone)]
pub struct PlannedFolder {
    /// The manifest's row.
    pub row: FolderRow,
    /// Messages listed in scope.
    pub listed: u64,
    /// Messages of the range that a list of ids keeps out.
    pub not_chosen: u64,
    /// Messages of the range that an earlier package holds.
    pub held_before: u64,
    /// The size of those in scope in the store, in bytes, as far as the service said.
    pub store_bytes: u64,
}

impl PlannedMailbox {
    /// Folders in scope.
    pub fn included(&self) -> impl Iterator<Item = &PlannedFolder> {
        self.folders.iter().filter(|folder| folder.row.excluded_because.is_none())
    }

    /// Messages listed in scope.
    pub fn listed(&self) -> u64 {
        self.folders.iter().map(|folder| folder.listed).sum()
    }
}

impl Plan {
    /// Mailboxes that can be read.
    pub fn mailboxes(&self) -> impl Iterator<Item = (&Part, &PlannedMailbox)> {
        self.parts.iter().filter_map(|part| part.mailbox.as_ref().map(|mailbox| (part, mailbox)))
    }

    /// Messages listed in scope.
    pub fn listed(&self) -> u64 {
        self.mailboxes().map(|(_, mailbox)| mailbox.listed()).sum()
    }

    /// Messages of the range that a list of ids keeps out.
    pub fn not_chosen(&self) -> u64 {
        let folders = self.mailboxes().flat_map(|(_, mailbox)| &mailbox.folders);
        folders.map(|folder| folder.not_chosen).sum()
    }

    /// Messages of the range that an earlier package holds in the same version.
    pub fn held_before(&self) -> u64 {
        self.mailboxes().flat_map(|(_, mailbox)| &mailbox.folders).map(|folder| folder.held_before).sum()
    }

    /// Their size in the store, in bytes, as far as the service said.
    pub fn store_bytes(&self) -> u64 {
        let folders = self.mailboxes().flat_map(|(_, mailbox)| &mailbox.folders);
        folders.map(|folder| folder.store_bytes).sum()
    }

    /// The least time the service's published limits allow, in seconds: mailboxes run side by side.
    pub fn least_seconds(&self, requests_per_10_minutes: Option<u32>) -> Option<u64> {
        let largest = self.mailboxes().map(|(_, mailbox)| mailbox.listed()).max()?;
        requests_per_10_minutes.map(|allowed| largest * 600 / u64::from(allowed.max(1)))
    }
}

/// Makes the plan, or finishes one that was interrupted. Nothing is recorded before `sworn` is closed.
///
/// # Errors
/// What ends a run; a custodian that cannot be read is a part without a mailbox, not an error.
pub(super) async fn plan(run: &Run, sworn: &Semaphore) -> Result<Plan, CollectError> {
    let typed = run.acquisition.job.custodians.iter().cloned().enumerate();
    let parts = stream::iter(typed.map(|(index, custodian)| part(run, index, custodian, sworn)));
    let parts: Vec<Part> = parts.buffered(run.side_by_side).try_collect().await?;
    let plan = Plan { parts };
    // Where part of a tree could not be seen, an exception says so; the folder may be there.
    if run.acquisition.pen.read(|l| l.trees_are_whole()).await? {
        folders_exist(run, &plan)?;
    }
    Ok(plan)
}

async fn part(run: &Run, index: usize, custodian: String, sworn: &Semaphore) -> Result<Part, CollectError> {
    let probe = delegation::check(&run.graph, run.session.signed_in(), &custodian).await?;
    // It has no permits: this returns when it is closed.
    let _ = sworn.acquire().await;
    let mailbox_id = match prove(run, index, &probe).await? {
        Opened::No => None,
        Opened::Yes(mailbox_id) => Some(mailbox_id),
        Opened::Twice(first) => {
            let custodians = &run.acquisition.job.custodians;
            let first = usize::try_from(first - 1).ok().and_then(|first| custodians.get(first)).cloned();
            return Err(CollectError::SameMailbox { first: first.unwrap_or_default(), second: custodian });
        }
    };
    let user_id = probe.person.as_ref().map(|person| person.id.clone());
    let mailbox = match (mailbox_id, &user_id) {
        (Some(mailbox_id), Some(owner)) => {
            let proven = probe.verdict == Verdict::Ready;
            let listed = list(run, index, mailbox_id, owner, proven).await;
            Some(listed.map_err(|error| error.lost_access_to(&custodian))?)
        }
        _ => None,
    };
    Ok(Part { index, custodian, user_id, verdict: probe.verdict, advice: probe.advice, mailbox })
}

/// Whether a mailbox was opened in the record.
enum Opened {
    /// It cannot be read.
    No,
    /// Under this number.
    Yes(u64),
    /// It already is, for the custodian of this number.
    Twice(u64),
}

/// Records how access was tested; opens the mailbox in the record when it can be read.
async fn prove(run: &Run, index: usize, probe: &Probe) -> Result<Opened, CollectError> {
    let tenant_id = run.session.signed_in().tenant_id.clone();
    let (id, probe) = (index as u64 + 1, probe.clone());
    let said = access::said(&probe, &run.prior);
    let licensed = run.licensed.clone();
    if !probe.verdict.opens() {
        run.monitor.tell(&Event::Refused { custodian: index });
    }
    let opened = run.acquisition.pen.write(move |w| {
        let known = w.ledger().custodians()?.iter().any(|row| row.custodian_id == id);
        let person = probe.person.as_ref();
        if !known {
            let line = Line::new(EventKind::CustodianNamed)
                .int("custodian_id", id)
                .opt_text("object_id", person.map(|person| person.id.as_str()));
            let seq = w.append(line)?;
            let display_name = person.and_then(|person| person.display_name.clone()).unwrap_or_default();
            w.custodian(&CustodianRow { custodian_id: id, display_name, asked_as: probe.typed.clone() }, seq)?;
        }
        // Once, when the collection begins: a resumed run does not know better what was known then.
        if let Some(person) = person
            && !w.ledger().has_licence_facts(id)?
        {
            w.licence_facts(id, &licensed.facts(&person.id))?;
        }
        let observations: Vec<Object> = probe.observations.iter().map(observed).collect();
        let tested = Line::new(EventKind::AccessTested)
            .int("custodian_id", id)
            .text("verdict", probe.verdict.as_str())
            .list("observations", observations)
            .put("facts", said.facts)
            .put("exchange_evidence", said.exchange_evidence)
            .put("prior_check", said.prior_check);
        let seq = w.append(tested)?;
        record::requests(w, &probe.trail, seq)?;
        let (Some(person), Some(basis)) = (person.filter(|_| probe.verdict.opens()), probe.basis) else {
            return Ok(Opened::No);
        };
        let mailboxes = w.ledger().mailboxes()?;
        if let Some(row) = mailboxes.iter().find(|row| row.object_id == person.id) {
            let same = row.custodian_id == id;
            return Ok(if same { Opened::Yes(row.mailbox_id) } else { Opened::Twice(row.custodian_id) });
        }
        let row = MailboxRow {
            mailbox_id: w.ledger().next_mailbox_id()?,
            custodian_id: id,
            tenant_id,
            object_id: person.id.clone(),
            upn: person.user_principal_name.clone().unwrap_or_default(),
            primary_smtp: person.mail.clone(),
            mailbox_kind: person.mailbox.kind,
            access_basis: basis,
        };
        let line = Line::new(EventKind::MailboxOpened)
            .int("mailbox_id", row.mailbox_id)
            .int("custodian_id", id)
            .text("object_id", person.id.as_str())
            .text("access_basis", AccessBasis::as_str(basis));
        let seq = w.append(line)?;
        w.mailbox(&row, seq)?;
        Ok(Opened::Yes(row.mailbox_id))
    });
    Ok(opened.await?)
}

fn observed(observation: &Observation) -> Object {
    Object::new()
        .text("step", &observation.step)
        .opt_int("status", observation.status)
        .opt_text("code", observation.code.as_deref())
        .opt_text("request_id", observation.request_id.as_deref())
        .text("at", observation.at.to_string())
}

/// The folders of a mailbox and the messages in them, listed now or in an earlier session.
async fn list(
    run: &Run,
    index: usize,
    mailbox_id: u64,
    owner: &ObjectId,
    proven: bool,
) -> Result<PlannedMailbox, CollectError> {
    let mut ahead = HashMap::new();
    if run.acquisition.pen.read(move |l| l.folders(mailbox_id)).await?.is_empty() {
        ahead = snapshot(run, mailbox_id, owner, proven).await?;
    }
    let (rows, passes) = run.acquisition.pen.read(move |l| Ok((l.folders(mailbox_id)?, l.passes(mailbox_id)?))).await?;
    let included = || rows.iter().filter(|row| row.excluded_because.is_none()).map(|row| row.graph_id.as_str());
    let standing = &Standing::with(&run.graph, owner, included());
    let mut next = Turn::row();
    let listings = rows.into_iter().map(|row| {
        let listed_before = passes.get(&row.folder_id).is_some_and(|passes| passes.contains(&1));
        let turn = (row.excluded_because.is_none() && !listed_before).then(&mut next);
        let first = ahead.remove(&row.graph_id);
        async move {
            if let Some(turn) = turn {
                run.halt_if_asked()?;
                let spot = Spot { custodian: index, mailbox_id, owner: owner.clone(), folder_id: row.folder_id };
                register::list_in_turn(run, &spot, &row, 1, (standing, HashSet::new()), turn, first).await?;
            }
            let folder_id = row.folder_id;
            let sizes = move |l: &Ledger<'_>| {
                let not_chosen = l.not_chosen(folder_id, 1)?.unwrap_or(0);
                Ok((l.folder_sizes(folder_id)?, not_chosen, l.held(folder_id)?))
            };
            let ((listed, store_bytes), not_chosen, held_before) = run.acquisition.pen.read(sizes).await?;
            Ok::<_, CollectError>(PlannedFolder { row, listed, not_chosen, held_before, store_bytes })
        }
    });
    // Some wait for their turn while others are on the wire.
    let folders = stream::iter(listings).buffered(2 * IN_FLIGHT).try_collect().await?;
    let (compared, had_before) = match run.acquisition.job.since {
        Some(_) => {
            let of = owner.clone();
            let compared = move |l: &Ledger<'_>| Ok((Some(l.compared(mailbox_id)?), since::had(l, &of)?));
            run.acquisition.pen.read(compared).await?
        }
        None => (None, false),
    };
    Ok(PlannedMailbox { mailbox_id, owner: owner.clone(), folders, compared, had_before })
}

/// Sees the tree and puts it on record; returns the first pages of its first folders, which are asked for meanwhile.
async fn snapshot(
    run: &Run,
    mailbox_id: u64,
    owner: &ObjectId,
    proven: bool,
) -> Result<HashMap<GraphId, Ahead>, CollectError> {
    let mut tree = folders::snapshot(&run.graph, owner, proven, &run.acquisition.job).await?;
    let included = tree.folders.iter().filter(|seen| seen.left_out.is_none());
    let firsts: Vec<_> = included.take(FIRST_PAGES).map(|seen| (seen.id.clone(), seen.total)).collect();
    let looking = async {
        let (standing, mut trail) = (tree.standing(&run.graph, owner), Vec::new());
        let counting = unlisted::count_folders(run, owner, &tree);
        let (stands, counted) = tokio::join!(standing.confirm(&mut trail), counting);
        tree.trail.extend(trail);
        stands?;
        unlisted::look(run, owner, &mut tree, counted?).await
    };
    // What was asked for last goes out last: the look has the first seats.
    let (looked, ahead) = tokio::join!(looking, first_pages(run, owner, firsts));
    let looked = looked?;
    run.acquisition
        .pen
        .write(move |w| {
            let line = Line::new(EventKind::FolderListed)
                .opt_int("folder_id", None::<u64>)
                .int("mailbox_id", mailbox_id)
                .opt_text("path_hash", None::<String>)
                .int("pass", 0u64)
                .int("listed", tree.folders.len() as u64)
                .opt_int("expected", None::<u64>)
                .text("unlisted_check", looked.extent.as_str())
                .opt_int("in_folders", looked.in_folders)
                .opt_int("in_mailbox", looked.in_mailbox);
            let first = w.ledger().next_folder_id()?;
            let unlisted = (first..).zip(&tree.folders).skip(looked.from).map(|(id, _)| id).collect::<Vec<_>>();
            let seq = w.append(line.list("unlisted_folder_ids", unlisted.clone()))?;
            record::requests(w, &tree.trail, seq)?;
            for (offset, seen) in (0..).zip(&tree.folders) {
                w.folder(&folder_row(first + offset, mailbox_id, seen), seq)?;
            }
            except_unlisted(w, mailbox_id, &looked, &unlisted)?;
            if tree.endless {
                let row = ExceptionRow::new(ExceptionCode::Other, Severity::Fatal);
                let detail = "the list of folders leads nowhere: there may be more".to_owned();
                record::except(w, &ExceptionRow { mailbox_id: Some(mailbox_id), detail, ..row }, None)?;
            }
            for path in &tree.unreadable {
                let detail = match path.names() {
                    [] => "the root's folders cannot be listed".to_owned(),
                    _ => format!("subfolders cannot be listed; path hash {}", w.path_hash(&path.to_string())),
                };
                let row = ExceptionRow::new(ExceptionCode::NotAccessible, Severity::Fatal);
                record::except(w, &ExceptionRow { mailbox_id: Some(mailbox_id), detail, ..row }, None)?;
            }
            Ok(())
        })
        .await?;
    Ok(ahead)
}

/// The first pages of these folders, as far as there is room for them.
async fn first_pages(run: &Run, owner: &ObjectId, folders: Vec<(GraphId, Option<u64>)>) -> HashMap<GraphId, Ahead> {
    let with_room = folders.into_iter().filter_map(|(folder, holds)| {
        let room = room::for_rows_now(enumerate::rows_of_a_page(holds))?;
        Some((folder, room))
    });
    let asked = with_room.map(|(folder, room)| async move {
        let first = enumerate::first(&run.graph, &register::target(run, owner, &folder)).await;
        (folder, (first, room))
    });
    stream::iter(asked).buffer_unordered(IN_FLIGHT).collect().await
}

/// Folders that were found although no listing shows them, and what kept the search from its end.
fn except_unlisted(
    w: &mut Writer<'_>,
    mailbox_id: u64,
    looked: &Looked,
    found: &[u64],
) -> Result<(), crate::custody::CustodyError> {
    let row = |code, severity, detail: String| {
        let row = ExceptionRow::new(code, severity);
        ExceptionRow { mailbox_id: Some(mailbox_id), detail, ..row }
    };
    for folder_id in found {
        let detail = "listings of folders leave this folder out; found by the mailbox's messages".to_owned();
        let row = row(ExceptionCode::CountMismatch, Severity::Info, detail);
        record::except(w, &ExceptionRow { folder_id: Some(*folder_id), ..row }, None)?;
    }
    if looked.closed > 0 {
        let detail = format!("{} messages lie in folders that no listing shows and that do not open", looked.closed);
        record::except(w, &row(ExceptionCode::NotAccessible, Severity::Fatal, detail), None)?;
    }
    let why = match looked.extent {
        Extent::NotTried | Extent::Agrees | Extent::Walked => return Ok(()),
        Extent::NoCount => (Severity::Info, "the service does not count the mailbox"),
        Extent::Broken => {
            (Severity::Warning, "the mailbox has more messages than its folders, and not all could be listed")
        }
    };
    let detail = format!("{}: there may be folders that listings leave out", why.1);
    record::except(w, &row(ExceptionCode::CountMismatch, why.0, detail), None)?;
    Ok(())
}

fn folder_row(folder_id: u64, mailbox_id: u64, seen: &folders::Seen) -> FolderRow {
    FolderRow {
        folder_id,
        mailbox_id,
        graph_id: seen.id.clone(),
        parent_graph_id: seen.parent.clone(),
        path: seen.path.to_string(),
        well_known: seen.well_known.map(str::to_owned),
        total_item_count: seen.total,
        expected: None,
        is_hidden: seen.hidden,
        excluded_because: seen.left_out,
    }
}

/// A folder that was asked for and exists nowhere is a mistake to mend before the run, not an empty result.
/// One that was taken over from an earlier package may be gone since.
fn folders_exist(run: &Run, plan: &Plan) -> Result<(), CollectError> {
    if run.acquisition.job.since.as_ref().is_some_and(|since| since.took_over(FOLDERS)) {
        return Ok(());
    }
    for asked in &run.acquisition.job.folders {
        let here = |folder: &PlannedFolder| {
            crate::terms::FolderPath::parse(&folder.row.path).is_ok_and(|path| asked.covers(&path))
        };
        let mut mailboxes = plan.mailboxes().peekable();
        if mailboxes.peek().is_some() && !mailboxes.any(|(_, mailbox)| mailbox.folders.iter().any(here)) {
            return Err(CollectError::NoSuchFolder { path: asked.to_string() });
        }
    }
    Ok(())
}
