//! `affiant usage`: who uses what, as of the reports' own dates, and how whole the figures are.

use super::answer::{Ask, People};
use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;

/// Answer questions about usage from what was synced
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  affiant usage mail --department Sales\n  affiant usage mailboxes --resource shared --csv\n  affiant usage freshness"
)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Mail(Mail),
    Mailboxes(Mailboxes),
    Services(Services),
    Apps(Apps),
    Activity(Activity),
    Coverage(Coverage),
    Activations(Activations),
    Unmatched(Unmatched),
    Freshness(Freshness),
}

/// Mail sent, received and read by person, least first
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant usage mail --period D90 --exclude-disabled")]
struct Mail {
    /// The span of the report: D7, D30, D90 or D180 [default: that with the newest figures]
    #[arg(long, value_parser = ["D7", "D30", "D90", "D180"])]
    period: Option<String>,
    #[command(flatten)]
    ask: Ask,
    #[command(flatten)]
    people: People,
}

/// Mailboxes with items and sizes, the largest first; shared ones and rooms too
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  affiant usage mailboxes --resource shared\n\nItems are of all kinds, without Recoverable Items (a column of their own) and without online archives (in no figure)."
)]
struct Mailboxes {
    #[command(flatten)]
    ask: Ask,
    #[command(flatten)]
    people: People,
}

/// Active and inactive people by service; works where names are concealed
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant usage services")]
struct Services {
    /// The span of the report [default: that with the newest figures]
    #[arg(long, value_parser = ["D7", "D30", "D90", "D180"])]
    period: Option<String>,
    #[command(flatten)]
    ask: Ask,
}

/// When each licence, and each person, was last active, and in which service; the longest unused first
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  affiant usage activity --license SPE_E5 --csv\n\nThe newest date of any service that belongs to the licence counts. Sign-in attempts do not."
)]
struct Activity {
    #[command(flatten)]
    ask: Ask,
    #[command(flatten)]
    people: People,
}

/// What the reports can measure of each product: all, a part, or nothing
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant usage coverage")]
struct Coverage {
    #[command(flatten)]
    ask: Ask,
}

/// Apps and platforms by person, the longest unused first
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant usage apps --department Sales --csv")]
struct Apps {
    #[command(flatten)]
    ask: Ask,
    #[command(flatten)]
    people: People,
}

/// Activations of desktop apps by person and product, or by product alone
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  affiant usage activations\n  affiant usage activations --totals")]
struct Activations {
    /// The whole tenant by product; works where names are concealed
    #[arg(
        long,
        conflicts_with_all = ["department", "user_type", "license", "resource", "domain", "exclude_disabled"]
    )]
    totals: bool,
    #[command(flatten)]
    ask: Ask,
    #[command(flatten)]
    people: People,
}

/// Report rows that are about nobody in the directory, and why
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant usage unmatched --csv")]
struct Unmatched {
    #[command(flatten)]
    ask: Ask,
}

/// Every dataset: how fresh, how whole, and the answer it came from
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant usage freshness --json")]
struct Freshness {
    #[command(flatten)]
    ask: Ask,
}

/// Answers one of them.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    match args.what {
        What::Mail(args) => {
            let columns = &["user", "department", "sent", "received", "read", "last_activity", "period", "as_of"];
            let (filter, period) = (args.people.filter(), args.period);
            args.ask.answer(desk, columns, move |view| view.mail(&filter, period.as_deref())).await
        }
        What::Mailboxes(args) => {
            let columns = &[
                "user",
                "department",
                "resource",
                "items",
                "bytes",
                "recoverable_items",
                "archive",
                "last_activity",
                "as_of",
            ];
            let filter = args.people.filter();
            args.ask.answer(desk, columns, move |view| view.mailboxes(&filter)).await
        }
        What::Services(args) => {
            let columns = &["service", "active", "inactive", "period", "as_of"];
            args.ask.answer(desk, columns, move |view| view.services(args.period.as_deref())).await
        }
        What::Activity(args) => {
            let columns = &["user", "department", "product", "last_activity", "service", "report", "measured", "as_of"];
            let filter = args.people.filter();
            args.ask.answer(desk, columns, move |view| view.activity(&filter)).await
        }
        What::Coverage(args) => {
            let columns = &["product", "measured", "services", "plans_without"];
            args.ask.answer(desk, columns, |view| view.measurable()).await
        }
        What::Apps(args) => {
            let columns =
                &["user", "department", "apps", "platforms", "last_activity", "last_activation", "period", "as_of"];
            let filter = args.people.filter();
            args.ask.answer(desk, columns, move |view| view.apps(&filter)).await
        }
        What::Activations(args) if args.totals => {
            let columns =
                &["product", "assigned", "activated", "windows", "mac", "ios", "android", "shared_computer", "as_of"];
            args.ask.answer(desk, columns, |view| view.activation_totals()).await
        }
        What::Activations(args) => {
            let columns =
                &["user", "department", "product", "windows", "mac", "ios", "android", "last_activated", "as_of"];
            let filter = args.people.filter();
            args.ask.answer(desk, columns, move |view| view.activations(&filter)).await
        }
        What::Unmatched(args) => {
            args.ask.answer(desk, &["dataset", "kind", "principal", "as_of"], |view| view.unmatched()).await
        }
        What::Freshness(args) => {
            let columns = &[
                "dataset",
                "period",
                "refresh_date",
                "taken_at",
                "rows",
                "rejected",
                "concealment",
                "latest_outcome",
                "request_id",
            ];
            args.ask.answer(desk, columns, |view| view.freshness()).await
        }
    }
}
