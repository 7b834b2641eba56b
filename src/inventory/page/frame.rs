//! The frame of the page: self-contained, without script, readable on paper in black and white.
//!
//! Whatever is shown goes through the template's escaping and is made visible first. It must not know what is counted.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::terms::visible;

const STYLE: &str = include_str!("style.css");

/// A whole page.
pub(super) fn frame(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (visible(title)) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { (body) } }
        }
    };
    page.into_string()
}

/// How a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// Text that may break anywhere.
    Text,
    /// A number, to the right.
    Number,
    /// A short text on one line.
    Short,
}

/// A table with a caption; the first column names the row. With `sum`, the last row is a total.
pub(super) fn table(caption: &str, heads: &[(&str, Column)], rows: &[Vec<String>], sum: bool) -> Markup {
    let class = |column: usize| match heads.get(column).map(|head| head.1) {
        Some(Column::Number) => Some("n"),
        Some(Column::Short) => Some("t"),
        Some(Column::Text) | None => None,
    };
    html! {
        table {
            caption { (visible(caption)) }
            thead { tr { @for (place, head) in heads.iter().enumerate() { th scope="col" class=[class(place).filter(|class| *class == "n")] { (head.0) } } } }
            tbody {
                @for (at, row) in rows.iter().enumerate() {
                    tr class=[(sum && at + 1 == rows.len()).then_some("sum")] {
                        @for (place, cell) in row.iter().enumerate() {
                            @if place == 0 { th scope="row" class=[class(0)] { bdi { (visible(cell)) } } }
                            @else { td class=[class(place)] { bdi { (visible(cell)) } } }
                        }
                    }
                }
            }
        }
    }
}

/// A list of facts; what is not known says so.
pub(super) fn facts(pairs: &[(&str, Option<String>)]) -> Markup {
    html! {
        dl {
            @for (name, value) in pairs {
                dt { (name) }
                dd { @match value { Some(value) => bdi { (visible(value)) }, None => "not known" } }
            }
        }
    }
}

/// A picture with its caption.
pub(super) fn figure(caption: &str, picture: &Markup) -> Markup {
    html! { figure { figcaption { (visible(caption)) } (picture) } }
}

/// Notes of an answer, one a line.
pub(super) fn notes(all: &[String]) -> Markup {
    html! { @for note in all { p class="small" { (visible(note)) } } }
}

/// `12,345`, `−2`.
pub(super) fn number(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = if count < 0 { "−".to_owned() } else { String::new() };
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count, or a dash where there is none to give.
pub(super) fn counted(count: Option<i64>) -> String {
    count.map_or_else(|| "–".to_owned(), number)
}

/// `2026-09-30 12:00 UTC`.
pub(super) fn moment(at: &str) -> String {
    match (at.get(..10), at.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => at.to_owned(),
    }
}

/// The day of a moment.
pub(super) fn day(at: &str) -> String {
    at.get(..10).unwrap_or(at).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_escaped_and_made_visible_and_numbers_read_as_people_write_them() {
        let rows = [vec!["<b>\u{202e}".to_owned(), number(1_234_567)], vec!["all".to_owned(), counted(None)]];
        let made = table("T", &[("A & B", Column::Text), ("N", Column::Number)], &rows, true).into_string();
        assert!(
            made.contains("&lt;b&gt;[U+202E]")
                && made.contains("<td class=\"n\"><bdi>1,234,567")
                && made.contains("A &amp; B")
        );
        assert!(made.contains("<tr class=\"sum\"><th scope=\"row\"><bdi>all") && made.contains("–"));
        assert_eq!((number(-1000).as_str(), number(i64::MIN).len()), ("−1,000", 28));
        assert_eq!(
            (moment("2026-09-30T12:00:00.000Z").as_str(), moment("then")),
            ("2026-09-30 12:00 UTC", "then".to_owned())
        );
    }
}
