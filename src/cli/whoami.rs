//! `affiant whoami`: who is signed in, from the store, without asking anybody.

use schemars::JsonSchema;
use serde::Serialize;

use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;
use crate::session::{Flow, Kept, SignedIn, WANTED};

/// Say who is signed in, with which scopes and until when
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant whoami --json | jq -r .user_principal_name")]
pub(super) struct Args {}

/// Who is signed in, as `login --json` and `whoami --json` print it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Identity {
    user_principal_name: String,
    display_name: Option<String>,
    object_id: String,
    tenant_id: String,
    client_id: String,
    flow: Flow,
    scopes: Vec<String>,
    missing_scopes: Vec<String>,
    write_scopes: Vec<String>,
    token_issued_at: String,
    token_expires_at: String,
    kept: String,
}

impl Identity {
    pub(super) fn of(who: &SignedIn, kept: &Kept) -> Self {
        let missing = WANTED.iter().filter(|scope| !who.scopes.has(scope)).map(|scope| (*scope).to_owned());
        Self {
            user_principal_name: who.user_principal_name.clone(),
            display_name: who.display_name.clone(),
            object_id: who.object_id.to_string(),
            tenant_id: who.tenant_id.clone(),
            client_id: who.client_id.clone(),
            flow: who.flow,
            scopes: who.scopes.iter().map(str::to_owned).collect(),
            missing_scopes: missing.collect(),
            write_scopes: who.scopes.write_scopes(),
            token_issued_at: who.issued_at.to_string(),
            token_expires_at: who.expires_at.to_string(),
            kept: kept.to_string(),
        }
    }

    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}

/// Says who is signed in.
pub(super) async fn run(Args {}: Args, desk: &Desk) -> Result<Exit, Failure> {
    let session = desk.session().await?;
    let identity = Identity::of(session.signed_in(), &desk.store.kept());
    desk.print(&if desk.json { identity.json() } else { described(&identity) });
    Ok(Exit::Complete)
}

/// The same for people.
pub(super) fn described(identity: &Identity) -> String {
    let name =
        identity.display_name.as_deref().map(|name| format!(" ({})", super::show::plain(name))).unwrap_or_default();
    let mut text = format!("signed in as {}{name} of tenant {}\n", identity.user_principal_name, identity.tenant_id);
    text += &format!("scopes:  {}\n", identity.scopes.join(" "));
    if !identity.missing_scopes.is_empty() {
        text += &format!("missing: {} (an administrator consents to them)\n", identity.missing_scopes.join(" "));
    }
    if !identity.write_scopes.is_empty() {
        text +=
            &format!("CAN WRITE: {} — allowed by you; every acquisition records it\n", identity.write_scopes.join(" "));
    }
    text += &format!("token:   until {}, renewed as needed\n", identity.token_expires_at);
    text + &format!("kept:    {}\n", identity.kept)
}
