//! `affiant sync diff`: what changed between two runs or days.

use schemars::JsonSchema;
use serde::Serialize;

use super::{kept, stored};
use crate::cli::answer::sheet;
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::json;
use crate::cli::show::{plain, table};
use crate::inventory::{Change, Moment};

/// Show what changed between two runs or days: people, licences, seats, renewals, permissions
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  affiant sync diff 12 15\n  affiant sync diff 2026-09-30 2026-10-31 --connection contoso --json"
)]
pub(super) struct Args {
    /// From: a run's number, or a date
    #[arg(value_name = "RUN|DATE")]
    from: Moment,
    /// To: a run's number, or a date
    #[arg(value_name = "RUN|DATE")]
    to: Moment,
    /// The connection whose tenant is meant, with dates
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
    /// Print CSV, a line for each column that changed
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

/// A changed column, as CSV has it.
#[derive(Serialize)]
struct Line<'a> {
    area: &'a str,
    change: &'a str,
    subject: &'a str,
    column: &'a str,
    from: Option<&'a str>,
    to: Option<&'a str>,
}

/// What `sync diff --json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Differences {
    tenant_id: String,
    from_run: i64,
    to_run: i64,
    changes: Vec<Changed>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Changed {
    /// `people`, `licences`, `seats`, `renewals` or `permissions`.
    area: String,
    /// `added`, `removed` or `changed`.
    kind: String,
    subject: String,
    columns: Vec<Column>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Column {
    name: String,
    from: Option<String>,
    to: Option<String>,
}

/// Compares.
pub(super) fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    let store = kept(desk)?;
    let tenant = match &args.connection {
        Some(label) => Some(store.connection(label).map_err(|error| Failure::new(Exit::Usage, &error))?.tenant.id),
        None if matches!((&args.from, &args.to), (Moment::Run(_), Moment::Run(_))) => None,
        None => Some(store.the_connection(None).map_err(|error| Failure::new(Exit::Usage, &error))?.tenant.id),
    };
    let find = |moment: &Moment| {
        let found = store.run_at(tenant.as_deref(), moment).map_err(stored)?;
        found.ok_or_else(|| Failure::usage("there was no run at that time", "`affiant sync log` shows the latest run"))
    };
    let ((from, of), (to, other)) = (find(&args.from)?, find(&args.to)?);
    if of != other {
        return Err(Failure::usage("the two runs are of different tenants", "compare runs of one connection"));
    }
    let changes = store.changes(&of, from, to).map_err(stored)?;
    let found =
        Differences { tenant_id: of, from_run: from, to_run: to, changes: changes.into_iter().map(changed).collect() };
    desk.print(&match (desk.json, args.csv) {
        (true, _) => json(&found),
        (false, true) => sheet(&lines(&found))?,
        (false, false) => described(&found),
    });
    Ok(Exit::Complete)
}

fn changed(change: Change) -> Changed {
    let columns = change.columns.into_iter().map(|(name, from, to)| Column { name, from, to }).collect();
    Changed { area: change.area.to_owned(), kind: change.kind.to_owned(), subject: change.subject, columns }
}

fn lines(found: &Differences) -> Vec<Line<'_>> {
    fn of<'a>(change: &'a Changed, one: Option<&'a Column>) -> Line<'a> {
        Line {
            area: &change.area,
            change: &change.kind,
            subject: &change.subject,
            column: one.map_or("", |one| &one.name),
            from: one.and_then(|one| one.from.as_deref()),
            to: one.and_then(|one| one.to.as_deref()),
        }
    }
    let mut lines = Vec::new();
    for change in &found.changes {
        if change.columns.is_empty() {
            lines.push(of(change, None));
        }
        lines.extend(change.columns.iter().map(|one| of(change, Some(one))));
    }
    lines
}

fn described(found: &Differences) -> String {
    let say = |text: &Option<String>| text.as_deref().map_or_else(|| "unknown".to_owned(), plain);
    let rows: Vec<Vec<String>> = found
        .changes
        .iter()
        .map(|change| {
            let columns = change.columns.iter().map(|one| match change.kind.as_str() {
                "added" => format!("{}={}", one.name, say(&one.to)),
                "removed" => format!("{}={}", one.name, say(&one.from)),
                _ => format!("{}: {} -> {}", one.name, say(&one.from), say(&one.to)),
            });
            vec![
                change.area.clone(),
                change.kind.clone(),
                plain(&change.subject),
                columns.collect::<Vec<_>>().join(", "),
            ]
        })
        .collect();
    let head = format!("run {} to run {}: {} changes\n", found.from_run, found.to_run, rows.len());
    if rows.is_empty() { head } else { head + &table(&["AREA", "CHANGE", "WHAT", "COLUMNS"], &[], &rows) }
}
