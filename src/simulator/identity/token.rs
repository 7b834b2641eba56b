//! The token endpoint: a grant in, tokens out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::{Value, json};

use super::refusal::{bad_grant, refused, unknown_application};
use super::tokens::{DEVICE_LIFE, DeviceState, Grant};
use super::{Caller, Form};
use crate::simulator::reply::Reply;
use crate::simulator::world::World;
use crate::terms::Sha256;

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

pub(super) fn answer(world: &World, form: &Form) -> Reply {
    let Some(app) = world.tenant.app(form.get("client_id")) else { return unknown_application(world) };
    let grant_type = form.get("grant_type");
    if grant_type != "client_credentials" && app.secret.is_none() && !form.get("client_secret").is_empty() {
        return refused(
            world,
            "invalid_client",
            700_025,
            "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
        );
    }
    match grant_type {
        "authorization_code" => by_code(world, form),
        "refresh_token" => by_refresh(world, form),
        "client_credentials" => by_secret(world, form),
        DEVICE => by_device(world, form),
        _ => refused(world, "unsupported_grant_type", 70003, "The app requested an unsupported grant type."),
    }
}

/// Starts a device-code sign-in.
pub(super) fn device_code(world: &World, form: &Form) -> Reply {
    let client_id = form.get("client_id");
    if world.tenant.app(client_id).is_none() {
        return unknown_application(world);
    }
    let (code, user_code) = world.platform.device(world, client_id, asked(form.get("scope")));
    let page = format!("{}/devicelogin", world.origin);
    let message = format!(
        "To sign in, use a web browser to open the page {page} and enter the code {user_code} to authenticate."
    );
    Reply::json(
        StatusCode::OK,
        json!({ "user_code": user_code, "device_code": code, "verification_uri": page, "expires_in": DEVICE_LIFE,
                "interval": world.platform.rules.device_interval, "message": message }),
    )
}

fn by_code(world: &World, form: &Form) -> Reply {
    let Some(code) = world.platform.redeem(world, form.get("code")) else {
        return bad_grant(world, 54005, "OAuth2 Authorization code was already redeemed or has expired.");
    };
    if code.grant.client_id != form.get("client_id") || code.redirect_uri != form.get("redirect_uri") {
        return bad_grant(world, 50011, "The redirect URI or application does not match the authorization request.");
    }
    let hashed = URL_SAFE_NO_PAD.encode(Sha256::of(form.get("code_verifier").as_bytes()).as_bytes());
    if hashed != code.challenge {
        return bad_grant(world, 501_481, "The Code_Verifier does not match the code_challenge.");
    }
    tokens(world, code.grant)
}

fn by_refresh(world: &World, form: &Form) -> Reply {
    let Some(mut grant) = world.platform.spend_refresh(form.get("refresh_token")) else {
        return bad_grant(world, 50173, "The provided grant has expired due to it being revoked.");
    };
    if grant.client_id != form.get("client_id") {
        return bad_grant(world, 70000, "The refresh token belongs to another application.");
    }
    // Asking for less is allowed; asking for nothing keeps what there was.
    let wanted = asked(form.get("scope"));
    if !wanted.is_empty() {
        grant.scopes = wanted;
    }
    tokens(world, grant)
}

fn by_device(world: &World, form: &Form) -> Reply {
    let code = form.get("device_code");
    let Some(device) = world.platform.poll(world, code) else {
        return refused(world, "bad_verification_code", 70018, "The device code is not known.");
    };
    let now = world.time.millis();
    let life = i64::try_from(DEVICE_LIFE).unwrap_or_default() * 1000;
    if now - device.made >= life {
        world.platform.spend_device(code);
        return refused(world, "expired_token", 70019, "The device code has expired.");
    }
    match device.state {
        DeviceState::Declined => {
            world.platform.spend_device(code);
            refused(world, "authorization_declined", 65004, "The user declined.")
        }
        DeviceState::Approved(user) => {
            world.platform.spend_device(code);
            tokens(world, Grant { user, client_id: device.client_id, scopes: device.scopes })
        }
        DeviceState::Waiting => {
            let interval = i64::try_from(world.platform.rules.device_interval).unwrap_or_default() * 1000;
            // A little tolerance: a client that waits exactly so long must not be told off for rounding.
            let hasty = device.polled.is_some_and(|last| now - last + 100 < interval);
            let word = if hasty { "slow_down" } else { "authorization_pending" };
            refused(world, word, 70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling.")
        }
    }
}

fn by_secret(world: &World, form: &Form) -> Reply {
    let app = world.tenant.app(form.get("client_id"));
    let Some(secret) = app.and_then(|app| app.secret.as_deref()) else {
        return refused(
            world,
            "invalid_client",
            7_000_218,
            "The request body must contain 'client_assertion' or 'client_secret'.",
        );
    };
    if secret != form.get("client_secret") {
        return refused(world, "invalid_client", 7_000_215, "Invalid client secret provided.");
    }
    let scopes =
        ["Mail.Read", "User.Read.All", "Reports.Read.All", "Organization.Read.All"].map(str::to_owned).to_vec();
    let caller = Caller { user: None, scopes, client_id: form.get("client_id").to_owned() };
    let life = world.platform.rules.token_lifetime_seconds;
    let token = world.platform.access(world, caller);
    Reply::json(
        StatusCode::OK,
        json!({ "token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token }),
    )
}

/// Scopes as asked, each once.
pub(super) fn asked(text: &str) -> Vec<String> {
    let mut scopes: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    scopes.dedup();
    scopes
}

fn short(scope: &str) -> &str {
    scope.rsplit('/').next().unwrap_or(scope)
}

/// Tokens for a person: what was asked, less what is withheld, plus what the tenant adds.
fn tokens(world: &World, grant: Grant) -> Reply {
    let rules = &world.platform.rules;
    let withheld = |scope: &str| rules.withheld.iter().any(|name| name.eq_ignore_ascii_case(short(scope)));
    let plain = |scope: &&String| !matches!(scope.as_str(), "offline_access") && !withheld(scope);
    let mut granted: Vec<String> = grant.scopes.iter().filter(plain).cloned().collect();
    granted.extend(rules.granted_extra.iter().cloned());
    let Some(user) = world.tenant.users.get(grant.user) else {
        return bad_grant(world, 50034, "The user account does not exist in the directory.");
    };
    let scopes = granted.iter().map(|scope| short(scope).to_owned()).collect();
    let caller = Caller { user: Some(grant.user), scopes, client_id: grant.client_id.clone() };
    let mut answer = json!({
        "token_type": "Bearer",
        "scope": granted.join(" "),
        "expires_in": rules.token_lifetime_seconds,
        "ext_expires_in": rules.token_lifetime_seconds,
        "access_token": world.platform.access(world, caller),
    });
    let wants = |name: &str| grant.scopes.iter().any(|scope| scope == name);
    if wants("openid") {
        let claims = json!({ "oid": user.id, "tid": world.tenant.id, "preferred_username": user.upn,
                             "name": user.display_name, "aud": grant.client_id, "uti": uuid::Uuid::new_v4().simple().to_string() });
        set(&mut answer, "id_token", unsigned(&claims));
    }
    if wants("offline_access") {
        set(&mut answer, "refresh_token", world.platform.refresh(grant));
    }
    Reply::json(StatusCode::OK, answer)
}

fn set(answer: &mut Value, name: &str, value: String) {
    if let Some(fields) = answer.as_object_mut() {
        fields.insert(name.to_owned(), Value::String(value));
    }
}

fn unsigned(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(&json!({ "alg": "none", "typ": "JWT" })), part(claims))
}
