//! A run that ends at any moment, and a disk that fails at any write: nothing that was collected is lost, and
//! after the trouble is over the run comes to what an undisturbed one comes to.
//!
//! The moments are exact: `strace` kills the process, or lets a system call fail, at the n-th call on one file.
//! Where it is not installed these tests say so and pass. `AFFIANT_CRASH_ALL=1` walks through every place
//! instead of a choice of them.
#![cfg(target_os = "linux")]

mod clock;
mod failing_disk;
mod failing_home;
mod kill;
mod media;
mod order;
mod scene;
mod signals;
pub(crate) mod strace;
