//! A connection as it is shown: to people in lines, to programs as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::show::plain;
use crate::inventory::{Connection, Domains, Way};
use crate::session::Expiry;
use crate::terms::UtcInstant;

/// A connection, as `connection list --json` prints it.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Connected {
    pub(super) label: String,
    pub(super) tenant_id: String,
    /// The organisation's name; null until the service told it.
    pub(super) tenant: Option<String>,
    default_domain: Option<String>,
    cloud: String,
    /// `delegated`, `app_secret` or `app_certificate`.
    auth: String,
    client_id: String,
    /// Who signs in; `app:` and the client id for an application.
    pub(super) account: String,
    /// Whose rows are kept; `*` is everybody.
    pub(super) domains: Vec<String>,
    pub(super) enabled: bool,
    added_at: String,
    /// When its secret or certificate ends; null where that is not known, or there is none.
    pub(super) secret_ends: Option<String>,
    /// Whole days until then, rounded down, once 60 or fewer are left; negative when it is over.
    pub(super) secret_days_left: Option<i64>,
    pub(super) last_run: Option<LastRun>,
}

/// The latest run.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct LastRun {
    pub(super) started_at: String,
    /// `running`, `ok`, `partial`, `failed` or `cancelled`.
    pub(super) status: String,
}

/// A connection as it is shown.
pub(super) fn row(connection: &Connection, now: UtcInstant) -> Connected {
    let due = connection.secret_ends.and_then(|at| Expiry::due(at, now));
    Connected {
        label: connection.label.to_string(),
        tenant_id: connection.tenant.id.clone(),
        tenant: connection.tenant.name.clone(),
        default_domain: connection.tenant.default_domain.clone(),
        cloud: connection.tenant.cloud.clone(),
        auth: connection.way.as_str().to_owned(),
        client_id: connection.client_id.clone(),
        account: connection.account.clone(),
        domains: connection.domains.names(),
        enabled: connection.enabled,
        added_at: connection.added_at.to_string(),
        secret_ends: connection.secret_ends.map(|at| at.to_string()),
        secret_days_left: due.map(|due| due.days_left),
        last_run: connection
            .last_run
            .as_ref()
            .map(|run| LastRun { started_at: run.started_at.clone(), status: run.status.clone() }),
    }
}

/// What a secret or certificate needs to be told about, where anything.
pub(super) fn ending(connection: &Connection, now: UtcInstant) -> Option<String> {
    let due = Expiry::due(connection.secret_ends?, now)?;
    let (what, next) = match connection.way {
        Way::Delegated => return None,
        Way::AppSecret => ("client secret", "affiant connection set-secret"),
        Way::AppCertificate => ("certificate", "affiant connection reauth --flow certificate"),
    };
    let label = &connection.label;
    Some(format!(
        "the {what} of the connection {label} {due}; an administrator makes a new one, then run `{next} \"{label}\"`"
    ))
}

/// One connection in a few lines.
pub(super) fn described(row: &Connected) -> String {
    let name = row.tenant.as_deref().map(plain).unwrap_or_default();
    let mut text =
        format!("{}: signed in as {} of tenant {}", plain(&row.label), plain(&row.account), plain(&row.tenant_id));
    if !name.is_empty() {
        text += &format!(" ({name})");
    }
    text += "\n";
    if row.domains != Domains::All.names() {
        let names: Vec<String> = row.domains.iter().map(|name| plain(name)).collect();
        text += &format!("only accounts with an address in {}; totals of subscriptions stay whole\n", names.join(", "));
    }
    match (&row.secret_ends, row.auth.as_str()) {
        (Some(at), _) => text += &format!("its secret or certificate ends at {at}\n"),
        (None, "app_secret") => {
            text += "when its secret ends is not known; --secret-expires says it, and warnings follow\n";
        }
        (None, _) => {}
    }
    text
}
