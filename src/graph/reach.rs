//! Whether anything answers at all, and since when nothing does.
//!
//! A cable that is pulled or a service that is away is no fault of one request: as long as nothing is answered, all
//! requests wait, and the first answer wakes them. It must not send, nor decide how long is too long.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::terms::UtcInstant;

/// What is known about the way to the service.
#[derive(Default)]
pub(super) struct Reach {
    state: Mutex<State>,
    back: Notify,
}

#[derive(Default)]
struct State {
    answered: Option<Instant>,
    gone: Option<Gone>,
}

/// Nothing is answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gone {
    /// When the first attempt left that met silence.
    pub(super) since: UtcInstant,
    began: Instant,
}

impl Gone {
    /// How long it has lasted.
    pub(super) fn lasts(&self) -> Duration {
        self.began.elapsed()
    }
}

impl Reach {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of an answer, whatever it says.
    pub(super) fn answered(&self) {
        let mut state = self.state();
        state.answered = Some(Instant::now());
        if state.gone.take().is_some() {
            self.back.notify_waiters();
        }
    }

    /// Whether anything was ever answered.
    pub(super) fn was_reached(&self) -> bool {
        self.state().answered.is_some()
    }

    /// Takes note of an attempt that met silence, by both clocks when it began. `None` when something else was answered
    /// meanwhile, or nothing ever was: then it is the request's own trouble.
    pub(super) fn silent(&self, began: Instant, since: UtcInstant) -> Option<Gone> {
        let mut state = self.state();
        let answered = state.answered?;
        if answered > began {
            return None;
        }
        Some(*state.gone.get_or_insert(Gone { since, began }))
    }

    /// Sleeps for so long, or until something is answered again.
    pub(super) async fn rest(&self, delay: Duration) {
        tokio::select! {
            () = self.back.notified() => {}
            () = tokio::time::sleep(delay) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc() -> UtcInstant {
        UtcInstant::parse("2024-06-04T09:00:00Z").expect("valid")
    }

    #[tokio::test(start_paused = true)]
    async fn silence_counts_from_its_first_attempt_and_ends_with_any_answer() {
        let reach = Reach::default();
        assert!(reach.silent(Instant::now(), utc()).is_none(), "nothing ever answered: more likely a wrong address");
        reach.answered();
        for minutes in 0..3_u64 {
            let gone = reach.silent(Instant::now(), utc()).expect("silence");
            assert_eq!(gone.lasts(), Duration::from_mins(minutes));
            tokio::time::sleep(Duration::from_mins(1)).await;
        }
        let began = Instant::now();
        tokio::time::sleep(Duration::from_millis(1)).await;
        reach.answered();
        assert!(reach.silent(began, utc()).is_none(), "something else was answered meanwhile");
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_answer_wakes_everyone_who_waits() {
        let reach = Reach::default();
        reach.answered();
        reach.silent(Instant::now(), utc());
        let begun = Instant::now();
        let answer = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            reach.answered();
        };
        tokio::join!(reach.rest(Duration::from_mins(1)), reach.rest(Duration::from_mins(1)), answer);
        assert_eq!(begun.elapsed(), Duration::from_secs(2));
    }
}
