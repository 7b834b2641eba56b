//! Charts as SVG: bars made of parts, and a time line. Patterns and words tell parts apart, never a colour.
//!
//! Plain shapes with a title and a description for those who do not see them. It must not know where the numbers come
//! from.

use maud::{Markup, PreEscaped, html};
use unicode_width::UnicodeWidthChar as _;

use crate::terms::visible;

/// Units from the left edge to the right one.
const WIDE: f64 = 720.0;
/// Where bars and the time line begin, and how long they are.
const LEFT: f64 = 4.0;
const LONG: f64 = 700.0;

/// How a part of a bar is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Solid,
    Striped,
    Dotted,
    Hollow,
    Grey,
}

/// A bar: its name and its numbers stand above it.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) said: String,
    pub(super) parts: Vec<(Ink, i64)>,
    /// A thin strip under it: how much of it comes before, and its length.
    pub(super) under: Option<(i64, i64)>,
}

/// What a picture is called, and what it shows.
pub(super) struct Title<'a> {
    /// Unique on the page.
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) description: &'a str,
}

/// Bars below one another, all on one scale, with a legend of their parts above.
pub(super) fn bars(title: &Title<'_>, legend: &[(Ink, &str)], all: &[Bar]) -> Markup {
    let total = |bar: &Bar| bar.parts.iter().map(|(_, count)| (*count).max(0)).fold(0_i64, i64::saturating_add);
    let reach = |bar: &Bar| bar.under.map_or(0, |(from, length)| from.saturating_add(length));
    let most = all.iter().map(|bar| total(bar).max(reach(bar))).max().unwrap_or(0);
    let step = if all.iter().any(|bar| bar.under.is_some()) { 42.0 } else { 36.0 };
    let (top, words) = legend_of(title.id, legend);
    let inside = html! {
        (words)
        @for (place, bar) in all.iter().enumerate() {
            @let y = top + row(place) * step;
            @let room = WIDE - 2.0 * LEFT - width(&bar.said, 10.5) - 16.0;
            (text(LEFT, y + 12.0, 11.5, "start", &cut(&bar.name, room, 11.5)))
            (text(WIDE - LEFT, y + 12.0, 10.5, "end", &bar.said))
            (line(LEFT, y + 16.0, LEFT, y + 31.0, "#111"))
            (parts(title.id, y + 17.0, most, &bar.parts))
            @if let Some((from, count)) = bar.under.filter(|(_, count)| *count > 0) {
                (block(LEFT + length(from, most), y + 32.0, length(count, most).max(1.2), 4.0, Ink::Grey, title.id))
            }
        }
    };
    svg(title, top + row(all.len()) * step + 4.0, &inside)
}

/// The parts of one bar, one behind the other; what is there can be seen however small it is.
fn parts(id: &str, y: f64, most: i64, all: &[(Ink, i64)]) -> Markup {
    let mut x = LEFT;
    let placed = all.iter().filter(|(_, count)| *count > 0).map(|(ink, count)| {
        let (from, long) = (x, length(*count, most).max(1.2));
        x += long;
        (*ink, from, long)
    });
    html! { @for (ink, from, long) in placed { (block(from, y, long, 13.0, ink, id)) } }
}

/// What the fillings mean; returns where the bars may begin.
fn legend_of(id: &str, legend: &[(Ink, &str)]) -> (f64, Markup) {
    let (mut x, mut y) = (LEFT, 4.0);
    let mut words = String::new();
    for (ink, what) in legend {
        let long = 20.0 + width(what, 11.0) + 18.0;
        if x + long > WIDE && x > LEFT {
            (x, y) = (LEFT, y + 18.0);
        }
        let tall = if *ink == Ink::Grey { 4.0 } else { 11.0 };
        words += &block(x, y + (11.0 - tall) / 2.0, 14.0, tall, *ink, id).into_string();
        words += &text(x + 20.0, y + 10.0, 11.0, "start", what).into_string();
        x += long;
    }
    (if legend.is_empty() { 0.0 } else { y + 22.0 }, PreEscaped(words))
}

/// An event on the time line.
pub(super) struct Mark {
    /// How far along it is, from 0 to 1.
    pub(super) at: f64,
    pub(super) label: String,
    /// Not filled.
    pub(super) hollow: bool,
}

/// A time line: the beginnings of months across, events below one another in their order.
pub(super) fn timeline(title: &Title<'_>, months: &[(f64, String)], legend: &[(Ink, &str)], all: &[Mark]) -> Markup {
    const STEP: f64 = 19.0;
    let (top, words) = legend_of(title.id, legend);
    let axis = top + 16.0;
    let end = axis + row(all.len()) * STEP + 8.0;
    let place = |at: f64| LEFT + at.clamp(0.0, 1.0) * LONG;
    let inside = html! {
        (words)
        @for (at, _) in months { (line(place(*at), axis - 4.0, place(*at), end, "#ccc")) }
        @for (number, mark) in all.iter().enumerate() { (line(place(mark.at), axis, place(mark.at), axis + row(number) * STEP + 9.0, "#777")) }
        @for (number, (at, name)) in months.iter().enumerate() {
            @let next = months.get(number + 1).map_or(LEFT + LONG, |(next, _)| place(*next));
            @if next - place(*at) > width(name, 9.5) + 4.0 { (text(place(*at) + 2.0, axis - 5.0, 9.5, "start", name)) }
        }
        (line(LEFT, axis, LEFT + LONG, axis, "#111"))
        @for (number, mark) in all.iter().enumerate() {
            @let (x, y) = (place(mark.at), axis + row(number) * STEP + 9.0);
            (block(x - 4.5, y, 9.0, 9.0, if mark.hollow { Ink::Hollow } else { Ink::Solid }, title.id))
            @if mark.at < 0.5 { (text(x + 9.0, y + 8.5, 10.5, "start", &cut(&mark.label, LEFT + LONG - x - 9.0, 10.5))) }
            @else { (text(x - 9.0, y + 8.5, 10.5, "end", &cut(&mark.label, x - 9.0 - LEFT, 10.5))) }
        }
    };
    svg(title, end + 2.0, &inside)
}

/// A picture with a name and a description, and the patterns it may fill with.
fn svg(title: &Title<'_>, height: f64, inside: &Markup) -> Markup {
    let (id, view) = (title.id, format!("0 0 {WIDE:.0} {:.0}", height.ceil()));
    html! {
        svg viewBox=(view) role="img" aria-labelledby={ (id) "-t " (id) "-d" } {
            title id={ (id) "-t" } { (title.name) }
            desc id={ (id) "-d" } { (title.description) }
            defs {
                pattern id={ (id) "-s" } width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect width="5" height="5" fill="#fff" {} rect width="2.4" height="5" fill="#111" {}
                }
                pattern id={ (id) "-o" } width="5" height="5" patternUnits="userSpaceOnUse" {
                    rect width="5" height="5" fill="#fff" {} circle cx="2.5" cy="2.5" r="1.1" fill="#111" {}
                }
            }
            (inside)
        }
    }
}

fn text(x: f64, y: f64, size: f64, anchor: &str, words: &str) -> Markup {
    html! { text x=(round(x)) y=(round(y)) font-size=(size) text-anchor=(anchor) { (visible(words)) } }
}

fn block(x: f64, y: f64, wide: f64, tall: f64, ink: Ink, id: &str) -> Markup {
    let fill = match ink {
        Ink::Solid => "#222".to_owned(),
        Ink::Grey => "#888".to_owned(),
        Ink::Striped => format!("url(#{id}-s)"),
        Ink::Dotted => format!("url(#{id}-o)"),
        Ink::Hollow => "#fff".to_owned(),
    };
    html! { rect x=(round(x)) y=(round(y)) width=(round(wide)) height=(round(tall)) fill=(fill) stroke="#111" stroke-width="0.7" {} }
}

fn line(x1: f64, y1: f64, x2: f64, y2: f64, ink: &str) -> Markup {
    PreEscaped(format!(
        "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{ink}\" stroke-width=\"0.8\"/>",
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
fn length(count: i64, most: i64) -> f64 {
    if most <= 0 { 0.0 } else { count.max(0) as f64 / most as f64 * LONG }
}

fn row(place: usize) -> f64 {
    f64::from(u32::try_from(place).unwrap_or(u32::MAX))
}

/// About how wide a text is, rather too wide: nothing is measured where the page is made.
fn width(text: &str, size: f64) -> f64 {
    let one = |c: char| match c {
        _ if c.width() == Some(2) => 1.0,
        'W' | 'M' | 'm' | 'w' | '@' | '%' | '…' | '—' => 0.95,
        _ if c.is_uppercase() => 0.73,
        _ => 0.56,
    };
    text.chars().map(one).sum::<f64>() * size
}

/// A name cut to fit; whole it stands in the table.
fn cut(name: &str, room: f64, size: f64) -> String {
    let name = visible(name);
    if width(&name, size) <= room {
        return name;
    }
    let mut short = String::new();
    for c in name.chars() {
        if width(&short, size) + width("W…", size) > room {
            break;
        }
        short.push(c);
    }
    short.trim_end().to_owned() + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    const TITLE: Title<'_> = Title { id: "x", name: "Seats", description: "What & how" };

    fn bar(name: &str, said: &str, parts: Vec<(Ink, i64)>) -> Bar {
        Bar { name: name.to_owned(), said: said.to_owned(), parts, under: None }
    }

    fn widths(svg: &str) -> Vec<f64> {
        let y = "y=\"17.0\" width=\"";
        svg.match_indices(y)
            .map(|(at, _)| svg[at + y.len()..].split('"').next().expect("a number"))
            .map(|number| number.parse().expect("a number"))
            .collect()
    }

    #[test]
    fn bars_are_on_one_scale_and_what_is_there_can_be_seen() {
        let drawn =
            bars(&TITLE, &[], &[bar("a", "", vec![(Ink::Solid, 999_999), (Ink::Hollow, 1), (Ink::Striped, 0)])]);
        assert_eq!(widths(&drawn.into_string()), [700.0, 1.2]);
        let huge =
            bars(&TITLE, &[], &[bar("a", "", vec![(Ink::Solid, i64::MAX), (Ink::Dotted, i64::MAX), (Ink::Grey, -5)])]);
        assert_eq!(widths(&huge.into_string()).len(), 2);
        let none = bars(&TITLE, &[(Ink::Solid, "there")], &[bar("a", "0", vec![(Ink::Solid, 0)])]).into_string();
        assert!(
            !none.contains("NaN")
                && none.contains("<title id=\"x-t\">Seats</title><desc id=\"x-d\">What &amp; how</desc>")
        );
    }

    #[test]
    fn names_are_cut_before_they_touch_the_numbers_and_cannot_be_markup() {
        let long = "Überlänge <script> ".repeat(20);
        let drawn = bars(&TITLE, &[], &[bar(&long, "1,234,567 assigned", vec![])]).into_string();
        assert!(drawn.contains('…') && drawn.contains("&lt;script&gt;") && !drawn.contains("<script"));
        assert!(
            width(&cut(&long, 200.0, 10.0), 10.0) <= 200.0
                && width(&cut("日本".repeat(99).as_str(), 90.0, 10.0), 10.0) <= 90.0
        );
        assert_eq!(cut("a\u{202e}b", 200.0, 10.0), "a[U+202E]b");
    }

    #[test]
    fn labels_of_the_time_line_stay_inside_whatever_the_day() {
        let mark = |at: f64| Mark { at, label: "2026-12-20 Product ".repeat(9), hollow: at > 0.9 };
        let months: Vec<_> = [0.0, 0.01, 0.5, 0.99].into_iter().map(|at| (at, format!("at {at}"))).collect();
        let drawn =
            timeline(&TITLE, &months, &[], &[mark(0.0), mark(0.49), mark(0.5), mark(1.0), mark(7.0)]).into_string();
        assert_eq!(drawn.matches("text-anchor=\"end\"").count(), 3);
        assert!(
            drawn.contains(">at 0.5<") && !drawn.contains(">at 0<") && !drawn.contains(">at 0.99<"),
            "no room, no name"
        );
        assert_eq!(drawn.matches("fill=\"#fff\" stroke").count(), 2);
    }
}
