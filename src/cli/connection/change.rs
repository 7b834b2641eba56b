//! What changes a connection: a new secret, a new sign-in, other domains, on and off, gone.

use super::add::{clear, domains};
use super::row::{described, row};
use super::sign_in::{Application, SignInArgs, record, tenant_of};
use super::with_store;
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::login::credential::CredentialArgs;
use crate::cli::output::json;
use crate::inventory::{Connection, Way};
use crate::session::{Flow, consent_url};

/// Give a connection its application's new client secret
///
/// The new secret is tried before it is kept; with a wrong one the old one stays.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  affiant connection set-secret nightly --secret-file new.txt --secret-expires 2028-05-31"
)]
pub(super) struct SetSecret {
    /// The connection
    #[arg(value_name = "NAME")]
    label: String,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// Sign in to a connection anew, as the same or another account of its tenant
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant connection reauth contoso --flow device-code --with sign-ins")]
pub(super) struct Reauth {
    /// The connection
    #[arg(value_name = "NAME")]
    label: String,
    #[command(flatten)]
    sign_in: SignInArgs,
}

/// Print the address where an administrator consents for the whole tenant
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  affiant connection consent-url contoso\n\nPermissions of an application: a Global Administrator or a Privileged Role Administrator consents; permissions of\npeople: a Cloud Application Administrator can. The right may be taken away again after the consent."
)]
pub(super) struct ConsentUrl {
    /// The connection [default: the only one]
    #[arg(value_name = "NAME")]
    label: Option<String>,
}

/// Take a connection into `affiant sync run --all` again
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant connection enable contoso")]
pub(super) struct Enable {
    /// The connection
    #[arg(value_name = "NAME")]
    label: String,
}

/// Leave a connection out of `affiant sync run --all`
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant connection disable contoso")]
pub(super) struct Disable {
    /// The connection
    #[arg(value_name = "NAME")]
    label: String,
}

/// Say whose rows are kept, from the next run on
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  affiant connection domains contoso contoso.example berlin.contoso.example\n  affiant connection domains contoso '*'\n\nA domain is meant exactly, without its subdomains; accounts without an address are then left out. Totals of\nsubscriptions stay those of the whole organisation, so the two need not add up: `affiant licenses summary` reconciles them."
)]
pub(super) struct Narrow {
    /// The connection
    #[arg(value_name = "NAME")]
    label: String,
    /// Domains, or * for everybody
    #[arg(value_name = "DOMAIN", required = true)]
    domains: Vec<String>,
}

/// Forget a connection and its sign-in; what it synced stays
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant connection remove contoso")]
pub(super) struct Remove {
    /// The connection
    #[arg(value_name = "NAME")]
    label: String,
}

/// A new secret for the same application.
pub(super) async fn set_secret(args: SetSecret, desk: &Desk) -> Result<Exit, Failure> {
    let connection = named(desk, &args.label).await?;
    if connection.way == Way::Delegated {
        return Err(Failure::usage(
            format!("a person signs in for the connection {}, not an application with a secret", connection.label),
            "run `affiant connection reauth` to sign in anew",
        ));
    }
    sign_in(SignInArgs::with_secret(args.credential), connection, desk).await
}

/// A new sign-in.
pub(super) async fn reauth(args: Reauth, desk: &Desk) -> Result<Exit, Failure> {
    let connection = named(desk, &args.label).await?;
    sign_in(args.sign_in, connection, desk).await
}

/// Signs in apart, and lets the new sign-in take the old one's place only when it is of the same tenant.
async fn sign_in(args: SignInArgs, connection: Connection, desk: &Desk) -> Result<Exit, Failure> {
    let place = format!("connections/{}", uuid::Uuid::now_v7().simple());
    let known = desk.apart(&connection.place);
    let apart = known.with(known.settings.clone(), desk.apart(&place).store);
    let flow = match connection.way {
        Way::Delegated => Flow::Browser,
        Way::AppSecret => Flow::ClientSecret,
        Way::AppCertificate => Flow::Certificate,
    };
    let application = Application { flow, tenant: &connection.tenant.id, client_id: &connection.client_id };
    let drop_new = |_: &Failure| clear(&desk.home().join(&place));
    let session = args.session(&apart, &application).await.inspect_err(drop_new)?;
    let tenant = tenant_of(&apart, &session).await;
    let new = record(&session, tenant, connection.label.clone(), place.clone(), connection.domains.clone());
    let (id, now, label) = (connection.id, (desk.clock)(), connection.label.to_string());
    let renewed = with_store(desk, move |store| {
        store.renew_connection(id, &new, now)?;
        store.connection(&label)
    });
    let renewed = renewed.await.inspect_err(drop_new)?;
    clear(&desk.home().join(&connection.place));
    show(desk, &renewed);
    Ok(Exit::Complete)
}

/// Where an administrator consents.
pub(super) async fn consent(args: &ConsentUrl, desk: &Desk) -> Result<Exit, Failure> {
    let label = args.label.clone();
    let connection = with_store(desk, move |store| store.the_connection(label.as_deref())).await?;
    let cloud = desk.apart(&connection.place).settings.cloud;
    desk.print(&format!("{}\n", consent_url(&cloud, &connection.tenant.id, &connection.client_id)));
    if !desk.json {
        desk.note("afterwards `affiant connection reauth` takes up what was consented, and `affiant connection test` shows it");
    }
    Ok(Exit::Complete)
}

/// On.
pub(super) async fn enable(args: Enable, desk: &Desk) -> Result<Exit, Failure> {
    switch(&args.label, true, desk).await
}

/// Off.
pub(super) async fn disable(args: Disable, desk: &Desk) -> Result<Exit, Failure> {
    switch(&args.label, false, desk).await
}

async fn switch(label: &str, enabled: bool, desk: &Desk) -> Result<Exit, Failure> {
    let label = label.to_owned();
    let connection = with_store(desk, move |store| {
        let id = store.connection(&label)?.id;
        store.enable_connection(id, enabled)?;
        store.connection(&label)
    });
    show(desk, &connection.await?);
    Ok(Exit::Complete)
}

/// Other domains.
pub(super) async fn narrow(args: Narrow, desk: &Desk) -> Result<Exit, Failure> {
    let domains = domains(&args.domains, desk)?;
    let connection = with_store(desk, move |store| {
        let id = store.connection(&args.label)?.id;
        store.narrow_connection(id, &domains)?;
        store.connection(&args.label)
    });
    show(desk, &connection.await?);
    Ok(Exit::Complete)
}

/// Gone.
pub(super) async fn remove(args: Remove, desk: &Desk) -> Result<Exit, Failure> {
    let now = (desk.clock)();
    let gone = with_store(desk, move |store| {
        let connection = store.connection(&args.label)?;
        store.remove_connection(connection.id, now)?;
        Ok(connection)
    });
    let gone = gone.await?;
    if !gone.place.is_empty() {
        clear(&desk.home().join(&gone.place));
    }
    if desk.json {
        desk.print(&json(&row(&gone, now)));
    } else {
        desk.note(&format!("forgotten: {}; what it synced stays in the store", gone.label));
    }
    Ok(Exit::Complete)
}

async fn named(desk: &Desk, label: &str) -> Result<Connection, Failure> {
    let label = label.to_owned();
    with_store(desk, move |store| store.connection(&label)).await
}

fn show(desk: &Desk, connection: &Connection) {
    let row = row(connection, (desk.clock)());
    desk.print(&if desk.json { json(&row) } else { described(&row) });
}
