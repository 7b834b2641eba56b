//! Files from elsewhere, and what is in them.

use super::service::Says;
use super::{Desk, EMAIL, email, outcome};

const REPORT: &str = "/v1.0/reports/getEmailActivityUserDetail(period='D90')";

#[test]
fn foreign_hosts_loops_pages_and_links_that_are_over() {
    let desk = Desk::start();
    let say = |says: &[Says]| desk.service.say(REPORT, says);
    let link = |path: &str| Says::moved(&format!("{}{path}?token=secret-of-the-link", desk.service.origin));
    let email_is = |exit: i32| {
        let synced = desk.sync(&[], exit);
        let email = outcome(&synced, "email");
        (email["outcome"].as_str().expect("a word").to_owned(), email["note"].as_str().unwrap_or_default().to_owned())
    };
    for away in [
        "https://evil.example/data",
        "https://office.com.evil.example/",
        "http://reports.office.com/x",
        "https://notoffice.com/",
    ] {
        say(&[Says::moved(away)]);
        let (word, note) = email_is(3);
        assert!(word == "failed" && note.contains("host that is not known"), "{away}: {word} {note}");
    }
    say(&[link("/loop")]);
    desk.service.say("/loop", &[link("/loop")]);
    assert_eq!(email_is(3).0, "failed");
    assert_eq!(desk.service.asked("/loop").len(), 1, "a link that leads on is not followed");
    say(&[link("/page")]);
    desk.service.say(
        "/page",
        &[Says { headers: vec![("content-type".into(), "text/html".into())], ..Says::csv("<html>sign in</html>") }],
    );
    assert_eq!(email_is(3).0, "failed");
    desk.service.say("/page", &[Says::csv("<!DOCTYPE html><html>sign in</html>")]);
    assert!(email_is(3).1.contains("web page"));
    say(&[link("/over")]);
    desk.service
        .say("/over", &[Says::error(403, "MissingCredentials"), Says::csv(&email(&[("ana@contoso.example", "1")]))]);
    assert_eq!(email_is(3).0, "ok");
    assert_eq!(desk.service.asked("/over").len(), 2);
    say(&[Says::csv(&email(&[("ana@contoso.example", "2")]))]);
    assert_eq!(email_is(3).0, "ok", "a body at once is fine");
    let text = desk.run(&["sync", "log", "--json"]).exits(0).stdout;
    assert!(!text.contains("secret-of-the-link"));
    assert!(desk.rows("SELECT request_url FROM fetch").iter().all(|url| !url.contains("secret-of-the-link")));
}

#[test]
fn the_same_file_is_not_sent_twice_and_restated_figures_are_linked() {
    let desk = Desk::start();
    let body = |sent: &str, tag: &str| Says::csv(&email(&[("ana@contoso.example", sent)])).with("etag", tag);
    desk.service.say(REPORT, &[body("1", "\"a\"")]);
    desk.sync(&[], 3);
    let same = desk.sync(&[], 3);
    assert_eq!(
        (outcome(&same, "email")["outcome"].as_str(), outcome(&same, "email")["refresh_date"].as_str()),
        (Some("not_modified"), Some("2026-11-20"))
    );
    assert_eq!(same["concealment"], "none");
    desk.service.say(REPORT, &[body("2", "\"b\"")]);
    let restated = desk.sync(&[], 3);
    assert!(outcome(&restated, "email")["note"].as_str().is_some_and(|note| note.contains("restated")), "{restated}");
    let all = desk.rows("SELECT same_as, restates FROM snapshot WHERE dataset = 'email' ORDER BY snap_id");
    assert_eq!(all.len(), 3);
    assert!(all[0] == "- -" && all[1].ends_with(" -") && all[2].starts_with("- "), "{all:?}");
    assert_eq!(desk.rows("SELECT sent FROM use_email ORDER BY snap_id"), ["1", "2"], "both are kept");
    desk.run(&["sync", "verify"]).exits(0);
}

#[test]
fn odd_rows_and_columns_are_said_and_cost_nothing_else() {
    let desk = Desk::start();
    let mut text = email(&[("ana@contoso.example", "1"), ("ana@contoso.example", "2"), ("=cmd@contoso.example", "3")]);
    text = text.replace("Report Period", "Report Period,New Column").replace(",90\r\n", ",90,x\r\n");
    for i in 0..200 {
        text += &format!("2026-11-20,p{i}@contoso.example,N,False,,,1,1,1,,90,\n");
    }
    text += "2026-11-20,too,short\n\n";
    desk.service.say("/data/download", &[Says::csv(&text)]);
    let synced = desk.sync(&[], 3);
    let email = outcome(&synced, "email");
    assert_eq!(
        (email["outcome"].as_str(), email["rows"].as_i64(), email["rows_rejected"].as_i64()),
        (Some("ok"), Some(203), Some(1))
    );
    let log = desk.run(&["sync", "log"]).exits(0).stdout;
    assert!(
        log.contains("columns that are not known: New Column") && log.contains("do not fit the header, in lines"),
        "{log}"
    );
    assert_eq!(
        desk.rows("SELECT principal FROM principal WHERE principal LIKE 'ana%' ORDER BY 1"),
        ["ana@contoso.example", "ana@contoso.example#2"]
    );
    assert_eq!(desk.rows("SELECT count(*) FROM principal WHERE match_method = 'upn'"), ["2"]);
    desk.service.say("/data/download", &[Says::csv(&format!("{EMAIL}\r\n2026-11-20,short\r\n"))]);
    let synced = desk.sync(&[], 3);
    assert!(
        outcome(&synced, "email")["note"].as_str().is_some_and(|note| note.contains("do not fit the header")),
        "{synced}"
    );
    desk.service.say("/data/download", &[Says::csv(&format!("{EMAIL}\r\n"))]);
    let empty = desk.sync(&[], 3);
    assert_eq!((outcome(&empty, "email")["rows"].as_i64(), empty["concealment"].as_str()), (Some(0), Some("unknown")));
    desk.run(&["sync", "verify"]).exits(0);
}
