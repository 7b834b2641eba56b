//! What is wrong with how the figures come in: secrets that end, names that are concealed, figures that are old.

use rusqlite::params;

use super::{Look, Rule, about};
use crate::inventory::StoreError;
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
    let mut query = db.prepare(
        "SELECT dataset, max(taken_at), concealment FROM snapshot s WHERE tenant_id = ?1 AND complete = 1
           AND snap_id = (SELECT max(snap_id) FROM snapshot n WHERE n.tenant_id = s.tenant_id AND n.dataset = s.dataset AND n.complete = 1)
         GROUP BY dataset ORDER BY dataset",
    )?;
    let mut rows = query.query(params![look.view.tenant])?;
    let mut concealed = Vec::new();
    while let Some(row) = rows.next()? {
        let (dataset, taken, concealment): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if concealment == "all" || concealment == "mixed" {
            concealed.push(dataset.clone());
        }
        let Ok(at) = UtcInstant::parse(&taken) else { continue };
        let days = (look.now.millis() - at.millis()).div_euclid(24 * 3600 * 1000);
        if days >= look.limits.stale_days {
            let text = format!("last read whole {days} days ago");
            look.add(Rule::ConnStale, &dataset, about("connection", &dataset, text, taken));
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
