//! `affiant licenses prices` and `affiant licenses cost`: the customer's own prices, and what they come to.

use camino::Utf8PathBuf;

use crate::cli::answer::{Ask, People};
use crate::cli::connection::with_store;
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::json;
use crate::cli::show::number;
use crate::inventory::{CostBy, PriceError, Store};

/// Take a price list; the service tells no prices
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  affiant licenses prices import prices.csv\n  affiant licenses prices import acme.csv --connection acme"
)]
pub(super) struct Prices {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Import(Import),
}

/// Take a CSV of prices in place of the one before, whole or not at all
///
/// Columns: sku_id (an id or a part number), currency, unit_price (a seat a month), valid_from; valid_to and source may follow.
/// Nothing is rounded and no currency converted.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example of a list:\n  sku_id,currency,unit_price,valid_from,source\n  SPE_E5,EUR,54.75,2026-01-01,contract 17"
)]
struct Import {
    /// The list
    #[arg(value_name = "FILE")]
    file: Utf8PathBuf,
    /// Only for this connection's tenant [default: for all that have no list of their own]
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
}

/// What licences cost a month, by department, country, company or product
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  affiant licenses cost --by country --csv\n\nPrices are those of `affiant licenses prices import` that hold on the day asked about. Each person and product counts once."
)]
pub(super) struct Cost {
    /// What it is added up by
    #[arg(long, default_value = "department", value_name = "WHAT", value_parser = ["department", "country", "company", "product"])]
    by: String,
    #[command(flatten)]
    ask: Ask,
    #[command(flatten)]
    people: People,
}

pub(super) async fn prices(args: Prices, desk: &Desk) -> Result<Exit, Failure> {
    let What::Import(args) = args.what;
    let file = std::fs::File::open(&args.file).map_err(|error| {
        Failure::usage(format!("the list cannot be read: {}", error.kind()), "name a CSV file").about(&args.file)
    })?;
    let tenant = match args.connection {
        Some(label) => Some(with_store(desk, move |store| Ok(store.the_connection(Some(&label))?.tenant.id)).await?),
        None => None,
    };
    let home = desk.home().to_owned();
    let taken = tokio::task::spawn_blocking(move || Store::open(&home)?.import_prices(file, tenant.as_deref())).await;
    let taken = taken.map_err(|_| Failure::failed("the list could not be read", "try again"))?.map_err(|error| {
        let exit = if matches!(error, PriceError::Store(_)) { Exit::Failed } else { Exit::Usage };
        Failure::new(exit, &error)
    })?;
    if desk.json {
        desk.print(&json(&taken));
        return Ok(Exit::Complete);
    }
    let (prices, products) = (number(taken.prices), number(taken.products));
    desk.note(&format!("{prices} prices of {products} products taken, in {}", taken.currencies.join(", ")));
    if taken.unknown_products > 0 {
        let count = number(taken.unknown_products);
        desk.note(&format!("{count} of the products are in no table of names; their prices count by their id"));
    }
    Ok(Exit::Complete)
}

pub(super) async fn cost(args: Cost, desk: &Desk) -> Result<Exit, Failure> {
    let by = CostBy::from_word(&args.by).unwrap_or(CostBy::Department);
    let day = args.ask.day(desk)?;
    let filter = args.people.filter();
    let columns = &["group", "licences", "priced", "monthly", "currency", "unpriced"];
    args.ask.answer(desk, columns, move |view| view.cost(by, &filter, &day)).await
}
