//! `affiant check`: can these mailboxes be read, and if not, who has to do what.

mod evidence;
mod handout;
mod report;
mod wait;

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;

use self::handout::HandOut;
use self::wait::{End, News, Pace};
use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::signals::interrupted;
use super::users::shown;
use super::{access, show};
use crate::delegation::handout::Asker;
use crate::delegation::{self, CheckRow, Export, PermissionFile, Probe, Verdict};
use crate::directory::{Custodians, custodians_from_csv};
use crate::graph::Graph;
use crate::monitor::Silent;
use crate::session::SignedIn;

/// Check that mailboxes can be read before anything is collected
///
/// Reads what a collection would read first: folders, one entry of each, and one message whole. The result is kept
/// and goes into the record of the collection that follows.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant check ana@contoso.example sales@contoso.example\n  \
                  affiant check --custodians custodians.csv --handout for-the-admin\n  \
                  affiant check --custodians custodians.csv --wait --every 5m --for 24h\n  \
                  affiant check ana@contoso.example --evidence mailbox-permissions.csv --exported-by \"Adam Stern\" --exported-at 2024-06-04T09:00:00Z\n\n\
                  Exit codes: 0 all ready, 5 at least one is not, 4 sign-in needed.")]
pub(super) struct Args {
    /// Custodians: address, alias, sign-in name, object id, or me
    custodian: Vec<String>,
    /// A CSV file of custodians: the column custodian, email, upn or address, else the first one
    #[arg(long, value_name = "FILE")]
    custodians: Option<Utf8PathBuf>,
    /// Check again until all are ready; Ctrl-C ends that and reports the last state
    #[arg(long, help_heading = "Waiting")]
    wait: bool,
    /// Pause between checks: 90s, 5m, 1h; at least 10s [default: 5m]
    #[arg(long, value_name = "SPAN", value_parser = wait::span, requires = "wait", help_heading = "Waiting")]
    every: Option<Duration>,
    /// Longest wait, at most 30d [default: 24h]
    #[arg(long = "for", value_name = "SPAN", value_parser = wait::span, requires = "wait", help_heading = "Waiting")]
    patience: Option<Duration>,
    /// Write a page, a table and PowerShell scripts for the administrator into a folder; or one FILE.html or FILE.csv
    #[arg(long, value_name = "DIR|FILE", help_heading = "The administrator's part")]
    handout: Option<Utf8PathBuf>,
    /// Overwrite files of an earlier hand-out
    #[arg(long, requires = "handout", help_heading = "The administrator's part")]
    force: bool,
    /// What Get-MailboxPermission showed, as CSV or JSON; repeat for more
    #[arg(long, value_name = "FILE", help_heading = "The administrator's part")]
    evidence: Vec<Utf8PathBuf>,
    /// Who exported it
    #[arg(long, value_name = "NAME", requires = "evidence", help_heading = "The administrator's part")]
    exported_by: Option<String>,
    /// When it was exported, like 2024-06-04T09:00:00Z
    #[arg(long, value_name = "INSTANT", requires = "evidence", help_heading = "The administrator's part")]
    exported_at: Option<String>,
}

/// Checks every custodian.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    // Whatever is wrong with what was typed is said before anybody is asked.
    let typed = named(args.custodian, args.custodians, desk)?;
    let pace = pace(args.wait, args.every, args.patience, desk)?;
    let export = evidence::export(args.exported_by.as_deref(), args.exported_at.as_deref(), (desk.clock)())?;
    let files = evidence::read(args.evidence, desk).await?;
    let handout = args.handout.map(|path| HandOut::at(&path, args.force)).transpose()?;

    let session = desk.persons_session().await?;
    let graph = desk.graph_of(session.clone(), Arc::new(Silent))?;
    let signed_in = session.signed_in();
    let (probes, end) = checked(&graph, signed_in, &typed, pace, desk).await;
    let probes = told_by_exchange(probes, &files, &export, signed_in, desk);
    let probes = beside_earlier(probes, signed_in, desk);
    kept(&probes, signed_in, desk);
    let mut rows: Vec<CheckRow> = probes.iter().map(Probe::row).collect();
    note_repeated(&mut rows);
    desk.print(&if desk.json { report::json(&rows) } else { report::report(&rows) });
    if let Some(handout) = handout {
        let written = tokio::task::block_in_place(|| handout.write(&rows, &asker(signed_in, desk)))?;
        for path in written {
            desk.note(&format!("written for the administrator: {path}"));
        }
    }
    let ready = rows.iter().all(|row| row.verdict == Verdict::Ready);
    match end {
        End::Fault(fault) => Err(fault.into()),
        End::Settled if ready => Ok(Exit::Complete),
        End::Settled | End::TimeUp | End::Interrupted => Ok(Exit::NoAccess),
    }
}

/// The first check, and with a pace as many more as it takes.
async fn checked(
    graph: &Graph,
    signed_in: &SignedIn,
    typed: &[String],
    pace: Option<Pace>,
    desk: &Desk,
) -> (Vec<Probe>, End) {
    let first = delegation::check_all(graph, signed_in, typed).await;
    let mut probes = first.probes;
    match (first.ended, pace) {
        (Some(fault), _) => (probes, End::Fault(fault)),
        (None, None) => (probes, End::Settled),
        (None, Some(pace)) => {
            let ask = |names: Vec<String>| async move { delegation::check_all(graph, signed_in, &names).await };
            let mut tell = |news: &News<'_>| tell(news, desk);
            let end = wait::until_ready(&mut probes, pace, ask, &mut tell, interrupted()).await;
            (probes, end)
        }
    }
}

/// One line for what happened while waiting, with its time.
fn tell(news: &News<'_>, desk: &Desk) {
    if desk.quiet {
        return;
    }
    let line = match news {
        News::Open(count, pause) => format!("{count} not ready yet; checking again in {}", show::duration(*pause)),
        News::Changed(name, before, Verdict::Ready) => {
            format!("{}: {} -> ready; checking once more to be sure", shown(name), before.as_str())
        }
        News::Changed(name, before, now) => format!("{}: {} -> {}", shown(name), before.as_str(), now.as_str()),
        News::Confirmed(name) => format!("{}: ready, twice in a row", shown(name)),
        News::Unreachable => "the service is out of reach; waiting goes on".to_owned(),
    };
    desk.note(&format!("{}  {line}", (desk.clock)()));
}

fn pace(wait: bool, every: Option<Duration>, patience: Option<Duration>, desk: &Desk) -> Result<Option<Pace>, Failure> {
    let at_home = desk.settings.cloud.is_loopback();
    let pace = Pace::checked(every.unwrap_or(wait::EVERY), patience.unwrap_or(wait::PATIENCE), at_home);
    match (wait, pace) {
        (false, _) => Ok(None),
        (true, Ok(pace)) => Ok(Some(pace)),
        (true, Err(why)) => Err(Failure::usage(why, "a grant takes about an hour: 5m for 24h is a good pace")),
    }
}

fn told_by_exchange(
    probes: Vec<Probe>,
    files: &[PermissionFile],
    export: &Export,
    signed_in: &SignedIn,
    desk: &Desk,
) -> Vec<Probe> {
    if files.is_empty() {
        return probes;
    }
    delegation::with_exports(probes, files, export, signed_in, (desk.clock)())
}

/// Says where an earlier check found something else: the same mailbox may answer differently hours apart.
fn beside_earlier(mut probes: Vec<Probe>, signed_in: &SignedIn, desk: &Desk) -> Vec<Probe> {
    let Some(home) = desk.keeping_home() else { return probes };
    let prior = tokio::task::block_in_place(|| access::prior(home, signed_in));
    for probe in &mut probes {
        let Some(id) = probe.person.as_ref().map(|person| &person.id) else { continue };
        let earlier = prior.latest(id).filter(|earlier| earlier.verdict != probe.verdict);
        let differs = earlier.map(|earlier| format!("the check at {} found {}", earlier.at, earlier.verdict.as_str()));
        let evidence = prior.evidence(id).filter(|_| probe.exchange_evidence.is_none());
        let on_record =
            evidence.map(|evidence| format!("on record since {}: {}", evidence.read_at, evidence.in_words()));
        probe.notes.extend(differs.into_iter().chain(on_record));
    }
    probes
}

/// Keeps the result for the collection that follows. Not being able to is said, and costs nothing else.
fn kept(probes: &[Probe], signed_in: &SignedIn, desk: &Desk) {
    let Some(home) = desk.keeping_home() else { return };
    let keeping = || access::keep_all(home, signed_in, probes, (desk.clock)());
    if let Err(error) = tokio::task::block_in_place(keeping) {
        desk.note(&format!("the result could not be kept in {home} for the collection that follows: {}", error.kind()));
    }
}

fn asker(signed_in: &SignedIn, desk: &Desk) -> Asker {
    Asker {
        user_principal_name: signed_in.user_principal_name.clone(),
        object_id: signed_in.object_id.to_string(),
        tenant_id: signed_in.tenant_id.clone(),
        client_id: signed_in.client_id.clone(),
        at: (desk.clock)(),
    }
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
