//! The simulated tenant: a Microsoft 365 service on loopback, the other side of the wire.
//!
//! It shares nothing with the client but the plain terms, so that a misunderstanding cannot cancel itself out.
//! It is the demo's tenant and the tests' test bed. The tenant's data comes from a folder (its format is in
//! `fixtures/tenant/README.md`), from the one inside this program, or from any folder of `.eml` files.
//!
//! | path | what |
//! |---|---|
//! | `/{tenant}/oauth2/v2.0/…`, `/devicelogin` | the identity platform (`identity`) |
//! | `/v1.0/…` | Graph (`graph`) |
//! | `POST /simulator/approve` | `{"user_code", "upn"}`: a person types the code and signs in |
//! | `POST /simulator/decline` | `{"user_code"}`: the person says no |
//! | `POST /simulator/revoke` | every token is revoked |
//! | `POST /simulator/advance` | `{"seconds"}`: the tenant's time jumps ahead |
//! | `POST /simulator/access`, `/simulator/refuse` | `{"rule"}`: a rule as `--access` and `--refuse` take it |
//! | `POST /simulator/mail` | `{"user", "id" or "ids", "does"}`: `delete`, `restore`, `change`, `hide` from listings or, with `"folder"`, `move` a message |
//! | `POST /simulator/person` | `{"user", "does"}`: `delete`, `restore` or, with `"facts"` or `"licences"`, `change` somebody in the directory |
//! | `POST /simulator/reports` | `{"concealed", "restated"}`: the tenant's switch; other numbers for the same refresh date |
//! | `POST /simulator/faults` | `{"faults"}`: other faults from now on, none for an empty text |
//! | `GET /simulator/requests` | what was asked: counts and the latest requests; how often each fault struck |
//!
//! Beside it, on a port of its own, a DNS server has the public keys of those who sign the tenant's mail:
//! `keys/dkim-dns.json` in the tenant's folder, or in the folder of mail.

mod access;
mod chance;
mod faults;
mod graph;
mod identity;
mod ids;
mod issued;
mod limits;
mod person;
mod reply;
mod reports;
mod requests;
mod rights;
mod server;
mod shifts;
mod tenant;
mod time;
mod world;
mod zone;

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use camino::Utf8PathBuf;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::terms::Clock;

use self::access::Access;
use self::faults::Faults;
use self::identity::Platform;
use self::issued::Issued;
use self::limits::Limits;
use self::requests::Requests;
use self::time::Time;
use self::world::World;
use self::zone::Zone;

pub use self::access::{AccessRule, AccessRuleError, refusal_names};
pub use self::faults::{FaultSpecError, fault_names};
pub use self::requests::{REQUESTS_KEPT, RequestCounts, RequestSeen};
pub use self::tenant::{Extra, Source, TenantError};

/// Requests per ten minutes and mailbox, with `quota`.
const QUOTA: usize = 10_000;
/// Requests at once per mailbox.
const AT_ONCE: usize = 4;

/// How the simulator runs.
#[derive(Clone)]
pub struct Options {
    /// Port on 127.0.0.1; 0 for a free one.
    pub port: u16,
    /// The address that links and answers name, where a proxy stands in front; `None` for the simulator's own.
    pub behind: Option<String>,
    /// Where the tenant comes from.
    pub source: Source,
    /// Generated mail on top of the tenant's.
    pub extras: Vec<Extra>,
    /// Generated people after the tenant's own, without mailboxes.
    pub people: u64,
    /// Faults, such as `value-503:rate=0.02,throttle:every=50`; [`fault_names`] lists them; empty for none.
    pub faults: String,
    /// Seed of everything that looks random.
    pub seed: u64,
    /// How long every answer of Graph takes at least.
    pub latency: Duration,
    /// Where requests are written as JSON lines.
    pub request_log: Option<Utf8PathBuf>,
    /// Where every secret that is handed out or received is written, for tests.
    pub issued: Option<Utf8PathBuf>,
    /// How long an access token lives.
    pub token_lifetime: Duration,
    /// Seconds between polls that a device-code sign-in must keep.
    pub device_interval: u64,
    /// Scopes granted though nobody asked.
    pub granted_extra: Vec<String>,
    /// Scopes that are not granted.
    pub withheld: Vec<String>,
    /// Who signs in wherever somebody must, so that no person is needed.
    pub auto_approve: Option<String>,
    /// Whether 10,000 requests in ten minutes are the most per mailbox.
    pub quota: bool,
    /// Whether the tenant's reports conceal names.
    pub concealed: bool,
    /// What lies over the tenant's own rights; a later rule replaces an earlier one of its kind.
    pub access: Vec<AccessRule>,
    /// What time it is.
    pub clock: Clock,
}

impl Options {
    /// The built-in tenant on a free port, without faults.
    pub fn new(clock: Clock) -> Self {
        Self {
            port: 0,
            behind: None,
            source: Source::Builtin,
            extras: Vec::new(),
            people: 0,
            faults: String::new(),
            seed: 1,
            latency: Duration::ZERO,
            request_log: None,
            issued: None,
            token_lifetime: Duration::from_hours(1),
            device_interval: 5,
            granted_extra: Vec::new(),
            withheld: Vec::new(),
            auto_approve: None,
            quota: false,
            concealed: false,
            access: Vec::new(),
            clock,
        }
    }
}

/// Why the simulator does not start.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum SimulatorError {
    /// The tenant cannot be loaded.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Tenant(#[from] TenantError),
    /// The faults cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Faults(#[from] FaultSpecError),
    /// A rule about access cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Access(#[from] AccessRuleError),
    /// The port is taken.
    #[error("port {port} of 127.0.0.1 cannot be listened on: {reason}")]
    #[diagnostic(code(affiant::simulator::port), help("choose another port, or 0 for a free one"))]
    Port {
        /// The port.
        port: u16,
        /// The system's word.
        reason: String,
    },
    /// The request log cannot be written.
    #[error("the request log cannot be written: {0}")]
    #[diagnostic(code(affiant::simulator::log), help("check the paths of --request-log and --issued"))]
    Log(String),
    /// Nobody of that name can sign in.
    #[error("nobody in the tenant can sign in as {0}")]
    #[diagnostic(code(affiant::simulator::nobody), help("name an account of the tenant that is enabled and no guest"))]
    Nobody(String),
}

/// A running simulator; it ends with this value.
pub struct Simulator {
    world: Arc<World>,
    port: u16,
    zone: Zone,
    downloads: JoinHandle<()>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// Loads the tenant and starts to serve it.
///
/// # Errors
/// [`SimulatorError`].
pub async fn start(options: Options) -> Result<Simulator, SimulatorError> {
    let (source, extras, people) = (options.source.clone(), options.extras.clone(), options.people);
    let loaded = tokio::task::spawn_blocking(move || tenant::load(&source, &extras, people)).await;
    let tenant = loaded.map_err(|_| SimulatorError::Log("the tenant could not be loaded".to_owned()))??;
    if let Some(upn) = &options.auto_approve {
        let known = tenant.user(upn).and_then(|at| tenant.users.get(at)).is_some_and(tenant::User::can_sign_in);
        known.then_some(()).ok_or_else(|| SimulatorError::Nobody(upn.clone()))?;
    }
    let access = Access::default();
    options.access.iter().try_for_each(|rule| access.rule(&tenant, rule, 0))?;
    let port = |error: std::io::Error| SimulatorError::Port { port: options.port, reason: error.kind().to_string() };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", options.port)).await.map_err(port)?;
    let at = listener.local_addr().map_err(port)?;
    let downloads = tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(port)?;
    let reports_origin = format!("http://{}", downloads.local_addr().map_err(port)?);
    let origin = options.behind.clone().unwrap_or_else(|| format!("http://{at}"));
    let log = |error: std::io::Error| SimulatorError::Log(error.kind().to_string());
    let requests = Requests::new(options.request_log.as_deref()).map_err(log)?;
    let world = Arc::new(World {
        tenant,
        origin,
        time: Time::new(options.clock.clone()),
        platform: Platform::new(&options),
        limits: Limits::new(AT_ONCE, options.quota.then_some(QUOTA)),
        access,
        faults: Faults::parse(&options.faults, options.seed)?,
        requests,
        issued: Issued::new(options.issued.as_deref()).map_err(log)?,
        latency: options.latency,
        turns: AtomicU64::new(0),
        edits: Mutex::default(),
        moved: Mutex::default(),
        shifts: shifts::Shifts::default(),
        changes: person::Changes::default(),
        concealed: AtomicBool::new(options.concealed),
        seed: options.seed,
        reports: reports::Desk::new(reports_origin),
    });
    let zone = Zone::serve(world.tenant.zone.clone()).await.map_err(port)?;
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(server::serve(listener, world.clone(), stopped));
    let downloads = tokio::spawn(reports::serve(downloads, world.clone()));
    Ok(Simulator { world, port: at.port(), zone, downloads, stop: Some(stop), task })
}

impl Simulator {
    /// Base address of both the identity platform and Graph.
    pub fn origin(&self) -> &str {
        &self.world.origin
    }

    /// The port it listens on.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Where its DNS server listens, over UDP and TCP: it has the keys of those who sign the tenant's mail.
    pub const fn dns(&self) -> std::net::SocketAddr {
        self.zone.at()
    }

    /// Base address of the host that reports are downloaded from.
    pub fn reports_origin(&self) -> &str {
        &self.world.reports.origin
    }

    /// The tenant's id.
    pub fn tenant_id(&self) -> &str {
        &self.world.tenant.id
    }

    /// The tenant's name.
    pub fn tenant_name(&self) -> &str {
        &self.world.tenant.display_name
    }

    /// The first application that people sign in with.
    pub fn client_id(&self) -> &str {
        let public = self.world.tenant.apps.iter().find(|app| app.secret.is_none());
        public.map(|app| app.client_id.as_str()).unwrap_or_default()
    }

    /// Accounts a person can sign in with: sign-in name and display name.
    pub fn accounts(&self) -> Vec<(String, String)> {
        let people = self.world.tenant.users.iter().filter(|user| user.can_sign_in());
        people.map(|user| (user.upn.clone(), user.display_name.clone())).collect()
    }

    /// A person types the code and signs in; false when either is not known.
    pub fn approve(&self, user_code: &str, upn: &str) -> bool {
        self.world.platform.approve(&self.world, user_code, upn)
    }

    /// The person says no.
    pub fn decline(&self, user_code: &str) -> bool {
        self.world.platform.decline(user_code)
    }

    /// Revokes every token.
    pub fn revoke(&self) {
        self.world.platform.revoke();
    }

    /// The latest requests, oldest first, at most [`REQUESTS_KEPT`].
    pub fn request_log(&self) -> Vec<RequestSeen> {
        self.world.requests.seen()
    }

    /// Counts of all requests.
    pub fn request_counts(&self) -> RequestCounts {
        self.world.requests.counts()
    }

    /// The most requests that were in flight at once for one application and mailbox.
    pub fn most_at_once(&self) -> usize {
        self.world.limits.most_at_once()
    }

    /// Serves until somebody stops it.
    pub async fn wait(self) {
        let Self { stop, task, zone, .. } = self;
        // The sender must live as long as the server is to.
        let _ = task.await;
        drop((stop, zone));
    }

    /// Stops serving.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        self.downloads.abort();
        let _ = self.task.await;
    }
}
