//! `affiant login`: signs in and says who, where, with which scopes, and where the sign-in is kept.

use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::whoami::{Identity, described};
use crate::session::{Flow, Prompt, Session, SignIn};

/// Sign in with a work account
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  affiant login --tenant contoso.example --client-id 11111111-2222-3333-4444-555555555555\n  affiant login --flow device-code"
)]
pub(super) struct Args {
    /// How to sign in: in this machine's browser, or with a code typed on another device
    #[arg(long, value_enum, default_value_t = FlowTyped::Browser)]
    flow: FlowTyped,
    /// The tenant's domain or id
    #[arg(long, env = "AFFIANT_TENANT", value_name = "TENANT")]
    tenant: Option<String>,
    /// The application's client id, from the administrator
    #[arg(long, env = "AFFIANT_CLIENT_ID", value_name = "ID")]
    client_id: Option<String>,
    /// The account that is expected
    #[arg(long, value_name = "UPN")]
    login_hint: Option<String>,
    /// Print the address instead of opening a browser
    #[arg(long)]
    no_browser: bool,
    /// Ask for User.Read.All too, so that aliases are visible; an administrator must consent
    #[arg(long)]
    read_directory: bool,
    /// Take a token that can write, and have that recorded
    #[arg(long)]
    allow_write_scopes: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum FlowTyped {
    /// Authorization code with PKCE, in the browser
    Browser,
    /// A code typed on any device
    DeviceCode,
}

/// Signs in.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let client_id = args.client_id.or_else(|| desk.settings.client_id.clone()).ok_or_else(|| {
        Failure::usage("which application to sign in with is not said", "give --client-id, from your administrator")
    })?;
    let tenant = args.tenant.or_else(|| desk.settings.tenant.clone()).unwrap_or_else(|| "organizations".to_owned());
    let wanted = SignIn {
        cloud: &desk.settings.cloud,
        tenant: &tenant,
        client_id: &client_id,
        flow: match args.flow {
            FlowTyped::Browser => Flow::Browser,
            FlowTyped::DeviceCode => Flow::DeviceCode,
        },
        login_hint: args.login_hint.as_deref(),
        read_directory: args.read_directory,
        allow_write_scopes: args.allow_write_scopes,
        ca: desk.settings.ca.as_deref(),
    };
    let (json, opens) = (desk.json, !args.no_browser);
    let show = move |prompt: &Prompt| shown(prompt, json, opens);
    let session = Session::sign_in(&wanted, desk.store.clone(), desk.clock.clone(), &show).await?;
    let identity = Identity::of(&session);
    desk.print(&if desk.json { identity.json() } else { described(&identity, (desk.clock)()) });
    Ok(Exit::Complete)
}

/// Tells the person what to do; a program gets one JSON line.
pub(super) fn shown(prompt: &Prompt, json: bool, opens: bool) {
    use std::io::Write as _;
    let text = match (prompt, json) {
        (Prompt::Open { url }, true) => serde_json::json!({ "event": "open", "url": url }).to_string(),
        (Prompt::Open { url }, false) if opens && opened(url) => {
            format!("A browser opens; sign in there. If none does, open this address on this machine:\n\n  {url}\n")
        }
        (Prompt::Open { url }, false) => format!("Open this address in a browser on this machine:\n\n  {url}\n"),
        (Prompt::Code { user_code, verification_uri, expires_in }, true) => serde_json::json!({
            "event": "device_code", "user_code": user_code, "verification_uri": verification_uri, "expires_in": expires_in
        })
        .to_string(),
        (Prompt::Code { user_code, verification_uri, expires_in }, false) => format!(
            "Open {verification_uri} on any device and type the code {user_code} (valid for {} minutes).",
            expires_in / 60
        ),
    };
    // Programs read standard output; people look at standard error, so that output can be piped.
    let _ = if json { writeln!(std::io::stdout(), "{text}") } else { writeln!(std::io::stderr(), "{text}") };
}

/// Opens the system's browser; false when there is none to open.
fn opened(url: &str) -> bool {
    let (program, first): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(target_os = "windows") {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        let desktop = std::env::var_os("DISPLAY").is_some() || std::env::var_os("WAYLAND_DISPLAY").is_some();
        if !desktop {
            return false;
        }
        ("xdg-open", &[])
    };
    let quiet = std::process::Stdio::null;
    let mut command = std::process::Command::new(program);
    command.args(first).arg(url).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn().is_ok()
}
