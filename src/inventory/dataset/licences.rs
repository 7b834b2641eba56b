//! Products, subscriptions, licences and plans, from the service's JSON to staged rows.
//!
//! Source: Microsoft, "subscribedSku", "companySubscription", "licenseAssignmentState", "assignedPlan" and "group"
//! resource types.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use serde_json::Value as Json;

use super::page::{instant, list, number, said, text, yes};
use crate::inventory::store::table;
use crate::inventory::store::{Stage, StoreError};

fn own(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// A list of texts in one order, as JSON.
fn sorted(entry: &Json, name: &str) -> String {
    let mut texts: Vec<String> = list(entry, name).filter_map(Json::as_str).map(str::to_lowercase).collect();
    texts.sort_unstable();
    serde_json::json!(texts).to_string()
}

pub(super) fn sku(entry: &Json, stage: &Stage<'_>) -> Result<bool, StoreError> {
    let (Some(id), Some(part)) = (said(entry, "skuId"), said(entry, "skuPartNumber")) else { return Ok(false) };
    let id = id.to_lowercase();
    let units = entry.get("prepaidUnits").unwrap_or(&Json::Null);
    let subscriptions = entry.get("subscriptionIds").filter(|ids| ids.is_array());
    let values = [
        own(&id),
        own(part),
        text(entry, "appliesTo"),
        text(entry, "capabilityStatus"),
        number(entry, "consumedUnits"),
        number(units, "enabled"),
        number(units, "warning"),
        number(units, "suspended"),
        number(units, "lockedOut"),
        subscriptions.map_or(Value::Null, |_| Value::Text(sorted(entry, "subscriptionIds"))),
    ];
    stage.put(&table::SKU, &values)?;
    for plan in list(entry, "servicePlans") {
        let Some(plan_id) = said(plan, "servicePlanId") else { continue };
        let values = [
            own(&id),
            own(&plan_id.to_lowercase()),
            text(plan, "servicePlanName"),
            text(plan, "provisioningStatus"),
            text(plan, "appliesTo"),
        ];
        stage.put(&table::SKU_PLAN, &values)?;
    }
    Ok(true)
}

pub(super) fn subscription(entry: &Json, stage: &Stage<'_>) -> Result<bool, StoreError> {
    let Some(id) = said(entry, "id") else { return Ok(false) };
    let sku = said(entry, "skuId").map_or(Value::Null, |id| Value::Text(id.to_lowercase()));
    let values = [
        own(&id.to_lowercase()),
        text(entry, "commerceSubscriptionId"),
        sku,
        text(entry, "skuPartNumber"),
        text(entry, "status"),
        number(entry, "totalLicenses"),
        yes(entry, "isTrial"),
        instant(entry, "createdDateTime"),
        instant(entry, "nextLifecycleDateTime"),
        text(entry, "ownerTenantId"),
    ];
    stage.put(&table::SUBSCRIPTION, &values)?;
    Ok(true)
}

/// An account's licences, direct and by group, and its plans.
pub(super) fn of_user(entry: &Json, stage: &Stage<'_>) -> Result<bool, StoreError> {
    let Some(user) = said(entry, "id") else { return Ok(false) };
    let mut stated = Vec::new();
    for state in list(entry, "licenseAssignmentStates") {
        let Some(sku) = said(state, "skuId").map(str::to_lowercase) else { continue };
        let error = said(state, "error").filter(|error| !error.eq_ignore_ascii_case("none"));
        let values = [
            own(user),
            own(&sku),
            own(said(state, "assignedByGroup").unwrap_or_default()),
            text(state, "state"),
            error.map_or(Value::Null, own),
            Value::Text(sorted(state, "disabledPlans")),
            instant(state, "lastUpdatedDateTime"),
        ];
        stage.put(&table::LICENCE, &values)?;
        stated.push(sku);
    }
    for licence in list(entry, "assignedLicenses") {
        let Some(sku) = said(licence, "skuId").map(str::to_lowercase) else { continue };
        // Licences without a state: how they came about is not known.
        if !stated.contains(&sku) {
            let disabled = Value::Text(sorted(licence, "disabledPlans"));
            let values = [own(user), own(&sku), own(""), Value::Null, Value::Null, disabled, Value::Null];
            stage.put(&table::LICENCE, &values)?;
        }
    }
    // The same plan may come with several products: the one that works counts.
    let mut plans: BTreeMap<String, &Json> = BTreeMap::new();
    for plan in list(entry, "assignedPlans") {
        let Some(id) = said(plan, "servicePlanId").map(str::to_lowercase) else { continue };
        let works = said(plan, "capabilityStatus") == Some("Enabled");
        if works || !plans.contains_key(&id) {
            plans.insert(id, plan);
        }
    }
    for (id, plan) in plans {
        let values = [
            own(user),
            Value::Text(id),
            text(plan, "service"),
            text(plan, "capabilityStatus"),
            instant(plan, "assignedDateTime"),
        ];
        stage.put(&table::PLAN, &values)?;
    }
    Ok(true)
}

/// A group that gives licences. How many members have trouble is asked for where the group says that some do.
pub(super) fn group(entry: &Json, stage: &Stage<'_>) -> Result<bool, StoreError> {
    let Some(id) = said(entry, "id") else { return Ok(false) };
    let processing = entry.get("licenseProcessingState").unwrap_or(&Json::Null);
    let without_trouble = entry.get("hasMembersWithLicenseErrors").and_then(Json::as_bool) == Some(false);
    for licence in list(entry, "assignedLicenses") {
        let Some(sku) = said(licence, "skuId") else { continue };
        let values = [
            own(id),
            own(&sku.to_lowercase()),
            text(entry, "displayName"),
            text(processing, "state"),
            if without_trouble { Value::Integer(0) } else { Value::Null },
        ];
        stage.put(&table::GROUP, &values)?;
    }
    Ok(true)
}
