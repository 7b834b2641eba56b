//! `affiant login`: signs in and says who, where, with which scopes, and where the sign-in is kept.

pub(super) mod credential;
mod prompt;

use super::desk::{APP_ONLY, Desk};
use super::exit::Exit;
use super::failure::Failure;
use super::whoami::{Identity, described};
use crate::session::{Extra, Flow, Prompt, Session, SignIn};

pub(super) use self::prompt::shown;

/// Sign in with a work account, or as an application
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  affiant login --tenant contoso.example --client-id 11111111-2222-3333-4444-555555555555\n  affiant login --flow device-code\n  affiant login --flow certificate --certificate app.pem --tenant contoso.example\n\nCollecting needs a person: --flow browser or device-code. An application by itself (client-secret, certificate)\nreads the directory, licences and usage without anybody at the keyboard, and never mailboxes.\n\nSecrets are not taken from the command line, where other programs can see them: AFFIANT_CLIENT_SECRET or\n--secret-file, and AFFIANT_CERTIFICATE_PASSPHRASE.\n\n`affiant scopes` shows what is asked for and why."
)]
pub(super) struct Args {
    /// How to sign in
    #[arg(long, value_enum, default_value_t = FlowTyped::Browser)]
    flow: FlowTyped,
    /// The tenant's domain or id
    #[arg(long, env = "AFFIANT_TENANT", value_name = "TENANT")]
    tenant: Option<String>,
    /// The application's client id, from the administrator
    #[arg(long, env = "AFFIANT_CLIENT_ID", value_name = "ID")]
    client_id: Option<String>,
    /// The account that is expected; any other is refused
    #[arg(long, value_name = "UPN")]
    login_hint: Option<String>,
    /// Print the address instead of opening a browser
    #[arg(long)]
    no_browser: bool,
    /// Ask for more than collecting needs: directory, mailbox-settings, licences, subscriptions, usage, report-settings, sign-ins, groups, secure-score
    #[arg(long = "with", value_name = "MORE", value_delimiter = ',')]
    extras: Vec<Extra>,
    /// Declare that claims challenges are understood (continuous access evaluation): tokens live longer, and a
    /// revocation ends them at once
    #[arg(long, env = "AFFIANT_CAE", value_name = "on|off", num_args = 0..=1, default_missing_value = "on", value_parser = on_or_off)]
    cae: Option<bool>,
    /// Take a token that can write, and have that recorded
    #[arg(long)]
    allow_write_scopes: bool,
    #[command(flatten)]
    credential: credential::CredentialArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FlowTyped {
    /// A person, in this machine's browser (authorization code with PKCE)
    Browser,
    /// A person, with a code typed on any device
    DeviceCode,
    /// The application itself, with a client secret
    ClientSecret,
    /// The application itself, with a certificate
    Certificate,
}

impl FlowTyped {
    pub(super) const fn meant(self) -> Flow {
        match self {
            Self::Browser => Flow::Browser,
            Self::DeviceCode => Flow::DeviceCode,
            Self::ClientSecret => Flow::ClientSecret,
            Self::Certificate => Flow::Certificate,
        }
    }
}

fn on_or_off(text: &str) -> Result<bool, String> {
    match text {
        "on" | "true" | "1" => Ok(true),
        "off" | "false" | "0" | "" => Ok(false),
        _ => Err("not on or off".to_owned()),
    }
}

/// Signs in.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let client_id = args.client_id.or_else(|| desk.settings.client_id.clone()).ok_or_else(|| {
        Failure::usage("which application to sign in with is not said", "give --client-id, from your administrator")
    })?;
    let tenant = args.tenant.or_else(|| desk.settings.tenant.clone()).unwrap_or_else(|| "organizations".to_owned());
    let (client_id, tenant) = (trimmed("client id", &client_id, desk), trimmed("tenant", &tenant, desk));
    let flow = args.flow.meant();
    let shown_with = args.credential.read(flow)?;
    let wanted = SignIn {
        credential: shown_with.as_ref(),
        secret_ends: args.credential.secret_ends()?,
        login_hint: args.login_hint.as_deref(),
        extras: &args.extras,
        cae: args.cae.unwrap_or(desk.settings.cae),
        allow_write_scopes: args.allow_write_scopes,
        ca: desk.settings.ca.as_deref(),
        ..SignIn::new(&desk.settings.cloud, &tenant, &client_id, flow)
    };
    if flow.is_app_only() {
        desk.note(APP_ONLY);
        if !args.extras.is_empty() {
            desk.note("--with has no effect: an application has the permissions an administrator gave it");
        }
    }
    let (json, opens) = (desk.json, !args.no_browser);
    let show = move |prompt: &Prompt| shown(prompt, json, opens);
    let session = Session::sign_in(&wanted, desk.store.clone(), desk.clock.clone(), &show).await?;
    let identity = Identity::of(&session, (desk.clock)());
    desk.print(&if desk.json { identity.json() } else { described(&identity, (desk.clock)()) });
    Ok(Exit::Complete)
}

/// Ids are copied by hand, and blanks come along.
pub(super) fn trimmed(what: &str, text: &str, desk: &Desk) -> String {
    let bare = text.trim();
    if bare.len() != text.len() {
        desk.note(&format!("blanks around the {what} were dropped"));
    }
    bare.to_owned()
}
