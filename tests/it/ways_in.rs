//! Every way in, from outside: applications, several accounts, mix-ups, challenges.

use crate::signing_in::finished;
use crate::tenant::{MARA, PARALEGAL, Ran, Tenant, affiant, rows};

/// The simulated tenant's application that may sign in by itself.
const APP: &str = "715c42ed-3276-46d1-86b2-e00fec66cf3c";
const SECRET: &str = "simulated-secret-not-a-secret";

fn certificate(name: &str) -> String {
    format!("{}/fixtures/certificates/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// The binary as that application.
fn as_app(tenant: &Tenant, args: &[&str]) -> std::process::Command {
    let mut command = tenant.command(args);
    command.env("AFFIANT_CLIENT_ID", APP);
    command
}

fn with_secret(tenant: &Tenant, more: &[&str]) -> Ran {
    let args: Vec<&str> = ["login", "--flow", "client-secret", "--json"].iter().chain(more).copied().collect();
    finished(as_app(tenant, &args).env("AFFIANT_CLIENT_SECRET", SECRET))
}

#[test]
fn an_application_signs_in_with_its_secret_and_says_that_nobody_is_behind_it() {
    let tenant = Tenant::start(&[]);
    let ran = with_secret(&tenant, &[]).exits(0);
    assert_eq!(ran.last()["app_only"], true);
    assert_eq!(ran.last()["user_principal_name"], format!("app:{APP}"));
    assert!(ran.stderr.contains("app-only sign-in"), "{}", ran.stderr);
    let users = tenant.run(&["users", "--json"]).exits(0);
    assert!(users.stdout.contains(MARA) && users.stderr.contains("app-only"), "{}", users.stderr);
    for args in [&["check", MARA][..], &["collect", MARA, "--out", "x", "--from", "2024-01-01", "--to", "2024-02-01"]] {
        tenant.run(args).fails(2, "no delegation can be proven");
    }
}

#[test]
fn an_application_signs_in_with_a_certificate_in_every_form() {
    let tenant = Tenant::start(&[]);
    for (file, passphrase) in [("app.pem", ""), ("app-locked.pem", "opens it"), ("app.p12", "opens it")] {
        let file = certificate(file);
        let args = ["login", "--flow", "certificate", "--certificate", file.as_str(), "--json"];
        let ran = finished(as_app(&tenant, &args).env("AFFIANT_CERTIFICATE_PASSPHRASE", passphrase)).exits(0);
        assert_eq!(ran.last()["flow"], "certificate");
        assert!(ran.last()["credential_expires_at"].as_str().is_some_and(|at| at.starts_with("21")), "{}", ran.stdout);
    }
    for (file, code, says) in
        [("strangers.pem", 2, "belongs to its private key"), ("certificate-only.pem", 2, "no private key")]
    {
        let file = certificate(file);
        finished(&mut as_app(&tenant, &["login", "--flow", "certificate", "--certificate", &file])).fails(code, says);
    }
}

#[test]
fn an_applications_token_is_renewed_with_its_certificate() {
    let tenant = Tenant::start(&["--token-lifetime-s", "1"]);
    let file = certificate("app.pem");
    finished(&mut as_app(&tenant, &["login", "--flow", "certificate", "--certificate", &file])).exits(0);
    // Every token is over at once or soon: each answer took a new one.
    for _ in 0..3 {
        tenant.run(&["users", "okafor"]).exits(0);
    }
}

#[test]
fn a_secret_that_is_wrong_over_or_only_an_id_is_said_in_the_words_of_who_must_act() {
    let tenant = Tenant::start(&[]);
    let login = |secret: &str| {
        finished(as_app(&tenant, &["login", "--flow", "client-secret"]).env("AFFIANT_CLIENT_SECRET", secret))
    };
    login("not~the.one").fails(4, "AADSTS7000215");
    login("d3b07384-d113-4ec6-a5a8-0b9c7a4d2f11").fails(2, "the secret's id, not its value");
    login("").fails(2, "no client secret was given");
    let over = Tenant::start(&["--faults", "token-error:code=7000222"]);
    let ran = with_secret(&over, &[]);
    assert!(ran.stderr.contains("the client secret has expired"), "{}", ran.stderr);
    assert!(!ran.stderr.contains(SECRET) && ran.exit == 4, "{}", ran.stderr);
}

#[test]
fn a_secret_that_ends_soon_is_warned_about_at_every_use() {
    let tenant = Tenant::start(&[]);
    let soon = (jiff::Zoned::now().date() + jiff::Span::new().days(20)).to_string();
    with_secret(&tenant, &["--secret-expires", &soon]).exits(0);
    let ran = tenant.run(&["users", "okafor"]).exits(0);
    assert!(ran.stderr.contains("client secret ends at") && ran.stderr.contains("days"), "{}", ran.stderr);
    with_secret(&tenant, &["--secret-expires", "next year"]).exits(2);
    with_secret(&tenant, &["--secret-expires", "2020-01-01"]).exits(0);
    assert!(tenant.run(&["whoami"]).exits(0).stderr.contains("ended at"));
}

#[test]
fn ids_that_are_mixed_up_are_found_before_anything_is_sent() {
    let tenant = Tenant::start(&[]);
    let id = tenant.said("tenant").to_owned();
    tenant.run(&["login", "--client-id", &id]).fails(2, "the same value");
    let home = tempfile::tempdir().expect("a folder");
    affiant(home.path(), &["login", "--cloud", "global", "--client-id", "My App"]).fails(2, "is not an id");
    let args = ["login", "--flow", "client-secret", "--cloud", "global", "--client-id", APP];
    let mut command = crate::tenant::command(home.path());
    finished(command.args(args).env("AFFIANT_CLIENT_SECRET", SECRET)).fails(2, "needs the tenant named");
}

#[test]
fn blanks_around_ids_are_dropped_and_that_is_said() {
    let tenant = Tenant::start(&[]);
    let id = format!(" {}\n", tenant.said("client_id"));
    let ran = tenant.run(&["login", "--flow", "device-code", "--client-id", &id]).exits(0);
    assert!(ran.stderr.contains("blanks around the client id were dropped"), "{}", ran.stderr);
}

#[test]
fn another_account_than_the_one_expected_is_refused_and_not_kept() {
    let tenant = Tenant::start(&[]);
    tenant.run(&["login", "--flow", "device-code", "--login-hint", MARA]).fails(4, "nothing was kept");
    tenant.run(&["whoami"]).fails(4, "nobody is signed in");
    tenant.run(&["login", "--flow", "device-code", "--login-hint", &PARALEGAL.to_uppercase()]).exits(0);
}

#[test]
fn several_accounts_stand_side_by_side_and_each_is_forgotten_alone() {
    let tenant = Tenant::with_sign_in(&[]);
    with_secret(&tenant, &[]).exits(0);
    let app = format!("app:{APP}");
    let who = |account: &str| tenant.run(&["whoami", "--json", "--account", account]).exits(0).json();
    assert_eq!(who(PARALEGAL)["user_principal_name"], PARALEGAL);
    assert_eq!(who(&app)["app_only"], true);
    assert_eq!(tenant.run(&["whoami", "--json"]).exits(0).json()["app_only"], true, "the latest is the current one");
    tenant.run(&["logout", "--account", &app]).exits(0);
    assert_eq!(tenant.run(&["whoami", "--json"]).exits(0).json()["user_principal_name"], PARALEGAL);
    tenant.run(&["whoami", "--account", &app]).fails(4, "is not signed in");
    tenant.run(&["logout"]).exits(0);
    let left: Vec<_> = std::fs::read_dir(tenant.path("home")).expect("a folder").flatten().collect();
    assert!(left.iter().all(|entry| entry.file_name() == "tokens" || entry.file_name() == "affiant.toml"), "{left:?}");
}

/// An administrator opens an address; where they are sent back to is nobody's.
fn agreed(url: &str) -> String {
    use std::io::{Read as _, Write as _};
    let (host, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("an address");
    let mut stream = std::net::TcpStream::connect(host).expect("connects");
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("asks");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn missing_consent_comes_with_the_address_where_an_administrator_gives_it() {
    let tenant = Tenant::start(&[]);
    let stranger = "59da82b8-dcf0-4324-b6e4-cde0938f0d25";
    let args = ["login", "--flow", "device-code", "--client-id", stranger];
    let ran = tenant.run(&args).fails(4, "AADSTS65001");
    assert!(ran.stderr.contains(&format!("/adminconsent?client_id={stranger}")), "{}", ran.stderr);
    let url = tenant.run(&["scopes", "--consent-url", "--client-id", stranger]).exits(0).stdout;
    assert!(agreed(url.trim()).starts_with("HTTP/1.1 302"), "an administrator agrees and is sent back");
    tenant.run(&args).exits(0);
}

#[test]
fn scopes_says_what_is_asked_for_what_is_granted_and_what_needs_an_administrator() {
    let tenant = Tenant::start(&[]);
    let before = tenant.run(&["scopes", "--json"]).exits(0).json();
    assert_eq!(before["account"], serde_json::Value::Null);
    tenant.run(&["login", "--flow", "device-code", "--with", "directory,licences"]).exits(0);
    let said = tenant.run(&["scopes", "--json"]).exits(0).json();
    let scope = |name: &str| {
        let all = said["scopes"].as_array().expect("a list");
        all.iter().find(|scope| scope["scope"] == name).cloned().unwrap_or_default()
    };
    assert_eq!(scope("Mail.Read.Shared")["granted"], true);
    assert_eq!(
        (&scope("User.Read.All")["granted"], &scope("User.Read.All")["admin_consent"]),
        (&true.into(), &true.into())
    );
    assert_eq!(
        (&scope("Reports.Read.All")["granted"], &scope("Reports.Read.All")["with"]),
        (&false.into(), &"usage".into())
    );
    assert!(said["admin_consent_url"].as_str().is_some_and(|url| url.contains("/adminconsent?client_id=")));
    tenant.run(&["login", "--with", "mail"]).exits(2);
}

#[test]
fn a_challenge_in_mid_run_is_answered_and_costs_nothing() {
    let tenant = Tenant::start(&["--faults", "claims-challenge:after=15"]);
    tenant.run(&["login", "--flow", "device-code", "--cae", "on"]).exits(0);
    assert_eq!(tenant.run(&["whoami", "--json"]).exits(0).json()["continuous_access_evaluation"], true);
    let (ran, package) = tenant.collect("p", &[MARA, "--folder", "Inbox/Volume"]);
    ran.exits(0);
    tenant.run(&["verify", package.to_str().expect("UTF-8")]).exits(0);
}

#[test]
fn a_challenge_that_only_a_person_can_answer_pauses_the_run_and_costs_nothing() {
    // The first token request is the sign-in; the second, after the challenge, is refused.
    let faults = "claims-challenge:after=60,token-error:code=50076:after=1";
    let tenant = Tenant::with_sign_in(&["--faults", faults]);
    let (ran, package) = tenant.collect("p", &[MARA, "--folder", "Inbox/Volume"]);
    let ran = ran.exits(4);
    assert!(ran.stderr.contains("multi-factor authentication is demanded"), "{}", ran.stderr);
    let package = package.to_str().expect("UTF-8").to_owned();
    tenant.login().exits(0);
    tenant.run(&["resume", &package]).exits(0);
    tenant.run(&["verify", &package]).exits(0);
    assert_eq!(rows(package.as_ref(), "select count(*) from item"), ["240"]);
}
