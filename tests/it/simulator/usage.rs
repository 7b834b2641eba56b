//! What the tenant has bought and its usage reports: shapes, permissions, names, the second host.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use super::bench::{Answer, Bench, text};

/// Has the role Reports Reader.
pub(super) const VERA: &str = "vera.moss@brackwater.example";
const ALL: &str = "openid User.Read User.Read.All Organization.Read.All LicenseAssignment.Read.All GroupMember.Read.All \
                   Reports.Read.All ReportSettings.Read.All AuditLog.Read.All SecurityEvents.Read.All";
const REPORTS: [&str; 13] = [
    "getEmailActivityUserDetail(period='D90')",
    "getMailboxUsageDetail(period='D30')",
    "getOffice365ActiveUserDetail(period='D180')",
    "getOffice365ActivationsUserDetail",
    "getOffice365ActivationCounts",
    "getOffice365ActivationsUserCounts",
    "getOffice365ServicesUserCounts(period='D30')",
    "getM365AppUserDetail(period='D7')",
    "getTeamsUserActivityUserDetail(period='D30')",
    "getOneDriveUsageAccountDetail(period='D30')",
    "getSharePointActivityUserDetail(period='D30')",
    "getEmailAppUsageUserDetail(period='D30')",
    "getMailboxUsageQuotaStatusMailboxCounts(period='D30')",
];

pub(super) async fn token(bench: &Bench, account: &str) -> String {
    text(&bench.sign_in(account, ALL).await, "access_token").to_owned()
}

/// The second leg, without a token.
pub(super) async fn fetch(bench: &Bench, link: &str) -> Answer {
    bench.send(bench.bare(link)).await.expect("an answer")
}

/// Both legs of a report.
pub(super) async fn report(bench: &Bench, token: &str, function: &str) -> Answer {
    let first = bench.get(token, &format!("/reports/{function}")).await;
    assert_eq!(first.status, 302, "{function}: {}", String::from_utf8_lossy(&first.bytes));
    fetch(bench, first.header("location")).await
}

/// The header and the rows of a file, each row by its columns.
pub(super) fn rows(answer: &Answer) -> (Vec<String>, Vec<BTreeMap<String, String>>) {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.bytes));
    let body = answer.bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&answer.bytes);
    let mut reader = csv::ReaderBuilder::new().from_reader(body);
    let header: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let row = |row: Result<csv::StringRecord, csv::Error>| {
        let row = row.expect("as many fields as the header");
        header.iter().cloned().zip(row.iter().map(str::to_owned)).collect()
    };
    let rows = reader.records().map(row).collect();
    (header, rows)
}

pub(super) fn column<'a>(rows: &'a [BTreeMap<String, String>], name: &str) -> Vec<&'a str> {
    rows.iter().map(|row| row.get(name).map(String::as_str).unwrap_or_default()).collect()
}

#[tokio::test]
async fn consumed_units_are_the_people_who_hold_them() {
    let bench = Bench::start(&["--synthetic-users", "500"]);
    let token = token(&bench, VERA).await;
    let users = bench.all(&token, "/users?$select=id,assignedLicenses,licenseAssignmentStates&$top=99", "").await;
    let mut held: BTreeMap<String, u64> = BTreeMap::new();
    for licence in users.iter().flat_map(|user| user["assignedLicenses"].as_array().into_iter().flatten()) {
        *held.entry(text(licence, "skuId").to_owned()).or_default() += 1;
    }
    let skus = bench.get(&token, "/subscribedSkus").await.items();
    let contracts = bench.get(&token, "/directory/subscriptions").await.items();
    for sku in &skus {
        let consumed = sku["consumedUnits"].as_u64().expect("a number");
        assert_eq!(consumed, held.get(text(sku, "skuId")).copied().unwrap_or(0), "{}", sku["skuPartNumber"]);
        let ids: BTreeSet<&str> =
            sku["subscriptionIds"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let of: BTreeSet<&str> =
            contracts.iter().filter(|one| one["skuId"] == sku["skuId"]).map(|one| text(one, "id")).collect();
        assert_eq!(ids, of, "{}", sku["skuPartNumber"]);
    }
    let suspended = skus.iter().find(|sku| sku["capabilityStatus"] == "Suspended").expect("a suspended product");
    assert_eq!((&suspended["prepaidUnits"]["suspended"], &suspended["consumedUnits"]), (&json!(25), &json!(14)));
    assert!(skus.iter().any(|sku| sku["appliesTo"] == "Company"));
    assert!(
        contracts.iter().any(|one| one["isTrial"] == true)
            && contracts.iter().any(|one| !one["ownerTenantId"].is_null())
    );
    let twice = |user: &&Value| {
        let states = user["licenseAssignmentStates"].as_array().cloned().unwrap_or_default();
        states.iter().any(|a| {
            a["assignedByGroup"].is_null()
                && states.iter().any(|b| !b["assignedByGroup"].is_null() && a["skuId"] == b["skuId"])
        })
    };
    assert!(users.iter().any(|user| twice(&user)), "somebody has a product directly and by a group");
    assert_eq!(bench.get(&token, "/subscribedSkus?$filter=skuPartNumber%20eq%20'SPE_E5'").await.status, 400);
}

#[tokio::test]
async fn groups_need_their_header_and_name_members_without_a_seat() {
    let bench = Bench::start(&[]);
    let token = token(&bench, VERA).await;
    let target = "/groups?$filter=assignedLicenses/$count%20ne%200&$count=true&$select=id,hasMembersWithLicenseErrors";
    assert_eq!(bench.get(&token, target).await.code(), "Request_UnsupportedQuery");
    let found =
        bench.send(bench.request(&token, target).header("ConsistencyLevel", "eventual")).await.expect("an answer");
    let failing: Vec<Value> =
        found.items().into_iter().filter(|group| group["hasMembersWithLicenseErrors"] == true).collect();
    assert_eq!(failing.len(), 1);
    let id = text(failing.first().expect("one"), "id").to_owned();
    assert_eq!(bench.get(&token, &format!("/groups/{id}/membersWithLicenseErrors")).await.items().len(), 1);
}

#[tokio::test]
async fn every_report_is_a_file_behind_a_link_to_another_host() {
    let bench = Bench::start(&[]);
    let token = token(&bench, VERA).await;
    let known = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/usage/columns.json");
    let known = [known.clone(), Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/usage/columns.json")]
        .iter()
        .find_map(|path| std::fs::read(path).ok());
    let known: Value = known.map(|bytes| serde_json::from_slice(&bytes).expect("JSON")).unwrap_or_default();
    if known.is_null() {
        eprintln!("SKIPPED: no list of columns at ../shared/data/usage");
    }
    for function in REPORTS {
        let first = bench.get(&token, &format!("/reports/{function}")).await;
        assert_eq!(first.status, 302, "{function}");
        let link = first.header("location").to_owned();
        assert!(!link.starts_with(&bench.origin) && first.bytes.is_empty(), "{function}: {link}");
        let answer = fetch(&bench, &link).await;
        assert!(answer.bytes.starts_with("\u{feff}Report Refresh Date,".as_bytes()) && answer.bytes.ends_with(b"\r\n"));
        let (header, rows) = rows(&answer);
        assert!(!rows.is_empty(), "{function}");
        assert_eq!(column(&rows, "Report Refresh Date").into_iter().collect::<BTreeSet<_>>().len(), 1, "{function}");
        let name = function.split('(').next().unwrap_or_default();
        if let Some(columns) = known[name]["columns"].as_array() {
            let columns: BTreeSet<&str> = columns.iter().filter_map(Value::as_str).collect();
            let unheard =
                header.iter().find(|column| !columns.contains(column.as_str()) && *column != "Recipient Type");
            assert_eq!(unheard, None, "{function}");
        }
        let again = bench.send(
            bench.request(&token, &format!("/reports/{function}")).header("If-None-Match", answer.header("etag")),
        );
        assert_eq!(again.await.expect("an answer").status, 304, "{function}");
    }
    for wrong in [
        "getMailboxUsageDetail(period='D8')",
        "getMailboxUsageDetail(period=D7)",
        "getMailboxUsageDetail(date=2024-01-01)",
        "getEmailActivityUserDetail(date=2001-01-01)",
        "getNothing(period='D7')",
        "getEmailActivityUserDetail(period='D7')?$format=application/json",
    ] {
        assert_eq!(bench.get(&token, &format!("/reports/{wrong}")).await.status, 400, "{wrong}");
    }
}
