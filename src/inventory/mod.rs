//! Usage and licences: who has which licence, who uses it, what renews when; every number leads back to the answer it
//! came from.
//!
//! A *connection* is one tenant's sign-in, a *run* one execution of a sync, a *dataset* one endpoint's result, a
//! *snapshot* one dataset of one run, a *principal* whom a usage report names: a sign-in name or a stand-in for one.
//!
//! The store is a database of its own in the home folder; a custody record gets copies of facts, and the store
//! only notes which snapshots a record swears to. It must not know collecting, packages or the terminal.

mod ask;
mod catalogue;
mod audit;
mod changes;
mod connection;
mod facts;
mod findings;
mod dataset;
mod journal;
mod lines;
mod money;
mod policy;
mod page;
mod report;
mod retention;
mod run;
mod store;

pub use self::ask::{
    Activated, Activity, Answer, AppUse, AsOf, Assignment, Cost, CostBy, Custodian, Filter, Freshness, Held, MailUse,
    MailboxUse, Measurable, Overlap, Renewal, Seats, ServiceUse, Unmatched, View,
};
pub use self::audit::{Audit, Difference};
pub use self::catalogue::{
    CatalogueError, Entitlements, Imported, MailboxPlan, Names, Origin, PlanClass, Product,
    VERSION as CATALOGUE_VERSION, class, classes, products,
};
pub use self::changes::{Change, Moment};
pub use self::connection::{
    Connection, ConnectionError, Domains, EVERYBODY, Label, LastRun, NewConnection, NotADomain, Organisation, Tenant,
    Understood, Way, organisation,
};
pub use self::dataset::{Dataset, Period};
pub use self::facts::KnownPeople;
pub use self::findings::{Department, Finding, Rule, Thresholds};
pub use self::journal::Entry;
pub use self::money::{Money, PriceError, Prices, PricesTaken};
pub use self::policy::{Left, LeftOut};
pub use self::report::{Concealment, Kind, ReportError, Summary, classify};
pub use self::retention::Pruned;
pub use self::run::{Bench, Line, Order, Outcome, Ran, RunError, Step, Turn, cancelled, refused, sync};
pub use self::store::{Store, StoreError};

#[cfg(test)]
mod tests;
