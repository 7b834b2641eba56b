//! Who a report row is about: the account behind the name it gives, by ids and addresses, never by display names.
//!
//! The accounts are those of the snapshots so far, so the answer is the same whenever it is asked again. Stand-ins for
//! names are never joined.

use rusqlite::{Connection, params};

use super::StoreError;

/// Open as of the snapshot.
const OPEN: &str = "from_snap <= ?2 AND (to_snap IS NULL OR to_snap > ?2)";

/// Joins the staged principals; first hit wins.
pub(in crate::inventory) fn join(db: &Connection, tenant: &str, snap: i64) -> Result<(), StoreError> {
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
