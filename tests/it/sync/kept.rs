//! What is kept: checked, compared, pruned; a crash and a second process change nothing.

use serde_json::json;

use super::service::Says;
use super::{Desk, E3, outcome, user};

fn edit(desk: &Desk, sql: &str) {
    let db = rusqlite::Connection::open(desk.tenant.path("home").join("inventory.sqlite")).expect("the store");
    assert!(db.execute(sql, []).expect(sql) > 0, "{sql}");
}

#[test]
fn one_flipped_byte_and_one_edited_row_are_found() {
    let desk = Desk::start();
    desk.sync(&[], 3);
    desk.sync(&[], 3);
    let sound = desk.run(&["sync", "verify", "--json"]).exits(0).json();
    assert_eq!((sound["snapshots"].as_u64(), sound["differences"].as_array().map(Vec::len)), (Some(6), Some(0)));
    edit(&desk, "UPDATE user_license_v SET state = 'Error' WHERE user_id LIKE '%000001'");
    let found = desk.run(&["sync", "verify", "--json"]).exits(6).json();
    assert_eq!(
        (found["differences"][0]["what"].as_str(), found["differences"][0]["dataset"].as_str()),
        (Some("rows"), Some("users"))
    );
    edit(&desk, "UPDATE user_license_v SET state = 'Active'");
    edit(&desk, "UPDATE principal SET user_id = '00000000-0000-0000-0000-000000000002', match_method = 'upn'");
    desk.run(&["sync", "verify"]).exits(6);
    edit(&desk, "UPDATE principal SET user_id = '00000000-0000-0000-0000-000000000001' WHERE principal LIKE 'ana%'");
    edit(&desk, "UPDATE principal SET match_method = 'proxy' WHERE principal LIKE 'alias%'");
    desk.run(&["sync", "verify"]).exits(0);
    edit(
        &desk,
        "UPDATE raw_body SET body = CAST(substr(body, 1, 60) || x'00' || substr(body, 62) AS BLOB)
         WHERE sha256 = (SELECT body_sha256 FROM fetch WHERE endpoint = 'users' LIMIT 1)",
    );
    let found = desk.run(&["sync", "verify"]).exits(6);
    assert!(found.stdout.contains("is damaged"), "{}", found.stdout);
}

#[test]
fn what_changed_between_two_runs_is_said_and_old_versions_stay() {
    let desk = Desk::start();
    desk.sync(&[], 3);
    desk.service.say(
        "/v1.0/users",
        &[Says::json(&json!({"value": [user(1, "ana.new@contoso.example", &json!({"department": "Legal"})),
          user(4, "di@contoso.example", &json!({"licenseAssignmentStates": [], "assignedLicenses": []}))]}))],
    );
    desk.sync(&[], 3);
    let found = desk.run(&["sync", "diff", "1", "2", "--json"]).exits(0).json();
    let of = |area: &str, kind: &str| {
        let all = found["changes"].as_array().expect("changes");
        all.iter().filter(|change| change["area"] == area && change["kind"] == kind).count()
    };
    assert_eq!((of("people", "added"), of("people", "removed"), of("people", "changed")), (1, 2, 1), "{found}");
    assert_eq!((of("licences", "removed"), of("seats", "changed")), (2, 0), "{found}");
    let text = desk.run(&["sync", "diff", "1", "2"]).exits(0).stdout;
    assert!(text.contains("department: unknown -> Legal"), "{text}");
    assert_eq!(desk.rows("SELECT count(*) FROM user_v"), ["5"], "nothing is overwritten");
    // The name the report has is one the account had.
    desk.service.say("/data/download", &[Says::csv(&super::email(&[("ana@contoso.example", "8")]))]);
    desk.sync(&[], 3);
    let last = desk.rows("SELECT principal, match_method FROM principal ORDER BY snap_id DESC LIMIT 1");
    assert_eq!(last, ["ana@contoso.example former_upn"]);
    desk.run(&["sync", "verify"]).exits(0);
    desk.run(&["sync", "diff", "1", "99"]).fails(2, "no run at that time");
    let odd = desk.run(&["sync", "diff", "1", "yesterday"]).exits(2).stderr;
    assert!(odd.contains("neither a run's number nor a date"), "{odd}");
}

#[test]
fn a_listing_that_breaks_off_closes_nothing() {
    let desk = Desk::start();
    desk.sync(&[], 3);
    desk.service.say("/v1.0/users/more", &[Says::error(403, "Authorization_RequestDenied")]);
    let synced = desk.sync(&[], 3);
    assert_eq!(outcome(&synced, "users")["outcome"], "forbidden");
    assert_eq!(desk.rows("SELECT count(*) FROM user_v WHERE to_snap IS NULL"), ["3"]);
    assert_eq!(desk.rows("SELECT count(*) FROM snapshot WHERE dataset = 'users'"), ["1"]);
}

#[test]
fn a_run_that_crashed_is_failed_at_the_next_start_and_two_never_go_at_once() {
    let desk = Desk::start();
    desk.sync(&["--no-activity"], 0);
    edit(&desk, "UPDATE sync_run SET status = 'running', finished_at = NULL");
    // A question that is never answered keeps the run going.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let link = format!("http://{}/silent", silent.local_addr().expect("an address"));
    desk.service.say("/v1.0/reports/getEmailActivityUserDetail(period='D90')", &[Says::moved(&link)]);
    let mut child = desk.command(&["sync", "run"]).stdout(std::process::Stdio::null()).spawn().expect("runs");
    let (_open, _) = silent.accept().expect("it asks");
    desk.run(&["sync", "run"]).fails(1, "another run of this tenant");
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert_eq!(desk.rows("SELECT status FROM sync_run ORDER BY run_id"), ["failed", "running"]);
    desk.happy();
    desk.sync(&["--no-activity"], 0);
    let all = desk.rows("SELECT status, coalesce(error_code, '') FROM sync_run ORDER BY run_id");
    assert_eq!(all, ["failed crashed", "failed crashed", "ok "]);
    desk.run(&["sync", "verify"]).exits(0);
}

#[test]
fn old_answers_go_and_rows_stay() {
    let desk = Desk::start();
    desk.sync(&[], 3);
    assert!(desk.run(&["sync", "prune"]).exits(2).stderr.contains("--older-than"));
    edit(&desk, "UPDATE fetch SET requested_at = '2020-01-01T00:00:00.000Z'");
    // People stay of today: reports are joined only to people who were read shortly before them.
    edit(&desk, "UPDATE snapshot SET taken_at = '2020-01-01T00:00:00.000Z' WHERE dataset <> 'users'");
    let kept = desk.run(&["sync", "prune", "--older-than", "30", "--json"]).exits(0).json();
    assert_eq!(kept["bodies"], 0, "the last of a month stays");
    desk.service.say(
        "/v1.0/subscribedSkus",
        &[Says::json(&json!({"value": [{"skuId": E3, "skuPartNumber": "SPE_E3", "consumedUnits": 9}]}))],
    );
    desk.sync(&[], 3);
    edit(&desk, "UPDATE snapshot SET taken_at = '2020-01-02T00:00:00.000Z' WHERE dataset <> 'users'");
    edit(&desk, "UPDATE fetch SET requested_at = '2020-01-02T00:00:00.000Z'");
    let dry = desk.run(&["sync", "prune", "--older-than", "30", "--dry-run", "--json"]).exits(0).json();
    let gone = desk.run(&["sync", "prune", "--older-than", "30", "--json"]).exits(0).json();
    assert_eq!((dry["bodies"].as_u64(), gone["bodies"].as_u64()), (Some(1), Some(1)));
    assert_eq!(desk.rows("SELECT count(*) FROM sku_v"), ["2"]);
    let verified = desk.run(&["sync", "verify", "--json"]).exits(0).json();
    assert_eq!(verified["pruned"], 1);
}
