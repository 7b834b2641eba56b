//! A large report is read row by row: what has been taken from the source is never far ahead of the rows that are done.

use std::cell::Cell;
use std::io::{self, Read};
use std::time::Instant;

use super::{store, tell};
use crate::inventory::dataset::Dataset;
use crate::inventory::report;
use crate::inventory::store::Stage;

/// Rows of the report.
const ROWS: u64 = 200_000;
/// Bytes that may lie between the source and the row at hand.
const AHEAD: u64 = 64 << 10;

/// Makes a report while it is read.
struct Source<'a> {
    next: u64,
    piece: Vec<u8>,
    given: &'a Cell<u64>,
}

fn row(at: u64) -> String {
    format!("2026-11-20,p{at}@contoso.example,\"N, the \"\"Second\"\"\",False,,2026-11-19,1,5,,OFFICE 365 E3,90\r\n")
}

const HEAD: &str = "Report Refresh Date,User Principal Name,Display Name,Is Deleted,Deleted Date,Last Activity Date,Send Count,Receive Count,Read Count,Assigned Products,Report Period\r\n";

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() && self.next < ROWS {
            self.piece = row(self.next).into_bytes();
            self.next += 1;
        }
        let count = self.piece.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.piece[..count]);
        self.piece.drain(..count);
        self.given.set(self.given.get() + count as u64);
        Ok(count)
    }
}

#[test]
fn a_report_of_many_rows_is_read_in_the_memory_of_one() {
    let (_folder, store) = store();
    let report = report::of(Dataset::Email).expect("a report");
    let (given, done, furthest) = (Cell::new(0), Cell::new(HEAD.len() as u64), Cell::new(0_u64));
    let source = Source { next: 0, piece: HEAD.as_bytes().to_vec(), given: &given };
    let began = Instant::now();
    let transaction = store.db.unchecked_transaction().expect("a transaction");
    let stage = Stage::begin(&store.db, report.tables).expect("a staging");
    let mut at = 0;
    let keeps = |_: &str| {
        furthest.set(furthest.get().max(given.get() - done.get()));
        true
    };
    let mut copy = |_: &csv::StringRecord| {
        // The header comes first.
        if at > 0 {
            done.set(done.get() + row(at - 1).len() as u64);
        }
        at += 1;
        Ok(())
    };
    let summary = report::read(report, source, &stage, &keeps, Some(&mut copy)).expect("a report");
    assert_eq!((summary.rows, summary.rejected, summary.repeated), (ROWS, 0, 0));
    assert_eq!(given.get(), done.get(), "all of it");
    assert!(furthest.get() <= AHEAD, "{} bytes ahead", furthest.get());
    drop(stage);
    transaction.commit().expect("nothing is left");
    tell(&format!("{ROWS} rows in {:?}, at most {} bytes ahead", began.elapsed(), furthest.get()));
}
