//! Who is in the tenant: list people, and turn what somebody typed into exactly one of them.
//!
//! It reads the directory only; whether a mailbox can be opened is for `delegation` to find out.

mod cell;
mod custodians;
mod domains;
mod expect;
mod fetch;
mod list;
mod pages;
mod person;
mod purpose;
mod resolve;
mod roles;

#[cfg(test)]
mod tests;

pub use cell::{guarded, unguarded};
pub use custodians::{Custodians, CustodiansError, custodians_from_csv};
pub use domains::{DomainError, Domains, Side};
pub use expect::{KindFrom, MailboxSeen, MailboxState, PlanStatus};
pub use list::{ExactAlias, Listed, Listing, Wanted};
pub use person::Person;
pub use purpose::{PURPOSE_SCOPE, PurposesAsked};
pub use resolve::{ResolveError, resolve, resolve_recorded};
pub use roles::{ReportAccess, Role, own_roles};
