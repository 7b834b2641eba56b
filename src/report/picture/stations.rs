//! The line of custody: stations from the request to the hand-over, each with its time and the hash that stands for it.

use maud::{Markup, html};

use super::{at, block, line, svg, text};

/// A station.
pub(in super::super) struct Station {
    /// What happened.
    pub(in super::super) name: &'static str,
    /// When; `None` where it has not happened.
    pub(in super::super) at: Option<String>,
    /// The hash under it.
    pub(in super::super) hash: String,
}

/// The stations from left to right.
pub(in super::super) fn stations(all: &[Station]) -> Markup {
    const STEP: f64 = 118.0;
    let inside = html! {
        (line(60.0, 40.0, 60.0 + at(all.len().saturating_sub(1), STEP), 40.0))
        @for (place, station) in all.iter().enumerate() {
            @let x = 60.0 + at(place, STEP);
            (block(x - 7.0, 33.0, 14.0, 14.0, "#fff"))
            (block(x - 7.0, 33.0, 14.0, 14.0, if station.at.is_some() { "#222" } else { "none" }))
            (text(x, 20.0, 12, "middle", station.name))
            @match &station.at {
                Some(at) => {
                    (text(x, 64.0, 10, "middle", at.get(..10).unwrap_or(at)))
                    (text(x, 77.0, 10, "middle", at.get(11..).unwrap_or_default()))
                }
                None => (text(x, 64.0, 10, "middle", "not recorded")),
            }
            (text(x, 94.0, 9, "middle", &station.hash))
        }
    };
    let description = "Stations from left to right, filled where the event is recorded. Times are UTC. The digits under the stations are the first of the hash that stands for what passed there.";
    svg("custody", 104, "Line of custody", description, &inside)
}
