//! Microsoft's published table "Product names and service plan identifiers for licensing", as CSV, into the store.
//!
//! Columns are found by name. Rows whose columns are shifted (a comma that nobody quoted) or whose id is none are refused
//! with their line; the rest is taken, the whole table at once or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use rusqlite::params;
use uuid::Uuid;

use crate::inventory::lines::Lines;
use crate::inventory::{Store, StoreError};

/// Largest table read, in bytes; the published one has under 2 MB.
const LARGEST: u64 = 64 << 20;

/// What an import came to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Imported {
    /// Products.
    pub products: u64,
    /// Service plans.
    pub plans: u64,
    /// Pairs of a product and a plan.
    pub pairs: u64,
    /// Further names of products that have one already.
    pub aliases: u64,
    /// Lines that were refused, counted from 1; the first 100.
    pub refused_lines: Vec<u64>,
    /// How many were refused.
    pub refused: u64,
}

/// Why a table is not taken.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum CatalogueError {
    /// No such columns.
    #[error("the file has no column {0}")]
    #[diagnostic(
        code(affiant::inventory::catalogue_columns),
        help(
            "take the CSV of Microsoft's page \"Product names and service plan identifiers for licensing\", as it is"
        )
    )]
    Column(&'static str),
    /// Not CSV.
    #[error("line {0} is no CSV")]
    #[diagnostic(code(affiant::inventory::catalogue_csv), help("save it as CSV with commas, in UTF-8"))]
    Csv(u64),
    /// Nothing usable.
    #[error("no line of the file names a product")]
    #[diagnostic(code(affiant::inventory::catalogue_empty), help("see that it is the whole file, and not a web page"))]
    Empty,
    /// The store.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),
}

#[derive(Default)]
struct Table {
    products: BTreeMap<String, (String, String)>,
    aliases: BTreeSet<(String, String)>,
    plans: BTreeMap<String, (String, String)>,
    pairs: BTreeSet<(String, String)>,
    refused: u64,
    refused_lines: Vec<u64>,
}

impl Store {
    /// Takes a published table in place of any that was imported before.
    ///
    /// # Errors
    /// [`CatalogueError`]; the table that was there stays then.
    pub fn import_catalogue(&mut self, csv: impl Read) -> Result<Imported, CatalogueError> {
        let table = read(csv)?;
        let stored = |error: rusqlite::Error| CatalogueError::Store(error.into());
        self.replace_catalogue(&table).map_err(stored)?;
        Ok(Imported {
            products: table.products.len() as u64,
            plans: table.plans.len() as u64,
            pairs: table.pairs.len() as u64,
            aliases: table.aliases.len() as u64,
            refused_lines: table.refused_lines,
            refused: table.refused,
        })
    }

    fn replace_catalogue(&mut self, table: &Table) -> Result<(), rusqlite::Error> {
        let transaction = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        transaction.execute_batch(
            "DELETE FROM cat_sku; DELETE FROM cat_alias; DELETE FROM cat_plan; DELETE FROM cat_sku_plan;",
        )?;
        for (id, (part, name)) in &table.products {
            transaction.execute("INSERT INTO cat_sku VALUES (?1, ?2, ?3, 'import')", params![id, part, name])?;
        }
        for (id, alias) in &table.aliases {
            transaction.execute("INSERT OR IGNORE INTO cat_alias VALUES (?1, ?2)", params![key(alias), id])?;
        }
        for (id, (name, friendly)) in &table.plans {
            transaction.execute("INSERT INTO cat_plan VALUES (?1, ?2, ?3)", params![id, name, friendly])?;
        }
        for (product, plan) in &table.pairs {
            transaction.execute("INSERT INTO cat_sku_plan VALUES (?1, ?2)", params![product, plan])?;
        }
        transaction.commit()
    }
}

fn read(csv: impl Read) -> Result<Table, CatalogueError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(csv.take(LARGEST));
    let heads = reader.byte_headers().map_err(|_| CatalogueError::Csv(1))?.clone();
    let lines = Lines::after_header(&reader);
    let place = |name: &'static str| {
        let mut heads = heads.iter();
        heads.position(|head| key(&tidy(head)) == key(name)).ok_or(CatalogueError::Column(name))
    };
    let (name, part, id) = (place("Product_Display_Name")?, place("String_Id")?, place("GUID")?);
    let (plan_name, plan_id) = (place("Service_Plan_Name")?, place("Service_Plan_Id")?);
    let friendly = place("Service_Plans_Included_Friendly_Names")?;
    let mut table = Table::default();
    let mut record = csv::ByteRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_byte_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(_) => return Err(CatalogueError::Csv(line)),
        }
        let cell = |place: usize| record.get(place).map(tidy).unwrap_or_default();
        let guid = |place: usize| Uuid::parse_str(&cell(place)).ok().map(|id| id.to_string());
        // A product whose plans nobody lists is a product all the same.
        let (plan, no_plan) = (guid(plan_id), cell(plan_id).is_empty());
        let (Some(product), true) = (guid(id), (plan.is_some() || no_plan) && record.len() == heads.len()) else {
            table.refused += 1;
            if table.refused_lines.len() < 100 {
                table.refused_lines.push(lines.of(&record));
            }
            continue;
        };
        let (part, name) = (cell(part), cell(name));
        match table.products.get(&product) {
            Some((_, have)) if key(have) != key(&name) => drop(table.aliases.insert((product.clone(), name))),
            Some(_) => {}
            None => drop(table.products.insert(product.clone(), (part, name))),
        }
        let Some(plan) = plan else { continue };
        table.plans.entry(plan.clone()).or_insert_with(|| (cell(plan_name), cell(friendly)));
        table.pairs.insert((product, plan));
    }
    if table.products.is_empty() { Err(CatalogueError::Empty) } else { Ok(table) }
}

/// Text as it was meant: no byte-order mark, no odd blanks, none doubled.
fn tidy(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let odd = |c: char| matches!(c, '\u{feff}' | '\u{200b}'..='\u{200d}' | '\u{2060}');
    let plain: String = text.chars().filter(|c| !odd(*c)).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What names are compared by: letters, digits and plus signs, in capitals.
pub(super) fn key(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric() || *c == '+').flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "\u{feff}Product_Display_Name,String_Id,GUID,Service_Plan_Name,Service_Plan_Id,Service_Plans_Included_Friendly_Names\r\n";
    const ID: &str = "05e9a617-0261-4cee-bb44-138d3ef5d965";
    const PLAN: &str = "efb87545-963c-4e0d-99df-69c6916d9eb0";

    #[test]
    fn odd_blanks_doubled_pairs_second_names_and_shifted_rows_are_dealt_with() {
        let csv = format!(
            "{HEAD}Acme\u{a0}Suite  3,ACME,{},A,{PLAN},Friendly\r\nAcme Suite 3,ACME,{ID},A,{PLAN},Friendly\r\n\
             Acme Suite Three,ACME,{ID},A,{PLAN},Friendly\r\nAcme, Shifted,ACME,{ID},A,{PLAN},Friendly\r\nX,Y,no id,A,{PLAN},F\r\n",
            ID.to_uppercase()
        );
        let table = read(csv.as_bytes()).expect("a table");
        assert_eq!(table.products.get(ID), Some(&("ACME".to_owned(), "Acme Suite 3".to_owned())));
        assert_eq!((table.pairs.len(), table.aliases.len(), table.refused), (1, 1, 2));
        assert_eq!(table.refused_lines, [5, 6]);
    }

    #[test]
    fn what_is_not_that_table_is_refused_and_the_old_one_stays() {
        assert!(matches!(read("<html>no</html>".as_bytes()), Err(CatalogueError::Column(_))));
        assert!(matches!(read(HEAD.as_bytes()), Err(CatalogueError::Empty)));
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = Store::open(camino::Utf8Path::from_path(folder.path()).expect("UTF-8")).expect("a store");
        let csv = format!("{HEAD}Acme,ACME,{ID},A,{PLAN},F\n");
        assert_eq!(store.import_catalogue(csv.as_bytes()).expect("taken").products, 1);
        assert!(store.import_catalogue(HEAD.as_bytes()).is_err());
        let names = super::super::Names::of(&store.db).expect("names");
        assert_eq!(names.resolve(ID, "").name, "Acme");
    }
}
