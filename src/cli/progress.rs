//! Progress of a collection: bars for a terminal, JSON lines for programs, nothing when quiet.

use std::io::Write as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::show;
use crate::monitor::{Away, Event, Monitor, Wait};

/// JSON lines of progress come no more often than this, per run.
const EVERY: Duration = Duration::from_secs(1);

/// Bars: one per custodian, and one for the sealing.
pub(super) struct Bars {
    all: MultiProgress,
    custodians: Vec<Line>,
    sealing: ProgressBar,
}

struct Line {
    bar: ProgressBar,
    bytes: std::sync::atomic::AtomicU64,
    name: String,
}

impl Bars {
    /// One bar per custodian.
    pub(super) fn new(custodians: &[String]) -> Self {
        let all = show::screen();
        let longest = custodians.iter().map(|name| name.chars().count()).max().unwrap_or(0).min(40);
        let line = |name: &String| {
            let bar = all.add(ProgressBar::new(0));
            bar.set_style(style("{prefix}  {bar:24} {human_pos}/{human_len}  {rate}  {left}  {msg}"));
            let name: String = show::plain(name).chars().take(40).collect();
            bar.set_prefix(format!("{name:longest$}"));
            Line { bar, bytes: std::sync::atomic::AtomicU64::new(0), name }
        };
        let custodians = custodians.iter().map(line).collect();
        let sealing = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        Self { all, custodians, sealing }
    }

    /// Takes the bars away, leaving the screen to what follows.
    pub(super) fn clear(&self) {
        let _ = self.all.clear();
    }

    fn line(&self, custodian: usize) -> Option<&Line> {
        self.custodians.get(custodian)
    }
}

fn style(template: &str) -> ProgressStyle {
    let left = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let eta = state.eta();
        // Before the first items the guess would be nonsense.
        let _ = if state.pos() < 8 || eta.is_zero() { Ok(()) } else { write!(out, "{} left", show::duration(eta)) };
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let _ = write!(out, "{:.0}/s", state.per_sec());
    };
    style.with_key("left", left).with_key("rate", rate)
}

fn reason(wait: Wait) -> &'static str {
    match wait {
        Wait::ServiceAsked => "the service asked to wait",
        Wait::Retrying => "trying again",
        Wait::Budget => "the service's request limit is used up for now",
        Wait::Propagation => "waiting for access",
    }
}

fn absent(what: Away) -> &'static str {
    match what {
        Away::Service => "no answer from the service",
        Away::Failing => "the service answers with failures",
        Away::SignIn => "no answer from the sign-in service",
    }
}

impl Monitor for Bars {
    fn tell(&self, event: &Event) {
        match event {
            Event::Listing { custodian, items } => {
                if let Some(line) = self.line(*custodian) {
                    line.bar.inc_length(*items);
                    line.bar.set_message("listing");
                }
            }
            Event::Fetching { custodian, remaining, durable } => {
                if let Some(line) = self.line(*custodian) {
                    line.bar.set_length(remaining + durable);
                    line.bar.set_position(*durable);
                    line.bar.reset_eta();
                    line.bar.set_message("");
                }
            }
            Event::Collected { custodian, items, bytes } => {
                if let Some(line) = self.line(*custodian) {
                    let before = line.bytes.fetch_add(*bytes, std::sync::atomic::Ordering::Relaxed);
                    line.bar.inc(*items);
                    line.bar.set_message(show::bytes(before + bytes));
                }
            }
            Event::Excepted { custodian: Some(custodian), code, severity } if !severity.is_note() => {
                if let Some(line) = self.line(*custodian) {
                    line.bar.inc(1);
                    let _ = self.all.println(format!("{}: exception {code}", line.name));
                }
            }
            Event::Waiting { reason: wait, delay } => {
                for line in self.custodians.iter().filter(|line| !line.bar.is_finished()) {
                    line.bar.set_message(format!("{}, {}", reason(*wait), show::duration(*delay)));
                }
            }
            Event::Away { what, since, delay } => {
                let text = format!("{} since {since}, next try in {}", absent(*what), show::duration(*delay));
                for line in self.custodians.iter().filter(|line| !line.bar.is_finished()) {
                    line.bar.set_message(text.clone());
                }
            }
            Event::Refused { custodian } => {
                if let Some(line) = self.line(*custodian) {
                    line.bar.abandon_with_message("cannot be read");
                }
            }
            Event::Finished { custodian } => {
                if let Some(line) = self.line(*custodian) {
                    line.bar.finish();
                }
            }
            Event::Sealing { done, total } => {
                self.sealing.set_length(*total);
                self.sealing.set_position(*done);
            }
            Event::Excepted { .. } => {}
        }
    }
}

/// JSON lines on standard output.
pub(super) struct Lines {
    custodians: Vec<String>,
    state: Mutex<Counted>,
}

struct Counted {
    collected: u64,
    bytes: u64,
    said: Instant,
}

impl Lines {
    /// Lines about these custodians.
    pub(super) fn new(custodians: &[String]) -> Self {
        let state = Mutex::new(Counted { collected: 0, bytes: 0, said: Instant::now() });
        Self { custodians: custodians.to_vec(), state }
    }

    fn name(&self, custodian: usize) -> Option<&str> {
        self.custodians.get(custodian).map(String::as_str)
    }
}

impl Monitor for Lines {
    fn tell(&self, event: &Event) {
        let line = match event {
            Event::Collected { items, bytes, .. } => {
                let Ok(mut counted) = self.state.lock() else { return };
                counted.collected += items;
                counted.bytes += bytes;
                if counted.said.elapsed() < EVERY {
                    return;
                }
                counted.said = Instant::now();
                serde_json::json!({ "event": "progress", "collected": counted.collected, "bytes": counted.bytes })
            }
            Event::Fetching { custodian, remaining, durable } => serde_json::json!({
                "event": "fetching", "custodian": self.name(*custodian), "remaining": remaining, "durable": durable
            }),
            Event::Excepted { custodian, code, severity } => serde_json::json!({
                "event": "exception", "custodian": custodian.and_then(|index| self.name(index)),
                "code": code, "severity": severity
            }),
            Event::Waiting { reason: wait, delay } if *delay >= EVERY => serde_json::json!({
                "event": "waiting", "reason": reason(*wait), "seconds": delay.as_secs()
            }),
            Event::Away { what, since, delay } if *delay >= EVERY => serde_json::json!({
                "event": "waiting", "reason": absent(*what), "since": since.to_string(), "seconds": delay.as_secs()
            }),
            Event::Refused { custodian } => {
                serde_json::json!({ "event": "refused", "custodian": self.name(*custodian) })
            }
            Event::Finished { custodian } => {
                serde_json::json!({ "event": "finished", "custodian": self.name(*custodian) })
            }
            Event::Listing { .. } | Event::Sealing { .. } | Event::Waiting { .. } | Event::Away { .. } => return,
        };
        let _ = writeln!(std::io::stdout(), "{line}");
    }
}
