//! What a browser sees: choosing an account, typing a device code, consenting.

use http::StatusCode;
use url::Url;

use super::Form;
use super::refusal::{refused, unknown_application};
use super::scopes;
use super::tokens::Grant;
use crate::simulator::reply::Reply;
use crate::simulator::world::World;

/// The authorization endpoint: a page of accounts, or straight back where the account is known.
pub(super) fn authorize(world: &World, query: &Form) -> Reply {
    if world.tenant.app(query.get("client_id")).is_none() {
        return unknown_application(world);
    }
    let Some(back) = loopback(query.get("redirect_uri")) else {
        return refused(world, "invalid_request", 50011, "The redirect URI specified in the request does not match.");
    };
    if query.get("code_challenge_method") != "S256" || query.get("code_challenge").is_empty() {
        return refused(world, "invalid_request", 9_002_325, "Proof Key for Code Exchange is required.");
    }
    let scopes = match scopes::grant(query.get("scope"), &world.platform.rules) {
        Ok(scopes) => scopes,
        Err(scope) => {
            let text = format!("AADSTS70011: The scope '{scope}' does not exist.");
            return refuse(back, "invalid_scope", &text, query);
        }
    };
    if query.get("simulator_decline") == "true" {
        return refuse(back, "access_denied", "AADSTS65004: User declined to consent to access the app.", query);
    }
    let hinted = [query.get("simulator_account"), query.get("login_hint")].into_iter().find(|name| !name.is_empty());
    let auto = world.platform.rules.auto_approve.as_deref();
    let user = hinted.or(auto).and_then(|upn| world.tenant.user(upn));
    match user.filter(|at| world.tenant.users.get(*at).is_some_and(|user| user.can_sign_in())) {
        Some(_) if !world.platform.has_consent(world, query.get("client_id")) => {
            let text = "AADSTS65001: The user or administrator has not consented to use the application.";
            refuse(back, "consent_required", text, query)
        }
        Some(user) => {
            let grant = Grant { user, client_id: query.get("client_id").to_owned(), scopes };
            let code = world.platform.code(world, grant, query.get("code_challenge"), query.get("redirect_uri"));
            let mut back = back;
            back.query_pairs_mut().append_pair("code", &code).append_pair("state", query.get("state"));
            Reply::redirect(back.as_str())
        }
        None if query.get("prompt") == "none" => refuse(
            back,
            "login_required",
            "AADSTS50058: A silent sign-in request was sent but no user is signed in.",
            query,
        ),
        None => choose(world, query),
    }
}

/// Back to the application, with an error.
fn refuse(mut back: Url, error: &str, text: &str, query: &Form) -> Reply {
    let pairs = [("error", error), ("error_description", text), ("state", query.get("state"))];
    back.query_pairs_mut().extend_pairs(pairs);
    Reply::redirect(back.as_str())
}

/// A redirect address of a native application: this machine, any port.
fn loopback(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    (url.scheme() == "http" && here).then_some(url)
}

fn choose(world: &World, query: &Form) -> Reply {
    let app = world.tenant.app(query.get("client_id")).map_or("", |app| app.display_name.as_str());
    let link = |upn: &str| {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        pairs.extend_pairs(query.0.iter().filter(|(name, _)| name != "simulator_account" && name != "login_hint"));
        format!("?{}", pairs.append_pair("simulator_account", upn).finish())
    };
    let people = world.tenant.users.iter().filter(|user| user.can_sign_in());
    let items: String = people
        .map(|user| {
            format!(
                "<li><a href=\"{}\">{}</a> {}</li>",
                html(&link(&user.upn)),
                html(&user.display_name),
                html(&user.upn)
            )
        })
        .collect();
    Reply::html(
        StatusCode::OK,
        page(world, &format!("<p>Choose an account to continue to {}.</p><ul>{items}</ul>", html(app))),
    )
}

/// Where a device code is typed.
pub(super) fn device_login(world: &World, said: &str) -> Reply {
    let people = world.tenant.users.iter().filter(|user| user.can_sign_in());
    let options: String = people
        .map(|user| {
            format!("<option value=\"{}\">{} ({})</option>", html(&user.upn), html(&user.display_name), html(&user.upn))
        })
        .collect();
    let form = format!(
        "<p>{}</p><form method=post><p><label>Code <input name=user_code autofocus></label></p>\
         <p><label>Account <select name=upn>{options}</select></label></p>\
         <p><button name=answer value=approve>Sign in</button> <button name=answer value=decline>Cancel</button></p></form>",
        html(said)
    );
    Reply::html(StatusCode::OK, page(world, &form))
}

/// What was typed.
pub(super) fn device_answer(world: &World, form: &Form) -> Reply {
    let (code, upn) = (form.get("user_code"), form.get("upn"));
    let taken = match form.get("answer") {
        "decline" => world.platform.decline(code),
        _ => world.platform.approve(world, code, upn),
    };
    device_login(world, if taken { "Done. You can close this page." } else { "That code is not known." })
}

/// Consent of an administrator: granted, and back.
pub(super) fn admin_consent(world: &World, query: &Form) -> Reply {
    world.platform.agree(query.get("client_id"));
    match loopback(query.get("redirect_uri")) {
        Some(mut back) => {
            let pairs = [("admin_consent", "True"), ("tenant", &world.tenant.id), ("state", query.get("state"))];
            back.query_pairs_mut().extend_pairs(pairs);
            Reply::redirect(back.as_str())
        }
        None => Reply::html(StatusCode::OK, page(world, "<p>Consent is given for the whole tenant.</p>")),
    }
}

fn page(world: &World, body: &str) -> String {
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Sign in</title>\
         <body style=\"font:16px sans-serif;margin:3em auto;max-width:40em\"><h1>{}</h1>{body}\
         <p><small>Simulated tenant. Nobody's password is asked for here.</small></p></body></html>",
        html(&world.tenant.display_name)
    )
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
