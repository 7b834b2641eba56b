//! What reading costs: the reports and pages of a sync, and the pages of a collection, against the bare parsers over the
//! same bytes in the same process.
//!
//! `cargo bench --bench sync`; `ROWS` of the report (100,000), `PAIRS` (5). Processor time of the thread, so that other
//! programs do not count. Linux only: from `/proc`.

#![allow(clippy::print_stdout, reason = "the figures are the result")]
#![allow(clippy::cast_precision_loss, reason = "shares and seconds for people")]

use std::fmt::Write as _;
use std::hint::black_box;

use affiant::graph::{Page, wire};
use affiant::inventory::{Dataset, Store};
use camino::Utf8Path;
use serde::Deserialize;
use url::Url;

const HEAD: &str = "Report Refresh Date,User Principal Name,Display Name,Is Deleted,Deleted Date,Last Activity Date,Send Count,Receive Count,Read Count,Meeting Created Count,Meeting Interacted Count,Assigned Products,Report Period\r\n";
/// Entries of a page, and how often it is read.
const ENTRIES: u64 = 250;
const PAGES: u64 = 200;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Seconds that this thread has had a processor.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds: f64 = text.split(' ').next().and_then(|text| text.parse().ok()).expect("a number");
    nanoseconds / 1e9
}

fn took(work: impl FnOnce()) -> f64 {
    let begun = cpu();
    work();
    cpu() - begun
}

fn report(rows: u64) -> Vec<u8> {
    let mut text = HEAD.to_owned();
    for n in 0..rows {
        let _ = write!(
            text,
            "2024-06-01,person{n:06}@bench.example,\"Bench, Person {n}\",False,,2024-05-{:02},{},{},{},0,{},OFFICE 365 E3+POWER BI PRO,30\r\n",
            1 + n % 28,
            n % 97,
            n % 1013,
            n % 601,
            n % 7
        );
    }
    text.into_bytes()
}

fn bare_rows(bytes: &[u8]) -> u64 {
    let mut reader = csv::ReaderBuilder::new().from_reader(bytes);
    let (mut record, mut fields) = (csv::StringRecord::new(), 0);
    while reader.read_record(&mut record).expect("a row") {
        fields += record.len() as u64;
    }
    fields
}

/// Every row into a table with a key, as it stands: the least that keeps it.
fn bare_table(bytes: &[u8], folder: &Utf8Path) -> u64 {
    let db = rusqlite::Connection::open(folder.join("bare.sqlite").as_std_path()).expect("a database");
    db.execute_batch(
        "PRAGMA synchronous = OFF; CREATE TABLE r (a,b PRIMARY KEY,c,d,e,f,g,h,i,j,k,l,m) WITHOUT ROWID; BEGIN",
    )
    .expect("a table");
    let mut reader = csv::ReaderBuilder::new().from_reader(bytes);
    let mut insert = db.prepare("INSERT INTO r VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)").expect("a statement");
    let (mut record, mut rows) = (csv::StringRecord::new(), 0);
    while reader.read_record(&mut record).expect("a row") {
        insert.execute(rusqlite::params_from_iter(record.iter())).expect("inserted");
        rows += 1;
    }
    db.execute_batch("COMMIT").expect("kept");
    rows
}

fn page() -> Vec<u8> {
    let mut text =
        r#"{"@odata.context":"https://graph.bench.example/v1.0/$metadata#x","@odata.count":250,"value":["#.to_owned();
    for n in 0..ENTRIES {
        let comma = if n > 0 { "," } else { "" };
        let _ = write!(
            text,
            r#"{comma}{{"@odata.etag":"W/\"CQAAABYAAAAUjr2QPLnQRmZHlgKU{n:012}\"","id":"AAkALgAAAAAAHYQDEapmEc2byACqAC_EWg0AAABogbcK_skRAzYkKxD0GfST{n:09}AAA=","changeKey":"CQAAABYAAAAUjr2QPLnQRmZHlgKU{n:012}","parentFolderId":"AAMkAGI1ZjNkOWE1LTYzZTItNGQ5MS04MzVhLWU0YmI5ZjEyMzQ3Ny4AAAAAAB2EAxGqZhHNm8gAqgAvxFoDAGiB00010001","receivedDateTime":"2024-03-01T10:00:00Z","sentDateTime":"2024-03-01T10:00:00Z","createdDateTime":"2024-03-01T10:00:00Z","lastModifiedDateTime":"2024-03-01T10:00:00Z","subject":"Figures of day {n}","internetMessageId":"<{n}@bench.example>","isDraft":false,"singleValueExtendedProperties":[{{"id":"Integer 0xe08","value":"20480"}},{{"id":"String 0x1a","value":"IPM.Note"}}]}}"#
        );
    }
    text.push_str("]}");
    text.into_bytes()
}

/// The same page, read with nothing but the parser.
#[derive(Deserialize)]
struct BarePage {
    value: Vec<wire::Message>,
}

fn spread(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    let at = |n: usize| values.get(n).copied().unwrap_or(f64::NAN);
    format!("{:.2} ({:.2} to {:.2})", at(values.len() / 2), at(0), at(values.len().saturating_sub(1)))
}

fn main() {
    let (pairs, rows) = (number("PAIRS", 5), number("ROWS", 100_000));
    let (csv, json) = (report(rows), page());
    let graph = Url::parse("https://graph.bench.example").expect("valid");
    let (mut to_csv, mut to_table, mut to_json) = (Vec::new(), Vec::new(), Vec::new());
    let (mut ours_csv, mut ours_json) = (Vec::new(), Vec::new());
    for _ in 0..pairs {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let bare = took(|| assert_eq!(black_box(bare_rows(&csv)), rows * 13));
        let table = took(|| assert_eq!(bare_table(&csv, folder), rows));
        let store = Store::open(folder).expect("a store");
        let ours = took(|| {
            let summary = store.rehearse(Dataset::Email, csv.as_slice()).expect("a report").expect("read");
            assert_eq!((summary.rows, summary.rejected), (rows, 0));
        });
        ours_csv.push(ours * 1e6 / rows as f64);
        to_csv.push(bare / ours);
        to_table.push(table / ours);
        let bare = took(|| {
            for _ in 0..PAGES {
                let page: BarePage = serde_json::from_slice(&json).expect("a page");
                assert_eq!(black_box(page.value).len() as u64, ENTRIES);
            }
        });
        let ours = took(|| {
            for _ in 0..PAGES {
                let page = Page::<wire::Message>::of(&json, &graph).expect("a page");
                assert_eq!(black_box(page.items).len() as u64, ENTRIES);
            }
        });
        ours_json.push(ours * 1e6 / (PAGES * ENTRIES) as f64);
        to_json.push(bare / ours);
    }
    println!(
        "{rows} rows of a report, {:.1} MB; pages of {ENTRIES} messages, {:.0} KB; {pairs} pairs.\n",
        csv.len() as f64 / 1e6,
        json.len() as f64 / 1e3
    );
    println!("| what | affiant, µs each | bare by affiant, median (least to most) |\n|---|---|---|");
    println!(
        "| a report, read and staged; the `csv` crate reading it | {} | {} |",
        spread(ours_csv.clone()),
        spread(to_csv)
    );
    println!("| the same; the `csv` crate and one insertion a row | {} | {} |", spread(ours_csv), spread(to_table));
    println!("| a page of messages; `serde_json` reading it | {} | {} |", spread(ours_json), spread(to_json));
}
