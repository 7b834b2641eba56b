//! `affiant custody`: who has the package, what was destroyed, what should be on record, after the seal.
//!
//! Builds the event, calls the library, prints where the log stands now. What is sworn is the library's matter.

use camino::Utf8PathBuf;

use super::collect::tool;
use super::desk::Desk;
use super::output::json;
use super::{Exit, Failure, show};
use crate::attest::{AttestError, Event, Sworn, swear};
use crate::terms::Sha256;
use crate::verify::{CustodyEvent, Record, RecordError};

const EXAMPLE: &str = "\
Example:
  affiant custody transfer ./package --from 'P. Quist' --to 'Hale & Partners' --medium 'encrypted USB disk 7'
  affiant custody note ./package 'Copy kept in the safe of room 12'
  affiant custody dispose ./package --what 'working copy on disk 3' --how 'overwritten once, verified'
  affiant custody show ./package

The whole log, these events included, may go to the other side: name nothing that must not.";

/// Record what happens to a sealed package: transfers, notes, disposals
///
/// Each event is a signed segment of the log beside the package; what was sealed stays byte for byte as it was.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// The package, or a copy of it, changed hands
    Transfer {
        /// The package's folder
        #[arg(value_name = "DIR")]
        package: Utf8PathBuf,
        /// Who gives it
        #[arg(long, value_name = "NAME")]
        from: String,
        /// Who takes it
        #[arg(long, value_name = "NAME")]
        to: String,
        /// On what, or by which way
        #[arg(long, value_name = "TEXT")]
        medium: String,
        /// SHA-256 of what is handed over [default: that of the package's tag manifest]
        #[arg(long, value_name = "HEX", value_parser = digest)]
        sha256: Option<Sha256>,
    },
    /// Something to have on record
    Note {
        /// The package's folder
        #[arg(value_name = "DIR")]
        package: Utf8PathBuf,
        /// The words
        #[arg(value_name = "TEXT")]
        text: String,
    },
    /// Something was destroyed
    Dispose {
        /// The package's folder, or a copy of it that is kept
        #[arg(value_name = "DIR")]
        package: Utf8PathBuf,
        /// What was destroyed
        #[arg(long, value_name = "TEXT")]
        what: String,
        /// How
        #[arg(long, value_name = "TEXT")]
        how: Option<String>,
        /// On whose word
        #[arg(long, value_name = "NAME")]
        authority: Option<String>,
    },
    /// Show what was recorded after the seal
    Show {
        /// The package's folder
        #[arg(value_name = "DIR")]
        package: Utf8PathBuf,
    },
}

fn digest(text: &str) -> Result<Sha256, String> {
    let bytes = hex::decode(text).ok();
    bytes
        .and_then(|bytes| Sha256::from_slice(&bytes))
        .ok_or_else(|| "64 hex digits, as sha256sum prints them".to_owned())
}

pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let (package, event) = match args.verb {
        Verb::Transfer { package, from, to, medium, sha256 } => {
            (package, Event::Transferred { from, to, medium, sha256 })
        }
        Verb::Note { package, text } => (package, Event::Noted { text }),
        Verb::Dispose { package, what, how, authority } => (package, Event::Disposed { what, how, authority }),
        Verb::Show { package } => return shown(package, desk).await,
    };
    let (tool, notary) = (tool()?, desk.notary().await?);
    let done = tokio::task::spawn_blocking(move || swear(&package, &event, &tool, &notary)).await;
    let sworn = done
        .map_err(|_| Failure::failed("the event was not recorded", "run it again"))?
        .map_err(|error| failed(&error))?;
    desk.print(&if desk.json { json(&sworn) } else { said(&sworn) });
    Ok(Exit::Complete)
}

/// The exit code that fits.
pub(super) fn failed(error: &AttestError) -> Failure {
    let exit = match error {
        AttestError::Record(RecordError::Differs { .. }) => Exit::Differs,
        AttestError::Text { .. } | AttestError::Address(_) => Exit::Usage,
        _ => Exit::Failed,
    };
    Failure::new(exit, error)
}

fn said(sworn: &Sworn) -> String {
    let mut text = format!("recorded in {}\n", sworn.path);
    if let Some(sha256) = sworn.handed_over_sha256 {
        text += &format!("handed over   SHA-256 {sha256}\n");
    }
    text += &format!("log           {} lines, root {}\n", sworn.log_size, sworn.log_root);
    text += &format!("signed by     {}\n", sworn.vkey);
    text += &format!("tag manifest  SHA-256 {}\n", sworn.tagmanifest_sha256);
    text + "Keep these lines where the package is not: they show later that nothing was taken away again.\n"
}

async fn shown(package: Utf8PathBuf, desk: &Desk) -> Result<Exit, Failure> {
    let opened = tokio::task::spawn_blocking(move || Record::open(&package)).await;
    let opened = opened.map_err(|_| Failure::failed("the record could not be read", "run it again"))?;
    let record = opened.map_err(|error| failed(&AttestError::Record(error)))?;
    let events = record.custody();
    if desk.json {
        desk.print(&json(&events));
    } else if events.is_empty() {
        desk.print("nothing was recorded after the seal\n");
    } else {
        desk.print(&events.iter().map(one).collect::<String>());
    }
    Ok(Exit::Complete)
}

/// An event in a line, and what it tells below it.
fn one(event: &CustodyEvent) -> String {
    let mut text = format!("{}  {}  (line {})\n", event.at, show::plain(&event.kind), event.seq + 1);
    for (name, value) in &event.facts {
        text += &format!("  {name}: {}\n", show::plain(value));
    }
    text + &format!("  signed by: {}\n", show::plain(&event.vkey))
}
