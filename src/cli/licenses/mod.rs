//! `affiant licenses`: products and their seats, who has which, what renews when, what everything is
//! called, and all of it as a page.

mod catalogue;
mod money;
mod policy;
mod sheet;
mod report;

#[cfg(test)]
pub(super) use self::catalogue::Known;
#[cfg(test)]
pub(super) use self::report::MadePage;

use super::answer::{Ask, People};
use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;

/// Answer questions about licences from what was synced
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  affiant licenses summary\n  affiant licenses users --department Legal --csv --out legal.csv\n  affiant licenses renewals --within 60\n  affiant licenses history ana@contoso.example\n  affiant licenses report --out licences.html"
)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Summary(Summary),
    Users(Users),
    Renewals(Renewals),
    History(History),
    Overlaps(Overlaps),
    Sheet(sheet::Args),
    Cost(money::Cost),
    Prices(money::Prices),
    Ignore(policy::Ignore),
    Regard(policy::Regard),
    Ignored(policy::Ignored),
    Report(report::Args),
    Catalogue(catalogue::Args),
}

/// Seats per product: bought, in grace, suspended, assigned, free
///
/// A product that is suspended, free, or for the whole company has no free seats. Assigned is the service's own count for
/// the whole organisation; where a connection names domains, people are fewer, and who makes the difference has columns.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant licenses summary --as-of 2026-09-30")]
struct Summary {
    #[command(flatten)]
    ask: Ask,
}

/// Who has which licence, directly or by a group
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant licenses users --license \"Microsoft 365 E5\" --user-type guest")]
struct Users {
    #[command(flatten)]
    ask: Ask,
    #[command(flatten)]
    people: People,
}

/// Subscriptions by the day on which they change their state unless renewed
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  affiant licenses renewals --within 60\n\nThe service tells no term, no price and no automatic renewal, so none is shown."
)]
struct Renewals {
    /// Only those that change within so many days
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(0..=3650))]
    within: Option<i64>,
    #[command(flatten)]
    ask: Ask,
}

/// Which licences a person had when, as far as syncs saw it
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant licenses history ana@contoso.example --csv")]
struct History {
    /// Sign-in name, address or object id
    #[arg(value_name = "CUSTODIAN")]
    person: String,
    #[command(flatten)]
    ask: Ask,
}

/// People with two paid products that contain some of the same plans
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant licenses overlaps --department Sales --csv")]
struct Overlaps {
    #[command(flatten)]
    ask: Ask,
    #[command(flatten)]
    people: People,
}

/// Answers one of them.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    match args.what {
        What::Summary(args) => {
            let columns = &[
                "product",
                "status",
                "enabled",
                "in_grace",
                "suspended",
                "assigned",
                "unassigned",
                "over",
                "people",
                "outside",
                "without_address",
                "elsewhere",
                "note",
            ];
            args.ask.answer(desk, columns, |view| view.seats()).await
        }
        What::Users(args) => {
            let columns = &[
                "user",
                "display_name",
                "department",
                "user_type",
                "resource",
                "enabled",
                "product",
                "through",
                "error",
            ];
            let filter = args.people.filter();
            args.ask.answer(desk, columns, move |view| view.assignments(&filter)).await
        }
        What::Renewals(args) => {
            let columns = &["product", "status", "seats", "trial", "by_partner", "changes_unless_renewed", "days"];
            let (now, within) = (args.ask.moment()?.unwrap_or((desk.clock)()), args.within);
            args.ask.answer(desk, columns, move |view| view.renewals(now, within)).await
        }
        What::History(args) => {
            let columns = &["user", "product", "through", "state", "seen_from", "seen_until"];
            args.ask.answer(desk, columns, move |view| view.history(&args.person)).await
        }
        What::Overlaps(args) => {
            let columns = &["user", "department", "product", "other", "shared", "plans", "other_plans", "whole"];
            let filter = args.people.filter();
            args.ask.answer(desk, columns, move |view| view.overlaps(&filter)).await
        }
        What::Sheet(args) => sheet::run(args, desk).await,
        What::Cost(args) => money::cost(args, desk).await,
        What::Prices(args) => money::prices(args, desk).await,
        What::Ignore(args) => policy::ignore(args, desk).await,
        What::Regard(args) => policy::regard(args, desk).await,
        What::Ignored(args) => policy::ignored(args, desk).await,
        What::Report(args) => report::run(args, desk).await,
        What::Catalogue(args) => catalogue::run(args, desk).await,
    }
}
