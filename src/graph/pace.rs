//! Who may send now: four seats per mailbox, a sliding window of requests, and one fence.
//!
//! A seat is held only while a request is on the wire, so that retries count like first attempts and
//! nobody sleeps on one. It must not know what is sent or why a request failed.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::ask::Lane;
use super::limits::{IN_FLIGHT, Limits, WINDOW};
use crate::monitor::{Event, Monitor, Wait};

/// The width of one slot of the window: requests are counted per second, not remembered one by one.
const SLOT: Duration = Duration::from_secs(1);

/// A mailbox that said it has too much open gets a seat back after so long without saying so again.
const NARROW_FOR: Duration = Duration::from_mins(5);
/// Complaints that come within so long of one another are one: all seats hear of the same trouble.
const ONE_COMPLAINT: Duration = Duration::from_secs(10);

/// The traffic rules of one `Graph`.
pub(super) struct Pace {
    lanes: Mutex<HashMap<Lane, Arc<LanePace>>>,
    connections: Arc<Semaphore>,
    seats: usize,
    directory: usize,
    per_window: Option<u32>,
    per_report: Option<u32>,
    monitor: Arc<dyn Monitor>,
}

/// The right to have one request on the wire; given back when dropped.
pub(super) struct Permit {
    _seat: OwnedSemaphorePermit,
    _connection: OwnedSemaphorePermit,
}

impl Pace {
    pub(super) fn new(limits: &Limits, monitor: Arc<dyn Monitor>) -> Self {
        Self {
            lanes: Mutex::default(),
            connections: Arc::new(Semaphore::new(limits.connections.clamp(1, Semaphore::MAX_PERMITS))),
            seats: limits.in_flight_per_mailbox.clamp(1, IN_FLIGHT),
            directory: limits.in_flight_of_directory.clamp(1, Semaphore::MAX_PERMITS),
            per_window: limits.per_window,
            per_report: limits.per_report,
            monitor,
        }
    }

    /// The rules of one lane.
    pub(super) fn lane(&self, lane: &Lane) -> Arc<LanePace> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lanes.get(lane).map(Arc::clone);
        known.unwrap_or_else(|| {
            let (seats, per_window) = match lane {
                Lane::Mailbox(_) => (self.seats, self.per_window),
                Lane::Report(_) => (self.seats, self.per_report),
                Lane::Directory => (self.directory, None),
            };
            let new = Arc::new(LanePace::new(seats, per_window));
            lanes.insert(lane.clone(), Arc::clone(&new));
            new
        })
    }

    /// Waits until a request of this lane may go out.
    pub(super) async fn enter(&self, lane: &LanePace) -> Permit {
        loop {
            lane.widen();
            self.wait(lane.closed_for()).await;
            let Ok(seat) = Arc::clone(&lane.seats).acquire_owned().await else { continue };
            let Ok(connection) = Arc::clone(&self.connections).acquire_owned().await else { continue };
            // The fence may have come up while this one queued.
            match lane.count_one() {
                None => return Permit { _seat: seat, _connection: connection },
                Some(closed) => {
                    drop((seat, connection));
                    self.wait(Some(closed)).await;
                }
            }
        }
    }

    async fn wait(&self, closed: Option<(Wait, Duration)>) {
        if let Some((reason, delay)) = closed {
            self.monitor.tell(&Event::Waiting { reason, delay });
            tokio::time::sleep(delay).await;
        }
    }
}

/// The traffic rules of one lane.
pub(super) struct LanePace {
    most: usize,
    seats: Arc<Semaphore>,
    per_window: Option<u32>,
    state: Mutex<State>,
}

struct State {
    start: Instant,
    fence: Option<Instant>,
    slots: VecDeque<(u64, u32)>,
    /// Seats taken away for a while, and when one was taken or given back last.
    missing: usize,
    changed: Instant,
}

impl LanePace {
    fn new(seats: usize, per_window: Option<u32>) -> Self {
        let now = Instant::now();
        let state = State { start: now, fence: None, slots: VecDeque::new(), missing: 0, changed: now };
        Self { most: seats, seats: Arc::new(Semaphore::new(seats)), per_window, state: Mutex::new(state) }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds every request of this lane back for so long. Fences do not add up: the longest wins.
    pub(super) fn fence(&self, delay: Duration) {
        let mut state = self.state();
        let until = Instant::now().checked_add(delay);
        state.fence = state.fence.max(until);
    }

    /// Takes one seat away, down to one: the mailbox said that it has too much open. It comes back slowly.
    pub(super) fn narrow(&self) {
        let mut state = self.state();
        let now = Instant::now();
        let same = state.missing > 0 && now.saturating_duration_since(state.changed) < ONE_COMPLAINT;
        // Whoever calls this has just left its seat, so one is free more often than not.
        if !same && state.missing + 1 < self.most && self.seats.forget_permits(1) == 1 {
            state.missing += 1;
        }
        state.changed = now;
    }

    /// Gives one seat back when there was no complaint for long enough.
    fn widen(&self) {
        let mut state = self.state();
        let now = Instant::now();
        if state.missing > 0 && now.saturating_duration_since(state.changed) >= NARROW_FOR {
            state.missing -= 1;
            state.changed = now;
            self.seats.add_permits(1);
        }
    }

    fn closed_for(&self) -> Option<(Wait, Duration)> {
        self.state().closed_for(self.per_window, Instant::now())
    }

    /// Counts one request as sent, or says why and for how long none may be sent.
    fn count_one(&self) -> Option<(Wait, Duration)> {
        let now = Instant::now();
        let mut state = self.state();
        let closed = state.closed_for(self.per_window, now);
        if closed.is_none() && self.per_window.is_some() {
            state.count(now);
        }
        closed
    }
}

impl State {
    fn closed_for(&mut self, per_window: Option<u32>, now: Instant) -> Option<(Wait, Duration)> {
        let fence = self.fence.and_then(|until| until.checked_duration_since(now)).filter(|left| !left.is_zero());
        if let Some(left) = fence {
            return Some((Wait::ServiceAsked, left));
        }
        let budget = self.budget_in(per_window?, now)?;
        Some((Wait::Budget, budget))
    }

    /// How long until the window has room; `None` when it has.
    fn budget_in(&mut self, most: u32, now: Instant) -> Option<Duration> {
        let slot = self.slot(now);
        // A request counts until the end of its slot's second plus the whole window.
        let span = WINDOW.as_secs() / SLOT.as_secs() + 1;
        while self.slots.front().is_some_and(|(oldest, _)| oldest + span <= slot) {
            self.slots.pop_front();
        }
        let sent: u64 = self.slots.iter().map(|(_, count)| u64::from(*count)).sum();
        if sent < u64::from(most.max(1)) {
            return None;
        }
        let (oldest, _) = self.slots.front()?;
        let opens = self.start + SLOT * u32::try_from(oldest + span).unwrap_or(u32::MAX);
        Some(opens.saturating_duration_since(now).max(Duration::from_millis(1)))
    }

    fn count(&mut self, now: Instant) {
        let slot = self.slot(now);
        match self.slots.back_mut() {
            Some((last, count)) if *last == slot => *count = count.saturating_add(1),
            _ => self.slots.push_back((slot, 1)),
        }
    }

    fn slot(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.start).as_secs() / SLOT.as_secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Silent;
    use crate::terms::ObjectId;

    fn pace(per_window: Option<u32>, connections: usize) -> Pace {
        let limits = Limits {
            in_flight_per_mailbox: 9,
            in_flight_of_directory: 7,
            per_window,
            per_report: Some(14),
            connections,
            attempts: 1,
            patience: Duration::ZERO,
            unreachable: Duration::ZERO,
            first_pause: Duration::ZERO,
            stall: Duration::ZERO,
        };
        Pace::new(&limits, Arc::new(Silent))
    }

    fn mailbox(id: &str) -> Lane {
        Lane::Mailbox(ObjectId::new(id).expect("valid"))
    }

    /// How long `enter` takes, on the paused clock.
    async fn waited(pace: &Pace, lane: &LanePace) -> (Permit, Duration) {
        let start = Instant::now();
        let permit = pace.enter(lane).await;
        (permit, start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_fifth_request_of_a_mailbox_waits_and_another_mailbox_does_not() {
        let pace = pace(None, 100);
        let (a, b) = (pace.lane(&mailbox("a")), pace.lane(&mailbox("b")));
        let mut seats = Vec::new();
        for _ in 0..4 {
            seats.push(pace.enter(&a).await);
        }
        let fifth = tokio::time::timeout(Duration::from_hours(1), pace.enter(&a)).await;
        assert!(fifth.is_err());
        let _other = pace.enter(&b).await;
        seats.pop();
        let _fifth = pace.enter(&a).await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_fence_wins_and_fences_do_not_add_up() {
        let pace = pace(None, 100);
        let lane = pace.lane(&mailbox("a"));
        for seconds in [20, 300, 7] {
            lane.fence(Duration::from_secs(seconds));
        }
        let (_, delay) = waited(&pace, &lane).await;
        assert!(delay >= Duration::from_mins(5) && delay < Duration::from_secs(301), "{delay:?}");
        let (_, other) = waited(&pace, &pace.lane(&mailbox("b"))).await;
        assert_eq!(other, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn no_ten_minutes_see_more_requests_than_the_window_allows() {
        let pace = pace(Some(50), 100);
        let lane = pace.lane(&mailbox("a"));
        let start = Instant::now();
        let mut sent = Vec::new();
        for _ in 0..160 {
            drop(pace.enter(&lane).await);
            sent.push(start.elapsed());
            tokio::time::sleep(Duration::from_millis(700)).await;
        }
        for (i, at) in sent.iter().enumerate() {
            let within = sent[i..].iter().filter(|later| later.saturating_sub(*at) < WINDOW).count();
            assert!(within <= 50, "{within} after {at:?}");
        }
        assert!(sent[159] < Duration::from_secs(3 * 601 + 120), "the budget is used: {:?}", sent[159]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_report_is_asked_for_fourteen_times_in_ten_minutes_and_another_report_does_not_wait() {
        let pace = pace(None, 100);
        let lane = pace.lane(&Lane::Report("getEmailActivityUserDetail"));
        for _ in 0..14 {
            assert_eq!(waited(&pace, &lane).await.1, Duration::ZERO);
        }
        let other = pace.lane(&Lane::Report("getMailboxUsageDetail"));
        assert_eq!(waited(&pace, &other).await.1, Duration::ZERO);
        let cancelled = tokio::time::timeout(Duration::from_mins(5), pace.enter(&lane)).await;
        assert!(cancelled.is_err(), "the fifteenth waits, and can be cancelled meanwhile");
        assert!(waited(&pace, &lane).await.1 > Duration::from_mins(4));
    }

    #[tokio::test(start_paused = true)]
    async fn connections_are_capped_over_all_mailboxes() {
        let pace = pace(None, 2);
        let _one = pace.enter(&pace.lane(&mailbox("a"))).await;
        let two = pace.enter(&pace.lane(&mailbox("b"))).await;
        let lane = pace.lane(&mailbox("c"));
        assert!(tokio::time::timeout(Duration::from_secs(9), pace.enter(&lane)).await.is_err());
        drop(two);
        let _three = pace.enter(&lane).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_mailbox_with_too_much_open_gets_fewer_seats_but_keeps_one() {
        let pace = pace(None, 9);
        let lane = pace.lane(&mailbox("a"));
        for _ in 0..9 {
            lane.narrow();
            tokio::time::sleep(ONE_COMPLAINT).await;
        }
        let one = pace.enter(&lane).await;
        assert!(tokio::time::timeout(Duration::from_secs(9), pace.enter(&lane)).await.is_err());
        drop(one);
        let _again = pace.enter(&lane).await;
    }

    /// How many can be on the wire at once now.
    async fn wide(pace: &Pace, lane: &LanePace) -> usize {
        let mut seats = Vec::new();
        while let Ok(seat) = tokio::time::timeout(Duration::from_secs(1), pace.enter(lane)).await {
            seats.push(seat);
        }
        seats.len()
    }

    #[tokio::test(start_paused = true)]
    async fn four_complaints_at_once_cost_one_seat_and_it_comes_back_after_minutes_of_peace() {
        let pace = pace(None, 9);
        let lane = pace.lane(&mailbox("a"));
        (0..4).for_each(|_| lane.narrow());
        assert_eq!(wide(&pace, &lane).await, 3);
        tokio::time::sleep(NARROW_FOR / 2).await;
        lane.narrow();
        assert_eq!(wide(&pace, &lane).await, 2);
        tokio::time::sleep(NARROW_FOR * 9 / 10).await;
        assert_eq!(wide(&pace, &lane).await, 2);
        for seats in [3, 4, 4] {
            tokio::time::sleep(NARROW_FOR).await;
            assert_eq!(wide(&pace, &lane).await, seats);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_window_is_the_mailboxes_and_the_directory_has_none() {
        let pace = pace(Some(1), 9);
        let directory = pace.lane(&Lane::Directory);
        for _ in 0..20 {
            let (_permit, delay) = waited(&pace, &directory).await;
            assert_eq!(delay, Duration::ZERO);
        }
        let lane = pace.lane(&mailbox("a"));
        drop(pace.enter(&lane).await);
        assert!(waited(&pace, &lane).await.1 > Duration::from_mins(9));
    }
}
