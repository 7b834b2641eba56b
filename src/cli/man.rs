//! `affiant man`: the manual page.

use clap::CommandFactory as _;

use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;

/// Print the manual page
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant man > affiant.1 && man ./affiant.1")]
pub(super) struct Args {}

pub(super) fn run(desk: &Desk) -> Result<Exit, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(super::Cli::command())
        .render(&mut page)
        .map_err(|_| Failure::failed("the manual page cannot be made", "please report this"))?;
    desk.print(&String::from_utf8_lossy(&page));
    Ok(Exit::Complete)
}
