//! `affiant licenses ignore`, `regard` and `ignored`: products that are left out, each with its reason.

use crate::cli::connection::with_store;
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::json;
use crate::cli::show::{plain, table};
use crate::inventory::{LeftOut, Store};

/// Leave a product out of findings, with a reason
///
/// For products that are never given to people: per device, per server, per tenant. It stays in every list.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant licenses ignore MEETING_ROOM --reason \"for rooms\"")]
pub(super) struct Ignore {
    /// Its id, part number or whole name
    #[arg(value_name = "PRODUCT")]
    product: String,
    /// Why, for those who read it later
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Count no free or missing seats of it either
    #[arg(long)]
    seats_too: bool,
    /// The connection [default: the only one]
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
}

/// Take a product into findings again
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant licenses regard MEETING_ROOM")]
pub(super) struct Regard {
    /// Its id, part number or whole name
    #[arg(value_name = "PRODUCT")]
    product: String,
    /// The connection [default: the only one]
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
}

/// Show which products are left out, and why
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant licenses ignored --json")]
pub(super) struct Ignored {
    /// The connection [default: the only one]
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
}

/// The tenant and the product that are meant.
fn found(
    store: &Store,
    label: Option<&str>,
    meant: &str,
) -> Result<(String, Option<String>), crate::inventory::ConnectionError> {
    let tenant = store.the_connection(label)?.tenant.id;
    let sku = store.product(&tenant, meant)?;
    Ok((tenant, sku))
}

fn unknown() -> Failure {
    Failure::usage(
        "no product, or more than one, has that name",
        "give its id or part number; `affiant licenses summary --json` and `affiant licenses catalogue show` list them",
    )
}

pub(super) async fn ignore(args: Ignore, desk: &Desk) -> Result<Exit, Failure> {
    let reason = args.reason.trim().to_owned();
    if reason.is_empty() {
        return Err(Failure::usage("--reason is empty", "say why, for those who read it later"));
    }
    let of = if args.seats_too { LeftOut::All } else { LeftOut::Findings };
    let done = with_store(desk, move |store| {
        let (tenant, sku) = found(store, args.connection.as_deref(), &args.product)?;
        let Some(sku) = sku else { return Ok(false) };
        store.leave_out(&tenant, &sku, of, &reason)?;
        Ok(true)
    });
    if !done.await? {
        return Err(unknown());
    }
    desk.note("left out from now on; `affiant licenses regard` takes it in again");
    Ok(Exit::Complete)
}

pub(super) async fn regard(args: Regard, desk: &Desk) -> Result<Exit, Failure> {
    let done = with_store(desk, move |store| {
        let (tenant, sku) = found(store, args.connection.as_deref(), &args.product)?;
        let Some(sku) = sku else { return Ok(None) };
        Ok(Some(store.take_in(&tenant, &sku)?))
    });
    match done.await? {
        None => Err(unknown()),
        Some(true) => {
            desk.note("taken in again");
            Ok(Exit::Complete)
        }
        Some(false) => {
            desk.note("it was not left out");
            Ok(Exit::Complete)
        }
    }
}

pub(super) async fn ignored(args: Ignored, desk: &Desk) -> Result<Exit, Failure> {
    let left = with_store(desk, move |store| {
        let tenant = store.the_connection(args.connection.as_deref())?.tenant.id;
        Ok(store.left_out(&tenant)?)
    });
    let left = left.await?;
    if desk.json {
        desk.print(&json(&left));
        return Ok(Exit::Complete);
    }
    let of = |of: LeftOut| match of {
        LeftOut::Findings => "findings",
        LeftOut::All => "findings and seats",
    };
    let rows: Vec<Vec<String>> =
        left.iter().map(|one| vec![plain(&one.product), of(one.left_out_of).to_owned(), plain(&one.reason)]).collect();
    if rows.is_empty() {
        desk.note("no product is left out");
    } else {
        desk.print(&table(&["PRODUCT", "LEFT OUT OF", "REASON"], &[], &rows));
    }
    Ok(Exit::Complete)
}
