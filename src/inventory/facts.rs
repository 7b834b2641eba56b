//! What the store knows of a custodian, for the record of a collection: licences, plans, mailbox, activity.
//!
//! Each dataset is read in its newest whole snapshot, which the fact names. What is concealed, missing or not matched to
//! a person is unknown. It must not know how a collection goes.

use std::sync::Mutex;

use rusqlite::{OptionalExtension as _, params};

use super::Store;
use super::ask::POP_OR_IMAP;
use super::catalogue::{Entitlements, classes};
use crate::terms::{FactName, FactSource, LicenceFact, Licensed, NothingKnown, ObjectId, Sha256};

/// The store as a source of facts about one tenant's people.
#[derive(Debug)]
pub struct KnownPeople {
    store: Mutex<Store>,
    tenant_id: String,
}

/// A snapshot to read in: where its rows are, and what a fact says of it.
struct Snapshot {
    rows_at: i64,
    source: FactSource,
}

/// Recipient type, archive, then items and bytes of the mailbox and of Recoverable Items.
type MailboxRow = (Option<String>, Option<bool>, [Option<i64>; 4]);

type Read<T> = Result<T, rusqlite::Error>;

impl KnownPeople {
    /// Looks people of this tenant up in this store.
    pub const fn new(store: Store, tenant_id: String) -> Self {
        Self { store: Mutex::new(store), tenant_id }
    }

    fn read(&self, store: &Store, person: &ObjectId) -> Read<Vec<LicenceFact>> {
        let mut facts = Facts { list: Vec::with_capacity(FactName::ALL.len()) };
        let Some(users) = self.newest(store, "users")? else { return Ok(NothingKnown.facts(person)) };
        facts.say(FactName::SyncAtHand, Some("yes".to_owned()), Some(&users));
        self.account(store, person, &users, &mut facts)?;
        self.licences(store, person, &users, &mut facts)?;
        self.mailbox(store, person, &mut facts)?;
        self.activity(store, person, &mut facts)?;
        self.protocols(store, person, &mut facts)?;
        Ok(facts.list)
    }

    /// The newest whole snapshot of a dataset; of a usage report, that with the newest figures.
    fn newest(&self, store: &Store, dataset: &str) -> Read<Option<Snapshot>> {
        let sql = "SELECT snap_id, coalesce(same_as, snap_id), period, refresh_date, taken_at, content_sha256
            FROM snapshot WHERE tenant_id = ?1 COLLATE NOCASE AND dataset = ?2 AND complete = 1
            ORDER BY refresh_date DESC, snap_id DESC LIMIT 1";
        let found = store.db.query_row(sql, params![self.tenant_id, dataset], |row| {
            let (id, rows_at): (i64, i64) = (row.get(0)?, row.get(1)?);
            let (period, refreshed, taken): (String, String, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
            let digest = Sha256::from_hex(&row.get::<_, String>(5)?).map_err(|_| rusqlite::Error::InvalidQuery)?;
            let source = FactSource {
                dataset: dataset.to_owned(),
                period,
                as_of: if refreshed.is_empty() { taken } else { refreshed },
                snapshot_id: u64::try_from(id).unwrap_or_default(),
                snapshot_sha256: digest,
            };
            Ok(Snapshot { rows_at, source })
        });
        found.optional()
    }

    fn account(&self, store: &Store, person: &ObjectId, users: &Snapshot, facts: &mut Facts) -> Read<()> {
        let sql = "SELECT account_enabled, lower(user_type) FROM user_v
            WHERE tenant_id = ?1 COLLATE NOCASE AND user_id = ?2 AND to_snap IS NULL";
        let found = store.db.query_row(sql, params![self.tenant_id, person.as_str()], |row| {
            Ok((row.get::<_, Option<bool>>(0)?, row.get::<_, Option<String>>(1)?))
        });
        let (enabled, kind) = found.optional()?.unwrap_or_default();
        facts.say(FactName::AccountEnabled, enabled.map(yes_or_no), Some(users));
        facts.say(FactName::UserType, kind, Some(users));
        Ok(())
    }

    fn licences(&self, store: &Store, person: &ObjectId, users: &Snapshot, facts: &mut Facts) -> Read<()> {
        let known = "SELECT EXISTS (SELECT 1 FROM user_v WHERE tenant_id = ?1 COLLATE NOCASE AND user_id = ?2 AND to_snap IS NULL)";
        let of_person = params![self.tenant_id, person.as_str()];
        if !store.db.query_row(known, of_person, |row| row.get::<_, bool>(0))? {
            for name in [
                FactName::Licences,
                FactName::MailboxPlan,
                FactName::HoldCapable,
                FactName::EdiscoveryPremium,
                FactName::AuditPremium,
            ] {
                facts.say(name, None, Some(users));
            }
            return Ok(());
        }
        let sql = "SELECT DISTINCT coalesce(s.sku_part_number, l.sku_id) FROM user_license_v l
            LEFT JOIN sku_v s ON s.tenant_id = l.tenant_id AND s.sku_id = l.sku_id AND s.to_snap IS NULL
            WHERE l.tenant_id = ?1 COLLATE NOCASE AND l.user_id = ?2 AND l.to_snap IS NULL ORDER BY 1";
        let mut query = store.db.prepare_cached(sql)?;
        let names = query.query_map(of_person, |row| row.get::<_, String>(0))?.collect::<Read<Vec<_>>>()?;
        facts.say(FactName::Licences, Some(names.join(" ")), Some(users));
        let sql = "SELECT service_plan_id FROM user_plan_v WHERE tenant_id = ?1 COLLATE NOCASE AND user_id = ?2
            AND to_snap IS NULL AND capability_status IN ('Enabled', 'Warning')";
        let mut query = store.db.prepare_cached(sql)?;
        let ids = query.query_map(of_person, |row| row.get::<_, String>(0))?.collect::<Read<Vec<_>>>()?;
        let may = Entitlements::of(&classes(ids.iter().map(String::as_str)));
        facts.say(FactName::MailboxPlan, Some(may.mailbox.as_str().to_owned()), Some(users));
        facts.say(FactName::HoldCapable, Some(yes_or_no(may.hold)), Some(users));
        facts.say(FactName::EdiscoveryPremium, Some(yes_or_no(may.ediscovery_premium)), Some(users));
        facts.say(FactName::AuditPremium, Some(yes_or_no(may.audit_premium)), Some(users));
        Ok(())
    }

    fn mailbox(&self, store: &Store, person: &ObjectId, facts: &mut Facts) -> Read<()> {
        let snapshot = self.newest(store, "mailbox")?;
        let sql = "SELECT recipient_type, has_archive, item_count, used_bytes, deleted_items, deleted_bytes
            FROM principal p CROSS JOIN use_mailbox u USING (snap_id, principal)
            WHERE p.snap_id = ?1 AND p.user_id = ?2 AND coalesce(u.is_deleted, 0) = 0";
        let found: Option<MailboxRow> = match &snapshot {
            None => None,
            Some(snapshot) => {
                let read = |row: &rusqlite::Row<'_>| {
                    Ok((row.get(0)?, row.get(1)?, [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?]))
                };
                store.db.query_row(sql, params![snapshot.rows_at, person.as_str()], read).optional()?
            }
        };
        let (recipient, archive, counts) = found.unwrap_or_default();
        let at = snapshot.as_ref();
        facts.say(FactName::MailboxKind, recipient, at);
        facts.say(FactName::Archive, archive.map(yes_or_no), at);
        let names =
            [FactName::MailboxItems, FactName::MailboxBytes, FactName::RecoverableItems, FactName::RecoverableBytes];
        for (name, count) in names.into_iter().zip(counts) {
            facts.say(name, count.map(|count| count.to_string()), at);
        }
        Ok(())
    }

    fn activity(&self, store: &Store, person: &ObjectId, facts: &mut Facts) -> Read<()> {
        let snapshot = self.newest(store, "active")?;
        let sql = "SELECT a.last_activity FROM principal p CROSS JOIN use_active a USING (snap_id, principal)
            WHERE p.snap_id = ?1 AND p.user_id = ?2 AND a.service = ?3";
        for (name, service) in [
            (FactName::LastExchange, "exchange"),
            (FactName::LastTeams, "teams"),
            (FactName::LastOnedrive, "onedrive"),
            (FactName::LastSharepoint, "sharepoint"),
        ] {
            let at = snapshot.as_ref().map(|snapshot| snapshot.rows_at);
            let found = store.db.query_row(sql, params![at, person.as_str(), service], |row| row.get(0)).optional()?;
            facts.say(name, found.flatten(), snapshot.as_ref());
        }
        Ok(())
    }

    fn protocols(&self, store: &Store, person: &ObjectId, facts: &mut Facts) -> Read<()> {
        let snapshot = self.newest(store, "email-apps")?;
        let at = snapshot.as_ref().map(|snapshot| snapshot.rows_at);
        let found = store.db.query_row(POP_OR_IMAP, params![at, person.as_str()], |row| row.get(0)).optional()?;
        facts.say(FactName::PopOrImap, found.map(yes_or_no), snapshot.as_ref());
        Ok(())
    }
}

impl Licensed for KnownPeople {
    fn facts(&self, person: &ObjectId) -> Vec<LicenceFact> {
        let Ok(store) = self.store.lock() else { return NothingKnown.facts(person) };
        // A store that cannot be read costs the facts, never the collection.
        let facts = self.read(&store, person).unwrap_or_else(|_| NothingKnown.facts(person));
        let sources = facts.iter().filter_map(|fact| fact.source.as_ref());
        store.swear_to(&sources.map(|source| source.snapshot_id).collect());
        facts
    }
}

struct Facts {
    list: Vec<LicenceFact>,
}

impl Facts {
    fn say(&mut self, name: FactName, value: Option<String>, from: Option<&Snapshot>) {
        self.list.push(LicenceFact { name, value, source: from.map(|snapshot| snapshot.source.clone()) });
    }
}

fn yes_or_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "11111111-0000-0000-0000-000000000001";
    const PLAN_2: &str = "efb87545-963c-4e0d-99df-69c6916d9eb0";

    fn store(folder: &tempfile::TempDir) -> Store {
        let store = Store::open(camino::Utf8Path::from_path(folder.path()).expect("UTF-8")).expect("a store");
        let digest = "ab".repeat(32);
        let sql = format!(
            "INSERT INTO tenant VALUES ('{TENANT}', NULL, NULL, 'global', 'x');
             INSERT INTO connection (connection_id, tenant_id, label, auth_kind, client_id, added_at) VALUES (1, '{TENANT}', 'l', 'delegated', 'c', 'x');
             INSERT INTO sync_run (run_id, run_uid, connection_id, tenant_id, trigger, started_at, status, domains_json, app_version, catalog_version)
               VALUES (1, 'u', 1, '{TENANT}', 'manual', 'x', 'ok', '[]', '1', '1');
             INSERT INTO snapshot (snap_id, run_id, tenant_id, dataset, period, refresh_date, taken_at, complete, row_count, content_sha256, same_as) VALUES
               (1, 1, '{TENANT}', 'users', '', '', '2026-11-28T08:00:00.000Z', 1, 1, '{digest}', NULL),
               (2, 1, '{TENANT}', 'mailbox', 'D30', '2026-11-26', 't', 1, 1, '{digest}', NULL),
               (3, 1, '{TENANT}', 'mailbox', 'D7', '2026-11-27', 't', 1, 1, '{digest}', 2),
               (4, 1, '{TENANT}', 'mailbox', 'D90', '2026-11-28', 't', 0, 1, '{digest}', NULL),
               (5, 1, '{TENANT}', 'email-apps', 'D30', '2026-11-27', 't', 1, 1, '{digest}', NULL);
             INSERT INTO user_v (tenant_id, user_id, from_snap, row_hash, upn, account_enabled) VALUES ('{TENANT}', 'ana', 1, 'h', 'ana@x.example', 0);
             INSERT INTO user_plan_v VALUES ('{TENANT}', 'ana', '{PLAN_2}', 1, NULL, 'exchange', 'Enabled', NULL);
             INSERT INTO principal VALUES (2, 'ana@x.example', 'real', 'ana', 'upn'), (2, 'FFFF', 'concealed', NULL, 'none');
             INSERT INTO principal VALUES (5, 'ana@x.example', 'real', 'ana', 'upn'), (5, 'dan@x.example', 'real', 'dan', 'upn');
             INSERT INTO use_metric VALUES (5, 'ana@x.example', 'email-apps.imap4_app', NULL, 'Undetermined'),
               (5, 'dan@x.example', 'email-apps.outlook_for_windows', NULL, 'ProPlus');
             INSERT INTO use_mailbox (snap_id, principal, recipient_type, item_count, has_archive) VALUES
               (2, 'ana@x.example', 'user', 17, 1), (2, 'FFFF', 'user', 99, 0);"
        );
        store.db.execute_batch(&sql).expect("rows");
        store
    }

    fn told(known: &KnownPeople, person: &str) -> Vec<(FactName, Option<String>)> {
        let person = ObjectId::new(person).expect("an id");
        known.facts(&person).into_iter().map(|fact| (fact.name, fact.value)).collect()
    }

    #[test]
    fn every_fact_is_said_and_what_is_not_known_is_unknown() {
        let folder = tempfile::tempdir().expect("a folder");
        let known = KnownPeople::new(store(&folder), TENANT.to_uppercase());
        let ana = told(&known, "ana");
        assert_eq!(ana.iter().map(|(name, _)| *name).collect::<Vec<_>>(), FactName::ALL);
        let value = |name: FactName| ana.iter().find(|(one, _)| *one == name).and_then(|(_, value)| value.clone());
        for (name, says) in [
            (FactName::AccountEnabled, Some("no")),
            (FactName::UserType, None),
            (FactName::Licences, Some("")),
            (FactName::MailboxPlan, Some("plan_2")),
            (FactName::HoldCapable, Some("yes")),
            (FactName::MailboxKind, Some("user")),
            (FactName::MailboxItems, Some("17")),
            (FactName::MailboxBytes, None),
            (FactName::Archive, Some("yes")),
            (FactName::LastTeams, None),
            (FactName::PopOrImap, Some("yes")),
        ] {
            assert_eq!(value(name).as_deref(), says, "{name}");
        }
        let dan = told(&known, "dan");
        assert!(dan.contains(&(FactName::PopOrImap, Some("no".to_owned()))), "an app that is not named was not used");
        let stranger = told(&known, "ben");
        assert!(stranger.iter().skip(1).all(|(_, value)| value.is_none()), "{stranger:?}");
    }

    #[test]
    fn the_newest_whole_snapshot_is_named_though_its_rows_are_those_of_an_earlier_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let known = KnownPeople::new(store(&folder), TENANT.to_owned());
        let facts = known.facts(&ObjectId::new("ana").expect("an id"));
        let items = facts.iter().find(|fact| fact.name == FactName::MailboxItems).and_then(|fact| fact.source.clone());
        let source = items.expect("a source");
        assert_eq!((source.snapshot_id, source.period.as_str(), source.as_of.as_str()), (3, "D7", "2026-11-27"));
    }

    #[test]
    fn a_tenant_that_was_never_synced_is_said_to_be_unknown() {
        let folder = tempfile::tempdir().expect("a folder");
        let known = KnownPeople::new(store(&folder), "another".to_owned());
        assert_eq!(told(&known, "ana"), [(FactName::SyncAtHand, None)]);
    }
}
