//! `affiant connection test`: whether the sign-in works now, what it may read, and which role stands behind it.
//!
//! Four questions at most; no usage report is asked for, because those are counted by the service.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use std::sync::Arc;

use super::{session_of, with_store};
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::json;
use crate::cli::show::{plain, table};
use crate::cli::whoami::serves;
use crate::directory::{ReportAccess, own_roles};
use crate::graph::{Ask, Fault, Graph, Lane};
use crate::inventory::organisation;
use crate::monitor::Silent;
use crate::session::{Asked, CATALOGUE, SignedIn};
use crate::terms::Purpose;

/// Try a connection: sign-in, permissions, role
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  affiant connection test contoso\n\nExit codes: 0 everything a sync reads by default can be read, 3 something cannot, 4 sign-in needed."
)]
pub(super) struct Args {
    /// The connection [default: the only one]
    #[arg(value_name = "NAME")]
    label: Option<String>,
}

/// What `connection test --json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Tested {
    label: String,
    account: String,
    tenant_id: String,
    tenant: Option<String>,
    /// Whether everything that a sync reads by default can be read.
    ready: bool,
    checks: Vec<Check>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Check {
    /// What was looked at.
    what: String,
    /// `ok`, `missing` (a default sync needs it), `optional` (not there, and only needed on request) or `unknown`.
    state: State,
    /// What was found.
    found: String,
    /// What to do; null where there is nothing to do.
    next: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Missing,
    Optional,
    Unknown,
}

const CONSENT: &str = "an administrator consents at the address that `affiant connection consent-url` prints; then `affiant connection reauth`";
const ROLE: &str =
    "an administrator gives the account the role Reports Reader (Entra admin centre, Roles and administrators)";

/// Tries a connection.
pub(super) async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    let label = args.label.clone();
    let connection = with_store(desk, move |store| store.the_connection(label.as_deref())).await?;
    let (apart, session) = session_of(desk, &connection).await?;
    session.bearer().await?;
    let graph = apart.graph_of(session.clone(), Arc::new(Silent))?;
    let who = session.signed_in();
    let organisation = organisation(&graph).await?;
    let mut checks =
        vec![check("sign-in", State::Ok, format!("{} until {}", who.user_principal_name, session.expires_at()), None)];
    checks.extend(scopes(who));
    if !who.flow.is_app_only() {
        checks.push(role(&graph, who).await);
    }
    checks.push(
        readable(
            &graph,
            "products",
            Ask::new(Lane::Directory, Purpose::User, ["subscribedSkus"]).query("$select", "skuId"),
        )
        .await,
    );
    let people =
        Ask::new(Lane::Directory, Purpose::User, ["users"]).query("$select", "id,assignedLicenses").query("$top", "1");
    checks.push(readable(&graph, "people and their licences", people).await);
    let tested = Tested {
        label: connection.label.to_string(),
        account: who.user_principal_name.clone(),
        tenant_id: organisation.as_ref().map_or_else(|| who.tenant_id.clone(), |found| found.id.clone()),
        tenant: organisation.and_then(|found| found.name),
        ready: checks.iter().all(|check| check.state != State::Missing),
        checks,
    };
    desk.print(&if desk.json { json(&tested) } else { described(&tested) });
    Ok(if tested.ready { Exit::Complete } else { Exit::Exceptions })
}

fn check(what: &str, state: State, found: impl Into<String>, next: Option<&str>) -> Check {
    Check { what: what.to_owned(), state, found: found.into(), next: next.map(str::to_owned) }
}

/// Every permission that the sync can use; those of [`Asked::Always`] that open mail are not among them.
fn scopes(who: &SignedIn) -> Vec<Check> {
    const DEFAULT: [&str; 4] =
        ["User.Read.All", "LicenseAssignment.Read.All", "Organization.Read.All", "Reports.Read.All"];
    // What is wider opens the same; it is accepted where it was granted, and never asked for.
    let wider = |name: &str| match name {
        "LicenseAssignment.Read.All" => who.scopes.has("Organization.Read.All") || who.scopes.has("Directory.Read.All"),
        "User.Read.All" | "Organization.Read.All" | "GroupMember.Read.All" => who.scopes.has("Directory.Read.All"),
        _ => false,
    };
    let sync = CATALOGUE.iter().filter(|scope| scope.asked != Asked::Always && scope.name != "MailboxSettings.Read");
    let mut checks: Vec<Check> = sync
        .map(|scope| {
            let missing = if DEFAULT.contains(&scope.name) { State::Missing } else { State::Optional };
            match (who.scopes.has(scope.name) || wider(scope.name), who.scopes.is_assumed()) {
                (_, true) => check(scope.name, State::Unknown, "the identity platform did not say", None),
                (true, false) => check(scope.name, State::Ok, scope.serves, None),
                (false, false) => {
                    check(scope.name, missing, format!("not granted; serves {}", scope.serves), Some(CONSENT))
                }
            }
        })
        .collect();
    for scope in who.scopes.write_scopes() {
        let next = "have an administrator take it from the application";
        checks.push(check(&scope, State::Unknown, "CAN WRITE; you allowed it", Some(next)));
    }
    checks
}

async fn role(graph: &Graph, who: &SignedIn) -> Check {
    let Ok(roles) = own_roles(graph).await else {
        return check("role", State::Unknown, "the account's roles cannot be seen with this sign-in", None);
    };
    let named: Vec<String> = roles.iter().map(|role| plain(&role.name)).filter(|name| !name.is_empty()).collect();
    let held = if named.is_empty() { "none".to_owned() } else { named.join(", ") };
    let missing = if who.scopes.has("Reports.Read.All") { State::Missing } else { State::Optional };
    match roles.iter().map(|role| role.reports).max().unwrap_or(ReportAccess::None) {
        ReportAccess::Users => {
            check("role", State::Ok, format!("{held}: usage reports show each user's figures"), None)
        }
        ReportAccess::Totals => check(
            "role",
            missing,
            format!("{held}: usage reports conceal names, whatever the tenant's switch says"),
            Some(ROLE),
        ),
        ReportAccess::None => {
            check("role", missing, format!("{held}: usage reports are refused without one"), Some(ROLE))
        }
    }
}

/// Whether one question is answered.
async fn readable(graph: &Graph, what: &str, ask: Ask) -> Check {
    match graph.sample::<Value>(&ask).await {
        Ok(_) => check(what, State::Ok, "can be read", None),
        Err(fault) => refused(what, &fault),
    }
}

fn refused(what: &str, fault: &Fault) -> Check {
    use miette::Diagnostic as _;
    let next = fault.help().map(|help| help.to_string());
    check(what, State::Missing, format!("cannot be read: {fault}"), next.as_deref())
}

fn described(tested: &Tested) -> String {
    let tenant = tested.tenant.as_deref().map_or_else(String::new, |name| format!(" ({})", plain(name)));
    let mut text = format!(
        "{}: signed in as {} of tenant {}{tenant}\n\n",
        plain(&tested.label),
        plain(&tested.account),
        plain(&tested.tenant_id)
    );
    let rows: Vec<Vec<String>> = tested.checks.iter().map(line).collect();
    text += &table(&["WHAT", "STATE", "FOUND"], &[], &rows);
    let mut said = Vec::new();
    for next in
        tested.checks.iter().filter(|check| check.state == State::Missing).filter_map(|check| check.next.as_deref())
    {
        if !said.contains(&next) {
            said.push(next);
            text += &format!("\nnext: {next}");
        }
    }
    text + if said.is_empty() { "\nEverything that a sync reads by default can be read.\n" } else { "\n" }
}

fn line(check: &Check) -> Vec<String> {
    let state = match check.state {
        State::Ok => "ok",
        State::Missing => "MISSING",
        State::Optional => "not asked for",
        State::Unknown => "unknown",
    };
    let found = if check.found.is_empty() { serves(&check.what).to_owned() } else { plain(&check.found) };
    vec![plain(&check.what), state.to_owned(), found]
}
