//! `affiant resume`: goes on with an acquisition that was interrupted, or that was only planned.

use camino::Utf8PathBuf;

use super::collect::{Asked, tool, work};
use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;
use crate::collect::Acquisition;

/// Go on with an interrupted acquisition
///
/// Nothing that is durable is fetched again; the scope is the one it was started with.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant resume ana-2024")]
pub(super) struct Args {
    /// The folder of the acquisition
    #[arg(value_name = "DIR")]
    package: Utf8PathBuf,
}

/// Goes on.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let session = desk.persons_session().await?;
    let acquisition = Acquisition::open(&args.package, &tool()?, desk.clock.clone()).await?;
    // It was asked for once; going on needs no second question.
    work(desk, acquisition, session, Asked { plan_only: false, yes: true }).await
}
