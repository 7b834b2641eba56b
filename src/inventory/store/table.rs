//! The tables that datasets fill, as data: what identifies a row, what else it says, and how long it holds.
//!
//! It must not know where rows come from.

/// How long a row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::inventory) enum Holds {
    /// From the snapshot that first had it to the one that no longer did.
    Versions,
    /// For its snapshot.
    Snapshot,
}

/// One table.
#[derive(Debug)]
pub(in crate::inventory) struct Table {
    pub(in crate::inventory) name: &'static str,
    /// What identifies a row, besides tenant and snapshot.
    pub(in crate::inventory) keys: &'static [&'static str],
    /// What else it says.
    pub(in crate::inventory) columns: &'static [&'static str],
    /// What is found out from other tables, and does not count as content.
    pub(in crate::inventory) found: &'static [&'static str],
    /// What only the staging needs.
    pub(in crate::inventory) scratch: &'static [&'static str],
    pub(in crate::inventory) holds: Holds,
    pub(in crate::inventory) has_tenant: bool,
    pub(in crate::inventory) has_hash: bool,
    /// Where two datasets share a table: the rows that are this one's, as SQL.
    pub(in crate::inventory) only: &'static str,
}

const fn versions(name: &'static str, keys: &'static [&'static str], columns: &'static [&'static str]) -> Table {
    Table {
        name,
        keys,
        columns,
        found: &[],
        scratch: &[],
        holds: Holds::Versions,
        has_tenant: true,
        has_hash: false,
        only: "1",
    }
}

const fn hashed(name: &'static str, keys: &'static [&'static str], columns: &'static [&'static str]) -> Table {
    Table { has_hash: true, ..versions(name, keys, columns) }
}

const fn usage(name: &'static str, keys: &'static [&'static str], columns: &'static [&'static str]) -> Table {
    Table { holds: Holds::Snapshot, has_tenant: false, ..versions(name, keys, columns) }
}

const fn tenants(name: &'static str, keys: &'static [&'static str], columns: &'static [&'static str]) -> Table {
    Table { has_tenant: true, ..usage(name, keys, columns) }
}

pub(in crate::inventory) static USER: Table = hashed(
    "user_v",
    &["user_id"],
    &[
        "upn",
        "mail",
        "display_name",
        "department",
        "company_name",
        "job_title",
        "office",
        "country",
        "usage_location",
        "user_type",
        "account_enabled",
        "created_at",
        "is_resource_account",
        "mailbox_purpose",
        "employee_type",
        "on_prem_sync",
    ],
);
pub(in crate::inventory) static ADDRESS: Table = versions("user_address_v", &["user_id", "address", "kind"], &[]);
pub(in crate::inventory) static LICENCE: Table = hashed(
    "user_license_v",
    &["user_id", "sku_id", "via_group"],
    &["state", "error", "disabled_plans_json", "updated_at"],
);
pub(in crate::inventory) static PLAN: Table =
    versions("user_plan_v", &["user_id", "service_plan_id"], &["service", "capability_status", "assigned_at"]);
pub(in crate::inventory) static LEFT_OUT: Table = versions("left_out_v", &["sku_id", "reason"], &["people"]);
pub(in crate::inventory) static DELETED: Table =
    hashed("deleted_user_v", &["user_id"], &["upn", "mail", "display_name", "deleted_at"]);
pub(in crate::inventory) static SKU: Table = hashed(
    "sku_v",
    &["sku_id"],
    &[
        "sku_part_number",
        "applies_to",
        "capability_status",
        "consumed",
        "enabled",
        "warning",
        "suspended",
        "locked_out",
        "subscription_ids_json",
    ],
);
pub(in crate::inventory) static SKU_PLAN: Table =
    versions("sku_plan_v", &["sku_id", "service_plan_id"], &["plan_name", "provisioning_status", "applies_to"]);
pub(in crate::inventory) static SUBSCRIPTION: Table = hashed(
    "subscription_v",
    &["subscription_id"],
    &[
        "commerce_id",
        "sku_id",
        "sku_part_number",
        "status",
        "total_licenses",
        "is_trial",
        "created_at",
        "next_lifecycle_at",
        "owner_tenant_id",
    ],
);
pub(in crate::inventory) static GROUP: Table =
    versions("licensed_group_v", &["group_id", "sku_id"], &["display_name", "processing_state", "members_with_errors"]);
pub(in crate::inventory) static VERIFIED_DOMAIN: Table = Table {
    only: "is_verified = 1",
    ..versions("domain_v", &["domain"], &["is_default", "is_initial", "is_verified"])
};
pub(in crate::inventory) static OTHER_DOMAIN: Table = Table {
    only: "is_verified IS NOT 1",
    ..versions("domain_v", &["domain"], &["is_default", "is_initial", "is_verified"])
};
pub(in crate::inventory) static SIGNIN: Table =
    tenants("user_signin", &["user_id"], &["last_interactive", "last_noninteractive", "last_successful"]);
pub(in crate::inventory) static MFA: Table =
    tenants("user_mfa", &["user_id"], &["is_registered", "is_capable", "is_admin", "methods_json"]);
pub(in crate::inventory) static SETTING: Table = tenants("report_setting", &[], &["display_concealed_names"]);

pub(in crate::inventory) static PRINCIPAL: Table = Table {
    found: &["user_id", "match_method"],
    scratch: &["bare", "hint"],
    ..usage("principal", &["principal"], &["kind"])
};
pub(in crate::inventory) static EMAIL: Table = usage(
    "use_email",
    &["principal"],
    &[
        "is_deleted",
        "deleted_on",
        "last_activity",
        "sent",
        "received",
        "read",
        "meetings_created",
        "meetings_interacted",
        "assigned_products",
        "extra_json",
    ],
);
pub(in crate::inventory) static MAILBOX: Table = usage(
    "use_mailbox",
    &["principal"],
    &[
        "recipient_type",
        "is_deleted",
        "deleted_on",
        "created_on",
        "last_activity",
        "item_count",
        "used_bytes",
        "warn_quota",
        "send_quota",
        "sendreceive_quota",
        "deleted_items",
        "deleted_bytes",
        "deleted_quota",
        "has_archive",
        "extra_json",
    ],
);
pub(in crate::inventory) static ACTIVE: Table =
    usage("use_active", &["principal", "service"], &["has_license", "last_activity", "license_assigned_on"]);
pub(in crate::inventory) static ACTIVATION: Table = usage(
    "use_activation",
    &["principal", "product_type"],
    &["last_activated", "windows", "mac", "windows_mobile", "ios", "android", "shared_computer"],
);
pub(in crate::inventory) static APP: Table = usage("use_app", &["principal", "app", "platform"], &["used"]);
pub(in crate::inventory) static METRIC: Table = usage("use_metric", &["principal", "metric"], &["num", "txt"]);
pub(in crate::inventory) static TOTAL: Table = usage("use_tenant", &["metric", "product"], &["num"]);

impl Table {
    /// What counts as content, keys first.
    pub(in crate::inventory) fn content(&self) -> Vec<&'static str> {
        self.keys.iter().chain(self.columns).copied().collect()
    }

    /// The order that makes content comparable.
    pub(in crate::inventory) fn order(&self) -> String {
        if self.keys.is_empty() { "1".to_owned() } else { self.keys.join(", ") }
    }
}
