//! Usage reports: read line by line, columns by name, every value as what it is or as not known.
//!
//! Source: Microsoft, "reportRoot" and the page of each report; forms seen in real output are taken too. It must not ask
//! for anything, nor know who is behind a name.

mod principal;
mod read;
mod rows;
mod table;
mod value;

pub use self::principal::{Concealment, Kind, classify};
pub(super) use self::read::read;
pub use self::read::{ReportError, Summary};
pub(super) use self::table::{Report, of};
