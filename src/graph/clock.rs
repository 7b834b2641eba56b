//! How far the service's clock and ours lie apart, as an interval that every answer narrows.
//!
//! `Date` has a resolution of one second, so an answer with date D, sent at t0 and headed at t1, says
//! that server minus local lies in `[D - t1, D + 1000 ms - t0]`. It must not read a clock.

use crate::terms::UtcInstant;

/// Beyond this many milliseconds a difference is worth a warning.
const NOTABLE_MS: i64 = 5_000;

/// Server clock minus local clock, in milliseconds, both bounds included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// Smallest possible difference, in ms.
    pub low_ms: i64,
    /// Largest possible difference, in ms.
    pub high_ms: i64,
}

impl Interval {
    /// What one answer says: its `Date`, when its question was sent, and when its head was here.
    pub fn of(date: UtcInstant, sent: UtcInstant, headed: UtcInstant) -> Self {
        let low_ms = date.millis().saturating_sub(headed.millis());
        let high_ms = date.millis().saturating_add(1_000).saturating_sub(sent.millis());
        Self { low_ms, high_ms }
    }

    /// What both say; `None` where they contradict each other.
    pub fn and(self, other: Self) -> Option<Self> {
        let both = Self { low_ms: self.low_ms.max(other.low_ms), high_ms: self.high_ms.min(other.high_ms) };
        (both.low_ms <= both.high_ms).then_some(both)
    }
}

/// What the answers of a run say about the two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockOffset {
    /// The intersection of all intervals since the last step.
    pub overall: Interval,
    /// The first answer's interval.
    pub first: Interval,
    /// The latest answer's interval.
    pub last: Interval,
    /// Whether two answers contradicted each other: one of the clocks was set during the run.
    pub stepped: bool,
    /// Answers that were compared.
    pub answers: u64,
}

impl ClockOffset {
    /// Whether the record should warn: a clock stepped, or they lie more than five seconds apart for certain.
    pub const fn is_notable(&self) -> bool {
        self.stepped || self.overall.low_ms > NOTABLE_MS || self.overall.high_ms < -NOTABLE_MS
    }

    /// Takes one more answer into account.
    pub(super) fn with(so_far: Option<Self>, date: UtcInstant, sent: UtcInstant, headed: UtcInstant) -> Self {
        let last = Interval::of(date, sent, headed);
        let Some(so_far) = so_far else {
            return Self { overall: last, first: last, last, stepped: false, answers: 1 };
        };
        let overall = so_far.overall.and(last);
        Self {
            overall: overall.unwrap_or(last),
            last,
            stepped: so_far.stepped || overall.is_none(),
            answers: so_far.answers.saturating_add(1),
            ..so_far
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UtcInstant {
        UtcInstant::parse(&format!("2024-06-04T{text}Z")).expect("valid")
    }

    #[test]
    fn one_answer_bounds_the_offset_by_its_two_local_times() {
        let offset = ClockOffset::with(None, at("09:00:00"), at("09:00:00.101"), at("09:00:00.398"));
        assert_eq!(offset.overall, Interval { low_ms: -398, high_ms: 899 });
        assert!(!offset.is_notable());
    }

    #[test]
    fn more_answers_narrow_it_and_a_contradiction_is_a_step() {
        let one = ClockOffset::with(None, at("09:00:00"), at("09:00:00.100"), at("09:00:00.400"));
        let two = ClockOffset::with(Some(one), at("09:00:01"), at("09:00:00.800"), at("09:00:00.950"));
        assert_eq!(two.overall, Interval { low_ms: 50, high_ms: 900 });
        let three = ClockOffset::with(Some(two), at("09:10:00"), at("09:00:02"), at("09:00:02.1"));
        assert!(three.stepped && three.is_notable());
        assert_eq!((three.first, three.answers), (one.overall, 3));
    }
}
