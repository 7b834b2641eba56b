//! `affiant whoami`: who is signed in, from the store, without asking anybody.

use schemars::JsonSchema;
use serde::Serialize;

use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::show::{plain, table};
use crate::session::{CATALOGUE, Expiry, Flow, Session, WANTED};
use crate::terms::UtcInstant;

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
    /// Whether the platform left the scopes unsaid, so that these are the ones asked for.
    scopes_assumed: bool,
    missing_scopes: Vec<String>,
    write_scopes: Vec<String>,
    token_issued_at: String,
    token_expires_at: String,
    /// Whether no person is signed in, but the application itself.
    app_only: bool,
    /// Whether claims challenges are declared to be understood (continuous access evaluation).
    continuous_access_evaluation: bool,
    /// When the application's secret or certificate ends, where it is known.
    credential_expires_at: Option<String>,
    /// Whole days until then, rounded down, once 60 or fewer are left; negative when it is over.
    credential_days_left: Option<i64>,
    kept: String,
}

impl Identity {
    pub(super) fn of(session: &Session, now: UtcInstant) -> Self {
        let who = session.signed_in();
        let app_only = who.flow.is_app_only();
        let missing =
            WANTED.iter().filter(|scope| !app_only && !who.scopes.has(scope)).map(|scope| (*scope).to_owned());
        Self {
            user_principal_name: who.user_principal_name.clone(),
            display_name: who.display_name.clone(),
            object_id: who.object_id.to_string(),
            tenant_id: who.tenant_id.clone(),
            client_id: who.client_id.clone(),
            flow: who.flow,
            scopes: who.scopes.iter().map(str::to_owned).collect(),
            scopes_assumed: who.scopes.is_assumed(),
            missing_scopes: missing.collect(),
            write_scopes: who.scopes.write_scopes(),
            token_issued_at: who.issued_at.to_string(),
            token_expires_at: session.expires_at().to_string(),
            app_only,
            continuous_access_evaluation: who.cae,
            credential_expires_at: who.credential_ends.map(|at| at.to_string()),
            credential_days_left: who.credential_ends.and_then(|at| Expiry::due(at, now)).map(|due| due.days_left),
            kept: session.kept().to_string(),
        }
    }

    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}

/// Says who is signed in.
pub(super) async fn run(Args {}: Args, desk: &Desk) -> Result<Exit, Failure> {
    let session = desk.session().await?;
    let identity = Identity::of(&session, (desk.clock)());
    desk.print(&if desk.json { identity.json() } else { described(&identity, (desk.clock)()) });
    Ok(Exit::Complete)
}

/// The same for people.
pub(super) fn described(identity: &Identity, now: UtcInstant) -> String {
    let name = identity.display_name.as_deref().map(|name| format!(" ({})", plain(name))).unwrap_or_default();
    let upn = plain(&identity.user_principal_name);
    let over = UtcInstant::parse(&identity.token_expires_at).is_ok_and(|end| end <= now);
    let until = if over { "ended" } else { "until" };
    let mut text =
        format!("signed in as {upn}{name} of tenant {}\n\n{}\n", plain(&identity.tenant_id), scopes(identity));
    if identity.app_only {
        text += "No person is signed in. The application acts by itself, with the tenant's permission and nobody's delegation;\nit can read the directory, licences and usage, and collects no mail.\n\n";
    }
    if identity.scopes_assumed && identity.app_only {
        text += "What the application may do cannot be seen in its token.\n\n";
    } else if identity.scopes_assumed {
        text += "The identity platform did not say what it granted; these scopes are the ones asked for.\n\n";
    }
    if !identity.write_scopes.is_empty() {
        text += "A scope of this sign-in can write. You allowed it; every acquisition records it.\n\n";
    }
    text += &format!("token  {until} {}, renewed as needed\n", identity.token_expires_at);
    if identity.continuous_access_evaluation {
        text += "       claims challenges are understood (continuous access evaluation)\n";
    }
    if let Some(at) = &identity.credential_expires_at {
        let what = if identity.flow == Flow::Certificate { "certificate" } else { "client secret" };
        text += &format!("ends   the {what} of the application ends at {at}\n");
    }
    text + &format!("kept   {}\n", identity.kept)
}

/// Every scope with what it serves, those that are missing too.
fn scopes(identity: &Identity) -> String {
    let granted = identity.scopes.iter().map(|scope| {
        let can_write = identity.write_scopes.contains(scope);
        (scope, if can_write { "CAN WRITE" } else { "yes" })
    });
    let all = granted.chain(identity.missing_scopes.iter().map(|scope| (scope, "no")));
    let rows: Vec<Vec<String>> =
        all.map(|(scope, has)| vec![plain(scope), has.to_owned(), serves(scope).to_owned()]).collect();
    table(&["SCOPE", "GRANTED", "SERVES"], &[], &rows)
}

/// What a scope is for, where we know it.
pub(super) fn serves(scope: &str) -> &'static str {
    let known = CATALOGUE.iter().find(|known| known.name.eq_ignore_ascii_case(scope));
    match (known, scope.to_ascii_lowercase().as_str()) {
        (Some(known), _) => known.serves,
        (None, "openid" | "profile" | "email") => "signing in",
        (None, "offline_access") => "staying signed in during a long collection",
        (None, _) => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_what_is_missing_and_what_can_write() {
        let identity = Identity {
            user_principal_name: "ana@x.example".into(),
            display_name: Some("Ana\u{1b}[2J".into()),
            object_id: "o".into(),
            tenant_id: "t".into(),
            client_id: "c".into(),
            flow: Flow::Browser,
            scopes: vec!["Mail.Read".into(), "Mail.Send".into()],
            scopes_assumed: false,
            missing_scopes: vec!["Mail.Read.Shared".into()],
            write_scopes: vec!["Mail.Send".into()],
            token_issued_at: "2024-06-04T09:00:00.000Z".into(),
            token_expires_at: "2024-06-04T10:00:00.000Z".into(),
            app_only: false,
            continuous_access_evaluation: false,
            credential_expires_at: None,
            credential_days_left: None,
            kept: "in memory".into(),
        };
        let text = described(&identity, UtcInstant::parse("2024-06-04T10:00:00Z").expect("an instant"));
        assert!(text.starts_with("signed in as ana@x.example (Ana[2J) of tenant t\n"), "{text}");
        for line in ["Mail.Read.Shared  no ", "Mail.Send         CAN WRITE", "token  ended 2024-06-04T10:00:00.000Z"] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }
}
