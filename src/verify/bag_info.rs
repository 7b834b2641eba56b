//! `bag-info.txt` against the record: who made the bag, of which acquisition, in which matter.
//!
//! Only the date that the bag was made on is its own word. It must not read the payload.

use std::fs;

use camino::Utf8Path;

use super::ledger::Ledger;
use super::report::{CheckName, Class, Findings};
use super::structure::BAG_INFO;
use crate::terms::UtcInstant;

/// Longest value, in characters.
const VALUE_MAX: usize = 500;

/// Makes the check.
pub(super) fn check(root: &Utf8Path, ledger: &Ledger, findings: &mut Findings) -> rusqlite::Result<()> {
    // That it is not there, or no text, is the finding of another check.
    let Ok(text) = fs::read_to_string(root.join(BAG_INFO)) else { return Ok(()) };
    let meta = |key: &str| ledger.text(&format!("SELECT value FROM meta WHERE key = '{key}'"));
    let value = |label: &str| {
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(label)?.strip_prefix(": "));
        lines.next().unwrap_or_default().to_owned()
    };
    let agent = [meta("tool_name")?.unwrap_or_default(), meta("tool_version")?.unwrap_or_default()].join(" ");
    let date = Some(value("Bagging-Date")).filter(|date| UtcInstant::parse(&format!("{date}T00:00:00Z")).is_ok());
    let lines = [
        ("Bag-Software-Agent", Some(agent)),
        ("Bagging-Date", date),
        ("External-Identifier", meta("acquisition_id")?),
        ("Bag-Group-Identifier", meta("matter")?),
        ("Payload-Oxum", Some(value("Payload-Oxum"))),
    ];
    let mut expected = String::new();
    for (label, value) in lines {
        let value = one_line(&value.unwrap_or_default());
        if !value.is_empty() {
            expected.extend([label, ": ", &value, "\n"]);
        }
    }
    if text != expected {
        let why = "not what Affiant writes there for this record: agent, date, acquisition, matter, Payload-Oxum";
        findings.add(CheckName::CanonicalForm, Class::Wrong, BAG_INFO, why);
    }
    Ok(())
}

/// A value as it stands on its line: words with one space between, no control characters, cut.
fn one_line(value: &str) -> String {
    let apart = |c: char| c == ' ' || c.is_control() || c == '\u{2028}' || c == '\u{2029}';
    let words: Vec<&str> = value.split(apart).filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(VALUE_MAX).collect()
}
