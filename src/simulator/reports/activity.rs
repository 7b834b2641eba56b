//! What people did: made from the seed, the same in every run, and moving on with the tenant's days.
//!
//! Most people are there every few days; some stopped long ago, some never came. Nobody's mail is read for it.

use crate::simulator::chance::{Chance, hash};
use crate::simulator::person::Person;
use crate::simulator::tenant::Estate;

use super::Span;

/// The graph's names of the services that reports are about, in the reports' order.
const BEHIND: [&str; 6] =
    ["exchange", "SharePoint", "SharePoint", "MicrosoftCommunicationsOnline", "YammerEnterprise", "TeamspaceAPI"];

/// Which service of the reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Exchange,
    OneDrive,
    SharePoint,
    Skype,
    Yammer,
    Teams,
}

/// All of them, in the reports' order.
pub(super) const ALL: [Service; 6] =
    [Service::Exchange, Service::OneDrive, Service::SharePoint, Service::Skype, Service::Yammer, Service::Teams];

/// The days a report looks at, and the seed it is made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Days {
    /// The last day that is known.
    pub(super) refreshed: i64,
    /// The last known day when the simulator started.
    pub(super) at_start: i64,
    pub(super) span: Span,
    pub(super) seed: u64,
    /// Another content for the same days.
    pub(super) restated: u64,
}

impl Service {
    const fn slot(self) -> usize {
        self as usize
    }

    /// Whether a plan for it works.
    pub(super) fn licensed(self, person: &Person, estate: &Estate) -> bool {
        BEHIND.get(self.slot()).is_some_and(|service| person.has_service(estate, service))
    }
}

impl Days {
    /// How many days the report looks at.
    pub(super) fn length(self) -> i64 {
        match self.span {
            Span::Period(days) => i64::from(days),
            Span::Day(_) => 1,
            Span::Always => 180,
        }
    }

    /// The first day it looks at.
    pub(super) fn first(self) -> i64 {
        self.last() - self.length() + 1
    }

    /// The last day it looks at.
    pub(super) fn last(self) -> i64 {
        match self.span {
            Span::Day(day) => day,
            Span::Period(_) | Span::Always => self.refreshed,
        }
    }

    /// `Report Period`.
    pub(super) fn period(self) -> String {
        self.length().to_string()
    }

    /// A generator for one person and one matter.
    pub(super) fn chance(self, person: &Person, matter: &str) -> Chance {
        Chance::new(self.seed, hash(&format!("{} {matter}", person.id)))
    }

    /// The last day somebody used a service; `None` where it never happened.
    pub(super) fn last_activity(self, person: &Person, service: Service) -> Option<i64> {
        let mut chance = self.chance(person, "last activity").clone();
        let enabled = person.facts.get("accountEnabled").and_then(serde_json::Value::as_bool).unwrap_or(true);
        let kind = chance.below(100);
        let mut own = self.chance(person, &format!("last activity {}", service.slot()));
        let lag = own.below(4);
        let far = i64::try_from(lag).unwrap_or_default();
        match (enabled, service, kind) {
            // Skype is gone; Yammer is what few people use.
            (_, Service::Skype, _) => None,
            (_, Service::Yammer, kind) if kind % 5 != 0 => None,
            (false, ..) => Some(self.at_start - 130 - far * 9),
            (true, _, 0..70) => Some(self.refreshed - far),
            (true, _, 70..82) => Some(self.at_start - 15 - far * 12),
            (true, _, 82..92) => Some(self.at_start - 95 - far * 25),
            _ => None,
        }
    }

    /// Whether the last use lies within the days looked at.
    pub(super) fn is_active(self, last: Option<i64>) -> bool {
        last.is_some_and(|last| (self.first()..=self.last()).contains(&last))
    }

    /// How often something happened within the days looked at; 0 for whoever was not there.
    pub(super) fn count(self, person: &Person, last: Option<i64>, matter: &str, per_day: u64) -> u64 {
        if !self.is_active(last) {
            return 0;
        }
        let days = u64::try_from(self.length()).unwrap_or(1);
        let mut chance = self.chance(person, matter);
        let usual = chance.below(per_day.saturating_mul(days) + 1);
        usual + 1 + chance.below(days) + self.restated
    }
}
