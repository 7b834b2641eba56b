//! The date range: what people type, in their zone, and the half-open UTC window it means.
//!
//! A date means the whole local day, as people mean it: `--to 2024-03-31` includes that day,
//! whether it has 23, 24 or 25 hours. An instant is exact and, as an end, excluded. A local time
//! that daylight saving skips or repeats is refused rather than guessed (zone rules: IANA tz).
//! Both forms are kept, because a report must show what was asked and what was done.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::UtcInstant;

/// A half-open range of UTC instants, `from <= t < to`; `None` means unbounded on that side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Window {
    from: Option<UtcInstant>,
    to: Option<UtcInstant>,
}

impl Window {
    /// Every instant.
    pub const ALL: Self = Self { from: None, to: None };

    /// A window that holds at least one instant; `None` when it would be empty.
    pub fn new(from: Option<UtcInstant>, to: Option<UtcInstant>) -> Option<Self> {
        match (from, to) {
            (Some(from), Some(to)) if from >= to => None,
            _ => Some(Self { from, to }),
        }
    }

    /// The first instant inside, if bounded.
    pub const fn from(self) -> Option<UtcInstant> {
        self.from
    }

    /// The first instant outside, if bounded.
    pub const fn to(self) -> Option<UtcInstant> {
        self.to
    }

    /// Whether both ends are open.
    pub const fn is_all(self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    /// Whether the instant lies inside.
    pub fn contains(self, at: UtcInstant) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }

    /// The part of this window that starts at `at`; `None` when nothing is left.
    pub fn starting_at(self, at: UtcInstant) -> Option<Self> {
        Self::new(Some(self.from.map_or(at, |from| from.max(at))), self.to)
    }
}

/// Which end of the range a text was given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// `--from`.
    From,
    /// `--to`.
    To,
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::From => "--from",
            Self::To => "--to",
        })
    }
}

/// Why a range cannot be used, in words for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum WindowError {
    /// The zone is not in the IANA database.
    #[error("there is no time zone named \"{0}\"")]
    #[diagnostic(code(affiant::window::zone), help("use an IANA name such as Europe/Berlin, America/New_York or UTC"))]
    Zone(String),
    /// The text is neither a date nor a time.
    #[error("{edge} \"{text}\" is neither a date nor a time")]
    #[diagnostic(
        code(affiant::window::text),
        help(
            "write a date as 2024-03-31, or an exact time as 2024-03-31T17:30:00 (in --zone) or 2024-03-31T17:30:00Z"
        )
    )]
    Text {
        /// Which end.
        edge: Edge,
        /// What was typed.
        text: String,
    },
    /// Daylight saving skips this local time.
    #[error("{edge} {text} does not exist in {zone}: clocks jumped over it")]
    #[diagnostic(
        code(affiant::window::skipped),
        help("the first moment after the jump is {after}; give that, or another time")
    )]
    Skipped {
        /// Which end.
        edge: Edge,
        /// What was typed.
        text: String,
        /// The zone asked for.
        zone: String,
        /// The instant of the jump, in UTC.
        after: UtcInstant,
    },
    /// Daylight saving repeats this local time.
    #[error("{edge} {text} happened twice in {zone}: clocks were turned back")]
    #[diagnostic(code(affiant::window::repeated), help("give the instant in UTC instead: {first} or {second}"))]
    Repeated {
        /// Which end.
        edge: Edge,
        /// What was typed.
        text: String,
        /// The zone asked for.
        zone: String,
        /// The earlier of the two, in UTC.
        first: UtcInstant,
        /// The later of the two, in UTC.
        second: UtcInstant,
    },
    /// The end is not after the start.
    #[error("the range is empty: it starts at {from} and ends before {to}")]
    #[diagnostic(
        code(affiant::window::empty),
        help("--from must come before --to; a date given to --to includes that whole day")
    )]
    Empty {
        /// Start in UTC.
        from: UtcInstant,
        /// End in UTC, excluded.
        to: UtcInstant,
    },
}

/// One end of the range: what was typed and the instant it means.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Bound {
    /// The text as typed.
    pub typed: String,
    /// Whether the text was a date, and so means a whole local day.
    pub whole_day: bool,
    /// The UTC instant: the first inside for a start, the first outside for an end.
    pub instant: UtcInstant,
}

/// A date range as asked and as meant.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Range {
    zone: String,
    from: Option<Bound>,
    to: Option<Bound>,
    window: Window,
}

impl Range {
    /// Reads what was typed. Bounds may be missing; a missing bound is open.
    pub fn parse(from: Option<&str>, to: Option<&str>, zone: &str) -> Result<Self, WindowError> {
        let tz = zone_named(zone)?;
        let bound = |edge, text: Option<&str>| text.map(|text| parse_bound(edge, text.trim(), zone, &tz)).transpose();
        let (from, to) = (bound(Edge::From, from)?, bound(Edge::To, to)?);
        let instant = |bound: &Option<Bound>| bound.as_ref().map(|bound| bound.instant);
        match (instant(&from), instant(&to)) {
            (Some(start), Some(end)) if start >= end => Err(WindowError::Empty { from: start, to: end }),
            (start, end) => {
                let window = Window { from: start, to: end };
                Ok(Self { zone: zone.to_owned(), from, to, window })
            }
        }
    }

    /// No bounds at all.
    pub fn all() -> Self {
        Self { zone: "UTC".to_owned(), from: None, to: None, window: Window::ALL }
    }

    /// The zone the bounds were read in.
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// The start as typed, if any.
    pub const fn from(&self) -> Option<&Bound> {
        self.from.as_ref()
    }

    /// The end as typed, if any.
    pub const fn to(&self) -> Option<&Bound> {
        self.to.as_ref()
    }

    /// The half-open UTC window it means.
    pub const fn window(&self) -> Window {
        self.window
    }

    /// The range in the words of the person who typed it.
    pub fn as_asked(&self) -> String {
        let end = |bound: &Bound| {
            if bound.whole_day { format!("the end of {}", bound.typed) } else { format!("{} (excluded)", bound.typed) }
        };
        match (&self.from, &self.to) {
            (None, None) => "all dates".to_owned(),
            (Some(from), None) => format!("from {} on, {}", from.typed, self.zone),
            (None, Some(to)) => format!("up to {}, {}", end(to), self.zone),
            (Some(from), Some(to)) => format!("from {} to {}, {}", from.typed, end(to), self.zone),
        }
    }

    /// The range as it is applied: half-open, in UTC.
    pub fn as_applied(&self) -> String {
        match (self.window.from, self.window.to) {
            (None, None) => "no date filter".to_owned(),
            (Some(from), None) => format!("{from} <= t"),
            (None, Some(to)) => format!("t < {to}"),
            (Some(from), Some(to)) => format!("{from} <= t < {to}"),
        }
    }
}

fn zone_named(zone: &str) -> Result<TimeZone, WindowError> {
    let wrong = || WindowError::Zone(zone.to_owned());
    // jiff also takes POSIX strings and offsets here on some paths; only names are wanted.
    if zone.is_empty() || zone.contains(char::is_whitespace) {
        return Err(wrong());
    }
    TimeZone::get(zone).map_err(|_| wrong())
}

fn parse_bound(edge: Edge, text: &str, zone: &str, tz: &TimeZone) -> Result<Bound, WindowError> {
    let wrong = || WindowError::Text { edge, text: text.to_owned() };
    let bound = |whole_day, at: Timestamp| Bound { typed: text.to_owned(), whole_day, instant: UtcInstant::new(at) };
    if !text.contains(['T', 't', ' ']) {
        let date: Date = text.parse().map_err(|_| wrong())?;
        let day = match edge {
            Edge::From => date,
            Edge::To => date.tomorrow().map_err(|_| wrong())?,
        };
        // A day that a zone never had (Apia, 2011-12-30) holds no instant.
        let start = first_instant(date, tz).ok_or_else(wrong)?;
        if start.to_zoned(tz.clone()).date() != date {
            let after = UtcInstant::new(start);
            return Err(WindowError::Skipped { edge, text: text.to_owned(), zone: zone.to_owned(), after });
        }
        return first_instant(day, tz).map(|at| bound(true, at)).ok_or_else(wrong);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(bound(false, at));
    }
    let local: DateTime = text.parse().map_err(|_| wrong())?;
    exact(edge, text, zone, local, tz).map(|at| bound(false, at))
}

/// The one instant at which the zone's clocks showed `local`.
fn exact(edge: Edge, text: &str, zone: &str, local: DateTime, tz: &TimeZone) -> Result<Timestamp, WindowError> {
    let wrong = || WindowError::Text { edge, text: text.to_owned() };
    let utc = |offset: jiff::tz::Offset| offset.to_timestamp(local).map_err(|_| wrong());
    match tz.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => utc(offset),
        AmbiguousOffset::Gap { after, .. } => {
            let jump = tz.following(utc(after)?).next().map_or_else(|| utc(after), |t| Ok(t.timestamp()))?;
            let after = UtcInstant::new(jump);
            Err(WindowError::Skipped { edge, text: text.to_owned(), zone: zone.to_owned(), after })
        }
        AmbiguousOffset::Fold { before, after } => Err(WindowError::Repeated {
            edge,
            text: text.to_owned(),
            zone: zone.to_owned(),
            first: UtcInstant::new(utc(before)?),
            second: UtcInstant::new(utc(after)?),
        }),
    }
}

/// The first instant of a local day: midnight, or where midnight was skipped, the jump itself.
fn first_instant(date: Date, tz: &TimeZone) -> Option<Timestamp> {
    let midnight = date.to_datetime(Time::midnight());
    match tz.to_ambiguous_timestamp(midnight).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(midnight).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(midnight).ok(),
        AmbiguousOffset::Gap { after, .. } => {
            let earlier = after.to_timestamp(midnight).ok()?;
            tz.following(earlier).next().map(|transition| transition.timestamp())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(from: &str, to: &str, zone: &str) -> (String, String) {
        let range = Range::parse(Some(from), Some(to), zone).expect("valid range");
        let text = |at: Option<UtcInstant>| at.expect("bounded").to_string();
        (text(range.window().from()), text(range.window().to()))
    }

    fn utc(from: &str, to: &str) -> (String, String) {
        (format!("{from}.000Z"), format!("{to}.000Z"))
    }

    #[test]
    fn a_date_given_as_to_includes_that_whole_local_day() {
        // 31 March 2024 has 23 hours in Berlin.
        let want = utc("2024-03-30T23:00:00", "2024-03-31T22:00:00");
        assert_eq!(window("2024-03-31", "2024-03-31", "Europe/Berlin"), want);
        // 27 October 2024 has 25.
        let want = utc("2024-10-26T22:00:00", "2024-10-27T23:00:00");
        assert_eq!(window("2024-10-27", "2024-10-27", "Europe/Berlin"), want);
    }

    #[test]
    fn half_hour_and_quarter_hour_zones_are_exact() {
        let want = utc("2024-01-14T18:30:00", "2024-01-15T18:30:00");
        assert_eq!(window("2024-01-15", "2024-01-15", "Asia/Kolkata"), want);
        let want = utc("2024-01-14T18:15:00", "2024-01-15T18:15:00");
        assert_eq!(window("2024-01-15", "2024-01-15", "Asia/Kathmandu"), want);
        // Lord Howe moves its clocks by half an hour only.
        let want = utc("2024-04-06T13:00:00", "2024-04-07T13:30:00");
        assert_eq!(window("2024-04-07", "2024-04-07", "Australia/Lord_Howe"), want);
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_starts_at_the_jump() {
        // Sao Paulo, 4 November 2018: 00:00 became 01:00.
        let want = utc("2018-11-04T03:00:00", "2018-11-05T02:00:00");
        assert_eq!(window("2018-11-04", "2018-11-04", "America/Sao_Paulo"), want);
    }

    #[test]
    fn an_instant_is_exact_and_local_times_follow_the_zone() {
        let want = utc("2024-06-01T07:30:00", "2024-06-01T08:00:00");
        assert_eq!(window("2024-06-01T09:30", "2024-06-01T08:00:00Z", "Europe/Berlin"), want);
    }

    #[test]
    fn a_local_time_that_daylight_saving_skips_or_repeats_is_refused() {
        let parse = |from: &str| Range::parse(Some(from), None, "Europe/Berlin").expect_err("refused");
        let skipped = parse("2024-03-31T02:30:00");
        assert!(
            matches!(&skipped, WindowError::Skipped { after, .. } if after.to_string() == "2024-03-31T01:00:00.000Z"),
            "{skipped:?}"
        );
        let repeated = parse("2024-10-27T02:30:00");
        assert!(
            matches!(&repeated, WindowError::Repeated { first, second, .. }
            if first.to_string() == "2024-10-27T00:30:00.000Z" && second.to_string() == "2024-10-27T01:30:00.000Z"),
            "{repeated:?}"
        );
    }

    #[test]
    fn a_day_that_a_zone_never_had_is_refused() {
        let error = Range::parse(Some("2011-12-30"), None, "Pacific/Apia").expect_err("refused");
        assert!(matches!(error, WindowError::Skipped { .. }), "{error:?}");
        assert!(Range::parse(Some("2011-12-29"), Some("2011-12-31"), "Pacific/Apia").is_ok());
    }

    #[test]
    fn wrong_zones_texts_and_empty_ranges_are_named() {
        assert!(matches!(Range::parse(None, None, "Mars/Base"), Err(WindowError::Zone(_))));
        assert!(matches!(
            Range::parse(Some("31.03.2024"), None, "UTC"),
            Err(WindowError::Text { edge: Edge::From, .. })
        ));
        assert!(matches!(Range::parse(None, Some("2024-02-30"), "UTC"), Err(WindowError::Text { edge: Edge::To, .. })));
        let empty = Range::parse(Some("2024-03-02"), Some("2024-03-01"), "UTC");
        assert!(matches!(empty, Err(WindowError::Empty { .. })));
        let empty = Range::parse(Some("2024-03-02T00:00:00Z"), Some("2024-03-02T00:00:00Z"), "UTC");
        assert!(matches!(empty, Err(WindowError::Empty { .. })));
    }

    proptest! {
        #[test]
        fn consecutive_days_meet_without_gap_or_overlap(day in 0i64..40_000, zone in prop::sample::select(vec![
            "UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe",
            "America/St_Johns", "Africa/Cairo", "Asia/Gaza", "Pacific/Chatham", "America/Havana",
        ])) {
            let date = Date::constant(1960, 1, 1).checked_add(jiff::Span::new().days(day)).expect("in range");
            let next = date.tomorrow().expect("in range");
            let today = Range::parse(Some(&date.to_string()), Some(&date.to_string()), zone).expect("a day").window();
            let tomorrow = Range::parse(Some(&next.to_string()), Some(&next.to_string()), zone).expect("a day").window();
            prop_assert_eq!(today.to(), tomorrow.from());
            let hours = (today.to().expect("bounded").millis() - today.from().expect("bounded").millis()) / 3_600_000;
            prop_assert!((22..=26).contains(&hours), "{} hours", hours);
        }

        #[test]
        fn arbitrary_text_never_panics(from in ".*", to in "[0-9T:Z+ -]{0,30}", zone in ".{0,20}") {
            let _ = Range::parse(Some(&from), Some(&to), &zone);
            let _ = Range::parse(Some(&from), Some(&to), "Europe/Berlin");
        }

        #[test]
        fn a_window_contains_its_start_and_not_its_end(a in -1_000_000_000_000i64..4_000_000_000_000, len in 1i64..10_000_000_000) {
            let at = |millis| UtcInstant::from_millis(millis).expect("in range");
            let window = Window::new(Some(at(a)), Some(at(a + len))).expect("not empty");
            prop_assert!(window.contains(at(a)) && window.contains(at(a + len - 1)));
            prop_assert!(!window.contains(at(a + len)) && !window.contains(at(a - 1)));
        }
    }
}
