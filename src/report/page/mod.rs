//! The frame of every page: self-contained, without script, readable on paper in black and white.
//!
//! Every name goes through the template's escaping and is made visible first; nothing of the record is put in as markup.

pub(super) mod acquisition;
pub(super) mod evidence;
pub(super) mod exceptions;
mod licences;
pub(super) mod tables;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::words::visible;

const STYLE: &str = include_str!("style.css");
/// Rows of a list that a page shows; the rest is in the files that programs read.
const SHOWN: usize = 300;
/// Who saw the checkpoint when, in words.
fn stamped(report: &super::Report) -> String {
    let one = |stamp: &super::facts::custody::Stamped| format!("{}, by {}", stamp.at.words(), stamp.authority);
    let all: Vec<String> = report.integrity.stamps.iter().map(one).collect();
    if all.is_empty() { "not stamped".to_owned() } else { all.join("; ") }
}

/// A whole page.
fn frame(title: &str, running: &str, body: &Markup) -> String {
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
            body { p class="run" { (visible(running)) } main { (body) } }
        }
    };
    page.into_string()
}

/// How a column stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    /// Text that may break anywhere.
    Text,
    /// A number, to the right.
    Number,
    /// A short text on one line.
    Short,
}
use Column::{Number, Short, Text};

/// A table with a caption; the first column names the row. With `sum`, the last row is a total.
fn table(caption: &str, heads: &[(&str, Column)], rows: &[Vec<String>], sum: bool) -> Markup {
    let class = |column: usize| match heads.get(column).map(|head| head.1) {
        Some(Number) => Some("n"),
        Some(Short) => Some("t"),
        Some(Text) | None => None,
    };
    html! {
        table {
            caption { (caption) }
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

/// A list of facts; what is not recorded says so.
fn facts(pairs: &[(&str, Option<String>)]) -> Markup {
    html! {
        dl {
            @for (name, value) in pairs {
                dt { (name) }
                dd { @match value { Some(value) => bdi { (visible(value)) }, None => "not recorded" } }
            }
        }
    }
}

/// Says what a page does not show.
fn more(all: usize, what: &str, place: &str) -> Markup {
    html! {
        @if all > SHOWN {
            p class="small" { "The first " (SHOWN) " of " (super::words::number(all as u64)) " " (what) " are shown; all are in " code { (place) } "." }
        }
    }
}

/// Text of several lines, each made visible.
fn visible_lines(text: &str) -> String {
    text.lines().map(visible).collect::<Vec<_>>().join("\n")
}
