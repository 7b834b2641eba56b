//! `affiant sync verify`: whether the store is what came.

use schemars::JsonSchema;
use serde::Serialize;

use super::{kept, stored};
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::json;
use crate::cli::show::number;
use crate::inventory::Store;

/// Read the stored answers again and compare the tables with them
///
/// Every stored body is hashed, every snapshot is read again from its bodies, and the tables must say the same.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  affiant sync verify --json | jq .differences\n\nExit codes: 0 the store is what came, 6 it differs."
)]
pub(super) struct Args {}

/// What `sync verify --json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Verified {
    /// Stored bodies with the right digest.
    bodies: u64,
    /// Snapshots that were read again from their bodies.
    snapshots: u64,
    /// Snapshots whose bodies were pruned: their rows have the right digest, or are among the differences.
    pruned: u64,
    differences: Vec<Differs>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Differs {
    /// `body` (damaged), `reading` (the bodies say something else) or `rows` (the tables do).
    what: String,
    snapshot: Option<i64>,
    dataset: Option<String>,
    text: String,
}

/// Verifies.
pub(super) async fn run(_: &Args, desk: &Desk) -> Result<Exit, Failure> {
    drop(kept(desk)?);
    let home = desk.home().to_owned();
    // The staging needs temporary tables, which a look may not make.
    let audit = tokio::task::spawn_blocking(move || Store::open(&home).and_then(|store| store.audit())).await;
    let audit =
        audit.map_err(|_| Failure::failed("the check did not end", "run the command again"))?.map_err(stored)?;
    let differences: Vec<Differs> = audit
        .differences
        .into_iter()
        .map(|one| Differs { what: one.what.to_owned(), snapshot: one.snapshot, dataset: one.dataset, text: one.text })
        .collect();
    let exit = if differences.is_empty() { Exit::Complete } else { Exit::Differs };
    let verified = Verified { bodies: audit.bodies, snapshots: audit.snapshots, pruned: audit.pruned, differences };
    desk.print(&if desk.json { json(&verified) } else { described(&verified) });
    Ok(exit)
}

fn described(verified: &Verified) -> String {
    let mut text = String::new();
    for differs in &verified.differences {
        let snapshot = differs.snapshot.map(|id| format!("snapshot {id}")).unwrap_or_default();
        let dataset = differs.dataset.as_deref().map(|name| format!(" ({name}): ")).unwrap_or_default();
        text += &format!("{snapshot}{dataset}{}\n", differs.text);
    }
    let sound =
        if verified.differences.is_empty() { "the store is what came" } else { "the store DIFFERS from what came" };
    text + &format!(
        "{sound}: {} bodies hashed, {} snapshots read again, {} without bodies\n",
        number(verified.bodies),
        number(verified.snapshots),
        number(verified.pruned)
    )
}
