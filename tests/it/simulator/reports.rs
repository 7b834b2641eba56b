//! Who sees what in a usage report, what can go wrong with it, and what changes from day to day.

use std::collections::BTreeSet;

use serde_json::json;

use super::bench::{Bench, PAULA, escaped, text};
use super::usage::{VERA, column, fetch, report, rows, token};

/// Has the role Global Reader.
const ADAM: &str = "adam.stern@brackwater.example";
const MAILBOXES: &str = "getMailboxUsageDetail(period='D30')";
const UPN: &str = "User Principal Name";

#[tokio::test]
async fn a_role_is_needed_and_a_reader_of_totals_sees_nobody() {
    let bench = Bench::start(&[]);
    let (vera, adam, paula) = (token(&bench, VERA).await, token(&bench, ADAM).await, token(&bench, PAULA).await);
    let refused = bench.get(&paula, &format!("/reports/{MAILBOXES}")).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "Authentication_RequestFromUnsupportedUserRole"));
    let unscoped = bench.sign_in(VERA, "openid User.Read").await;
    let refused = bench.get(text(&unscoped, "access_token"), &format!("/reports/{MAILBOXES}")).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "S2SUnauthorized"));
    let (_, real) = rows(&report(&bench, &vera, MAILBOXES).await);
    assert!(column(&real, UPN).contains(&VERA));
    let hidden = |name: &&str| name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (_, concealed) = rows(&report(&bench, &adam, MAILBOXES).await);
    assert!(concealed.len() == real.len() && column(&concealed, UPN).iter().all(hidden));
    assert_eq!(bench.get(&vera, "/admin/reportSettings").await.json()["displayConcealedNames"], json!(false));
    bench.control("reports", &json!({ "concealed": true })).await;
    assert_eq!(bench.get(&vera, "/admin/reportSettings").await.json()["displayConcealedNames"], json!(true));
    let (_, now) = rows(&report(&bench, &vera, MAILBOXES).await);
    assert_eq!(column(&now, UPN), column(&concealed, UPN), "the same name has the same token");
    let services = "getOffice365ServicesUserCounts(period='D30')";
    let totals = rows(&report(&bench, &vera, services).await).1;
    assert_eq!(totals, rows(&report(&bench, &adam, services).await).1, "totals are nobody's name");
}

#[tokio::test]
async fn the_download_host_takes_no_token_and_no_old_link() {
    let bench = Bench::start(&[]);
    let vera = token(&bench, VERA).await;
    let first = bench.get(&vera, &format!("/reports/{MAILBOXES}")).await;
    let link = first.header("location").to_owned();
    let refused = bench.send(bench.bare(&link).bearer_auth(&vera)).await.expect("an answer");
    assert_eq!(refused.status, 400);
    assert_eq!(bench.requests().await["reports"]["leaked"], json!(1));
    assert_eq!(fetch(&bench, &link).await.status, 200);
    assert!(!bench.requests().await.to_string().contains(link.rsplit('=').next().expect("a token")));
    bench.control("advance", &json!({ "seconds": 301 })).await;
    let late = fetch(&bench, &link).await;
    assert_eq!((late.status, late.code().as_str()), (403, "MissingCredentials"));
    for _ in 0..13 {
        assert_eq!(bench.get(&vera, &format!("/reports/{MAILBOXES}")).await.status, 302);
    }
    let excess = bench.get(&vera, &format!("/reports/{MAILBOXES}")).await;
    assert_eq!(excess.status, 429);
    assert!(excess.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds <= 600));
}

#[tokio::test]
async fn a_file_can_be_spoilt_in_every_way_that_was_seen() {
    let bench = Bench::start(&[]);
    let vera = token(&bench, VERA).await;
    // More than fourteen in ten minutes, each from a time of its own.
    let ask = async |fault: &str| {
        bench.control("advance", &json!({ "seconds": 60 })).await;
        assert_eq!(bench.control("faults", &json!({ "faults": fault })).await.status, 200, "{fault}");
        let first = bench.get(&vera, &format!("/reports/{MAILBOXES}")).await;
        if first.status == 302 { fetch(&bench, first.header("location")).await } else { first }
    };
    let good = ask("").await;
    let (header, real) = rows(&good);
    assert!(!ask("csv-no-bom").await.bytes.starts_with("\u{feff}".as_bytes()));
    assert!(ask("csv-empty").await.bytes.is_empty());
    assert!(rows(&ask("csv-header").await).1.is_empty());
    let reversed: Vec<String> = header.iter().rev().cloned().collect();
    assert_eq!(rows(&ask("csv-permuted").await).0, reversed);
    assert_eq!(rows(&ask("csv-permuted").await).1, real, "the same under other places");
    assert!(!rows(&ask("csv-missing").await).0.contains(&"Has Archive".to_owned()));
    assert!(!rows(&ask("csv-nameless").await).0.contains(&UPN.to_owned()));
    assert_eq!(rows(&ask("csv-unknown").await).0.len(), header.len() + 2);
    assert_eq!(rows(&ask("csv-twice").await).0.iter().filter(|column| *column == "Report Period").count(), 2);
    assert_eq!(rows(&ask("csv-doubled").await).1.len(), real.len() * 2);
    assert!(String::from_utf8_lossy(&ask("csv-blank").await.bytes).contains("\r\n\r\n"));
    assert!(column(&rows(&ask("csv-commas").await).1, "Display Name").iter().all(|name| name.contains(", \"")));
    assert_ne!(rows(&ask("csv-restated").await).1, real);
    assert!(String::from_utf8_lossy(&ask("report-html").await.bytes).contains("<html>"));
    let direct = ask("report-direct").await;
    assert_eq!((direct.status, rows(&direct).1), (200, real.clone()));
    assert_eq!(ask("report-expired").await.code(), "MissingCredentials");
    assert_eq!(ask("report-loop").await.status, 302);
    assert_eq!(ask("reports-429:retry-after=none").await.header("retry-after"), "");
    assert_eq!(ask("unsupported-cloud").await.status, 400);
    assert_eq!(ask("reports-403:of=getTeams").await.status, 200);
    bench.control("faults", &json!({ "faults": "report-foreign" })).await;
    let away = bench.get(&vera, &format!("/reports/{MAILBOXES}")).await;
    assert!(away.header("location").starts_with("https://reports.elsewhere.invalid/data/"));
    bench.control("faults", &json!({ "faults": "settings-wrapped" })).await;
    assert!(bench.get(&vera, "/admin/reportSettings").await.json()["value"]["displayConcealedNames"].is_boolean());
    bench.control("advance", &json!({ "seconds": 600 })).await;
    for (fault, seen) in [("names-pii", "<PII:"), ("names-unknown", "(Unknown)"), ("names-mixed", "@")] {
        let (_, found) = rows(&ask(fault).await);
        assert!(column(&found, UPN).iter().any(|name| name.contains(seen)), "{fault}");
    }
}

#[tokio::test]
async fn people_change_at_once_in_the_directory_and_days_later_in_reports() {
    let bench = Bench::start(&["--token-lifetime-s", "1000000"]);
    let vera = token(&bench, VERA).await;
    let change = json!({ "user": "ann.lee@brackwater.example", "facts": { "userPrincipalName": "ann.berg@brackwater.example" },
                         "licences": [{ "sku": "SPE_E5" }] });
    assert_eq!(bench.control("person", &change).await.status, 200);
    assert_eq!(
        bench.control("person", &json!({ "user": "nina.blank@brackwater.example", "does": "delete" })).await.status,
        200
    );
    let renamed = bench.get(&vera, "/users/ann.berg@brackwater.example?$select=id,assignedLicenses").await;
    assert_eq!(renamed.json()["assignedLicenses"].as_array().map(Vec::len), Some(1));
    let nina = format!("/users/{}", escaped("nina.blank@brackwater.example"));
    assert_eq!(bench.get(&vera, &nina).await.status, 404);
    let bin = bench.get(&vera, "/directory/deletedItems/microsoft.graph.user").await.items();
    assert!(bin.iter().any(|user| text(user, "userPrincipalName").ends_with("nina.blank@brackwater.example")));
    let names = async || {
        let (_, found) = rows(&report(&bench, &vera, MAILBOXES).await);
        column(&found, UPN).into_iter().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let before = names().await;
    assert!(before.contains("ann.lee@brackwater.example") && before.contains("nina.blank@brackwater.example"));
    bench.control("advance", &json!({ "seconds": 3 * 86_400 })).await;
    let after = names().await;
    assert!(after.contains("ann.berg@brackwater.example") && !after.contains("nina.blank@brackwater.example"));
}

#[tokio::test]
async fn sign_in_dates_need_a_premium_tenant_and_come_in_smaller_pages() {
    let bench = Bench::start(&["--synthetic-users", "600"]);
    let vera = token(&bench, VERA).await;
    let page = bench.get(&vera, "/users?$select=id,signInActivity&$top=999").await;
    assert_eq!(page.items().len(), 500);
    assert!(page.items().iter().any(|user| user["signInActivity"]["lastSignInDateTime"].is_string()));
    assert!(page.items().iter().any(|user| user["signInActivity"].is_null()));
    let methods = "/reports/authenticationMethods/userRegistrationDetails";
    assert_eq!(bench.all(&vera, methods, "").await.len(), 641);
    assert!(bench.get(&vera, "/security/secureScores?$top=1").await.items().len() == 1);
    bench.control("faults", &json!({ "faults": "non-premium" })).await;
    let refused = bench.get(&vera, methods).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant")
    );
    assert_eq!(bench.get(&vera, "/users?$select=id,signInActivity").await.status, 403);
    assert_eq!(bench.get(&vera, "/users?$select=id,mail").await.status, 200);
}
