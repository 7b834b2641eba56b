//! `affiant report`: reports and a certification draft from a sealed package.
//!
//! Picks the folder, calls the library, says where the files are. What a report says is the library's matter.

use camino::{Utf8Path, Utf8PathBuf};

use super::desk::Desk;
use super::{Exit, Failure};
use crate::report::{Court, Wanted, write};
use crate::verify::Record;

const EXAMPLE: &str = "\
Example:
  affiant report ./package
  affiant report ./package --out ./for-counsel --zone America/New_York --for us

Writes into a folder of its own and never changes the package: acquisition-report.html, .pdf and .json,
exceptions.html and .csv, certification-draft.docx and .txt.";

/// Make reports and a certification draft from a sealed package
///
/// The record is checked first; nothing is made from one that is not as it was sealed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// The package's folder
    #[arg(value_name = "DIR")]
    package: Utf8PathBuf,
    /// Folder for the reports, new or empty [default: DIR-report]
    #[arg(long, value_name = "FOLDER")]
    out: Option<Utf8PathBuf>,
    /// Time zone of local times [default: that of the collection's dates]
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Whose rules the certification draft follows
    #[arg(long = "for", value_name = "COURT", value_enum, default_value_t = Rules::Us)]
    court: Rules,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Rules {
    /// Federal Rules of Evidence 902(11), (13), (14)
    Us,
    /// Practice Direction 57AD
    England,
}

pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let out = args.out.clone().unwrap_or_else(|| beside(&args.package, "report"));
    let court = match args.court {
        Rules::Us => Court::UnitedStates,
        Rules::England => Court::England,
    };
    let work = move || {
        let record = Record::open(&args.package).map_err(|error| {
            let exit =
                if matches!(error, crate::verify::RecordError::Differs { .. }) { Exit::Differs } else { Exit::Failed };
            Failure::new(exit, &error)
        })?;
        write(&record, &out, &Wanted { zone: args.zone, court }).map_err(|error| {
            use crate::report::ReportError as E;
            let usage = matches!(error, E::Taken { .. } | E::Inside { .. } | E::Zone(_));
            Failure::new(if usage { Exit::Usage } else { Exit::Failed }, &error)
        })
    };
    let done = tokio::task::spawn_blocking(work).await;
    let (report, files) = done.map_err(|_| Failure::failed("the reports were cut short", "run it again"))??;
    if desk.json {
        let said = serde_json::json!({ "acquisition_id": report.acquisition_id, "log_size": report.integrity.log_size, "log_root": report.integrity.log_root, "files": files });
        desk.print(&format!("{said}\n"));
    } else {
        let lines: String = files.iter().map(|file| format!("{file}\n")).collect();
        desk.print(&format!("{}\n{lines}", report.summary.sentence));
    }
    Ok(Exit::Complete)
}

/// `DIR-report` or the like, beside the package.
pub(super) fn beside(package: &Utf8Path, what: &str) -> Utf8PathBuf {
    let whole = package.canonicalize_utf8().unwrap_or_else(|_| package.to_owned());
    let name = package.file_name().or_else(|| whole.file_name()).unwrap_or("package");
    let folder = if package.file_name().is_some() { package.parent() } else { whole.parent() };
    folder.unwrap_or(Utf8Path::new("")).join(format!("{name}-{what}"))
}
