//! `affiant connection list`: every connection with its state, its latest run and what ends next.

use super::row::{Connected, ending, row};
use super::with_store;
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::json;
use crate::cli::show::{plain, table};

/// List the connections: state, latest run, and when a secret ends
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant connection list --json | jq -r '.[] | select(.enabled) | .label'")]
pub(super) struct Args {}

/// Lists them.
pub(super) async fn run(_: &Args, desk: &Desk) -> Result<Exit, Failure> {
    let found = with_store(desk, |store| store.connections()).await?;
    let now = (desk.clock)();
    let rows: Vec<Connected> = found.iter().map(|connection| row(connection, now)).collect();
    if desk.json {
        desk.print(&json(&rows));
        return Ok(Exit::Complete);
    }
    if rows.is_empty() {
        desk.note("there is no connection yet; `affiant connection add NAME --tenant … --client-id …` makes one");
        return Ok(Exit::Complete);
    }
    let cells: Vec<Vec<String>> = rows.iter().map(line).collect();
    let heads = ["NAME", "TENANT", "SIGNED IN AS", "DOMAINS", "STATE", "LATEST RUN", "SECRET ENDS"];
    desk.print(&table(&heads, &[], &cells));
    for connection in &found {
        if let Some(text) = ending(connection, now) {
            desk.note(&text);
        }
    }
    Ok(Exit::Complete)
}

fn line(row: &Connected) -> Vec<String> {
    let tenant = row.tenant.as_deref().unwrap_or(&row.tenant_id);
    let ends = row.secret_ends.as_deref().and_then(|at| at.get(..10)).unwrap_or("-");
    let state = match (row.enabled, row.secret_days_left) {
        (false, _) => "disabled",
        (true, Some(..0)) => "secret is over",
        (true, Some(_)) => "secret ends soon",
        (true, None) => "enabled",
    };
    let run = row.last_run.as_ref();
    vec![
        plain(&row.label),
        plain(tenant),
        plain(&row.account),
        row.domains.iter().map(|name| plain(name)).collect::<Vec<_>>().join(" "),
        state.to_owned(),
        run.map_or_else(
            || "never".to_owned(),
            |run| format!("{} {}", run.started_at.get(..16).unwrap_or_default(), run.status),
        ),
        ends.to_owned(),
    ]
}
