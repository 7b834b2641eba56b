//! `affiant scopes`: which permission serves what, who must consent, and which of them this sign-in has.

use schemars::JsonSchema;
use serde::Serialize;

use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::show::{plain, table};
use super::whoami::serves;
use crate::session::{Account, Asked, CATALOGUE, SIGN_IN, Scopes, consent_url};

/// Show which permissions are asked for, what each serves, and which this sign-in has
///
/// Works without a sign-in too. No permission that can write is ever asked for.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  affiant scopes\n  affiant scopes --tenant contoso.example --client-id 11111111-2222-3333-4444-555555555555 --consent-url"
)]
pub(super) struct Args {
    /// Print only the address where an administrator consents for the whole tenant
    #[arg(long)]
    consent_url: bool,
    /// The tenant's domain or id [default: the signed-in account's]
    #[arg(long, env = "AFFIANT_TENANT", value_name = "TENANT")]
    tenant: Option<String>,
    /// The application's client id [default: the signed-in account's]
    #[arg(long, env = "AFFIANT_CLIENT_ID", value_name = "ID")]
    client_id: Option<String>,
}

/// What `scopes --json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Permissions {
    /// Who is signed in; null for nobody.
    account: Option<String>,
    /// Whether the application itself is signed in, and no person.
    app_only: bool,
    scopes: Vec<Permission>,
    /// Scopes of this sign-in that can do more than read.
    write_scopes: Vec<String>,
    /// Where an administrator consents; null where tenant or application is not known.
    admin_consent_url: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Permission {
    scope: String,
    serves: String,
    /// Whether collecting needs it.
    required: bool,
    /// The word after `login --with` that asks for it; null for what is always asked for, or never.
    with: Option<String>,
    /// Whether only an administrator can consent; null where we do not know.
    admin_consent: Option<bool>,
    /// Whether this sign-in has it; null for nobody signed in, or where the token does not say.
    granted: Option<bool>,
}

/// Shows the table.
pub(super) async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    let account = current(desk).await?;
    let url = consent(args, desk, account.as_ref());
    if args.consent_url {
        let url = url.ok_or_else(|| {
            Failure::usage("the tenant or the application is not known", "give --tenant and --client-id, or sign in")
        })?;
        desk.print(&format!("{url}\n"));
        return Ok(Exit::Complete);
    }
    let shown = permissions(account.as_ref(), url);
    desk.print(&if desk.json { serde_json::to_string(&shown).unwrap_or_default() + "\n" } else { described(&shown) });
    Ok(Exit::Complete)
}

/// The account in use, from the list alone: no token is needed to show what it allows.
async fn current(desk: &Desk) -> Result<Option<Account>, Failure> {
    let accounts = desk.store.accounts().await.map_err(|error| Failure::new(Exit::Failed, &error))?;
    let named = desk.settings.account.as_deref();
    let found = accounts.into_iter().rev().find(|account| named.is_none_or(|named| account.is_named(named)));
    match (named, found) {
        (Some(named), None) => Err(Failure::usage(
            format!("{} is not signed in", plain(named)),
            "sign in with `affiant login`, or leave --account out",
        )),
        (_, found) => Ok(found),
    }
}

fn consent(args: &Args, desk: &Desk, account: Option<&Account>) -> Option<String> {
    let given = |typed: &Option<String>, set: &Option<String>| typed.clone().or_else(|| set.clone());
    let tenant = given(&args.tenant, &desk.settings.tenant).or_else(|| account.map(|have| have.tenant_id.clone()))?;
    let client_id =
        given(&args.client_id, &desk.settings.client_id).or_else(|| account.map(|have| have.client_id.clone()))?;
    Some(consent_url(&desk.settings.cloud, tenant.trim(), client_id.trim()))
}

fn permissions(account: Option<&Account>, admin_consent_url: Option<String>) -> Permissions {
    let scopes = account.map(|account| &account.scopes);
    let has = |scope: &str| scopes.and_then(|scopes| (!scopes.is_assumed()).then(|| scopes.has(scope)));
    let sign_in = SIGN_IN.iter().map(|scope| Permission {
        scope: (*scope).to_owned(),
        serves: serves(scope).to_owned(),
        required: true,
        with: None,
        admin_consent: Some(false),
        // Answers do not repeat these; a sign-in that is here has had them.
        granted: account.filter(|account| !account.flow.is_app_only()).map(|_| true),
    });
    let graph = CATALOGUE.iter().map(|scope| Permission {
        scope: scope.name.to_owned(),
        serves: scope.serves.to_owned(),
        required: scope.asked == Asked::Always,
        with: match scope.asked {
            Asked::Always => None,
            Asked::With(extra) => Some(extra.as_str().to_owned()),
        },
        admin_consent: Some(scope.admin_consent),
        granted: has(scope.name),
    });
    let known =
        |scope: &str| SIGN_IN.contains(&scope) || CATALOGUE.iter().any(|one| one.name.eq_ignore_ascii_case(scope));
    let others = scopes.into_iter().flat_map(Scopes::iter).filter(|scope| !known(scope)).map(|scope| Permission {
        scope: scope.to_owned(),
        serves: serves(scope).to_owned(),
        required: false,
        with: None,
        admin_consent: None,
        granted: Some(true),
    });
    Permissions {
        account: account.map(|account| account.user_principal_name.clone()),
        app_only: account.is_some_and(|account| account.flow.is_app_only()),
        scopes: sign_in.chain(graph).chain(others).collect(),
        write_scopes: scopes.map(Scopes::write_scopes).unwrap_or_default(),
        admin_consent_url,
    }
}

fn described(shown: &Permissions) -> String {
    let rows: Vec<Vec<String>> = shown.scopes.iter().map(|scope| row(scope, &shown.write_scopes)).collect();
    let mut text = table(&["SCOPE", "ASKED FOR", "ADMIN CONSENT", "GRANTED", "SERVES"], &[], &rows);
    text += "\n";
    text += &match &shown.account {
        Some(account) if shown.app_only => {
            format!("Granted to {}, an application that acts by itself.\n", plain(account))
        }
        Some(account) => format!("Granted to {}.\n", plain(account)),
        None => "Nobody is signed in.\n".to_owned(),
    };
    if !shown.write_scopes.is_empty() {
        text += "A scope of this sign-in can write. Affiant never asks for one; have an administrator take it from the application.\n";
    }
    if let Some(url) = &shown.admin_consent_url {
        text += &format!("An administrator consents for the whole tenant at\n  {}\n", plain(url));
    }
    text
}

fn row(scope: &Permission, can_write: &[String]) -> Vec<String> {
    let asked = match (&scope.with, scope.required) {
        (_, true) => "always".to_owned(),
        (Some(with), false) => format!("--with {with}"),
        (None, false) => "never".to_owned(),
    };
    let yes_or_no = |known: Option<bool>| known.map_or("", |yes| if yes { "yes" } else { "no" }).to_owned();
    let granted = if can_write.contains(&scope.scope) { "CAN WRITE".to_owned() } else { yes_or_no(scope.granted) };
    vec![plain(&scope.scope), asked, yes_or_no(scope.admin_consent), granted, scope.serves.clone()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_sign_in_everything_is_shown_and_nothing_is_said_to_be_granted() {
        let shown = permissions(None, None);
        assert_eq!(shown.scopes.len(), SIGN_IN.len() + CATALOGUE.len());
        assert!(shown.scopes.iter().all(|scope| scope.granted.is_none() && !scope.serves.is_empty()));
        let text = described(&shown);
        assert!(text.contains("Mail.Read.Shared") && text.contains("--with usage"), "{text}");
        assert!(text.ends_with("Nobody is signed in.\n"));
    }
}
