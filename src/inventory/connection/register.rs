//! Connections on record: added, found, changed, removed. What a run left behind stays when its connection goes.
//!
//! It must not know secrets: they are in the connection's token store.

use rusqlite::{OptionalExtension as _, Row, params};

use super::{Connection, ConnectionError, Domains, Label, LastRun, Tenant, Way};
use crate::inventory::Store;
use crate::terms::UtcInstant;

/// A connection to be added.
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// What people call it.
    pub label: Label,
    /// The tenant.
    pub tenant: Tenant,
    /// How it signs in.
    pub way: Way,
    /// The application.
    pub client_id: String,
    /// The sign-in name.
    pub account: String,
    /// The folder of its token store, below the home folder.
    pub place: String,
    /// When its secret or certificate ends.
    pub secret_ends: Option<UtcInstant>,
    /// Which people it is about.
    pub domains: Domains,
}

const SELECT: &str =
    "SELECT c.connection_id, c.label, c.tenant_id, t.display_name, t.default_domain, t.cloud, c.auth_kind,
    c.client_id, c.signed_in_user_id, c.secret_ref, c.secret_expires_on, c.domains_json, c.enabled, c.added_at,
    r.started_at, r.status
  FROM connection c JOIN tenant t USING (tenant_id)
  LEFT JOIN sync_run r ON r.run_id = (SELECT max(run_id) FROM sync_run WHERE connection_id = c.connection_id)
  WHERE c.removed_at IS NULL";

impl Store {
    /// Every connection, by name.
    ///
    /// # Errors
    /// The store's.
    pub fn connections(&self) -> Result<Vec<Connection>, ConnectionError> {
        let mut found = self.db.prepare(&format!("{SELECT} ORDER BY c.label COLLATE NOCASE"))?;
        let rows = found.query_map([], |row| Ok(read(row)))?;
        rows.collect::<Result<Vec<_>, _>>()?.into_iter().collect()
    }

    /// The connection of this name, in any case.
    ///
    /// # Errors
    /// [`ConnectionError::Unknown`].
    pub fn connection(&self, label: &str) -> Result<Connection, ConnectionError> {
        let sql = format!("{SELECT} AND c.label = ?1 COLLATE NOCASE");
        let found = self.db.query_row(&sql, [label.trim()], |row| Ok(read(row))).optional()?;
        let found = found.transpose()?;
        found.ok_or_else(|| {
            ConnectionError::Unknown(label.trim().chars().filter(|c| !c.is_control()).take(80).collect())
        })
    }

    /// The one named, or the only one there is.
    ///
    /// # Errors
    /// [`ConnectionError::None`], [`ConnectionError::Several`], [`ConnectionError::Unknown`].
    pub fn the_connection(&self, named: Option<&str>) -> Result<Connection, ConnectionError> {
        if let Some(label) = named {
            return self.connection(label);
        }
        let mut all = self.connections()?;
        match (all.pop(), all.len()) {
            (None, _) => Err(ConnectionError::None),
            (Some(only), 0) => Ok(only),
            (Some(_), _) => Err(ConnectionError::Several),
        }
    }

    /// Puts a connection on record.
    ///
    /// # Errors
    /// [`ConnectionError::Taken`], [`ConnectionError::SameIds`].
    pub fn add_connection(&mut self, new: &NewConnection, now: UtcInstant) -> Result<Connection, ConnectionError> {
        if new.client_id.eq_ignore_ascii_case(&new.tenant.id) {
            return Err(ConnectionError::SameIds);
        }
        let transaction = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let taken = "SELECT count(*) FROM connection WHERE label = ?1 COLLATE NOCASE AND removed_at IS NULL";
        let taken: i64 = transaction.query_row(taken, [new.label.as_str()], |row| row.get(0))?;
        if taken > 0 {
            return Err(ConnectionError::Taken(new.label.to_string()));
        }
        note_tenant(&transaction, &new.tenant, now)?;
        transaction.execute(
            "INSERT INTO connection (tenant_id, label, auth_kind, client_id, signed_in_user_id, secret_ref,
               secret_expires_on, domains_mode, domains_json, enabled, added_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, ?10)",
            params![
                new.tenant.id,
                new.label.as_str(),
                new.way.as_str(),
                new.client_id,
                new.account,
                new.place,
                new.secret_ends.map(|at| at.to_string()),
                mode(&new.domains),
                names(&new.domains),
                now.to_string(),
            ],
        )?;
        transaction.commit()?;
        self.connection(new.label.as_str())
    }

    /// Says who signs in now, and with what until when.
    ///
    /// # Errors
    /// [`ConnectionError::OtherTenant`]: what was synced before would be mixed with another tenant's.
    pub fn renew_connection(&mut self, id: i64, new: &NewConnection, now: UtcInstant) -> Result<(), ConnectionError> {
        let transaction = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let tenant: String =
            transaction
                .query_row("SELECT tenant_id FROM connection WHERE connection_id = ?1", [id], |row| row.get(0))?;
        if !tenant.eq_ignore_ascii_case(&new.tenant.id) {
            return Err(ConnectionError::OtherTenant);
        }
        note_tenant(&transaction, &new.tenant, now)?;
        transaction.execute(
            "UPDATE connection SET auth_kind = ?2, client_id = ?3, signed_in_user_id = ?4, secret_expires_on = ?5,
               secret_ref = ?6 WHERE connection_id = ?1",
            params![
                id,
                new.way.as_str(),
                new.client_id,
                new.account,
                new.secret_ends.map(|at| at.to_string()),
                new.place,
            ],
        )?;
        Ok(transaction.commit()?)
    }

    /// Takes a connection into runs over all, or out of them.
    ///
    /// # Errors
    /// The store's.
    pub fn enable_connection(&mut self, id: i64, enabled: bool) -> Result<(), ConnectionError> {
        self.db.execute("UPDATE connection SET enabled = ?2 WHERE connection_id = ?1", params![id, enabled])?;
        Ok(())
    }

    /// Sets which people a connection is about, from the next run on.
    ///
    /// # Errors
    /// The store's.
    pub fn narrow_connection(&mut self, id: i64, domains: &Domains) -> Result<(), ConnectionError> {
        self.db.execute(
            "UPDATE connection SET domains_mode = ?2, domains_json = ?3 WHERE connection_id = ?1",
            params![id, mode(domains), names(domains)],
        )?;
        Ok(())
    }

    /// Takes a connection off the list. What its runs brought stays, and so does the row they refer to.
    ///
    /// # Errors
    /// The store's.
    pub fn remove_connection(&mut self, id: i64, now: UtcInstant) -> Result<(), ConnectionError> {
        self.db.execute(
            "UPDATE connection SET removed_at = ?2, enabled = 0, secret_ref = NULL,
               label = label || ' (removed ' || connection_id || ')' WHERE connection_id = ?1",
            params![id, now.to_string()],
        )?;
        Ok(())
    }
}

fn note_tenant(db: &rusqlite::Transaction<'_>, tenant: &Tenant, now: UtcInstant) -> Result<(), rusqlite::Error> {
    db.execute(
        "INSERT INTO tenant (tenant_id, display_name, default_domain, cloud, first_seen) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (tenant_id) DO UPDATE SET display_name = coalesce(excluded.display_name, display_name),
           default_domain = coalesce(excluded.default_domain, default_domain)",
        params![tenant.id, tenant.name, tenant.default_domain, tenant.cloud, now.to_string()],
    )?;
    Ok(())
}

const fn mode(domains: &Domains) -> &'static str {
    match domains {
        Domains::All => "all",
        Domains::Listed(_) => "listed",
    }
}

fn names(domains: &Domains) -> String {
    serde_json::json!(domains.names()).to_string()
}

fn read(row: &Row<'_>) -> Result<Connection, ConnectionError> {
    let label: String = row.get(1)?;
    let way: String = row.get(6)?;
    let domains: Vec<String> = serde_json::from_str(&row.get::<_, String>(11)?).unwrap_or_default();
    let instant = |text: String| UtcInstant::parse(&text).ok();
    let odd = || ConnectionError::Store(rusqlite::Error::InvalidQuery.into());
    Ok(Connection {
        id: row.get(0)?,
        label: Label(label),
        tenant: Tenant { id: row.get(2)?, name: row.get(3)?, default_domain: row.get(4)?, cloud: row.get(5)? },
        way: Way::parse(&way).ok_or_else(odd)?,
        client_id: row.get(7)?,
        account: row.get::<_, Option<String>>(8)?.unwrap_or_default(),
        place: row.get::<_, Option<String>>(9)?.unwrap_or_default(),
        secret_ends: row.get::<_, Option<String>>(10)?.and_then(instant),
        domains: Domains::typed(domains.iter().map(String::as_str))?.domains,
        enabled: row.get(12)?,
        added_at: instant(row.get(13)?).ok_or_else(odd)?,
        last_run: match row.get::<_, Option<String>>(14)? {
            Some(started_at) => Some(LastRun { started_at, status: row.get(15)? }),
            None => None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(label: &str, tenant: &str) -> NewConnection {
        NewConnection {
            label: Label::parse(label).expect("a label"),
            tenant: Tenant {
                id: tenant.into(),
                name: Some("Contoso".into()),
                default_domain: None,
                cloud: "global".into(),
            },
            way: Way::AppSecret,
            client_id: "c".into(),
            account: "app:c".into(),
            place: "p".into(),
            secret_ends: UtcInstant::parse("2027-05-31T00:00:00Z").ok(),
            domains: Domains::typed(["contoso.example"]).expect("domains").domains,
        }
    }

    #[test]
    fn connections_are_added_found_changed_and_taken_off_the_list() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = Store::open(camino::Utf8Path::from_path(folder.path()).expect("UTF-8")).expect("a store");
        let now = UtcInstant::parse("2026-11-29T08:00:00Z").expect("an instant");
        assert!(matches!(store.the_connection(None), Err(ConnectionError::None)));
        let added = store.add_connection(&new("main", "t1"), now).expect("added");
        assert_eq!((added.domains.names(), added.secret_ends.is_some()), (vec!["contoso.example".to_owned()], true));
        assert!(matches!(store.add_connection(&new("MAIN", "t1"), now), Err(ConnectionError::Taken(_))));
        assert!(matches!(store.add_connection(&new("wrong", "c"), now), Err(ConnectionError::SameIds)));
        assert_eq!(store.the_connection(None).expect("the only one"), added);
        store.add_connection(&new("other", "t2"), now).expect("added");
        assert!(matches!(store.the_connection(None), Err(ConnectionError::Several)));
        assert!(matches!(store.renew_connection(added.id, &new("main", "t2"), now), Err(ConnectionError::OtherTenant)));
        store.enable_connection(added.id, false).expect("changed");
        store.narrow_connection(added.id, &Domains::All).expect("changed");
        let changed = store.connection("Main").expect("there");
        assert_eq!((changed.enabled, changed.domains), (false, Domains::All));
        store.remove_connection(added.id, now).expect("removed");
        assert!(matches!(store.connection("main"), Err(ConnectionError::Unknown(_))));
        store.add_connection(&new("main", "t1"), now).expect("the name is free again");
    }
}
