//! The service's limits per application and mailbox: four requests at a time, and on wish a number per ten minutes.
//!
//! Source: Microsoft, "Graph service-specific throttling limits", Outlook service. Refused requests count too.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

const WINDOW_MILLIS: i64 = 600_000;

/// Which limit a request ran into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Excess {
    /// Too many requests at once.
    Concurrency,
    /// Too many requests in ten minutes; the seconds until one fits again.
    Quota(u64),
}

#[derive(Default)]
struct Lane {
    in_flight: usize,
    most: usize,
    recent: VecDeque<i64>,
}

/// The lanes of all applications and mailboxes.
pub(super) struct Limits {
    at_once: usize,
    per_window: Option<usize>,
    lanes: Mutex<HashMap<(String, usize), Lane>>,
    over: AtomicU64,
}

/// A place in a lane; given back when dropped.
pub(super) struct Permit {
    limits: Arc<Limits>,
    key: (String, usize),
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut lanes = self.limits.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get_mut(&self.key) {
            lane.in_flight = lane.in_flight.saturating_sub(1);
        }
    }
}

impl Limits {
    /// Limits of `at_once` requests in flight and, where given, `per_window` in ten minutes.
    pub(super) fn new(at_once: usize, per_window: Option<usize>) -> Arc<Self> {
        Arc::new(Self { at_once, per_window, lanes: Mutex::default(), over: AtomicU64::new(0) })
    }

    /// Takes a place, or says which limit forbids it.
    pub(super) fn enter(self: &Arc<Self>, client: &str, mailbox: usize, now: i64) -> Result<Permit, Excess> {
        let key = (client.to_owned(), mailbox);
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry(key.clone()).or_default();
        if let Some(most) = self.per_window {
            lane.recent.push_back(now);
            while lane.recent.front().is_some_and(|at| now - at >= WINDOW_MILLIS) {
                lane.recent.pop_front();
            }
            if lane.recent.len() > most {
                self.over.fetch_add(1, Ordering::Relaxed);
                let oldest = lane.recent.front().copied().unwrap_or(now);
                return Err(Excess::Quota(u64::try_from((oldest + WINDOW_MILLIS - now) / 1000 + 1).unwrap_or(1)));
            }
        }
        if lane.in_flight >= self.at_once {
            self.over.fetch_add(1, Ordering::Relaxed);
            return Err(Excess::Concurrency);
        }
        lane.in_flight += 1;
        lane.most = lane.most.max(lane.in_flight);
        Ok(Permit { limits: Arc::clone(self), key })
    }

    /// Requests that were refused because they were too many.
    pub(super) fn over(&self) -> u64 {
        self.over.load(Ordering::Relaxed)
    }

    /// The most requests that were ever in flight at once for one application and mailbox.
    pub(super) fn most_at_once(&self) -> usize {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).values().map(|lane| lane.most).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fifth_request_at_once_is_refused_until_one_ends() {
        let limits = Limits::new(4, None);
        let mut held: Vec<_> = (0..4).map(|_| limits.enter("app", 0, 0).ok()).collect();
        assert!(held.iter().all(Option::is_some));
        assert!(matches!(limits.enter("app", 0, 0), Err(Excess::Concurrency)));
        assert!(limits.enter("app", 1, 0).is_ok(), "another mailbox has a lane of its own");
        held.pop();
        assert!(limits.enter("app", 0, 0).is_ok());
        assert_eq!((limits.most_at_once(), limits.over()), (4, 1));
    }

    #[test]
    fn a_refused_request_still_counts_in_its_ten_minutes() {
        let limits = Limits::new(4, Some(2));
        assert!(limits.enter("app", 0, 0).is_ok() && limits.enter("app", 0, 1000).is_ok());
        assert!(matches!(limits.enter("app", 0, 2000), Err(Excess::Quota(599))));
        assert!(matches!(limits.enter("app", 0, 600_500), Err(Excess::Quota(_))));
        assert!(limits.enter("app", 0, 1_300_000).is_ok());
    }
}
