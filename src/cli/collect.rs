//! `affiant collect`: plan, show, ask, collect, seal, and say what it came to.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::outcome::{print_tally, scope, show_plan, told, warn_of_little_room};
use super::progress::{Bars, Lines};
use super::resume::LeaveOpen;
use super::show;
use super::signals::stop_on_signals;
use crate::collect::{self, Acquisition, CollectError, Ids, IdsError, Job, Plan, Run, Stop, Tool, Way, Wishes};
use crate::delegation::PriorChecks;
use crate::directory::{CustodiansError, custodians_from_csv};
use crate::monitor::{Monitor, Silent};
use crate::package::{Format, VOLUME_BYTES, VOLUME_MEMBERS};
use crate::terms::{DateField, FolderPath, Matter, Range, Sha256};

/// Collect custodians' mail into a hashed, verifiable package
///
/// Lists every message in scope first, shows the plan and asks; then fetches exactly that list, closes
/// the balance and seals the package.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  affiant collect ana@contoso.example --from 2024-01-01 --to 2024-03-31 --zone Europe/Berlin --out ana-2024\n\n\
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
    /// Zone of dates and local times, an IANA name
    #[arg(long, default_value = "UTC", value_name = "ZONE")]
    zone: String,
    /// Which date the range is about
    #[arg(long, default_value = "received", value_parser = date_field, value_name = "received|sent|created|modified")]
    date_field: DateField,
    /// The folder to write; must not exist, or be empty
    #[arg(long, value_name = "DIR")]
    out: Utf8PathBuf,
    /// A tree of .eml files, or ZIP volumes
    #[arg(long, value_enum, default_value_t = FormatTyped::Eml)]
    format: FormatTyped,
    /// Largest ZIP volume in bytes; also 500MB, 2GiB
    #[arg(long, value_parser = size, value_name = "SIZE")]
    volume_size: Option<u64>,
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
    open: LeaveOpen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FormatTyped {
    /// data/NATIVES/…/AFF-0000001.eml
    Eml,
    /// data/VOL001.zip, each a whole archive
    Zip,
}

fn date_field(text: &str) -> Result<DateField, String> {
    let fields = [DateField::Received, DateField::Sent, DateField::Created, DateField::Modified];
    fields
        .into_iter()
        .find(|field| field.to_string() == text)
        .ok_or_else(|| "not one of received, sent, created, modified".to_owned())
}

/// Reads `500MB`, `2GiB` or plain bytes.
fn size(text: &str) -> Result<u64, String> {
    let wrong = || "not a size like 500MB, 2GiB or 1000000".to_owned();
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim().to_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err(wrong()),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).ok_or_else(wrong)
}

/// Collects.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let wishes = args.open.wishes(false);
    let (asked, out) = (Asked { plan_only: args.plan_only, yes: args.yes, wishes }, args.out.clone());
    let ids = ids(args.only_ids.as_deref(), args.skip_ids.as_deref())?;
    let job = job(args, desk)?;
    // Before anything is written: is there somebody signed in at all?
    let session = desk.persons_session().await?;
    let tool = tool()?;
    let acquisition = Acquisition::create(&out, job, ids, &tool, salt(), desk.clock.clone()).await?;
    work(desk, acquisition, session, asked).await
}

/// What the person wants to be asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) plan_only: bool,
    pub(super) yes: bool,
    pub(super) wishes: Wishes,
}

/// Plans and collects an acquisition that is open: the common part of `collect` and `resume`.
pub(super) async fn work(
    desk: &Desk,
    acquisition: Acquisition,
    session: Arc<crate::session::Session>,
    asked: Asked,
) -> Result<Exit, Failure> {
    desk.note(&scope(&acquisition.job));
    let custodians = acquisition.job.custodians.clone();
    let bars = desk.draws().then(|| Arc::new(Bars::new(&custodians)));
    let monitor: Arc<dyn Monitor> = match (&bars, desk.json) {
        (Some(bars), _) => bars.clone(),
        (None, true) => Arc::new(Lines::new(&custodians)),
        (None, false) => Arc::new(Silent),
    };
    let graph = desk.graph_of(session.clone(), monitor.clone())?;
    let side_by_side = desk.settings.side_by_side;
    let prior = Arc::new(prior_checks(desk, &session).await?);
    let (stop, wishes) = (Stop::new(), asked.wishes);
    let run = Run { acquisition, graph, session, monitor, stop, side_by_side, prior, wishes };
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

/// What `affiant check` kept for this account.
async fn prior_checks(desk: &Desk, session: &crate::session::Session) -> Result<PriorChecks, Failure> {
    let Some(home) = desk.keeping_home().map(ToOwned::to_owned) else { return Ok(PriorChecks::default()) };
    let signed_in = session.signed_in().clone();
    let reading = tokio::task::spawn_blocking(move || super::access::prior(&home, &signed_in));
    reading.await.map_err(|_| Failure::failed("earlier checks could not be read", "run it again"))
}

async fn planned(desk: &Desk, run: &Run, bars: Option<&Bars>) -> Result<Plan, Failure> {
    let ready = match run.swear_sign_in().await {
        Ok(()) => collect::plan(run).await,
        Err(error) => Err(error),
    };
    match ready {
        Ok(plan) => {
            show_plan(desk, run, &plan, bars);
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

/// What was typed becomes the job.
fn job(args: Args, desk: &Desk) -> Result<Job, Failure> {
    let mut custodians = args.custodian;
    if let Some(path) = &args.custodians {
        custodians.extend(from_csv(path, desk)?);
    }
    let mut seen = std::collections::HashSet::new();
    custodians.retain(|name| !name.trim().is_empty() && seen.insert(name.trim().to_lowercase()));
    if custodians.is_empty() {
        return Err(Failure::usage("no custodian was named", "name custodians, or give --custodians FILE.csv"));
    }
    let usage = |error: &dyn miette::Diagnostic| Failure::new(Exit::Usage, error);
    let range = Range::parse(args.from.as_deref(), args.to.as_deref(), &args.zone).map_err(|error| usage(&error))?;
    let paths = |texts: &[String]| -> Result<Vec<FolderPath>, Failure> {
        let read = |text: &String| {
            FolderPath::parse(text).map_err(|error| {
                Failure::usage(
                    format!("\"{}\" is {error}", show::plain(text)),
                    "write names as Outlook shows them, with / between them",
                )
            })
        };
        texts.iter().map(read).collect()
    };
    let format = match (args.format, args.volume_size) {
        (FormatTyped::Eml, None) => Format::Eml,
        (FormatTyped::Eml, Some(_)) => {
            return Err(Failure::usage("--volume-size goes with --format zip", "add --format zip"));
        }
        (FormatTyped::Zip, size) => {
            Format::Zip { volume_bytes: size.unwrap_or(VOLUME_BYTES), volume_members: VOLUME_MEMBERS }
        }
    };
    Ok(Job {
        custodians,
        range,
        date_field: args.date_field,
        folders: paths(&args.folder)?,
        excluded: paths(&args.exclude_folder)?,
        chosen: None,
        recoverable: args.include_recoverable,
        format: format.checked().map_err(|error| usage(&error))?,
        matter: Matter::new(args.matter.as_deref().unwrap_or_default()).ok_or_else(|| {
            Failure::usage(
                "the matter is too long or has control characters",
                "give at most 200 characters on one line",
            )
        })?,
    })
}

/// The list of ids, if one was given.
fn ids(only: Option<&Utf8Path>, skip: Option<&Utf8Path>) -> Result<Option<Ids>, Failure> {
    let (way, path) = match (only, skip) {
        (Some(path), _) => (Way::Only, path),
        (None, Some(path)) => (Way::Skip, path),
        (None, None) => return Ok(None),
    };
    let read = std::fs::File::open(path).map_err(IdsError::Read).and_then(|file| Ids::read(way, file));
    read.map(Some).map_err(|error| Failure::new(Exit::Usage, &error))
}

fn from_csv(path: &Utf8Path, desk: &Desk) -> Result<Vec<String>, Failure> {
    let read = std::fs::File::open(path).map_err(CustodiansError::Read).and_then(custodians_from_csv);
    let list = read.map_err(|error| Failure::new(Exit::Usage, &error))?;
    if !list.duplicates.is_empty() {
        desk.note(&format!(
            "named more than once in {path}, collected once: {}",
            show::plain(&list.duplicates.join(", "))
        ));
    }
    Ok(list.typed)
}

/// The program and machine, for the record.
pub(super) fn tool() -> Result<Tool, Failure> {
    let read = std::env::current_exe().and_then(std::fs::File::open).and_then(|mut file| {
        let mut hasher = crate::terms::Hasher::new();
        let mut buffer = vec![0; 256 * 1024];
        loop {
            let count = std::io::Read::read(&mut file, &mut buffer)?;
            match buffer.get(..count) {
                Some([]) | None => return Ok(hasher.finish().0),
                Some(bytes) => hasher.update(bytes),
            }
        }
    });
    let sha256: Sha256 =
        read.map_err(|_| Failure::failed("this program cannot read its own file", "start it by its full path"))?;
    Ok(Tool {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sha256,
        host: gethostname::gethostname().to_string_lossy().into_owned(),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        pid: std::process::id(),
    })
}

fn salt() -> [u8; 16] {
    *uuid::Uuid::new_v4().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!((size("500MB"), size("2GiB"), size("7")), (Ok(500_000_000), Ok(2 << 30), Ok(7)));
        for wrong in ["", "MB", "1.5GB", "-1", "99999999999999999999", "18446744073709551615k"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
