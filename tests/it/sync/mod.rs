//! The sync from outside: the real binary signs in at the simulated tenant and reads from a stand-in for the service.

mod service;

use std::process::Command;

use serde_json::{Value, json};

use self::service::{Says, Service};
use crate::signing_in::finished;
use crate::tenant::{Ran, Tenant};

const APP: &str = "715c42ed-3276-46d1-86b2-e00fec66cf3c";
const SECRET: &str = "simulated-secret-not-a-secret";
const E3: &str = "05e9a617-0261-4cee-bb44-138d3ef5d965";
const PLAN: &str = "efb87545-963c-4e0d-99df-69c6916d9eb0";

/// A connected tenant.
struct Desk {
    tenant: Tenant,
    service: Service,
}

fn user(id: u32, upn: &str, more: &Value) -> Value {
    let mut user = json!({
        "id": format!("00000000-0000-0000-0000-{id:012}"), "userPrincipalName": upn, "mail": upn, "displayName": "N",
        "accountEnabled": true, "proxyAddresses": [format!("SMTP:{upn}"), format!("smtp:alias{id}@contoso.example")],
        "assignedLicenses": [{"skuId": E3, "disabledPlans": []}],
        "licenseAssignmentStates": [{"skuId": E3, "assignedByGroup": null, "disabledPlans": [], "state": "Active",
          "error": "None", "lastUpdatedDateTime": "2026-01-01T00:00:00Z"}],
        "assignedPlans": [{"servicePlanId": PLAN, "service": "exchange", "capabilityStatus": "Enabled",
          "assignedDateTime": "2026-01-01T00:00:00Z"}]
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        user[name] = value.clone();
    }
    user
}

const EMAIL: &str = "\u{feff}Report Refresh Date,User Principal Name,Display Name,Is Deleted,Deleted Date,Last Activity Date,Send Count,Receive Count,Read Count,Assigned Products,Report Period";

fn email(rows: &[(&str, &str)]) -> String {
    let mut text = EMAIL.to_owned();
    for (upn, sent) in rows {
        text +=
            &format!("\r\n2026-11-20,{upn},\"N, the \"\"Second\"\"\",False,,2026-11-19,{sent},5,,OFFICE 365 E3,90\r\n");
    }
    text
}

impl Desk {
    fn start() -> Self {
        Self::with(&[])
    }

    fn with(args: &[&str]) -> Self {
        let desk = Self { tenant: Tenant::start(&[]), service: Service::start() };
        desk.happy();
        let add: Vec<&str> =
            ["connection", "add", "contoso", "--flow", "client-secret"].iter().chain(args).copied().collect();
        desk.run(&add).exits(0);
        desk
    }

    /// Signs the application in with these permissions from now on.
    fn grant(&self, roles: &[&str]) {
        use base64::Engine as _;
        let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json!({"roles": roles}).to_string());
        let token = json!({"token_type": "Bearer", "expires_in": 3599, "access_token": format!("e30.{claims}.x")});
        self.service.say(&format!("/{}/oauth2/v2.0/token", self.tenant.said("tenant")), &[Says::json(&token)]);
    }

    fn happy(&self) {
        let id = self.tenant.said("tenant");
        self.grant(&["User.Read.All", "Organization.Read.All", "LicenseAssignment.Read.All", "Reports.Read.All"]);
        let one = |path: &str, says: Says| self.service.say(path, &[says]);
        one(
            "/v1.0/organization",
            Says::json(&json!({"value": [{"id": id, "displayName": "Contoso Ltd",
              "verifiedDomains": [{"name": "contoso.example", "isDefault": true, "isInitial": false}]}]})),
        );
        one(
            "/v1.0/subscribedSkus",
            Says::json(&json!({"value": [{"skuId": E3, "skuPartNumber": "SPE_E3", "appliesTo": "User",
              "capabilityStatus": "Enabled", "consumedUnits": 2, "subscriptionIds": ["s-1"],
              "prepaidUnits": {"enabled": 10, "warning": 0, "suspended": 0, "lockedOut": 0},
              "servicePlans": [{"servicePlanId": PLAN, "servicePlanName": "EXCHANGE_S_ENTERPRISE",
                "provisioningStatus": "Success", "appliesTo": "User"}]}]})),
        );
        one(
            "/v1.0/directory/subscriptions",
            Says::json(&json!({"value": [{"id": "s-1", "skuId": E3, "skuPartNumber": "SPE_E3", "status": "Enabled",
              "totalLicenses": 10, "isTrial": false, "nextLifecycleDateTime": "2027-01-01T00:00:00Z"}]})),
        );
        one(
            "/v1.0/users",
            Says::json(
                &json!({"value": [user(1, "Ana@contoso.example", &json!({})), user(2, "bo@contoso.example", &json!({}))],
              "@odata.nextLink": format!("{}/v1.0/users/more", self.service.origin)}),
            ),
        );
        one("/v1.0/users/more", Says::json(&json!({"value": [user(3, "cy@other.example", &json!({}))]})));
        one("/v1.0/admin/reportSettings", Says::json(&json!({"value": {"displayConcealedNames": false}})));
        let link = format!("{}/data/download?token=secret-of-the-link", self.service.origin);
        one("/v1.0/reports/getEmailActivityUserDetail(period='D90')", Says::moved(&link));
        one("/data/download", Says::csv(&email(&[("ana@contoso.example", "7"), ("alias2@contoso.example", "")])));
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.tenant.command(args);
        command.env("AFFIANT_CLIENT_ID", APP).env("AFFIANT_CLIENT_SECRET", SECRET);
        command.env("AFFIANT_GRAPH_URL", &self.service.origin).env("AFFIANT_LOGIN_URL", &self.service.origin);
        command.env("AFFIANT_LIMITS_ATTEMPTS", "2").env("AFFIANT_LIMITS_PATIENCE_S", "1");
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        finished(&mut self.command(args))
    }

    /// Runs a sync and gives what it said of its only connection.
    fn sync(&self, args: &[&str], exit: i32) -> Value {
        let all: Vec<&str> = ["sync", "run", "--json"].iter().chain(args).copied().collect();
        self.run(&all).exits(exit).json()[0].clone()
    }

    /// The answers of one question to the store, in one line each.
    fn rows(&self, sql: &str) -> Vec<String> {
        stored(&self.tenant, sql)
    }
}

/// The answers of one question to a tenant's store, in one line each.
fn stored(tenant: &Tenant, sql: &str) -> Vec<String> {
    let db = rusqlite::Connection::open(tenant.path("home").join("inventory.sqlite")).expect("the store");
    let mut select = db.prepare(sql).expect(sql);
    let columns = select.column_count();
    let rows = select.query_map([], |row| {
        let cells = (0..columns).map(|i| match row.get_ref(i)? {
            rusqlite::types::ValueRef::Null => Ok("-".to_owned()),
            rusqlite::types::ValueRef::Integer(number) => Ok(number.to_string()),
            rusqlite::types::ValueRef::Text(text) => Ok(String::from_utf8_lossy(text).into_owned()),
            _ => Ok("?".to_owned()),
        });
        cells.collect::<Result<Vec<_>, rusqlite::Error>>().map(|cells| cells.join(" "))
    });
    rows.expect("rows").map(|row| row.expect("a row")).collect()
}

fn outcome<'a>(synced: &'a Value, dataset: &str) -> &'a Value {
    let all = synced["datasets"].as_array().expect("datasets");
    all.iter().find(|one| one["dataset"] == dataset).unwrap_or_else(|| panic!("{dataset} in {synced}"))
}

/// What the stand-in serves.
const SERVED: [&str; 6] = ["org", "skus", "subscriptions", "users", "report-settings", "email"];

#[test]
fn a_run_reads_people_licences_and_reports_and_a_second_one_adds_nothing() {
    let desk = Desk::start();
    // The stand-in has one report; the others are not there.
    let synced = desk.sync(&[], 3);
    assert_eq!(synced["status"], "partial");
    for dataset in SERVED {
        assert_eq!(outcome(&synced, dataset)["outcome"], "ok", "{synced}");
    }
    assert_eq!(outcome(&synced, "mailbox")["outcome"], "unsupported");
    assert_eq!(desk.rows("SELECT upn FROM user_v WHERE to_snap IS NULL").len(), 3);
    let joined = desk.rows("SELECT principal, match_method FROM principal ORDER BY 1");
    assert_eq!(joined, ["alias2@contoso.example proxy", "ana@contoso.example upn"]);
    assert_eq!(desk.rows("SELECT sent, received, read FROM use_email ORDER BY principal"), ["- 5 -", "7 5 -"]);
    assert_eq!(desk.rows("SELECT display_name, default_domain FROM tenant"), ["Contoso Ltd contoso.example"]);
    let count =
        "SELECT (SELECT count(*) FROM raw_body), (SELECT count(*) FROM user_v), (SELECT count(*) FROM use_email),
       (SELECT count(*) FROM user_license_v), (SELECT count(*) FROM user_plan_v), (SELECT count(*) FROM sku_v)";
    let before = desk.rows(count);
    let again = desk.sync(&[], 3);
    assert!(SERVED.iter().all(|dataset| outcome(&again, dataset)["unchanged"] == true), "{again}");
    assert_eq!(desk.rows(count), before, "nothing new");
    let log = desk.run(&["sync", "log"]).exits(0).stdout;
    assert!(log.contains("users: ok") && log.contains("the run ended partial"), "{log}");
}

#[test]
fn a_file_is_fetched_without_the_token_and_its_link_is_written_nowhere() {
    let desk = Desk::start();
    desk.sync(&[], 3);
    let fetched = desk.service.asked("/data/download");
    assert_eq!(fetched.len(), 1);
    assert!(!fetched[0].headers.contains_key("authorization") && !fetched[0].headers.contains_key("cookie"));
    assert!(desk.service.asked("/v1.0").iter().all(|asked| asked.method == "GET"));
    assert_eq!(desk.rows("SELECT redirect_host FROM fetch WHERE redirect_host IS NOT NULL"), ["127.0.0.1"]);
    let home = desk.tenant.path("home");
    for file in ["inventory.sqlite", "inventory.sqlite-wal"] {
        let bytes = std::fs::read(home.join(file)).unwrap_or_default();
        assert!(!bytes.windows(18).any(|part| part == b"secret-of-the-link"), "{file}");
    }
}

mod concealment;
mod file_faults;
mod joins;
mod kept;
mod meanings;
mod people;
mod refusals;
mod reports;
