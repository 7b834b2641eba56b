//! People as a table, a JSON array or CSV, page by page, so that a directory of any size takes the memory of one page.

use std::fmt::Write as _;

use super::steers;
use super::table::Table;
use crate::directory::{Person, guarded};

/// What people are written as.
pub(super) enum Sheet {
    Table(Table),
    /// Whether anybody was written yet.
    Json(bool),
    /// Whether the heads were written yet.
    Csv(bool),
}

impl Sheet {
    pub(super) const fn new(json: bool, csv: bool, terminal: bool) -> Self {
        match (json, csv) {
            (true, _) => Self::Json(false),
            (false, true) => Self::Csv(false),
            (false, false) => Self::Table(Table::new(terminal)),
        }
    }

    /// One page of people; whatever must stand before the first one comes with it.
    pub(super) fn page(&mut self, people: &[Person]) -> String {
        match self {
            Self::Table(table) => table.page(people),
            Self::Json(begun) => people.iter().map(|person| json(person, std::mem::replace(begun, true))).collect(),
            Self::Csv(begun) => csv(people, std::mem::replace(begun, true)),
        }
    }

    /// What stands after the last one.
    pub(super) fn end(&mut self) -> String {
        match self {
            Self::Table(table) => table.end(),
            Self::Json(false) => "[]\n".to_owned(),
            Self::Json(true) => "\n]\n".to_owned(),
            Self::Csv(begun) => {
                if *begun {
                    String::new()
                } else {
                    csv(&[], false)
                }
            }
        }
    }
}

/// One entry of the array, indented, with what leads to it.
fn json(person: &Person, begun: bool) -> String {
    let mut text = String::from(if begun { "," } else { "[" });
    let entry = serde_json::to_string_pretty(person).unwrap_or_else(|_| "null".to_owned());
    // Line breaks inside texts are escaped, so every line here is one of the layout.
    for line in entry.lines() {
        text.push_str("\n  ");
        for c in line.chars() {
            // What would steer a terminal can only stand inside a text, where an escape means the same.
            if steers(c) {
                // Writing to a string cannot fail.
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            } else {
                text.push(c);
            }
        }
    }
    text
}

/// What a spreadsheet shows of everybody.
const HEADS: [&str; 14] = [
    "custodian",
    "id",
    "display_name",
    "user_principal_name",
    "mail",
    "aliases",
    "user_type",
    "account_enabled",
    "department",
    "on_premises_sync",
    "mailbox_kind",
    "mailbox_state",
    "mailbox_reason",
    "exchange_plan",
];

fn csv(people: &[Person], begun: bool) -> String {
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    let rows = people.iter().map(|person| {
        vec![
            person.address().to_owned(),
            person.id.to_string(),
            or_empty(&person.display_name),
            or_empty(&person.user_principal_name),
            or_empty(&person.mail),
            person.aliases.join(";"),
            or_empty(&person.user_type),
            word(person.account_enabled),
            or_empty(&person.department),
            word(person.on_premises_sync),
            person.mailbox.kind.to_string(),
            word(person.mailbox.state),
            or_empty(&person.mailbox.reason),
            word(person.mailbox.exchange_plan),
        ]
    });
    lines((!begun).then_some(&HEADS), rows)
}

/// What a list of custodians says.
const PICKED: [&str; 7] = ["custodian", "user_id", "display_name", "address", "kind", "state", "reason"];

/// A whole list of custodians.
pub(super) fn custodians(people: &[Person]) -> String {
    let rows = people.iter().map(|person| {
        vec![
            person.address().to_owned(),
            person.id.to_string(),
            person.display_name.clone().unwrap_or_default(),
            person.mail.clone().unwrap_or_default(),
            person.mailbox.kind.to_string(),
            word(person.mailbox.state),
            person.mailbox.reason.clone().unwrap_or_default(),
        ]
    });
    lines(Some(&PICKED), rows)
}

/// The word that stands for a value in JSON; nothing for nothing.
fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(serde_json::Value::Bool(flag)) => flag.to_string(),
        _ => String::new(),
    }
}

/// RFC 4180, every cell guarded against being calculated; with heads, and then a byte order mark, if there are any.
fn lines(heads: Option<&[&str]>, rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory cannot fail.
    if let Some(heads) = heads {
        let _ = writer.write_record(heads);
    }
    for row in rows {
        let _ = writer.write_record(row.iter().map(|cell| guarded(&text(cell)).into_owned()));
    }
    let text = String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default();
    if heads.is_some() { format!("\u{FEFF}{text}") } else { text }
}

/// Without the controls that no cell needs; a file with a NUL in it would not be read back.
fn text(cell: &str) -> String {
    let harmless = |c: char| !c.is_control() || matches!(c, '\t' | '\r' | '\n');
    cell.chars().map(|c| if harmless(c) { c } else { '\u{FFFD}' }).collect()
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;
    use crate::directory::custodians_from_csv;
    use crate::graph::wire::User;

    fn person(id: &str, name: &str, mail: &str) -> Person {
        let user = User {
            id: Some(id.into()),
            display_name: Some(name.into()),
            proxy_addresses: Some(vec![format!("SMTP:{mail}"), "smtp:a,b@x.example".into()]),
            ..User::default()
        };
        Person::from_user(&user).expect("an id")
    }

    fn written(mut sheet: Sheet, pages: &[&[Person]]) -> String {
        let mut text: String = pages.iter().map(|page| sheet.page(page)).collect();
        text.push_str(&sheet.end());
        text
    }

    #[test]
    fn json_has_the_fixed_names_and_is_one_array_whatever_the_pages() {
        let (a, b) = (person("1", "A\u{202e}\u{9b}\n", "a@x.example"), person("2", "B", "b@x.example"));
        let text = written(Sheet::new(true, false, false), &[from_ref(&a), &[], from_ref(&b)]);
        assert!(!text.contains(['\u{202e}', '\u{9b}']), "{text}");
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(value, serde_json::to_value([&a, &b]).expect("JSON"));
        for name in ["id", "display_name", "user_principal_name", "mail", "aliases", "user_type", "account_enabled"] {
            assert!(value[0].get(name).is_some(), "{name}");
        }
        for name in ["kind", "state", "reason"] {
            assert!(value[0]["mailbox"].get(name).is_some(), "{name}");
        }
        assert_eq!(written(Sheet::new(true, false, false), &[]), "[]\n");
    }

    #[test]
    fn a_csv_of_users_is_read_back_as_the_same_custodians() {
        let mails =
            ["o'hara@x.example", "+49@x.example", "-a@x.example", "'=b@x.example", "a;b@x.example", "@x", "=1@x"];
        let people: Vec<Person> = mails.iter().map(|mail| person(mail, "Roe, \"Ana\"\r\n\0", mail)).collect();
        let text = written(Sheet::new(false, true, false), &[&people[..3], &people[3..]]);
        for csv in [text, custodians(&people)] {
            assert!(csv.starts_with('\u{FEFF}') && csv.matches('\u{FEFF}').count() == 1);
            let list = custodians_from_csv(csv.as_bytes()).expect("readable");
            assert_eq!(list.typed, mails);
            assert_eq!((list.duplicates.len(), list.blank_rows), (0, 0));
        }
    }

    #[test]
    fn no_cell_is_calculated() {
        let evil = person("1", "=HYPERLINK(\"http://x\")", "@sum@x.example");
        for csv in [written(Sheet::new(false, true, false), &[from_ref(&evil)]), custodians(&[evil])] {
            let mut rows = csv::ReaderBuilder::new().from_reader(csv.trim_start_matches('\u{FEFF}').as_bytes());
            for row in rows.records() {
                let row = row.expect("a row");
                assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{row:?}");
                assert_eq!(row.get(2), Some("'=HYPERLINK(\"http://x\")"));
            }
        }
    }

    #[test]
    fn a_csv_of_nobody_has_its_heads() {
        let text = written(Sheet::new(false, true, false), &[]);
        assert!(text.starts_with("\u{FEFF}custodian,id,") && text.ends_with("\r\n"), "{text}");
    }
}
