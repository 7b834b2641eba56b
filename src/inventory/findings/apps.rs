//! Licences with desktop apps that were never activated.
//!
//! Said only of people whom the reports name: without a row of theirs nothing is known.

use rusqlite::params;

use super::Look;
use crate::inventory::StoreError;
use crate::inventory::ask::Seen;

/// The snapshots of activations and of apps used.
pub(super) struct Apps {
    activations: Option<Seen>,
    apps: Option<Seen>,
}

impl Apps {
    pub(super) fn of(look: &Look<'_, '_>) -> Result<Self, StoreError> {
        Ok(Self { activations: look.view.seen("activations")?, apps: look.view.seen("apps")? })
    }

    /// The snapshot of apps used.
    pub(super) const fn used(&self) -> Option<&Seen> {
        self.apps.as_ref()
    }

    /// Where it was read that a person never activated a desktop app and used none; `None` where that is not known.
    pub(super) fn never(&self, look: &Look<'_, '_>, person: &str) -> Result<Option<String>, StoreError> {
        let Some(activations) = &self.activations else { return Ok(None) };
        let sql = "SELECT count(*), coalesce(sum(coalesce(a.windows, 0) + coalesce(a.mac, 0) + coalesce(a.ios, 0) + coalesce(a.android, 0)
              + coalesce(a.windows_mobile, 0) + coalesce(a.shared_computer, 0) + (nullif(a.last_activated, '') IS NOT NULL)), 0)
            FROM principal p CROSS JOIN use_activation a USING (snap_id, principal) WHERE p.snap_id = ?1 AND p.user_id = ?2";
        let mut query = look.view.db.prepare_cached(sql)?;
        let (rows, activated): (i64, i64) =
            query.query_row(params![activations.rows_at, person], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let sql =
            "SELECT count(*), coalesce(sum(a.used), 0) FROM principal p CROSS JOIN use_app a USING (snap_id, principal)
            WHERE p.snap_id = ?1 AND p.user_id = ?2 AND a.platform IN ('windows', 'mac')";
        let mut query = look.view.db.prepare_cached(sql)?;
        let at = self.apps.as_ref().map(|apps| apps.rows_at);
        let (named, used): (i64, i64) = query.query_row(params![at, person], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if rows + named == 0 || activated + used > 0 {
            return Ok(None);
        }
        let from = [Some(activations), self.apps.as_ref()].into_iter().flatten();
        Ok(Some(from.map(|seen| seen.as_of.to_string()).collect::<Vec<_>>().join("; ")))
    }
}
