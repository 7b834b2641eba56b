//! The command line: one file per verb, each of which builds inputs, calls the library and prints.
//!
//! Only this module knows a terminal, the environment and the home directory. Nothing imports it.

mod access;
mod answer;
mod balance;
mod check;
mod collect;
mod completions;
mod connection;
mod custody;
mod demo;
mod desk;
mod doctor;
mod exit;
mod failure;
mod findings;
mod key;
mod licenses;
mod listed;
mod loadfile;
mod login;
mod logout;
mod man;
mod open_files;
mod outcome;
mod output;
mod pack;
mod progress;
mod refetch;
mod prove;
mod report;
mod resume;
#[cfg(test)]
mod schemas;
mod scopes;
mod seal;
mod show;
mod signals;
mod signers;
mod simulate;
mod sync;
mod usage;
mod users;
mod verify;
mod verify_proof;
mod whoami;

use std::process::{ExitCode, Termination as _};

use camino::Utf8PathBuf;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser};

pub use exit::Exit;
pub use failure::Failure;

use self::desk::{Desk, Needs};
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
    /// Requests at a time per mailbox, 1 to 4 (the service's limit) [default: 4]
    #[arg(long, global = true, value_name = "N", help_heading = "Settings")]
    in_flight: Option<usize>,
    /// Requests per 10 minutes and mailbox, at most 9600 (the service's limit is 10,000) [default: 9600]
    #[arg(long = "requests-per-10-minutes", global = true, value_name = "N", help_heading = "Settings")]
    requests_per_window: Option<u32>,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Demo(demo::Args),
    Login(Box<login::Args>),
    Logout(logout::Args),
    Whoami(whoami::Args),
    Scopes(scopes::Args),
    Doctor(doctor::Args),
    Users(users::Args),
    Check(Box<check::Args>),
    Collect(Box<collect::Args>),
    Resume(resume::Args),
    Verify(verify::Args),
    Report(report::Args),
    Seal(seal::Args),
    Custody(custody::Args),
    Key(key::Args),
    Pack(pack::PackArgs),
    Unpack(pack::UnpackArgs),
    Prove(prove::Args),
    VerifyProof(verify_proof::Args),
    Loadfile(loadfile::Args),
    Connection(Box<connection::Args>),
    Sync(sync::Args),
    Licenses(Box<licenses::Args>),
    Usage(Box<usage::Args>),
    Findings(Box<findings::Args>),
    Simulate(Box<simulate::Args>),
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
    let cli = match typed() {
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

/// What was typed. A flag is stronger than a variable, also where two settings are about one thing.
fn typed() -> Result<Cli, clap::Error> {
    let matches = Cli::command().try_get_matches()?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    cli.global.cloud_over_variables(&matches);
    Ok(cli)
}

fn run(cli: Cli) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|_| Failure::failed("the system gives no threads", "close other programs and try again"))?;
    let desk = Desk::new(&cli.global, cli.verb.needs())?;
    let exit = runtime.block_on(async {
        signals::survive_file_size_limit();
        perform(cli.verb, &desk).await
    })?;
    desk.written(exit)
}

/// Runs one verb.
async fn perform(verb: Verb, desk: &Desk) -> Result<Exit, Failure> {
    match verb {
        Verb::Demo(args) => demo::run(args, desk).await,
        Verb::Login(args) => login::run(*args, desk).await,
        Verb::Logout(args) => logout::run(args, desk).await,
        Verb::Whoami(args) => whoami::run(args, desk).await,
        Verb::Scopes(args) => scopes::run(&args, desk).await,
        Verb::Doctor(args) => doctor::run(args, desk).await,
        Verb::Users(args) => users::run(args, desk).await,
        Verb::Check(args) => check::run(*args, desk).await,
        Verb::Collect(args) => collect::run(*args, desk).await,
        Verb::Resume(args) => resume::run(args, desk).await,
        Verb::Verify(args) => verify::run(args, desk).await,
        Verb::Report(args) => report::run(args, desk).await,
        Verb::Seal(args) => seal::run(args, desk).await,
        Verb::Key(args) => key::run(args, desk).await,
        Verb::Pack(args) => pack::pack(args, desk).await,
        Verb::Unpack(args) => pack::unpack(args, desk).await,
        Verb::Custody(args) => custody::run(args, desk).await,
        Verb::Prove(args) => prove::run(args, desk).await,
        Verb::VerifyProof(args) => verify_proof::run(args, desk).await,
        Verb::Loadfile(args) => loadfile::run(args, desk).await,
        Verb::Connection(args) => connection::run(*args, desk).await,
        Verb::Sync(args) => sync::run(args, desk).await,
        Verb::Licenses(args) => licenses::run(*args, desk).await,
        Verb::Findings(args) => findings::run(*args, desk).await,
        Verb::Usage(args) => usage::run(*args, desk).await,
        Verb::Simulate(args) => simulate::run(*args, desk).await,
        Verb::Completions(args) => Ok(completions::run(&args, desk)),
        Verb::Man(man::Args {}) => man::run(desk),
    }
}

impl Verb {
    const fn needs(&self) -> Needs {
        match self {
            Self::Verify(args) if args.refetch.is_some() => Needs::Account,
            Self::Demo(_)
            | Self::Verify(_)
            | Self::Report(_)
            | Self::Pack(_)
            | Self::Unpack(_)
            | Self::Prove(_)
            | Self::VerifyProof(_)
            | Self::Loadfile(_)
            | Self::Simulate(_)
            | Self::Completions(_)
            | Self::Man(_) => Needs::Nothing,
            Self::Login(_)
            | Self::Licenses(_)
            | Self::Usage(_)
            | Self::Findings(_)
            | Self::Connection(_)
            | Self::Sync(_)
            | Self::Logout(_)
            | Self::Seal(_)
            | Self::Custody(_)
            | Self::Key(_) => Needs::Settings,
            Self::Whoami(_)
            | Self::Doctor(_)
            | Self::Scopes(_)
            | Self::Users(_)
            | Self::Check(_)
            | Self::Collect(_)
            | Self::Resume(_) => Needs::Account,
        }
    }
}

impl Global {
    /// Where sign-ins and settings are; an empty variable is none.
    fn home(&self) -> Option<Utf8PathBuf> {
        self.home.clone().filter(|home| !home.as_str().is_empty())
    }

    /// Lets `--cloud` win over addresses that come from the environment.
    fn cloud_over_variables(&mut self, matches: &ArgMatches) {
        let from_variable = |id| matches.value_source(id) == Some(ValueSource::EnvVariable);
        if self.cloud.is_some_and(|cloud| cloud != CloudName::Custom) {
            self.login_url.take_if(|_| from_variable("login_url"));
            self.graph_url.take_if(|_| from_variable("graph_url"));
        }
    }

    /// What the flags and their variables say; an empty variable says nothing.
    fn typed(&self) -> Typed {
        let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        Typed {
            cloud: self.cloud,
            login_url: said(&self.login_url),
            graph_url: said(&self.graph_url),
            ca_file: self.ca_file.clone().filter(|path| !path.as_str().is_empty()),
            token_store: self.token_store,
            account: said(&self.account),
            tenant: None,
            client_id: None,
            cae: None,
            dns_resolver: None,
            dns: None,
            limits: TypedLimits {
                in_flight: self.in_flight,
                requests_per_10_minutes: self.requests_per_window,
                ..TypedLimits::default()
            },
        }
    }
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn a_cloud_that_is_typed_wins_over_addresses_of_the_environment_and_empty_ones_say_nothing() {
        let parsed = |args: &[&str]| {
            let matches = Cli::command().get_matches_from(std::iter::once(&"affiant").chain(args));
            let mut cli = Cli::from_arg_matches(&matches).expect("parses");
            cli.global.cloud_over_variables(&matches);
            cli.global
        };
        let both = parsed(&["whoami", "--cloud", "china", "--login-url", "https://x.example", "--graph-url", ""]);
        assert!(both.login_url.is_some(), "flags contradict each other, and that is said");
        assert_eq!(both.typed().graph_url, None);
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
