//! What a run came to: the counts that must close, and the one word for it.
//!
//! Programs rely on these names (`schemas/collect.schema.json`); fields are only ever added.

use schemars::JsonSchema;
use serde::Serialize;

use crate::custody::{Compared, Counts, FolderRow, ReconciliationRow};

use super::acquisition::Acquisition;
use super::error::CollectError;
use super::plan::{Part, Plan};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Every listed item is collected as the service renders it, and the package is sealed.
    Complete,
    /// Sealed; something is missing, unreadable or rebuilt, and named.
    CompleteWithExceptions,
    /// Stopped by the service, the sign-in or the disk, or left open as asked (exit code 3); not sealed, can be resumed.
    Incomplete,
    /// Stopped by the user; not sealed, can be resumed.
    Interrupted,
}

impl State {
    /// The spelling in JSON, the log and on the screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::CompleteWithExceptions => "complete_with_exceptions",
            Self::Incomplete => "incomplete",
            Self::Interrupted => "interrupted",
        }
    }
}

/// One custodian's line of the result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CustodianTally {
    /// As typed.
    pub custodian: String,
    /// The mailbox's owner, once resolved.
    pub user_id: Option<String>,
    /// The probe's verdict: `ready`, `partial`, or why nothing was collected.
    pub verdict: String,
    /// The balance.
    #[serde(flatten)]
    pub counts: Counts,
    /// How the mailbox compares with the earlier package; `null` without `--since`.
    pub since: Option<Compared>,
    /// The balance of each folder in scope, once the mailbox has come to its end.
    pub folders: Vec<FolderBalance>,
}

/// One folder's line of the balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FolderBalance {
    /// Where it is.
    pub path: String,
    /// Messages of the range by the service's count before anything was fetched.
    pub expected: u64,
    /// Items that the service counts in the folder beyond those: other dates, other kinds; `null` where it did not count.
    pub outside: Option<u64>,
    /// Messages of the range that a list of ids kept out; `null` without one.
    pub not_chosen: Option<u64>,
    /// Messages of the range that an earlier package holds; `null` without one.
    pub held_before: Option<u64>,
    /// What was listed, and how it ended.
    #[serde(flatten)]
    pub counts: Counts,
    /// Messages of the range by the service's count at the end.
    pub expected_after: u64,
}

impl FolderBalance {
    fn new((folder, row): (FolderRow, ReconciliationRow)) -> Self {
        Self {
            path: folder.path,
            expected: row.expected,
            outside: row.outside,
            not_chosen: row.not_chosen,
            held_before: row.held_before,
            counts: row.counts,
            expected_after: row.expected_after,
        }
    }
}

/// A supplemental run against the package before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SinceTally {
    /// The earlier acquisition's UUID.
    pub acquisition_id: String,
    /// How all mailboxes compare with it.
    #[serde(flatten)]
    pub counts: Compared,
}

/// The log's head when it was sealed: keep it elsewhere, and any later change is visible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Seal {
    /// Number of log lines.
    pub size: u64,
    /// Merkle root over them, SHA-256, lower-case hex.
    pub root: String,
    /// The public key that signed it (C2SP signed-note vkey): what `affiant verify --key` takes.
    pub vkey: String,
}

/// The result of a run: the last line of `affiant collect --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Tally {
    /// The acquisition's UUID.
    pub acquisition_id: String,
    /// How it ended.
    pub state: State,
    /// The exit code that goes with it.
    pub exit_code: u8,
    /// The package's folder.
    pub package: String,
    /// One line per custodian, in the order they were asked for.
    pub custodians: Vec<CustodianTally>,
    /// All of them together.
    pub totals: Counts,
    /// Messages of the range that the list of ids kept out; they are not listed.
    pub not_chosen: u64,
    /// The comparison with an earlier package; `null` without `--since`.
    pub since: Option<SinceTally>,
    /// Exceptions that are more than notes, by code.
    pub exceptions: std::collections::BTreeMap<String, u64>,
    /// Informational notes, by code: they do not make a run incomplete.
    pub notes: std::collections::BTreeMap<String, u64>,
    /// The seal; `null` while the run is not complete.
    pub seal: Option<Seal>,
}

impl Tally {
    /// What the record says now.
    pub(super) async fn so_far(
        acquisition: &Acquisition,
        plan: &Plan,
        state: State,
        seal: Option<Seal>,
    ) -> Result<Self, CollectError> {
        let mut custodians = Vec::with_capacity(plan.parts.len());
        for part in &plan.parts {
            let (counts, balances) = match part.mailbox.as_ref().map(|mailbox| mailbox.mailbox_id) {
                Some(id) => acquisition.pen.read(move |l| Ok((l.counts(id)?, l.balances(id)?))).await?,
                None => (Counts::default(), Vec::new()),
            };
            custodians.push(CustodianTally {
                custodian: part.custodian.clone(),
                user_id: part.user_id.as_ref().map(ToString::to_string),
                verdict: part.verdict.as_str().to_owned(),
                counts,
                folders: balances.into_iter().map(FolderBalance::new).collect(),
                since: part_compared(acquisition, part).await?,
            });
        }
        let (totals, standing) = acquisition.pen.read(|l| Ok((l.totals()?, l.exceptions_by_code()?))).await?;
        let (mut exceptions, mut notes) = (std::collections::BTreeMap::new(), std::collections::BTreeMap::new());
        for one in standing {
            let kind = if one.severity.is_note() { &mut notes } else { &mut exceptions };
            *kind.entry(one.code.to_string()).or_default() += one.count;
        }
        let since = acquisition.job.since.as_ref().map(|since| SinceTally {
            acquisition_id: since.acquisition_id.to_string(),
            counts: custodians.iter().filter_map(|one: &CustodianTally| one.since).sum(),
        });
        let exit_code = match state {
            State::Complete => 0,
            State::CompleteWithExceptions => 3,
            State::Incomplete => 1,
            State::Interrupted => 7,
        };
        Ok(Self {
            acquisition_id: acquisition.id.to_string(),
            state,
            exit_code,
            package: acquisition.package.root().to_string(),
            custodians,
            totals,
            not_chosen: plan.not_chosen(),
            since,
            exceptions,
            notes,
            seal,
        })
    }
}

/// How a custodian's mailbox compares with the earlier package, if there is one.
async fn part_compared(acquisition: &Acquisition, part: &Part) -> Result<Option<Compared>, CollectError> {
    let mailbox_id = part.mailbox.as_ref().map(|mailbox| mailbox.mailbox_id);
    match mailbox_id.filter(|_| acquisition.job.since.is_some()) {
        Some(mailbox_id) => Ok(Some(acquisition.pen.read(move |l| l.compared(mailbox_id)).await?)),
        None => Ok(None),
    }
}
