//! Who is in the tenant: list people, and turn what somebody typed into exactly one of them.
//!
//! It reads the directory only; whether a mailbox can be opened is for `delegation` to find out.

mod custodians;
mod fetch;
mod list;
mod person;
mod resolve;
mod roles;

#[cfg(test)]
mod tests;

pub use custodians::{Custodians, CustodiansError, custodians_from_csv};
pub use list::{Wanted, list};
pub use person::{MailboxSeen, MailboxState, Person};
pub use resolve::{ResolveError, resolve, resolve_recorded};
pub use roles::{ReportAccess, Role, own_roles};
