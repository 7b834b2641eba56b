//! Generated people: a directory of any length, for listings of many pages.
//!
//! A person is a function of their number, so that a test knows whom to expect. Nobody of them has a mailbox here.

use serde_json::{Map, Value, json};

use super::{Estate, Holding, Standing, Tenant, User};

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
        tenant.users.push(User {
            id,
            upn,
            display_name,
            facts: Map::new(),
            mailbox: Standing::None,
            roles: Vec::new(),
            holdings: Vec::new(),
            made: Some(n),
        });
    }
    buy(tenant, count);
}

/// Buys what the generated people hold, and a twentieth more, so that the seats still fit.
fn buy(tenant: &mut Tenant, count: u64) {
    let mut needed = vec![0_u64; tenant.estate.skus.len()];
    for held in (0..count).flat_map(|n| holdings(n, &tenant.estate)) {
        if let Some(number) = needed.get_mut(held.sku) {
            *number += 1;
        }
    }
    for (sku, number) in tenant.estate.skus.iter_mut().zip(needed) {
        let more = number + number / 20;
        sku.enabled += more;
        if let Some(first) = sku.subscriptions.first_mut() {
            first.licences += more;
        }
    }
}

/// By number: every 7th has no user type, every 10th no address, every 20th a disabled account, every 25th is a guest,
/// every 50th has no name, every 100th (from the 99th) no sign-in name.
pub(super) fn facts(n: u64, domain: &str) -> Map<String, Value> {
    let every = |step: u64| every(n, step);
    let (name, guest, addressed) = (format!("person.{n:06}"), is_guest(n), !every(10));
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
        "accountEnabled": is_enabled(n),
        "assignedPlans": plans,
        "department": department,
        "createdDateTime": "2020-01-01T00:00:00Z",
    });
    facts.as_object().cloned().unwrap_or_default()
}

const fn every(n: u64, step: u64) -> bool {
    n % step == step - 1
}

/// Whether this generated person is a guest.
pub(super) const fn is_guest(n: u64) -> bool {
    every(n, 25)
}

/// Whether this generated person's account is enabled.
pub(super) const fn is_enabled(n: u64) -> bool {
    !every(n, 20)
}

/// The licences of a generated person: whoever has the plan has the product, two in three by a group; every 9th has a
/// second product and every 4th a free one.
pub(super) fn holdings(n: u64, estate: &Estate) -> Vec<Holding> {
    let licensed = !is_guest(n) && !every(n, 10);
    let held = |part: &str, by_group: bool| {
        let sku = estate.sku(part)?;
        let group = (0..estate.groups.len()).find(|group| by_group && estate.hands_out(*group, sku));
        Some(Holding { sku, group, error: None, disabled: Vec::new() })
    };
    let main = licensed.then(|| held("ENTERPRISEPACK", !n.is_multiple_of(3))).flatten();
    let second = (licensed && every(n, 9)).then(|| held("SPE_E5", false)).flatten();
    let free = every(n, 4).then(|| held("FLOW_FREE", false)).flatten();
    [main, second, free].into_iter().flatten().collect()
}
