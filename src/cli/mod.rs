//! The command line: one file per verb, each of which builds inputs, calls the library and prints.
//!
//! Only this module knows a terminal, the environment and the home directory. Nothing imports it.

mod exit;
mod failure;
#[allow(dead_code)]
mod desk;
#[allow(dead_code)]
mod verify;

pub use exit::Exit;
pub use failure::Failure;

/// Runs the program.
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
