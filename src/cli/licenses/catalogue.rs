//! `affiant licenses catalogue`: what products are called, and Microsoft's own table of that.

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::json;
use crate::cli::show::{number, plain, table};
use crate::inventory::{CATALOGUE_VERSION, CatalogueError, Origin, Store};

/// Show what products are called, or import Microsoft's table
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  affiant licenses catalogue show E5\n  affiant licenses catalogue import \"Product names and service plan identifiers for licensing.csv\""
)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Import(Import),
    Show(Show),
}

/// Take the CSV of Microsoft's page "Product names and service plan identifiers for licensing"
///
/// It goes before the built-in table, and in place of any that was imported before. Lines with shifted columns are refused
/// and named.
#[derive(Debug, clap::Args)]
struct Import {
    /// The file, as it was downloaded
    #[arg(value_name = "FILE")]
    file: Utf8PathBuf,
}

/// Show products by id, part number or any part of their name
#[derive(Debug, clap::Args)]
struct Show {
    /// What to look for [default: everything]
    #[arg(value_name = "TEXT")]
    text: Option<String>,
}

/// A product, as `licenses catalogue show --json` prints it.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Known {
    sku_id: String,
    product: String,
    /// `imported` or `builtin`.
    name_from: Origin,
    /// Whether it costs nothing.
    free: bool,
}

/// Does one of them.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    match args.what {
        What::Import(args) => import(args, desk).await,
        What::Show(args) => show(args, desk).await,
    }
}

async fn import(args: Import, desk: &Desk) -> Result<Exit, Failure> {
    let file = std::fs::File::open(&args.file).map_err(|error| {
        Failure::usage(format!("the file cannot be read: {}", error.kind()), "name the CSV that was downloaded")
            .about(&args.file)
    })?;
    let home = desk.home().to_owned();
    let imported =
        tokio::task::spawn_blocking(move || Store::open(&home)?.import_catalogue(std::io::BufReader::new(file)));
    let imported = imported.await.map_err(|_| Failure::failed("the file could not be read", "try again"))?;
    let imported = imported.map_err(|error| {
        let exit = if matches!(error, CatalogueError::Store(_)) { Exit::Failed } else { Exit::Usage };
        Failure::new(exit, &error)
    })?;
    if desk.json {
        desk.print(&json(&imported));
    } else {
        desk.note(&format!("{} products with {} plans taken", number(imported.products), number(imported.plans)));
        if imported.refused > 0 {
            let lines: Vec<String> = imported.refused_lines.iter().take(20).map(ToString::to_string).collect();
            let more = if imported.refused > 20 { ", …" } else { "" };
            desk.note(&format!(
                "{} lines refused, their columns are not what the head says: {}{more}",
                imported.refused,
                lines.join(", ")
            ));
        }
    }
    Ok(Exit::Complete)
}

async fn show(args: Show, desk: &Desk) -> Result<Exit, Failure> {
    let home = desk.home().to_owned();
    let names = tokio::task::spawn_blocking(move || Store::open(&home)?.product_names()).await;
    let names = names.map_err(|_| Failure::failed("the names could not be read", "try again"))?;
    let names = names.map_err(|error| Failure::new(Exit::Failed, &error))?;
    let wanted = args.text.unwrap_or_default().to_lowercase();
    let found: Vec<Known> = names
        .iter()
        .filter(|(id, product)| id.contains(&wanted) || product.name.to_lowercase().contains(&wanted))
        .map(|(id, product)| Known {
            sku_id: id.to_owned(),
            product: product.name.clone(),
            name_from: product.origin,
            free: product.free,
        })
        .collect();
    if desk.json {
        desk.print(&json(&found));
        return Ok(Exit::Complete);
    }
    let row = |one: &Known| {
        let from = if one.name_from == Origin::Imported { "imported" } else { CATALOGUE_VERSION };
        vec![
            one.sku_id.clone(),
            plain(&one.product),
            from.to_owned(),
            if one.free { "free".to_owned() } else { String::new() },
        ]
    };
    desk.print(&table(&["ID", "PRODUCT", "NAMES OF", ""], &[], &found.iter().map(row).collect::<Vec<_>>()));
    Ok(Exit::Complete)
}
