//! What a tenant is called: asked once when a connection is made or tested.
//!
//! Source: Microsoft, "List organizations". Everybody who is signed in may ask for their own.

use serde::Deserialize;

use crate::graph::{Ask, Fault, Graph, Lane};
use crate::terms::Purpose;

/// The organisation behind a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// The tenant's id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its default domain.
    pub default_domain: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    id: String,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    verified_domains: Option<Vec<Domain>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Domain {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    is_default: Option<bool>,
}

/// The organisation of whoever is signed in; `None` where the service shows none.
///
/// # Errors
/// Whatever keeps Graph from answering.
pub async fn organisation(graph: &Graph) -> Result<Option<Organisation>, Fault> {
    let select = "id,displayName,verifiedDomains";
    let ask = Ask::new(Lane::Directory, Purpose::User, ["organization"]).query("$select", select);
    let page = graph.sample::<Found>(&ask).await?.value;
    let read = |found: Found| {
        let domains = found.verified_domains.unwrap_or_default();
        let default_domain = domains.into_iter().find(|domain| domain.is_default == Some(true)).and_then(|d| d.name);
        Organisation { id: found.id, name: found.display_name, default_domain }
    };
    Ok(page.items.into_iter().next().map(read))
}
