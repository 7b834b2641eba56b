//! `affiant simulate`: the simulated tenant as a server, for trying things and for tests.

use std::time::Duration;

use camino::Utf8PathBuf;

use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;
use crate::simulator::{AccessRule, Extra, Options, SimulatorError, Source, fault_names, refusal_names, start};

/// Serve a simulated Microsoft 365 tenant on this machine
#[derive(Debug, clap::Args)]
#[command(after_help = after_help())]
pub(super) struct Args {
    /// Port on 127.0.0.1; 0 for a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The address that links name, where a proxy stands in front
    #[arg(long, value_name = "URL")]
    behind: Option<String>,
    /// A tenant folder instead of the built-in one (fixtures/tenant/README.md)
    #[arg(long, value_name = "DIR", conflicts_with = "corpus")]
    tenant: Option<Utf8PathBuf>,
    /// A folder of .eml files, served as one mailbox
    #[arg(long, value_name = "DIR", requires = "owner")]
    corpus: Option<Utf8PathBuf>,
    /// Whose mailbox the corpus is
    #[arg(long = "as", id = "owner", value_name = "UPN")]
    owner: Option<String>,
    /// Add generated mail to a mailbox, in Inbox/Volume; repeat for more
    #[arg(long, value_name = "UPN=COUNT[:BYTES]", value_parser = extra)]
    synthetic: Vec<Extra>,
    /// Add generated people to the directory, without mailboxes
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "COUNT")]
    synthetic_users: u64,
    /// Faults to simulate; below is what there is
    #[arg(long, default_value = "", hide_default_value = true, value_name = "SPEC")]
    faults: String,
    /// Seed of everything that looks random
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long every answer of Graph takes at least, in milliseconds
    #[arg(long, default_value_t = 0, value_name = "MS")]
    latency_ms: u64,
    /// Write every request to this file, one JSON line each
    #[arg(long, value_name = "FILE")]
    request_log: Option<Utf8PathBuf>,
    /// For tests: write every secret that is handed out or received to this file
    #[arg(long, value_name = "FILE")]
    issued: Option<Utf8PathBuf>,
    /// How long an access token lives, in seconds
    #[arg(long, default_value_t = 3600, value_name = "S")]
    token_lifetime_s: u64,
    /// Seconds a device-code sign-in waits between polls
    #[arg(long, default_value_t = 5, value_name = "S")]
    device_interval: u64,
    /// Grant this scope though nobody asked; repeat for more
    #[arg(long, value_name = "SCOPE")]
    grant_scope: Vec<String>,
    /// Do not grant this scope; repeat for more
    #[arg(long, value_name = "SCOPE")]
    withhold_scope: Vec<String>,
    /// Who signs in wherever somebody must, so that no person is needed
    #[arg(long, value_name = "UPN")]
    auto_approve: Option<String>,
    /// How far a mailbox can be read, whoever asks, and how it refuses the rest; repeat for more
    #[arg(long, value_name = "UPN=full|none|folders:PATH+PATH|listed:PATH+PATH[,SHAPE]", value_parser = AccessRule::access)]
    access: Vec<AccessRule>,
    /// Refuse everything in a mailbox, in this shape or in several by turns; repeat for more
    #[arg(long, value_name = "UPN=SHAPE[+SHAPE][:every=N|Ns][:once]", value_parser = AccessRule::refuse)]
    refuse: Vec<AccessRule>,
    /// Withdraw the access to a mailbox after so many requests to it; repeat for more
    #[arg(long, value_name = "UPN=N[:SHAPE]", value_parser = AccessRule::revoke_after)]
    revoke_after: Vec<AccessRule>,
    /// Conceal names in usage reports, as the tenant's setting does
    #[arg(long)]
    conceal_names: bool,
    /// Enforce 10,000 requests per ten minutes and mailbox
    #[arg(long)]
    quota: bool,
}

/// Reads `ana@x.example=100000:6000`.
fn extra(text: &str) -> Result<Extra, String> {
    let wrong = || "not UPN=COUNT or UPN=COUNT:BYTES".to_owned();
    let (owner, numbers) = text.split_once('=').ok_or_else(wrong)?;
    let (count, bytes) = numbers.split_once(':').unwrap_or((numbers, "6000"));
    let number = |text: &str| text.parse().map_err(|_| wrong());
    Ok(Extra { owner: owner.to_owned(), count: number(count)?, mean_bytes: number(bytes)? })
}

fn after_help() -> String {
    let width = fault_names().map(|(name, _)| name.len()).max().unwrap_or_default();
    let faults: Vec<String> = fault_names().map(|(name, what)| format!("  {name:width$}  {what}")).collect();
    let shapes: Vec<String> = refusal_names().map(|(name, what)| format!("  {name:width$}  {what}")).collect();
    format!(
        "Example:\n  affiant simulate --port 8080 --auto-approve paula.quist@brackwater.example --faults value-503:rate=0.02,throttle:every=50\n\n\
         Faults, separated by commas, each with parameters after colons: rate=0.02 (that share of all resources, chosen by the seed),\n\
         every=50, ids=3 (the first three), above=200 (page size), after=100, times=2 (per resource), once, forever,\n\
         retry-after=SECONDS|date|float|none, seconds=5, code=53003, port=8080. A fault that stands for passing trouble strikes a resource once.\n\
         Also any status at any place: value-500-forever, list-504, folders-403, with any, mail, users, folders, list, sorted, unsorted, message, value,\n\
         attachments or delta. Names like g12 are cases of the must-handle list.\n\n{}\n\n\
         Shapes of a refusal; besides, granted (none) and alternating (mailbox_not_enabled_new+resource_not_found):\n\n{}",
        faults.join("\n"),
        shapes.join("\n")
    )
}

/// Serves until interrupted.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let source = match (args.tenant, args.corpus, args.owner) {
        (Some(folder), _, _) => Source::Folder(folder),
        (None, Some(folder), Some(owner)) => Source::Mail { folder, owner },
        (None, _, _) => Source::Builtin,
    };
    let options = Options {
        port: args.port,
        behind: args.behind.map(|url| url.trim_end_matches('/').to_owned()),
        source,
        extras: args.synthetic,
        people: args.synthetic_users,
        faults: args.faults,
        seed: args.seed,
        latency: Duration::from_millis(args.latency_ms),
        request_log: args.request_log,
        issued: args.issued,
        token_lifetime: Duration::from_secs(args.token_lifetime_s),
        device_interval: args.device_interval,
        granted_extra: args.grant_scope,
        withheld: args.withhold_scope,
        auto_approve: args.auto_approve,
        quota: args.quota,
        concealed: args.conceal_names,
        access: [args.access, args.refuse, args.revoke_after].concat(),
        ..Options::new(desk.clock.clone())
    };
    let simulator = start(options).await?;
    let origin = simulator.origin();
    if desk.json {
        let accounts: Vec<String> = simulator.accounts().into_iter().map(|(upn, _)| upn).collect();
        let line = serde_json::json!({ "event": "serving", "login_url": origin, "graph_url": origin, "reports_url": simulator.reports_origin(), "port": simulator.port(),
            "tenant": simulator.tenant_id(), "client_id": simulator.client_id(), "dns": simulator.dns().to_string(), "accounts": accounts });
        desk.print(&format!("{line}\n"));
    } else {
        desk.print(&format!("export AFFIANT_LOGIN_URL={origin} AFFIANT_GRAPH_URL={origin}\n"));
        desk.print(&format!(
            "export AFFIANT_TENANT={} AFFIANT_CLIENT_ID={}\n",
            simulator.tenant_id(),
            simulator.client_id()
        ));
        desk.note(&format!("{}; sign in for instance as:", simulator.tenant_name()));
        for (upn, name) in simulator.accounts().into_iter().take(8) {
            desk.note(&format!("  {upn} ({})", super::show::plain(&name)));
        }
        desk.note(&format!("usage reports are downloaded from {}", simulator.reports_origin()));
        desk.note(&format!("keys of mail signers: --dns-resolver {}", simulator.dns()));
        desk.note("serving until Ctrl-C");
    }
    tokio::select! {
        () = simulator.wait() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(Exit::Complete)
}

impl From<SimulatorError> for Failure {
    fn from(error: SimulatorError) -> Self {
        let exit = match error {
            SimulatorError::Faults(_) | SimulatorError::Access(_) | SimulatorError::Nobody(_) => Exit::Usage,
            SimulatorError::Tenant(_) | SimulatorError::Port { .. } | SimulatorError::Log(_) => Exit::Failed,
        };
        Self::new(exit, &error)
    }
}
