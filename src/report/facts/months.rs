//! Messages by month and custodian: a gap is a question.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::ask::{Ask, count};
use super::balance::name;
use super::scope::Scope;

/// Months on one axis at most; a longer one would hide what it shows.
const AXIS: i32 = 240;

/// Collected messages on a time axis, one line per mailbox.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Months {
    /// The date that decides where a message stands.
    pub date_field: String,
    /// The months of the axis, `2024-01`.
    pub axis: Vec<String>,
    /// One line per mailbox.
    pub mailboxes: Vec<MonthsOf>,
    /// Collected messages whose date is before or after the axis, or not recorded.
    pub off_axis: u64,
}

/// The months of one mailbox.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MonthsOf {
    /// Number in the record.
    pub mailbox_id: u64,
    /// Whose.
    pub custodian: String,
    /// Messages in Sent Items, by month of the axis.
    pub sent: Vec<u64>,
    /// Messages in all other folders, by month of the axis.
    pub others: Vec<u64>,
    /// Months of the axis without a message.
    pub empty: Vec<String>,
}

type Cells = BTreeMap<(u64, i32), (u64, u64)>;

pub(super) fn months(ask: Ask<'_>, scope: &Scope) -> rusqlite::Result<Months> {
    let field = scope.date_field.clone().unwrap_or_else(|| "received".to_owned());
    let column = match field.as_str() {
        "sent" => "sent_utc",
        "created" => "created_utc",
        "modified" => "modified_utc",
        _ => "received_utc",
    };
    let (cells, undated) = cells(ask, column)?;
    let (first, last) = axis(ask, scope, &cells);
    let months: Vec<i32> = (first..=last).collect();
    let sql = "SELECT m.mailbox_id, c.display_name, c.asked_as FROM mailbox m JOIN custodian c USING (custodian_id) ORDER BY c.custodian_id, 1";
    let owners = ask.rows(sql, [], |row| Ok((count(row, 0)?, name(row.get(1)?, row.get(2)?))))?;
    let mailboxes = owners.into_iter().map(|(mailbox_id, custodian)| {
        let cell = |month: &i32| cells.get(&(mailbox_id, *month)).copied().unwrap_or((0, 0));
        let empty = months.iter().filter(|month| cell(month) == (0, 0)).map(|month| label(*month)).collect();
        let sent = months.iter().map(|month| cell(month).0).collect();
        let others = months.iter().map(|month| cell(month).1).collect();
        MonthsOf { mailbox_id, custodian, sent, others, empty }
    });
    let outside = cells.iter().filter(|((_, month), _)| !(first..=last).contains(month));
    let off_axis = undated + outside.map(|(_, (sent, others))| sent + others).sum::<u64>();
    let (axis, mailboxes) = (months.iter().map(|month| label(*month)).collect(), mailboxes.collect());
    Ok(Months { date_field: field, axis, mailboxes, off_axis })
}

/// Counts row by row, so that memory is months times mailboxes and not messages.
fn cells(ask: Ask<'_>, column: &str) -> rusqlite::Result<(Cells, u64)> {
    let (mut cells, mut undated) = (Cells::new(), 0);
    let sql = format!(
        "SELECT i.mailbox_id, i.{column}, f.well_known = 'sentitems' FROM item i JOIN folder f ON f.folder_id = i.folder_id"
    );
    let mut statement = ask.db.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let month = row.get::<_, Option<String>>(1)?.and_then(|utc| ask.zone.month(&utc));
        let Some(month) = month else {
            undated += 1;
            continue;
        };
        let cell = cells.entry((count(row, 0)?, month)).or_default();
        if row.get::<_, Option<bool>>(2)?.unwrap_or(false) { cell.0 += 1 } else { cell.1 += 1 }
    }
    Ok((cells, undated))
}

/// The range asked for where it has ends, else from the first message to the last.
fn axis(ask: Ask<'_>, scope: &Scope, cells: &Cells) -> (i32, i32) {
    let found = |pick: fn(i32, i32) -> i32| cells.keys().map(|(_, month)| *month).reduce(pick);
    let from = scope.from.as_ref().and_then(|at| ask.zone.month(&at.utc)).or_else(|| found(i32::min));
    let last_inside = |at: &super::super::moment::Moment| {
        let end: jiff::Timestamp = at.utc.parse().ok()?;
        ask.zone.month(&(end - jiff::SignedDuration::from_millis(1)).to_string())
    };
    let to = scope.to.as_ref().and_then(last_inside).or_else(|| found(i32::max));
    match (from.or(to), to.or(from)) {
        (Some(from), Some(to)) if to >= from && to - from < AXIS => (from, to),
        // Too long to draw: the part that holds messages, and of that the latest.
        (Some(from), Some(to)) if to >= from => {
            let last = found(i32::max).unwrap_or(to).clamp(from, to);
            (found(i32::min).unwrap_or(from).max(last - AXIS + 1).max(from), last)
        }
        _ => (0, -1),
    }
}

fn label(month: i32) -> String {
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}
