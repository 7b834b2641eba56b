//! `affiant completions`: what a shell needs to complete command lines.

use clap::CommandFactory as _;

use super::desk::Desk;
use super::exit::Exit;

/// Print completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant completions bash > ~/.local/share/bash-completion/completions/affiant")]
pub(super) struct Args {
    /// The shell
    shell: clap_complete::Shell,
}

pub(super) fn run(args: &Args, desk: &Desk) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::Cli::command(), "affiant", &mut script);
    desk.print(&String::from_utf8_lossy(&script));
    Exit::Complete
}
