//! `affiant sync run`: reads what is wanted from each connection, one after the other.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use schemars::JsonSchema;
use serde::Serialize;

use super::{stored, unbegun, with_store};
use crate::cli::connection::session_of;
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::json;
use crate::cli::show::{self, number, plain, table};
use crate::cli::signals::interrupted;
use crate::graph::Graph;
use crate::inventory::{
    Bench, CATALOGUE_VERSION, Connection, Dataset, Line, Order, Period, Ran, Step, Store, Turn, cancelled, refused,
    sync,
};
use crate::monitor::Silent;
use crate::session::Session;

/// How often the line of what is being read is drawn.
const TICK: Duration = Duration::from_millis(250);

/// Read usage and licences from the connected tenants into the store
///
/// Every dataset is read to its end or changes nothing. What comes is kept as it came, with its digest, so that every
/// figure can be traced and checked (`affiant sync verify`). Only reading is ever asked for.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  affiant sync run\n  affiant sync run --connection contoso --with signin,groups --period D90\n  affiant sync run --all --scheduled --quiet\n\nWithout --with: org, skus, subscriptions, users, report-settings and all usage reports.\nOn request: domains, signin, deleted-users, groups, mfa, securescore.\n\nExit codes: 0 everything wanted is there, 3 some is not, 1 nothing is, 4 sign-in or consent needed, 7 interrupted."
)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(super) struct Args {
    /// The connection; repeatable [default: the only one]
    #[arg(long = "connection", value_name = "NAME", conflicts_with = "all")]
    connections: Vec<String>,
    /// Every connection that is enabled
    #[arg(long)]
    all: bool,
    /// What to read besides what is read anyway
    #[arg(long, value_delimiter = ',', value_name = "DATASET,…")]
    with: Vec<Dataset>,
    /// Span of all usage reports [default: D180 for active, D90 for email, D30 for the rest]
    #[arg(long, value_name = "D7|D30|D90|D180")]
    period: Option<Period>,
    /// No usage reports
    #[arg(long)]
    no_activity: bool,
    /// Leave out names, departments and offices of accounts
    #[arg(long)]
    minimise: bool,
    /// Note that a scheduler started it
    #[arg(long)]
    scheduled: bool,
}

/// A run over one connection, as `sync run --json` prints it.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Synced {
    connection: String,
    tenant_id: String,
    /// The run's number in the store; null when it could not begin.
    run: Option<i64>,
    run_uid: Option<String>,
    /// `ok`, `partial`, `failed` or `cancelled`.
    status: String,
    /// Whether reports conceal names: `none`, `all`, `mixed` or `unknown`.
    concealment: String,
    message: Option<String>,
    error: Option<String>,
    lost_scopes: Vec<String>,
    datasets: Vec<Had>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Had {
    dataset: String,
    period: Option<String>,
    /// `ok`, `not_modified`, `forbidden`, `unlicensed`, `unsupported`, `throttled`, `failed` or `skipped`.
    outcome: String,
    rows: Option<i64>,
    rows_rejected: u64,
    /// The report's own date; figures are as of then.
    refresh_date: Option<String>,
    /// Whether the store says the same already.
    unchanged: bool,
    note: Option<String>,
}

/// Runs over every connection wanted.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let order = order(&args);
    let connections = connections(&args, desk).await?;
    let (mut all, mut exits) = (Vec::new(), Vec::new());
    for connection in &connections {
        let (synced, exit) = match one(connection, &order, desk).await {
            Ok(done) => done,
            Err(failure) if connections.len() == 1 => return Err(failure),
            Err(failure) => {
                failure.show(&mut std::io::stderr(), desk.json);
                (failed(connection), failure.exit())
            }
        };
        if !desk.json {
            desk.print(&described(&synced));
        }
        all.push(synced);
        exits.push(exit);
        if exit == Exit::Interrupted {
            break;
        }
    }
    if desk.json {
        desk.print(&json(&all));
    }
    Ok(together(&exits))
}

/// The exit code of several runs: their own where they agree, else that some is missing.
fn together(exits: &[Exit]) -> Exit {
    match exits {
        [first, rest @ ..] if rest.iter().all(|exit| exit == first) => *first,
        [.., Exit::Interrupted] => Exit::Interrupted,
        _ => Exit::Exceptions,
    }
}

fn order(args: &Args) -> Order {
    let wanted = |dataset: &Dataset| {
        args.with.contains(dataset) || (dataset.is_default() && !(args.no_activity && dataset.is_report()))
    };
    Order {
        datasets: Dataset::ALL.into_iter().filter(wanted).collect(),
        period: args.period,
        minimise: args.minimise,
        scheduled: args.scheduled,
        catalogue: CATALOGUE_VERSION.to_owned(),
        asked: args.with.clone(),
    }
}

async fn connections(args: &Args, desk: &Desk) -> Result<Vec<Connection>, Failure> {
    let (all, named) = (args.all, args.connections.clone());
    with_store(desk, move |store| {
        if all {
            let enabled: Vec<_> = store.connections()?.into_iter().filter(|connection| connection.enabled).collect();
            if enabled.is_empty() { Err(crate::inventory::ConnectionError::None) } else { Ok(enabled) }
        } else if named.is_empty() {
            store.the_connection(None).map(|only| vec![only])
        } else {
            named.iter().map(|label| store.connection(label)).collect()
        }
    })
    .await
}

/// Runs over one connection.
async fn one(connection: &Connection, order: &Order, desk: &Desk) -> Result<(Synced, Exit), Failure> {
    let store = Store::open(desk.home()).map_err(stored)?;
    let turn = Turn::take(desk.home(), &store, &connection.tenant.id, &desk.clock);
    let _turn = turn.map_err(|error| unbegun(&error))?;
    let (apart, session) = match session_of(desk, connection).await {
        Ok(found) => found,
        Err(failure) => {
            let why = failure.to_string();
            // A log names nobody.
            let why = if why.contains('@') { "the stored sign-in cannot be used" } else { &why };
            refused(&store, connection, order, why, &desk.clock).map_err(stored)?;
            return Err(failure);
        }
    };
    // A token that is over is renewed first, so that what it allows is what this run has. A refusal meets the run itself.
    let renewed = session.bearer().await.is_ok() && session.expires_at() != session.signed_in().expires_at;
    let session = if renewed { apart.stored_session().await? } else { session };
    let graph = apart.unattended_graph_of(Arc::clone(&session), Arc::new(Silent))?;
    let ran = tokio::select! {
        ran = running(&store, &graph, &session, connection, order, desk) => Some(ran),
        () = interrupted() => None,
    };
    let Some(ran) = ran else {
        cancelled(&store, connection, &desk.clock).map_err(stored)?;
        desk.note("interrupted; what was read whole is kept");
        return Ok((Synced { status: "cancelled".to_owned(), ..failed(connection) }, Exit::Interrupted));
    };
    let ran = ran?;
    let exit = match ran.status {
        "ok" => Exit::Complete,
        "partial" => Exit::Exceptions,
        _ if ran.sign_in_needed => Exit::SignIn,
        _ => Exit::Failed,
    };
    Ok((synced(connection, &ran), exit))
}

async fn running(
    store: &Store,
    graph: &Graph,
    session: &Session,
    connection: &Connection,
    order: &Order,
    desk: &Desk,
) -> Result<Ran, Failure> {
    let going = desk.draws().then(Going::new);
    let tell = |step: Step<'_>| {
        let Some(going) = &going else { return };
        match step {
            Step::Begins(dataset) => going.bar.set_message(dataset.as_str()),
            Step::Rows(dataset, rows) => going.bar.set_message(format!("{dataset}, {} rows so far", number(rows))),
            Step::Ends(line) => going.screen.suspend(|| desk.note(&progress(line))),
        }
    };
    let signed_in = session.signed_in();
    let bench = Bench { store, graph, signed_in, connection, clock: &desk.clock, tell: &tell };
    sync(&bench, order).await.map_err(|error| unbegun(&error))
}

/// What is being read now, on a terminal.
struct Going {
    screen: MultiProgress,
    bar: ProgressBar,
}

impl Going {
    fn new() -> Self {
        let screen = show::screen();
        let bar = screen.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg}, {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TICK);
        Self { screen, bar }
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn progress(line: &Line) -> String {
    let rows = line.rows.and_then(|rows| u64::try_from(rows).ok()).map(|rows| format!(", {} rows", number(rows)));
    format!("  {} {}{}", line.dataset, line.outcome.as_str(), rows.unwrap_or_default())
}

fn failed(connection: &Connection) -> Synced {
    Synced {
        connection: connection.label.to_string(),
        tenant_id: connection.tenant.id.clone(),
        run: None,
        run_uid: None,
        status: "failed".to_owned(),
        concealment: "unknown".to_owned(),
        message: None,
        error: None,
        lost_scopes: Vec::new(),
        datasets: Vec::new(),
    }
}

fn synced(connection: &Connection, ran: &Ran) -> Synced {
    Synced {
        run: Some(ran.run),
        run_uid: Some(ran.uid.clone()),
        status: ran.status.to_owned(),
        concealment: ran.concealment.as_str().to_owned(),
        message: ran.message.clone(),
        error: ran.error.clone(),
        lost_scopes: ran.lost_scopes.clone(),
        datasets: ran.lines.iter().map(had).collect(),
        ..failed(connection)
    }
}

fn had(line: &Line) -> Had {
    Had {
        dataset: line.dataset.to_string(),
        period: line.period.map(|period| period.as_str().to_owned()),
        outcome: line.outcome.as_str().to_owned(),
        rows: line.rows,
        rows_rejected: line.rejected,
        refresh_date: line.refresh.clone(),
        unchanged: line.unchanged,
        note: line.note.clone(),
    }
}

fn described(synced: &Synced) -> String {
    let rows: Vec<Vec<String>> = synced.datasets.iter().map(row).collect();
    let heads = ["DATASET", "PERIOD", "OUTCOME", "ROWS", "AS OF", "NOTE"];
    let mut text = if rows.is_empty() { String::new() } else { table(&heads, &[3], &rows) + "\n" };
    let run = synced.run.map(|run| format!(" (run {run})")).unwrap_or_default();
    text += &format!("{}: {}{run}\n", plain(&synced.connection), synced.status);
    for said in [&synced.error, &synced.message].into_iter().flatten() {
        text += &format!("{}\n", plain(said));
    }
    for scope in &synced.lost_scopes {
        text += &format!("the permission {}, which an earlier run had, is gone\n", plain(scope));
    }
    text
}

fn row(had: &Had) -> Vec<String> {
    let unchanged = had.unchanged.then(|| "as before".to_owned());
    let rejected = (had.rows_rejected > 0).then(|| format!("{} rows could not be read", had.rows_rejected));
    let notes: Vec<String> = [unchanged, rejected, had.note.clone()].into_iter().flatten().collect();
    vec![
        had.dataset.clone(),
        had.period.clone().unwrap_or_default(),
        had.outcome.clone(),
        had.rows.and_then(|rows| u64::try_from(rows).ok()).map(number).unwrap_or_default(),
        had.refresh_date.clone().unwrap_or_default(),
        plain(&notes.join("; ")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_runs_end_as_one() {
        use Exit::{Complete, Exceptions, Failed, Interrupted, SignIn};
        assert_eq!(together(&[Complete, Complete]), Complete);
        assert_eq!(together(&[SignIn]), SignIn);
        assert_eq!(together(&[Complete, Failed]), Exceptions);
        assert_eq!(together(&[Complete, Interrupted]), Interrupted);
    }
}
