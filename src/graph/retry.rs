//! The loop: enter, send, judge, and either go again or give up with everything that was tried.
//!
//! The body is inside it, so a cut body is tried again as a whole. Nothing here sleeps on a seat.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;
use url::Url;
use uuid::Uuid;

use super::Answer;
use super::ask::Ask;
use super::door::Door;
use super::fault::{Fault, FaultKind};
use super::judge::{Again, judge};
use super::limits::Limits;
use super::pace::LanePace;
use super::receive::Receive;
use super::send::attempt;
use super::tokens;
use crate::monitor::{Event, Wait};
use crate::session::SignInError;
use crate::terms::Exchange;

/// The longest pause of our own.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// The shortest wait taken from the service, so that "0" makes no hot loop.
const SHORTEST_WAIT: Duration = Duration::from_millis(100);
/// How often a rejected token is tolerated in all: a fresh one is not known everywhere at once.
const REJECTIONS: u32 = 6;

/// Asks until there is an answer or no hope.
pub(super) async fn persist<R: Receive>(
    door: &Door,
    ask: &Ask,
    url: &Url,
    mut receive: R,
) -> Result<Answer<R::Value>, Fault> {
    let lane = door.pace.lane(ask.lane());
    let mut tries = Tries::new(&door.limits);
    let mut trail = Vec::new();
    loop {
        let permit = door.pace.enter(&lane).await;
        let token = match door.tokens.current().await {
            Ok(token) => token,
            Err(error) => {
                drop(permit);
                pause_for_sign_in(door, &mut tries, error, &mut trail).await?;
                continue;
            }
        };
        tries.number = tries.number.saturating_add(1);
        let (exchange, outcome) = attempt(door, ask, url, &token, tries.number, &mut receive).await;
        drop(permit);
        trail.push(exchange);
        let trouble = match outcome {
            Ok(value) => return Ok(Answer { value, trail }),
            Err(trouble) => trouble,
        };
        match judge(trouble, ask.purpose()) {
            (kind, Again::Renew(claims)) => match tries.rejected(claims) {
                Rejected::Renew(claims) => {
                    if let Err(error) = door.tokens.renewed(&token, claims.as_deref()).await {
                        tries.not_renewed();
                        pause_for_sign_in(door, &mut tries, error, &mut trail).await?;
                    }
                }
                Rejected::Pause => pause(door, door.limits.first_pause * 3).await,
                Rejected::Enough => {
                    let signed = FaultKind::SignIn(Box::new(tokens::rejected()));
                    // A challenge on a 403 that no new token satisfies stays what it is: access denied.
                    let denied = trail.last().and_then(|exchange| exchange.status) == Some(403);
                    return Err(fault(if denied { kind } else { signed }, trail));
                }
            },
            (kind, again) => {
                let status = trail.last().and_then(|exchange| exchange.status);
                if !go_on(door, &lane, &mut tries, status, &kind, &again).await {
                    return Err(fault(kind, trail));
                }
            }
        }
    }
}

/// The fault at the end of a trail.
pub(super) fn fault(kind: FaultKind, trail: Vec<Exchange>) -> Fault {
    let last = trail.last();
    let (status, code) = (last.and_then(|last| last.status), last.and_then(|last| last.error.clone()));
    Fault { kind, status, code, trail }
}

/// Waits as judged; `false` when nothing more is to be tried.
async fn go_on(
    door: &Door,
    lane: &LanePace,
    tries: &mut Tries<'_>,
    status: Option<u16>,
    kind: &FaultKind,
    again: &Again,
) -> bool {
    let own = match again {
        Again::Stop | Again::Renew(_) => None,
        Again::Asked(wait) => {
            // The fence makes everyone of this lane wait, this request included.
            let goes_on = tries.asked();
            lane.fence((*wait).max(SHORTEST_WAIT));
            return goes_on;
        }
        Again::Tries(most) => tries.doubtful(status, *most),
        Again::Patiently => tries.own(),
        Again::Narrower => {
            lane.narrow();
            tries.own()
        }
    };
    match own {
        None => false,
        Some(wait) if matches!(kind, FaultKind::Throttled) => {
            lane.fence(wait);
            true
        }
        Some(wait) => {
            pause(door, wait).await;
            true
        }
    }
}

async fn pause(door: &Door, delay: Duration) {
    door.monitor.tell(&Event::Waiting { reason: Wait::Retrying, delay });
    tokio::time::sleep(delay).await;
}

/// No token: over when a person must act, a pause when the identity platform could not be reached.
async fn pause_for_sign_in(
    door: &Door,
    tries: &mut Tries<'_>,
    error: SignInError,
    trail: &mut Vec<Exchange>,
) -> Result<(), Fault> {
    let wait = if error.is_sign_in_needed() { None } else { tries.own() };
    match wait {
        Some(wait) => {
            pause(door, wait).await;
            Ok(())
        }
        None => Err(fault(FaultKind::SignIn(Box::new(error)), std::mem::take(trail))),
    }
}

/// How long one request has been tried, in which ways.
struct Tries<'a> {
    limits: &'a Limits,
    started: Instant,
    /// Attempts so far.
    number: u32,
    own: u32,
    /// How often each status came that is most likely final.
    doubtful: BTreeMap<Option<u16>, u32>,
    asked: u32,
    rejections: u32,
    claims: Option<String>,
}

/// What to do about a rejected token.
enum Rejected {
    Renew(Option<String>),
    Pause,
    Enough,
}

impl<'a> Tries<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            started: Instant::now(),
            number: 0,
            own: 0,
            doubtful: BTreeMap::new(),
            asked: 0,
            rejections: 0,
            claims: None,
        }
    }

    /// The pause before the next attempt by our own schedule; `None` when enough is enough.
    fn own(&mut self) -> Option<Duration> {
        self.own = self.own.saturating_add(1);
        let pause = backoff(self.limits.first_pause, self.own);
        let over = self.own >= self.limits.attempts || self.started.elapsed() + pause > self.limits.patience;
        (!over).then_some(pause)
    }

    /// The same after an answer that is most likely final. It is when it has come so often: neither failures that plainly
    /// pass nor other such answers, before it or between, make it final.
    fn doubtful(&mut self, status: Option<u16>, most: u32) -> Option<Duration> {
        let times = self.doubtful.entry(status).or_default();
        *times = times.saturating_add(1);
        let final_now = *times >= most;
        self.own().filter(|_| !final_now)
    }

    /// Whether to come back once more when the service asks for it. A wait is sat out even if it is longer
    /// than our patience, but only one such wait.
    fn asked(&mut self) -> bool {
        self.asked = self.asked.saturating_add(1);
        self.asked < self.limits.attempts.saturating_mul(10) && self.started.elapsed() < self.limits.patience
    }

    /// The renewal failed: the token that was rejected is still the one in use, and its next rejection asks for a new
    /// one again. How often is bounded by the attempts.
    fn not_renewed(&mut self) {
        self.rejections = 0;
        self.claims = None;
    }

    fn rejected(&mut self, claims: Option<String>) -> Rejected {
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

    #[test]
    fn pauses_double_up_to_a_minute_and_never_overflow() {
        for (attempt, base) in [(1, 1), (2, 2), (5, 16), (7, 60), (33, 60), (u32::MAX, 60)] {
            let pause = backoff(Duration::from_secs(1), attempt);
            let base = Duration::from_secs(base);
            assert!(pause >= base && pause <= base + base / 4, "{attempt}: {pause:?}");
        }
    }

    #[test]
    fn failures_that_pass_do_not_use_up_the_tries_of_an_answer_that_may_be_final() {
        let cloud = crate::cloud::Cloud::custom("http://127.0.0.1:9", "http://127.0.0.1:9").expect("valid");
        let limits = Limits::for_cloud(&cloud);
        let mut tries = Tries::new(&limits);
        assert!(tries.own().is_some() && tries.own().is_some());
        assert!(tries.doubtful(Some(400), 2).is_some(), "the first refusal");
        assert!(tries.own().is_some());
        assert!(tries.doubtful(Some(302), 2).is_some(), "the first of another kind");
        assert!(tries.doubtful(Some(400), 2).is_none(), "the second");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_longer_than_our_patience_is_sat_out_once() {
        let cloud = crate::cloud::Cloud::custom("http://127.0.0.1:9", "http://127.0.0.1:9").expect("valid");
        let limits = Limits { patience: Duration::from_mins(30), ..Limits::for_cloud(&cloud) };
        let mut tries = Tries::new(&limits);
        assert!(tries.asked());
        tokio::time::sleep(Duration::from_hours(1)).await;
        assert!(!tries.asked());
    }
}
