//! What seats cost by the customer's own price list: the service tells no prices, and none are made up.
//!
//! A price is for one seat and month, in the smallest unit of its currency. Currencies are never mixed, and what has no
//! price is named as such. It must not know rules or the terminal.

mod import;

use std::collections::BTreeMap;
use std::fmt;

use rusqlite::{Connection, params};

pub use self::import::{PriceError, PricesTaken};

/// An amount in the smallest unit of a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// Smallest units: cents, yen, fils.
    pub minor: i64,
    /// Three letters, ISO 4217.
    pub currency: String,
}

/// Currencies without a smaller unit. Source: ISO 4217, list one.
const WHOLE: &[&str] = &[
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
];
/// Currencies with thousandths.
const THOUSANDTHS: &[&str] = &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

/// Digits behind the point of a currency.
pub(super) fn digits(currency: &str) -> usize {
    if WHOLE.contains(&currency) {
        0
    } else if THOUSANDTHS.contains(&currency) {
        3
    } else {
        2
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency)
    }
}

impl Money {
    /// The amount alone, with a point and all its digits.
    pub fn amount(&self) -> String {
        let digits = digits(&self.currency);
        if digits == 0 {
            return self.minor.to_string();
        }
        let unit = 10_u64.pow(u32::try_from(digits).unwrap_or(2));
        let (whole, part) = (self.minor.unsigned_abs() / unit, self.minor.unsigned_abs() % unit);
        let sign = if self.minor < 0 { "-" } else { "" };
        format!("{sign}{whole}.{part:0digits$}")
    }

    /// So many times.
    #[must_use]
    pub fn times(&self, count: i64) -> Self {
        Self { minor: self.minor.saturating_mul(count), currency: self.currency.clone() }
    }
}

/// One line of the list.
#[derive(Debug, Clone)]
struct Price {
    from: String,
    to: Option<String>,
    is_own: bool,
    each: Money,
}

/// The prices that hold for a tenant: its own before those for everybody.
#[derive(Debug, Clone, Default)]
pub struct Prices {
    by_sku: BTreeMap<String, Vec<Price>>,
}

impl Prices {
    /// Reads the list for a tenant.
    ///
    /// # Errors
    /// The database's.
    pub(in crate::inventory) fn of(db: &Connection, tenant: &str) -> Result<Self, rusqlite::Error> {
        let sql = "SELECT sku_id, currency, minor_per_seat_month, valid_from, valid_to, tenant_id IS NOT NULL FROM price
            WHERE tenant_id IS NULL OR tenant_id = ?1 ORDER BY tenant_id IS NOT NULL DESC, valid_from DESC, price_id DESC";
        let mut query = db.prepare(sql)?;
        let mut rows = query.query(params![tenant])?;
        let mut by_sku: BTreeMap<String, Vec<Price>> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            by_sku.entry(row.get(0)?).or_default().push(Price {
                each: Money { currency: row.get(1)?, minor: row.get(2)? },
                from: row.get(3)?,
                to: row.get(4)?,
                is_own: row.get(5)?,
            });
        }
        // A tenant's own list for a product stands alone.
        for prices in by_sku.values_mut() {
            if prices.iter().any(|price| price.is_own) {
                prices.retain(|price| price.is_own);
            }
        }
        Ok(Self { by_sku })
    }

    /// What a seat of a product costs in a month, on a day (`YYYY-MM-DD`).
    pub fn on(&self, sku: &str, day: &str) -> Option<&Money> {
        let holds = |price: &&Price| price.from.as_str() <= day && price.to.as_deref().is_none_or(|to| day < to);
        self.by_sku.get(sku)?.iter().find(holds).map(|price| &price.each)
    }

    /// Whether there is no price at all.
    pub fn is_empty(&self) -> bool {
        self.by_sku.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::ask::testing::{TENANT, filled};

    #[test]
    fn amounts_have_the_digits_of_their_currency() {
        let text = |minor, currency: &str| Money { minor, currency: currency.to_owned() }.to_string();
        assert_eq!(text(1205, "EUR"), "12.05 EUR");
        assert_eq!(text(1205, "JPY"), "1205 JPY");
        assert_eq!(text(7, "KWD"), "0.007 KWD");
        assert_eq!(text(-50, "USD"), "-0.50 USD");
    }

    #[test]
    fn the_price_of_a_day_is_the_newest_that_holds_and_a_tenants_own_list_stands_alone() {
        let (_folder, store) = filled();
        store
            .db
            .execute_batch(&format!(
                "INSERT INTO price (tenant_id, sku_id, currency, minor_per_seat_month, valid_from, valid_to, source) VALUES
                   (NULL, 'a', 'EUR', 100, '2026-01-01', NULL, 's'), (NULL, 'a', 'EUR', 120, '2026-07-01', '2026-10-01', 's'),
                   (NULL, 'b', 'EUR', 500, '2026-01-01', NULL, 's'), ('{TENANT}', 'b', 'USD', 900, '2026-06-01', NULL, 's');"
            ))
            .expect("rows");
        let prices = Prices::of(&store.db, TENANT).expect("prices");
        let on = |sku: &str, day: &str| prices.on(sku, day).map(ToString::to_string);
        assert_eq!(on("a", "2025-12-31"), None);
        assert_eq!(on("a", "2026-06-30").as_deref(), Some("1.00 EUR"));
        assert_eq!(on("a", "2026-09-30").as_deref(), Some("1.20 EUR"));
        assert_eq!(
            on("a", "2026-10-01").as_deref(),
            Some("1.00 EUR"),
            "a price that ended gives way to the one before"
        );
        assert_eq!(on("b", "2026-05-31"), None, "the tenant's own list has no price yet");
        assert_eq!(on("b", "2026-06-01").as_deref(), Some("9.00 USD"));
        assert_eq!(on("c", "2026-06-01"), None);
    }
}
