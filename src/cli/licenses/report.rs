//! `affiant licenses report`: what was synced, as one page to read and print.

use std::io::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::answer::moment;
use crate::cli::connection::with_store;
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::inventory::Thresholds;
use crate::terms::Sha256;

/// Make a page with charts: seats, activity by department, renewals, freshness, findings
///
/// One file without script that needs no other, with a table under each chart; it prints in black and white. It has
/// departments and products in it, and no people's names.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  affiant licenses report --out licences.html\n  affiant licenses report --as-of 2026-09-30 --inactive-days 180 --out september.html"
)]
pub(super) struct Args {
    /// The page, a file that must not exist
    #[arg(long, value_name = "FILE")]
    out: Utf8PathBuf,
    /// Days without activity
    #[arg(long, default_value_t = 90, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=180))]
    inactive_days: i64,
    /// The connection [default: the only one]
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
    /// As of the end of this day, or of this instant [default: now]
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
}

/// The page that was made.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct MadePage {
    /// Where it is.
    pub(in crate::cli) file: String,
    /// SHA-256 of its bytes.
    pub(in crate::cli) sha256: String,
    /// The tenant it is about.
    pub(in crate::cli) tenant_id: String,
}

/// Makes it.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let (out, label) = (args.out, args.connection);
    let at = args.as_of.as_deref().map(moment).transpose()?;
    if out.symlink_metadata().is_ok() {
        return Err(taken(&out));
    }
    let made = (desk.clock)();
    let limits = Thresholds { inactive_days: args.inactive_days, ..Thresholds::default() };
    let (tenant_id, page) = with_store(desk, move |store| {
        let connection = store.the_connection(label.as_deref())?;
        let page = store.page(&connection, at, made, &limits)?;
        Ok((connection.tenant.id, page))
    })
    .await?;
    write(&out, &page)?;
    let page = MadePage { file: out.to_string(), sha256: Sha256::of(page.as_bytes()).to_string(), tenant_id };
    if desk.json {
        desk.print(&crate::cli::output::json(&page));
    } else {
        desk.print(&format!("{out}\n"));
    }
    Ok(Exit::Complete)
}

/// Writes the page whole or not at all, and never over another file.
fn write(path: &Utf8Path, page: &str) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let write = || {
        let mut draft = tempfile::NamedTempFile::new_in(folder)?;
        draft.write_all(page.as_bytes())?;
        draft.as_file().sync_all()?;
        draft.persist_noclobber(path).map(drop).map_err(|error| error.error)
    };
    write().map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => taken(path),
        kind => Failure::failed(
            format!("the page could not be written: {kind}"),
            "check that the folder is there, may be written to and has space left",
        )
        .about(path),
    })
}

fn taken(path: &Utf8Path) -> Failure {
    Failure::usage("is there already", "name a file that does not exist").about(path)
}
