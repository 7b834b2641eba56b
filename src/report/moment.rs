//! A moment as a report shows it: in UTC and in one zone, with its offset. It must not read a clock.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

/// A moment of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Moment {
    /// In UTC, as it stands in the record.
    pub utc: String,
    /// In the report's zone, with the offset that held then.
    pub local: String,
}

impl Moment {
    /// `2026-11-24 19:57:52 UTC (20:57:52 +01:00)`.
    pub(super) fn words(&self) -> String {
        let utc = self.utc.get(..19).unwrap_or(&self.utc).replace('T', " ");
        let same_day = self.utc.get(..10) == self.local.get(..10);
        let local = if same_day { self.local.get(11..).unwrap_or(&self.local) } else { &self.local };
        if self.local.is_empty() { format!("{utc} UTC") } else { format!("{utc} UTC ({local})") }
    }

    /// `2026-11-24 19:57:52`, in UTC.
    pub(super) fn short(&self) -> String {
        self.utc.get(..19).unwrap_or(&self.utc).replace('T', " ")
    }
}

/// The zone of a report.
#[derive(Debug, Clone)]
pub(super) struct Zone {
    name: String,
    tz: TimeZone,
}

impl Zone {
    /// A zone by its IANA name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let plausible = !name.is_empty() && !name.contains(char::is_whitespace);
        let tz = plausible.then(|| TimeZone::get(name).ok()).flatten()?;
        Some(Self { name: name.to_owned(), tz })
    }

    /// UTC.
    pub(super) fn utc() -> Self {
        Self { name: "UTC".to_owned(), tz: TimeZone::UTC }
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A moment of the record in this zone; text that is none stands as it is.
    pub(super) fn moment(&self, utc: &str) -> Moment {
        let local = utc.parse::<Timestamp>().map(|at| {
            let pattern = if self.tz == TimeZone::UTC { "%Y-%m-%d %H:%M:%S UTC" } else { "%Y-%m-%d %H:%M:%S %:z" };
            at.to_zoned(self.tz.clone()).strftime(pattern).to_string()
        });
        let local = local.ok().filter(|_| self.tz != TimeZone::UTC).unwrap_or_default();
        Moment { utc: utc.to_owned(), local }
    }

    /// The civil month of a moment, counted from year 0.
    pub(super) fn month(&self, utc: &str) -> Option<i32> {
        let date = utc.parse::<Timestamp>().ok()?.to_zoned(self.tz.clone()).date();
        Some(i32::from(date.year()) * 12 + i32::from(date.month()) - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_its_offset_and_a_month_is_that_of_the_zone() {
        let berlin = Zone::named("Europe/Berlin").expect("a zone");
        let moment = berlin.moment("2024-03-31T22:30:00.000Z");
        assert_eq!(moment.local, "2024-04-01 00:30:00 +02:00");
        assert_eq!(moment.words(), "2024-03-31 22:30:00 UTC (2024-04-01 00:30:00 +02:00)");
        assert_eq!(berlin.month("2024-03-31T22:30:00.000Z"), Some(2024 * 12 + 3));
        assert_eq!(Zone::utc().moment("2024-03-31T22:30:00.000Z").words(), "2024-03-31 22:30:00 UTC");
        assert!(Zone::named("Mars/Base").is_none());
    }
}
