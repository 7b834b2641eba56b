//! What the tenant has bought: `GET /subscribedSkus` and `GET /directory/subscriptions`.

use serde_json::{Value, json};

use super::call::Call;
use super::refusal::Refusal;
use crate::simulator::reply::Reply;
use crate::simulator::tenant::Sku;
use crate::terms::{Sha256, UtcInstant};

const OPEN: [&str; 5] = [
    "LicenseAssignment.Read.All",
    "Organization.Read.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
    "LicenseAssignment.ReadWrite.All",
];
const CONTRACTS: [&str; 3] = ["Organization.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"];
/// The tenant of the partner who sold some of it.
const PARTNER: &str = "331af819-4e0b-49f7-a6bf-14e1165ad3a0";
const DAY: i64 = 86_400_000;

/// `GET /subscribedSkus`; `consumedUnits` is counted, not stored.
pub(super) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.demand(&OPEN)?;
    if call.query.get("$filter").is_some() {
        return Err(Refusal::bad_request("Request_BadRequest", "Resource 'SubscribedSku' does not support $filter."));
    }
    let tenant = &call.world.tenant;
    let mut consumed = vec![0_u64; tenant.estate.skus.len()];
    for person in call.world.people() {
        let mut held: Vec<usize> =
            person.holdings.iter().filter(|held| held.error.is_none()).map(|held| held.sku).collect();
        held.sort_unstable();
        held.dedup();
        for sku in held {
            if let Some(count) = consumed.get_mut(sku) {
                *count += 1;
            }
        }
    }
    let shown = |(sku, consumed): (&Sku, u64)| {
        let ids: Vec<String> = (0..sku.subscriptions.len()).map(|n| contract_id(&tenant.id, sku, n)).collect();
        json!({
            "accountName": tenant.domain.split('.').next(), "accountId": tenant.id, "appliesTo": sku.applies_to,
            "capabilityStatus": sku.status, "consumedUnits": consumed, "id": format!("{}_{}", tenant.id, sku.id),
            "skuId": sku.id, "skuPartNumber": sku.part, "subscriptionIds": ids,
            "prepaidUnits": { "enabled": sku.enabled, "suspended": sku.suspended, "warning": sku.warning, "lockedOut": 0 },
            "servicePlans": plans(sku),
        })
    };
    Ok(call.answer("subscribedSkus", tenant.estate.skus.iter().zip(consumed).map(shown).collect()))
}

/// `GET /directory/subscriptions`.
pub(super) fn contracts(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.demand(&CONTRACTS)?;
    let tenant = &call.world.tenant;
    // The contracts' days do not move with the hour.
    let today = call.world.time.millis().div_euclid(DAY);
    let day = |offset: i64| {
        UtcInstant::from_millis(today.saturating_add(offset).saturating_mul(DAY))
            .map(|at| at.odata().replace(".000Z", "Z"))
    };
    let mut value = Vec::new();
    for sku in &tenant.estate.skus {
        for (n, contract) in sku.subscriptions.iter().enumerate() {
            value.push(json!({
                "id": contract_id(&tenant.id, sku, n),
                "commerceSubscriptionId": uuid_of(&format!("commerce {} {} {n}", tenant.id, sku.id)),
                "createdDateTime": day(contract.age_days.saturating_neg()), "isTrial": contract.trial,
                "nextLifecycleDateTime": contract.renews_in_days.and_then(day),
                "skuId": sku.id, "skuPartNumber": sku.part, "status": contract.status, "totalLicenses": contract.licences,
                "ownerId": null, "ownerTenantId": contract.partner.then_some(PARTNER),
                "ownerType": if contract.partner { "Partner" } else { "User" }, "serviceStatus": plans(sku),
            }));
        }
    }
    Ok(call.answer("directory/subscriptions", value))
}

fn plans(sku: &Sku) -> Vec<Value> {
    let state = if sku.status == "Enabled" { "Success" } else { "Disabled" };
    let plan = |plan: &crate::simulator::tenant::Plan| json!({ "servicePlanId": plan.id, "servicePlanName": plan.name, "provisioningStatus": state, "appliesTo": sku.applies_to });
    sku.plans.iter().map(plan).collect()
}

fn contract_id(tenant: &str, sku: &Sku, number: usize) -> String {
    uuid_of(&format!("subscription {tenant} {} {number}", sku.id))
}

fn uuid_of(text: &str) -> String {
    let bytes: [u8; 16] = Sha256::of(text.as_bytes()).as_bytes().first_chunk().copied().unwrap_or_default();
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}
