//! `affiant connection add`: signs in, finds out which tenant it is, and puts it on record.

use camino::Utf8Path;

use super::row::{described, row};
use super::sign_in::{Application, SignInArgs, record, tenant_of};
use super::{refused, with_store};
use crate::cli::desk::{APP_ONLY, Desk};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::login::trimmed;
use crate::cli::output::json;
use crate::home;
use crate::inventory::{Domains, Label};
use crate::session::Flow;

/// Connect a tenant: sign in and keep it under a name
///
/// Asks for reading the directory, licences, subscriptions, usage reports and whether reports conceal names, and for no
/// mail. A person needs a role such as Reports Reader for usage reports; an application needs none.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  affiant connection add contoso --tenant contoso.example --client-id 11111111-2222-3333-4444-555555555555\n  affiant connection add nightly --flow client-secret --secret-file secret.txt --secret-expires 2027-05-31 --tenant contoso.example --client-id 11111111-2222-3333-4444-555555555555\n  affiant connection add berlin --domain berlin.contoso.example --tenant contoso.example --client-id 11111111-2222-3333-4444-555555555555\n\nThe secret is its value, never its id, and comes from --secret-file or AFFIANT_CLIENT_SECRET. A certificate with a\nshort life is better than a secret with a long one."
)]
pub(super) struct Args {
    /// What to call it
    #[arg(value_name = "NAME")]
    label: String,
    /// The tenant's domain or id (Directory (tenant) ID)
    #[arg(long, env = "AFFIANT_TENANT", value_name = "TENANT")]
    tenant: String,
    /// The application's client id (Application (client) ID)
    #[arg(long, env = "AFFIANT_CLIENT_ID", value_name = "ID")]
    client_id: String,
    /// Only accounts whose address is in this domain; repeatable, * for everybody [default: *]
    #[arg(long = "domain", value_name = "DOMAIN")]
    domains: Vec<String>,
    #[command(flatten)]
    sign_in: SignInArgs,
}

/// Adds a connection.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let label = Label::parse(&args.label).map_err(|error| refused(&error))?;
    let domains = domains(&args.domains, desk)?;
    let (client_id, tenant) = (trimmed("client id", &args.client_id, desk), trimmed("tenant", &args.tenant, desk));
    let wanted = label.clone();
    let free = with_store(desk, move |store| Ok(store.connection(wanted.as_str()).is_err())).await?;
    if !free {
        return Err(refused(&crate::inventory::ConnectionError::Taken(label.to_string())));
    }
    let place = format!("connections/{}", uuid::Uuid::now_v7().simple());
    let apart = desk.apart(&place);
    let signed_in = args
        .sign_in
        .session(&apart, &Application { flow: Flow::Browser, tenant: &tenant, client_id: &client_id })
        .await;
    let session = match signed_in {
        Ok(session) => session,
        Err(failure) => {
            clear(&desk.home().join(&place));
            return Err(failure);
        }
    };
    if session.signed_in().flow.is_app_only() {
        desk.note(APP_ONLY);
    }
    let tenant = tenant_of(&apart, &session).await;
    let (new, now) = (record(&session, tenant, label, place.clone(), domains), (desk.clock)());
    let added = with_store(desk, move |store| store.add_connection(&new, now)).await;
    let added = added.inspect_err(|_| clear(&desk.home().join(&place)))?;
    let row = row(&added, now);
    if desk.json {
        desk.print(&json(&row));
    } else {
        desk.print(&described(&row));
        desk.note(&format!(
            "`affiant connection test \"{}\"` shows what it can read; `affiant sync run` reads it",
            added.label
        ));
    }
    Ok(Exit::Complete)
}

/// Domains as typed, with a word about names that an asterisk makes meaningless.
pub(super) fn domains(typed: &[String], desk: &Desk) -> Result<Domains, Failure> {
    let understood = Domains::typed(typed.iter().map(String::as_str)).map_err(|error| refused(&error.into()))?;
    if !understood.without_effect.is_empty() {
        desk.note("* means everybody: the domains named beside it have no effect");
    }
    Ok(understood.domains)
}

/// Removes a token store that nothing refers to.
pub(super) fn clear(place: &Utf8Path) {
    for folder in [place.join("tokens"), place.to_owned()] {
        for file in home::list(&folder).unwrap_or_default() {
            // What stays behind is sealed, and nothing refers to it.
            let _ = home::remove(&file);
        }
        home::remove_empty_folder(&folder);
    }
}
