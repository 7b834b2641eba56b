//! Whatever bytes come as a report: refused or read, every row taken or counted as rejected, and never a panic.

use std::cell::OnceCell;

use proptest::prelude::*;
use tempfile::TempDir;

use super::store;
use crate::inventory::dataset::Dataset;
use crate::inventory::report::{self, Kind, ReportError, classify};
use crate::inventory::store::Store;

thread_local! {
    static STORE: OnceCell<(TempDir, Store)> = const { OnceCell::new() };
}

/// What the fragments of a file are; a file is a header and some of these.
const FRAGMENTS: [&[u8]; 22] = [
    b"2026-11-20",
    b"ana@contoso.example",
    b"F08A3B0C4E7C1A2D9E8F7A6B5C4D3E2F",
    b"(Unknown)",
    b"00000000-0000-0000-0000-000000000000",
    b"\"N, the \"\"Second\"\"\r\n\"",
    b"\"never closed",
    b"9223372036854775808",
    b"-1",
    b"PT9999999999999999H",
    b"99999999:59:59",
    b"True",
    b"\xFF\xFE",
    b"\0",
    b",",
    b",",
    b",,,",
    b"\r\n",
    b"\n",
    b"\n\n",
    b"\r",
    b"#2",
];

fn reports() -> impl Iterator<Item = Dataset> {
    Dataset::ALL.into_iter().filter(|dataset| dataset.is_report())
}

/// A header that the report has.
fn header(dataset: Dataset) -> String {
    let report = report::of(dataset).expect("a report");
    let named = if report.is_about_people() { "User Principal Name,Owner Principal Name,User Id," } else { "" };
    format!("\u{feff}Report Refresh Date,{named}Report Date,Product Type,Send Count,Teams (Mac),Report Period\r\n")
}

/// Records below the header that are not blank, by a plain reader of CSV.
fn records(bytes: &[u8]) -> u64 {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let rows = reader.byte_records().skip(1).map(|record| record.expect("memory cannot fail"));
    rows.filter(|row| row.len() > 1 || row.iter().any(|field| !field.trim_ascii().is_empty())).count() as u64
}

fn adds_up(dataset: Dataset, bytes: &[u8]) -> Result<(), TestCaseError> {
    STORE.with(|cell| {
        let (_, store) = cell.get_or_init(store);
        match store.rehearse(dataset, bytes).expect("a report") {
            Ok(summary) => {
                prop_assert_eq!(summary.rows + summary.rejected + summary.outside, records(bytes));
                prop_assert!(summary.rejected * 100 <= summary.rows + summary.rejected + summary.outside);
                if report::of(dataset).is_some_and(report::Report::is_about_people) {
                    prop_assert_eq!(summary.kinds.values().sum::<u64>(), summary.rows);
                }
            }
            Err(ReportError::TooManyRejected { rejected, rows, .. }) => {
                prop_assert_eq!(rows, records(bytes));
                prop_assert!(rejected > 0 && rejected <= rows);
            }
            Err(ReportError::Store(error)) => prop_assert!(false, "{}", error),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
        Ok(())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for dataset in reports() {
            adds_up(dataset, &bytes)?;
        }
    }

    #[test]
    fn any_rows_below_a_header_add_up(picks in prop::collection::vec(0..FRAGMENTS.len(), 0..80)) {
        for dataset in reports() {
            let mut bytes = header(dataset).into_bytes();
            bytes.extend(picks.iter().flat_map(|pick| FRAGMENTS[*pick].iter().copied()));
            adds_up(dataset, &bytes)?;
        }
    }

    #[test]
    fn any_text_is_one_kind_of_name_and_blanks_around_it_change_nothing(text in "\\PC{0,80}") {
        prop_assert_eq!(classify(&text), classify(&format!(" {text}\t")));
        if text.contains("<PII:") {
            prop_assert_eq!(classify(&text), Kind::Concealed);
        }
    }
}

#[test]
fn a_header_of_a_million_names_is_none_and_costs_no_time() {
    let (_folder, store) = store();
    let wide = format!("Report Refresh Date,User Principal Name{}\n", ",".repeat(1_000_000));
    let refused = store.rehearse(Dataset::Email, wide.as_bytes()).expect("a report");
    assert!(matches!(refused, Err(ReportError::UnexpectedContent)), "{refused:?}");
}

#[test]
fn half_a_file_that_ends_as_if_it_were_whole_is_refused() {
    let (_folder, store) = store();
    let whole = "Report Refresh Date,User Principal Name,Send Count\r\n".to_owned()
        + &"2026-11-20,ana@contoso.example,7\r\n".repeat(300);
    let read = |bytes: &[u8]| store.rehearse(Dataset::Email, bytes).expect("a report");
    assert_eq!(read(whole.as_bytes()).expect("whole").rows, 300);
    let cut = &whole.as_bytes()[..whole.len() - 20];
    assert!(matches!(read(cut), Err(ReportError::BreaksOff(301))), "{:?}", read(cut));
    assert!(matches!(read(&whole.as_bytes()[..40]), Err(ReportError::BreaksOff(1))));
    let unended = whole.trim_end().as_bytes();
    assert_eq!(read(unended).expect("its last row is whole").rows, 300);
}

#[test]
fn a_quote_that_is_never_closed_does_not_make_one_row_of_the_rest() {
    let (_folder, store) = store();
    let text =
        "Report Refresh Date,User Principal Name,Send Count\r\n2026-11-20,\"ana@contoso.example,7\r\n".to_owned();
    let endless = std::io::Read::chain(text.as_bytes(), std::io::repeat(b'x'));
    let refused = store.rehearse(Dataset::Email, endless).expect("a report").expect_err("an endless row");
    assert!(refused.to_string().contains("longer than 1 MiB"), "{refused}");
}
