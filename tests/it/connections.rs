//! Connections from outside: added, tried, listed, renewed, narrowed, switched off and forgotten; mix-ups are found.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::signing_in::finished;
use crate::tenant::{Ran, Tenant};

/// The simulated tenant's application that may sign in by itself.
const APP: &str = "715c42ed-3276-46d1-86b2-e00fec66cf3c";
const SECRET: &str = "simulated-secret-not-a-secret";

fn as_app(tenant: &Tenant, args: &[&str]) -> Command {
    let mut command = tenant.command(args);
    command.env("AFFIANT_CLIENT_ID", APP).env("AFFIANT_CLIENT_SECRET", SECRET);
    command
}

fn add(tenant: &Tenant, label: &str, more: &[&str]) -> Ran {
    let args: Vec<&str> = ["connection", "add", label, "--flow", "client-secret"].iter().chain(more).copied().collect();
    finished(&mut as_app(tenant, &args))
}

fn list(tenant: &Tenant) -> Vec<Value> {
    let ran = tenant.run(&["connection", "list", "--json"]).exits(0);
    ran.json().as_array().cloned().expect("an array")
}

#[test]
fn a_connection_is_added_tried_and_forgotten_and_logins_do_not_mix_with_it() {
    let tenant = Tenant::start(&[]);
    assert!(tenant.run(&["connection", "list"]).exits(0).stderr.contains("no connection yet"));
    let ends = (jiff::Zoned::now().date() + jiff::Span::new().days(20)).to_string();
    let added = add(&tenant, "contoso", &["--secret-expires", &ends, "--json"]).exits(0);
    assert_eq!((added.last()["auth"].as_str(), added.last()["enabled"].as_bool()), (Some("app_secret"), Some(true)));
    assert_eq!(added.last()["domains"], serde_json::json!(["*"]));
    assert!(!added.stdout.contains(SECRET) && !added.stderr.contains(SECRET));
    tenant.run(&["whoami"]).fails(4, "nobody is signed in");
    let table = tenant.run(&["connection", "list"]).exits(0);
    assert!(table.stdout.contains("contoso") && table.stdout.contains("secret ends soon"), "{}", table.stdout);
    assert!(table.stderr.contains("affiant connection set-secret"), "{}", table.stderr);
    add(&tenant, "Contoso", &[]).fails(2, "already");
    tenant.run(&["connection", "remove", "contoso"]).exits(0);
    assert!(list(&tenant).is_empty());
    tenant.run(&["connection", "test", "contoso"]).fails(2, "no connection named contoso");
    assert_eq!(tokens(&tenant), 0, "the sign-in is gone with it");
}

#[test]
fn two_connections_of_one_application_are_told_apart_and_the_domains_rule_is_said() {
    let tenant = Tenant::start(&[]);
    add(&tenant, "all", &["--domain", "*", "--domain", "brackwater.example"]).exits(0);
    let both = add(&tenant, "again", &["--domain", "*", "--domain", "brackwater.example"]);
    assert!(both.stderr.contains("have no effect"), "{}", both.stderr);
    tenant.run(&["connection", "test"]).fails(2, "several connections");
    tenant.run(&["connection", "domains", "again", "Brackwater.example", "bücher.example"]).exits(0);
    tenant.run(&["connection", "domains", "again", "a@b.example"]).fails(2, "not a domain name");
    tenant.run(&["connection", "disable", "again"]).exits(0);
    let rows = list(&tenant);
    assert_eq!(rows[0]["domains"], serde_json::json!(["brackwater.example", "xn--bcher-kva.example"]));
    assert_eq!((rows[0]["enabled"].as_bool(), rows[1]["enabled"].as_bool()), (Some(false), Some(true)));
    tenant.run(&["connection", "enable", "again"]).exits(0);
    assert_eq!(tokens(&tenant), 2);
}

#[test]
fn a_wrong_new_secret_leaves_the_old_one_and_a_right_one_takes_its_place() {
    let tenant = Tenant::start(&[]);
    add(&tenant, "contoso", &[]).exits(0);
    let set = |secret: &str| {
        let mut command = as_app(&tenant, &["connection", "set-secret", "contoso", "--secret-expires", "2031-05-31"]);
        finished(command.env("AFFIANT_CLIENT_SECRET", secret))
    };
    set("not~the.one").fails(4, "AADSTS7000215");
    set("d3b07384-d113-4ec6-a5a8-0b9c7a4d2f11").fails(2, "the secret's id, not its value");
    assert!(list(&tenant)[0]["secret_ends"].is_null(), "nothing changed");
    set(SECRET).exits(0);
    assert!(list(&tenant)[0]["secret_ends"].as_str().is_some_and(|at| at.starts_with("2031-05-31")));
    assert_eq!(tokens(&tenant), 1);
    finished(&mut as_app(&tenant, &["connection", "reauth", "contoso"])).exits(0);
    assert_eq!(list(&tenant)[0]["auth"], "app_secret", "it signs in as it did unless told otherwise");
    let mut flow = as_app(&tenant, &["connection", "set-secret", "contoso", "--flow", "browser"]);
    finished(&mut flow).exits(2);
    let url = tenant.run(&["connection", "consent-url", "contoso"]).exits(0).stdout;
    assert!(url.contains("/adminconsent?client_id=") && url.contains(APP), "{url}");
}

#[test]
fn ids_that_are_mixed_up_and_names_that_cannot_be_are_refused() {
    let tenant = Tenant::start(&[]);
    let id = tenant.said("tenant").to_owned();
    let args = ["connection", "add", "x", "--flow", "client-secret", "--client-id", &id, "--tenant", &id];
    finished(&mut as_app(&tenant, &args)).fails(2, "the same value");
    add(&tenant, "a/b", &[]).fails(2, "1 to 64");
    let padded = format!("  {APP} ");
    let ran = add(&tenant, "padded", &["--client-id", &padded]).exits(0);
    assert!(ran.stderr.contains("blanks around the client id were dropped"), "{}", ran.stderr);
}

/// Sealed sign-ins below the home folder.
fn tokens(tenant: &Tenant) -> usize {
    let folders = fs::read_dir(tenant.path("home/connections")).into_iter().flatten();
    folders.filter_map(Result::ok).filter(|entry| entry.path().join("accounts.json").exists()).count()
}
