//! The loop: enter, send, judge, and either go again or give up with everything that was tried.
//!
//! The body is inside it, so a cut body is tried again as a whole. Nothing here sleeps on a seat.

use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::Answer;
use super::ask::{Ask, Lane};
use super::door::Door;
use super::fault::{Fault, FaultKind};
use super::judge::{Again, judge};
use super::pace::LanePace;
use super::reach::Gone;
use super::receive::{OneValue, Receive};
use super::send::attempt;
use super::tokens::{self, Token};
use super::tries::{Rejected, Tries};
use crate::monitor::{Away, Event, Wait};
use crate::session::SignInError;
use crate::terms::{Exchange, Purpose};

/// A pause that people should be told the reason of.
const LONG: Duration = Duration::from_secs(8);

/// Asks until there is an answer or no hope.
pub(super) async fn persist<R: Receive>(
    door: &Door,
    ask: &Ask,
    url: &Url,
    mut receive: R,
) -> Result<Answer<R::Value>, Fault> {
    let lane = door.pace.lane(ask.lane());
    let mut tries = Tries::new(&door.limits, ask.is_patient(), door.now());
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
        tries.has_token();
        tries.number = tries.number.saturating_add(1);
        let began = Instant::now();
        let (exchange, outcome) = attempt(door, ask, url, &token, tries.number, &mut receive).await;
        drop(permit);
        trail.push(exchange);
        let trouble = match outcome {
            Ok(value) => return Ok(Answer { value, trail }),
            Err(trouble) => trouble,
        };
        match judge(trouble, ask.purpose()) {
            // Another request has had it renewed while this one was on its way: it says nothing about the new one.
            (_, Again::Renew(_)) if door.tokens.is_replaced(&token).await => {}
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
                let goes_on = match absent(door, began, &trail, &again) {
                    Some(gone) => outlast(door, &mut tries, gone, &token, &mut trail).await,
                    None => go_on(door, &lane, &mut tries, (&kind, &again), last_status(&trail)).await,
                };
                if !goes_on {
                    return Err(fault(kind, trail));
                }
            }
        }
    }
}

fn last_status(trail: &[Exchange]) -> Option<u16> {
    trail.last().and_then(|exchange| exchange.status)
}

/// Whether the attempt was met with silence, as everything else is.
fn absent(door: &Door, began: Instant, trail: &[Exchange], again: &Again) -> Option<Gone> {
    let last = trail.last().filter(|last| last.status.is_none() && matches!(again, Again::Patiently))?;
    door.reach.silent(began, last.sent_at)
}

/// Waits for a service that answers nobody; `false` when it has been away for too long, or answers others after all.
async fn outlast(door: &Door, tries: &mut Tries<'_>, gone: Gone, token: &Token, trail: &mut Vec<Exchange>) -> bool {
    let (delay, doubtful) = tries.silent();
    // A connection that cannot be had is nobody's own fault; one that is cut at once, again and again, may be.
    let refused = trail.last().is_some_and(|last| last.error.as_deref() == Some("unreachable"));
    if doubtful && !refused && knock(door, token, tries.number, trail).await {
        // The service may just have come back: once more, and once only.
        return tries.alone();
    }
    if gone.lasts() + delay > door.limits.unreachable {
        return false;
    }
    door.monitor.tell(&Event::Away { what: Away::Service, since: gone.since, delay });
    door.reach.rest(delay).await;
    true
}

/// Whether anything is answered, whatever it is. The exchange is kept before the one that gave rise to it.
async fn knock(door: &Door, token: &Token, number: u32, trail: &mut Vec<Exchange>) -> bool {
    let ask = Ask::new(Lane::Directory, Purpose::Other, ["me"]).query("$select", "id");
    let Some(url) = door.origin.address(&ask) else { return false };
    let _permit = door.pace.enter(&door.pace.lane(ask.lane())).await;
    let (exchange, _) = attempt(door, &ask, &url, token, number, &mut OneValue::<serde_json::Value>::new()).await;
    let answered = exchange.status.is_some();
    trail.insert(trail.len().saturating_sub(1), exchange);
    answered
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
    (kind, again): (&FaultKind, &Again),
    status: Option<u16>,
) -> bool {
    let throttled = matches!(kind, FaultKind::Throttled);
    if matches!(again, Again::Narrower(_)) {
        lane.narrow();
    }
    let own = match again {
        Again::Stop | Again::Renew(_) => None,
        Again::Asked(wait) | Again::Narrower(Some(wait)) => {
            // The fence makes everyone of this lane wait, this request included.
            let (wait, goes_on) = tries.asked(*wait, throttled);
            lane.fence(wait);
            return goes_on;
        }
        Again::Patiently | Again::Narrower(None) if throttled => {
            let wait = tries.throttled();
            lane.fence(wait.unwrap_or_default());
            return wait.is_some();
        }
        Again::Tries(most) if status.is_some_and(|status| status >= 500) => tries.outage(status, *most),
        Again::Tries(most) => tries.doubtful(status, *most),
        Again::Patiently | Again::Narrower(None) => tries.outage(None, u32::MAX),
    };
    match own {
        Some(delay) if delay >= LONG && tries.is_patient() => {
            door.monitor.tell(&Event::Away { what: Away::Failing, since: tries.since, delay });
            tokio::time::sleep(delay).await;
        }
        Some(delay) => pause(door, delay).await,
        None => return false,
    }
    true
}

async fn pause(door: &Door, delay: Duration) {
    door.monitor.tell(&Event::Waiting { reason: Wait::Retrying, delay });
    tokio::time::sleep(delay).await;
}

/// No token: over when a person must act, a pause when the identity platform cannot be used for now.
async fn pause_for_sign_in(
    door: &Door,
    tries: &mut Tries<'_>,
    error: SignInError,
    trail: &mut Vec<Exchange>,
) -> Result<(), Fault> {
    let away = error.is_passing().then(|| tries.tokenless(door.now())).flatten();
    if let Some((delay, since)) = away {
        door.monitor.tell(&Event::Away { what: Away::SignIn, since, delay });
        tokio::time::sleep(delay).await;
        return Ok(());
    }
    let worth_it = !error.is_sign_in_needed() && !error.is_passing();
    match worth_it.then(|| tries.own()).flatten() {
        Some(wait) => {
            pause(door, wait).await;
            Ok(())
        }
        None => Err(fault(FaultKind::SignIn(Box::new(error)), std::mem::take(trail))),
    }
}
