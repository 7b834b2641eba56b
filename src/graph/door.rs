//! What all requests of one `Graph` share: origin, client, tokens, pace, clocks.

use std::sync::{Arc, Mutex, PoisonError};

use super::clock::ClockOffset;
use super::limits::Limits;
use super::link::Origin;
use super::pace::Pace;
use super::reach::Reach;
use super::retry_after;
use super::send::Getter;
use super::tokens::Tokens;
use crate::monitor::Monitor;
use crate::terms::{Clock, Exchange, UtcInstant};

/// The shared inside of a [`Graph`](super::Graph).
pub(super) struct Door {
    pub(super) origin: Origin,
    pub(super) getter: Getter,
    pub(super) tokens: Tokens,
    pub(super) pace: Pace,
    pub(super) limits: Limits,
    pub(super) monitor: Arc<dyn Monitor>,
    clock: Clock,
    offset: Mutex<Option<ClockOffset>>,
    pub(super) reach: Reach,
    /// Whether Graph is a server on this machine.
    pub(super) is_local: bool,
}

impl Door {
    pub(super) fn new(
        origin: Origin,
        getter: Getter,
        tokens: Tokens,
        limits: Limits,
        monitor: Arc<dyn Monitor>,
        clock: Clock,
        is_local: bool,
    ) -> Self {
        let pace = Pace::new(&limits, Arc::clone(&monitor));
        let (offset, reach) = (Mutex::default(), Reach::default());
        Self { origin, getter, tokens, pace, limits, monitor, clock, offset, reach, is_local }
    }

    pub(super) fn now(&self) -> UtcInstant {
        (self.clock)()
    }

    /// Takes an answer's head into account: Graph is there, and its clock says so much.
    pub(super) fn saw(&self, exchange: &Exchange) {
        self.reach.answered();
        let date = exchange.server_date.as_deref().and_then(retry_after::date);
        if let (Some(date), Some(headed)) = (date, exchange.headers_at) {
            let mut offset = self.offset.lock().unwrap_or_else(PoisonError::into_inner);
            *offset = Some(ClockOffset::with(*offset, date, exchange.sent_at, headed));
        }
    }

    pub(super) fn offset(&self) -> Option<ClockOffset> {
        *self.offset.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
