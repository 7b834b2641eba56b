//! One run: every wanted dataset to its end, each by itself, and what all of them together came to.
//!
//! A dataset that fails costs no other; one that is not whole changes nothing in the store. Two runs of one tenant never
//! go at once. It must not know the terminal.

mod fetch;
mod outcome;
mod report;
mod verdict;

use camino::Utf8Path;

use super::connection::Connection;
use super::dataset::{Dataset, Period};
use super::report::Concealment;
use super::store::{NewRun, Store, StoreError};
use crate::graph::Graph;
use crate::home::{self, Hold};
use crate::session::SignedIn;
use crate::terms::{Clock, Sha256};

pub use self::outcome::Outcome;
use self::outcome::{Trouble, sign_in_code};

/// What a run is to do.
#[derive(Debug, Clone)]
pub struct Order {
    /// What to read, each once.
    pub datasets: Vec<Dataset>,
    /// The span of all reports; each its own where it is not said.
    pub period: Option<Period>,
    /// Whether to leave out what licences can do without: names, departments, offices.
    pub minimise: bool,
    /// Whether a scheduler asked for it.
    pub scheduled: bool,
    /// The version of the built-in product names.
    pub catalogue: String,
    /// Datasets somebody asked for by name: these count when they are refused.
    pub asked: Vec<Dataset>,
}

/// How one dataset ended.
#[derive(Debug, Clone)]
pub struct Line {
    /// The dataset.
    pub dataset: Dataset,
    /// Its period, where it has one.
    pub period: Option<Period>,
    /// How it ended.
    pub outcome: Outcome,
    /// Its rows, where it is there.
    pub rows: Option<i64>,
    /// Rows that could not be read.
    pub rejected: u64,
    /// The report's own date.
    pub refresh: Option<String>,
    /// Whether the store says the same already.
    pub unchanged: bool,
    /// Why it is not there, or what to know about it.
    pub note: Option<String>,
}

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Ran {
    /// Its number in the store.
    pub run: i64,
    /// Its name everywhere.
    pub uid: String,
    /// `ok`, `partial` or `failed`.
    pub status: &'static str,
    /// Every dataset.
    pub lines: Vec<Line>,
    /// Whether names are concealed.
    pub concealment: Concealment,
    /// What to know about that.
    pub message: Option<String>,
    /// Whether somebody must sign in or consent.
    pub sign_in_needed: bool,
    /// Scopes an earlier run had and this one had not.
    pub lost_scopes: Vec<String>,
    /// Why all of it failed.
    pub error: Option<String>,
}

/// Progress, for whoever shows it.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// A dataset begins.
    Begins(Dataset),
    /// So many of its rows are here.
    Rows(Dataset, u64),
    /// It ended.
    Ends(&'a Line),
}

/// Why a run could not even begin, or not be recorded.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum RunError {
    /// Another run of this tenant goes on.
    #[error("another run of this tenant is going on")]
    #[diagnostic(code(affiant::inventory::run_going_on), help("wait for it: `affiant sync log --follow` shows it"))]
    Busy,
    /// The sign-in is of another tenant.
    #[error("this sign-in is of another tenant than the connection; nothing was asked")]
    #[diagnostic(
        code(affiant::inventory::other_tenant),
        help("sign in again with an account of the connection's tenant: `affiant connection reauth`")
    )]
    OtherTenant,
    /// The store.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),
}

/// What a run works with.
pub struct Bench<'a> {
    /// The store.
    pub store: &'a Store,
    /// The service.
    pub graph: &'a Graph,
    /// Who is signed in.
    pub signed_in: &'a SignedIn,
    /// The connection.
    pub connection: &'a Connection,
    /// The time, for the record.
    pub clock: &'a Clock,
    /// Hears of progress.
    pub tell: &'a dyn Fn(Step<'_>),
}

/// The right to run for a tenant; ends when dropped, also by a crash.
#[derive(Debug)]
pub struct Turn(#[expect(dead_code, reason = "held, not read")] Hold);

impl Turn {
    /// Takes it, and ends what a crashed process left running.
    ///
    /// # Errors
    /// [`RunError::Busy`].
    pub fn take(home: &Utf8Path, store: &Store, tenant: &str, clock: &Clock) -> Result<Self, RunError> {
        let name = Sha256::of(tenant.to_lowercase().as_bytes()).to_string();
        let lock = home.join("sync").join(format!("{}.lock", name.get(..32).unwrap_or(&name)));
        let held = home::try_hold(&lock);
        let held = held.map_err(|error| StoreError::Folder { path: home.to_owned(), kind: error.kind() })?;
        let turn = held.map(Self).ok_or(RunError::Busy)?;
        store.fail_crashed(tenant, clock())?;
        Ok(turn)
    }
}

/// Records a run that could not sign in.
///
/// # Errors
/// The store's.
pub fn refused(
    store: &Store,
    connection: &Connection,
    order: &Order,
    why: &str,
    clock: &Clock,
) -> Result<i64, StoreError> {
    let (run, _) = begin(store, connection, order, clock)?;
    let code = sign_in_code(why, true);
    store.log(run, "error", code, why, None, clock())?;
    store.end_run(run, "failed", ("unknown", "no_rows"), Some((code, why)), clock())?;
    Ok(run)
}

/// Ends a run that was cancelled.
///
/// # Errors
/// The store's.
pub fn cancelled(store: &Store, connection: &Connection, clock: &Clock) -> Result<(), StoreError> {
    store.db.execute(
        "UPDATE sync_run SET status = 'cancelled', finished_at = ?2 WHERE tenant_id = ?1 AND status = 'running'",
        rusqlite::params![connection.tenant.id, clock().to_string()],
    )?;
    Ok(())
}

fn begin(store: &Store, connection: &Connection, order: &Order, clock: &Clock) -> Result<(i64, String), StoreError> {
    let domains = serde_json::json!(connection.domains.names()).to_string();
    let new = NewRun {
        connection: connection.id,
        tenant: &connection.tenant.id,
        trigger: if order.scheduled { "schedule" } else { "manual" },
        domains: &domains,
        app_version: env!("CARGO_PKG_VERSION"),
        catalogue: &order.catalogue,
    };
    store.begin_run(&new, clock())
}

/// Runs. Whoever calls holds the tenant's [`Turn`].
///
/// # Errors
/// [`RunError::OtherTenant`]; the store's. What the service refuses is in the result.
pub async fn sync(bench: &Bench<'_>, order: &Order) -> Result<Ran, RunError> {
    let Bench { store, signed_in, connection, clock, .. } = *bench;
    // An application may have signed in at a domain of the tenant; then what it is called is compared when it is read.
    let is_id = |text: &str| uuid::Uuid::try_parse(text).is_ok();
    let are_ids = is_id(&connection.tenant.id) && is_id(&signed_in.tenant_id);
    if are_ids && !connection.tenant.id.eq_ignore_ascii_case(&signed_in.tenant_id) {
        return Err(RunError::OtherTenant);
    }
    let (run, uid) = begin(store, connection, order, clock)?;
    let log = |level: &str, code: &str, text: &str| store.log(run, level, code, text, None, clock());
    log("info", "started", &format!("a run over {} datasets began", order.datasets.len()))?;
    let kind = if signed_in.flow.is_app_only() { "application" } else { "delegated" };
    let scopes: Vec<&str> = signed_in.scopes.iter().collect();
    let lost_scopes = store.note_scopes(connection.id, run, kind, &scopes)?;
    for scope in &lost_scopes {
        log("warning", "scope_lost", &format!("the permission {scope}, which an earlier run had, is gone"))?;
    }
    let mut ran = Ran {
        run,
        uid,
        status: "running",
        lines: Vec::new(),
        concealment: Concealment::Unknown,
        message: None,
        sign_in_needed: false,
        lost_scopes,
        error: None,
    };
    let mut stopped: Option<Trouble> = None;
    for dataset in Dataset::ALL.into_iter().filter(|dataset| order.datasets.contains(dataset)) {
        let line = match &stopped {
            Some(_) => Line {
                note: Some("not asked for, because the run had to stop".to_owned()),
                ..empty(dataset, Outcome::Skipped)
            },
            None => {
                (bench.tell)(Step::Begins(dataset));
                let (line, trouble, concealment) = fetch::dataset(bench, order, run, dataset).await?;
                ran.concealment = ran.concealment.and(concealment);
                if let Some(trouble) = trouble {
                    ran.sign_in_needed |= trouble.signs_in;
                    stopped = Some(trouble).filter(|trouble| trouble.stops);
                }
                line
            }
        };
        let level = if line.outcome.is_had() { "info" } else { "warning" };
        let note = line.note.clone().unwrap_or_default();
        let fields = serde_json::json!({ "dataset": dataset.as_str(), "rows": line.rows, "refresh_date": line.refresh,
            "unchanged": line.unchanged, "rejected": line.rejected });
        let text = format!("{dataset}: {}{}{note}", line.outcome.as_str(), if note.is_empty() { "" } else { ": " });
        store.log(run, level, line.outcome.as_str(), &text, Some(&fields), clock())?;
        (bench.tell)(Step::Ends(&line));
        ran.lines.push(line);
    }
    ran.status = status(&ran.lines, &order.asked);
    let (message, basis) = verdict::verdict(store, connection, run, ran.concealment)?;
    if let Some(message) = &message {
        log("warning", "concealed", message)?;
    }
    ran.message = message;
    let error = stopped
        .as_ref()
        .filter(|_| ran.status == "failed")
        .map(|trouble| (trouble.code.as_str(), trouble.text.as_str()));
    ran.error = stopped.as_ref().map(|trouble| trouble.text.clone());
    store.end_run(run, ran.status, (ran.concealment.as_str(), basis), error, clock())?;
    log("info", "ended", &format!("the run ended {}", ran.status))?;
    Ok(ran)
}

fn empty(dataset: Dataset, outcome: Outcome) -> Line {
    Line { dataset, period: None, outcome, rows: None, rejected: 0, refresh: None, unchanged: false, note: None }
}

/// `ok` when all that was wanted is there; what the tenant has no licence for does not count, nor does the switch that
/// only helps to explain, unless somebody asked for it.
fn status(lines: &[Line], asked: &[Dataset]) -> &'static str {
    let excused = |line: &Line| {
        let optional = line.dataset == Dataset::ReportSettings && !asked.contains(&line.dataset);
        line.outcome == Outcome::Unlicensed
            || (optional && matches!(line.outcome, Outcome::Forbidden | Outcome::Unsupported))
    };
    if !lines.iter().any(|line| line.outcome.is_had()) {
        "failed"
    } else if lines.iter().all(|line| line.outcome.is_had() || excused(line)) {
        "ok"
    } else {
        "partial"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_ok_partial_or_failed_by_what_was_had() {
        let lines = |outcomes: &[(Dataset, Outcome)]| -> Vec<Line> {
            outcomes.iter().map(|(dataset, outcome)| empty(*dataset, *outcome)).collect()
        };
        let (users, skus, setting) = (Dataset::Users, Dataset::Skus, Dataset::ReportSettings);
        let of = |outcomes: &[(Dataset, Outcome)]| status(&lines(outcomes), &[]);
        assert_eq!(of(&[(users, Outcome::Ok), (skus, Outcome::NotModified)]), "ok");
        assert_eq!(of(&[(users, Outcome::Ok), (Dataset::Signin, Outcome::Unlicensed)]), "ok");
        assert_eq!(of(&[(users, Outcome::Ok), (setting, Outcome::Forbidden)]), "ok");
        assert_eq!(status(&lines(&[(users, Outcome::Ok), (setting, Outcome::Forbidden)]), &[setting]), "partial");
        assert_eq!(of(&[(users, Outcome::Ok), (skus, Outcome::Forbidden)]), "partial");
        assert_eq!(of(&[(users, Outcome::Failed), (skus, Outcome::Skipped)]), "failed");
    }
}
