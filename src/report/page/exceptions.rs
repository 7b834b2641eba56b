//! The exception report: one row each, the gravest first, with room for who takes it and where it stands.

use std::io;

use maud::html;

use super::super::facts::Report;
use super::super::facts::exceptions::Exception;
use super::super::words::{plural, share};
use super::{SHOWN, Text, acquisition, frame, more, table};

/// Columns of the CSV file.
const HEADS: [&str; 16] = [
    "control_number",
    "graph_id",
    "custodian",
    "folder",
    "code",
    "effect",
    "meaning",
    "detail",
    "recorded_utc",
    "recorded_local",
    "attempts",
    "tried",
    "proposed_step",
    "owner",
    "state",
    "exception_id",
];

/// The page, from the first exceptions of the record.
pub(in super::super) fn page(report: &Report, first: &[Exception]) -> String {
    let found = &report.exceptions;
    let rows = first.iter().take(SHOWN).map(|one| {
        let about = one.control_number.clone().or_else(|| one.graph_id.clone()).unwrap_or_else(|| "the run".to_owned());
        let place = [&one.custodian, &one.folder].into_iter().flatten().cloned().collect::<Vec<_>>().join(", ");
        let tried: Vec<_> = one.tried.iter().take(12).cloned().collect();
        let said = format!("{} {}", one.meaning, one.detail);
        vec![
            about,
            place,
            one.code.replace('_', " "),
            one.effect.words().to_owned(),
            said,
            tried.join(" · "),
            one.step.clone(),
            String::new(),
            String::new(),
        ]
    });
    let rows: Vec<_> = rows.collect();
    let heads = [
        "Message",
        "Where",
        "Code",
        "Effect",
        "What it means",
        "What was tried (UTC, answer, request id)",
        "Proposed step",
        "Owner",
        "State",
    ];
    let missing = found
        .by_code
        .iter()
        .filter(|one| one.effect == super::super::meaning::Effect::Missing)
        .map(|one| one.messages)
        .sum();
    let body = html! {
        h1 { "Exception report" }
        p class="verdict" { strong { (share(missing, found.of_listed)) " listed messages are missing." } " "
            (plural(found.graver_than_notes, "exception")) " and " (plural(found.standing.saturating_sub(found.graver_than_notes), "note")) " stand." }
        @if rows.is_empty() { p { "There is nothing to report." } } @else {
            h2 id="list" { "Exceptions, the gravest first" }
            (table("One row per exception; owner and state are for you", &heads.map(|head| (head, Text)), &rows, false))
            (more(usize::try_from(found.standing).unwrap_or(usize::MAX), "exceptions", "exceptions.csv"))
        }
    };
    frame(&format!("Exception report {}", report.acquisition_id), &acquisition::running(report), &body)
}

/// The head of the CSV file.
pub(in super::super) fn head<W: io::Write>(out: &mut csv::Writer<W>) -> csv::Result<()> {
    out.write_record(HEADS)
}

/// One row of the CSV file.
pub(in super::super) fn row<W: io::Write>(out: &mut csv::Writer<W>, one: &Exception) -> csv::Result<()> {
    let or = |text: &Option<String>| text.clone().unwrap_or_default();
    let cells = [
        or(&one.control_number),
        or(&one.graph_id),
        or(&one.custodian),
        or(&one.folder),
        one.code.clone(),
        one.effect.words().to_owned(),
        one.meaning.clone(),
        one.detail.clone(),
        one.at.utc.clone(),
        one.at.local.clone(),
        one.attempts.map(|n| n.to_string()).unwrap_or_default(),
        one.tried.join("\n"),
        one.step.clone(),
        String::new(),
        String::new(),
        one.exception_id.to_string(),
    ];
    out.write_record(cells.map(|cell| harmless(&cell)))
}

/// No spreadsheet may calculate a cell.
fn harmless(cell: &str) -> String {
    let shown: Vec<_> = cell.lines().map(super::visible).collect();
    let shown = shown.join("\n");
    if shown.starts_with(['=', '+', '-', '@', '\t']) { format!("'{shown}") } else { shown }
}
