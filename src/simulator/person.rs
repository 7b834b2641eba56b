//! People as they are today: what the tenant's folder says of them, and what has changed since the start.
//!
//! It must not know HTTP. Mailboxes and sign-ins go by the folder alone; the directory and the reports go by this.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use super::tenant::{Estate, Holding, Sku};
use super::world::World;

/// When licences were handed out, where nothing says otherwise.
const ASSIGNED: &str = "2021-03-01T08:00:00Z";

/// Somebody in the directory, today.
pub(super) struct Person {
    /// Index of the user.
    pub(super) at: usize,
    pub(super) id: String,
    /// Graph's properties without those about licences.
    pub(super) facts: Map<String, Value>,
    pub(super) holdings: Vec<Holding>,
}

/// What has changed, by index of the user.
#[derive(Default)]
pub(super) struct Changes(Mutex<BTreeMap<usize, Change>>);

/// What has changed about one person.
#[derive(Debug, Clone, Default)]
pub(super) struct Change {
    /// When the person was deleted, in milliseconds since 1970.
    pub(super) gone: Option<i64>,
    /// Properties with other values.
    pub(super) facts: Map<String, Value>,
    /// Other licences.
    pub(super) holdings: Option<Vec<Holding>>,
    /// When the latest of it happened, in milliseconds since 1970.
    pub(super) made: i64,
}

impl Changes {
    /// Changes one person, on top of what was changed before.
    pub(super) fn put(&self, at: usize, change: Change) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let have = all.entry(at).or_default();
        have.gone = change.gone.or(have.gone);
        have.made = change.made;
        have.facts.extend(change.facts);
        have.holdings = change.holdings.or(have.holdings.take());
    }

    /// Undoes what was changed about one person.
    pub(super) fn forget(&self, at: usize) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&at);
    }

    /// What has changed about one person.
    pub(super) fn of(&self, at: usize) -> Option<Change> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&at).cloned()
    }

    /// Who was deleted, and when.
    pub(super) fn gone(&self) -> Vec<(usize, i64)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter_map(|(at, change)| Some((*at, change.gone?))).collect()
    }

    /// A text that differs as soon as anything else has changed.
    pub(super) fn version(&self) -> String {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{all:?}")
    }
}

impl World {
    /// One person as of today; `None` where the index is none or the person was deleted.
    pub(super) fn person(&self, at: usize) -> Option<Person> {
        let change = self.changes.of(at);
        if change.as_ref().is_some_and(|change| change.gone.is_some()) {
            return None;
        }
        self.person_before(at, change)
    }

    /// One person as of the end of a day, in days since 1970: what has changed later is not known yet.
    pub(super) fn person_on(&self, at: usize, day: i64) -> Option<Person> {
        let known = |change: &Change| change.made.div_euclid(86_400_000) <= day;
        let change = self.changes.of(at).filter(known);
        let gone = change.as_ref().is_some_and(|change| change.gone.is_some());
        if gone { None } else { self.person_before(at, change) }
    }

    /// One person, deleted or not.
    pub(super) fn person_before(&self, at: usize, change: Option<Change>) -> Option<Person> {
        let user = self.tenant.users.get(at)?;
        let mut facts = self.tenant.facts(user).into_owned();
        let mut holdings = self.tenant.holdings(user).into_owned();
        if let Some(change) = change {
            facts.extend(change.facts);
            holdings = change.holdings.unwrap_or(holdings);
        }
        Some(Person { at, id: user.id.clone(), facts, holdings })
    }

    /// Everybody of today, in the tenant's order.
    pub(super) fn people(&self) -> impl Iterator<Item = Person> {
        (0..self.tenant.users.len()).filter_map(|at| self.person(at))
    }

    /// The person with this id or sign-in name as of today.
    pub(super) fn person_named(&self, name: &str) -> Option<Person> {
        let at = self.tenant.user(name);
        let renamed =
            |person: &Person| person.text("userPrincipalName").eq_ignore_ascii_case(name) || person.id == name;
        at.and_then(|at| self.person(at)).filter(renamed).or_else(|| {
            let changed =
                self.changes.0.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect::<Vec<_>>();
            changed.into_iter().filter_map(|at| self.person(at)).find(renamed)
        })
    }
}

impl Person {
    /// A property that is text; empty where there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.facts.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The sign-in name, or the address where that is all there is.
    pub(super) fn upn(&self) -> &str {
        self.text("userPrincipalName")
    }

    /// Products that are assigned without an error, each once.
    pub(super) fn skus<'a>(&self, estate: &'a Estate) -> Vec<&'a Sku> {
        let mut seen: Vec<usize> =
            self.holdings.iter().filter(|held| held.error.is_none()).map(|held| held.sku).collect();
        seen.sort_unstable();
        seen.dedup();
        seen.into_iter().filter_map(|sku| estate.skus.get(sku)).collect()
    }

    /// Whether a plan of a service works for this person.
    pub(super) fn has_service(&self, estate: &Estate, service: &str) -> bool {
        let named = self.facts.get("assignedPlans").and_then(Value::as_array).into_iter().flatten();
        let mut works = named.map(|plan| plan["service"] == service && plan["capabilityStatus"] == "Enabled");
        works.any(|works| works) || self.holdings.iter().any(|held| Self::holds(estate, held, service))
    }

    fn holds(estate: &Estate, held: &Holding, service: &str) -> bool {
        let sku = estate.skus.get(held.sku).filter(|sku| held.error.is_none() && sku.status == "Enabled");
        let plans = sku.into_iter().flat_map(|sku| &sku.plans);
        // A foundation is in many products and is no mailbox.
        let real = |name: &str| name != "EXCHANGE_S_FOUNDATION";
        plans.into_iter().any(|plan| plan.service == service && real(&plan.name) && !held.disabled.contains(&plan.name))
    }

    /// `assignedLicenses`.
    pub(super) fn assigned_licenses(&self, estate: &Estate) -> Vec<Value> {
        let licence = |sku: &Sku| {
            let disabled = |held: &&Holding| estate.skus.get(held.sku).is_some_and(|have| have.id == sku.id);
            let off = self.holdings.iter().filter(disabled).flat_map(|held| disabled_ids(sku, held));
            json!({ "disabledPlans": off.collect::<Vec<_>>(), "skuId": sku.id })
        };
        self.skus(estate).into_iter().map(licence).collect()
    }

    /// `licenseAssignmentStates`.
    pub(super) fn assignment_states(&self, estate: &Estate) -> Vec<Value> {
        let state = |held: &Holding| {
            let sku = estate.skus.get(held.sku)?;
            let group = held.group.and_then(|group| estate.groups.get(group)).map(|group| group.id.as_str());
            let (state, error) = match &held.error {
                Some(error) => ("Error", error.as_str()),
                None => ("Active", "None"),
            };
            Some(json!({ "skuId": sku.id, "assignedByGroup": group, "disabledPlans": disabled_ids(sku, held),
                         "state": state, "error": error, "lastUpdatedDateTime": ASSIGNED }))
        };
        self.holdings.iter().filter_map(state).collect()
    }

    /// `assignedPlans`: what the directory entry names, then the plans of the products, each once.
    pub(super) fn assigned_plans(&self, estate: &Estate) -> Vec<Value> {
        let mut plans = self.facts.get("assignedPlans").and_then(Value::as_array).cloned().unwrap_or_default();
        for held in self.holdings.iter().filter(|held| held.error.is_none()) {
            let Some(sku) = estate.skus.get(held.sku) else { continue };
            for plan in &sku.plans {
                let have = plans.iter().any(|have| have["servicePlanId"] == plan.id.as_str());
                if have || held.disabled.contains(&plan.name) {
                    continue;
                }
                plans.push(
                    json!({ "assignedDateTime": ASSIGNED, "capabilityStatus": sku.status, "service": plan.service,
                                   "servicePlanId": plan.id }),
                );
            }
        }
        plans
    }
}

fn disabled_ids<'a>(sku: &'a Sku, held: &Holding) -> Vec<&'a str> {
    sku.plans.iter().filter(|plan| held.disabled.contains(&plan.name)).map(|plan| plan.id.as_str()).collect()
}
