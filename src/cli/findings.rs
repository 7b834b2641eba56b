//! `affiant findings`: what to look at in what was synced, each with its evidence.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;

use super::answer::{Ask, People};
use super::connection::with_store;
use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::listed::listed;
use crate::inventory::{Filter, Thresholds};

/// Show what to look at: seats nobody has, licences nobody uses, renewals, mailboxes near their quota
///
/// Days count back from the date of the usage report. What the reports do not measure is never called inactive. Asked for
/// everybody and now, what stands is noted in the store: which run saw it first, and which last.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  affiant findings\n  affiant findings --hold held.txt --inactive-days 180 --csv --out findings.csv\n\nRules: seats.unassigned, seats.over, sub.expiring, sub.trial, sub.suspended_assigned, user.disabled_licensed,\nuser.inactive, user.never_active, mail.unused, app.never_activated, lic.duplicate_path, lic.redundant, lic.assignment_error,\nmbx.shared_licensed, mbx.shared_needs_license, mbx.near_quota, conn.secret_expiring, conn.concealed, conn.stale,\nconn.scope_lost\n\nWhere there is a price list (`affiant licenses prices import`), findings about seats say what they cost a month.\nFindings about seats and subscriptions are not about people: of the options of people only --license narrows them."
)]
pub(super) struct Args {
    /// Only these rules, or all of a family such as lic
    #[arg(long = "rule", value_name = "RULE", value_delimiter = ',')]
    rules: Vec<String>,
    /// Days without activity
    #[arg(long, default_value_t = 90, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=180))]
    inactive_days: i64,
    /// Days a licence must have been there to be called unused
    #[arg(long, default_value_t = 30, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(0..=3650))]
    assigned_days: i64,
    /// Days before a subscription changes its state
    #[arg(long, default_value_t = 30, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(0..=3650))]
    renewal_days: i64,
    /// Days after which what was synced is old
    #[arg(long, default_value_t = 7, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=3650))]
    stale_days: i64,
    /// People on a legal hold, one address a line: never advised for reclaim
    #[arg(long, value_name = "FILE")]
    hold: Option<Utf8PathBuf>,
    #[command(flatten)]
    ask: Ask,
    #[command(flatten)]
    people: People,
}

/// Shows them, and notes in the store which stand.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    // An empty list would silently let everybody's licence be advised for reclaim: it is refused.
    let held = args.hold.as_deref().map(listed).transpose()?.unwrap_or_default();
    let held: BTreeSet<String> = held.iter().map(|name| name.to_lowercase()).collect();
    let limits = Thresholds {
        inactive_days: args.inactive_days,
        assigned_days: args.assigned_days,
        renewal_days: args.renewal_days,
        stale_days: args.stale_days,
        held,
    };
    let (filter, rules) = (args.people.filter(), args.rules);
    let (label, at) = (args.ask.connection().map(str::to_owned), args.ask.moment()?);
    let now = at.unwrap_or((desk.clock)());
    // What stands is noted for everybody and now, not for a part of the people or for a day that is gone.
    let is_whole = args.ask.is_about_now() && filter == Filter::default();
    let found = with_store(desk, move |store| {
        let tenant = store.the_connection(label.as_deref())?.tenant.id;
        let mut answer = store.view(&tenant, at)?.findings(&limits, &filter, now)?;
        if is_whole {
            store.note_findings(&tenant, &answer.rows)?;
        }
        let wanted = |rule: &str| {
            rules.is_empty() || rules.iter().any(|asked| rule == asked || rule.starts_with(&format!("{asked}.")))
        };
        answer.rows.retain(|finding| wanted(&finding.rule));
        Ok(answer)
    });
    let found = found.await?;
    let mut columns = vec!["rule", "subject", "product", "finding", "seats"];
    if found.rows.iter().any(|finding| finding.monthly.is_some()) {
        columns.extend(["monthly", "currency"]);
    }
    columns.push("evidence");
    args.ask.show(desk, &columns, &found)
}
