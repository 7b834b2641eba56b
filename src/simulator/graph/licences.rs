//! A user's licences with their service plans.

use http::StatusCode;
use serde_json::{Value, json};

use super::call::Call;
use super::refusal::Refusal;
use crate::simulator::person::Person;
use crate::simulator::reply::Reply;
use crate::simulator::tenant::Sku;

/// Scopes that open anybody's licences, and those that open one's own.
const EVERYBODY: [&str; 5] = [
    "LicenseAssignment.Read.All",
    "User.Read.All",
    "User.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const OWN: [&str; 2] = ["User.Read", "User.ReadWrite"];
/// A product for plans that come from none the tenant has bought.
const PRODUCT: (&str, &str) = ("6fd2c87f-b296-42f0-b197-1e91e994b900", "ENTERPRISEPACK");

/// `GET …/licenseDetails`.
pub(super) fn list(call: &Call<'_>, name: &str) -> Result<Reply, Refusal> {
    let found = call.user(name);
    let own = found.is_some_and(|(at, _)| call.caller.user == Some(at));
    let any = |scopes: &[&str]| scopes.iter().any(|scope| call.caller.has_scope(scope));
    let opened = any(&EVERYBODY) || (own && any(&OWN));
    if !opened {
        return Err(Refusal::insufficient());
    }
    let known = found.and_then(|(at, _)| call.world.person(at)).or_else(|| call.world.person_named(name));
    let person = known.ok_or_else(|| Refusal::no_such_user(name))?;
    let plans = person.assigned_plans(&call.world.tenant.estate);
    let skus = person.skus(&call.world.tenant.estate);
    let mut value: Vec<Value> = skus.iter().map(|sku| product(&person, sku, &plans)).collect();
    let covered =
        |plan: &&Value| !skus.iter().any(|sku| sku.plans.iter().any(|have| plan["servicePlanId"] == have.id.as_str()));
    let bare: Vec<Value> = plans.iter().filter(covered).map(|plan| shown(plan, "EXCHANGE")).collect();
    if !bare.is_empty() {
        let (sku, part) = PRODUCT;
        value.push(
            json!({ "id": format!("{}_{sku}", person.id), "skuId": sku, "skuPartNumber": part, "servicePlans": bare }),
        );
    }
    let context = call.context(&format!("users('{}')/licenseDetails", person.id));
    Ok(Reply::graph(StatusCode::OK, json!({ "@odata.context": context, "value": value })))
}

/// A product as a licence shows it: every plan of it, also those that are switched off.
fn product(person: &Person, sku: &Sku, plans: &[Value]) -> Value {
    let plan = |plan: &crate::simulator::tenant::Plan| {
        let assigned = plans.iter().find(|have| have["servicePlanId"] == plan.id.as_str());
        let off = json!({ "servicePlanId": plan.id, "capabilityStatus": "Deleted" });
        shown(assigned.unwrap_or(&off), &plan.name)
    };
    json!({ "id": format!("{}_{}", person.id, sku.id), "skuId": sku.id, "skuPartNumber": sku.part,
            "servicePlans": sku.plans.iter().map(plan).collect::<Vec<_>>() })
}

/// An assigned plan as a licence shows it.
fn shown(assigned: &Value, name: &str) -> Value {
    let works = matches!(assigned["capabilityStatus"].as_str(), Some("Enabled" | "Warning"));
    json!({
        "servicePlanId": assigned["servicePlanId"],
        "servicePlanName": name,
        "provisioningStatus": if works { "Success" } else { "Disabled" },
        "appliesTo": "User",
    })
}
