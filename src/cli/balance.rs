//! The balance on the screen: a line per folder, and only the columns that have something to say.

use super::show;
use crate::collect::{CustodianTally, FolderBalance, Tally};

/// Folders shown; whoever has more reads them in the manifest or in the JSON.
const SHOWN: usize = 40;

/// A column: its head, its number, and whether it stands there even where all are zero.
type Column = (&'static str, fn(&FolderBalance) -> u64, bool);

const COLUMNS: [Column; 12] = [
    ("EXPECTED", |folder| folder.expected, true),
    ("OUTSIDE", |folder| folder.outside.unwrap_or(0), false),
    ("NOT CHOSEN", |folder| folder.not_chosen.unwrap_or(0), false),
    ("HELD", |folder| folder.held_before.unwrap_or(0), false),
    ("LISTED", |folder| folder.counts.listed, true),
    ("COLLECTED", |folder| folder.counts.collected, true),
    ("REBUILT", |folder| folder.counts.rebuilt, false),
    ("EXCEPTED", |folder| folder.counts.excepted, false),
    ("VANISHED", |folder| folder.counts.vanished, false),
    ("APPEARED", |folder| folder.counts.appeared, false),
    ("DEPARTED", |folder| folder.counts.departed, false),
    ("EXPECTED AFTER", |folder| folder.expected_after, true),
];

/// What each word of the table means; only those that stand in it.
const MEANINGS: [(&str, &str); 7] = [
    ("OUTSIDE", "outside: in the folder by the service's count, of other dates or other kinds"),
    ("REBUILT", "rebuilt: part of collected; the service could not render them"),
    ("VANISHED", "vanished: part of excepted; gone before they could be fetched"),
    ("APPEARED", "appeared: part of listed; only the second listing showed them"),
    ("DEPARTED", "departed: part of listed; collected, and no longer in this folder at the second listing"),
    ("NOT CHOSEN", "not chosen: kept out by the list of ids"),
    ("HELD", "held: in an earlier package in the same version, and not fetched again"),
];

/// The table; empty when no mailbox has come to its end.
pub(super) fn table(tally: &Tally) -> String {
    let several = tally.custodians.len() > 1;
    let all: Vec<(&CustodianTally, &FolderBalance)> =
        tally.custodians.iter().flat_map(|one| one.folders.iter().map(move |folder| (one, folder))).collect();
    // Folders without a message of the range would only make the list long.
    let busy: Vec<_> = all.iter().filter(|(_, folder)| COLUMNS.iter().any(|column| says(column, folder))).collect();
    if busy.is_empty() {
        return String::new();
    }
    let columns: Vec<&Column> =
        COLUMNS.iter().filter(|column| column.2 || busy.iter().any(|(_, folder)| column.1(folder) > 0)).collect();
    let rows = busy.iter().take(SHOWN).map(|(custodian, folder)| {
        let name = several.then(|| show::plain(&custodian.custodian));
        let numbers = columns.iter().map(|column| show::number(column.1(folder)));
        name.into_iter().chain([show::plain(&folder.path)]).chain(numbers).collect::<Vec<_>>()
    });
    let rows: Vec<_> = rows.collect();
    let texts = if several { vec!["CUSTODIAN", "FOLDER"] } else { vec!["FOLDER"] };
    let heads: Vec<&str> = texts.iter().copied().chain(columns.iter().map(|column| column.0)).collect();
    let right: Vec<usize> = (texts.len()..heads.len()).collect();
    let mut text = show::table(&heads, &right, &rows);
    if busy.len() > SHOWN {
        text += &format!(
            "and {} more folders: table reconciliation in affiant/manifest.sqlite\n",
            show::number((busy.len() - SHOWN) as u64)
        );
    }
    let said = |head: &str| columns.iter().any(|column| column.0 == head);
    for (_, meaning) in MEANINGS.iter().filter(|(head, _)| said(head)) {
        text += &format!("{meaning}\n");
    }
    text + "\n"
}

/// What lies outside of the range is no reason to show a folder.
fn says(column: &Column, folder: &FolderBalance) -> bool {
    column.0 != "OUTSIDE" && column.1(folder) > 0
}
