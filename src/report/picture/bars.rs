//! Horizontal bars: solid for what there is, a hollow end for what was expected besides, or a step of a waterfall.

use maud::{Markup, html};

use super::super::words::number;
use super::{at, block, cut, length, svg, text};

/// One bar.
pub(in super::super) struct Bar {
    /// What it counts.
    pub(in super::super) name: String,
    /// Where the solid part starts, in messages.
    pub(in super::super) from: u64,
    /// The solid part, in messages.
    pub(in super::super) solid: u64,
    /// The hollow end, in messages.
    pub(in super::super) hollow: u64,
    /// A word behind the number.
    pub(in super::super) note: String,
    /// Grey: not part of what is summed.
    pub(in super::super) pale: bool,
}

/// The bars below one another.
pub(in super::super) fn bars(id: &str, title: &str, description: &str, all: &[Bar]) -> Markup {
    const LEFT: f64 = 232.0;
    const FULL: f64 = 330.0;
    let most = all.iter().map(|bar| bar.from + bar.solid + bar.hollow).max().unwrap_or(0);
    let height = u32::try_from(all.len()).unwrap_or(u32::MAX).saturating_mul(19).saturating_add(8);
    let inside = html! {
        @for (place, bar) in all.iter().enumerate() {
            @let y = at(place, 19.0) + 4.0;
            @let (start, solid, hollow) = (LEFT + length(bar.from, most, FULL), length(bar.solid, most, FULL), length(bar.hollow, most, FULL));
            (text(LEFT - 8.0, y + 11.0, 11, "end", &cut(&bar.name, 38)))
            @if bar.solid > 0 { (block(start, y, solid.max(0.8), 14.0, if bar.pale { "#bbb" } else { "#333" })) }
            @if bar.hollow > 0 { (block(start + solid, y + 0.4, hollow.max(1.5), 13.2, "none")) }
            (text(start + solid + hollow + 6.0, y + 11.0, 11, "start", format!("{} {}", number(bar.solid), bar.note).trim()))
        }
    };
    svg(id, height, title, description, &inside)
}
