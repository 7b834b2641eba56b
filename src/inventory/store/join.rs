//! Who a report row is about: the account behind the name it gives, by ids and addresses, never by display names.
//!
//! The accounts are those of the snapshots so far, so the answer is the same whenever it is asked again. Stand-ins for
//! names are never joined.

use rusqlite::{Connection, params};

use super::StoreError;

/// Open as of the snapshot.
const OPEN: &str = "from_snap <= ?2 AND (to_snap IS NULL OR to_snap > ?2)";

/// How many days before a report's date accounts may have been read to be the ones it names.
const APART: i64 = 7;

/// Joins the staged principals of a report of a day (empty: of now); first hit wins.
pub(in crate::inventory) fn join(db: &Connection, tenant: &str, snap: i64, refresh: &str) -> Result<(), StoreError> {
    let sql = "SELECT julianday(nullif(?3, '')) - julianday(substr(max(taken_at), 1, 10)) > ?4 FROM snapshot
        WHERE tenant_id = ?1 AND dataset = 'users' AND complete = 1 AND snap_id <= ?2";
    let old: Option<bool> = db.query_row(sql, params![tenant, snap, refresh, APART], |row| row.get(0))?;
    if old == Some(true) {
        // A name may have gone to somebody else since: nobody is better than the wrong one.
        db.execute("UPDATE temp.s_principal SET match_method = 'people_too_old' WHERE kind = 'real'", [])?;
        return Ok(());
    }
    let mut steps = vec![format!(
        "UPDATE temp.s_principal AS s SET user_id = s.hint, match_method = 'teams_id'
         WHERE s.kind = 'real' AND s.hint <> ''
           AND EXISTS (SELECT 1 FROM user_v u WHERE u.tenant_id = ?1 AND u.user_id = s.hint AND {OPEN})"
    )];
    for (kind, method) in [("upn", "upn"), ("mail", "mail"), ("proxy", "proxy")] {
        steps.push(by_address(kind, method, OPEN));
    }
    // A name the account had once: renamed between the report and the sync.
    steps.push(by_address("upn", "former_upn", "to_snap <= ?2"));
    steps.push(format!(
        "UPDATE temp.s_principal AS s SET user_id = d.user_id, match_method = 'deleted'
         FROM (SELECT min(user_id) AS user_id, upn FROM deleted_user_v WHERE tenant_id = ?1 AND {OPEN}
               GROUP BY upn HAVING count(DISTINCT user_id) = 1) d
         WHERE d.upn = s.bare AND s.kind = 'real' AND s.user_id IS NULL"
    ));
    steps.push(
        "UPDATE temp.s_principal SET match_method = 'none' WHERE user_id IS NULL AND ?1 IS NOT NULL AND ?2 IS NOT NULL"
            .to_owned(),
    );
    for step in steps {
        db.execute(&step, params![tenant, snap])?;
    }
    Ok(())
}

/// An address that is one account's only.
fn by_address(kind: &str, method: &str, when: &str) -> String {
    format!(
        "UPDATE temp.s_principal AS s SET match_method = '{method}', user_id =
           (SELECT min(a.user_id) FROM user_address_v a WHERE a.tenant_id = ?1 AND a.address = s.bare
              AND a.kind = '{kind}' AND {when} HAVING count(DISTINCT a.user_id) = 1)
         WHERE s.kind = 'real' AND s.user_id IS NULL"
    )
}

#[cfg(test)]
mod tests {
    use rusqlite::types::Value;

    use super::*;
    use crate::inventory::ask::testing::{TENANT, filled};
    use crate::inventory::store::Stage;
    use crate::inventory::store::table::PRINCIPAL;

    static PRINCIPALS: [&crate::inventory::store::table::Table; 1] = [&PRINCIPAL];

    #[test]
    fn a_report_is_not_joined_to_people_read_more_than_seven_days_before_it() {
        let (_folder, store) = filled();
        let of = |refresh: &str| {
            let stage = Stage::begin(&store.db, &PRINCIPALS).expect("a stage");
            let text = |text: &str| Value::Text(text.to_owned());
            let row =
                [text("cleo@y.example"), text("real"), Value::Null, text("none"), text("cleo@y.example"), text("")];
            store
                .db
                .execute(
                    "INSERT OR IGNORE INTO user_address_v VALUES (?1, 'cleo', 'cleo@y.example', 'upn', 1, NULL)",
                    [TENANT],
                )
                .expect("an address");
            stage.put(&PRINCIPAL, &row).expect("staged");
            join(&store.db, TENANT, 18, refresh).expect("joined");
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
            store.db.query_row("SELECT user_id, match_method FROM temp.s_principal", [], read).expect("a row")
        };
        let cleo = (Some("cleo".to_owned()), "upn".to_owned());
        assert_eq!(of("2026-11-27"), cleo);
        assert_eq!(of("2026-12-05"), cleo);
        assert_eq!(of(""), cleo);
        assert_eq!(of("2026-12-06"), (None, "people_too_old".to_owned()));
    }
}
