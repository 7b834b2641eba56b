//! The check as CSV for a spreadsheet: one row a mailbox, and no cell that a spreadsheet would take for a formula.

use super::super::{CheckRow, Observation};
use super::{Asker, needs_grant, plain, size_in_words};
use crate::directory::guarded;

const HEAD: [&str; 16] = [
    "custodian",
    "display_name",
    "address",
    "user_id",
    "verdict",
    "meaning",
    "grant_needed",
    "grant_to",
    "advice",
    "notes",
    "exchange_plan",
    "archive",
    "size",
    "exchange_evidence",
    "observed",
    "made_at",
];

/// The table, with a byte order mark, without which spreadsheets guess the encoding.
pub fn table(rows: &[CheckRow], asker: &Asker) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(HEAD);
    for row in rows {
        let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
        let facts = row.facts.as_ref();
        let needed = needs_grant(row, asker);
        let cells = [
            row.custodian.clone(),
            or_empty(&row.display_name),
            or_empty(&row.address),
            or_empty(&row.user_id),
            row.verdict.as_str().to_owned(),
            row.meaning.clone(),
            if needed { "yes" } else { "no" }.to_owned(),
            if needed { asker.user_principal_name.clone() } else { String::new() },
            or_empty(&row.advice),
            row.notes.join("\n"),
            facts.map(|facts| facts.exchange_plan.to_string()).unwrap_or_default(),
            facts.map(|facts| facts.archive.to_string()).unwrap_or_default(),
            size_in_words(row),
            row.exchange_evidence.as_ref().map(super::super::ExchangeEvidence::in_words).unwrap_or_default(),
            row.observations.iter().map(observed).collect::<Vec<_>>().join("\n"),
            asker.at.to_string(),
        ];
        let _ = writer.write_record(cells.iter().map(|cell| guarded(&plain(cell)).into_owned()));
    }
    format!("\u{FEFF}{}", String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default())
}

fn observed(seen: &Observation) -> String {
    let status = seen.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    format!("{} {status} {} {} {}", seen.step, or_dash(&seen.code), or_dash(&seen.request_id), seen.at)
}

#[cfg(test)]
mod tests {
    use super::super::super::Verdict;
    use super::super::tests::{asker, row};
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_every_request_is_named() {
        let mut evil = row("a1", "=HYPERLINK(\"http://x\")", "+a@x.example", Verdict::Denied);
        evil.notes = vec!["-1+1".into()];
        evil.custodian = "@SUM(A1)".into();
        let text = table(&[evil, row("b1", "\tBen", "b@x.example", Verdict::Ready)], &asker());
        let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{FEFF}').as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("CSV");
        assert_eq!(rows.len(), 2);
        for cell in rows.iter().flatten() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
        }
        let wanted = "root 403 ErrorAccessDenied r-1 2024-06-04T09:00:00.000Z";
        assert_eq!((rows[0].get(14), rows[0].get(6), rows[1].get(6)), (Some(wanted), Some("yes"), Some("no")));
    }
}
