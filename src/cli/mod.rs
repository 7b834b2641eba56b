//! The command line: one file per verb, each of which builds inputs, calls the library and prints.
//!
//! Only this module knows a terminal, the environment and the home directory. Nothing imports it.

mod check;
mod collect;
mod completions;
mod demo;
mod desk;
mod exit;
mod failure;
mod login;
mod logout;
mod man;
mod outcome;
mod progress;
mod resume;
#[cfg(test)]
mod schemas;
mod show;
mod simulate;
mod users;
mod verify;
mod whoami;

use std::process::{ExitCode, Termination as _};

use camino::Utf8PathBuf;
use clap::Parser;

pub use exit::Exit;
pub use failure::Failure;

use self::desk::Desk;
use crate::cloud::CloudName;
use crate::config::{TokenStore, Typed, TypedLimits};

/// Collect Microsoft 365 mailboxes over Microsoft Graph, read-only, with a chain of custody
///
/// Every message in scope is collected, or is a named exception, and a stranger can check it.
#[derive(Debug, Parser)]
#[command(
    name = "affiant",
    version,
    propagate_version = true,
    after_help = "Start with `affiant demo`: the whole job on a built-in simulated tenant.\n\n\
                  Exit codes: 0 complete, 1 failed, 2 wrong usage, 3 completed with exceptions, 4 sign-in needed,\n\
                  5 no access, 6 verification found differences, 7 interrupted and can be resumed."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Args)]
struct Global {
    /// Print JSON for programs
    #[arg(long, global = true)]
    json: bool,
    /// Show no progress
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Show diagnostics; twice for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Folder for sign-ins and affiant.toml [default: this platform's configuration folder]
    #[arg(long, global = true, env = "AFFIANT_HOME", value_name = "DIR", help_heading = "Settings")]
    home: Option<Utf8PathBuf>,
    /// Microsoft's cloud: global, usgov, usgov-dod, china
    #[arg(long, global = true, value_parser = cloud_name, value_name = "CLOUD", help_heading = "Settings")]
    cloud: Option<CloudName>,
    /// Sign-in address of any other cloud
    #[arg(long, global = true, env = "AFFIANT_LOGIN_URL", value_name = "URL", help_heading = "Settings")]
    login_url: Option<String>,
    /// Graph address of any other cloud
    #[arg(long, global = true, env = "AFFIANT_GRAPH_URL", value_name = "URL", help_heading = "Settings")]
    graph_url: Option<String>,
    /// PEM file of root certificates to trust besides the platform's
    #[arg(long, global = true, env = "AFFIANT_CA_FILE", value_name = "FILE", help_heading = "Settings")]
    ca_file: Option<Utf8PathBuf>,
    /// Where sign-ins are kept
    #[arg(long, global = true, env = "AFFIANT_TOKEN_STORE", value_name = "STORE", help_heading = "Settings")]
    token_store: Option<TokenStore>,
    /// Which of the accounts that are signed in
    #[arg(long, global = true, env = "AFFIANT_ACCOUNT", value_name = "UPN", help_heading = "Settings")]
    account: Option<String>,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Demo(demo::Args),
    Login(login::Args),
    Logout(logout::Args),
    Whoami(whoami::Args),
    Users(users::Args),
    Check(check::Args),
    Collect(Box<collect::Args>),
    Resume(resume::Args),
    Verify(verify::Args),
    Simulate(simulate::Args),
    Completions(completions::Args),
    Man(man::Args),
}

fn cloud_name(text: &str) -> Result<CloudName, String> {
    let names = [CloudName::Global, CloudName::Usgov, CloudName::UsgovDod, CloudName::China, CloudName::Custom];
    let found = names.into_iter().find(|name| name.to_string() == text);
    found.ok_or_else(|| "not one of global, usgov, usgov-dod, china".to_owned())
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers; everything else is wrong usage. A closed pipe is neither.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.report() } else { Exit::Complete.report() };
        }
    };
    let json = cli.global.json;
    run(cli).map_or_else(
        |failure| {
            failure.show(&mut std::io::stderr(), json);
            failure.exit().report()
        },
        Exit::report,
    )
}

fn run(cli: Cli) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|_| Failure::failed("the system gives no threads", "close other programs and try again"))?;
    let desk = Desk::new(&cli.global)?;
    runtime.block_on(perform(cli.verb, &desk))
}

/// Runs one verb.
async fn perform(verb: Verb, desk: &Desk) -> Result<Exit, Failure> {
    match verb {
        Verb::Demo(args) => demo::run(args, desk).await,
        Verb::Login(args) => login::run(args, desk).await,
        Verb::Logout(args) => logout::run(args, desk).await,
        Verb::Whoami(args) => whoami::run(args, desk).await,
        Verb::Users(args) => users::run(args, desk).await,
        Verb::Check(args) => check::run(args, desk).await,
        Verb::Collect(args) => collect::run(*args, desk).await,
        Verb::Resume(args) => resume::run(args, desk).await,
        Verb::Verify(args) => verify::run(args, desk).await,
        Verb::Simulate(args) => simulate::run(args, desk).await,
        Verb::Completions(args) => Ok(completions::run(&args, desk)),
        Verb::Man(man::Args {}) => man::run(desk),
    }
}

impl Global {
    /// What the flags and their variables say.
    fn typed(&self) -> Typed {
        Typed {
            cloud: self.cloud,
            login_url: self.login_url.clone(),
            graph_url: self.graph_url.clone(),
            ca_file: self.ca_file.clone(),
            token_store: self.token_store,
            account: self.account.clone(),
            tenant: None,
            client_id: None,
            limits: TypedLimits::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_line_of_the_readme_parses() {
        let readme = include_str!("../../README.md");
        let lines: Vec<&str> = readme.lines().filter_map(|line| line.strip_prefix("$ affiant ")).collect();
        assert!(lines.len() >= 6, "the README shows the whole job");
        for line in lines {
            let words = words(line);
            let parsed = Cli::try_parse_from(std::iter::once("affiant".to_owned()).chain(words));
            assert!(
                parsed.is_ok(),
                "affiant {line}\n{}",
                parsed.err().map(|error| error.to_string()).unwrap_or_default()
            );
        }
    }

    /// Splits as a shell does, as far as the README needs it.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut quoted) = (vec![String::new()], false);
        for c in line.chars() {
            match (c, quoted) {
                ('"', _) => quoted = !quoted,
                (' ', false) => words.push(String::new()),
                (c, _) => words.last_mut().expect("never empty").push(c),
            }
        }
        words
    }
}
