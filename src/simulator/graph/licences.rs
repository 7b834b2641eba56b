//! A user's licences with their service plans, made from the plans that the directory entry names.

use http::StatusCode;
use serde_json::{Value, json};

use super::call::Call;
use super::refusal::Refusal;
use crate::simulator::reply::Reply;

/// Scopes that open anybody's licences, and those that open one's own.
const EVERYBODY: [&str; 5] = [
    "LicenseAssignment.Read.All",
    "User.Read.All",
    "User.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const OWN: [&str; 2] = ["User.Read", "User.ReadWrite"];
/// A product for plans of which the fixtures name none.
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
    let (_, user) = found.ok_or_else(|| Refusal::no_such_user(name))?;
    let plans = user.facts.get("assignedPlans").and_then(Value::as_array).cloned().unwrap_or_default();
    let shown: Vec<Value> = plans.iter().map(plan).collect();
    let (sku, product) = PRODUCT;
    let licence =
        json!({ "id": format!("{}_{sku}", user.id), "skuId": sku, "skuPartNumber": product, "servicePlans": shown });
    let value = if plans.is_empty() { json!([]) } else { json!([licence]) };
    let context = call.context(&format!("users('{}')/licenseDetails", user.id));
    Ok(Reply::graph(StatusCode::OK, json!({ "@odata.context": context, "value": value })))
}

/// An assigned plan as a licence shows it.
fn plan(assigned: &Value) -> Value {
    let works = matches!(assigned["capabilityStatus"].as_str(), Some("Enabled" | "Warning"));
    json!({
        "servicePlanId": assigned["servicePlanId"],
        "servicePlanName": "EXCHANGE",
        "provisioningStatus": if works { "Success" } else { "Disabled" },
        "appliesTo": "User",
    })
}
