//! The packed delivery: a sealed package as whole ZIP volumes, encrypted where asked, and back again.
//!
//! Packing reads each file once, compares it with the package's own lists on the way, and writes nothing else down: the
//! package is not changed. Each volume is an archive by itself. Unpacking accepts nothing that leads out of its folder, and
//! ends with a package whose record holds. It must not know a terminal; secrets come as values that cannot be printed.

mod error;
mod lists;
mod locks;
mod pack;
mod place;
mod unlock;
mod unpack;
mod volume;

pub use error::DeliveryError;
pub use locks::{Keys, Lock};
pub use pack::{Packed, PackedVolume, Packing, pack};
pub use unpack::{Unpacked, unpack};

/// Bytes of a volume unless asked otherwise: below 4 GiB, from which an archive needs Zip64.
pub const VOLUME_BYTES: u64 = crate::package::VOLUME_BYTES;
/// The smallest volume that may be asked for, in bytes.
pub const VOLUME_BYTES_MIN: u64 = 1 << 20;
/// Members of a volume: below the 65,535 from which an archive needs Zip64.
const VOLUME_MEMBERS: u64 = crate::package::VOLUME_MEMBERS as u64;
