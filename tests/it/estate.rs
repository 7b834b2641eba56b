//! Usage and licences of the simulated tenant, from the sign-in to the answers: the real binary, the real store.

use std::process::Command;

use serde_json::Value;

use crate::signing_in::finished;
use crate::tenant::{MARA, Ran, Tenant, rows};

/// The simulated tenant's application that may sign in by itself.
const APP: &str = "715c42ed-3276-46d1-86b2-e00fec66cf3c";
const SECRET: &str = "simulated-secret-not-a-secret";

pub(crate) fn synced(options: &[&str]) -> Tenant {
    let tenant = Tenant::with_sign_in(options);
    let mut add: Command = tenant.command(&["connection", "add", "brackwater", "--flow", "client-secret"]);
    finished(add.env("AFFIANT_CLIENT_ID", APP).env("AFFIANT_CLIENT_SECRET", SECRET)).exits(0);
    tenant.run(&["sync", "run", "--json"]).exits(0);
    tenant
}

fn answer(tenant: &Tenant, args: &[&str]) -> Vec<Value> {
    let ran = tenant.run(&[args, &["--json"]].concat()).exits(0).json();
    ran["rows"].as_array().cloned().expect("rows")
}

/// A store's rows, as `rows` gives those of a manifest.
fn stored(tenant: &Tenant, sql: &str) -> Vec<String> {
    let link = tenant.path("as-package/affiant");
    if !link.exists() {
        std::fs::create_dir_all(&link).expect("a folder");
        std::fs::hard_link(tenant.path("home/inventory.sqlite"), link.join("manifest.sqlite")).expect("a link");
    }
    rows(&tenant.path("as-package"), sql)
}

#[test]
fn what_was_synced_answers_the_questions_of_an_administrator() {
    let tenant = synced(&[]);
    let seats = answer(&tenant, &["licenses", "summary"]);
    let visio = seats.iter().find(|row| row["status"] == "Suspended").expect("a suspended product");
    assert_eq!(visio["note"], "suspended, 14 still assigned");
    assert!(visio["unassigned"].is_null(), "no negative seats");
    for row in &seats {
        let of = |name: &str| row[name].as_i64().expect("a number");
        let sum = of("people") + of("outside") + of("without_address") + of("elsewhere");
        assert_eq!(of("assigned"), sum, "{row}");
    }
    let legal = answer(&tenant, &["licenses", "users", "--department", "legal"]);
    assert!(!legal.is_empty() && legal.iter().all(|row| row["department"] == "Legal"));
    let renewals = answer(&tenant, &["licenses", "renewals", "--within", "30"]);
    assert!(renewals.iter().all(|row| row["days"].as_i64().is_some_and(|days| days <= 30)), "{renewals:?}");
    let mail = answer(&tenant, &["usage", "mail", "--period", "D90"]);
    assert!(mail.iter().all(|row| row["period"] == "D90" && row["as_of"].as_str().is_some_and(|day| day.len() == 10)));
    let fresh = answer(&tenant, &["usage", "freshness"]);
    assert!(fresh.len() >= 15 && fresh.iter().all(|row| row["request_id"].is_string()), "{fresh:?}");
    let history = answer(&tenant, &["licenses", "history", MARA]);
    assert!(history.iter().any(|row| row["seen_until"].is_null()), "{history:?}");
    tenant.run(&["sync", "verify"]).exits(0);
    tenant.run(&["licenses", "summary", "--as-of", "2001-01-01"]).exits(0);
    tenant.run(&["licenses", "summary", "--as-of", "yesterday"]).fails(2, "neither a day nor an instant");
    tenant.run(&["licenses", "summary", "--connection", "other"]).fails(2, "no connection named other");
}

#[test]
fn a_spreadsheet_calculates_nothing_and_a_file_that_is_there_stays() {
    let tenant = synced(&[]);
    let out = tenant.text("users.csv");
    tenant.run(&["licenses", "users", "--csv", "--out", &out]).exits(0);
    let text = std::fs::read_to_string(&out).expect("a file");
    assert!(text.starts_with("\u{feff}user,display_name,"), "{}", &text[..60]);
    let formula = |cell: &str| cell.trim_start_matches('"').starts_with(['=', '+', '-', '@']);
    assert!(text.contains("'=HYPERLINK") && !text.split([',', '\n']).any(formula));
    tenant.run(&["licenses", "users", "--csv", "--out", &out]).fails(1, "could not be written");
}

#[test]
fn findings_have_evidence_and_spare_people_on_hold() {
    let tenant = synced(&[]);
    let found = answer(&tenant, &["findings"]);
    let rules = |rule: &str| found.iter().filter(|one| one["rule"] == rule).count();
    for rule in [
        "seats.unassigned",
        "seats.over",
        "sub.suspended_assigned",
        "user.disabled_licensed",
        "lic.duplicate_path",
        "mail.unused",
    ] {
        assert!(rules(rule) > 0, "{rule} in {found:#?}");
    }
    assert!(found.iter().all(|one| one["evidence"].as_str().is_some_and(|text| !text.is_empty())));
    assert_eq!(stored(&tenant, "SELECT count(*) FROM finding WHERE state = 'open'"), [found.len().to_string()]);
    let held = found.iter().find(|one| one["rule"] == "mail.unused").expect("one")["subject"]
        .as_str()
        .expect("a name")
        .to_owned();
    std::fs::write(tenant.path("held.txt"), format!("# on hold\n{}\n", held.to_uppercase())).expect("written");
    let list = tenant.text("held.txt");
    let spared = answer(&tenant, &["findings", "--rule", "mail,user", "--hold", &list]);
    for one in spared.iter().filter(|one| one["subject"] == held.as_str()) {
        assert!(one["finding"].as_str().is_some_and(|text| text.starts_with("custodian, do not reclaim")), "{one}");
    }
    std::fs::write(tenant.path("held.txt"), "\n# nobody\n").expect("written");
    tenant.run(&["findings", "--hold", &list]).fails(2, "names nobody");
}

#[test]
fn prices_are_the_organisations_own_and_products_are_left_out_with_a_reason() {
    let tenant = synced(&[]);
    let list = tenant.text("prices.csv");
    std::fs::write(&list, "sku_id,currency,unit_price,valid_from\nENTERPRISEPACK,EUR,21.105,2026-01-01\n")
        .expect("written");
    tenant.run(&["licenses", "prices", "import", &list]).fails(2, "line 2: unit_price has more digits");
    let text = "sku_id,currency,unit_price,valid_from\nENTERPRISEPACK,EUR,21.10,2026-01-01\nSPE_E5,USD,57,2026-01-01\n";
    std::fs::write(&list, text).expect("written");
    tenant.run(&["licenses", "prices", "import", &list]).exits(0);
    let found = answer(&tenant, &["findings", "--rule", "seats.unassigned"]);
    let of = |part: &str| found.iter().find(|one| one["subject"] == part).expect("a finding").clone();
    let free = of("ENTERPRISEPACK")["seats"].as_i64().expect("seats");
    assert_eq!(of("ENTERPRISEPACK")["monthly"], format!("{}.{:02}", free * 2110 / 100, free * 2110 % 100));
    assert_eq!(of("SPE_E5")["currency"], "USD");
    assert!(of("PROJECTPROFESSIONAL")["monthly"].is_null());
    let table = tenant.run(&["findings"]).exits(0);
    assert!(table.stderr.contains("EUR a month") && table.stderr.contains("USD a month"), "{}", table.stderr);
    assert!(table.stderr.contains("without a price, and in no sum:"), "{}", table.stderr);
    let cost = answer(&tenant, &["licenses", "cost", "--by", "product"]);
    let e3 = cost.iter().find(|row| row["group"] == "Office 365 E3").expect("a row");
    assert_eq!((e3["licences"].as_i64(), e3["unpriced"].as_i64()), (e3["priced"].as_i64(), Some(0)));
    let before = answer(&tenant, &["licenses", "cost", "--by", "product", "--as-of", "2026-12-31"]).len();
    assert_eq!(before, cost.len());
    tenant.run(&["licenses", "ignore", "no such thing", "--reason", "x"]).fails(2, "no product, or more than one");
    tenant.run(&["licenses", "ignore", "PROJECTPROFESSIONAL", "--reason", " "]).fails(2, "--reason is empty");
    tenant.run(&["licenses", "ignore", "PROJECTPROFESSIONAL", "--reason", "for one project", "--seats-too"]).exits(0);
    let left = answer(&tenant, &["findings", "--rule", "seats.unassigned"]);
    assert!(left.iter().all(|one| one["subject"] != "PROJECTPROFESSIONAL"), "{left:#?}");
    let seats = answer(&tenant, &["licenses", "summary"]);
    let row = seats.iter().find(|row| row["part_number"] == "PROJECTPROFESSIONAL").expect("still listed");
    assert_eq!((row["note"].as_str(), row["unassigned"].as_i64()), (Some("left out: for one project"), None));
    assert!(tenant.run(&["licenses", "ignored"]).exits(0).stdout.contains("for one project"));
    tenant.run(&["licenses", "regard", "PROJECTPROFESSIONAL"]).exits(0);
    assert_eq!(answer(&tenant, &["findings", "--rule", "seats.unassigned"]).len(), found.len());
}

#[test]
fn the_same_answers_twice_write_no_rows_and_a_collection_swears_to_what_the_sync_knew() {
    let tenant = synced(&[]);
    let count = "SELECT (SELECT count(*) FROM user_v) || ' ' || (SELECT count(*) FROM use_email) || ' ' || (SELECT count(*) FROM raw_body)";
    let before = stored(&tenant, count);
    tenant.run(&["sync", "run"]).exits(0);
    let after = stored(&tenant, count);
    assert_eq!(before[0].split(' ').take(2).collect::<Vec<_>>(), after[0].split(' ').take(2).collect::<Vec<_>>());
    let args = [MARA, "--from", "2024-01-01", "--to", "2024-12-31", "--zone", "UTC"];
    let (_, package): (Ran, _) = tenant.collect("package", &args);
    let facts = rows(&package, "select fact, value, dataset from licence_fact order by entry_seq");
    for fact in ["sync_at_hand|yes|users", "account_enabled|yes|users", "mailbox_kind|user|mailbox"] {
        assert!(facts.iter().any(|row| row == fact), "{fact} in {facts:#?}");
    }
    let part = facts
        .iter()
        .find_map(|row| row.strip_prefix("licences|"))
        .and_then(|row| row.split(['|', ' ']).find(|part| part.contains('_')));
    let report = tenant.text("report");
    tenant.run(&["report", package.to_str().expect("UTF-8"), "--out", &report]).exits(0);
    let page = std::fs::read_to_string(tenant.path("report/acquisition-report.html")).expect("a page");
    assert!(page.contains(part.expect("a part number with a line in it")), "part numbers stand as they are");
    assert!(facts.iter().any(|row| row.starts_with("pop_or_imap|") && !row.starts_with("pop_or_imap||")), "{facts:#?}");
    assert!(facts.iter().any(|row| row.starts_with("mailbox_items|") && row.ends_with("|mailbox")), "{facts:#?}");
    tenant.run(&["verify", package.to_str().expect("UTF-8")]).exits(0);
}

#[test]
fn an_account_without_a_sign_in_name_is_kept_and_totals_are_there_in_a_larger_tenant() {
    let tenant = synced(&["--synthetic-users", "250"]);
    let rejected = "SELECT coalesce(sum(rows_rejected), 0) FROM fetch WHERE endpoint NOT LIKE '%getOffice365Activ%'";
    assert_eq!(stored(&tenant, rejected), ["0"]);
    assert_ne!(stored(&tenant, "SELECT count(*) FROM user_v WHERE upn = ''"), ["0"]);
    assert_ne!(stored(&tenant, "SELECT count(*) FROM use_tenant WHERE metric LIKE 'quota.%'"), ["0"]);
}

#[test]
fn microsofts_table_is_taken_whole_where_it_is_at_hand() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = [root.join("../shared/data/skus"), root.join("../../shared/data/skus")];
    let folder = places.iter().find(|place| place.is_dir()).unwrap_or(&places[0]);
    let (Ok(skus), Ok(plans)) =
        (std::fs::read_to_string(folder.join("skus.csv")), std::fs::read_to_string(folder.join("sku_plans.csv")))
    else {
        eprintln!("SKIPPED: no table of products at hand");
        return;
    };
    // As it is published: a line for each product and plan.
    let mut reader = csv::Reader::from_reader(skus.as_bytes());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let heads = [
        "Product_Display_Name",
        "String_Id",
        "GUID",
        "Service_Plan_Name",
        "Service_Plan_Id",
        "Service_Plans_Included_Friendly_Names",
    ];
    writer.write_record(heads).expect("written");
    let plan_of = |id: &str| {
        plans
            .lines()
            .filter_map(|line| line.split_once(','))
            .find(|(sku, _)| *sku == id)
            .map(|(_, plan)| plan.to_owned())
    };
    let mut products = 0;
    for record in reader.records() {
        let record = record.expect("a record");
        if let Some(plan) = plan_of(&record[0]) {
            writer.write_record([&record[2], &record[1], &record[0], "PLAN", &plan, "Plan"]).expect("written");
            products += 1;
        }
    }
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("published.csv");
    std::fs::write(&file, writer.into_inner().expect("bytes")).expect("written");
    let args = ["licenses", "catalogue", "import", file.to_str().expect("UTF-8"), "--json"];
    let ran = crate::tenant::affiant(home.path(), &args).exits(0).json();
    assert_eq!((ran["products"].as_u64(), ran["refused"].as_u64()), (Some(products), Some(0)));
    let shown = crate::tenant::affiant(home.path(), &["licenses", "catalogue", "show", "Microsoft 365 E5", "--json"])
        .exits(0)
        .json();
    assert!(shown.as_array().is_some_and(|rows| rows.iter().any(|row| row["name_from"] == "imported")));
}
