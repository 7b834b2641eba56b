//! What time it is in the simulated tenant: the injected clock plus an offset that tests may move.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::terms::{Clock, UtcInstant};

/// The tenant's time.
pub(super) struct Time {
    clock: Clock,
    offset_millis: AtomicI64,
    started: i64,
}

impl Time {
    /// Time that starts now.
    pub(super) fn new(clock: Clock) -> Self {
        let started = clock().millis();
        Self { clock, offset_millis: AtomicI64::new(0), started }
    }

    /// Now, in milliseconds since 1970.
    pub(super) fn millis(&self) -> i64 {
        (self.clock)().millis().saturating_add(self.offset_millis.load(Ordering::Relaxed))
    }

    /// Now.
    pub(super) fn now(&self) -> UtcInstant {
        UtcInstant::from_millis(self.millis()).unwrap_or_else(|| (self.clock)())
    }

    /// When the server started, in milliseconds since 1970.
    pub(super) const fn started(&self) -> i64 {
        self.started
    }

    /// Whole seconds since the server started.
    pub(super) fn running_seconds(&self) -> u64 {
        u64::try_from((self.millis() - self.started) / 1000).unwrap_or_default()
    }

    /// Lets the tenant's time jump ahead.
    pub(super) fn advance(&self, millis: i64) {
        self.offset_millis.fetch_add(millis, Ordering::Relaxed);
    }
}
