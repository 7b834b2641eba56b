//! People as a table for eyes: columns by display width, cut to fit a terminal and never elsewhere.

use terminal_size::{Width, terminal_size};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::shown;
use crate::directory::Person;

const COLUMNS: usize = 5;
const HEADS: [&str; COLUMNS] = ["NAME", "ADDRESS", "KIND", "MAILBOX", "ALIASES"];
/// A column is not cut below this.
const NARROWEST: usize = 10;
/// Between two columns.
const GAP: usize = 2;
/// How wide a terminal is that does not say.
const USUAL: usize = 120;

/// A table under way. A column gets as wide as the people of a page need, and stays so.
pub(super) struct Table {
    widths: [usize; COLUMNS],
    begun: bool,
    /// The room that a terminal has.
    room: Option<usize>,
}

impl Table {
    pub(super) const fn new(terminal: bool) -> Self {
        Self { widths: [0; COLUMNS], begun: false, room: if terminal { Some(0) } else { None } }
    }

    pub(super) fn page(&mut self, people: &[Person]) -> String {
        self.lines(people.iter().map(row).collect())
    }

    /// The heads, if nobody came.
    pub(super) fn end(&mut self) -> String {
        if self.begun { String::new() } else { self.lines(Vec::new()) }
    }

    fn lines(&mut self, mut rows: Vec<[String; COLUMNS]>) -> String {
        if !std::mem::replace(&mut self.begun, true) {
            self.room = self.room.map(|_| terminal_size().map_or(USUAL, |(Width(width), _)| usize::from(width)));
            rows.insert(0, HEADS.map(str::to_owned));
        }
        for row in &rows {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        if let Some(room) = self.room {
            narrow(&mut self.widths, room);
        }
        let fit = self.room.is_some();
        rows.iter().map(|row| line(row, &self.widths, fit)).collect()
    }
}

fn row(person: &Person) -> [String; COLUMNS] {
    let mailbox = match &person.mailbox.reason {
        Some(reason) => format!("{}: {reason}", person.mailbox.state.as_str()),
        None => person.mailbox.state.as_str().to_owned(),
    };
    let aliases = person.aliases.join(" ");
    [person.label(), person.address(), person.mailbox.kind.as_str(), &mailbox, &aliases].map(shown)
}

fn line(row: &[String; COLUMNS], widths: &[usize; COLUMNS], fit: bool) -> String {
    let mut text = String::new();
    for (cell, width) in row.iter().zip(widths) {
        let cell = if fit { cut(cell, *width) } else { cell.clone() };
        let gap = (width + GAP).saturating_sub(cell.width());
        text.push_str(&cell);
        text.extend(std::iter::repeat_n(' ', gap));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// What gives way first where there is no room: columns, and how narrow they may get in that step. Reasons and aliases
/// are for reading on; names and addresses are what the list is for.
const STEPS: [(&[usize], usize); 5] =
    [(&[1], 36), (&[3, 4], 24), (&[0], 20), (&[3, 4], NARROWEST), (&[0, 1, 3, 4], NARROWEST)];

/// Takes from the widest column of each step until all fit, or none can give any more.
fn narrow(widths: &mut [usize; COLUMNS], room: usize) {
    let over = |widths: &[usize; COLUMNS]| widths.iter().sum::<usize>() + GAP * (COLUMNS - 1) > room;
    for (columns, least) in STEPS {
        while over(widths) {
            let giving = widths.iter_mut().enumerate().filter(|(column, _)| columns.contains(column));
            match giving.map(|(_, width)| width).max() {
                Some(widest) if *widest > least => *widest -= 1,
                _ => break,
            }
        }
    }
}

/// The text within this width; `…` stands for what does not fit.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (mut kept, mut used) = (String::new(), 0);
    for c in text.chars() {
        used += c.width().unwrap_or_default();
        if used >= width {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str, mail: &str) -> Person {
        let user = crate::graph::wire::User {
            id: Some("1".into()),
            display_name: Some(name.into()),
            mail: Some(mail.into()),
            ..Default::default()
        };
        Person::from_user(&user).expect("an id")
    }

    #[test]
    fn columns_line_up_by_what_is_seen_and_stay_over_pages() {
        let mut table = Table::new(false);
        let people = [person("田中 由紀", "y@x.example"), person("Ana\u{301}", "ana@x.example")];
        let mut text = table.page(&people);
        text.push_str(&table.page(&[person("Bo", "b@x.example")]));
        let start = |line: &str| {
            let at = line.find("@x.example").or_else(|| line.find("ADDRESS")).expect("a line of the table");
            let name = line.get(..at).unwrap_or_default();
            name.trim_end_matches(|c: char| c != ' ').width()
        };
        let starts: Vec<usize> = text.lines().map(start).collect();
        assert_eq!(starts, [11; 4], "{text}");
    }

    #[test]
    fn cells_are_cut_to_a_terminal_and_nowhere_else() {
        let long = [person(&"n".repeat(90), &format!("{}@x.example", "m".repeat(60)))];
        let mut table = Table { room: Some(100), begun: true, ..Table::new(true) };
        let text = table.page(&long);
        assert!(text.lines().all(|line| line.width() <= 100) && text.matches('…').count() >= 3, "{text}");
        assert!(!Table::new(false).page(&long).contains('…'));
        assert_eq!(cut("田中由紀", 5), "田中…");
    }

    #[test]
    fn addresses_stay_whole_where_others_can_give_way() {
        let mut widths = [22, 57, 7, 140, 90];
        narrow(&mut widths, 120);
        assert_eq!((widths.iter().sum::<usize>() + 8, widths[1]), (120, 36));
        let mut widths = [22, 57, 7, 140, 90];
        narrow(&mut widths, 20);
        assert_eq!(widths, [10, 10, 7, 10, 10], "never narrower");
    }

    #[test]
    fn a_name_cannot_begin_a_line_of_its_own() {
        let text = Table::new(false).page(&[person("a\n\u{1b}[2Jb\u{202e}", "a@x")]);
        assert_eq!(text.lines().count(), 2);
        assert!(!text.contains(['\u{1b}', '\u{202e}']));
    }
}
