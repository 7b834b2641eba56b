//! `affiant sync prune`: old stored answers go, rows stay.

use schemars::JsonSchema;
use serde::Serialize;

use super::{kept, stored};
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::json;
use crate::cli::show::{bytes, number};
use crate::inventory::Store;
use crate::terms::UtcInstant;

/// Remove stored answers that are older than so many days; rows and digests stay
///
/// The last snapshot of each month, the newest one and those that findings refer to keep their answers. What is removed
/// can no longer be read again by `affiant sync verify`; its rows are still checked against their digest.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant sync prune --older-than 400 --dry-run")]
pub(super) struct Args {
    /// Age in days
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    older_than: u32,
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,
}

/// What `sync prune --json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Gone {
    /// Whether it was only counted.
    dry_run: bool,
    bodies: u64,
    /// Bytes, as they lay in the store.
    bytes: u64,
}

/// Prunes.
pub(super) fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    drop(kept(desk)?);
    let day = 24 * 60 * 60 * 1000;
    let before = UtcInstant::from_millis((desk.clock)().millis() - i64::from(args.older_than) * day);
    let before = before.map(|at| at.to_string()).unwrap_or_default();
    let store = Store::open(desk.home()).map_err(stored)?;
    let pruned = store.prune(&before, args.dry_run).map_err(stored)?;
    let gone = Gone { dry_run: args.dry_run, bodies: pruned.bodies, bytes: pruned.bytes };
    let verb = if gone.dry_run { "would go" } else { "are gone" };
    let text = format!("{} stored answers {verb}, {}; all rows stay\n", number(gone.bodies), bytes(gone.bytes));
    desk.print(&if desk.json { json(&gone) } else { text });
    Ok(Exit::Complete)
}
