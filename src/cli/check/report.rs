//! How the result of a check looks in a terminal and for programs.

use super::super::show;
use super::super::users::shown;
use crate::delegation::{CheckRow, MailboxFacts, Verdict};

/// One JSON document.
pub(super) fn json(rows: &[CheckRow]) -> String {
    let mut text = serde_json::to_string_pretty(rows).unwrap_or_else(|_| "[]".to_owned());
    text.push('\n');
    text
}

/// A line for each custodian, and below it what there is to know and to do.
pub(super) fn report(rows: &[CheckRow]) -> String {
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
        let facts = row.facts.as_ref().and_then(known);
        let paragraphs = facts.iter().chain(&row.notes).chain(&row.advice).flat_map(|text| text.lines());
        lines.extend(paragraphs.map(|line| format!("              {}", shown(line))));
    }
    let ready = rows.iter().filter(|row| row.verdict == Verdict::Ready).count();
    lines.push(format!("{ready} of {} ready", rows.len()));
    lines.join("\n") + "\n"
}

/// The facts in a line; a plan that the scopes do not show is not worth one.
fn known(facts: &MailboxFacts) -> Option<String> {
    let least = if facts.at_least { "at least " } else { "" };
    let items = facts.items.map(|items| format!("{least}{} items", show::number(items)));
    let size = facts.size_bytes.map(show::bytes);
    let plan = facts.unknown_because.is_none().then(|| facts.plan_in_words());
    let archive = facts.archive_in_words().map(str::to_owned);
    let parts: Vec<String> = [items, size, plan, archive].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
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
