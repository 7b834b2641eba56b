//! The directory roles of whoever is signed in, as far as usage reports depend on them.
//!
//! Source: Microsoft, "Authorization for APIs to read Microsoft 365 usage reports". A permission is not enough there:
//! the person needs a role, and some roles see totals only.

use serde::Deserialize;

use crate::graph::{Ask, Fault, Graph, Lane};
use crate::terms::Purpose;

/// What a role opens in usage reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReportAccess {
    /// Nothing.
    None,
    /// The tenant's totals.
    Totals,
    /// Each user's figures.
    Users,
}

/// A role held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name, as the directory shows it; empty where it does not.
    pub name: String,
    /// What it opens in usage reports.
    pub reports: ReportAccess,
}

/// Role templates that matter for usage reports.
const KNOWN: [(&str, ReportAccess); 10] = [
    ("4a5d8f65-41da-4de4-8968-e035b65339cf", ReportAccess::Users),
    ("62e90394-69f5-4237-9190-012177145e10", ReportAccess::Users),
    ("29232cdf-9323-42fd-ade2-1d097af3e4de", ReportAccess::Users),
    ("f28a1f50-f6e7-4571-818b-6a12f2af6b6c", ReportAccess::Users),
    ("75941009-915a-4869-abe7-691bff18279e", ReportAccess::Users),
    ("69091246-20e8-4a56-aa4d-066075b2a7a8", ReportAccess::Users),
    ("baf37b3a-610e-45da-9e62-d9d1e5e8914b", ReportAccess::Users),
    ("f2ef992c-3afb-46b9-b7cf-a126ee74c451", ReportAccess::Totals),
    ("75934031-6c7e-415a-99d7-48dbd49e875e", ReportAccess::Totals),
    ("27460883-1df1-4691-b032-3b79643e5e63", ReportAccess::Totals),
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    role_template_id: Option<String>,
}

/// The roles of the signed-in person, on one page. Entries may come without names: then what they open is unknown too,
/// and they are left out.
pub async fn own_roles(graph: &Graph) -> Result<Vec<Role>, Fault> {
    let path = ["me", "memberOf", "microsoft.graph.directoryRole"];
    let ask = Ask::new(Lane::Directory, Purpose::User, path).query("$select", "displayName,roleTemplateId");
    let page = graph.list::<Found>(&ask).await?.value;
    let read = |found: Found| {
        let id = found.role_template_id?;
        let known = KNOWN.iter().find(|(template, _)| template.eq_ignore_ascii_case(&id));
        let reports = known.map_or(ReportAccess::None, |(_, reports)| *reports);
        Some(Role { name: found.display_name.unwrap_or_default(), reports })
    };
    Ok(page.items.into_iter().filter_map(read).collect())
}
