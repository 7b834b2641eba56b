//! Whose rows are kept, and what is done where names are concealed.

use serde_json::json;

use super::service::Says;
use super::{Desk, email, outcome};

const TOKENS: [&str; 2] = ["F08A3B0C4E7C1A2D9E8F7A6B5C4D3E2F", "0123456789ABCDEF0123456789ABCDEF"];

#[test]
fn named_domains_drop_everybody_else_and_totals_stay_whole() {
    let desk = Desk::with(&["--domain", "Other.example"]);
    desk.service
        .say("/data/download", &[Says::csv(&email(&[("ana@contoso.example", "7"), ("CY@other.example", "1")]))]);
    let synced = desk.sync(&[], 3);
    assert_eq!(outcome(&synced, "users")["rows"], 1);
    assert_eq!(desk.rows("SELECT principal, match_method FROM principal"), ["CY@other.example upn"]);
    assert_eq!(desk.rows("SELECT consumed FROM sku_v"), ["2"]);
    assert_eq!(
        desk.rows("SELECT DISTINCT kept FROM fetch WHERE endpoint = 'getEmailActivityUserDetail'"),
        ["kept_rows"]
    );
    let log = desk.run(&["sync", "log"]).exits(0).stdout;
    assert!(log.contains("1 rows outside the domains were dropped"), "{log}");
    desk.run(&["sync", "verify"]).exits(0);
    let home = desk.tenant.path("home");
    let mut bytes = std::fs::read(home.join("inventory.sqlite")).expect("the store");
    bytes.extend(std::fs::read(home.join("inventory.sqlite-wal")).unwrap_or_default());
    assert!(!bytes.windows(6).any(|part| part == b"ana@co" || part == b"Ana@co"), "nobody outside is stored");
}

#[test]
fn stand_ins_for_names_are_kept_apart_and_the_reason_is_said() {
    let desk = Desk::start();
    let rows = |rows: &[(&str, &str)]| desk.service.say("/data/download", &[Says::csv(&email(rows))]);
    let switch = |on: bool| {
        let says = Says::json(&json!({"displayConcealedNames": on}));
        desk.service.say("/v1.0/admin/reportSettings", &[says]);
    };
    rows(&[(TOKENS[0], "1"), (TOKENS[1], "2")]);
    switch(true);
    let all = desk.sync(&[], 3);
    assert_eq!(all["concealment"], "all");
    let message = all["message"].as_str().expect("a message");
    for part in
        ["Contoso Ltd", "contoso.example", desk.tenant.said("tenant"), "Settings > Org settings > Services > Reports"]
    {
        assert!(message.contains(part), "{part} in {message}");
    }
    assert_eq!(desk.rows("SELECT count(*) FROM principal WHERE user_id IS NULL AND kind = 'concealed'"), ["2"]);
    switch(false);
    let role = desk.sync(&[], 3);
    assert!(role["message"].as_str().is_some_and(|text| text.contains("Global Reader")), "{role}");
    rows(&[(TOKENS[0], "1"), ("ana@contoso.example", "2")]);
    assert_eq!(desk.sync(&[], 3)["concealment"], "mixed");
    switch(true);
    rows(&[("ana@contoso.example", "2")]);
    let just = desk.sync(&[], 3);
    assert_eq!(just["concealment"], "none");
    assert!(just["message"].as_str().is_some_and(|text| text.contains("changed just now")), "{just}");
    desk.service.say("/v1.0/admin/reportSettings", &[Says::error(403, "S2SUnauthorized")]);
    assert!(desk.service.asked("").iter().all(|asked| asked.method == "GET" || asked.target.contains("/token")));
}

#[test]
fn optional_datasets_are_read_on_request() {
    let desk = Desk::start();
    let id = "00000000-0000-0000-0000-000000000001";
    desk.service.say(
        "/v1.0/groups",
        &[Says::json(
            &json!({"value": [{"id": "g1", "displayName": "Licensed", "assignedLicenses": [{"skuId": super::E3}],
          "licenseProcessingState": {"state": "ProcessingComplete"}, "hasMembersWithLicenseErrors": true}]}),
        )],
    );
    desk.service
        .say("/v1.0/groups/g1/membersWithLicenseErrors", &[Says::json(&json!({"value": [{"id": id}, {"id": "x"}]}))]);
    let deleted = format!("0123456789abcdef0123456789abcdef{}", "gone@contoso.example");
    desk.service.say(
        "/v1.0/directory/deletedItems/microsoft.graph.user",
        &[Says::json(&json!({"value": [{"id": "d1", "userPrincipalName": deleted}]}))],
    );
    let scores = json!({"value": [{"licensedUserCount": 5, "activeUserCount": 3}], "@odata.nextLink": format!("{}/v1.0/x", desk.service.origin)});
    desk.service.say("/v1.0/security/secureScores", &[Says::json(&scores)]);
    let mfa = json!({"value": [{"id": id, "isMfaRegistered": true, "methodsRegistered": ["fido2"]}]});
    desk.service.say("/v1.0/reports/authenticationMethods/userRegistrationDetails", &[Says::json(&mfa)]);
    desk.service.say("/v1.0/domains", &[Says::json(&json!({"value": [{"id": "new.example", "isVerified": false}, {"id": "contoso.example", "isVerified": true}]}))]);
    desk.service.say("/data/download", &[Says::csv(&email(&[("gone@contoso.example", "1")]))]);
    let synced = desk.sync(&["--with", "groups,deleted-users,securescore,mfa,domains"], 3);
    for dataset in ["groups", "deleted-users", "securescore", "mfa", "domains"] {
        assert_eq!(outcome(&synced, dataset)["outcome"], "ok", "{synced}");
    }
    assert_eq!(desk.rows("SELECT members_with_errors FROM licensed_group_v"), ["2"]);
    assert_eq!(desk.rows("SELECT match_method FROM principal"), ["deleted"]);
    assert_eq!(
        desk.rows("SELECT domain FROM domain_v WHERE to_snap IS NULL ORDER BY 1"),
        ["contoso.example", "new.example"]
    );
    assert_eq!(
        desk.rows("SELECT metric, num FROM use_tenant ORDER BY 1"),
        ["securescore.active_user_count 3", "securescore.licensed_user_count 5"]
    );
    desk.run(&["sync", "verify"]).exits(0);
}
