//! The customer's price list, from CSV into the store: the whole list or nothing of it.
//!
//! Columns by name: `sku_id` (an id or a part number), `currency`, `unit_price` (a seat a month), `valid_from`, and where
//! they are there `valid_to` and `source`. Nothing is rounded: more digits than the currency has are refused.

use std::collections::BTreeSet;
use std::io::Read;

use rusqlite::params;

use super::digits;
use crate::inventory::catalogue::Names;
use crate::inventory::lines::Lines;
use crate::inventory::{Store, StoreError};
use crate::terms::Sha256;

/// Largest list read, in bytes.
const LARGEST: u64 = 16 << 20;

/// What an import came to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct PricesTaken {
    /// Prices.
    pub prices: u64,
    /// Products that have one.
    pub products: u64,
    /// Their currencies.
    pub currencies: Vec<String>,
    /// Products of the list that no table of names has: they are taken by their id.
    pub unknown_products: u64,
    /// SHA-256 of the file.
    pub sha256: String,
}

/// Why a list is not taken.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum PriceError {
    /// The file itself.
    #[error("the list cannot be read: {0}")]
    #[diagnostic(code(affiant::inventory::prices_read), help("name a CSV file"))]
    Read(std::io::ErrorKind),
    /// Too large for a price list.
    #[error("the list is larger than 16 MiB")]
    #[diagnostic(code(affiant::inventory::prices_large), help("see that it is the price list"))]
    Large,
    /// No such column.
    #[error("the list has no column {0}")]
    #[diagnostic(
        code(affiant::inventory::prices_columns),
        help(
            "name the columns sku_id, currency, unit_price, valid_from, separated by commas; valid_to and source may follow"
        )
    )]
    Column(&'static str),
    /// A line that cannot be understood.
    #[error("line {line}: {what}")]
    #[diagnostic(
        code(affiant::inventory::prices_line),
        help("mend the line and import again; nothing of the list was taken")
    )]
    Line {
        /// Counted from 1.
        line: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Nothing but a head.
    #[error("the list has no prices")]
    #[diagnostic(code(affiant::inventory::prices_empty), help("write one line for each product"))]
    Empty,
    /// The store.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),
}

struct Line {
    sku: String,
    currency: String,
    minor: i64,
    from: String,
    to: Option<String>,
    source: String,
}

impl Store {
    /// Takes a price list in place of the one that was there: for one tenant, or for all that have none of their own.
    ///
    /// # Errors
    /// [`PriceError`]; the list that was there stays then.
    pub fn import_prices(&mut self, csv: impl Read, tenant: Option<&str>) -> Result<PricesTaken, PriceError> {
        let mut bytes = Vec::new();
        csv.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| PriceError::Read(error.kind()))?;
        if bytes.len() as u64 > LARGEST {
            return Err(PriceError::Large);
        }
        let names = self.product_names()?;
        let lines = read(&bytes, &names)?;
        let sha256 = Sha256::of(&bytes).to_string();
        self.replace_prices(&lines, tenant, &sha256).map_err(|error| PriceError::Store(error.into()))?;
        let products: BTreeSet<&str> = lines.iter().map(|line| line.sku.as_str()).collect();
        let currencies: BTreeSet<&str> = lines.iter().map(|line| line.currency.as_str()).collect();
        let known: BTreeSet<&str> = names.iter().map(|(id, _)| id).collect();
        Ok(PricesTaken {
            prices: lines.len() as u64,
            unknown_products: products.difference(&known).count() as u64,
            products: products.len() as u64,
            currencies: currencies.into_iter().map(str::to_owned).collect(),
            sha256,
        })
    }

    fn replace_prices(&mut self, lines: &[Line], tenant: Option<&str>, sha256: &str) -> Result<(), rusqlite::Error> {
        let transaction = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        transaction.execute("DELETE FROM price WHERE tenant_id IS ?1", [tenant])?;
        let sql = "INSERT INTO price (tenant_id, sku_id, currency, minor_per_seat_month, valid_from, valid_to, source, source_sha256)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        for line in lines {
            let values = params![tenant, line.sku, line.currency, line.minor, line.from, line.to, line.source, sha256];
            transaction.execute(sql, values)?;
        }
        transaction.commit()
    }
}

fn read(bytes: &[u8], names: &Names) -> Result<Vec<Line>, PriceError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let heads = reader.headers().map_err(|_| PriceError::Column("sku_id"))?.clone();
    let lines = Lines::after_header(&reader);
    let place = |name: &str| {
        heads.iter().position(|head| head.trim_start_matches('\u{feff}').trim().eq_ignore_ascii_case(name))
    };
    let needed = |name: &'static str| place(name).ok_or(PriceError::Column(name));
    let (sku, currency) = (needed("sku_id")?, needed("currency")?);
    let (price, from) = (needed("unit_price")?, needed("valid_from")?);
    let (to, source) = (place("valid_to"), place("source"));
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    let mut record = csv::StringRecord::new();
    loop {
        let before = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(_) => {
                return Err(PriceError::Line {
                    line: before,
                    what: "it has another number of columns than the head, or is no UTF-8 text",
                });
            }
        }
        let line = lines.of(record.as_byte_record());
        let bad = |what| PriceError::Line { line, what };
        let cell = |place: usize| record.get(place).unwrap_or_default();
        let currency = cell(currency).to_ascii_uppercase();
        if currency.len() != 3 || !currency.bytes().all(|letter| letter.is_ascii_uppercase()) {
            return Err(bad("the currency is not three letters such as EUR"));
        }
        let from = day(cell(from)).ok_or_else(|| bad("valid_from is no day such as 2026-01-01"))?;
        let to = match to.map(cell).filter(|text| !text.is_empty()) {
            Some(text) => Some(day(text).ok_or_else(|| bad("valid_to is no day such as 2026-12-31"))?),
            None => None,
        };
        if to.as_ref().is_some_and(|to| *to <= from) {
            return Err(bad(
                "valid_to is the first day on which the price no longer holds, and must be after valid_from",
            ));
        }
        let one = Line {
            sku: product(cell(sku), names)
                .ok_or_else(|| bad("sku_id is neither an id nor a part number that one product has"))?,
            minor: minor(cell(price), digits(&currency)).map_err(bad)?,
            currency,
            from,
            to,
            source: source.map(cell).unwrap_or_default().to_owned(),
        };
        if !seen.insert((one.sku.clone(), one.from.clone())) {
            return Err(bad("the product has a price from that day already"));
        }
        found.push(one);
    }
    if found.is_empty() { Err(PriceError::Empty) } else { Ok(found) }
}

fn day(text: &str) -> Option<String> {
    text.parse::<jiff::civil::Date>().ok().filter(|_| text.len() == 10).map(|day| day.to_string())
}

/// A product by its id, known or not, or by a part number that stands for one.
fn product(text: &str, names: &Names) -> Option<String> {
    match uuid::Uuid::parse_str(text) {
        Ok(id) => Some(id.to_string()),
        Err(_) => names.id_of(text).map(str::to_owned),
    }
}

/// A decimal number with at most so many digits behind its point, in smallest units.
fn minor(text: &str, digits: usize) -> Result<i64, &'static str> {
    const FORM: &str = "unit_price is no amount such as 12.50";
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || !whole.bytes().chain(part.bytes()).all(|c| c.is_ascii_digit()) {
        return Err(FORM);
    }
    let part = part.trim_end_matches('0');
    if part.len() > digits {
        return Err("unit_price has more digits than the currency; it is not rounded here");
    }
    format!("{whole}{part:0<digits$}").parse().map_err(|_| "unit_price is too large")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "\u{feff}sku_id,currency,unit_price,valid_from,valid_to,source\r\n";

    fn told(line: &str) -> Result<(String, i64), String> {
        let list = read(format!("{HEAD}{line}").as_bytes(), &Names::builtin());
        list.map(|lines| (lines[0].currency.clone(), lines[0].minor)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_price_is_taken_to_the_last_digit_or_not_at_all() {
        assert_eq!(told("SPE_E3, eur ,36.1,2026-01-01,,contract"), Ok(("EUR".to_owned(), 3610)));
        assert_eq!(
            told("05E9A617-0261-4CEE-BB44-138D3EF5D965,JPY,4500,2026-01-01,2026-12-31,x"),
            Ok(("JPY".to_owned(), 4500))
        );
        assert_eq!(
            told("SPE_E3,KWD,1.2345,2026-01-01,,"),
            Err("line 2: unit_price has more digits than the currency; it is not rounded here".to_owned())
        );
        for (line, word) in [
            ("SPE_E3,EUR,\"36,10\",2026-01-01,,", "unit_price"),
            ("SPE_E3,EUR,-1,2026-01-01,,", "unit_price"),
            ("SPE_E3,EUR,99999999999999999999,2026-01-01,,", "too large"),
            ("SPE_E3,€,1,2026-01-01,,", "currency"),
            ("SPE_E3,EUR,1,01.01.2026,,", "valid_from"),
            ("SPE_E3,EUR,1,2026-01-01,2026-01-01,", "valid_to"),
            ("NO_SUCH_THING,EUR,1,2026-01-01,,", "sku_id"),
            ("SPE_E3,EUR,1,2026-01-01", "columns"),
            ("SPE_E3,EUR,1,2026-01-01,,\r\nSPE_E3,USD,2,2026-01-01,,", "line 3"),
        ] {
            assert!(told(line).expect_err(line).contains(word), "{line}: {:?}", told(line));
        }
    }

    #[test]
    fn what_is_no_list_is_refused_and_the_old_one_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = Store::open(camino::Utf8Path::from_path(folder.path()).expect("UTF-8")).expect("a store");
        let taken = store.import_prices(format!("{HEAD}SPE_E3,EUR,36,2026-01-01,,a\n").as_bytes(), None);
        assert_eq!(taken.expect("taken").currencies, ["EUR"]);
        assert!(matches!(store.import_prices(HEAD.as_bytes(), None), Err(PriceError::Empty)));
        assert!(matches!(store.import_prices("<html>".as_bytes(), None), Err(PriceError::Column("sku_id"))));
        assert!(matches!(store.import_prices("a;b\n1;2".as_bytes(), None), Err(PriceError::Column("sku_id"))));
        let count: i64 = store.db.query_row("SELECT count(*) FROM price", [], |row| row.get(0)).expect("a count");
        assert_eq!(count, 1);
    }
}
