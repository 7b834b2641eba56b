//! The sheet of custodians before a collection: who they are, what mailbox they have, and what stands in the way.
//!
//! From the store alone; whether delegation works only the mailbox itself can tell (`affiant check`). What is not known is
//! left empty, never guessed.

use rusqlite::{OptionalExtension as _, Row, params};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Answer, Seen, View};
use crate::inventory::catalogue::{Entitlements, MailboxPlan, classes};
use crate::inventory::{Domains, StoreError};

/// One custodian of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Custodian {
    /// As it was given.
    pub custodian: String,
    /// The sign-in name; null where the directory has nobody of that name.
    pub user: Option<String>,
    /// The name people know.
    pub display_name: Option<String>,
    /// Whether the account can sign in.
    pub enabled: Option<bool>,
    /// When it was deleted, where it is in the directory's bin.
    pub deleted: Option<String>,
    /// What the mailbox report calls the recipient.
    pub mailbox: Option<String>,
    /// The strongest Exchange plan that is enabled: `plan_2`, `plan_1`, `kiosk`, `none`.
    pub plan: Option<String>,
    /// Whether the licences allow a hold.
    pub hold_capable: Option<bool>,
    /// Premium eDiscovery.
    pub ediscovery_premium: Option<bool>,
    /// Whether there is an online archive; it is not collected.
    pub archive: Option<bool>,
    /// Items of all kinds, without Recoverable Items and archive.
    pub items: Option<i64>,
    /// Their size, in bytes.
    pub bytes: Option<i64>,
    /// Whether mail is read by POP or IMAP, so that some may lie elsewhere.
    pub pop_or_imap: Option<bool>,
    /// The latest activity in Exchange.
    pub last_exchange: Option<String>,
    /// What to see to before collecting; null where nothing is known to be in the way.
    pub see_to: Option<String>,
    /// The day of the mailbox report's figures.
    pub as_of: Option<String>,
}

/// Whether the report of mail apps (?1) says that somebody (?2) reads by POP or IMAP. It leaves the column of an app that
/// was not used empty, and says the app's version or yes in others.
pub(in crate::inventory) const POP_OR_IMAP: &str =
    "SELECT EXISTS (SELECT 1 FROM use_metric m WHERE m.snap_id = p.snap_id AND m.principal = p.principal
      AND m.metric IN ('email-apps.pop3_app', 'email-apps.imap4_app') AND (m.num <> 0 OR m.txt IS NOT NULL))
    FROM principal p WHERE p.snap_id = ?1 AND p.user_id = ?2 ORDER BY 1 DESC LIMIT 1";

struct Sources {
    users: Seen,
    deleted: Option<Seen>,
    mailbox: Option<Seen>,
    active: Option<Seen>,
    mail_apps: Option<Seen>,
}

impl View<'_> {
    /// The sheet for these names, each a sign-in name, an address or an object id; one row each, in their order.
    ///
    /// # Errors
    /// The store's.
    pub fn sheet(&self, names: &[String], domains: &Domains) -> Result<Answer<Custodian>, StoreError> {
        let Some(users) = self.seen("users")? else { return Ok(Answer::never("users")) };
        let from = Sources {
            users,
            deleted: self.seen("deleted-users")?,
            mailbox: self.seen("mailbox")?,
            active: self.seen("active")?,
            mail_apps: self.seen("email-apps")?,
        };
        let rows: Vec<Custodian> =
            names.iter().map(|name| self.custodian(name, domains, &from)).collect::<Result<_, _>>()?;
        let sized: Vec<&Custodian> = rows.iter().filter(|row| row.bytes.is_some()).collect();
        let sum = |of: fn(&Custodian) -> Option<i64>| sized.iter().copied().filter_map(of).sum::<i64>();
        let (items, bytes) = (sum(|row| row.items), sum(|row| row.bytes));
        let total = format!(
            "{} of {} have a size on record: {items} items and {bytes} bytes in all, without archives and Recoverable Items",
            sized.len(),
            rows.len()
        );
        let mut answer = Answer::of(&from.users, rows);
        answer.notes.push(total);
        let reports = [from.mailbox, from.active, from.mail_apps];
        answer.as_of.extend(reports.into_iter().flatten().map(|seen| seen.as_of));
        Ok(answer)
    }

    fn custodian(&self, name: &str, domains: &Domains, from: &Sources) -> Result<Custodian, StoreError> {
        let mut one = Custodian { custodian: name.trim().to_owned(), ..Custodian::default() };
        let sql = "SELECT u.user_id, u.upn, u.display_name, u.account_enabled, u.mail, u.user_type FROM user_v u
            WHERE u.tenant_id = ?1 AND u.from_snap <= ?3 AND (u.to_snap IS NULL OR u.to_snap > ?3) AND u.user_id IN (
              SELECT ?2 UNION SELECT user_id FROM user_address_v a WHERE a.tenant_id = ?1 AND a.address = ?2
                AND a.from_snap <= ?3 AND (a.to_snap IS NULL OR a.to_snap > ?3))
            ORDER BY u.upn LIMIT 2";
        let meant = one.custodian.to_lowercase();
        let mut query = self.db.prepare_cached(sql)?;
        let read = |row: &Row<'_>| -> Result<_, rusqlite::Error> {
            let text = |i| row.get::<_, Option<String>>(i);
            Ok((row.get::<_, String>(0)?, text(1)?, text(2)?, row.get::<_, Option<bool>>(3)?, text(4)?, text(5)?))
        };
        let found: Vec<_> =
            query.query_map(params![self.tenant, meant, from.users.snap], read)?.collect::<Result<_, _>>()?;
        let [person] = found.as_slice() else {
            let none = found.is_empty();
            one.deleted = if none { self.deleted(&meant, from)? } else { None };
            one.see_to = Some(match (&one.deleted, none) {
                (Some(at), _) => format!("deleted on {}, and gone for good 30 days later", at.get(..10).unwrap_or(at)),
                (None, true) if matches!(domains, Domains::Listed(_)) => {
                    "nobody inside the domains of this connection has this name".to_owned()
                }
                (None, true) => "nobody in the directory has this name".to_owned(),
                (None, false) => "more than one account has this address".to_owned(),
            });
            return Ok(one);
        };
        let (id, upn, shown, enabled, mail, kind) = person.clone();
        (one.user, one.display_name, one.enabled) = (upn, shown, enabled);
        self.plans(&id, from, &mut one)?;
        self.figures(&id, from, &mut one)?;
        one.see_to = one.in_the_way(kind.as_deref(), domains.keeps(mail.as_deref()));
        Ok(one)
    }

    fn deleted(&self, meant: &str, from: &Sources) -> Result<Option<String>, StoreError> {
        let Some(seen) = &from.deleted else { return Ok(None) };
        let sql = "SELECT coalesce(deleted_at, 'a day that is not known') FROM deleted_user_v
            WHERE tenant_id = ?1 AND (user_id = ?2 OR upn = ?2 OR lower(mail) = ?2)
              AND from_snap <= ?3 AND (to_snap IS NULL OR to_snap > ?3) LIMIT 1";
        Ok(self.db.query_row(sql, params![self.tenant, meant, seen.snap], |row| row.get(0)).optional()?)
    }

    fn plans(&self, id: &str, from: &Sources, one: &mut Custodian) -> Result<(), StoreError> {
        let sql = "SELECT service_plan_id FROM user_plan_v WHERE tenant_id = ?1 AND user_id = ?2
              AND from_snap <= ?3 AND (to_snap IS NULL OR to_snap > ?3) AND capability_status IN ('Enabled', 'Warning')";
        let mut query = self.db.prepare_cached(sql)?;
        let ids: Vec<String> =
            query.query_map(params![self.tenant, id, from.users.snap], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let may = Entitlements::of(&classes(ids.iter().map(String::as_str)));
        one.plan = Some(may.mailbox.as_str().to_owned());
        one.hold_capable = Some(may.hold);
        one.ediscovery_premium = Some(may.ediscovery_premium);
        Ok(())
    }

    fn figures(&self, id: &str, from: &Sources, one: &mut Custodian) -> Result<(), StoreError> {
        if let Some(seen) = &from.mailbox {
            let sql = "SELECT m.recipient_type, m.has_archive, m.item_count, m.used_bytes
                FROM principal p CROSS JOIN use_mailbox m USING (snap_id, principal)
                WHERE p.snap_id = ?1 AND p.user_id = ?2 AND coalesce(m.is_deleted, 0) = 0 LIMIT 1";
            let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
            if let Some(row) = self.db.query_row(sql, params![seen.rows_at, id], read).optional()? {
                (one.mailbox, one.archive, one.items, one.bytes) = row;
                one.as_of.clone_from(&seen.as_of.refresh_date);
            }
        }
        if let Some(seen) = &from.active {
            let sql = "SELECT max(nullif(a.last_activity, '')) FROM principal p CROSS JOIN use_active a USING (snap_id, principal)
                WHERE p.snap_id = ?1 AND p.user_id = ?2 AND a.service = 'exchange'";
            one.last_exchange = self.db.query_row(sql, params![seen.rows_at, id], |row| row.get(0))?;
        }
        if let Some(seen) = &from.mail_apps {
            one.pop_or_imap = self.db.query_row(POP_OR_IMAP, params![seen.rows_at, id], |row| row.get(0)).optional()?;
        }
        Ok(())
    }
}

impl Custodian {
    /// What is known to stand in the way of a whole collection.
    fn in_the_way(&self, kind: Option<&str>, is_inside: bool) -> Option<String> {
        let is_person = self.mailbox.as_deref().is_none_or(|kind| kind == "user");
        let mut see_to: Vec<&str> = Vec::new();
        let mut say = |holds: bool, text| {
            if holds {
                see_to.push(text);
            }
        };
        let without = self.plan.as_deref() == Some(MailboxPlan::None.as_str());
        say(
            without && self.mailbox.is_none(),
            "no Exchange plan is enabled and no report names a mailbox: there may be none",
        );
        say(
            without && self.mailbox.is_some() && is_person,
            "no Exchange plan is enabled: the mailbox is kept for 30 days only",
        );
        let is_small = !without && self.hold_capable == Some(false) && is_person;
        say(is_small, "the licences allow no hold: mail may be deleted for good meanwhile (no Exchange Online Plan 2)");
        say(self.archive == Some(true), "there is an online archive, which cannot be collected this way");
        say(self.enabled == Some(false), "the account is disabled");
        say(
            kind.is_some_and(|kind| kind.eq_ignore_ascii_case("guest")),
            "a guest: the mailbox is in another organisation",
        );
        say(self.pop_or_imap == Some(true), "mail is read by POP or IMAP: some may lie elsewhere");
        say(!is_inside, "outside the domains of this connection: reports say nothing of it here");
        Some(see_to.join("; ")).filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::ask::testing::{TENANT, filled};

    #[test]
    fn every_name_has_a_row_and_what_is_in_the_way_is_said() {
        let (_folder, store) = filled();
        store
            .db
            .execute_batch(&format!(
                "INSERT INTO user_address_v VALUES ('{TENANT}', 'ana', 'a.other@x.example', 'proxy', 1, NULL);
                 INSERT INTO user_plan_v VALUES ('{TENANT}', 'ana', 'efb87545-963c-4e0d-99df-69c6916d9eb0', 11, NULL, 'exchange', 'Enabled', NULL);"
            ))
            .expect("rows");
        let view = store.view(TENANT, None).expect("a view");
        let names = ["A.Other@X.example", "ben", "cleo@y.example", "nobody@x.example"].map(str::to_owned);
        let all = view.sheet(&names, &Domains::All).expect("a sheet").rows;
        assert_eq!(all[3].see_to.as_deref(), Some("nobody in the directory has this name"));
        let domains = Domains::typed(["x.example"]).expect("domains").domains;
        let rows = view.sheet(&names, &domains).expect("a sheet").rows;
        let told: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    row.user.as_deref(),
                    row.plan.as_deref(),
                    row.see_to.as_deref().map_or(0, |text| text.split("; ").count()),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (Some("ana@x.example"), Some("plan_2"), 1),
                (Some("ben@x.example"), Some("none"), 1),
                (Some("cleo@y.example"), Some("none"), 3),
                (None, None, 1)
            ],
            "{rows:#?}"
        );
        assert_eq!(
            (rows[0].items, rows[0].archive, rows[0].as_of.as_deref()),
            (Some(900), Some(true), Some("2026-11-27"))
        );
        assert!(rows[3].see_to.as_deref().is_some_and(|text| text.contains("domains of this connection")));
        assert_eq!(rows[1].see_to.as_deref(), Some("the account is disabled"), "a shared mailbox needs no plan");
    }
}
