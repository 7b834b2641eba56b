//! The sign-in: whether it works now, what it allows, and which roles stand behind it.

use std::sync::Arc;

use super::findings::{Check, Findings};
use crate::cli::desk::{APP_ONLY, Desk};
use crate::cli::whoami::serves;
use crate::directory::{ReportAccess, own_roles};
use crate::graph::Graph;
use crate::monitor::Silent;
use crate::session::{Expiry, Flow, Session, SignInError, WANTED};

const ROLE: &str =
    "an administrator gives the account the role Reports Reader (Entra admin centre, Roles and administrators)";

/// Uses the stored sign-in once.
pub(super) async fn look(desk: &Desk, found: &mut Findings) {
    let named = desk.settings.account.as_deref();
    let cloud = &desk.settings.cloud;
    let stored = Session::stored(named, cloud, desk.store.clone(), desk.settings.ca.as_deref(), desk.clock.clone());
    let session = match stored.await {
        Ok(session) => Arc::new(session),
        Err(SignInError::Store(error)) => return found.error(Check::TokenStore, &error),
        Err(error) => return found.error(Check::SignIn, &error),
    };
    credential(&session, desk, found);
    if let Err(error) = session.bearer().await {
        return found.error(Check::SignIn, &error);
    }
    let who = session.signed_in();
    let until = session.expires_at();
    if who.flow.is_app_only() {
        found.note(Check::SignIn, format!("{APP_ONLY}; it cannot collect"));
        found.ok(Check::SignIn, format!("{} has a token until {until}", who.user_principal_name));
    } else {
        found
            .ok(Check::SignIn, format!("{} of tenant {}, token until {until}", who.user_principal_name, who.tenant_id));
    }
    scopes(&session, found);
    if who.flow.is_app_only() {
        return;
    }
    match desk.graph_of(session.clone(), Arc::new(Silent)) {
        Ok(graph) => roles(&graph, &session, found).await,
        Err(failure) => found.problem(Check::Graph, failure.to_string(), "check the settings"),
    }
}

fn credential(session: &Session, desk: &Desk, found: &mut Findings) {
    let who = session.signed_in();
    let Some(at) = who.credential_ends else {
        if who.flow == Flow::ClientSecret {
            found.note(
                Check::Credential,
                "when the client secret ends is not known; give `affiant login --secret-expires` to be warned",
            );
        }
        return;
    };
    let what = if who.flow == Flow::Certificate { "certificate" } else { "client secret" };
    let next = "an administrator must make a new one; then run `affiant login` again";
    match Expiry::due(at, (desk.clock)()) {
        Some(due) if due.is_over() => found.problem(Check::Credential, format!("the application's {what} {due}"), next),
        Some(due) => found.warning(Check::Credential, format!("the application's {what} {due}"), next),
        None => found.ok(Check::Credential, format!("the application's {what} is good until {at}")),
    }
}

fn scopes(session: &Session, found: &mut Findings) {
    let who = session.signed_in();
    let write = who.scopes.write_scopes();
    if !write.is_empty() {
        found.warning(
            Check::Scopes,
            format!("the sign-in can do more than read: {}", write.join(", ")),
            "have an administrator take these permissions from the application; every acquisition records them",
        );
    }
    if who.scopes.is_assumed() {
        return found.note(Check::Scopes, "the identity platform did not say what it granted");
    }
    if who.flow.is_app_only() {
        return found.ok(Check::Scopes, format!("the application has: {}", who.scopes));
    }
    let missing: Vec<&&str> = WANTED.iter().filter(|scope| !who.scopes.has(scope)).collect();
    for scope in &missing {
        found.problem(
            Check::Scopes,
            format!("{scope} is missing, which serves {}", serves(scope)),
            "an administrator must consent to it: `affiant scopes --consent-url` prints where; then run `affiant login` again",
        );
    }
    if missing.is_empty() {
        found.ok(Check::Scopes, "everything that collecting needs is granted");
    }
}

/// Roles matter for usage reports only; collecting takes delegation, not roles.
async fn roles(graph: &Graph, session: &Session, found: &mut Findings) {
    let roles = match own_roles(graph).await {
        Ok(roles) => roles,
        Err(fault) if fault.is_total() => return found.error(Check::Graph, &fault),
        Err(_) => return found.note(Check::Role, "the account's roles cannot be seen with this sign-in"),
    };
    let names: Vec<&str> = roles.iter().map(|role| role.name.as_str()).filter(|name| !name.is_empty()).collect();
    let held = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let reports = session.signed_in().scopes.has("Reports.Read.All");
    match (roles.iter().map(|role| role.reports).max().unwrap_or(ReportAccess::None), reports) {
        (ReportAccess::Users, _) => {
            found.ok(Check::Role, format!("roles: {held}; usage reports show each user's figures"));
        }
        (ReportAccess::Totals, true) => {
            found.warning(
                Check::Role,
                format!("roles: {held}; usage reports show totals only, and no user's figures"),
                ROLE,
            );
        }
        (ReportAccess::None, true) => {
            found.warning(Check::Role, format!("roles: {held}; usage reports are refused without one"), ROLE);
        }
        (ReportAccess::Totals, false) => found.note(
            Check::Role,
            format!(
                "roles: {held}; collecting needs none, but usage reports would show totals only, and no user's figures"
            ),
        ),
        (ReportAccess::None, false) => found.ok(Check::Role, format!("roles: {held}; collecting needs none")),
    }
}
