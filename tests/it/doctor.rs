//! `affiant doctor`, from outside: what is in the way is found, and each finding says what to do.

use crate::signing_in::finished;
use crate::tenant::{Ran, Tenant, affiant};

fn finding(ran: &Ran, check: &str, state: &str) -> Option<String> {
    let all = ran.json()["findings"].as_array().expect("a list").clone();
    let found = all.iter().find(|finding| finding["check"] == check && finding["state"] == state)?.clone();
    let next = &found["next"];
    assert!(next.is_string() || !matches!(state, "problem" | "warning"), "a next step: {found}");
    found["says"].as_str().map(str::to_owned)
}

fn diagnosed(tenant: &Tenant, code: i32) -> Ran {
    let folder = tenant.text("home");
    tenant.run(&["doctor", "--json", "--out", &folder]).exits(code)
}

#[test]
fn with_everything_in_place_nothing_is_in_the_way() {
    let tenant = Tenant::with_sign_in(&[]);
    let ran = diagnosed(&tenant, 0);
    assert_eq!(ran.json()["ok"], true);
    for check in [
        "settings",
        "token_store",
        "dns",
        "tls",
        "tenant",
        "graph",
        "clock",
        "sign_in",
        "scopes",
        "disk",
        "file_system",
    ] {
        assert!(finding(&ran, check, "ok").is_some(), "{check}: {}", ran.stdout);
    }
    let text = tenant.run(&["doctor"]).exits(0).stdout;
    assert!(text.contains("Nothing is in the way"), "{text}");
}

#[test]
fn without_a_sign_in_that_is_what_is_needed() {
    let tenant = Tenant::start(&[]);
    let ran = diagnosed(&tenant, 4);
    assert_eq!(finding(&ran, "sign_in", "problem").as_deref(), Some("nobody is signed in"));
}

#[test]
fn a_missing_scope_and_an_ended_sign_in_are_named() {
    let tenant = Tenant::with_sign_in(&["--withhold-scope", "Mail.Read.Shared"]);
    let ran = diagnosed(&tenant, 4);
    assert!(finding(&ran, "scopes", "problem").is_some_and(|says| says.contains("Mail.Read.Shared")), "{}", ran.stdout);
    // The token is over at once, and the platform gives no other.
    let revoked =
        Tenant::with_sign_in(&["--token-lifetime-s", "0", "--faults", "token-error:code=50173:after=1:forever"]);
    let ran = diagnosed(&revoked, 4);
    assert!(finding(&ran, "sign_in", "problem").is_some_and(|says| says.contains("AADSTS50173")), "{}", ran.stdout);
}

#[test]
fn a_role_that_sees_totals_only_is_told_before_it_disappoints() {
    let reader = Tenant::signed_in_by("adam.stern@brackwater.example", &[]);
    reader.run(&["login", "--flow", "device-code", "--with", "usage"]).exits(0);
    let ran = diagnosed(&reader, 0);
    assert!(finding(&ran, "role", "warning").is_some_and(|says| says.contains("Global Reader")), "{}", ran.stdout);
}

#[test]
fn a_wrong_address_a_wrong_tenant_and_a_web_page_are_told_apart() {
    let tenant = Tenant::start(&[]);
    let ran = finished(tenant.command(&["doctor", "--json"]).env("AFFIANT_TENANT", "nobody.example")).exits(1);
    assert!(finding(&ran, "tenant", "problem").is_some_and(|says| says.contains("no such tenant")), "{}", ran.stdout);
    let web = Tenant::start(&["--faults", "html:forever"]);
    let home = tempfile::tempdir().expect("a folder");
    let nowhere = affiant(
        home.path(),
        &["doctor", "--json", "--login-url", "http://127.0.0.1:9", "--graph-url", "http://127.0.0.1:9"],
    )
    .exits(1);
    assert!(
        finding(&nowhere, "tls", "problem").is_some_and(|says| says.contains("no connection")),
        "{}",
        nowhere.stdout
    );
    assert!(finding(&nowhere, "sign_in", "note").is_some());
    // Without a token even a page of HTML is behind the question for one.
    diagnosed(&web, 4);
}

#[test]
fn a_proxy_is_named_without_its_password() {
    let tenant = Tenant::start(&[]);
    let mut command = tenant.command(&["doctor", "--json"]);
    let ran = finished(command.env("HTTPS_PROXY", "http://ana:hunter2@proxy.example:3128"));
    assert!(finding(&ran, "proxy", "note").is_some_and(|says| says.ends_with("proxy.example:3128")), "{}", ran.stdout);
    assert!(!ran.stdout.contains("hunter2") && !ran.stderr.contains("hunter2"));
}

#[cfg(unix)]
#[test]
fn a_home_that_others_can_look_into_and_a_folder_that_cannot_be_written_are_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let tenant = Tenant::with_sign_in(&[]);
    std::fs::set_permissions(tenant.path("home"), std::fs::Permissions::from_mode(0o755)).expect("set");
    let ran = diagnosed(&tenant, 0);
    assert!(finding(&ran, "token_store", "warning").is_some(), "{}", ran.stdout);
    let ran = tenant.run(&["doctor", "--json", "--out", "/proc/self"]).exits(1);
    assert!(finding(&ran, "disk", "problem").is_some(), "{}", ran.stdout);
}
