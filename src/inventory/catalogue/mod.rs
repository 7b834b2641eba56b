//! Product names: from ids that nobody knows by heart to the names on invoices, and what each product is for.
//!
//! The order of resolving: an imported table, the built-in one, a part number that only one product has, the part number
//! itself. Ids are the key; names are many-to-many. It must not know tenants.

mod import;
mod plan;
mod split;

use std::collections::BTreeMap;

use rusqlite::Connection;

pub use self::import::{CatalogueError, Imported};
pub(in crate::inventory) use self::plan::is_desktop;
pub use self::plan::{Entitlements, MailboxPlan, PlanClass, class, classes};
pub use self::split::products;

const TABLE: &str = include_str!("products.tsv");
/// When the facts of the built-in table were true.
pub const VERSION: &str = "2026-07";

/// Where a name comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The table that was imported.
    Imported,
    /// The built-in table.
    Builtin,
    /// No table has it: the part number stands for the name.
    Unknown,
}

/// A product as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its name.
    pub name: String,
    /// Where the name comes from.
    pub origin: Origin,
    /// Whether it costs nothing, so that its seats are no money.
    pub free: bool,
}

/// Names by id and by part number.
#[derive(Debug, Clone)]
pub struct Names {
    by_id: BTreeMap<String, Product>,
    /// The id of the product that has it; `None` where several share it.
    by_part: BTreeMap<String, Option<String>>,
}

impl Names {
    /// The built-in table.
    pub fn builtin() -> Self {
        let mut names = Self { by_id: BTreeMap::new(), by_part: BTreeMap::new() };
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let mut cells = line.split('\t');
            if let (Some(id), Some(part), Some(cost), Some(name)) =
                (cells.next(), cells.next(), cells.next(), cells.next())
            {
                names.add(id, part, Product { name: name.to_owned(), origin: Origin::Builtin, free: cost == "free" });
            }
        }
        names
    }

    /// The built-in table with what was imported in front of it.
    ///
    /// # Errors
    /// The database's.
    pub(in crate::inventory) fn of(db: &Connection) -> Result<Self, rusqlite::Error> {
        let mut names = Self::builtin();
        let mut query = db.prepare("SELECT sku_id, string_id, name FROM cat_sku")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let (id, part, name): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let free = names.by_id.get(&id).is_some_and(|product| product.free);
            names.add(&id, &part, Product { name, origin: Origin::Imported, free });
        }
        Ok(names)
    }

    fn add(&mut self, id: &str, part: &str, product: Product) {
        let id = id.to_ascii_lowercase();
        let id_of = self.by_part.entry(part.to_ascii_lowercase()).or_insert_with(|| Some(id.clone()));
        *id_of = id_of.take().filter(|have| *have == id);
        self.by_id.insert(id, product);
    }

    /// What a product is called.
    pub fn resolve(&self, id: &str, part: &str) -> Product {
        let by_id = self.by_id.get(&id.to_ascii_lowercase());
        let found = by_id.or_else(|| self.by_id.get(self.id_of(part)?));
        found.cloned().unwrap_or_else(|| Product {
            name: if part.is_empty() { id.to_owned() } else { part.to_owned() },
            origin: Origin::Unknown,
            free: false,
        })
    }

    /// The id of the one product that has a part number.
    pub fn id_of(&self, part: &str) -> Option<&str> {
        self.by_part.get(&part.trim().to_ascii_lowercase()).and_then(Option::as_deref)
    }

    /// Every product by id, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Product)> {
        self.by_id.iter().map(|(id, product)| (id.as_str(), product))
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod built_in {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_a_product_and_ids_are_the_key() {
        let names = Names::builtin();
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(names.by_id.len(), lines);
        assert!(names.by_id.keys().all(|id| uuid::Uuid::parse_str(id).is_ok()), "ids are GUIDs");
        let e3 = names.resolve("05E9A617-0261-4CEE-BB44-138D3EF5D965", "anything");
        assert_eq!((e3.name.as_str(), e3.origin), ("Microsoft 365 E3", Origin::Builtin));
    }

    #[test]
    fn a_product_that_no_table_has_is_found_by_its_part_number_or_shown_by_it() {
        let names = Names::builtin();
        assert_eq!(names.resolve("0-unknown", "SPE_E5").name, "Microsoft 365 E5");
        let unknown = names.resolve("0-unknown", "BRAND_NEW_THING");
        assert_eq!((unknown.name.as_str(), unknown.origin), ("BRAND_NEW_THING", Origin::Unknown));
    }
}
