//! `affiant licenses sheet`: the custodians of a collection, each with mailbox, plan, size, and what to see to.

use camino::Utf8PathBuf;

use crate::cli::answer::Ask;
use crate::cli::connection::with_store;
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::listed::listed;

/// Show what is known of custodians before they are collected: mailbox, plan, size, and what stands in the way
///
/// From what was synced; whether delegation works, `affiant check` tries.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  affiant licenses sheet ana@contoso.example ben@contoso.example\n  affiant licenses sheet --list custodians.txt --csv --out sheet.csv"
)]
pub(super) struct Args {
    /// Sign-in names, addresses or object ids
    #[arg(value_name = "CUSTODIAN", required_unless_present = "list")]
    custodians: Vec<String>,
    /// A file with one of them a line
    #[arg(long, value_name = "FILE")]
    list: Option<Utf8PathBuf>,
    #[command(flatten)]
    ask: Ask,
}

/// Shows it.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let mut names = args.custodians;
    if let Some(path) = &args.list {
        names.extend(listed(path)?);
    }
    let (label, at) = (args.ask.connection().map(str::to_owned), args.ask.moment()?);
    let sheet = with_store(desk, move |store| {
        let connection = store.the_connection(label.as_deref())?;
        Ok(store.view(&connection.tenant.id, at)?.sheet(&names, &connection.domains)?)
    });
    let columns =
        &["custodian", "mailbox", "plan", "hold_capable", "archive", "items", "bytes", "last_exchange", "see_to"];
    args.ask.show(desk, columns, &sheet.await?)
}
