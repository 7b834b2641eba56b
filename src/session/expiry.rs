//! When an application's secret or certificate ends, and when to say so: 60, 30, 14, 7 and 1 days before.

use crate::terms::UtcInstant;

/// Days before the end at which the warning becomes more urgent.
pub const WARNINGS: [i64; 5] = [60, 30, 14, 7, 1];
const DAY: i64 = 24 * 3600 * 1000;

/// A credential that ends soon, or has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// When.
    pub at: UtcInstant,
    /// Whole days left, rounded down; negative when over.
    pub days_left: i64,
    /// The warning that is due: the least of [`WARNINGS`] that is not less than the days left.
    pub warning: i64,
}

impl Expiry {
    /// What is due now; `None` while there is more time than the first warning's.
    pub fn due(at: UtcInstant, now: UtcInstant) -> Option<Self> {
        let days_left = (at.millis() - now.millis()).div_euclid(DAY);
        let warning = WARNINGS.into_iter().rev().find(|days| days_left < *days)?;
        Some(Self { at, days_left, warning })
    }

    /// Whether it is over.
    pub const fn is_over(&self) -> bool {
        self.days_left < 0
    }
}

impl std::fmt::Display for Expiry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.days_left {
            ..0 => write!(f, "ended at {}", self.at),
            0 => write!(f, "ends at {}, in less than a day", self.at),
            1 => write!(f, "ends at {}, in a day", self.at),
            days => write!(f, "ends at {}, in {days} days", self.at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_warning_is_due_from_its_day_on() {
        let end = UtcInstant::parse("2026-12-31T00:00:00Z").expect("an instant");
        let due = |days_before: i64, millis: i64| {
            let now = UtcInstant::from_millis(end.millis() - days_before * DAY + millis).expect("in range");
            Expiry::due(end, now).map(|due| (due.days_left, due.warning))
        };
        assert_eq!(due(61, 0), None);
        assert_eq!(due(60, 0), None);
        assert_eq!(due(60, 1), Some((59, 60)));
        assert_eq!(due(30, 1), Some((29, 30)));
        assert_eq!(due(20, 0), Some((20, 30)));
        assert_eq!(due(14, 1), Some((13, 14)));
        assert_eq!(due(7, 1), Some((6, 7)));
        assert_eq!(due(1, 1), Some((0, 1)));
        assert_eq!(due(-3, 0), Some((-3, 1)));
    }
}
