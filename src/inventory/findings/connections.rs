//! What is wrong with how the figures come in: secrets that end, names that are concealed, figures that are old.

use std::collections::BTreeMap;

use super::{Look, Rule, about};
use crate::inventory::StoreError;
use crate::inventory::ask::{Freshness, days};
use crate::terms::UtcInstant;

pub(super) fn look(look: &mut Look<'_, '_>) -> Result<(), StoreError> {
    let db = look.view.db;
    let mut query = db.prepare(
        "SELECT connection_id, label, secret_expires_on FROM connection WHERE tenant_id = ?1 AND removed_at IS NULL ORDER BY label",
    )?;
    let mut rows = query.query([&look.view.tenant])?;
    while let Some(row) = rows.next()? {
        let (id, label, ends): (i64, String, Option<String>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let Some(at) = ends.and_then(|ends| UtcInstant::parse(&ends).ok()) else { continue };
        if let Some(due) = crate::session::Expiry::due(at, look.now) {
            let finding = about(
                "connection",
                &label,
                format!("its secret or certificate {due}"),
                "as it was told when it was added".to_owned(),
            );
            look.add(Rule::ConnSecretExpiring, &id.to_string(), finding);
        }
    }
    scopes(look)?;
    // Of each dataset the newest, whatever its period: one that was asked for once is not old for ever.
    let mut newest = BTreeMap::<String, Freshness>::new();
    for row in look.view.freshness()?.rows {
        if newest.get(&row.dataset).is_none_or(|have| have.taken_at < row.taken_at) {
            newest.insert(row.dataset.clone(), row);
        }
    }
    let is_concealed = |row: &&Freshness| matches!(row.concealment.as_str(), "all" | "mixed");
    let concealed: Vec<&str> = newest.values().filter(is_concealed).map(|row| row.dataset.as_str()).collect();
    for row in newest.values() {
        let Ok(at) = UtcInstant::parse(&row.taken_at) else { continue };
        let days = days(at, look.now);
        if days >= look.limits.stale_days {
            let finding =
                about("connection", &row.dataset, format!("last read whole {days} days ago"), row.taken_at.clone());
            look.add(Rule::ConnStale, &row.dataset, finding);
        }
    }
    if !concealed.is_empty() {
        let text =
            format!("names are pseudonyms in: {}; nothing is said of people by these reports", concealed.join(", "));
        look.add(
            Rule::ConnConcealed,
            "reports",
            about("connection", "usage reports", text, "the reports themselves".to_owned()),
        );
    }
    Ok(())
}

/// Permissions that an earlier run had and the newest one had not.
fn scopes(look: &mut Look<'_, '_>) -> Result<(), StoreError> {
    let sql = "SELECT c.connection_id, c.label, g.scope, r.started_at FROM scope_grant g
          JOIN connection c USING (connection_id) LEFT JOIN sync_run r ON r.run_id = g.last_run
        WHERE c.tenant_id = ?1 AND c.removed_at IS NULL AND g.present = 0 ORDER BY c.label, g.scope";
    let db = look.view.db;
    let mut query = db.prepare(sql)?;
    let mut rows = query.query([&look.view.tenant])?;
    while let Some(row) = rows.next()? {
        let (id, label, scope, at): (i64, String, String, Option<String>) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let day = at.as_deref().and_then(|at| at.get(..10)).unwrap_or("an earlier day").to_owned();
        let text = format!("the sign-in no longer has {scope}, which it had on {day}");
        let finding = about("connection", &label, text, "what runs were granted".to_owned());
        look.add(Rule::ConnScopeLost, &format!("{id}|{scope}"), finding);
    }
    Ok(())
}
