//! The collection itself: prove access, plan, fetch, close the balance, seal.
//!
//! [`Run::swear_and_plan`] lists what is in scope and freezes it; [`collect`] collects exactly that. Read [`collect`] first:
//! it is the whole story in one function, and each word of it is a file here. A failed item is a row in the
//! record; an error means that the run cannot honestly go on, and what is durable stays.

mod access;
mod acquisition;
mod apart;
mod authenticity;
mod chosen;
mod closing;
mod departed;
mod disk_room;
mod enumerate;
mod error;
mod fetch;
mod folders;
mod intake;
mod job;
mod keys;
mod meanwhile;
mod natives;
mod plan;
pub mod rebuild;
mod record;
mod recorded;
mod register;
mod room;
mod sealing;
mod search;
mod since;
mod source;
mod standing;
mod stop;
mod tally;
mod turn;
mod unlisted;

use std::sync::Arc;

use futures_util::{StreamExt as _, TryFutureExt as _, TryStreamExt as _, stream};
use tokio::sync::Semaphore;

use crate::custody::{EventKind, LicenceFactRow, Line};
use crate::delegation::PriorChecks;
use crate::dns::Resolver;
use crate::graph::Graph;
use crate::monitor::{Event, Monitor};
use crate::session::{Flow, Session};
use crate::terms::Licensed;

use self::apart::apart;
use self::intake::Intake;
use self::keys::Keys;
use self::search::Search;
use self::standing::Standing;

pub use self::acquisition::Acquisition;
pub use self::chosen::{Chosen, Ids, IdsError, Way};
pub use self::disk_room::{DiskRoom, disk_room};
pub use self::error::CollectError;
pub use self::job::Job;
pub use self::plan::{Part, Plan, PlannedFolder, PlannedMailbox};
pub use self::since::{Earlier, FOLDERS, Since, SinceError};
pub use self::stop::Stop;
pub use self::tally::{CustodianTally, FolderBalance, Seal, SinceTally, State, Tally};
pub use crate::custody::{Compared, Counts};

/// Items of one mailbox that are under way at once: four on the wire, the others being read or waiting for the disk, so
/// that a seat that falls free is taken at once.
const UNDER_WAY: usize = 8;
/// What the manifest's write-ahead log may hold beside it, in bytes.
const WAITING_LOG: u64 = 16 * 1024 * 1024;
/// Listed rows that are read from the manifest at once.
const ROWS: u32 = 500;

/// Everything a run works with. Clones share it.
#[derive(Clone)]
pub struct Run {
    /// The acquisition on disk.
    pub acquisition: Acquisition,
    /// The door to the service.
    pub graph: Graph,
    /// Who is asking.
    pub session: Arc<Session>,
    /// Who hears how it goes.
    pub monitor: Arc<dyn Monitor>,
    /// Who may ask to stop.
    pub stop: Stop,
    /// Mailboxes worked on at once.
    pub side_by_side: usize,
    /// Earlier checks of access by the same account, to be carried into the record.
    pub prior: Arc<PriorChecks>,
    /// What the usage and licence sync knows of custodians.
    pub licensed: Arc<dyn Licensed>,
    /// Who is asked for the public keys of mail signers; `None`: nobody.
    pub dns: Option<Resolver>,
    /// What is asked of this session besides going on.
    pub wishes: Wishes,
}

/// What a person may ask of one session of a run. None of it is part of the scope.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Fetch again, once each, the items on record as missing, and list again what could not be listed whole.
    pub retry_exceptions: bool,
    /// Do not seal while something is missing that a retry may bring, and rebuild nothing that the service may give later.
    pub leave_open: bool,
}

/// Collects what was planned, and seals the package.
///
/// # Errors
/// [`CollectError`]; the session is then closed in the record with the reason, and the run can be resumed.
pub async fn collect(run: &Run, plan: &Plan) -> Result<Tally, CollectError> {
    if plan.mailboxes().next().is_none() {
        return Err(CollectError::NoAccess);
    }
    let (keys, capture) = Keys::start(run).await?;
    let worked = work(run, plan, &keys).await;
    // Nothing may be put on record behind the last line of a session.
    capture.stop().await?;
    if worked? {
        return run.hold(plan).await;
    }
    sealing::seal(run, plan).await
}

/// Everything between the plan and the seal; returns whether the package is to be left open.
async fn work(run: &Run, plan: &Plan, keys: &Keys) -> Result<bool, CollectError> {
    let (intake, durable) = Intake::start(run, keys);
    let mailboxes = plan.mailboxes().map(|(part, mailbox)| {
        let working = one_mailbox(run, &intake, part, mailbox);
        working.map_err(|error| error.lost_access_to(&part.custodian))
    });
    let mut working = stream::iter(mailboxes).buffer_unordered(run.side_by_side);
    let mut worked = Ok(());
    while let Some(ended) = working.next().await {
        if let Err(error) = ended {
            // What ails one mailbox leaves the others to come to their end. What ails the run ends it: the others finish
            // what they have in hand. The first error says why.
            if !error.is_about_one_mailbox() {
                run.stop.ask();
            }
            worked = worked.and(Err(error));
        }
    }
    drop(working);
    drop(intake);
    // An error of the disk explains the workers' own, which only say that the intake is gone.
    durable.await.map_err(|_| CollectError::Internal)??;
    worked?;
    if run.wishes.leave_open && closing::may_be_mended(run, plan).await? {
        return Ok(true);
    }
    sealing::pack(run, true).await?;
    authenticity::weigh(run, keys).await?;
    Ok(false)
}

/// One mailbox from its first item to its balance.
async fn one_mailbox(run: &Run, intake: &Intake, part: &Part, mailbox: &PlannedMailbox) -> Result<(), CollectError> {
    let search = &Arc::new(Search::of(run, mailbox));
    if run.wishes.retry_exceptions {
        fetch_all(run, intake, search, part.index, mailbox, Rows::Missing).await?;
    }
    fetch_all(run, intake, search, part.index, mailbox, Rows::Remaining).await?;
    closing::relist(run, search, part.index, mailbox).await?;
    since::close(run, search, mailbox).await?;
    fetch_all(run, intake, search, part.index, mailbox, Rows::Remaining).await?;
    closing::balance(run, mailbox).await?;
    run.monitor.tell(&Event::Finished { custodian: part.index });
    Ok(())
}

/// Which listed items are fetched.
#[derive(Debug, Clone, Copy)]
enum Rows {
    /// Those that have not ended.
    Remaining,
    /// Those that ended without their bytes in an earlier session: once each, since new failures come behind.
    Missing,
}

/// Fetches listed items to their end, four at a time; returns when all are durable.
async fn fetch_all(
    run: &Run,
    intake: &Intake,
    search: &Arc<Search>,
    custodian: usize,
    mailbox: &PlannedMailbox,
    which: Rows,
) -> Result<(), CollectError> {
    let mailbox_id = mailbox.mailbox_id;
    let standing = &Arc::new(Standing::of(&run.graph, mailbox));
    let counts = run.acquisition.pen.read(move |l| l.ended(mailbox_id)).await?;
    let (remaining, durable) = match which {
        Rows::Remaining => (counts.remaining(), counts.collected + counts.excepted),
        Rows::Missing => (counts.excepted, counts.collected),
    };
    run.monitor.tell(&Event::Fetching { custodian, remaining, durable });
    let pages = stream::try_unfold(0, |after| async move {
        if run.stop.is_asked() {
            return Ok(None);
        }
        let pen = &run.acquisition.pen;
        let rows = match which {
            Rows::Remaining => pen.read(move |l| l.remaining(mailbox_id, after, ROWS)).await?,
            Rows::Missing => pen.read(move |l| l.missing(mailbox_id, after, ROWS)).await?,
        };
        let next = rows.last().map(|row| row.listed_id);
        Ok::<_, CollectError>(next.map(|next| (stream::iter(rows.into_iter().map(Ok)), next)))
    });
    let items = pages.try_flatten().map_ok(|row| async move {
        // What is on the wire when somebody asks to stop is finished; nothing new is begun.
        if run.stop.is_asked() {
            return Ok(());
        }
        let (run, intake, standing, search) = (run.clone(), intake.clone(), standing.clone(), search.clone());
        apart(async move {
            let mut ended = fetch::item(&run, &standing, &search, row).await?;
            ended.take_room().await;
            intake.hand_in(custodian, ended).await
        })
        .await
    });
    items.try_buffer_unordered(UNDER_WAY).try_collect::<()>().await?;
    intake.flush().await?;
    run.halt_if_asked()
}

impl Run {
    /// An error when somebody has asked to stop.
    fn halt_if_asked(&self) -> Result<(), CollectError> {
        if self.stop.is_asked() { Err(CollectError::Stopped) } else { Ok(()) }
    }

    /// Swears who is signed in, once per session, and makes the plan, or finishes one that was interrupted. What the service
    /// is asked first goes out while the line is made durable; nothing is recorded before it.
    ///
    /// # Errors
    /// [`CollectError::OtherTenant`] when an earlier session was in another tenant; what ends a run.
    /// A custodian that cannot be read is a part without a mailbox, not an error.
    pub async fn swear_and_plan(&self) -> Result<Plan, CollectError> {
        let tenant_id = &self.session.signed_in().tenant_id;
        let others = self.acquisition.pen.read(|l| l.mailboxes()).await?;
        if others.iter().any(|mailbox| mailbox.tenant_id != *tenant_id) {
            return Err(CollectError::OtherTenant);
        }
        let sworn = Semaphore::new(0);
        let swearing = async {
            self.swear_sign_in().await?;
            sworn.close();
            Ok(())
        };
        let ((), plan) = tokio::try_join!(swearing, plan::plan(self, &sworn))?;
        Ok(plan)
    }

    async fn swear_sign_in(&self) -> Result<(), CollectError> {
        let who = self.session.signed_in().clone();
        let exchanges = self.session.take_exchanges();
        self.acquisition
            .pen
            .write(move |w| {
                let line = Line::new(EventKind::AuthObtained)
                    .text("upn", &who.user_principal_name)
                    .text("object_id", who.object_id.as_str())
                    .text("tenant_id", &who.tenant_id)
                    .text("client_id", &who.client_id)
                    .list("scopes", who.scopes.iter())
                    .text("flow", Flow::as_str(who.flow))
                    .flag("write_scopes_allowed", who.write_scopes_allowed)
                    .text("issued_at", who.issued_at.to_string())
                    .text("expires_at", who.expires_at.to_string())
                    .opt_text("token_id", who.token_id.as_deref());
                let seq = w.append(line)?;
                record::requests(w, &exchanges, seq)
            })
            .await?;
        Ok(())
    }

    /// What is on record of the licences of each custodian of a plan, in the plan's order.
    ///
    /// # Errors
    /// [`CollectError::Custody`].
    pub async fn licence_facts(&self, plan: &Plan) -> Result<Vec<Vec<LicenceFactRow>>, CollectError> {
        let ids: Vec<u64> = plan.parts.iter().map(|part| part.index as u64 + 1).collect();
        Ok(self.acquisition.pen.read(move |l| ids.iter().map(|id| l.licence_facts(*id)).collect()).await?)
    }

    /// Ends a session that came to its end without a seal: exit code 3, and a retry may still help.
    async fn hold(&self, plan: &Plan) -> Result<Tally, CollectError> {
        self.acquisition.close_session("left_open", self.graph.clock_offset()).await?;
        let tally = Tally::so_far(&self.acquisition, plan, State::Incomplete, None).await?;
        self.acquisition.pen.clone().close().await?;
        Ok(Tally { exit_code: 3, ..tally })
    }

    /// Ends a session that did not come to its end: why, and what it came to so far.
    ///
    /// # Errors
    /// [`CollectError::Custody`] when even that cannot be recorded.
    pub async fn pause(&self, plan: Option<&Plan>, error: &CollectError) -> Result<Tally, CollectError> {
        self.acquisition.close_session(error.reason(), self.graph.clock_offset()).await?;
        let plan = plan.cloned().unwrap_or(Plan { parts: Vec::new() });
        let stopped = matches!(error, CollectError::Stopped);
        let state = if stopped { State::Interrupted } else { State::Incomplete };
        let tally = Tally::so_far(&self.acquisition, &plan, state, None).await?;
        // What is left behind is one whole file, not one that needs its write-ahead log.
        self.acquisition.pen.clone().close().await?;
        Ok(tally)
    }
}
