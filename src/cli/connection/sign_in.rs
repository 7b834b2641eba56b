//! The sign-in of a connection: what it asks for, and who it turned out to be.

use std::sync::Arc;

use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::login::credential::CredentialArgs;
use crate::cli::login::{FlowTyped, shown};
use crate::inventory::{NewConnection, Tenant, Way, organisation};
use crate::monitor::Silent;
use crate::session::{Extra, Flow, Prompt, Session, SignIn, Work};

/// What a connection asks for unless told otherwise: people with their licences, renewals, usage, and whether names are
/// concealed.
const STANDARD: [Extra; 5] =
    [Extra::Directory, Extra::Licences, Extra::Subscriptions, Extra::Usage, Extra::ReportSettings];

/// How a connection signs in, as typed.
#[derive(Debug, clap::Args)]
pub(super) struct SignInArgs {
    /// How to sign in [default: as the connection does; browser for a new one]
    #[arg(long, value_enum)]
    flow: Option<FlowTyped>,
    /// The account that is expected; any other is refused
    #[arg(long, value_name = "UPN")]
    login_hint: Option<String>,
    /// Print the address instead of opening a browser
    #[arg(long)]
    no_browser: bool,
    /// Ask for more: sign-ins, groups, secure-score
    #[arg(long = "with", value_name = "MORE", value_delimiter = ',')]
    with: Vec<Extra>,
    /// Ask for less, of: directory, licences, subscriptions, usage, report-settings
    #[arg(long = "without", value_name = "LESS", value_delimiter = ',')]
    without: Vec<Extra>,
    /// Take a token that can write, and have that recorded
    #[arg(long)]
    allow_write_scopes: bool,
    #[command(flatten)]
    credential: CredentialArgs,
}

impl SignInArgs {
    /// A sign-in that shows a new client secret.
    pub(super) fn with_secret(credential: CredentialArgs) -> Self {
        Self {
            flow: Some(FlowTyped::ClientSecret),
            login_hint: None,
            no_browser: true,
            with: Vec::new(),
            without: Vec::new(),
            allow_write_scopes: false,
            credential,
        }
    }
}

/// The application and the tenant a connection is for, and how it signs in unless told otherwise.
pub(super) struct Application<'a> {
    pub(super) flow: Flow,
    pub(super) tenant: &'a str,
    pub(super) client_id: &'a str,
}

impl SignInArgs {
    /// Signs in at a desk whose store is the connection's own.
    pub(super) async fn session(&self, desk: &Desk, application: &Application<'_>) -> Result<Arc<Session>, Failure> {
        let flow = self.flow.map_or(application.flow, FlowTyped::meant);
        let shown_with = self.credential.read(flow)?;
        let extras: Vec<Extra> = STANDARD
            .into_iter()
            .filter(|extra| !self.without.contains(extra))
            .chain(self.with.iter().copied().filter(|extra| !STANDARD.contains(extra)))
            .collect();
        if flow.is_app_only() && !(self.with.is_empty() && self.without.is_empty()) {
            desk.note(
                "--with and --without have no effect: an application has the permissions an administrator gave it",
            );
        }
        let wanted = SignIn {
            credential: shown_with.as_ref(),
            secret_ends: self.credential.secret_ends()?,
            login_hint: self.login_hint.as_deref(),
            work: Work::Sync,
            extras: &extras,
            cae: desk.settings.cae,
            allow_write_scopes: self.allow_write_scopes,
            ca: desk.settings.ca.as_deref(),
            ..SignIn::new(&desk.settings.cloud, application.tenant, application.client_id, flow)
        };
        let (json, opens) = (desk.json, !self.no_browser);
        let show = move |prompt: &Prompt| shown(prompt, json, opens);
        Ok(Arc::new(Session::sign_in(&wanted, desk.store.clone(), desk.clock.clone(), &show).await?))
    }
}

/// The tenant behind a session: by its token, and by name where the service tells it.
pub(super) async fn tenant_of(desk: &Desk, session: &Arc<Session>) -> Tenant {
    let cloud = desk.settings.cloud.name().to_string();
    let known = Tenant { id: session.signed_in().tenant_id.clone(), name: None, default_domain: None, cloud };
    let Ok(graph) = desk.graph_of(session.clone(), Arc::new(Silent)) else { return known };
    match organisation(&graph).await {
        // What it is called is asked again by every sync; not being told is no reason to refuse the connection.
        Ok(None) | Err(_) => known,
        Ok(Some(found)) => Tenant { id: found.id, name: found.name, default_domain: found.default_domain, ..known },
    }
}

/// What goes on record of a sign-in.
pub(super) fn record(
    session: &Session,
    tenant: Tenant,
    label: crate::inventory::Label,
    place: String,
    domains: crate::inventory::Domains,
) -> NewConnection {
    let who = session.signed_in();
    NewConnection {
        label,
        tenant,
        way: Way::of(who.flow),
        client_id: who.client_id.clone(),
        account: who.user_principal_name.clone(),
        place,
        secret_ends: who.credential_ends,
        domains,
    }
}
