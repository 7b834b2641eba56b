//! Concealed names: the switch, the data and the role together, and every form of a stand-in.

use serde_json::json;

use super::service::Says;
use super::{Desk, email, outcome, stored};
use crate::tenant::{PARALEGAL, Tenant};

const SETTINGS: &str = "/v1.0/admin/reportSettings";
const TOKEN: &str = "F08A3B0C4E7C1A2D9E8F7A6B5C4D3E2F";

#[test]
fn switch_and_data_together_say_what_is_concealed_and_why() {
    let desk = Desk::start();
    let (real, hidden) = (("ana@contoso.example", "1"), (TOKEN, "2"));
    for (switch, rows, verdict, basis, says) in [
        (Some(false), vec![real], "none", "switch_off", None),
        (Some(true), vec![hidden], "all", "switch_on", Some("Settings > Org settings > Services > Reports")),
        (Some(false), vec![hidden], "all", "role_or_recent_change", Some("less than 48 hours ago")),
        (Some(true), vec![real], "none", "switch_just_changed", Some("the next reports will conceal")),
        (None, vec![hidden], "all", "data_only", Some("with the permission ReportSettings.Read.All")),
        (None, vec![real], "none", "data_only", None),
        (Some(true), vec![real, hidden], "mixed", "mixed", Some("kept apart and counted")),
        (Some(false), vec![hidden, real], "mixed", "mixed", Some("kept apart and counted")),
        (Some(true), vec![], "unknown", "no_rows", None),
    ] {
        let setting = match switch {
            Some(on) => Says::json(&json!({ "displayConcealedNames": on })),
            None => Says::error(403, "S2SUnauthorized"),
        };
        desk.service.say(SETTINGS, &[setting]);
        let body = if rows.is_empty() { format!("{}\r\n", super::EMAIL) } else { email(&rows) };
        desk.service.say("/data/download", &[Says::csv(&body)]);
        let synced = desk.sync(&[], 3);
        let case = format!("{switch:?} {rows:?}: {synced}");
        assert_eq!(synced["concealment"], verdict, "{case}");
        let message = synced["message"].as_str();
        assert_eq!(message.is_some(), says.is_some(), "{case}");
        assert!(message.unwrap_or_default().contains(says.unwrap_or_default()), "{case}");
        let last = "SELECT concealment, concealment_basis FROM sync_run ORDER BY run_id DESC LIMIT 1";
        assert_eq!(desk.rows(last), [format!("{verdict} {basis}")], "{case}");
    }
}

#[test]
fn every_form_of_a_name_is_told_apart_and_only_real_ones_are_joined() {
    let desk = Desk::start();
    let forms = [
        ("ana@contoso.example", "1"),
        ("", "2"),
        ("(Unknown)", "3"),
        ("<PII:H105(se/njcX9qwMG8mXJy0s+hqA0Iw=)>@contoso.example", "4"),
        (TOKEN, "5"),
        ("6a1b0c5e-2222-3333-4444-555555555555", "6"),
        ("aGVsbG8gd29ybGQgdGhpcw==", "7"),
    ];
    desk.service.say("/data/download", &[Says::csv(&email(&forms))]);
    let synced = desk.sync(&[], 3);
    assert_eq!((outcome(&synced, "email")["rows"].as_i64(), synced["concealment"].as_str()), (Some(7), Some("mixed")));
    let kinds = "SELECT kind, count(*), count(user_id) FROM principal GROUP BY kind ORDER BY kind";
    assert_eq!(desk.rows(kinds), ["concealed 4 0", "empty 1 0", "real 1 1", "unknown 1 0"]);
    desk.run(&["sync", "verify"]).exits(0);
}

#[test]
fn a_role_without_details_is_named_and_one_without_reports_is_refused() {
    let roles = "Global Reader, Usage Summary Reports Reader or User Experience Success Manager";
    for (who, verdict, says) in [
        ("vera.moss@brackwater.example", "none", None),
        ("adam.stern@brackwater.example", "all", Some(roles)),
        ("oskar.berg@brackwater.example", "all", Some(roles)),
        (PARALEGAL, "unknown", None),
    ] {
        let tenant = Tenant::signed_in_by(who, &[]);
        tenant.run(&["connection", "add", "brackwater", "--flow", "device-code"]).exits(0);
        let refused = who == PARALEGAL;
        let synced = tenant.run(&["sync", "run", "--json"]).exits(if refused { 3 } else { 0 }).json()[0].clone();
        assert_eq!(synced["concealment"], verdict, "{who}: {synced}");
        let message = synced["message"].as_str();
        assert_eq!(message.is_some(), says.is_some(), "{who}: {synced}");
        assert!(message.unwrap_or_default().contains(says.unwrap_or_default()), "{who}: {synced}");
        let email = outcome(&synced, "email");
        assert_eq!(email["outcome"], if refused { "forbidden" } else { "ok" }, "{who}: {email}");
        if refused {
            assert!(email["note"].as_str().is_some_and(|note| note.contains("Reports Reader")), "{email}");
        } else {
            // Totals are nobody's name, whoever reads them.
            assert_ne!(stored(&tenant, "SELECT count(*) FROM use_tenant WHERE metric LIKE 'services.%'"), ["0"]);
        }
    }
}
