//! A moment in UTC with one spelling: `2024-06-04T09:00:00.000Z`.
//!
//! Log lines, manifest columns and requests all use this form. It must not read a clock.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Text that is no UTC instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an instant like 2024-06-04T09:00:00Z")]
pub struct InstantError;

/// Where the current time comes from; injected, so that tests and replays decide what time it is.
pub type Clock = std::sync::Arc<dyn Fn() -> UtcInstant + Send + Sync>;

/// A UTC instant, kept to the millisecond (the log's resolution; finer digits are cut, not rounded).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcInstant(Timestamp);

impl UtcInstant {
    /// Takes a timestamp, dropping anything below a millisecond.
    pub fn new(at: Timestamp) -> Self {
        // Euclidean, so that an instant before 1970 is cut towards the past like any other.
        let millis = at.as_nanosecond().div_euclid(1_000_000);
        let millis = i64::try_from(millis).unwrap_or_default();
        Self(Timestamp::from_millisecond(millis).unwrap_or(at))
    }

    /// The timestamp behind it.
    pub const fn timestamp(self) -> Timestamp {
        self.0
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn millis(self) -> i64 {
        self.0.as_millisecond()
    }

    /// The instant `millis` milliseconds after 1970; `None` outside the years -9999 to 9999.
    pub fn from_millis(millis: i64) -> Option<Self> {
        Timestamp::from_millisecond(millis).ok().map(Self)
    }

    /// Parses RFC 3339 with any offset and 0 to 9 fraction digits, as Graph writes it.
    pub fn parse(text: &str) -> Result<Self, InstantError> {
        text.parse::<Timestamp>().map(Self::new).map_err(|_| InstantError)
    }

    /// The spelling for a Graph `$filter` literal: whole seconds where possible.
    pub fn odata(self) -> String {
        if self.millis().rem_euclid(1000) == 0 {
            self.0.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
        } else {
            self.to_string()
        }
    }
}

impl fmt::Display for UtcInstant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }
}

impl fmt::Debug for UtcInstant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for UtcInstant {
    type Err = InstantError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl serde::Serialize for UtcInstant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for UtcInstant {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_has_one_spelling_whatever_the_fraction_digits() {
        for text in ["2024-06-04T09:00:00Z", "2024-06-04T09:00:00.0000000Z", "2024-06-04T11:00:00.0004+02:00"] {
            assert_eq!(UtcInstant::parse(text).expect(text).to_string(), "2024-06-04T09:00:00.000Z");
        }
    }

    #[test]
    fn an_instant_before_1970_is_cut_towards_the_past() {
        let at = UtcInstant::parse("1969-12-31T23:59:59.9999Z").expect("valid");
        assert_eq!(at.to_string(), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn a_filter_literal_has_whole_seconds_where_the_instant_has() {
        assert_eq!(UtcInstant::parse("2024-06-04T09:00:00Z").expect("valid").odata(), "2024-06-04T09:00:00Z");
        assert_eq!(UtcInstant::parse("2024-06-04T09:00:00.25Z").expect("valid").odata(), "2024-06-04T09:00:00.250Z");
    }
}
