//! The `user` resource.

use serde::Deserialize;

/// A directory user. With few rights many properties are absent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct User {
    /// Object id.
    pub id: Option<String>,
    /// Display name.
    pub display_name: Option<String>,
    /// Sign-in name.
    pub user_principal_name: Option<String>,
    /// SMTP address.
    pub mail: Option<String>,
    /// Addresses with scheme; upper-case `SMTP:` marks the primary one.
    pub proxy_addresses: Option<Vec<String>>,
    /// `Member`, `Guest`, or nothing on old accounts.
    pub user_type: Option<String>,
    /// Whether the account may sign in.
    pub account_enabled: Option<bool>,
    /// Service plans assigned through licences.
    pub assigned_plans: Option<Vec<AssignedPlan>>,
    /// Whether the account is synchronised from an on-premises directory.
    pub on_premises_sync_enabled: Option<bool>,
    /// Department.
    pub department: Option<String>,
    /// When the account was made, as sent.
    pub created_date_time: Option<String>,
}

/// A service plan of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AssignedPlan {
    /// The service, `exchange` for Exchange Online.
    pub service: Option<String>,
    /// `Enabled`, `Warning`, `Suspended`, `Deleted`, `LockedOut`.
    pub capability_status: Option<String>,
    /// The plan's id.
    pub service_plan_id: Option<String>,
}

/// One licence of a user, with its service plans.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LicenseDetails {
    /// The plans in it.
    #[serde(deserialize_with = "super::null_is_empty")]
    pub service_plans: Vec<ServicePlan>,
}

/// A service plan of a licence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServicePlan {
    /// The plan's id.
    pub service_plan_id: Option<String>,
    /// `Success`, `Disabled`, `Error`, `PendingInput`, `PendingActivation`, `PendingProvisioning`.
    pub provisioning_status: Option<String>,
}
