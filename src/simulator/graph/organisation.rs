//! The tenant itself: `GET /organization` and `GET /domains`.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Value, json};

use super::call::Call;
use super::refusal::Refusal;
use crate::simulator::reply::Reply;

const OPEN: [&str; 5] =
    ["User.Read", "User.Read.All", "Organization.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"];
const DOMAINS: [&str; 3] = ["Domain.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"];
/// When the tenant was made.
const CREATED: &str = "2015-09-01T08:00:00Z";

/// `GET /organization`: one entry, the properties that `$select` names or all.
pub(super) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.demand(&OPEN)?;
    let domains: Vec<Value> = domains(call)
        .into_iter()
        .map(|name| {
            let initial = name.contains(".onmicrosoft.");
            let default = name == call.world.tenant.domain;
            json!({ "capabilities": "Email, OfficeCommunicationsOnline", "isDefault": default, "isInitial": initial,
                    "name": name, "type": "Managed" })
        })
        .collect();
    let whole = json!({
        "id": call.world.tenant.id, "displayName": call.world.tenant.display_name, "createdDateTime": CREATED,
        "tenantType": "AAD", "countryLetterCode": "DE", "verifiedDomains": domains,
    });
    Ok(call.answer("organization", vec![whole]))
}

/// `GET /domains`.
pub(super) fn all_domains(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.demand(&DOMAINS)?;
    let shown = |name: String| {
        json!({ "id": name, "authenticationType": "Managed", "isAdminManaged": true, "isDefault": name == call.world.tenant.domain,
                "isInitial": name.contains(".onmicrosoft."), "isRoot": true, "isVerified": true,
                "supportedServices": ["Email", "OfficeCommunicationsOnline"] })
    };
    Ok(call.answer("domains", domains(call).into_iter().map(shown).collect()))
}

/// The default domain, and every other that a sign-in name of the tenant's own people has.
fn domains(call: &Call<'_>) -> BTreeSet<String> {
    let tenant = &call.world.tenant;
    let of = |upn: &str| upn.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase());
    tenant.users.iter().filter_map(|user| of(&user.upn)).chain([tenant.domain.clone()]).collect()
}

impl Call<'_> {
    /// Refuses a token that has none of these scopes or roles.
    pub(super) fn demand(&self, scopes: &[&str]) -> Result<(), Refusal> {
        let opened = scopes.iter().any(|scope| self.caller.has_scope(scope));
        opened.then_some(()).ok_or_else(Refusal::insufficient)
    }

    /// A list in one answer, each entry with the properties that `$select` names.
    pub(super) fn answer(&self, of: &str, entries: Vec<Value>) -> Reply {
        let select = self.query.select();
        let names = select.as_ref().map(|names| format!("({})", names.join(","))).unwrap_or_default();
        let picked = |entry: Value| match (&select, entry) {
            (Some(names), Value::Object(entry)) => {
                let wanted = |name: &String| names.iter().any(|select| select.eq_ignore_ascii_case(name));
                Value::Object(entry.into_iter().filter(|(name, _)| wanted(name)).collect())
            }
            (_, entry) => entry,
        };
        let value: Vec<Value> = entries.into_iter().map(picked).collect();
        let document = json!({ "@odata.context": self.context(&format!("{of}{names}")), "value": value });
        Reply::graph(StatusCode::OK, document)
    }
}
