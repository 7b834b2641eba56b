//! Choosing custodians from a numbered list on a terminal. What was typed is read by [`chosen`], which knows no terminal.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _, Write as _};

use super::super::desk::Desk;
use super::super::failure::Failure;
use super::destination::Destination;
use super::{sheet, shown, unlisted};
use crate::directory::{Listing, Person};

/// More than that nobody reads through.
const MOST: usize = 2_000;

/// Refuses where nobody can be asked.
pub(super) fn refuse_without_terminal(desk: &Desk) -> Result<(), Failure> {
    if desk.json {
        return Err(Failure::usage("--pick asks a person and --json is for programs", "leave out one of them"));
    }
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        return Ok(());
    }
    Err(Failure::usage(
        "--pick needs a terminal to ask on",
        "write the list without being asked, and edit it: `affiant users --csv --state likely > custodians.csv`",
    ))
}

/// Shows everybody by number, asks which, and writes those.
pub(super) async fn run(listing: &mut Listing<'_>, mut to: Destination<'_>, desk: &Desk) -> Result<(), Failure> {
    let people = everybody(listing).await?;
    for (at, person) in people.iter().enumerate() {
        desk.note(&entry(at + 1, person));
    }
    let picked: Vec<Person> = asked(people.len(), desk)?.into_iter().filter_map(|at| people.get(at).cloned()).collect();
    for person in &picked {
        desk.note(&format!("  {} <{}>", shown(person.label()), shown(person.address())));
    }
    if picked.is_empty() || !desk.confirm(&format!("write {}", counted(picked.len()))) {
        return Err(nothing());
    }
    to.write(&sheet::custodians(&picked))?;
    let file = to.finish().await?.unwrap_or_default();
    desk.note(&format!("{} written; next: affiant check --custodians {file}", counted(picked.len())));
    Ok(())
}

async fn everybody(listing: &mut Listing<'_>) -> Result<Vec<Person>, Failure> {
    let mut people = Vec::new();
    while let Some(page) = listing.next().await.map_err(unlisted)? {
        people.extend(page);
        if people.len() > MOST {
            return Err(Failure::usage(
                format!("more than {MOST} people to pick from"),
                "narrow the list with a part of the name, --domain, --department or --state",
            ));
        }
    }
    if people.is_empty() {
        return Err(Failure::failed("nobody to pick from", "list with fewer conditions: `affiant users`"));
    }
    Ok(people)
}

fn entry(number: usize, person: &Person) -> String {
    let state = person.mailbox.state.as_str();
    format!("{number:>5}  {} <{}>  {state}", shown(person.label()), shown(person.address()))
}

fn counted(people: usize) -> String {
    if people == 1 { "1 custodian".to_owned() } else { format!("{people} custodians") }
}

/// Asks until the answer can be read; no answer chooses nobody.
fn asked(count: usize, desk: &Desk) -> Result<Vec<usize>, Failure> {
    loop {
        let _ = write!(io::stderr(), "numbers, such as 1 4-7, or all: ");
        let mut answer = String::new();
        match io::stdin().read_line(&mut answer) {
            Ok(0) | Err(_) => return Err(nothing()),
            Ok(_) => match chosen(&answer, count) {
                Ok(places) => return Ok(places),
                Err(why) => desk.note(&why),
            },
        }
    }
}

fn nothing() -> Failure {
    Failure::failed("nobody was picked and nothing was written", "run it again, and confirm with y")
}

/// The places, from 0, that an answer such as `1 4-7, 9` names among so many; each once, in order. An empty answer
/// names none.
fn chosen(answer: &str, count: usize) -> Result<Vec<usize>, String> {
    let answer = answer.trim().replace(['\u{2013}', '\u{2014}'], "-");
    if answer.eq_ignore_ascii_case("all") {
        return Ok((0..count).collect());
    }
    let mut places = BTreeSet::new();
    // `4 - 7` is one range: a dash holds together what stands beside it.
    let joined = answer.split('-').map(str::trim).collect::<Vec<_>>().join("-");
    let parts = joined.split(|c: char| c.is_whitespace() || c == ',' || c == ';').filter(|part| !part.is_empty());
    for part in parts {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to) = (number(from, part, count)?, number(to, part, count)?);
        if from > to {
            return Err(format!("{}: a range goes upwards", shown(part)));
        }
        places.extend(from - 1..to);
    }
    Ok(places.into_iter().collect())
}

fn number(text: &str, part: &str, count: usize) -> Result<usize, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number: usize = digits
        .then(|| text.parse().unwrap_or(usize::MAX))
        .ok_or_else(|| format!("{}: not a number or a range of numbers", shown(part)))?;
    if (1..=count).contains(&number) {
        Ok(number)
    } else {
        Err(format!("{}: the list goes from 1 to {count}", shown(part)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_and_ranges_name_places_once_and_in_order() {
        for (answer, want) in [
            ("1 4-7", &[0, 3, 4, 5, 6][..]),
            ("7,1;3\n", &[0, 2, 6]),
            (" 2 - 4 3 ", &[1, 2, 3]),
            ("5–6", &[4, 5]),
            ("ALL", &[0, 1, 2, 3, 4, 5, 6, 7]),
            ("08", &[7]),
            ("", &[]),
            (" , ", &[]),
        ] {
            assert_eq!(chosen(answer, 8).as_deref(), Ok(want), "{answer}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_whole() {
        for answer in
            ["0", "9", "1 9", "7-4", "-3", "3-", "1-2-3", "a", "+1", "1.5", "99999999999999999999999", "²", "-"]
        {
            assert!(chosen(answer, 8).is_err(), "{answer}");
        }
        assert!(chosen("1", 0).is_err());
    }

    proptest! {
        #[test]
        fn any_answer_names_only_places_of_the_list(answer in "[0-9 ,;a-]{0,12}", count in 0_usize..30) {
            if let Ok(places) = chosen(&answer, count) {
                prop_assert!(places.iter().all(|place| *place < count));
            }
        }
    }
}
