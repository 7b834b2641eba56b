//! The token endpoint: a grant in, tokens out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::{Value, json};

use super::refusal::{bad_grant, no_such_scope, not_consented, refused, unknown_application};
use super::scopes;
use super::tokens::{DEVICE_LIFE, DeviceState, Grant};
use super::{Caller, Form, assertion};
use crate::simulator::reply::Reply;
use crate::simulator::world::World;
use crate::terms::Sha256;

/// The request for a refresh token.
const OFFLINE: &str = "offline_access";
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
        "client_credentials" => by_itself(world, form),
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
    let granted = match scopes::grant(form.get("scope"), &world.platform.rules) {
        Ok(granted) => granted,
        Err(scope) => return no_such_scope(world, &scope),
    };
    let (code, user_code) = world.platform.device(world, client_id, granted);
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
    // Asking for less is allowed, asking for nothing keeps what there was, and refreshing goes on in any case.
    match scopes::grant(form.get("scope"), &world.platform.rules) {
        Err(scope) => return no_such_scope(world, &scope),
        Ok(_) if form.get("scope").trim().is_empty() => {}
        Ok(wanted) => {
            grant.scopes = scopes::within(wanted, &grant.scopes);
            grant.scopes.extend((!grant.scopes.iter().any(|scope| scope == OFFLINE)).then(|| OFFLINE.to_owned()));
        }
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
            let answer = if device.is_hasty(now) { "slow_down" } else { "authorization_pending" };
            refused(world, answer, 70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling.")
        }
    }
}

/// An application on its own, with its secret or its certificate.
fn by_itself(world: &World, form: &Form) -> Reply {
    let Some(app) = world.tenant.app(form.get("client_id")) else { return unknown_application(world) };
    let wrong = |number, text: &str| refused(world, "invalid_client", number, text);
    let (assertion, given) = (form.get("client_assertion"), form.get("client_secret"));
    match (&app.secret, &app.certificate) {
        (_, Some(certificate)) if !assertion.is_empty() => {
            let here = |aud: &str| aud.starts_with(world.origin.as_str()) && aud.ends_with("/oauth2/v2.0/token");
            if form.get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
                return wrong(50012, "The assertion's type is not supported.");
            }
            let now = world.time.millis().div_euclid(1000);
            if let Err(text) = assertion::check(assertion, certificate, &app.client_id, here, now) {
                return wrong(700_027, text);
            }
        }
        (Some(secret), _) if !given.is_empty() => {
            if secret != given {
                return wrong(7_000_215, "Invalid client secret provided.");
            }
        }
        _ => {
            return wrong(7_000_218, "The request body must contain 'client_assertion' or 'client_secret'.");
        }
    }
    if form.get("scope") != format!("{}/.default", world.origin) {
        return refused(world, "invalid_scope", 70011, "The scope must end in /.default.");
    }
    let scopes = ["User.Read.All", "Reports.Read.All", "Organization.Read.All", "LicenseAssignment.Read.All"];
    let rules = &world.platform.rules;
    let withheld = |scope: &String| rules.withheld.iter().any(|name| name.eq_ignore_ascii_case(scope));
    let scopes: Vec<String> = scopes
        .map(str::to_owned)
        .into_iter()
        .chain(rules.granted_extra.clone())
        .filter(|scope| !withheld(scope))
        .collect();
    let roles = json!({ "aud": world.origin, "appid": app.client_id, "tid": world.tenant.id, "roles": scopes });
    let caller = Caller { user: None, scopes, client_id: app.client_id.clone() };
    let life = world.platform.rules.token_lifetime_seconds;
    // Graph's own tokens are JWTs too, with the permissions in them.
    let token = world.platform.access_as(world, caller, &unsigned(&roles));
    Reply::json(
        StatusCode::OK,
        json!({ "token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token }),
    )
}

/// Tokens for a person.
fn tokens(world: &World, grant: Grant) -> Reply {
    if !world.platform.has_consent(world, &grant.client_id) {
        return not_consented(world);
    }
    let rules = &world.platform.rules;
    let Some(user) = world.tenant.users.get(grant.user) else {
        return bad_grant(world, 50034, "The user account does not exist in the directory.");
    };
    let caller =
        Caller { user: Some(grant.user), scopes: scopes::names(&grant.scopes), client_id: grant.client_id.clone() };
    let mut answer = json!({
        "token_type": "Bearer",
        "scope": scopes::spelled(&grant.scopes),
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
    if wants(OFFLINE) {
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
