//! Who a report row is about: every way from a name to an account, and the names that lead to nobody.

use serde_json::json;

use super::service::Says;
use super::{Desk, email, outcome, user};

#[test]
fn a_name_leads_to_one_account_by_id_or_address_and_never_by_what_somebody_is_called() {
    let desk = Desk::start();
    let guest = "gil_fabrikam.example#EXT#@contoso.example";
    let shared = json!({"proxyAddresses": ["smtp:team@contoso.example"]});
    let people = json!({"value": [
        user(1, "Ana.Old@contoso.example", &json!({})),
        user(2, "bo@contoso.example", &json!({"mail": "bo.berg@contoso.example"})),
        user(3, "cy@contoso.example", &shared), user(4, "di@contoso.example", &shared),
        user(5, guest, &json!({"mail": "gil@fabrikam.example", "userType": "Guest"})),
    ]});
    desk.service.say("/v1.0/users", &[Says::json(&people)]);
    let gone = json!({"value": [{"id": "00000000-0000-0000-0000-000000000009",
        "userPrincipalName": "0123456789abcdef0123456789abcdefFlo@contoso.example"}]});
    desk.service.say("/v1.0/directory/deletedItems/microsoft.graph.user", &[Says::json(&gone)]);
    desk.sync(&["--with", "deleted-users"], 3);
    // Ana is renamed; the report still has the old name.
    let mut renamed = people.clone();
    renamed["value"][0] = user(1, "ana.new@contoso.example", &json!({}));
    desk.service.say("/v1.0/users", &[Says::json(&renamed)]);
    let rows = [
        ("ANA.OLD@contoso.example", "1"),
        ("BO@CONTOSO.EXAMPLE", "2"),
        ("bo.berg@contoso.example", "3"),
        ("alias1@contoso.example", "4"),
        ("team@contoso.example", "5"),
        (guest, "6"),
        ("flo@contoso.example", "7"),
        ("nobody@contoso.example", "8"),
        ("N, the Second", "9"),
        (guest, "10"),
    ];
    let rows: Vec<(String, &str)> = rows
        .iter()
        .map(|(name, sent)| (if name.contains(',') { format!("\"{name}\"") } else { (*name).to_owned() }, *sent))
        .collect();
    let rows: Vec<(&str, &str)> = rows.iter().map(|(name, sent)| (name.as_str(), *sent)).collect();
    desk.service.say("/data/download", &[Says::csv(&email(&rows))]);
    let synced = desk.sync(&["--with", "deleted-users"], 3);
    assert_eq!(outcome(&synced, "email")["rows"], 10);
    let joined = "SELECT e.sent, substr(p.user_id, -1), p.match_method FROM principal p JOIN use_email e USING (snap_id, principal)
       WHERE snap_id = (SELECT max(snap_id) FROM principal) ORDER BY e.sent";
    assert_eq!(
        desk.rows(joined),
        [
            "1 1 former_upn",
            "2 2 upn",
            "3 2 mail",
            "4 1 proxy",
            "5 - none",
            "6 5 upn",
            "7 9 deleted",
            "8 - none",
            "9 - none",
            "10 5 upn"
        ]
    );
    desk.run(&["sync", "verify"]).exits(0);
}
