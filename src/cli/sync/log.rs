//! `affiant sync log`: what runs had to say; `--follow` waits for more until the run ends.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::{kept, stored};
use crate::cli::answer::sheet;
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::json;
use crate::cli::show::plain;
use crate::cli::signals::interrupted;
use crate::inventory::{Entry, Store};

/// How long between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// Lines a look.
const PIECE: u32 = 1000;

/// Show what the latest run had to say, also one that failed
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  affiant sync log\n  affiant sync log --follow --connection contoso\n  affiant sync log --run 12 --json"
)]
pub(super) struct Args {
    /// Go on until the run ends; one JSON line each with --json
    #[arg(long)]
    follow: bool,
    /// Only this connection's runs
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
    /// This run [default: the latest]
    #[arg(long, value_name = "NUMBER")]
    run: Option<i64>,
    /// Print CSV
    #[arg(long, conflicts_with_all = ["json", "follow"])]
    csv: bool,
}

/// A line, as CSV has it.
#[derive(Serialize)]
struct Cells<'a> {
    run: i64,
    connection: &'a str,
    seq: i64,
    at: &'a str,
    level: &'a str,
    code: &'a str,
    text: &'a str,
}

/// A line, as `sync log --json` prints it.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct LogLine {
    run: i64,
    connection: String,
    seq: i64,
    at: String,
    /// `info`, `warning` or `error`.
    level: String,
    code: String,
    text: String,
    fields: Option<serde_json::Value>,
}

/// Shows it.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let store = kept(desk)?;
    let of = match &args.connection {
        Some(label) => Some(store.connection(label).map_err(|error| Failure::new(Exit::Usage, &error))?.id),
        None => None,
    };
    let run = match args.run {
        Some(run) => Some(run),
        None => store.latest_run(of).map_err(stored)?,
    };
    let Some(run) = run else {
        return Err(Failure::usage("there was no run yet", "`affiant sync run` reads the connected tenants"));
    };
    let mut place = (run, 0);
    if !args.follow {
        let mut all = Vec::new();
        loop {
            let lines = next(&store, run, &mut place)?;
            if lines.is_empty() {
                break;
            }
            all.extend(lines);
        }
        if all.is_empty() {
            return Err(Failure::usage(format!("there is no run {run}"), "`affiant sync log` shows the latest"));
        }
        let text = if args.csv {
            sheet(&all.iter().map(cells).collect::<Vec<_>>())?
        } else if desk.json {
            json(&all.into_iter().map(line).collect::<Vec<_>>())
        } else {
            all.iter().map(told).collect()
        };
        desk.print(&text);
        return Ok(Exit::Complete);
    }
    let mut stop = std::pin::pin!(interrupted());
    loop {
        // Looked at before the lines are read, so that none is missed at the end.
        let goes_on = store.is_running(run).map_err(stored)?;
        for entry in next(&store, run, &mut place)? {
            let text = if desk.json { serde_json::json!(line(entry)).to_string() + "\n" } else { told(&entry) };
            desk.print(&text);
        }
        if !goes_on {
            return Ok(Exit::Complete);
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = &mut stop => return Ok(Exit::Complete),
        }
    }
}

fn next(store: &Store, run: i64, place: &mut (i64, i64)) -> Result<Vec<Entry>, Failure> {
    let lines = store.journal(None, Some(run), *place, PIECE).map_err(stored)?;
    if let Some(last) = lines.last() {
        *place = (last.run, last.seq);
    }
    Ok(lines)
}

fn told(entry: &Entry) -> String {
    format!("{} {:7} {}\n", entry.at.get(..19).unwrap_or(&entry.at), entry.level, plain(&entry.text))
}

fn cells(entry: &Entry) -> Cells<'_> {
    let Entry { run, connection, seq, at, level, code, text, .. } = entry;
    Cells { run: *run, connection, seq: *seq, at, level, code, text }
}

fn line(entry: Entry) -> LogLine {
    let fields = entry.fields.and_then(|fields| serde_json::from_str(&fields).ok());
    let Entry { run, connection, seq, at, level, code, text, .. } = entry;
    LogLine { run, connection, seq, at, level, code, text, fields }
}
