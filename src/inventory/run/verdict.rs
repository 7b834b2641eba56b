//! Whether names are concealed, why, and who may change that: nobody here does.
//!
//! Source: Microsoft, "Show anonymous user info in Microsoft 365 reports" and the roles of the reports' pages.

use rusqlite::{OptionalExtension as _, params};

use crate::inventory::connection::Connection;
use crate::inventory::report::Concealment;
use crate::inventory::store::{Store, StoreError};

/// The message for people, and a word for the record.
pub(super) fn verdict(
    store: &Store,
    connection: &Connection,
    run: i64,
    found: Concealment,
) -> Result<(Option<String>, &'static str), StoreError> {
    let switch = switch(store, run)?;
    let basis = found.basis(switch);
    let names = "SELECT display_name, default_domain FROM tenant WHERE tenant_id = ?1";
    let (name, domain): (Option<String>, Option<String>) =
        store.db.query_row(names, [&connection.tenant.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let tenant = format!(
        "{} ({}{})",
        name.as_deref().unwrap_or("the tenant"),
        connection.tenant.id,
        domain.map(|domain| format!(", {domain}")).unwrap_or_default()
    );
    let path = "in the admin centre under Settings > Org settings > Services > Reports";
    let message = match basis {
        "switch_on" => Some(format!(
            "names in usage reports are concealed by the switch of {tenant}; an administrator decides about it {path}, and a change takes up to 48 hours; licences, seats and totals are complete"
        )),
        "role_or_recent_change" => Some(format!(
            "names in usage reports are concealed although the switch of {tenant} is off: the signed-in account has a role without details (Global Reader, Usage Summary Reports Reader or User Experience Success Manager; Reports Reader has them), or the switch was changed less than 48 hours ago"
        )),
        "switch_just_changed" => Some(format!(
            "the switch of {tenant} conceals names, but these reports still show them: it was changed just now, and the next reports will conceal"
        )),
        "mixed" => Some(
            "some names in usage reports are concealed and some are not; rows with names are joined to people, the others are kept apart and counted".to_owned(),
        ),
        "data_only" if found == Concealment::All => Some(format!(
            "names in usage reports of {tenant} are concealed, by the tenant's switch ({path}) or by the role of the signed-in account; with the permission ReportSettings.Read.All the next run can tell which"
        )),
        _ => None,
    };
    Ok((message, basis))
}

/// The switch as this run read it: true conceals. What an earlier run read may have changed since.
fn switch(store: &Store, run: i64) -> Result<Option<bool>, StoreError> {
    let sql = "SELECT r.display_concealed_names FROM snapshot s
       JOIN report_setting r ON r.snap_id = coalesce(s.same_as, s.snap_id)
       WHERE s.run_id = ?1 AND s.dataset = 'report-settings' AND s.complete = 1 ORDER BY s.snap_id DESC LIMIT 1";
    Ok(store.db.query_row(sql, params![run], |row| row.get::<_, Option<bool>>(0)).optional()?.flatten())
}
