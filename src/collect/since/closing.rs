//! What no listing of a mailbox showed although the earlier package knew it: asked for by id, and named one by one.
//!
//! That something is gone is a fact about the mailbox and no exception. What turns out to be in scope all the same is
//! taken up like a message of a listing. It must not fetch messages.

use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::super::error::CollectError;
use super::super::plan::PlannedMailbox;
use super::super::search::Search;
use super::super::standing::{Standing, is_closed};
use super::super::{Run, enumerate, fetch, record};
use super::compare::{Here, Judged, judge};
use crate::custody::{ComparedRow, CustodyError, EventKind, Fate, KnownRow, Line, Listed, Sighting, Writer};
use crate::graph::{FaultKind, IN_FLIGHT, wire};
use crate::terms::{DateField, Exchange, FolderPath, GraphId, Purpose, UtcInstant};

/// Messages of one mailbox that are asked for by id: a minute's worth at the service's pace.
const ASKED_MAX: usize = 500;
/// Known messages that are read from the manifest at once.
const ROWS: u32 = 1_000;
/// The pass of what is found by its id.
const PASS: u32 = 2;

/// Says what has become of every known message of the mailbox, and swears to the comparison. May be repeated.
///
/// # Errors
/// What ends a run, access to the mailbox lost among it.
pub(in crate::collect) async fn close(
    run: &Run,
    search: &Search,
    mailbox: &PlannedMailbox,
) -> Result<(), CollectError> {
    if run.acquisition.job.since.is_none() {
        return Ok(());
    }
    let scope = Scope::of(run, mailbox, search.known().await?);
    let mut missed = Missed::default();
    let mut after = None;
    loop {
        run.halt_if_asked()?;
        let (owner, from) = (mailbox.owner.clone(), after.take());
        let rows = run.acquisition.pen.read(move |l| l.unseen(&owner, from.as_ref(), ROWS)).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.known.graph_id.clone());
        missed.ask(run, &scope, mailbox, rows.into_iter().filter(|row| scope.covers(row))).await?;
    }
    if missed.doubtful {
        // The service answers alike for what is gone and for a mailbox that was closed a moment ago.
        Standing::of(&run.graph, mailbox).confirm(&mut missed.trail).await?;
    }
    let mailbox_id = mailbox.mailbox_id;
    run.acquisition.pen.write(move |w| missed.swear(w, mailbox_id)).await?;
    Ok(())
}

/// What this run covers of a mailbox.
struct Scope<'a> {
    run: &'a Run,
    folders: HashMap<GraphId, (u64, bool)>,
    /// Ids that the package holds under another one.
    taken: HashSet<GraphId>,
}

impl<'a> Scope<'a> {
    fn of(run: &'a Run, mailbox: &PlannedMailbox, taken: HashSet<GraphId>) -> Self {
        let rows = mailbox.folders.iter().map(|folder| &folder.row);
        let folders = rows.map(|row| (row.graph_id.clone(), (row.folder_id, row.excluded_because.is_none())));
        Self { run, folders: folders.collect(), taken }
    }

    /// Whether a known message would be listed if it were where it was.
    fn covers(&self, row: &KnownRow) -> bool {
        let (job, known) = (&self.run.acquisition.job, &row.known);
        let dated = match job.date_field {
            DateField::Received => known.received_utc,
            DateField::Sent => known.sent_utc,
            DateField::Created => known.created_utc,
            DateField::Modified => known.modified_utc,
        };
        let included = match self.folders.get(&known.folder) {
            Some((_, included)) => *included,
            // The folder is gone, too: its path tells whether it was asked for.
            None => FolderPath::parse(&known.folder_path).is_ok_and(|path| job.asks_for(&path)),
        };
        let ids = self.run.acquisition.ids.as_deref();
        let wanted = ids.is_none_or(|ids| ids.wants_id(known.graph_id.as_str(), known.internet_message_id.as_deref()));
        included && wanted && self.covers_date(dated) && !self.taken.contains(&known.graph_id)
    }

    fn covers_date(&self, at: Option<UtcInstant>) -> bool {
        let window = self.run.acquisition.job.range.window();
        at.map_or(window.is_all(), |at| window.contains(at))
    }
}

/// What the listings did not show.
#[derive(Default)]
struct Missed {
    gone: Vec<(u64, Sighting)>,
    found: Vec<(Here, wire::Message)>,
    asked: usize,
    doubtful: bool,
    trail: Vec<Exchange>,
}

/// What asking for one message showed.
enum Answered {
    Not(Sighting),
    Found(Box<wire::Message>),
}

impl Missed {
    async fn ask(
        &mut self,
        run: &Run,
        scope: &Scope<'_>,
        mailbox: &PlannedMailbox,
        rows: impl Iterator<Item = KnownRow>,
    ) -> Result<(), CollectError> {
        let rows: Vec<KnownRow> = rows.collect();
        let (now, later) = rows.split_at(rows.len().min(ASKED_MAX.saturating_sub(self.asked)));
        self.asked += now.len();
        let asking = stream::iter(now).map(|row| ask(run, mailbox, row));
        let mut answers = asking.buffered(IN_FLIGHT);
        while let Some((earlier_id, answered, trail)) = answers.try_next().await? {
            self.trail.extend(trail);
            match answered {
                Answered::Not(sighting) => {
                    self.doubtful = true;
                    self.gone.push((earlier_id, sighting));
                }
                Answered::Found(message) => self.found(scope, mailbox, earlier_id, *message),
            }
        }
        self.gone.extend(later.iter().map(|row| (row.earlier_id, Sighting::NotAsked)));
        Ok(())
    }

    fn found(&mut self, scope: &Scope<'_>, mailbox: &PlannedMailbox, earlier_id: u64, message: wire::Message) {
        let parent = message.parent_folder_id.clone();
        let folder =
            parent.and_then(|id| scope.folders.get(&id).map(|(folder_id, included)| (id, *folder_id, *included)));
        let dated = enumerate::date_of(&message, scope.run.acquisition.job.date_field);
        match folder {
            Some((folder, folder_id, true)) if scope.covers_date(dated) => {
                let (owner, mailbox_id) = (mailbox.owner.clone(), mailbox.mailbox_id);
                self.found.push((Here { owner, mailbox_id, folder_id, folder }, message));
            }
            Some((_, _, true)) => self.gone.push((earlier_id, Sighting::OtherDate)),
            Some(_) | None => self.gone.push((earlier_id, Sighting::OtherFolder)),
        }
    }

    /// Writes the rows and the line that names them; nothing where the latest line says it all.
    fn swear(self, w: &mut Writer<'_>, mailbox_id: u64) -> Result<(), CustodyError> {
        let seq = w.next_seq();
        let found = self.found.len() as u64;
        for (earlier_id, sighting) in self.gone {
            w.compared(&gone(mailbox_id, earlier_id, sighting), seq)?;
        }
        for (here, message) in self.found {
            take(w, &here, message, seq)?;
        }
        let (counts, sha256) = (w.ledger().compared(mailbox_id)?, w.ledger().compared_digest(mailbox_id)?.to_string());
        let last = w.ledger().last_about(EventKind::MailboxCompared, mailbox_id)?;
        let last = last.map(|entry| entry.json()).transpose()?;
        let new = |line: &serde_json::Value| line["new"].as_u64() == Some(counts.new);
        if last.is_some_and(|line| line["sha256"].as_str() == Some(&sha256) && new(&line)) {
            return Ok(());
        }
        let line = Line::new(EventKind::MailboxCompared)
            .int("mailbox_id", mailbox_id)
            .int("new", counts.new)
            .int("retried", counts.retried)
            .int("changed", counts.changed)
            .int("moved", counts.moved)
            .int("moved_held", counts.moved_held)
            .int("unchanged", counts.unchanged)
            .int("gone", counts.gone)
            .int("asked_by_id", self.asked as u64)
            .int("found_by_id", found)
            .text("sha256", sha256);
        let seq = w.append(line)?;
        record::requests(w, &self.trail, seq)
    }
}

/// One message by its id: is it still there, and where?
async fn ask(
    run: &Run,
    mailbox: &PlannedMailbox,
    row: &KnownRow,
) -> Result<(u64, Answered, Vec<Exchange>), CollectError> {
    run.halt_if_asked()?;
    let ask = fetch::item_ask(&mailbox.owner, row.known.graph_id.as_str(), None, Purpose::ItemState)
        .query("$select", enumerate::SELECT);
    match run.graph.get::<wire::Message>(&ask).await {
        Ok(answer) => Ok((row.earlier_id, Answered::Found(Box::new(answer.value)), answer.trail)),
        Err(fault) if fault.is_total() || matches!(fault.kind, FaultKind::Throttled) => Err(fault.into()),
        Err(fault) => {
            let gone = matches!(fault.kind, FaultKind::Gone) && is_closed(&fault);
            let sighting = if gone { Sighting::NotFound } else { Sighting::Refused };
            Ok((row.earlier_id, Answered::Not(sighting), fault.trail))
        }
    }
}

fn gone(mailbox_id: u64, earlier_id: u64, sighting: Sighting) -> ComparedRow {
    ComparedRow {
        mailbox_id,
        earlier_id,
        outcome: Fate::Gone,
        listed_id: None,
        folder_id: None,
        change_key: None,
        modified_utc: None,
        seen: Some(sighting),
    }
}

/// Takes up a message that is in scope though no listing showed it.
fn take(w: &mut Writer<'_>, here: &Here, message: wire::Message, seq: u64) -> Result<(), CustodyError> {
    let judged = judge(&w.ledger(), here, &message)?;
    let listed = enumerate::listed(message, here.mailbox_id, here.folder_id, PASS);
    add(w, judged, &listed, seq)
}

/// Adds what was judged: to the list what is to be collected, and the comparison.
pub(in crate::collect) fn add(
    w: &mut Writer<'_>,
    judged: Judged,
    listed: &Listed,
    seq: u64,
) -> Result<(), CustodyError> {
    match judged {
        Judged::New => w.listed(listed, seq).map(drop),
        Judged::Again(row) => match w.listed(listed, seq)? {
            Some(listed_id) => w.compared(&ComparedRow { listed_id: Some(listed_id), ..row }, seq),
            None => Ok(()),
        },
        Judged::Held(Some(row)) => w.compared(&row, seq),
        Judged::Held(None) => Ok(()),
    }
}
