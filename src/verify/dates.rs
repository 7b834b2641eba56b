//! Whether every item lies in the window that was asked for, by the date that was asked for.
//!
//! Both are in the first log entry, under `scope`: `date_field`, `window_from` and `window_to`
//! (UTC, half-open, null for an open end).

use rusqlite::Row;
use serde_json::Value;

use super::ledger::Ledger;
use super::log::{Account, LOG};
use super::report::{CheckName, Class, Findings};
use crate::terms::{DateField, UtcInstant, Window};

/// Makes the check.
pub(super) fn check(ledger: &Ledger, account: &Account, findings: &mut Findings) -> rusqlite::Result<()> {
    let scope = account.opened.as_ref().and_then(|opened| opened.get("scope"));
    let Some((field, window)) = scope.and_then(read) else {
        let detail = "line 1: no scope with date_field, window_from and window_to";
        findings.add(CheckName::Dates, Class::Wrong, LOG, detail);
        return Ok(());
    };
    if window.is_all() {
        return Ok(());
    }
    let sql = format!("SELECT control_number, path, {} FROM item ORDER BY item_id", column(field));
    ledger.each(&sql, [], |row| {
        let detail = match dated(row)? {
            None => format!("no {field} date, and the window has an end"),
            Some(text) => match UtcInstant::parse(&text) {
                Err(_) => format!("its {field} date is not an instant"),
                Ok(at) if window.contains(at) => return Ok(()),
                Ok(at) => format!("{field} {at} lies outside the window"),
            },
        };
        let (number, path): (String, String) = (row.get(0)?, row.get(1)?);
        findings.add(CheckName::Dates, Class::Wrong, path, format!("{number}: {detail}"));
        Ok(())
    })
}

fn dated(row: &Row<'_>) -> rusqlite::Result<Option<String>> {
    row.get(2)
}

/// The column of an item that holds the date.
const fn column(field: DateField) -> &'static str {
    match field {
        DateField::Received => "received_utc",
        DateField::Sent => "sent_utc",
        DateField::Created => "created_utc",
        DateField::Modified => "modified_utc",
    }
}

fn read(scope: &Value) -> Option<(DateField, Window)> {
    let field = serde_json::from_value(scope.get("date_field")?.clone()).ok()?;
    let end = |name| match scope.get(name)? {
        Value::Null => Some(None),
        Value::String(text) => UtcInstant::parse(text).ok().map(Some),
        _ => None,
    };
    Some((field, Window::new(end("window_from")?, end("window_to")?)?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_scope_names_its_date_and_both_ends_and_an_open_end_is_null() {
        let whole = json!({ "date_field": "sent", "window_from": null, "window_to": null });
        assert_eq!(read(&whole), Some((DateField::Sent, Window::ALL)));
        let from = UtcInstant::parse("2024-03-01T00:00:00Z").expect("valid");
        let open = json!({ "date_field": "received", "window_from": "2024-03-01T00:00:00.000Z", "window_to": null });
        assert_eq!(read(&open), Window::new(Some(from), None).map(|window| (DateField::Received, window)));
        for wrong in [
            json!({}),
            json!({ "date_field": "sent", "window_from": null }),
            json!({ "date_field": "read", "window_from": null, "window_to": null }),
            json!({ "date_field": "sent", "window_from": "yesterday", "window_to": null }),
            json!({ "date_field": "sent", "window_from": 7, "window_to": null }),
        ] {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
    }
}
