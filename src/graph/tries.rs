//! How long one request has been tried, in which ways, and whether and when it is tried again.
//!
//! Answers that are failures are counted; throttling, silence and a service that is away are bounded by time. It must
//! not wait or send.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::limits::Limits;
use crate::terms::UtcInstant;

/// The longest pause of our own.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// The shortest wait taken from the service, so that "0" makes no hot loop.
const SHORTEST_WAIT: Duration = Duration::from_millis(100);
/// Waits that the service asks for and that are taken at its word; after these in a row, ours is added.
const AT_ITS_WORD: u32 = 5;
/// How often a rejected token is tolerated in all: a fresh one is not known everywhere at once.
const REJECTIONS: u32 = 6;

/// The tries of one request.
pub(super) struct Tries<'a> {
    limits: &'a Limits,
    /// Whether failures of the service are waited out like its absence.
    patient: bool,
    started: Instant,
    /// When it began, for people.
    pub(super) since: UtcInstant,
    /// Attempts so far.
    pub(super) number: u32,
    own: u32,
    /// How often each status came that is most likely final.
    doubtful: BTreeMap<Option<u16>, u32>,
    asked: u32,
    throttled: u32,
    silent: u32,
    alone: bool,
    tokenless: Option<(Instant, UtcInstant, u32)>,
    rejections: u32,
    claims: Option<String>,
}

/// What to do about a rejected token.
pub(super) enum Rejected {
    Renew(Option<String>),
    Pause,
    Enough,
}

impl<'a> Tries<'a> {
    pub(super) fn new(limits: &'a Limits, patient: bool, since: UtcInstant) -> Self {
        Self {
            limits,
            patient,
            started: Instant::now(),
            since,
            number: 0,
            own: 0,
            doubtful: BTreeMap::new(),
            asked: 0,
            throttled: 0,
            silent: 0,
            alone: false,
            tokenless: None,
            rejections: 0,
            claims: None,
        }
    }

    /// The pause before the next attempt by our own schedule; `None` when enough is enough.
    pub(super) fn own(&mut self) -> Option<Duration> {
        self.own = self.own.saturating_add(1);
        let pause = backoff(self.limits.first_pause, self.own);
        let over = self.own >= self.limits.attempts || self.lasts() + pause > self.limits.patience;
        (!over).then_some(pause)
    }

    /// The same after an answer that is most likely final. It is when it has come so often: neither failures that plainly
    /// pass nor other such answers, before it or between, make it final.
    pub(super) fn doubtful(&mut self, status: Option<u16>, most: u32) -> Option<Duration> {
        let times = self.doubtful.entry(status).or_default();
        *times = times.saturating_add(1);
        let is_final = *times >= most;
        self.own().filter(|_| !is_final)
    }

    /// The same for a service whose failure is its own and passes: bounded by time alone, where patience was asked for.
    pub(super) fn outage(&mut self, status: Option<u16>, most: u32) -> Option<Duration> {
        if !self.patient {
            return self.doubtful(status, most);
        }
        self.own = self.own.saturating_add(1);
        let pause = backoff(self.limits.first_pause, self.own);
        (self.lasts() + pause <= self.limits.unreachable).then_some(pause)
    }

    /// The pause of a request that is throttled without a word for how long.
    pub(super) fn throttled(&mut self) -> Option<Duration> {
        self.throttled = self.throttled.saturating_add(1);
        let pause = backoff(self.limits.first_pause, self.throttled);
        (self.lasts() + pause <= self.patience()).then_some(pause)
    }

    /// How long to wait when the service asks for so much; with it, whether to come back at all. A wait is sat out even
    /// if it is longer than our patience, but only one such wait. A service that keeps asking for too little is left
    /// alone for longer each time.
    pub(super) fn asked(&mut self, wait: Duration, is_throttling: bool) -> (Duration, bool) {
        self.asked = self.asked.saturating_add(1);
        let ours = match self.asked.checked_sub(AT_ITS_WORD) {
            None | Some(0) => Duration::ZERO,
            Some(more) => backoff(self.limits.first_pause, more),
        };
        let counts = is_throttling || self.patient || self.asked < self.limits.attempts.max(2);
        (wait.max(SHORTEST_WAIT).max(ours), counts && self.lasts() < self.patience())
    }

    /// The pause of a request that was met with silence like all others; with it, whether it may be its own fault.
    pub(super) fn silent(&mut self) -> (Duration, bool) {
        self.silent = self.silent.saturating_add(1);
        (backoff(self.limits.first_pause, self.silent), self.silent >= self.limits.attempts)
    }

    /// Others are answered and this one met silence: whether it is worth another try.
    pub(super) const fn alone(&mut self) -> bool {
        !std::mem::replace(&mut self.alone, true)
    }

    /// The pause of a request for which there is no token, and since when; `None` when it has waited for long enough.
    pub(super) fn tokenless(&mut self, now: UtcInstant) -> Option<(Duration, UtcInstant)> {
        let (began, since, count) = self.tokenless.unwrap_or((Instant::now(), now, 0));
        let count = count.saturating_add(1);
        self.tokenless = Some((began, since, count));
        let pause = backoff(self.limits.first_pause, count);
        (began.elapsed() + pause <= self.limits.unreachable).then_some((pause, since))
    }

    /// There is a token.
    pub(super) const fn has_token(&mut self) {
        self.tokenless = None;
    }

    /// The renewal failed: the token that was rejected is still the one in use, and its next rejection asks for a new
    /// one again. How often is bounded by the attempts.
    pub(super) fn not_renewed(&mut self) {
        self.rejections = 0;
        self.claims = None;
    }

    pub(super) fn rejected(&mut self, claims: Option<String>) -> Rejected {
        self.rejections += 1;
        let new_claims = claims.is_some() && claims != self.claims;
        if self.rejections >= REJECTIONS.min(self.limits.attempts.max(2)) {
            Rejected::Enough
        } else if self.rejections == 1 || new_claims {
            self.claims.clone_from(&claims);
            Rejected::Renew(claims)
        } else {
            Rejected::Pause
        }
    }

    /// Whether failures of the service are waited out like its absence.
    pub(super) const fn is_patient(&self) -> bool {
        self.patient
    }

    fn lasts(&self) -> Duration {
        self.started.elapsed()
    }

    const fn patience(&self) -> Duration {
        if self.patient { self.limits.unreachable } else { self.limits.patience }
    }
}

/// Doubles with each attempt up to a minute, and adds up to a quarter, so that many do not come back at once.
fn backoff(first: Duration, attempt: u32) -> Duration {
    let doubled =
        first.saturating_mul(1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX)).min(LONGEST_PAUSE);
    let jitter = u32::from(Uuid::new_v4().as_bytes()[0]);
    doubled + doubled * jitter / 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        let cloud = crate::cloud::Cloud::custom("http://127.0.0.1:9", "http://127.0.0.1:9").expect("valid");
        Limits::for_cloud(&cloud)
    }

    fn now() -> UtcInstant {
        UtcInstant::parse("2024-06-04T09:00:00Z").expect("valid")
    }

    #[test]
    fn failures_that_pass_do_not_use_up_the_tries_of_an_answer_that_may_be_final() {
        let limits = limits();
        let mut tries = Tries::new(&limits, false, now());
        assert!(tries.own().is_some() && tries.own().is_some());
        assert!(tries.doubtful(Some(400), 2).is_some(), "the first refusal");
        assert!(tries.own().is_some());
        assert!(tries.doubtful(Some(302), 2).is_some(), "the first of another kind");
        assert!(tries.doubtful(Some(400), 2).is_none(), "the second");
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_never_overflow() {
        for (attempt, base) in [(1, 1), (2, 2), (5, 16), (7, 60), (33, 60), (u32::MAX, 60)] {
            let pause = backoff(Duration::from_secs(1), attempt);
            let base = Duration::from_secs(base);
            assert!(pause >= base && pause <= base + base / 4, "{attempt}: {pause:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_longer_than_our_patience_is_sat_out_once() {
        let limits = limits();
        let mut tries = Tries::new(&limits, false, now());
        assert_eq!(tries.asked(Duration::from_hours(1), true), (Duration::from_hours(1), true));
        tokio::time::sleep(Duration::from_hours(1)).await;
        assert!(!tries.asked(Duration::from_secs(1), true).1);
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_that_never_ends_takes_our_patience_and_few_requests() {
        let limits = limits();
        for told in [true, false] {
            let (mut tries, begun, mut requests) = (Tries::new(&limits, false, now()), Instant::now(), 0);
            loop {
                requests += 1;
                let wait = if told {
                    let (wait, goes_on) = tries.asked(Duration::ZERO, true);
                    goes_on.then_some(wait)
                } else {
                    tries.throttled()
                };
                let Some(wait) = wait else { break };
                tokio::time::sleep(wait).await;
            }
            let took = begun.elapsed();
            assert!(took > Duration::from_mins(27) && took < Duration::from_mins(33), "{told}: {took:?}");
            assert!(requests < 60, "{told}: {requests}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_failing_service_is_waited_out_for_hours_only_by_questions_that_stand_for_a_mailbox() {
        let limits = limits();
        for (patient, least, most) in [(false, 3, 10), (true, 11 * 60, 12 * 60)] {
            let (mut tries, begun) = (Tries::new(&limits, patient, now()), Instant::now());
            while let Some(pause) = tries.outage(None, u32::MAX) {
                tokio::time::sleep(pause).await;
            }
            let took = begun.elapsed();
            assert!(took >= Duration::from_mins(least) && took <= Duration::from_mins(most), "{patient}: {took:?}");
        }
    }
}
