//! What every verb works with: settings, streams, the clock, and the way to a session and to Graph.

use std::io::{IsTerminal as _, Write};
use std::sync::Arc;

use camino::Utf8PathBuf;

use super::exit::Exit;
use super::failure::Failure;
use super::open_files;
use super::output::Trouble;
use super::show::Bar;
use super::{Global, show};
use crate::config::{Settings, TokenStore, Typed, TypedLimits};
use crate::custody::Notary;
use crate::graph::{Fault, Graph, GraphOptions, Limits, USER_AGENT};
use crate::monitor::Monitor;
use crate::session::{Expiry, Flow, Session, SignInError, Store, StoreKind};
use crate::terms::{Clock, Secret, UtcInstant};

/// How long a service that does not answer is waited for while a person waits for the answer.
const ATTENDED: std::time::Duration = std::time::Duration::from_mins(5);

/// Said wherever an application acts by itself.
pub(super) const APP_ONLY: &str =
    "app-only sign-in: the application acts by itself, with the tenant's permission and nobody's delegation";

/// The front end's side of a verb.
pub(super) struct Desk {
    /// Whether programs read the output.
    pub(super) json: bool,
    /// Whether progress is wanted.
    pub(super) quiet: bool,
    /// What was meant.
    pub(super) settings: Settings,
    /// The folder of sign-ins and settings; empty where a verb needs none.
    home: Utf8PathBuf,
    /// Where sign-ins are kept.
    pub(super) store: Store,
    /// What time it is.
    pub(super) clock: Clock,
    /// What became of the output.
    trouble: Trouble,
}

/// What a verb needs to be told before it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Nothing: it works without a home folder, and whatever the settings are.
    Nothing,
    /// Settings as they are.
    Settings,
    /// Settings, and where none names a cloud, that of the account that is signed in.
    Account,
}

impl Desk {
    pub(super) fn new(global: &Global, needs: Needs) -> Result<Self, Failure> {
        show::start_diagnostics(global.verbose);
        let (json, quiet, trouble) = (global.json, global.quiet, Trouble::default());
        let home = match global.home() {
            _ if needs == Needs::Nothing => {
                let settings = Typed::default().meant().map_err(|error| Failure::new(Exit::Usage, &error))?;
                let store = Store::new(Utf8PathBuf::new(), StoreKind::Memory);
                let home = Utf8PathBuf::new();
                return Ok(Self { json, quiet, settings, home, store, clock: clock(), trouble });
            }
            Some(home) => home,
            None => default_home()?,
        };
        let usage = |error: crate::config::ConfigError| Failure::new(Exit::Usage, &error);
        let file = Typed::from_home(&home).map_err(usage)?;
        let environment = Typed { limits: limits_from_environment()?, ..Typed::default() };
        let mut typed = global.typed().over(environment).over(file);
        if needs == Needs::Account && !typed.names_a_cloud() {
            let listed = Store::new(home.clone(), StoreKind::File { passphrase: None });
            let cloud = listed.cloud(typed.account.as_deref());
            typed = typed.at(cloud);
        }
        let settings = typed.meant().map_err(usage)?;
        let store = store(&settings, home.clone());
        Ok(Self { json, quiet, settings, home, store, clock: clock(), trouble })
    }

    /// A desk for another cloud and home, as the demo needs one.
    pub(super) fn with(&self, settings: Settings, store: Store) -> Self {
        let (clock, trouble) = (self.clock.clone(), self.trouble.clone());
        Self { json: self.json, quiet: self.quiet, settings, home: self.home.clone(), store, clock, trouble }
    }

    /// The same for a sign-in that is kept apart from the others, in a folder below the home folder, and for its cloud.
    pub(super) fn apart(&self, place: &str) -> Self {
        let at = self.home.join(place);
        let kept = store(&self.settings, at);
        let cloud = kept.cloud(None).unwrap_or_else(|| self.settings.cloud.clone());
        self.with(Settings { cloud, account: None, ..self.settings.clone() }, kept)
    }

    /// The folder of sign-ins and settings.
    pub(super) fn home(&self) -> &camino::Utf8Path {
        &self.home
    }

    /// The same where something may be kept in it; the demo keeps nothing.
    pub(super) fn keeping_home(&self) -> Option<&camino::Utf8Path> {
        Some(self.home()).filter(|home| !home.as_str().is_empty())
    }

    /// The stored sign-in, with a word about what the person should know of it.
    pub(super) async fn session(&self) -> Result<Arc<Session>, Failure> {
        let session = self.stored_session().await?;
        let who = session.signed_in();
        if who.flow.is_app_only() {
            self.note(APP_ONLY);
        }
        if let Some(due) = who.credential_ends.and_then(|at| Expiry::due(at, (self.clock)())) {
            let what = if who.flow == Flow::Certificate { "certificate" } else { "client secret" };
            self.note(&format!(
                "the application's {what} {due}; an administrator must make a new one, then run `affiant login` again"
            ));
        }
        Ok(session)
    }

    /// The stored sign-in.
    pub(super) async fn stored_session(&self) -> Result<Arc<Session>, Failure> {
        let (account, cloud) = (self.settings.account.as_deref(), &self.settings.cloud);
        let session =
            Session::stored(account, cloud, self.store.clone(), self.settings.ca.as_deref(), self.clock.clone());
        session.await.map(Arc::new).map_err(Failure::from)
    }

    /// The stored sign-in of a person: what reads mailboxes by delegation needs somebody to whom it was delegated.
    pub(super) async fn persons_session(&self) -> Result<Arc<Session>, Failure> {
        let session = self.session().await?;
        if session.signed_in().flow.is_app_only() {
            return Err(Failure::usage(
                "this is an app-only sign-in: no person is signed in, so no delegation can be proven or used",
                "sign in as the person who was given access: `affiant login` (or choose one with --account); app-only sign-ins serve unattended reading of the directory, licences and usage",
            ));
        }
        Ok(session)
    }

    /// The door to Graph for a session, for answers that somebody waits for.
    pub(super) fn graph_of(&self, session: Arc<Session>, monitor: Arc<dyn Monitor>) -> Result<Graph, Failure> {
        let limits = self.settings.limits.clone();
        self.door(session, monitor, Limits { unreachable: limits.unreachable.min(ATTENDED), ..limits })
    }

    /// The same for a run that nobody has to watch: it waits for a service that is away.
    pub(super) fn unattended_graph_of(
        &self,
        session: Arc<Session>,
        monitor: Arc<dyn Monitor>,
    ) -> Result<Graph, Failure> {
        self.door(session, monitor, self.settings.limits.clone())
    }

    /// The door for a collection, as work for another thread: opening reads the system's root certificates.
    ///
    /// Each mailbox asks the directory for its own person, two or three questions in all, so that as many may be out as
    /// there are mailboxes: none of them begins later than the others.
    pub(super) fn unattended_door(
        &self,
        session: Arc<Session>,
        monitor: Arc<dyn Monitor>,
    ) -> Result<impl FnOnce() -> Result<Graph, Fault> + Send + use<>, Failure> {
        let limits = self.settings.limits.clone();
        let in_flight_of_directory = limits.in_flight_of_directory.max(self.settings.side_by_side);
        let options = self.options(monitor, Limits { in_flight_of_directory, ..limits })?;
        let cloud = self.settings.cloud.clone();
        Ok(move || Graph::new(&cloud, session, options))
    }

    fn door(&self, session: Arc<Session>, monitor: Arc<dyn Monitor>, limits: Limits) -> Result<Graph, Failure> {
        Ok(Graph::new(&self.settings.cloud, session, self.options(monitor, limits)?)?)
    }

    fn options(&self, monitor: Arc<dyn Monitor>, mut limits: Limits) -> Result<GraphOptions, Failure> {
        limits.connections = open_files::connections(limits.connections)?;
        Ok(GraphOptions {
            limits,
            ca: self.settings.ca.clone(),
            monitor,
            clock: self.clock.clone(),
            user_agent: USER_AGENT.to_owned(),
        })
    }

    /// Who stamps and signs what is sworn here.
    pub(super) async fn notary(&self) -> Result<Notary, Failure> {
        let key = self.store.sealing_key().await.map_err(|error| Failure::new(Exit::Failed, &error))?;
        Ok(Notary { clock: self.clock.clone(), key })
    }

    /// Data for standard output. A reader that left is no failure.
    pub(super) fn print(&self, text: &str) {
        let mut out = self.stdout();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// A line for the person, on standard error.
    #[expect(clippy::unused_self, reason = "said at the desk, like everything else")]
    pub(super) fn note(&self, text: &str) {
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    /// Standard output.
    pub(super) fn stdout(&self) -> Box<dyn Write> {
        Box::new(self.trouble.stdout())
    }

    /// How the verb ended, unless its data could not be written.
    pub(super) fn written(&self, exit: Exit) -> Result<Exit, Failure> {
        match self.trouble.seen() {
            None => Ok(exit),
            Some(why) => Err(Failure::failed(
                format!("the output could not be written: {why}"),
                "free some space or write it elsewhere, then run it again",
            )),
        }
    }

    /// Whether moving progress may be drawn.
    pub(super) fn draws(&self) -> bool {
        !self.quiet && !self.json && std::io::stderr().is_terminal()
    }

    /// A bar over bytes or files; silent where none is wanted.
    pub(super) fn bytes_bar(&self, what: &'static str) -> Bar {
        Bar::new(what, self.draws())
    }

    /// Asks yes or no; no terminal, no question, and the answer is no.
    #[expect(clippy::unused_self, reason = "said at the desk, like everything else")]
    pub(super) fn confirm(&self, question: &str) -> bool {
        if !std::io::stdin().is_terminal() {
            return false;
        }
        let _ = write!(std::io::stderr(), "{question} [y/N] ");
        let mut answer = String::new();
        let read = std::io::stdin().read_line(&mut answer);
        read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
    }
}

/// The system's clock.
pub(super) fn clock() -> Clock {
    Arc::new(|| UtcInstant::new(jiff::Timestamp::now()))
}

fn default_home() -> Result<Utf8PathBuf, Failure> {
    use etcetera::BaseStrategy as _;
    let folders = etcetera::base_strategy::choose_native_strategy().ok();
    let home = folders.and_then(|folders| Utf8PathBuf::from_path_buf(folders.config_dir().join("affiant")).ok());
    home.ok_or_else(|| Failure::usage("this system names no home folder", "give one with --home or AFFIANT_HOME"))
}

fn store(settings: &Settings, home: Utf8PathBuf) -> Store {
    let passphrase = std::env::var("AFFIANT_PASSPHRASE").ok().filter(|text| !text.is_empty()).map(Secret::new);
    match settings.token_store {
        TokenStore::Auto => Store::automatic(home, passphrase),
        TokenStore::Keyring => Store::new(home, StoreKind::Keyring),
        TokenStore::File => Store::new(home, StoreKind::File { passphrase }),
        TokenStore::Memory => Store::new(home, StoreKind::Memory),
    }
}

fn limits_from_environment() -> Result<TypedLimits, Failure> {
    fn read<T: std::str::FromStr>(name: &str) -> Result<Option<T>, Failure> {
        match std::env::var(name) {
            Ok(text) => text
                .trim()
                .parse()
                .map(Some)
                .map_err(|_| Failure::usage(format!("{name} is not a whole number"), "give a number, or unset it")),
            Err(_) => Ok(None),
        }
    }
    Ok(TypedLimits {
        requests_per_10_minutes: read("AFFIANT_LIMITS_REQUESTS_PER_10_MINUTES")?,
        in_flight: read("AFFIANT_LIMITS_IN_FLIGHT")?,
        attempts: read("AFFIANT_LIMITS_ATTEMPTS")?,
        first_pause_ms: read("AFFIANT_LIMITS_FIRST_PAUSE_MS")?,
        patience_s: read("AFFIANT_LIMITS_PATIENCE_S")?,
        unreachable_s: read("AFFIANT_LIMITS_UNREACHABLE_S")?,
        stall_s: read("AFFIANT_LIMITS_STALL_S")?,
        side_by_side: read("AFFIANT_LIMITS_SIDE_BY_SIDE")?,
    })
}

impl From<SignInError> for Failure {
    fn from(error: SignInError) -> Self {
        let exit = match (error.is_mistyped(), error.is_sign_in_needed()) {
            (true, _) => Exit::Usage,
            (false, true) => Exit::SignIn,
            (false, false) => Exit::Failed,
        };
        Self::new(exit, &error)
    }
}
