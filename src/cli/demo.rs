//! Placeholder.
use super::{Exit, Failure, desk::Desk};
/// demo
#[derive(Debug, clap::Args)]
pub(super) struct Args {}
pub(super) async fn run(_: Args, _: &Desk) -> Result<Exit, Failure> {
    Ok(Exit::Complete)
}
