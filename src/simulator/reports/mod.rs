//! Usage reports: which there are, with which columns, about which days, and the host they are downloaded from.
//!
//! Sources: Microsoft's pages of each report; the order of columns is that of real answers. It must not know tokens
//! or scopes: whoever hands out a link has decided already what its reader may see.

mod activity;
mod columns;
mod host;
mod links;
mod names;
mod rows;
mod sheet;
mod sign_in;
mod throttle;
mod totals;

pub(super) use columns::Report;
pub(super) use host::{direct, serve};
pub(super) use links::{Link, Links};
pub(super) use sheet::etag;
pub(super) use sign_in::sign_in_activity;
pub(super) use throttle::Throttle;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::terms::UtcInstant;

use super::time::Time;

const DAY: i64 = 86_400_000;

/// What the reports of a running simulator share.
pub(super) struct Desk {
    /// Where reports are downloaded: `http://127.0.0.1:PORT`.
    pub(super) origin: String,
    pub(super) links: Links,
    pub(super) throttle: Throttle,
    /// Requests to the download host that carried a token though they must not.
    pub(super) leaked: AtomicU64,
    /// Requests to the download host.
    pub(super) downloads: AtomicU64,
    /// How often content was replaced without a new refresh date, and what data still looks like after a switch.
    pub(super) stage: Mutex<Stage>,
}

/// What a test has set.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stage {
    /// Another content for the same refresh date.
    pub(super) restated: u64,
}

/// Which days a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    /// The last so many days before the refresh date.
    Period(u32),
    /// One day, in days since 1970.
    Day(i64),
    /// Everything, where a report has no days.
    Always,
}

impl Desk {
    /// A desk whose host listens at `origin`.
    pub(super) fn new(origin: String) -> Self {
        Self {
            origin,
            links: Links::default(),
            throttle: Throttle::default(),
            leaked: AtomicU64::new(0),
            downloads: AtomicU64::new(0),
            stage: Mutex::default(),
        }
    }

    /// What the download host has seen, for tests.
    pub(super) fn counts(&self) -> serde_json::Value {
        serde_json::json!({ "downloads": self.downloads.load(Ordering::Relaxed), "leaked": self.leaked.load(Ordering::Relaxed) })
    }
}

/// The day that reports were last made for, in days since 1970: two days before today.
pub(super) fn refreshed(time: &Time) -> i64 {
    time.millis().div_euclid(DAY) - 2
}

/// A day as reports write it.
pub(super) fn date(day: i64) -> String {
    let at = UtcInstant::from_millis(day.saturating_mul(DAY)).map(UtcInstant::odata).unwrap_or_default();
    at.split('T').next().unwrap_or_default().to_owned()
}

/// A day from `YYYY-MM-DD`.
pub(super) fn day(text: &str) -> Option<i64> {
    let shaped = text.len() == 10 && text.split('-').map(str::len).eq([4, 2, 2]);
    shaped.then(|| UtcInstant::parse(&format!("{text}T00:00:00Z")).ok()).flatten().map(|at| at.millis().div_euclid(DAY))
}
