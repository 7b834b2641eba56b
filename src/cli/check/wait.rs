//! `--wait`: checks again what may become ready, tells every change, and can be ended at any time.
//!
//! While a grant spreads, Exchange's servers may not agree for minutes. So a mailbox that becomes ready while we
//! wait is checked once more, soon after, and counts only if it is ready then too.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::Instant;

use crate::delegation::{Checked, Probe, Verdict};
use crate::graph::{Fault, FaultKind};

/// How often to check when nothing was said.
pub(super) const EVERY: Duration = Duration::from_mins(5);
/// How long to wait when nothing was said: a grant can take so long.
pub(super) const PATIENCE: Duration = Duration::from_hours(24);
/// The shortest pause between checks in Microsoft's clouds, and at a server on this machine.
const LEAST: Duration = Duration::from_secs(10);
const LEAST_AT_HOME: Duration = Duration::from_secs(1);
/// The longest wait.
const MOST: Duration = Duration::from_hours(24 * 30);
/// How soon a mailbox that became ready is checked once more.
const CONFIRM: Duration = Duration::from_mins(1);

/// How often, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    pub(super) every: Duration,
    pub(super) patience: Duration,
}

impl Pace {
    /// Within the bounds, or what is wrong.
    pub(super) fn checked(every: Duration, patience: Duration, at_home: bool) -> Result<Self, String> {
        let least = if at_home { LEAST_AT_HOME } else { LEAST };
        if every < least {
            Err(format!("--every is at least {} s", least.as_secs()))
        } else if patience > MOST {
            Err("--for is at most 30 days".to_owned())
        } else {
            Ok(Self { every, patience })
        }
    }
}

/// Reads `90s`, `5m`, `24h`, `2d` or several together: `1h30m`.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let wrong = || "not a span like 90s, 5m, 24h or 1h30m".to_owned();
    let mut rest = text.trim();
    let mut seconds: u64 = 0;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at_checked(digits).ok_or_else(wrong)?;
        let unit = after.chars().next().ok_or_else(wrong)?;
        let factor: u64 = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        let number: u64 = number.parse().map_err(|_| wrong())?;
        seconds = number.checked_mul(factor).and_then(|more| seconds.checked_add(more)).ok_or_else(wrong)?;
        rest = after.get(unit.len_utf8()..).unwrap_or_default();
    }
    Ok(Duration::from_secs(seconds))
}

/// Whether waiting can help: a grant or a licence takes its time, a missing scope or person does not come by itself.
pub(super) const fn may_become_ready(verdict: Verdict) -> bool {
    match verdict {
        Verdict::Denied | Verdict::Partial | Verdict::NoMailbox | Verdict::Unknown => true,
        Verdict::Ready | Verdict::NotFound | Verdict::ScopeMissing => false,
    }
}

/// Why waiting ended.
#[derive(Debug)]
pub(super) enum End {
    /// Nothing is left that may become ready.
    Settled,
    /// The time is over.
    TimeUp,
    /// Somebody asked to stop.
    Interrupted,
    /// Nothing more can be asked.
    Fault(Fault),
}

/// What happened, to be told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News<'a> {
    /// So many are not ready; the next check is after this pause.
    Open(usize, Duration),
    /// A mailbox's verdict changed.
    Changed(&'a str, Verdict, Verdict),
    /// One that became ready was ready again.
    Confirmed(&'a str),
    /// The service was out of reach; waiting goes on.
    Unreachable,
}

/// Waits until all are ready or nothing more can be done. The probes are those of the last check of each.
pub(super) async fn until_ready<Asking, Answer>(
    probes: &mut [Probe],
    pace: Pace,
    ask: Asking,
    tell: &mut (dyn FnMut(&News<'_>) + Send),
    stop: impl Future<Output = ()> + Send,
) -> End
where
    Asking: Fn(Vec<String>) -> Answer,
    Answer: Future<Output = Checked>,
{
    let mut stop: Pin<Box<dyn Future<Output = ()> + Send + '_>> = Box::pin(stop);
    let begun = Instant::now();
    let mut unconfirmed: BTreeSet<usize> = BTreeSet::new();
    let end = loop {
        let open: BTreeSet<usize> =
            (0..).zip(&*probes).filter(|(_, p)| may_become_ready(p.verdict)).map(|(at, _)| at).collect();
        let left = pace.patience.saturating_sub(begun.elapsed());
        let (turn, pause) = match (unconfirmed.is_empty(), open.is_empty()) {
            (false, _) => (unconfirmed.clone(), pace.every.min(CONFIRM)),
            (true, true) => break End::Settled,
            (true, false) if left.is_zero() => break End::TimeUp,
            (true, false) => (open.clone(), pace.every.min(left)),
        };
        tell(&News::Open(open.len() + unconfirmed.len(), pause));
        let names: Vec<String> =
            turn.iter().filter_map(|at| probes.get(*at)).map(|probe| probe.typed.clone()).collect();
        let checked = tokio::select! {
            biased;
            () = &mut stop => break End::Interrupted,
            checked = async { tokio::time::sleep(pause).await; ask(names).await } => checked,
        };
        let concluded = turn.iter().zip(checked.probes).zip(checked.concluded);
        for ((at, new), _) in concluded.filter(|(_, concluded)| *concluded) {
            let Some(probe) = probes.get_mut(*at) else { continue };
            take(*at, probe, new, &mut unconfirmed, tell);
        }
        match checked.ended {
            // A network that is gone for a while is no reason to give up after hours.
            Some(fault) if matches!(fault.kind, FaultKind::Unavailable) => tell(&News::Unreachable),
            Some(fault) => break End::Fault(fault),
            None => {}
        }
    };
    for at in unconfirmed {
        if let Some(probe) = probes.get_mut(at) {
            probe.notes.push("ready once while waiting, and not checked again yet".to_owned());
        }
    }
    end
}

fn take(
    at: usize,
    probe: &mut Probe,
    new: Probe,
    unconfirmed: &mut BTreeSet<usize>,
    tell: &mut (dyn FnMut(&News<'_>) + Send),
) {
    let ready = new.verdict == Verdict::Ready;
    let awaited = unconfirmed.remove(&at);
    if probe.verdict != new.verdict {
        tell(&News::Changed(&new.typed, probe.verdict, new.verdict));
        if ready {
            unconfirmed.insert(at);
        }
    } else if ready && awaited {
        tell(&News::Confirmed(&new.typed));
    }
    *probe = new;
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn probe(typed: &str, verdict: Verdict) -> Probe {
        Probe::of_verdict(typed, None, verdict)
    }

    fn pace(every: u64, patience: u64) -> Pace {
        Pace { every: Duration::from_secs(every), patience: Duration::from_secs(patience) }
    }

    /// What a run of waiting said, and what it came to. Each round answers the next list of verdicts.
    async fn waited(
        first: &[(&str, Verdict)],
        rounds: &[&[Verdict]],
        pace: Pace,
        stop: impl Future<Output = ()> + Send,
    ) -> (End, Vec<Probe>, Vec<String>, u64) {
        let mut probes: Vec<Probe> = first.iter().map(|(name, verdict)| probe(name, *verdict)).collect();
        let said = Mutex::new(Vec::new());
        let turn = Mutex::new(rounds.iter());
        let begun = Instant::now();
        let ask = |names: Vec<String>| {
            let verdicts = turn.lock().expect("one at a time").next().copied().unwrap_or_default();
            let answer =
                |(at, name): (usize, &String)| probe(name, verdicts.get(at).copied().unwrap_or(Verdict::Denied));
            let probes: Vec<Probe> = names.iter().enumerate().map(answer).collect();
            let concluded = vec![true; probes.len()];
            async move { Checked { probes, concluded, ended: None } }
        };
        let mut tell = |news: &News<'_>| {
            if !matches!(news, News::Open(..)) {
                said.lock().expect("one at a time").push(format!("{news:?}"));
            }
        };
        let end = until_ready(&mut probes, pace, ask, &mut tell, stop).await;
        (end, probes, said.into_inner().expect("one at a time"), begun.elapsed().as_secs())
    }

    #[test]
    fn spans_are_read_as_people_write_them() {
        let seconds = |text: &str| span(text).map(|span| span.as_secs());
        assert_eq!(
            (seconds("90s"), seconds("5m"), seconds("24h"), seconds("1h30m")),
            (Ok(90), Ok(300), Ok(86_400), Ok(5_400))
        );
        for wrong in ["", "5", "m", "5 m", "1.5h", "-5m", "5ü", "99999999999999999999s", "18446744073709551615d"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_service_is_not_asked_every_second() {
        let pace = |every, at_home| Pace::checked(Duration::from_secs(every), PATIENCE, at_home).is_ok();
        assert!(pace(10, false) && !pace(9, false) && pace(1, true) && !pace(0, true));
        assert!(Pace::checked(EVERY, Duration::from_hours(24 * 31), false).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn ready_counts_when_a_second_check_agrees_and_is_withdrawn_when_not() {
        use Verdict::{Denied, Ready};
        let first = [("ana", Denied), ("ben", Ready)];
        let rounds: [&[Verdict]; 5] = [&[Denied], &[Ready], &[Denied], &[Ready], &[Ready]];
        let (end, probes, said, seconds) = waited(&first, &rounds, pace(300, 86_400), std::future::pending()).await;
        assert!(matches!(end, End::Settled));
        let news = [
            r#"Changed("ana", Denied, Ready)"#,
            r#"Changed("ana", Ready, Denied)"#,
            r#"Changed("ana", Denied, Ready)"#,
            r#"Confirmed("ana")"#,
        ];
        assert_eq!(said, news);
        assert_eq!(seconds, 300 + 300 + 60 + 300 + 60, "a confirmation comes soon");
        assert!(probes.iter().all(|probe| probe.verdict == Ready && probe.notes.is_empty()));
    }

    #[tokio::test(start_paused = true)]
    async fn time_is_up_after_one_last_check_and_hopeless_ones_are_not_asked_again() {
        use Verdict::{Denied, NotFound, ScopeMissing};
        let first = [("ana", Denied), ("ben", NotFound), ("carl", ScopeMissing)];
        let (end, _, said, seconds) = waited(&first, &[], pace(300, 700), std::future::pending()).await;
        assert!(matches!(end, End::TimeUp) && said.is_empty());
        assert_eq!(seconds, 700);
        let (end, _, _, seconds) = waited(&first[1..], &[], pace(300, 700), std::future::pending()).await;
        assert!(matches!(end, End::Settled) && seconds == 0);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_asks_to_stop_gets_the_last_state_at_once() {
        use Verdict::{Denied, Ready};
        let stop = tokio::time::sleep(Duration::from_secs(320));
        let (end, probes, _, seconds) = waited(&[("ana", Denied)], &[&[Ready]], pace(300, 9_000), stop).await;
        assert!(matches!(end, End::Interrupted));
        assert_eq!((probes[0].verdict, probes[0].notes.len(), seconds), (Ready, 1, 320));
    }

    #[tokio::test(start_paused = true)]
    async fn a_network_that_is_gone_for_a_while_is_waited_out_and_a_lost_sign_in_is_not() {
        let fault = |kind| Fault { kind, status: None, code: None, trail: Vec::new() };
        let mut probes = vec![probe("ana", Verdict::Denied)];
        let rounds = Mutex::new(0);
        let ask = |_: Vec<String>| {
            let mut round = rounds.lock().expect("one at a time");
            *round += 1;
            let kind = if *round < 3 { FaultKind::Unavailable } else { FaultKind::Tls };
            let ended = Some(fault(kind));
            async move { Checked { probes: vec![probe("ana", Verdict::Unknown)], concluded: vec![false], ended } }
        };
        let mut gone = 0;
        let mut tell = |news: &News<'_>| gone += u32::from(*news == News::Unreachable);
        let end = until_ready(&mut probes, pace(10, 9_000), ask, &mut tell, std::future::pending()).await;
        assert!(matches!(end, End::Fault(_)));
        assert_eq!((gone, probes[0].verdict), (2, Verdict::Denied), "what was known stays");
    }
}
