//! Who uses what: mail sent and read, mailboxes with their sizes, services with active and inactive people.
//!
//! Every figure is as of the report's own date and over its period. Rows under pseudonyms are about nobody here.

use rusqlite::params;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Answer, Filter, Seen, View};
use crate::inventory::StoreError;

/// A person's mail over the report's period.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MailUse {
    /// The sign-in name.
    pub user: String,
    /// Department.
    pub department: Option<String>,
    /// Messages sent.
    pub sent: Option<i64>,
    /// Messages received.
    pub received: Option<i64>,
    /// Messages read.
    pub read: Option<i64>,
    /// The day of the latest activity; null for none on record.
    pub last_activity: Option<String>,
    /// The span the counts are over.
    pub period: String,
    /// The day the figures are of.
    pub as_of: String,
}

/// A mailbox.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MailboxUse {
    /// Whose it is; the report's own name where nobody is known by it.
    pub user: String,
    /// Department.
    pub department: Option<String>,
    /// `user`, `shared`, `room`, `equipment` or another word of the report's; null where the report does not say.
    pub resource: Option<String>,
    /// Items of all kinds, without Recoverable Items and archive.
    pub items: Option<i64>,
    /// Their size, in bytes.
    pub bytes: Option<i64>,
    /// Recoverable Items.
    pub recoverable_items: Option<i64>,
    /// Their size, in bytes.
    pub recoverable_bytes: Option<i64>,
    /// Whether there is an online archive; it is not in these figures.
    pub archive: Option<bool>,
    /// The size from which sending stops, in bytes.
    pub send_quota: Option<i64>,
    /// The day of the latest activity: sending and reading only.
    pub last_activity: Option<String>,
    /// The day the figures are of.
    pub as_of: String,
}

/// A service in the whole tenant.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ServiceUse {
    /// The service.
    pub service: String,
    /// People with a licence who used it in the period.
    pub active: Option<i64>,
    /// People with a licence who did not.
    pub inactive: Option<i64>,
    /// The span.
    pub period: String,
    /// The day the figures are of.
    pub as_of: String,
}

/// A person as a report row is joined to one.
pub(super) const PERSON: &str = "JOIN principal p USING (snap_id, principal)
    JOIN user_v u ON u.tenant_id = ?2 AND u.user_id = p.user_id AND u.from_snap <= ?3 AND (u.to_snap IS NULL OR u.to_snap > ?3)";

impl View<'_> {
    /// Mail sent, received and read by person, least first.
    ///
    /// # Errors
    /// The store's.
    pub fn mail(&self, filter: &Filter, period: Option<&str>) -> Result<Answer<MailUse>, StoreError> {
        let Some(seen) = self.seen_over("email", period)? else { return Ok(Answer::never("email")) };
        let sql = format!(
            "SELECT u.upn, u.user_id, u.department, u.user_type, u.mail, u.account_enabled, m.sent, m.received, m.read, m.last_activity
             FROM use_email m {PERSON} WHERE m.snap_id = ?1 ORDER BY m.sent + m.read, u.upn"
        );
        let mut query = self.db.prepare(&sql)?;
        let mut rows = query.query(params![seen.rows_at, self.tenant, self.users()?])?;
        let (period, as_of) = dates(&seen);
        let (mut found, choice) = (Vec::new(), self.choice(filter)?);
        while let Some(row) = rows.next()? {
            if choice.admits(row, 1)? {
                found.push(MailUse {
                    user: row.get(0)?,
                    department: row.get(2)?,
                    sent: row.get(6)?,
                    received: row.get(7)?,
                    read: row.get(8)?,
                    last_activity: row.get(9)?,
                    period: period.clone(),
                    as_of: as_of.clone(),
                });
            }
        }
        Ok(Answer::of(&seen, found).telling_nobody(self.nobody(&seen)?))
    }

    /// Mailboxes, the largest first; shared ones and rooms too.
    ///
    /// # Errors
    /// The store's.
    pub fn mailboxes(&self, filter: &Filter) -> Result<Answer<MailboxUse>, StoreError> {
        let Some(seen) = self.seen("mailbox")? else { return Ok(Answer::never("mailbox")) };
        let sql = format!(
            "SELECT u.upn, u.user_id, u.department, u.user_type, u.mail, u.account_enabled, m.recipient_type, m.item_count, m.used_bytes,
               m.deleted_items, m.deleted_bytes, m.has_archive, m.send_quota, m.last_activity
             FROM use_mailbox m {PERSON} WHERE m.snap_id = ?1 AND coalesce(m.is_deleted, 0) = 0
             ORDER BY m.used_bytes DESC, u.upn"
        );
        let mut query = self.db.prepare(&sql)?;
        let mut rows = query.query(params![seen.rows_at, self.tenant, self.users()?])?;
        let (_, as_of) = dates(&seen);
        let (mut found, choice) = (Vec::new(), self.choice(filter)?);
        while let Some(row) = rows.next()? {
            if choice.admits(row, 1)? {
                found.push(MailboxUse {
                    user: row.get(0)?,
                    department: row.get(2)?,
                    resource: row.get(6)?,
                    items: row.get(7)?,
                    bytes: row.get(8)?,
                    recoverable_items: row.get(9)?,
                    recoverable_bytes: row.get(10)?,
                    archive: row.get(11)?,
                    send_quota: row.get(12)?,
                    last_activity: row.get(13)?,
                    as_of: as_of.clone(),
                });
            }
        }
        let mut answer = Answer::of(&seen, found).telling_nobody(self.nobody(&seen)?);
        let sum = |of: fn(&MailboxUse) -> Option<i64>| answer.rows.iter().filter_map(of).sum::<i64>();
        let total = format!(
            "{} mailboxes with {} items and {} bytes in all; archives are not in these figures",
            answer.rows.len(),
            sum(|row| row.items),
            sum(|row| row.bytes)
        );
        answer.notes.push(total);
        Ok(answer)
    }

    /// Active and inactive people by service; works where names are concealed.
    ///
    /// # Errors
    /// The store's.
    pub fn services(&self, period: Option<&str>) -> Result<Answer<ServiceUse>, StoreError> {
        let Some(seen) = self.seen_over("services", period)? else { return Ok(Answer::never("services")) };
        let sql = "SELECT replace(replace(metric, 'services.', ''), '_active', ''), num,
              (SELECT num FROM use_tenant i WHERE i.snap_id = a.snap_id AND i.metric = replace(a.metric, '_active', '_inactive'))
            FROM use_tenant a WHERE snap_id = ?1 AND metric LIKE 'services.%' AND metric LIKE '%\\_active' ESCAPE '\\'
            ORDER BY 1";
        let mut query = self.db.prepare(sql)?;
        let (period, as_of) = dates(&seen);
        let rows = query.query_map([seen.rows_at], |row| {
            Ok(ServiceUse {
                service: row.get::<_, String>(0)?.replace('_', " "),
                active: row.get(1)?,
                inactive: row.get(2)?,
                period: period.clone(),
                as_of: as_of.clone(),
            })
        })?;
        Ok(Answer::of(&seen, rows.collect::<Result<_, _>>()?))
    }

    /// The directory's snapshot that people are read in; 0 where there is none.
    pub(super) fn users(&self) -> Result<i64, StoreError> {
        Ok(self.seen("users")?.map_or(0, |seen| seen.snap))
    }
}

/// A report's period and the day of its figures.
pub(super) fn dates(seen: &Seen) -> (String, String) {
    let as_of = seen.as_of.refresh_date.clone().unwrap_or_else(|| seen.as_of.taken_at.clone());
    (seen.as_of.period.clone().unwrap_or_default(), as_of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::ask::testing::{TENANT, filled};

    #[test]
    fn pseudonyms_are_nobody_and_their_number_is_said() {
        let (_folder, store) = filled();
        let view = store.view(TENANT, None).expect("a view");
        let mail = view.mail(&Filter::default(), None).expect("rows");
        assert_eq!(
            mail.rows.iter().map(|row| (row.user.as_str(), row.sent)).collect::<Vec<_>>(),
            [("ben@x.example", Some(0)), ("ana@x.example", Some(12))]
        );
        assert_eq!((mail.rows[0].period.as_str(), mail.rows[0].as_of.as_str()), ("D90", "2026-11-27"));
        assert!(mail.notes[0].starts_with("1 rows are under pseudonyms"), "{:?}", mail.notes);
        assert!(mail.notes[1].starts_with("1 rows match nobody"), "{:?}", mail.notes);
    }

    #[test]
    fn mailboxes_are_listed_by_size_and_services_by_name() {
        let (_folder, store) = filled();
        let view = store.view(TENANT, None).expect("a view");
        let boxes = view.mailboxes(&Filter::default()).expect("rows");
        let told: Vec<_> = boxes.rows.iter().map(|row| (row.user.as_str(), row.resource.as_deref())).collect();
        assert_eq!(told, [("ana@x.example", Some("user")), ("ben@x.example", Some("shared"))]);
        let services = view.services(None).expect("rows").rows;
        assert_eq!(
            (services[0].service.as_str(), services[0].active, services[0].inactive),
            ("exchange", Some(7), Some(3))
        );
    }
}
