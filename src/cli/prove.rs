//! `affiant prove`: takes single messages out of a sealed package, each with what a stranger needs to check it.
//!
//! Picks the folders, calls the library, says where the proofs are.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;

use super::desk::Desk;
use super::{Exit, Failure};
use crate::prove::{LineKind, ProveError, Proved, prove};
use crate::terms::ControlNumber;
use crate::verify::{Record, RecordError};

const EXAMPLE: &str = "\
Example:
  affiant prove ./package AFF-0000012 AFF-0000480 --out ./proofs
  affiant verify-proof ./proofs --key 'affiant.invalid/acq/0190…+8006d272+Abv9…'

Each message gets a folder of its own, ./proofs/AFF-0000012: the native, its line of the custody log, the path from
that line to the signed head of the log (C2SP tlog-proof), and a page that says how to check them with other people's
tools. A message that could not be collected is proven by the line that says so.";

/// Take messages out of a sealed package, each with a proof that a stranger can check without the package
///
/// The record is checked first, and each native is compared with its row while it is copied. The package is not changed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// The package's folder
    #[arg(value_name = "DIR")]
    package: Utf8PathBuf,
    /// The messages, such as AFF-0000012
    #[arg(value_name = "CONTROL_NUMBER", required = true)]
    numbers: Vec<ControlNumber>,
    /// Folder for the proofs, which must not exist yet
    #[arg(long, value_name = "FOLDER")]
    out: Utf8PathBuf,
}

pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let work = move || {
        let record = Record::open(&args.package).map_err(|error| {
            let differs = matches!(error, RecordError::Differs { .. });
            Failure::new(if differs { Exit::Differs } else { Exit::Failed }, &error)
        })?;
        let numbers: BTreeSet<ControlNumber> = args.numbers.into_iter().collect();
        prove(&record, &numbers, &args.out).map_err(|error| Failure::new(exit(&error), &error))
    };
    let done = tokio::task::spawn_blocking(work).await;
    let proved = done.map_err(|_| Failure::failed("the proofs were cut short", "run it again"))??;
    if desk.json {
        let text = serde_json::to_string_pretty(&proved).unwrap_or_default();
        desk.print(&format!("{text}\n"));
    } else {
        desk.print(&said(&proved));
    }
    Ok(Exit::Complete)
}

const fn exit(error: &ProveError) -> Exit {
    match error {
        ProveError::Taken { .. } | ProveError::Inside { .. } | ProveError::Unknown { .. } => Exit::Usage,
        ProveError::Differs { .. } => Exit::Differs,
        ProveError::Record(_) | ProveError::Write { .. } | ProveError::Internal => Exit::Failed,
    }
}

fn said(proved: &Proved) -> String {
    let mut text = String::new();
    for proof in &proved.proofs {
        let what = match proof.kind {
            LineKind::Collected => "collected",
            LineKind::Excepted => "not collected: the line that says so",
        };
        text.push_str(&format!("{}  line {} of the log, {what}\n", proof.folder, proof.index));
    }
    let root = proved.log_root.get(..16).unwrap_or(&proved.log_root);
    text + &format!(
        "\nlog: {} lines, root {root}…\nkey: {}\nHand the key over on another way than the proofs.\n",
        proved.log_size, proved.vkey
    )
}
