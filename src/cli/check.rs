//! `affiant check`: can these mailboxes be read, and if not, who has to do what.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use futures_util::stream::{self, StreamExt as _};

use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::users::shown;
use crate::delegation::{self, CheckRow, Probe, Verdict};
use crate::directory::{Custodians, custodians_from_csv};
use crate::graph::{Fault, Graph};
use crate::monitor::Silent;
use crate::session::SignedIn;

/// How many custodians are checked side by side.
const SIDE_BY_SIDE: usize = 8;
/// How long `--wait` waits between checks.
const BETWEEN_CHECKS: Duration = Duration::from_mins(5);
/// How often `--wait` checks again: for a day, as long as a grant may take.
const CHECKS: u32 = 288;

/// Check that mailboxes can be read before anything is collected
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  affiant check ana@contoso.example sales@contoso.example\n  affiant check --custodians custodians.csv --wait\n\nExit codes: 0 all ready, 5 at least one is not, 4 sign-in needed."
)]
pub(super) struct Args {
    /// Custodians: address, alias, sign-in name, object id, or me
    custodian: Vec<String>,
    /// A CSV file of custodians: the column custodian, email, upn or address, else the first one
    #[arg(long, value_name = "FILE")]
    custodians: Option<Utf8PathBuf>,
    /// Check again every 5 minutes until all are ready, for a day at most
    #[arg(long)]
    wait: bool,
}

/// Checks every custodian.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let typed = named(args.custodian, args.custodians, desk)?;
    let session = desk.persons_session().await?;
    let graph = desk.graph(Arc::new(Silent)).await?;
    let signed_in = session.signed_in();
    let mut probes = checked(&graph, signed_in, &typed).await?;
    let mut again = 0;
    while args.wait && again < CHECKS && probes.iter().any(may_become_ready) {
        let open = probes.iter().filter(|probe| may_become_ready(probe)).count();
        desk.note(&format!("{open} not ready yet; checking again in 5 minutes"));
        tokio::time::sleep(BETWEEN_CHECKS).await;
        for probe in probes.iter_mut().filter(|probe| may_become_ready(probe)) {
            *probe = delegation::check(&graph, signed_in, &probe.typed).await?;
        }
        again += 1;
    }
    let mut rows: Vec<CheckRow> = probes.iter().map(Probe::row).collect();
    note_repeated(&mut rows);
    desk.print(&if desk.json { json(&rows) } else { report(&rows) });
    let ready = probes.iter().all(|probe| probe.verdict == Verdict::Ready);
    Ok(if ready { Exit::Complete } else { Exit::NoAccess })
}

/// Who was named, on the command line and in a file; each once.
fn named(mut typed: Vec<String>, file: Option<Utf8PathBuf>, desk: &Desk) -> Result<Vec<String>, Failure> {
    if let Some(path) = file {
        let list = File::open(&path).map_err(crate::directory::CustodiansError::Read).and_then(custodians_from_csv);
        let Custodians { typed: listed, duplicates, blank_rows } =
            list.map_err(|error| Failure::new(Exit::Usage, &error))?;
        if !duplicates.is_empty() {
            desk.note(&format!("named more than once in {path}, checked once: {}", shown(&duplicates.join(", "))));
        }
        if blank_rows > 0 {
            desk.note(&format!("rows without a custodian in {path}: {blank_rows}"));
        }
        typed.extend(listed);
    }
    let mut seen = std::collections::HashSet::new();
    typed.retain(|name| seen.insert(name.trim().to_lowercase()));
    if typed.is_empty() {
        return Err(Failure::usage("no custodian was named", "name custodians, or give --custodians FILE.csv"));
    }
    Ok(typed)
}

async fn checked(graph: &Graph, signed_in: &SignedIn, typed: &[String]) -> Result<Vec<Probe>, Fault> {
    let checks = typed.iter().map(|typed| delegation::check(graph, signed_in, typed));
    let results: Vec<_> = stream::iter(checks).buffered(SIDE_BY_SIDE).collect().await;
    results.into_iter().collect()
}

/// Whether waiting can help: a grant or a licence takes its time, a missing scope or person does not come by itself.
fn may_become_ready(probe: &Probe) -> bool {
    match probe.verdict {
        Verdict::Denied | Verdict::Partial | Verdict::NoMailbox | Verdict::Unknown => true,
        Verdict::Ready | Verdict::NotFound | Verdict::ScopeMissing => false,
    }
}

/// Says where two names turn out to be one person.
fn note_repeated(rows: &mut [CheckRow]) {
    let mut first: std::collections::HashMap<String, String> = std::collections::HashMap::new();
    for row in rows {
        let Some(id) = &row.user_id else { continue };
        match first.get(id) {
            Some(other) => row.notes.push(format!("the same person as {other}")),
            None => drop(first.insert(id.clone(), row.custodian.clone())),
        }
    }
}

fn json(rows: &[CheckRow]) -> String {
    let mut text = serde_json::to_string_pretty(rows).unwrap_or_else(|_| "[]".to_owned());
    text.push('\n');
    text
}

fn report(rows: &[CheckRow]) -> String {
    let mut lines = Vec::new();
    for row in rows {
        let who = match (&row.display_name, &row.address) {
            (Some(name), Some(address)) if !address.eq_ignore_ascii_case(&row.custodian) => {
                format!(" ({name}, {address})")
            }
            (Some(name), _) => format!(" ({name})"),
            _ => String::new(),
        };
        lines.push(shown(&format!("{:13} {}{who}: {}", row.verdict.as_str(), row.custodian, row.meaning)));
        let paragraphs = row.notes.iter().chain(&row.advice).flat_map(|text| text.lines());
        lines.extend(paragraphs.map(|line| format!("              {}", shown(line))));
    }
    let ready = rows.iter().filter(|row| row.verdict == Verdict::Ready).count();
    lines.push(format!("{ready} of {} ready", rows.len()));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_gives_verdict_meaning_and_every_line_of_advice() {
        let row = CheckRow {
            custodian: "sales@x.example".into(),
            user_id: Some("1".into()),
            display_name: Some("Ana".into()),
            address: Some("ana@x.example".into()),
            verdict: Verdict::Denied,
            meaning: "not readable".into(),
            basis: None,
            advice: Some("First.\n    Add-MailboxPermission …".into()),
            notes: Vec::new(),
            facts: None,
            exchange_evidence: None,
            observations: Vec::new(),
        };
        let text = report(&[row]);
        assert!(text.starts_with("denied        sales@x.example (Ana, ana@x.example): not readable\n"), "{text}");
        assert!(text.contains("\n                  Add-MailboxPermission"), "{text}");
        assert!(text.ends_with("0 of 1 ready\n"));
    }
}
