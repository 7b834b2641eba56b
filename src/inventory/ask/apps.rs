//! Which apps people use and on what, and on how many devices desktop apps are activated.

use rusqlite::params;
use schemars::JsonSchema;
use serde::Serialize;

use super::usage::{PERSON, dates};
use super::{Answer, Filter, View};
use crate::inventory::StoreError;

/// A person's apps over the report's period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AppUse {
    /// The sign-in name.
    pub user: String,
    /// Department.
    pub department: Option<String>,
    /// The apps that were used, on any platform, with commas between; null for none.
    pub apps: Option<String>,
    /// The platforms that were used, with any app; null for none.
    pub platforms: Option<String>,
    /// The day of the latest use; null for none on record.
    pub last_activity: Option<String>,
    /// The day of the latest activation; null for none on record.
    pub last_activation: Option<String>,
    /// The span the report is over.
    pub period: String,
    /// The day the figures are of.
    pub as_of: String,
}

/// Devices on which a person activated a product's desktop apps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Activated {
    /// The sign-in name; null in a line that is about the whole tenant.
    pub user: Option<String>,
    /// Department.
    pub department: Option<String>,
    /// What the report calls the product.
    pub product: String,
    /// People with the product; only for the whole tenant.
    pub assigned: Option<i64>,
    /// People who activated it anywhere; only for the whole tenant.
    pub activated: Option<i64>,
    /// Activations on Windows.
    pub windows: Option<i64>,
    /// Activations on macOS.
    pub mac: Option<i64>,
    /// Activations on iOS and iPadOS.
    pub ios: Option<i64>,
    /// Activations on Android.
    pub android: Option<i64>,
    /// Whether it was on a shared computer; for the whole tenant: how many people.
    pub shared_computer: Option<i64>,
    /// The day of the latest activation; null for none on record.
    pub last_activated: Option<String>,
    /// The day the figures are of.
    pub as_of: String,
}

impl View<'_> {
    /// Apps and platforms by person, the longest unused first.
    ///
    /// # Errors
    /// The store's.
    pub fn apps(&self, filter: &Filter) -> Result<Answer<AppUse>, StoreError> {
        let Some(seen) = self.seen("apps")? else { return Ok(Answer::never("apps")) };
        let sql = "SELECT u.upn, u.user_id, u.department, u.user_type, u.mail, u.account_enabled,
              (SELECT group_concat(app, ', ') FROM (SELECT DISTINCT app FROM use_app a WHERE a.snap_id = p.snap_id
                 AND a.principal = p.principal AND a.used = 1 AND a.app <> '' ORDER BY app)),
              (SELECT group_concat(platform, ', ') FROM (SELECT DISTINCT platform FROM use_app a WHERE a.snap_id = p.snap_id
                 AND a.principal = p.principal AND a.used = 1 AND a.platform <> '' ORDER BY platform)),
              (SELECT txt FROM use_metric m WHERE m.snap_id = p.snap_id AND m.principal = p.principal
                 AND m.metric = 'apps.last_activity_date'),
              (SELECT txt FROM use_metric m WHERE m.snap_id = p.snap_id AND m.principal = p.principal
                 AND m.metric = 'apps.last_activation_date')
            FROM principal p
            JOIN user_v u ON u.tenant_id = ?2 AND u.user_id = p.user_id AND u.from_snap <= ?3 AND (u.to_snap IS NULL OR u.to_snap > ?3)
            WHERE p.snap_id = ?1 ORDER BY 9, u.upn";
        let mut query = self.db.prepare(sql)?;
        let mut rows = query.query(params![seen.rows_at, self.tenant, self.users()?])?;
        let (period, as_of) = dates(&seen);
        let (mut found, choice) = (Vec::new(), self.choice(filter)?);
        while let Some(row) = rows.next()? {
            if choice.admits(row, 1)? {
                found.push(AppUse {
                    user: row.get(0)?,
                    department: row.get(2)?,
                    apps: row.get(6)?,
                    platforms: row.get(7)?,
                    last_activity: row.get(8)?,
                    last_activation: row.get(9)?,
                    period: period.clone(),
                    as_of: as_of.clone(),
                });
            }
        }
        Ok(Answer::of(&seen, found).telling_nobody(self.nobody(&seen)?))
    }

    /// Activations of desktop apps by person and product.
    ///
    /// # Errors
    /// The store's.
    pub fn activations(&self, filter: &Filter) -> Result<Answer<Activated>, StoreError> {
        let Some(seen) = self.seen("activations")? else { return Ok(Answer::never("activations")) };
        let sql = format!(
            "SELECT u.upn, u.user_id, u.department, u.user_type, u.mail, u.account_enabled, m.product_type, m.windows, m.mac, m.ios,
               m.android, m.shared_computer, nullif(m.last_activated, '')
             FROM use_activation m {PERSON} WHERE m.snap_id = ?1 ORDER BY u.upn, m.product_type"
        );
        let mut query = self.db.prepare(&sql)?;
        let mut rows = query.query(params![seen.rows_at, self.tenant, self.users()?])?;
        let (_, as_of) = dates(&seen);
        let (mut found, choice) = (Vec::new(), self.choice(filter)?);
        while let Some(row) = rows.next()? {
            if choice.admits(row, 1)? {
                found.push(Activated {
                    user: row.get(0)?,
                    department: row.get(2)?,
                    product: row.get(6)?,
                    assigned: None,
                    activated: None,
                    windows: row.get(7)?,
                    mac: row.get(8)?,
                    ios: row.get(9)?,
                    android: row.get(10)?,
                    shared_computer: row.get(11)?,
                    last_activated: row.get(12)?,
                    as_of: as_of.clone(),
                });
            }
        }
        Ok(Answer::of(&seen, found).telling_nobody(self.nobody(&seen)?))
    }

    /// Activations of desktop apps by product in the whole tenant; works where names are concealed.
    ///
    /// # Errors
    /// The store's.
    pub fn activation_totals(&self) -> Result<Answer<Activated>, StoreError> {
        let (users, devices) = (self.seen("activation-users")?, self.seen("activation-counts")?);
        let Some(seen) = users.as_ref().or(devices.as_ref()) else { return Ok(Answer::never("activation-users")) };
        let at = |seen: &Option<super::Seen>| seen.as_ref().map(|seen| seen.rows_at);
        let sql = "SELECT product, max(CASE metric WHEN 'activation-users.assigned' THEN num END),
              max(CASE metric WHEN 'activation-users.activated' THEN num END),
              max(CASE metric WHEN 'activation-counts.windows' THEN num END),
              max(CASE metric WHEN 'activation-counts.mac' THEN num END),
              max(CASE metric WHEN 'activation-counts.ios' THEN num END),
              max(CASE metric WHEN 'activation-counts.android' THEN num END),
              max(CASE metric WHEN 'activation-users.shared_computer_activation' THEN num END)
            FROM use_tenant WHERE snap_id IN (?1, ?2) GROUP BY product ORDER BY product";
        let (_, as_of) = dates(seen);
        let mut query = self.db.prepare(sql)?;
        let rows = query.query_map(params![at(&users), at(&devices)], |row| {
            Ok(Activated {
                user: None,
                department: None,
                product: row.get(0)?,
                assigned: row.get(1)?,
                activated: row.get(2)?,
                windows: row.get(3)?,
                mac: row.get(4)?,
                ios: row.get(5)?,
                android: row.get(6)?,
                shared_computer: row.get(7)?,
                last_activated: None,
                as_of: as_of.clone(),
            })
        })?;
        let rows = rows.collect::<Result<_, _>>()?;
        Ok(Answer {
            as_of: [users, devices].into_iter().flatten().map(|seen| seen.as_of).collect(),
            rows,
            notes: Vec::new(),
        })
    }
}
