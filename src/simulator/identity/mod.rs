//! The identity platform: who may have a token, for whom, with which scopes, and for how long.
//!
//! `pages` is what a browser sees, `token` the endpoint that programs talk to, `tokens` what has been handed out.
//! Errors are shaped like Entra's (`error`, `error_codes`, `trace_id`). It knows nothing of Graph.

mod assertion;
mod pages;
mod refusal;
mod scopes;
mod token;
mod tokens;

use http::StatusCode;
use serde_json::json;

use super::Options;
use super::reply::Reply;
use super::world::World;

pub(super) use tokens::Platform;

/// Who calls Graph, as the token says.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// Index of the user; `None` for an application on its own.
    pub(super) user: Option<usize>,
    /// Scopes by their short names.
    pub(super) scopes: Vec<String>,
    /// The application.
    pub(super) client_id: String,
}

impl Caller {
    /// Whether the token has this scope.
    pub(super) fn has_scope(&self, name: &str) -> bool {
        self.scopes.iter().any(|have| have.eq_ignore_ascii_case(name))
    }
}

/// An error by its number, for faults of the token endpoint.
pub(super) fn failure(world: &World, number: u32) -> Reply {
    refusal::numbered(world, number)
}

/// A form's fields.
pub(in crate::simulator) struct Form(Vec<(String, String)>);

impl Form {
    pub(in crate::simulator) fn parse(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text).into_owned().collect())
    }

    /// A field, empty where it is missing.
    pub(in crate::simulator) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }
}

/// Answers everything that is not Graph.
pub(super) fn answer(world: &World, method: &str, path: &str, query: Option<&str>, body: &[u8]) -> Reply {
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    match (method, segments.as_slice()) {
        ("GET", ["devicelogin"]) => pages::device_login(world, ""),
        ("POST", ["devicelogin"]) => pages::device_answer(world, &Form::parse(body)),
        (_, [tenant, ..]) if !is_tenant(world, tenant) => refusal::unknown_tenant(world, tenant),
        ("GET", [_, "oauth2", "v2.0", "authorize"]) => pages::authorize(world, &query),
        ("POST", [_, "oauth2", "v2.0", "token"]) => token::answer(world, &Form::parse(body)),
        ("POST", [_, "oauth2", "v2.0", "devicecode"]) => token::device_code(world, &Form::parse(body)),
        ("GET", [_, "v2.0", ".well-known", "openid-configuration"]) => configuration(world),
        ("GET", [_, "adminconsent"] | [_, "v2.0", "adminconsent"]) => pages::admin_consent(world, &query),
        _ => Reply::json(StatusCode::NOT_FOUND, json!({ "error": "not_found" })),
    }
}

fn is_tenant(world: &World, name: &str) -> bool {
    matches!(name, "common" | "organizations") || world.tenant.answers_to(name)
}

fn configuration(world: &World) -> Reply {
    let base = format!("{}/{}", world.origin, world.tenant.id);
    Reply::json(
        StatusCode::OK,
        json!({
            "issuer": format!("{base}/v2.0"),
            "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
            "token_endpoint": format!("{base}/oauth2/v2.0/token"),
            "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "msgraph_host": world.origin.trim_start_matches("http://"),
        }),
    )
}

/// How long things live and who signs in, from the options.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    token_lifetime_seconds: u64,
    device_interval: u64,
    granted_extra: Vec<String>,
    withheld: Vec<String>,
    auto_approve: Option<String>,
}

impl Rules {
    fn of(options: &Options) -> Self {
        Self {
            token_lifetime_seconds: options.token_lifetime.as_secs(),
            device_interval: options.device_interval,
            granted_extra: options.granted_extra.clone(),
            withheld: options.withheld.clone(),
            auto_approve: options.auto_approve.clone(),
        }
    }
}
