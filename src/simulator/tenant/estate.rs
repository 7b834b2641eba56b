//! What the tenant has bought and who has which of it: products, subscriptions, licensing groups, licences of people.
//!
//! From `estate.json`; a tenant without that file has bought nothing. It must not know HTTP or what day it is.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::User;
use super::shelf::Shelf;
use super::source::TenantError;

const FILE: &str = "estate.json";

/// Everything that was bought.
#[derive(Debug, Default)]
pub(in crate::simulator) struct Estate {
    pub(in crate::simulator) skus: Vec<Sku>,
    pub(in crate::simulator) groups: Vec<Group>,
}

/// One product.
#[derive(Debug, Deserialize)]
pub(in crate::simulator) struct Sku {
    /// Its part number, such as `ENTERPRISEPACK`.
    pub(in crate::simulator) part: String,
    pub(in crate::simulator) id: String,
    /// As reports write it, in capitals.
    pub(in crate::simulator) product: String,
    /// `User` or `Company`.
    pub(in crate::simulator) applies_to: String,
    pub(in crate::simulator) status: String,
    pub(in crate::simulator) enabled: u64,
    #[serde(default)]
    pub(in crate::simulator) warning: u64,
    #[serde(default)]
    pub(in crate::simulator) suspended: u64,
    pub(in crate::simulator) subscriptions: Vec<Subscription>,
    pub(in crate::simulator) plans: Vec<Plan>,
}

/// One contract for a product.
#[derive(Debug, Deserialize)]
pub(in crate::simulator) struct Subscription {
    pub(in crate::simulator) licences: u64,
    #[serde(default = "enabled")]
    pub(in crate::simulator) status: String,
    /// Days from now until it moves on unless renewed; none where it never does.
    pub(in crate::simulator) renews_in_days: Option<i64>,
    pub(in crate::simulator) age_days: i64,
    #[serde(default)]
    pub(in crate::simulator) trial: bool,
    /// Whether a partner sold it.
    #[serde(default)]
    pub(in crate::simulator) partner: bool,
}

/// One part of a product.
#[derive(Debug, Deserialize)]
pub(in crate::simulator) struct Plan {
    pub(in crate::simulator) id: String,
    pub(in crate::simulator) name: String,
    /// The service behind it, such as `exchange`.
    pub(in crate::simulator) service: String,
}

/// A group that hands out licences.
#[derive(Debug, Deserialize)]
pub(in crate::simulator) struct Group {
    pub(in crate::simulator) id: String,
    pub(in crate::simulator) name: String,
    key: String,
    /// Part numbers of what it hands out.
    pub(in crate::simulator) skus: Vec<String>,
}

/// One licence of one person, by one way.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct Holding {
    /// Index of the product.
    pub(in crate::simulator) sku: usize,
    /// Index of the group that hands it out; none where it is direct.
    pub(in crate::simulator) group: Option<usize>,
    /// Why it could not be assigned.
    pub(in crate::simulator) error: Option<String>,
    /// Names of plans that are switched off.
    pub(in crate::simulator) disabled: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct EstateFile {
    skus: Vec<Sku>,
    #[serde(default)]
    groups: Vec<Group>,
    #[serde(default)]
    people: BTreeMap<String, PersonFile>,
}

#[derive(Debug, Deserialize)]
struct PersonFile {
    #[serde(default)]
    licences: Vec<LicenceFile>,
    #[serde(flatten)]
    facts: Map<String, Value>,
}

/// A licence as people write it.
#[derive(Debug, Deserialize)]
pub(in crate::simulator) struct LicenceFile {
    sku: String,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    disabled: Vec<String>,
}

fn enabled() -> String {
    "Enabled".to_owned()
}

/// Reads the estate and gives every person what is theirs.
pub(super) fn read(shelf: &Shelf, users: &mut [User]) -> Result<Estate, TenantError> {
    if !shelf.has(FILE) {
        return Ok(Estate::default());
    }
    let EstateFile { skus, groups, people } = shelf.json(FILE)?;
    let estate = Estate { skus, groups };
    for (upn, person) in people {
        let user = users.iter_mut().find(|user| user.upn == upn);
        let user = user.ok_or_else(|| TenantError::dangling(FILE, "the user", &upn))?;
        user.facts.extend(person.facts);
        for licence in person.licences {
            let named = licence.sku.clone();
            user.holdings.push(
                estate.holding(licence).ok_or_else(|| TenantError::dangling(FILE, "the product or group", &named))?,
            );
        }
    }
    Ok(estate)
}

impl Estate {
    /// The licence that a file means; `None` where its product or group does not exist.
    pub(in crate::simulator) fn holding(&self, licence: LicenceFile) -> Option<Holding> {
        let sku = self.sku(&licence.sku)?;
        let group = match licence.group {
            Some(key) => Some(self.groups.iter().position(|group| group.key == key)?),
            None => None,
        };
        Some(Holding { sku, group, error: licence.error, disabled: licence.disabled })
    }

    /// Index of a product by its part number.
    pub(in crate::simulator) fn sku(&self, part: &str) -> Option<usize> {
        self.skus.iter().position(|sku| sku.part == part)
    }

    /// Which group hands out a product.
    pub(in crate::simulator) fn hands_out(&self, group: usize, sku: usize) -> bool {
        let part = self.skus.get(sku).map(|sku| sku.part.as_str());
        self.groups.get(group).is_some_and(|group| group.skus.iter().any(|have| Some(have.as_str()) == part))
    }
}
