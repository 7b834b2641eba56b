//! Pictures of the record as SVG: no colour carries meaning, and a table under each says the same.
//!
//! Plain shapes with a title and a description; they must not know where the numbers come from.

mod bars;
mod months;
mod stations;

pub(super) use bars::{Bar, bars};
pub(super) use months::months;
pub(super) use stations::{Station, stations};

use maud::{Markup, PreEscaped, html};

/// A picture of a width of 720 units with a name and a description for those who do not see it.
fn svg(id: &str, height: u32, title: &str, description: &str, inside: &Markup) -> Markup {
    let view = format!("0 0 720 {height}");
    html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(view) role="img" aria-labelledby={ (id) "-t " (id) "-d" } {
            title id={ (id) "-t" } { (title) }
            desc id={ (id) "-d" } { (description) }
            (inside)
        }
    }
}

/// Text at a place.
fn text(x: f64, y: f64, size: u32, anchor: &str, words: &str) -> Markup {
    html! { text x=(round(x)) y=(round(y)) font-size=(size) text-anchor=(anchor) { (super::words::visible(words)) } }
}

/// A rectangle: filled with a grey, or hollow.
fn block(x: f64, y: f64, width: f64, height: f64, fill: &str) -> Markup {
    let stroke = if fill == "none" { " stroke=\"#111\" stroke-width=\"0.8\"" } else { "" };
    PreEscaped(format!(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{fill}\"{stroke}/>",
        round(x),
        round(y),
        round(width.max(0.0)),
        round(height.max(0.0))
    ))
}

/// A line.
fn line(x1: f64, y1: f64, x2: f64, y2: f64) -> Markup {
    PreEscaped(format!(
        "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"#111\" stroke-width=\"0.8\"/>",
        round(x1),
        round(y1),
        round(x2),
        round(y2)
    ))
}

fn round(value: f64) -> String {
    format!("{value:.1}")
}

/// A count as a length.
#[expect(clippy::cast_precision_loss, reason = "a picture is drawn to a tenth of a unit")]
fn length(count: u64, most: u64, full: f64) -> f64 {
    if most == 0 { 0.0 } else { count as f64 / most as f64 * full }
}

/// A place in a row.
fn at(place: usize, step: f64) -> f64 {
    f64::from(u32::try_from(place).unwrap_or(u32::MAX)) * step
}

/// A name cut to fit.
fn cut(name: &str, most: usize) -> String {
    let name = super::words::visible(name);
    if name.chars().count() <= most {
        return name;
    }
    let tail: Vec<char> = name.chars().rev().take(most.saturating_sub(1)).collect();
    std::iter::once('…').chain(tail.into_iter().rev()).collect()
}
