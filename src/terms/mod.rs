//! The plain words of the work: values without I/O, clocks or randomness.
//!
//! Everything may import this module; it imports nothing of the crate. A value that
//! exists here is valid: constructors check, fields are private where a rule could break.

mod authenticity;
mod bucket;
mod collected;
mod control_number;
mod custodian;
mod digest;
mod exchange;
mod instant;
mod licensed;
mod matter;
mod scope;
mod sealing_key;
mod secret;
mod shown;
mod window;

pub use authenticity::{AuthMethod, Remark};
pub use bucket::{Bucket, pour};
pub(crate) use collected::words;
pub use collected::{AccessBasis, ExceptionCode, MailboxKind, Outcome, PartRole, Severity, SourceKind};
pub use control_number::{ControlNumber, ControlNumberError};
pub use custodian::{Address, GraphId, ObjectId, TermError};
pub use digest::{DigestError, Hasher, ListedHasher, Matching, MatchingHasher, Md5, Sha1, Sha256, hash_alike};
pub use exchange::{Exchange, Method, Purpose};
pub use instant::{Clock, InstantError, UtcInstant};
pub use licensed::{FactName, FactSource, LicenceFact, Licensed, NothingKnown};
pub use matter::{MATTER_MAX_CHARS, Matter};
pub use scope::{DateField, FolderPath, FolderPathError};
pub use sealing_key::SealingKey;
pub use secret::Secret;
pub use shown::visible;
pub use window::{Bound, Edge, Range, Window, WindowError};
