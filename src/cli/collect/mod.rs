//! `affiant collect`: plan, show, ask, collect, seal, and say what it came to.

mod order;
mod start;

use std::sync::Arc;

use camino::Utf8PathBuf;

pub(super) use self::order::size;
use self::order::{FormatTyped, compression, date_field};
pub(super) use self::start::{Doorway, Looking, tool};
use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::outcome::{print_tally, scope, show_plan, told, warn_of_little_room};
use super::progress::Bars;
use super::resume::LeaveOpen;
use super::show;
use super::signals::stop_on_signals;
use super::signers::SignersKeys;
use crate::collect::{self, Acquisition, CollectError, Earlier, Plan, Run, SinceError, Stop, Wishes};
use crate::delegation::PriorChecks;
use crate::dns::Resolver;
use crate::inventory::{self, KnownPeople};
use crate::package::Compression;
use crate::terms::{DateField, Licensed, NothingKnown};

/// Collect custodians' mail into a hashed, verifiable package
///
/// Lists every message in scope first, shows the plan and asks; then fetches exactly that list, closes
/// the balance and seals the package.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  affiant collect ana@contoso.example --from 2024-01-01 --to 2024-03-31 --zone Europe/Berlin --out ana-2024\n  \
                  affiant collect --since ana-2024 --out ana-2024-supplement\n\n\
                  A date means the whole local day: --to 2024-03-31 includes it. An instant is exact, and excluded as an end.\n\
                  Exit codes: 0 complete, 3 completed with exceptions, 4 sign-in needed, 5 no access, 7 interrupted (resume)."
)]
pub(super) struct Args {
    /// Custodians: address, alias, sign-in name, object id, or me
    custodian: Vec<String>,
    /// A CSV file of custodians: the column custodian, email, upn or address, else the first one
    #[arg(long, value_name = "FILE")]
    custodians: Option<Utf8PathBuf>,
    /// First day, or first instant
    #[arg(long, value_name = "DATE|INSTANT")]
    from: Option<String>,
    /// Last day (included), or end instant (excluded)
    #[arg(long, value_name = "DATE|INSTANT")]
    to: Option<String>,
    /// Zone of dates and local times, an IANA name [default: UTC]
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Which date the range is about [default: received]
    #[arg(long, value_parser = date_field, value_name = "received|sent|created|modified")]
    date_field: Option<DateField>,
    /// Only what is new, changed, moved or was missing against this earlier, sealed package; what is not given here
    /// (custodians, range, date field, folders, matter) is taken over from it
    #[arg(long, value_name = "DIR")]
    since: Option<Utf8PathBuf>,
    /// The folder to write; must not exist, or be empty
    #[arg(long, value_name = "DIR")]
    out: Utf8PathBuf,
    /// A tree of .eml files, or ZIP volumes
    #[arg(long, value_enum, default_value_t = FormatTyped::Eml)]
    format: FormatTyped,
    /// Largest ZIP volume in bytes; also 500MB, 2GiB
    #[arg(long, value_parser = size, value_name = "SIZE")]
    volume_size: Option<u64>,
    /// With --format zip: deflate messages where that makes them smaller (the usual), or store them as they are, which is
    /// faster and takes about a third more
    #[arg(long, value_parser = compression, value_name = "deflate|store")]
    compression: Option<Compression>,
    /// Only this folder and those below it; repeat for more
    #[arg(long, value_name = "PATH")]
    folder: Vec<String>,
    /// Not this folder, nor those below it; repeat for more
    #[arg(long, value_name = "PATH")]
    exclude_folder: Vec<String>,
    /// Only the messages named in this file: ids of Graph or Message-IDs, one per line or in the first column of a CSV
    #[arg(long, value_name = "FILE", conflicts_with = "skip_ids")]
    only_ids: Option<Utf8PathBuf>,
    /// Not the messages named in this file
    #[arg(long, value_name = "FILE")]
    skip_ids: Option<Utf8PathBuf>,
    /// Collect Recoverable Items too
    #[arg(long)]
    include_recoverable: bool,
    /// The legal case
    #[arg(long, value_name = "TEXT")]
    matter: Option<String>,
    /// Plan and stop; `affiant resume DIR` then collects exactly that plan
    #[arg(long)]
    plan_only: bool,
    /// Start without asking
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    signers: SignersKeys,
    #[command(flatten)]
    open: LeaveOpen,
}

/// Collects.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let tool = Looking::at_this_program();
    let wishes = args.open.wishes(false);
    let dns = args.signers.resolver(desk);
    let (asked, out) = (Asked { plan_only: args.plan_only, yes: args.yes, dns, wishes }, args.out.clone());
    let earlier = match &args.since {
        Some(folder) => Some(Earlier::open(folder, &out).await?),
        None => None,
    };
    if let Some(folder) = &args.since {
        desk.note(&format!(
            "the record of {folder} is as it was sealed; its messages were not read: `affiant verify {folder}` does that"
        ));
    }
    let ids = order::ids(args.only_ids.as_deref(), args.skip_ids.as_deref())?;
    let job = order::job(&args, earlier.as_ref(), desk)?;
    // Before anything is written: is there somebody signed in at all?
    let session = desk.persons_session().await?;
    if let Some(earlier) = &earlier {
        earlier.must_be_of(&session.signed_in().tenant_id)?;
    }
    let notary = desk.notary().await?;
    let doorway = Doorway::new(desk, &job.custodians, &session)?;
    let acquisition = Acquisition::create(&out, job, ids, earlier, tool.seen(), salt(), notary).await?;
    work(desk, acquisition, session, doorway, asked).await
}

/// What the person wants to be asked.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) plan_only: bool,
    pub(super) yes: bool,
    pub(super) dns: Option<Resolver>,
    pub(super) wishes: Wishes,
}

/// Plans and collects an acquisition that is open: the common part of `collect` and `resume`.
pub(super) async fn work(
    desk: &Desk,
    acquisition: Acquisition,
    session: Arc<crate::session::Session>,
    mut doorway: Doorway,
    asked: Asked,
) -> Result<Exit, Failure> {
    desk.note(&scope(&acquisition.job));
    let side_by_side = desk.settings.side_by_side;
    let (prior, licensed) = tokio::join!(prior_checks(desk, &session), licensed(desk, &session));
    let (prior, graph) = (Arc::new(prior?), doorway.opened().await?);
    let Doorway { bars, monitor, .. } = doorway;
    let (stop, dns, wishes) = (Stop::new(), asked.dns, asked.wishes);
    let run = Run { acquisition, graph, session, monitor, stop, side_by_side, prior, licensed, dns, wishes };
    stop_on_signals(&run.stop);
    let plan = planned(desk, &run, bars.as_deref()).await?;
    if asked.plan_only {
        run.pause(Some(&plan), &CollectError::Stopped).await?;
        desk.note(&format!(
            "planned, nothing fetched; collect it with: affiant resume {}",
            run.acquisition.package.root()
        ));
        return Ok(Exit::Complete);
    }
    let refused = plan.parts.iter().any(|part| part.mailbox.is_none());
    if !asked.yes && !desk.confirm(if refused { "Collect the others?" } else { "Collect this?" }) {
        run.pause(Some(&plan), &CollectError::Stopped).await?;
        return Err(Failure::usage(
            "not confirmed, nothing was fetched",
            format!(
                "the plan is kept: `affiant resume {}` collects it; --yes does not ask",
                run.acquisition.package.root()
            ),
        )
        .with(Exit::Interrupted));
    }
    let collected = collect::collect(&run, &plan).await;
    if let Some(bars) = &bars {
        bars.clear();
    }
    match collected {
        Ok(tally) => Ok(told(desk, &tally)),
        Err(error) => Err(paused(desk, &run, Some(&plan), error).await),
    }
}

/// What the usage and licence sync knows of this tenant's people. No store, or one that cannot be read, is nothing known.
async fn licensed(desk: &Desk, session: &crate::session::Session) -> Arc<dyn Licensed> {
    let Some(home) = desk.keeping_home().map(ToOwned::to_owned) else { return Arc::new(NothingKnown) };
    let tenant_id = session.signed_in().tenant_id.clone();
    let looking = tokio::task::spawn_blocking(move || inventory::Store::look(&home));
    match looking.await {
        Ok(Ok(Some(store))) => Arc::new(KnownPeople::new(store, tenant_id)),
        Ok(Ok(None)) | Err(_) => Arc::new(NothingKnown),
        Ok(Err(error)) => {
            desk.note(&format!("licence facts are not known: {error}"));
            Arc::new(NothingKnown)
        }
    }
}

/// What `affiant check` kept for this account.
async fn prior_checks(desk: &Desk, session: &crate::session::Session) -> Result<PriorChecks, Failure> {
    let Some(home) = desk.keeping_home().map(ToOwned::to_owned) else { return Ok(PriorChecks::default()) };
    let signed_in = session.signed_in().clone();
    let reading = tokio::task::spawn_blocking(move || super::access::prior(&home, &signed_in));
    reading.await.map_err(|_| Failure::failed("earlier checks could not be read", "run it again"))
}

async fn planned(desk: &Desk, run: &Run, bars: Option<&Bars>) -> Result<Plan, Failure> {
    let ready = match run.swear_and_plan().await {
        Ok(plan) => run.licence_facts(&plan).await.map(|licences| (plan, licences)),
        Err(error) => Err(error),
    };
    match ready {
        Ok((plan, licences)) => {
            show_plan(desk, run, &plan, &licences, bars);
            warn_of_little_room(desk, run, &plan).await;
            Ok(plan)
        }
        Err(error) => {
            if let Some(bars) = bars {
                bars.clear();
            }
            Err(paused(desk, run, None, error).await)
        }
    }
}

/// Records why the session ends early, and turns the error into what the person sees.
async fn paused(desk: &Desk, run: &Run, plan: Option<&Plan>, error: CollectError) -> Failure {
    let exit = exit_of(&error);
    if let Ok(mut tally) = run.pause(plan, &error).await {
        tally.exit_code = exit.code();
        if desk.json {
            print_tally(desk, &tally);
        } else {
            desk.note(&format!(
                "{} of {} messages are durable in {}",
                show::number(tally.totals.collected),
                show::number(tally.totals.listed),
                tally.package
            ));
        }
    }
    Failure::new(exit, &error)
}

fn exit_of(error: &CollectError) -> Exit {
    match error {
        CollectError::Stopped => Exit::Interrupted,
        CollectError::Fault(fault) if fault.is_sign_in_needed() => Exit::SignIn,
        // The network or the service: nothing is wrong here, and resuming is all there is to do.
        CollectError::Fault(fault) => match fault.kind {
            crate::graph::FaultKind::Unavailable | crate::graph::FaultKind::Throttled => Exit::Interrupted,
            crate::graph::FaultKind::SignIn(ref error) if error.is_passing() => Exit::Interrupted,
            _ => Exit::Failed,
        },
        CollectError::NoAccess | CollectError::AccessLost { .. } => Exit::NoAccess,
        CollectError::NoSuchFolder { .. } | CollectError::SameMailbox { .. } => Exit::Usage,
        CollectError::Package(_)
        | CollectError::Custody(_)
        | CollectError::Damaged { .. }
        | CollectError::Ids
        | CollectError::Scope
        | CollectError::OtherTenant
        | CollectError::Internal => Exit::Failed,
    }
}

impl From<CollectError> for Failure {
    fn from(error: CollectError) -> Self {
        Self::new(exit_of(&error), &error)
    }
}

impl From<SinceError> for Failure {
    fn from(error: SinceError) -> Self {
        let exit = match &error {
            SinceError::Inside { .. } | SinceError::NotAPackage { .. } => Exit::Usage,
            SinceError::Unsealed { .. }
            | SinceError::Newer { .. }
            | SinceError::Damaged { .. }
            | SinceError::Unreadable { .. }
            | SinceError::OtherTenant { .. }
            | SinceError::Internal => Exit::Failed,
        };
        Self::new(exit, &error)
    }
}

fn salt() -> [u8; 16] {
    *uuid::Uuid::new_v4().as_bytes()
}
