//! Forms that a report's file takes: columns elsewhere, twice, unknown or missing; other line ends; nothing at all.

use super::store;
use crate::inventory::dataset::Dataset;
use crate::inventory::report::{self, ReportError, Summary};
use crate::inventory::store::{Stage, Store};

/// Reads a mailbox report and gives what one row came to in the staging.
fn staged(store: &Store, text: &str) -> (Summary, String) {
    let report = report::of(Dataset::Mailbox).expect("a report");
    let stage = Stage::begin(&store.db, report.tables).expect("a staging");
    let summary = report::read(report, text.as_bytes(), &stage, &|_| true, None).expect("a report");
    let sql =
        "SELECT principal || ' ' || recipient_type || ' ' || item_count || ' ' || has_archive FROM temp.s_use_mailbox";
    (summary, store.db.query_row(sql, [], |row| row.get(0)).expect("one row"))
}

#[test]
fn columns_are_found_by_name_wherever_they_stand_and_however_they_are_spelt() {
    let (_folder, store) = store();
    let want = "ana@contoso.example shared 7 1";
    let plain = "Report Refresh Date,User Principal Name,Recipient Type,Item Count,Has Archive\n2026-11-20,ana@contoso.example,SharedMailbox,7,True\n";
    for text in [
        plain.to_owned(),
        format!("\u{feff}{}", plain.replace('\n', "\r\n")),
        plain.replace('\n', "\n\n \n"),
        "Has Archive,ITEM COUNT,recipientType,User  Principal-Name,\u{feff}Report Refresh Date\nYes,7,Shared,ana@contoso.example,2026-11-20\n".to_owned(),
        "\"Report Refresh Date\",\"User Principal Name\",\"Recipient Type\",\"Item Count\",\"Has Archive\"\n2026-11-20,\"ana@contoso.example\",Shared,7,yes\n".to_owned(),
    ] {
        let (summary, row) = staged(&store, &text);
        assert_eq!((row.as_str(), summary.rows, summary.rejected), (want, 1, 0), "{text}");
        assert!(summary.unknown.is_empty() && summary.refresh == "2026-11-20", "{text}: {summary:?}");
    }
}

#[test]
fn a_column_that_stands_there_twice_counts_once_and_an_unknown_one_is_named() {
    let (_folder, store) = store();
    let text = "Report Refresh Date,User Principal Name,Recipient Type,Item Count,Item Count,Has Archive,Mood\n\
                2026-11-20,ana@contoso.example,User,7,8,False,good\n";
    let (summary, row) = staged(&store, text);
    assert_eq!(row, "ana@contoso.example user 7 0");
    assert_eq!(summary.unknown, ["Item Count 2", "Mood"]);
    assert_eq!(summary.columns.len(), 7);
}

#[test]
fn a_report_without_what_it_cannot_do_without_is_refused_by_name() {
    let (_folder, store) = store();
    let refusal = |text: &str| {
        let read = store.rehearse(Dataset::Mailbox, text.as_bytes()).expect("a report");
        read.expect_err("refused").to_string()
    };
    for (text, says) in [
        ("", "empty"),
        ("\r\n\r\n", "empty"),
        ("<html></html>", "web page"),
        ("\u{feff} <!DOCTYPE html>", "web page"),
        ("{\"value\":[]}", "another answer"),
        ("[]", "another answer"),
        ("User Principal Name,Item Count\nana@contoso.example,1\n", "no column Report Refresh Date"),
        ("Report Refresh Date,Item Count\n2026-11-20,1\n", "no column of the user's principal name"),
        ("Report Refresh Date,User Principal Name\n2026-11-20\n", "1 of 1 rows do not fit"),
    ] {
        assert!(refusal(text).contains(says), "{text}: {}", refusal(text));
    }
    assert!(store.rehearse(Dataset::Users, "".as_bytes()).is_none(), "no report");
    // Numbers that are not there are not zero.
    let text = "Report Refresh Date,User Principal Name\n2026-11-20,ana@contoso.example\n";
    let report = report::of(Dataset::Mailbox).expect("a report");
    let stage = Stage::begin(&store.db, report.tables).expect("a staging");
    report::read(report, text.as_bytes(), &stage, &|_| true, None).expect("a report");
    let nothing = "SELECT count(*) FROM temp.s_use_mailbox WHERE item_count IS NULL AND has_archive IS NULL";
    assert_eq!(store.db.query_row(nothing, [], |row| row.get::<_, i64>(0)).expect("a row"), 1);
    assert!(matches!(store.rehearse(Dataset::Mailbox, "".as_bytes()), Some(Err(ReportError::Empty))));
}
