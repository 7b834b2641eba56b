//! A small store for tests of questions: three people, five products, four subscriptions, two days.

use tempfile::TempDir;

use crate::inventory::Store;

pub(in crate::inventory) const TENANT: &str = "11111111-0000-0000-0000-000000000001";
pub(in crate::inventory) const NOW: &str = "2026-11-29T12:00:00Z";
const E3: &str = "05e9a617-0261-4cee-bb44-138d3ef5d965";
const E5: &str = "06ebc4ee-1bb5-47dd-8120-11324bc54e06";
const FLOW: &str = "f30db892-07e9-47e9-837c-80727f46fd3d";

/// A store of two days: on 1 November Cleo had a licence, on 28 November not.
pub(in crate::inventory) fn filled() -> (TempDir, Store) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(camino::Utf8Path::from_path(folder.path()).expect("UTF-8")).expect("a store");
    let digest = "ab".repeat(32);
    let snapshot = |id: i64, dataset: &str, period: &str, refreshed: &str, taken: &str| {
        format!(
            "INSERT INTO snapshot (snap_id, run_id, tenant_id, dataset, period, refresh_date, taken_at, complete, row_count, content_sha256)
             VALUES ({id}, {}, '{TENANT}', '{dataset}', '{period}', '{refreshed}', '{taken}', 1, 1, '{digest}');",
            if id < 10 { 1 } else { 2 }
        )
    };
    let (first, second) = ("2026-11-01T08:00:00.000Z", "2026-11-28T08:00:00.000Z");
    let mut sql = format!(
        "INSERT INTO tenant VALUES ('{TENANT}', 'X', 'x.example', 'global', 'x');
         INSERT INTO connection (connection_id, tenant_id, label, auth_kind, client_id, added_at) VALUES (1, '{TENANT}', 'l', 'delegated', 'c', 'x');
         INSERT INTO sync_run (run_id, run_uid, connection_id, tenant_id, trigger, started_at, status, domains_json, app_version, catalog_version)
           VALUES (1, 'a', 1, '{TENANT}', 'manual', '{first}', 'ok', '[]', '1', '1'), (2, 'b', 1, '{TENANT}', 'manual', '{second}', 'ok', '[]', '1', '1');"
    );
    sql += &snapshot(1, "users", "", "", first);
    for (id, dataset, period, refreshed) in [
        (11, "users", "", ""),
        (12, "skus", "", ""),
        (13, "subscriptions", "", ""),
        (14, "groups", "", ""),
        (15, "email", "D90", "2026-11-27"),
        (16, "mailbox", "D30", "2026-11-27"),
        (17, "services", "D30", "2026-11-27"),
        (18, "active", "D180", "2026-11-27"),
    ] {
        sql += &snapshot(id, dataset, period, refreshed, second);
    }
    sql += &format!(
        "INSERT INTO user_v (tenant_id, user_id, from_snap, row_hash, upn, mail, display_name, department, user_type, account_enabled) VALUES
           ('{TENANT}', 'ana', 1, 'h', 'ana@x.example', 'ana@x.example', 'Ana', 'Legal', 'Member', 1),
           ('{TENANT}', 'ben', 1, 'h', 'ben@x.example', 'ben@x.example', 'Ben', 'Sales', 'Member', 0),
           ('{TENANT}', 'cleo', 1, 'h', 'cleo@y.example', 'cleo@y.example', 'Cleo', NULL, 'Guest', 1);
         INSERT INTO user_address_v VALUES ('{TENANT}', 'cleo', 'cleo@y.example', 'mail', 1, NULL);
         INSERT INTO user_license_v (tenant_id, user_id, sku_id, via_group, from_snap, to_snap, row_hash, state, updated_at) VALUES
           ('{TENANT}', 'ana', '{E3}', '', 1, NULL, 'h', 'Active', '2026-01-01T00:00:00Z'),
           ('{TENANT}', 'ana', '{E3}', 'g1', 11, NULL, 'h', 'Active', '2026-01-01T00:00:00Z'),
           ('{TENANT}', 'ben', '{E3}', '', 1, NULL, 'h', 'Error', '2026-01-01T00:00:00Z'),
           ('{TENANT}', 'cleo', '{E3}', '', 1, 11, 'h', 'Active', '2026-01-01T00:00:00Z');
         INSERT INTO licensed_group_v VALUES ('{TENANT}', 'g1', '{E3}', 14, NULL, 'Everybody', NULL, NULL);
         INSERT INTO sku_v (tenant_id, sku_id, from_snap, row_hash, sku_part_number, applies_to, capability_status, consumed, enabled, warning, suspended, locked_out) VALUES
           ('{TENANT}', '{E3}', 12, 'h', 'SPE_E3', 'User', 'Enabled', 8, 10, 3, 0, 0),
           ('{TENANT}', '{E5}', 12, 'h', 'SPE_E5', 'User', 'Enabled', 7, 5, 0, 0, 0),
           ('{TENANT}', '{FLOW}', 12, 'h', 'FLOW_FREE', 'User', 'Enabled', 7, 10000, 0, 0, 0),
           ('{TENANT}', 'visio', 12, 'h', 'VISIOCLIENT', 'User', 'Suspended', 14, 0, 0, 25, 0),
           ('{TENANT}', 'company', 12, 'h', 'COMPANY_WIDE', 'Company', 'Enabled', 0, 1, 0, 0, 0);
         INSERT INTO sku_plan_v (tenant_id, sku_id, service_plan_id, from_snap, plan_name) VALUES
           ('{TENANT}', '{E3}', 'efb87545-963c-4e0d-99df-69c6916d9eb0', 12, 'EXCHANGE_S_ENTERPRISE');
         INSERT INTO subscription_v (tenant_id, subscription_id, from_snap, row_hash, sku_id, sku_part_number, status, total_licenses, is_trial, owner_tenant_id, next_lifecycle_at) VALUES
           ('{TENANT}', 's-soon', 13, 'h', '{E3}', 'SPE_E3', 'Enabled', 10, 0, 'partner', '2026-12-20T00:00:00Z'),
           ('{TENANT}', 's-late', 13, 'h', '{E5}', 'SPE_E5', 'Enabled', 5, 1, NULL, '2027-09-26T00:00:00Z'),
           ('{TENANT}', 's-past', 13, 'h', 'visio', 'VISIOCLIENT', 'Suspended', 25, 0, NULL, '2026-11-28T00:00:00Z'),
           ('{TENANT}', 's-never', 13, 'h', '{FLOW}', 'FLOW_FREE', 'Enabled', 10000, 0, NULL, NULL);
         INSERT INTO principal VALUES
           (15, 'ana@x.example', 'real', 'ana', 'upn'), (15, 'ben@x.example', 'real', 'ben', 'upn'),
           (15, 'gone@x.example', 'real', NULL, 'none'), (15, '0123456789ABCDEF0123456789ABCDEF', 'concealed', NULL, 'none'),
           (16, 'ana@x.example', 'real', 'ana', 'upn'), (16, 'ben@x.example', 'real', 'ben', 'upn'),
           (18, 'ana@x.example', 'real', 'ana', 'upn'), (18, 'ben@x.example', 'real', 'ben', 'upn');
         INSERT INTO use_email (snap_id, principal, sent, received, read, last_activity) VALUES
           (15, 'ana@x.example', 12, 40, 30, '2026-11-26'), (15, 'ben@x.example', 0, 9, 0, NULL),
           (15, 'gone@x.example', 1, 1, 1, NULL), (15, '0123456789ABCDEF0123456789ABCDEF', 1, 1, 1, NULL);
         INSERT INTO use_mailbox (snap_id, principal, recipient_type, item_count, used_bytes, warn_quota, has_archive) VALUES
           (16, 'ana@x.example', 'user', 900, 95000000, 90000000, 1), (16, 'ben@x.example', 'shared', 10, 1000, 90000000, 0);
         INSERT INTO use_active (snap_id, principal, service, has_license, last_activity) VALUES
           (18, 'ana@x.example', 'exchange', 1, '2026-11-26'), (18, 'ben@x.example', 'exchange', 1, '2026-07-01');
         INSERT INTO use_tenant VALUES (17, 'services.exchange_active', '', 7), (17, 'services.exchange_inactive', '', 3);"
    );
    store.db.execute_batch(&sql).expect("rows");
    (folder, store)
}
