//! Generated people: a directory of any length, for listings of many pages.
//!
//! A person is a function of their number, so that a test knows whom to expect. Nobody of them has a mailbox here.

use serde_json::{Map, Value, json};

use super::{Standing, Tenant, User};

const DEPARTMENTS: [&str; 4] = ["Legal", "Chartering", "Accounts", "Operations"];
/// Exchange Online Plan 2.
const PLAN: &str = "efb87545-963c-4e0d-99df-69c6916d9eb0";

/// Adds so many people after those of the tenant.
pub(super) fn add(tenant: &mut Tenant, count: u64) {
    for n in 0..count {
        let facts = facts(n, &tenant.domain);
        let text = |name: &str| facts.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let id = text("id");
        // One in a hundred has no sign-in name; nothing can be addressed to them by name.
        let upn = Some(text("userPrincipalName")).filter(|upn| !upn.is_empty()).unwrap_or_else(|| id.clone());
        let at = tenant.users.len();
        tenant.by_name.insert(id.to_lowercase(), at);
        tenant.by_name.insert(upn.to_lowercase(), at);
        let display_name = text("displayName");
        tenant.users.push(User { id, upn, display_name, facts, mailbox: Standing::None, roles: Vec::new() });
    }
}

/// By number: every 7th has no user type, every 10th no address, every 20th a disabled account, every 25th is a guest,
/// every 50th has no name, every 100th (from the 99th) no sign-in name.
fn facts(n: u64, domain: &str) -> Map<String, Value> {
    let every = |step: u64| n % step == step - 1;
    let (name, guest, addressed) = (format!("person.{n:06}"), every(25), !every(10));
    let upn = if guest { format!("{name}_elsewhere.example#EXT#@{domain}") } else { format!("{name}@{domain}") };
    let mail = if guest { format!("{name}@elsewhere.example") } else { format!("{name}@{domain}") };
    let status = if every(15) { "Suspended" } else { "Enabled" };
    let plans = if guest || !addressed || every(20) {
        json!([])
    } else {
        json!([{ "service": "exchange", "servicePlanId": PLAN, "capabilityStatus": status }])
    };
    let department = usize::try_from(n).ok().and_then(|n| DEPARTMENTS.get(n % DEPARTMENTS.len()));
    let facts = json!({
        "id": format!("5e000000-0000-4000-8000-{n:012x}"),
        "displayName": if every(50) { Value::Null } else { json!(format!("Person {n:06}")) },
        "userPrincipalName": if every(100) { Value::Null } else { json!(upn) },
        "mail": if addressed { json!(mail) } else { Value::Null },
        "proxyAddresses": if addressed { json!([format!("SMTP:{mail}"), format!("smtp:p{n}@{domain}")]) } else { json!([]) },
        "userType": if every(7) { Value::Null } else { json!(if guest { "Guest" } else { "Member" }) },
        "accountEnabled": !every(20),
        "assignedPlans": plans,
        "department": department,
        "createdDateTime": "2020-01-01T00:00:00Z",
    });
    facts.as_object().cloned().unwrap_or_default()
}
