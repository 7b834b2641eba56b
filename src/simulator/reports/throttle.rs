//! Microsoft's limit for reports: 14 requests in ten minutes per application, counted for each function by itself.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use super::columns::Report;

const WINDOW_MILLIS: i64 = 600_000;
const MOST: usize = 14;

/// What was asked lately, by application and function.
#[derive(Default)]
pub(in crate::simulator) struct Throttle(Mutex<HashMap<(String, Report), VecDeque<i64>>>);

impl Throttle {
    /// Counts a request, or says how many seconds it is too early.
    pub(in crate::simulator) fn enter(&self, client: &str, report: Report, now: i64) -> Result<(), u64> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = lanes.entry((client.to_owned(), report)).or_default();
        while recent.front().is_some_and(|at| now - at >= WINDOW_MILLIS) {
            recent.pop_front();
        }
        if recent.len() >= MOST {
            let oldest = recent.front().copied().unwrap_or(now);
            return Err(u64::try_from((oldest + WINDOW_MILLIS - now) / 1000 + 1).unwrap_or(1));
        }
        recent.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fifteenth_request_waits_and_another_function_does_not() {
        let throttle = Throttle::default();
        assert!((0..14).all(|n| throttle.enter("app", Report::Email, n * 1000).is_ok()));
        assert_eq!(throttle.enter("app", Report::Email, 20_000), Err(581));
        assert!(
            throttle.enter("app", Report::Teams, 20_000).is_ok()
                && throttle.enter("other", Report::Email, 20_000).is_ok()
        );
        assert!(throttle.enter("app", Report::Email, 600_000).is_ok());
    }
}
