//! What each answer of the service and of the identity platform means: outcome, exit code, words; and what happens when
//! permissions, secrets or the tenant are others than at the run before.

use serde_json::{Value, json};

use super::service::Says;
use super::{APP, Desk, E3, SECRET, outcome};

const ROLES: [&str; 4] = ["User.Read.All", "Organization.Read.All", "LicenseAssignment.Read.All", "Reports.Read.All"];

impl Desk {
    /// Sets what the token endpoint says.
    fn token(&self, says: Says) {
        self.service.say(&format!("/{}/oauth2/v2.0/token", self.tenant.said("tenant")), &[says]);
    }

    /// Gives tokens with these permissions that are over at once, so that each run asks for its own.
    fn lend(&self, roles: &[&str]) {
        use base64::Engine as _;
        let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json!({ "roles": roles }).to_string());
        let token = json!({"token_type": "Bearer", "expires_in": 0, "access_token": format!("e30.{claims}.x")});
        self.token(Says::json(&token));
    }

    fn refuse_tokens(&self, number: u32) {
        let error = if matches!(number, 50_173 | 700_082 | 50_076 | 53_003 | 65_001) {
            "invalid_grant"
        } else {
            "invalid_client"
        };
        let says =
            json!({"error": error, "error_description": format!("AADSTS{number}: because."), "error_codes": [number]});
        self.token(Says { status: 401, ..Says::json(&says) });
    }
}

#[test]
fn each_refusal_of_a_token_has_its_word_and_exit_code_and_shows_no_secret() {
    let desk = Desk::start();
    desk.service.say("/v1.0/organization", &[Says::error(401, "InvalidAuthenticationToken")]);
    for (number, code) in [
        (7_000_215, "secret_wrong"),
        (7_000_222, "secret_expired"),
        (700_016, "wrong_tenant"),
        (90_002, "wrong_tenant"),
        (65_001, "consent_missing"),
        (50_173, "signin_needed"),
        (700_082, "signin_needed"),
        (50_076, "signin_needed"),
        (53_003, "signin_needed"),
    ] {
        desk.refuse_tokens(number);
        let ran = desk.run(&["sync", "run", "--json"]).exits(4);
        let says = format!("{}{}", ran.stdout, ran.stderr);
        assert!(says.contains(&format!("AADSTS{number}")), "{number}: {says}");
        assert!(!says.contains(SECRET) && !says.contains("because."), "{number}: {says}");
        let last = "SELECT status, error_code FROM sync_run ORDER BY run_id DESC LIMIT 1";
        assert_eq!(desk.rows(last), [format!("failed {code}")], "{number}: {says}");
    }
    assert_eq!(desk.rows("SELECT count(*) FROM snapshot"), ["0"], "nothing is half written");
}

#[test]
fn each_refusal_of_the_service_has_its_outcome_and_costs_nothing_else() {
    let desk = Desk::start();
    desk.sync(&[], 3);
    let report = |function: &str, says: &[Says]| desk.service.say(&format!("/v1.0/reports/{function}"), says);
    let page = "<html><body>sign in to the proxy</body></html>";
    let html = Says { headers: vec![("content-type".into(), "text/html".into())], ..Says::csv(page) };
    let segment = json!({"error": {"code": "BadRequest", "message": "Resource not found for the segment 'reports'."}});
    let as_json =
        json!({"error": {"code": "UnknownError", "message": "{\"Message\":\"JSON format is not supported.\"}"}});
    let hiccup = Says::json(&json!({"error": {"code": "UnknownError", "message": ""}}));
    let hiccup = Says { status: 404, ..hiccup };
    let header = Says::csv("Report Refresh Date,User Principal Name,Report Period\r\n");
    let skus = json!({"value": [{"skuId": E3, "skuPartNumber": "SPE_E3", "consumedUnits": 9}]});
    desk.service.say("/v1.0/subscribedSkus", &[Says::error(401, "InvalidAuthenticationToken"), Says::json(&skus)]);
    desk.service.say("/v1.0/directory/subscriptions", &[Says::error(403, "Authorization_RequestDenied")]);
    desk.service.say("/v1.0/users", std::slice::from_ref(&html));
    report("getEmailActivityUserDetail(period='D90')", &[Says { status: 400, ..Says::json(&segment) }]);
    report("getMailboxUsageDetail(period='D30')", &[Says::error(429, "TooManyRequests")]);
    report("getOffice365ActiveUserDetail(period='D180')", &[Says::error(503, "ServiceUnavailable")]);
    report("getOffice365ActivationsUserDetail", &[hiccup.clone(), header.clone()]);
    report("getOffice365ActivationsUserCounts", std::slice::from_ref(&hiccup));
    report("getM365AppUserDetail(period='D30')", &[Says::error(504, "UnknownError")]);
    report("getTeamsUserActivityUserDetail(period='D30')", &[Says { status: 400, ..Says::json(&as_json) }]);
    report("getOneDriveUsageAccountDetail(period='D30')", &[Says::error(403, "S2SUnauthorized")]);
    report("getSharePointActivityUserDetail(period='D30')", &[header]);
    report("getEmailAppUsageUserDetail(period='D30')", &[html]);
    let premium = "Authentication_RequestFromNonPremiumTenantOrB2CTenant";
    let methods = "/v1.0/reports/authenticationMethods/userRegistrationDetails";
    desk.service.say(methods, &[Says::error(403, premium)]);
    let synced = desk.sync(&["--with", "mfa"], 3);
    for (dataset, ends, says) in [
        ("skus", "ok", ""),
        ("subscriptions", "forbidden", "lacks a role"),
        ("users", "failed", ""),
        ("mfa", "unlicensed", "no Entra ID P1 or P2"),
        ("email", "unsupported", "this cloud does not have it"),
        ("mailbox", "throttled", ""),
        ("active", "failed", ""),
        ("activations", "ok", "a header and no rows"),
        ("activation-users", "failed", ""),
        ("apps", "failed", ""),
        ("teams", "unsupported", ""),
        ("onedrive", "forbidden", "a role such as Reports Reader"),
        ("sharepoint", "ok", "a header and no rows"),
        ("email-apps", "failed", ""),
    ] {
        let had = outcome(&synced, dataset);
        assert_eq!(had["outcome"], ends, "{dataset}: {had}");
        assert!(had["note"].as_str().unwrap_or_default().contains(says), "{dataset}: {had}");
    }
    let pages = "SELECT endpoint FROM fetch WHERE error_code = 'unexpected_content' ORDER BY 1";
    assert_eq!(desk.rows(pages), ["getEmailAppUsageUserDetail", "users"]);
    // What was there stays, and what is old says so by its date.
    assert_eq!(desk.rows("SELECT count(*) FROM user_v WHERE to_snap IS NULL"), ["3"]);
    assert_eq!(desk.rows("SELECT count(*) FROM subscription_v WHERE to_snap IS NULL"), ["1"]);
    desk.happy();
    assert_eq!(outcome(&desk.sync(&[], 3), "users")["outcome"], "ok");
    desk.run(&["sync", "verify"]).exits(0);
}

#[test]
fn a_permission_that_is_revoked_between_runs_is_dated_and_costs_only_what_it_opened() {
    let desk = Desk::start();
    let all = [&ROLES[..], &["ReportSettings.Read.All"]].concat();
    desk.lend(&all);
    desk.run(&["connection", "reauth", "contoso"]).exits(0);
    assert_eq!(desk.sync(&[], 3)["lost_scopes"], json!([]));
    desk.lend(&ROLES[..3]);
    desk.service.say("/v1.0/reports/getEmailActivityUserDetail(period='D90')", &[Says::error(403, "S2SUnauthorized")]);
    let synced = desk.sync(&[], 3);
    let mut lost: Vec<&str> =
        synced["lost_scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    lost.sort_unstable();
    assert_eq!(lost, ["ReportSettings.Read.All", "Reports.Read.All"], "{synced}");
    let note = outcome(&synced, "email")["note"].as_str().unwrap_or_default().to_owned();
    assert!(note.contains("permission Reports.Read.All is missing"), "{note}");
    assert_eq!(outcome(&synced, "users")["outcome"], "ok");
    let log = desk.run(&["sync", "log"]).exits(0).stdout;
    assert!(log.contains("the permission Reports.Read.All, which an earlier run had, is gone"), "{log}");
    assert_eq!(desk.rows("SELECT count(*) FROM use_email"), ["2"], "what was read stays");
    let grants = "SELECT present, first_run, last_run FROM scope_grant WHERE scope = 'Reports.Read.All'";
    assert_eq!(desk.rows(grants), ["0 1 1"]);
    desk.happy();
    desk.lend(&all);
    assert_eq!(desk.sync(&[], 3)["lost_scopes"], json!([]));
    assert_eq!(desk.rows(grants), ["1 1 3"]);
}

#[test]
fn a_secret_that_ends_between_runs_fails_the_run_and_leaves_what_was_there() {
    let desk = Desk::start();
    desk.lend(&ROLES);
    desk.run(&["connection", "reauth", "contoso"]).exits(0);
    desk.sync(&[], 3);
    let count =
        "SELECT (SELECT count(*) FROM user_v), (SELECT count(*) FROM snapshot), (SELECT count(*) FROM use_email)";
    let before = desk.rows(count);
    desk.service.say("/v1.0/organization", &[Says::error(401, "InvalidAuthenticationToken")]);
    desk.refuse_tokens(7_000_222);
    let ran = desk.run(&["sync", "run"]).exits(4);
    assert!(format!("{}{}", ran.stdout, ran.stderr).contains("AADSTS7000222"), "{} {}", ran.stdout, ran.stderr);
    assert_eq!(desk.rows(count), before);
    assert_eq!(
        desk.rows("SELECT status, error_code FROM sync_run ORDER BY run_id DESC LIMIT 1"),
        ["failed secret_expired"]
    );
    desk.happy();
    desk.lend(&ROLES);
    desk.sync(&[], 3);
}

fn organisation(id: &str) -> Value {
    json!({"value": [{"id": id, "displayName": "Fabrikam", "verifiedDomains": []}]})
}

#[test]
fn another_tenant_behind_the_same_sign_in_is_refused_before_anything_is_mixed() {
    let desk = Desk::start();
    desk.sync(&[], 3);
    let other = "99999999-2222-3333-4444-555555555555";
    desk.service.say("/v1.0/organization", &[Says::json(&organisation(other))]);
    let synced = desk.sync(&[], 4);
    assert_eq!(
        (synced["status"].as_str(), outcome(&synced, "users")["outcome"].as_str()),
        (Some("failed"), Some("skipped"))
    );
    assert!(synced["error"].as_str().is_some_and(|text| text.contains("another tenant")), "{synced}");
    assert_eq!(desk.rows("SELECT display_name FROM tenant"), ["Contoso Ltd"]);
    assert_eq!(
        desk.rows("SELECT status, error_code FROM sync_run ORDER BY run_id DESC LIMIT 1"),
        ["failed other_tenant"]
    );
    desk.run(&["connection", "reauth", "contoso"]).fails(4, "of another tenant");
}

#[test]
fn an_application_that_signs_in_at_a_domain_of_its_tenant_is_synced() {
    let desk = Desk::start();
    let token = json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "e30.eyJyb2xlcyI6WyJVc2VyLlJlYWQuQWxsIl19.x"});
    desk.service.say("/contoso.example/oauth2/v2.0/token", &[Says::json(&token)]);
    let args = [
        "connection",
        "add",
        "by-domain",
        "--flow",
        "client-secret",
        "--tenant",
        "contoso.example",
        "--client-id",
        APP,
    ];
    desk.run(&args).exits(0);
    let synced = desk.sync(&["--connection", "by-domain"], 3);
    assert_eq!(outcome(&synced, "users")["outcome"], "ok", "{synced}");
    assert_eq!(desk.rows("SELECT DISTINCT tenant_id FROM user_v"), [desk.tenant.said("tenant")]);
}
