//! What the service refuses: the outcome of each refusal, and that it costs nothing else.

use super::service::Says;
use super::{Desk, outcome};

#[test]
fn a_refusal_says_permission_or_role_and_the_rest_is_read() {
    let desk = Desk::start();
    let report = "/v1.0/reports/getEmailActivityUserDetail(period='D90')";
    desk.service.say(report, &[Says::error(403, "Authentication_RequestFromUnsupportedUserRole")]);
    desk.service.say("/v1.0/directory/subscriptions", &[Says::error(403, "Authorization_RequestDenied")]);
    let synced = desk.sync(&[], 3);
    let email = outcome(&synced, "email");
    assert_eq!(email["outcome"], "forbidden");
    assert!(email["note"].as_str().is_some_and(|note| note.contains("Reports Reader")), "{email}");
    assert_eq!(outcome(&synced, "users")["outcome"], "ok");
    desk.grant(&["User.Read.All"]);
    let fresh = Desk::start();
    fresh.grant(&["User.Read.All"]);
    fresh.run(&["connection", "add", "second", "--flow", "client-secret"]).exits(0);
    fresh.service.say("/v1.0/directory/subscriptions", &[Says::error(403, "Authorization_RequestDenied")]);
    let synced = fresh.sync(&["--connection", "second", "--no-activity"], 3);
    let note = outcome(&synced, "subscriptions")["note"].as_str().expect("a note").to_owned();
    assert!(note.contains("permission Organization.Read.All is missing"), "{note}");
}

#[test]
fn a_tenant_without_premium_is_unlicensed_and_the_run_is_still_whole() {
    let desk = Desk::start();
    desk.service.say(
        "/v1.0/reports/authenticationMethods/userRegistrationDetails",
        &[Says::error(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant")],
    );
    let synced = desk.sync(&["--no-activity", "--with", "mfa"], 0);
    assert_eq!(outcome(&synced, "mfa")["outcome"], "unlicensed");
}

#[test]
fn a_throttled_report_is_asked_for_again_when_the_service_says() {
    let desk = Desk::start();
    let report = "/v1.0/reports/getEmailActivityUserDetail(period='D90')";
    let link = format!("{}/data/download", desk.service.origin);
    let busy = Says::error(429, "TooManyRequests");
    desk.service.say(report, &[busy.clone().with("retry-after", "0"), busy, Says::moved(&link)]);
    let synced = desk.sync(&[], 3);
    assert_eq!(outcome(&synced, "email")["outcome"], "ok");
    assert_eq!(desk.rows("SELECT attempts FROM fetch WHERE endpoint = 'getEmailActivityUserDetail'"), ["4"]);
}

#[test]
fn a_run_that_waits_for_the_service_is_interrupted_at_once_and_keeps_what_was_whole() {
    let desk = Desk::start();
    let report = "/v1.0/reports/getEmailActivityUserDetail(period='D90')";
    desk.service.say(report, &[Says::error(429, "TooManyRequests").with("retry-after", "600")]);
    let mut child = desk.command(&["sync", "run", "--json"]).stdout(std::process::Stdio::null()).spawn().expect("runs");
    let began = std::time::Instant::now();
    while desk.service.asked(report).is_empty() && began.elapsed().as_secs() < 60 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let told = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(told.expect("kill runs").success());
    assert_eq!(child.wait().expect("ended").code(), Some(7));
    assert!(began.elapsed().as_secs() < 120, "not after the ten minutes that the service asked for");
    assert_eq!(desk.rows("SELECT status FROM sync_run"), ["cancelled"]);
    assert_eq!(desk.rows("SELECT count(*) FROM user_v"), ["3"]);
    desk.happy();
    desk.sync(&[], 3);
    desk.run(&["sync", "verify"]).exits(0);
}

#[test]
fn a_sign_in_that_ended_ends_the_run_and_is_on_record() {
    let desk = Desk::start();
    desk.service.say("/v1.0/organization", &[Says::error(401, "InvalidAuthenticationToken")]);
    let token = format!("/{}/oauth2/v2.0/token", desk.tenant.said("tenant"));
    let says = serde_json::json!({"error": "invalid_client", "error_description": "AADSTS7000222: expired", "error_codes": [7_000_222]});
    desk.service.say(&token, &[Says { status: 401, ..Says::json(&says) }]);
    let synced = desk.sync(&[], 4);
    assert_eq!(synced["status"], "failed");
    assert_eq!(outcome(&synced, "users")["outcome"], "skipped");
    assert_eq!(desk.rows("SELECT status, error_code FROM sync_run"), ["failed secret_expired"]);
    assert_eq!(desk.rows("SELECT count(*) FROM user_v"), ["0"]);
}
