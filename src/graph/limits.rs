//! How hard Graph may be asked, and for how long a request is tried.
//!
//! Source of the figures: Microsoft, "Microsoft Graph service-specific throttling limits", Outlook:
//! 10,000 requests in 10 minutes and 4 at a time, per application and mailbox.

use std::time::Duration;

use crate::cloud::Cloud;

/// The most requests in flight per mailbox; the service refuses a fifth.
pub const IN_FLIGHT: usize = 4;

/// The span of the request window.
pub(super) const WINDOW: Duration = Duration::from_mins(10);

/// Budgets and patience of one [`Graph`](super::Graph).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Requests in flight per mailbox; [`IN_FLIGHT`] at most.
    pub in_flight_per_mailbox: usize,
    /// Requests in flight for the directory. It has limits of its own, of which four at a time use no more than a part:
    /// 3,500 resource units in 10 seconds in the smallest tenants, at 1 or 2 a request (Microsoft, "Microsoft Graph
    /// service-specific throttling limits").
    pub in_flight_of_directory: usize,
    /// Requests per mailbox in any 10 minutes; `None` for no window. The service publishes 10,000.
    pub per_window: Option<u32>,
    /// Requests per usage report in any 10 minutes; `None` for no window. The service publishes 14 per application and
    /// tenant, each report function by itself (Microsoft, "Microsoft Graph service-specific throttling limits", Reports).
    pub per_report: Option<u32>,
    /// Requests in flight over all mailboxes.
    pub connections: usize,
    /// Attempts per request that is answered, but with a failure; throttling is bounded by [`Self::patience`] alone.
    pub attempts: u32,
    /// Time after which a request is tried no more; a wait the service asked for is sat out even so.
    pub patience: Duration,
    /// How long it is waited for a service, network or identity platform that does not answer at all.
    pub unreachable: Duration,
    /// First pause between attempts; doubles up to a minute, with up to a quarter of jitter.
    pub first_pause: Duration,
    /// No byte for so long means the connection is broken.
    pub stall: Duration,
}

impl Limits {
    /// The limits of a cloud. A Graph on this machine has no published quota, so it gets no window.
    pub fn for_cloud(cloud: &Cloud) -> Self {
        Self {
            in_flight_per_mailbox: IN_FLIGHT,
            in_flight_of_directory: IN_FLIGHT,
            per_window: (!cloud.is_loopback()).then_some(9_600),
            per_report: (!cloud.is_loopback()).then_some(14),
            connections: 64,
            attempts: 10,
            patience: Duration::from_mins(30),
            unreachable: Duration::from_hours(12),
            first_pause: Duration::from_secs(1),
            stall: Duration::from_mins(2),
        }
    }
}
