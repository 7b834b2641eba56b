//! `affiant resume`: goes on with an acquisition that was interrupted, only planned, or left open.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::collect::{Asked, Doorway, Looking, work};
use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::outcome::told;
use super::show;
use super::signals::stop_on_signals;
use super::signers::SignersKeys;
use crate::collect::{Acquisition, CollectError, Stop, Wishes};
use crate::monitor::{Monitor, Silent};
use crate::package::PackageError;

/// Go on with an interrupted acquisition
///
/// Nothing that is durable is fetched again; the scope is the one it was started with. When everything has ended,
/// the package is sealed, and a sealed package is never opened again.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  affiant resume ana-2024\n  affiant resume ana-2024 --retry-exceptions --leave-open-on-exceptions\n\n\
                        The second tries what failed once more, and leaves the package open if something still fails."
)]
pub(super) struct Args {
    /// The folder of the acquisition
    #[arg(value_name = "DIR")]
    package: Utf8PathBuf,
    /// Fetch again what is on record as missing or vanished, and list again what could not be listed
    #[arg(long)]
    retry_exceptions: bool,
    #[command(flatten)]
    signers: SignersKeys,
    #[command(flatten)]
    open: LeaveOpen,
}

/// What `collect` and `resume` have in common.
#[derive(Debug, clap::Args)]
pub(super) struct LeaveOpen {
    /// Do not seal while something failed, nor rebuild what the service may give later: `affiant resume DIR
    /// --retry-exceptions` tries it again
    #[arg(long)]
    leave_open_on_exceptions: bool,
}

impl LeaveOpen {
    /// Together with what else is wished.
    pub(super) const fn wishes(&self, retry_exceptions: bool) -> Wishes {
        Wishes { retry_exceptions, leave_open: self.leave_open_on_exceptions }
    }
}

/// Goes on.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let tool = Looking::at_this_program();
    let opened = Acquisition::open(&args.package, desk.notary().await?).await;
    let acquisition = opened.map_err(|error| match error {
        CollectError::Package(PackageError::Sealed { root }) => sealed(&root, args.retry_exceptions),
        error => error.into(),
    })?;
    if acquisition.is_sworn().await? {
        return finish(&acquisition, desk).await;
    }
    // Before anything is written: is there somebody signed in at all?
    let session = desk.persons_session().await?;
    let doorway = Doorway::new(desk, &acquisition.job.custodians, &session)?;
    acquisition.begin_session(&tool.seen().await?).await?;
    let wishes = args.open.wishes(args.retry_exceptions);
    // It was asked for once; going on needs no second question.
    let dns = args.signers.resolver(desk);
    work(desk, acquisition, session, doorway, Asked { plan_only: false, yes: true, dns, wishes }).await
}

/// A sealed package is never opened again; what it lacks, another one brings.
fn sealed(root: &Utf8Path, retry_exceptions: bool) -> Failure {
    let root = show::plain(root.as_str());
    let (stands, brings) = if retry_exceptions {
        ("its exceptions stand", "tries again what failed")
    } else {
        ("nothing can be added to it", "collects what has come since")
    };
    Failure::failed(
        format!("{root} is sealed: {stands}"),
        format!(
            "`affiant collect --since {root} --out NEW-FOLDER` {brings}; hand over both packages. \
             Check this one with `affiant verify {root}`"
        ),
    )
}

/// Only the files of the seal are missing: that needs no sign-in and asks the service nothing.
async fn finish(acquisition: &Acquisition, desk: &Desk) -> Result<Exit, Failure> {
    desk.note("everything is collected and its log is complete; finishing the seal");
    let (stop, monitor): (_, Arc<dyn Monitor>) = (Stop::new(), Arc::new(Silent));
    stop_on_signals(&stop);
    let tally = acquisition.finish(&monitor, &stop).await?;
    Ok(told(desk, &tally))
}
