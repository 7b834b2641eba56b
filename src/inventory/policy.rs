//! Products that somebody chose to leave out, with the reason: per-device ones, those never given to people.
//!
//! Left out of findings, or of the arithmetic of seats too; they are always listed, with the reason beside them.

use rusqlite::params;

use super::store::{Store, StoreError};

/// What a product is left out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LeftOut {
    /// Of findings only.
    Findings,
    /// Of findings and of free and missing seats.
    All,
}

impl LeftOut {
    /// The store's word.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Findings => "findings",
            Self::All => "all",
        }
    }
}

/// A product that is left out.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Left {
    /// Its id.
    pub sku_id: String,
    /// Its name.
    pub product: String,
    /// What it is left out of.
    pub left_out_of: LeftOut,
    /// Why.
    pub reason: String,
}

impl Store {
    /// Leaves a product of a tenant out, from now on.
    ///
    /// # Errors
    /// The database's.
    pub fn leave_out(&mut self, tenant: &str, sku: &str, of: LeftOut, reason: &str) -> Result<(), StoreError> {
        let transaction = self.db.transaction()?;
        transaction.execute("DELETE FROM sku_policy WHERE tenant_id = ?1 AND sku_id = ?2", [tenant, sku])?;
        let sql = "INSERT INTO sku_policy (tenant_id, sku_id, ignore_in, reason) VALUES (?1, ?2, ?3, ?4)";
        transaction.execute(sql, params![tenant, sku, of.as_str(), reason])?;
        Ok(transaction.commit()?)
    }

    /// Takes a product in again; false when it was not left out.
    ///
    /// # Errors
    /// The database's.
    pub fn take_in(&self, tenant: &str, sku: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM sku_policy WHERE tenant_id = ?1 AND sku_id = ?2";
        Ok(self.db.execute(sql, [tenant, sku])? > 0)
    }

    /// What is left out for a tenant.
    ///
    /// # Errors
    /// The database's.
    pub fn left_out(&self, tenant: &str) -> Result<Vec<Left>, StoreError> {
        let names = self.product_names()?;
        let sql = "SELECT p.sku_id, p.ignore_in, coalesce(p.reason, ''), coalesce((SELECT sku_part_number FROM sku_v s
             WHERE s.tenant_id = ?1 AND s.sku_id = p.sku_id ORDER BY from_snap DESC LIMIT 1), '')
            FROM sku_policy p WHERE coalesce(p.tenant_id, ?1) = ?1 ORDER BY p.sku_id";
        let mut query = self.db.prepare(sql)?;
        let rows = query.query_map([tenant], |row| {
            let (sku_id, of, part): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(3)?);
            Ok(Left {
                product: names.resolve(&sku_id, &part).name,
                sku_id,
                left_out_of: if of == "all" { LeftOut::All } else { LeftOut::Findings },
                reason: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The product that a person means: an id, a part number the tenant or a table has, or a name in full.
    ///
    /// # Errors
    /// The database's.
    pub fn product(&self, tenant: &str, meant: &str) -> Result<Option<String>, StoreError> {
        let meant = meant.trim();
        if let Ok(id) = uuid::Uuid::parse_str(meant) {
            return Ok(Some(id.to_string()));
        }
        let mut query = self.db.prepare(
            "SELECT DISTINCT sku_id FROM sku_v WHERE tenant_id = ?1 AND sku_part_number = ?2 COLLATE NOCASE",
        )?;
        let here: Vec<String> = query.query_map([tenant, meant], |row| row.get(0))?.collect::<Result<_, _>>()?;
        if let [one] = here.as_slice() {
            return Ok(Some(one.clone()));
        }
        let names = self.product_names()?;
        if let Some(id) = names.id_of(meant) {
            return Ok(Some(id.to_owned()));
        }
        let called: Vec<&str> =
            names.iter().filter(|(_, product)| product.name.eq_ignore_ascii_case(meant)).map(|(id, _)| id).collect();
        Ok(match called.as_slice() {
            [one] => Some((*one).to_owned()),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::ask::testing::{TENANT, filled};

    #[test]
    fn a_product_is_left_out_with_a_reason_and_taken_in_again() {
        let (_folder, mut store) = filled();
        let e3 = store.product(TENANT, "spe_e3").expect("read").expect("there");
        assert_eq!(store.product(TENANT, "Microsoft 365 E3").expect("read"), Some(e3.clone()));
        assert_eq!(store.product(TENANT, "nothing like it").expect("read"), None);
        store.leave_out(TENANT, &e3, LeftOut::Findings, "for kiosks").expect("written");
        store.leave_out(TENANT, &e3, LeftOut::All, "for devices").expect("written");
        let left = store.left_out(TENANT).expect("read");
        assert_eq!(left.len(), 1);
        assert_eq!((left[0].product.as_str(), left[0].reason.as_str()), ("Microsoft 365 E3", "for devices"));
        assert!(store.take_in(TENANT, &e3).expect("written") && !store.take_in(TENANT, &e3).expect("written"));
    }
}
