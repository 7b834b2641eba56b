//! `affiant sync`: usage and licences of the connected tenants, read into the store, looked after there.

mod datasets;
mod diff;
mod log;
mod prune;
mod run;
mod verify;

use super::connection::with_store;
use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;
use crate::inventory::{RunError, Store, StoreError};

#[cfg(test)]
pub(super) use self::datasets::Needed;
#[cfg(test)]
pub(super) use self::diff::Differences;
#[cfg(test)]
pub(super) use self::log::LogLine;
#[cfg(test)]
pub(super) use self::prune::Gone;
#[cfg(test)]
pub(super) use self::run::Synced;
#[cfg(test)]
pub(super) use self::verify::Verified;

/// Read usage and licences of the connected tenants, and look after what was read
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  affiant sync run --connection contoso\n  affiant sync run --all --scheduled\n  affiant sync log --follow"
)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Run(Box<run::Args>),
    Datasets(datasets::Args),
    Log(log::Args),
    Verify(verify::Args),
    Diff(diff::Args),
    Prune(prune::Args),
}

/// Does one of them.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    match args.what {
        What::Run(args) => run::run(*args, desk).await,
        What::Datasets(args) => datasets::run(&args, desk),
        What::Log(args) => log::run(args, desk).await,
        What::Verify(args) => verify::run(&args, desk).await,
        What::Diff(args) => diff::run(&args, desk),
        What::Prune(args) => prune::run(&args, desk),
    }
}

/// The store, which must be there.
fn kept(desk: &Desk) -> Result<Store, Failure> {
    let store = Store::look(desk.home()).map_err(stored)?;
    store.ok_or_else(|| Failure::usage("nothing was synced yet", "`affiant sync run` reads the connected tenants"))
}

/// The store's trouble.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn stored(error: StoreError) -> Failure {
    Failure::new(Exit::Failed, &error)
}

/// A run that could not begin.
fn unbegun(error: &RunError) -> Failure {
    let exit = if matches!(error, RunError::OtherTenant) { Exit::SignIn } else { Exit::Failed };
    Failure::new(exit, error)
}
