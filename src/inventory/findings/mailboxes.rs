//! Mailboxes: shared ones with or without a licence, and those near their quota.
//!
//! A shared mailbox needs Exchange Online Plan 2 when it is over 50 GB, has an archive, or is on hold; holds are not in
//! the reports. Source: Microsoft, "About shared mailboxes".

use rusqlite::params;

use super::{Finding, Look, Rule, about};
use crate::inventory::StoreError;
use crate::inventory::catalogue::{PlanClass, class};

/// 50 GB, as the service counts.
const SHARED_LIMIT: i64 = 50 * 1024 * 1024 * 1024;

pub(super) fn look(look: &mut Look<'_, '_>) -> Result<(), StoreError> {
    let (Some(mailbox), Some(users)) = (look.view.seen("mailbox")?, look.view.seen("users")?) else { return Ok(()) };
    let sql = "SELECT u.user_id, u.upn, u.mail, coalesce(m.recipient_type, ''), m.used_bytes, m.has_archive, m.warn_quota,
          EXISTS (SELECT 1 FROM user_license_v l WHERE l.tenant_id = u.tenant_id AND l.user_id = u.user_id
            AND l.from_snap <= ?3 AND (l.to_snap IS NULL OR l.to_snap > ?3)),
          (SELECT group_concat(service_plan_id) FROM user_plan_v p WHERE p.tenant_id = u.tenant_id AND p.user_id = u.user_id
            AND p.from_snap <= ?3 AND (p.to_snap IS NULL OR p.to_snap > ?3) AND p.capability_status IN ('Enabled', 'Warning')),
          u.user_id, u.department, u.user_type, u.mail, u.account_enabled
        FROM use_mailbox m JOIN principal p USING (snap_id, principal)
          JOIN user_v u ON u.tenant_id = ?2 AND u.user_id = p.user_id AND u.from_snap <= ?3 AND (u.to_snap IS NULL OR u.to_snap > ?3)
        WHERE m.snap_id = ?1 AND coalesce(m.is_deleted, 0) = 0";
    let choice = look.view.choice(look.filter)?;
    let db = look.view.db;
    let mut query = db.prepare(sql)?;
    let mut rows = query.query(params![mailbox.rows_at, look.view.tenant, users.snap])?;
    while let Some(row) = rows.next()? {
        let (id, upn, mail): (String, String, Option<String>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if !choice.admits(row, 9)? {
            continue;
        }
        let kind: String = row.get(3)?;
        let (used, archive, warn): (Option<i64>, Option<bool>, Option<i64>) = (row.get(4)?, row.get(5)?, row.get(6)?);
        let licensed: bool = row.get(7)?;
        let plans: Option<String> = row.get(8)?;
        let plan_2 = plans.is_some_and(|ids| ids.split(',').any(|id| class(id) == Some(PlanClass::MailboxPlan2)));
        let held = look.is_held(&[Some(&upn), mail.as_deref(), Some(&id)]);
        let one = |finding: String| Finding { held, ..about("mailbox", &upn, finding, mailbox.as_of.to_string()) };
        if kind == "shared" {
            let large = used.is_some_and(|used| used > SHARED_LIMIT);
            let needs = large || archive == Some(true);
            if licensed && !needs && used.is_some() && archive.is_some() {
                let text =
                    "a shared mailbox under 50 GB without an archive has a licence; whether it is on hold is not known"
                        .to_owned();
                look.add(Rule::MbxSharedLicensed, &id, one(text));
            }
            if needs && !plan_2 {
                let why = if large { "is over 50 GB" } else { "has an archive" };
                look.add(
                    Rule::MbxSharedNeedsLicense,
                    &id,
                    one(format!("a shared mailbox {why} and has no Exchange Online Plan 2")),
                );
            }
        }
        if let (Some(used), Some(warn)) = (used, warn.filter(|warn| *warn > 0))
            && used >= warn
        {
            look.add(Rule::MbxNearQuota, &id, one(format!("{used} bytes used, warned about from {warn}")));
        }
    }
    Ok(())
}
