//! `Retry-After` in every form seen on the wire: whole seconds, fractions, an HTTP date (RFC 9110, section 10.2.3).
//!
//! Long waits are kept: the service means them. It must not know who waits.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;

use crate::terms::UtcInstant;

/// The longest wait believed: six hours. A date in the year 2100 is a fault of the server, not a wish.
const LONGEST: Duration = Duration::from_hours(6);

/// How long the service asks to wait; `None` when the text says nothing.
///
/// A date counts from `now`, best the service's own `Date`, so that a wrong local clock does not matter.
pub(super) fn parse(text: &str, now: UtcInstant) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        let finite = seconds.is_finite() && seconds >= 0.0;
        return finite.then(|| Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST).min(LONGEST));
    }
    let millis = date(text)?.millis().saturating_sub(now.millis());
    Some(u64::try_from(millis).map_or(Duration::ZERO, Duration::from_millis).min(LONGEST))
}

/// An HTTP date (IMF-fixdate); a wrong weekday is forgiven.
pub fn date(text: &str) -> Option<UtcInstant> {
    DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text.trim()).ok().map(UtcInstant::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> UtcInstant {
        UtcInstant::parse("2024-06-04T09:00:00Z").expect("valid")
    }

    #[test]
    fn seconds_fractions_and_dates_are_understood() {
        assert_eq!(parse("12", now()), Some(Duration::from_secs(12)));
        assert_eq!(parse(" 0.25 ", now()), Some(Duration::from_millis(250)));
        assert_eq!(parse("Tue, 04 Jun 2024 09:01:30 GMT", now()), Some(Duration::from_secs(90)));
        assert_eq!(parse("Tue, 04 Jun 2024 08:00:00 GMT", now()), Some(Duration::ZERO));
    }

    #[test]
    fn a_wait_above_three_minutes_is_honoured_and_a_century_is_not() {
        assert_eq!(parse("1200", now()), Some(Duration::from_mins(20)));
        for endless in ["1e300", "99999999999", "Fri, 01 Jan 2100 00:00:00 GMT"] {
            assert_eq!(parse(endless, now()), Some(LONGEST), "{endless}");
        }
    }

    #[test]
    fn nonsense_says_nothing() {
        for text in ["", "soon", "-5", "NaN", "inf", "12 seconds"] {
            assert_eq!(parse(text, now()), None, "{text}");
        }
    }
}
