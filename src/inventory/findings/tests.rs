//! Each rule true, false, and not measurable.

use super::*;
use crate::inventory::Store;
use crate::inventory::ask::testing::{NOW, TENANT, filled};

fn found(store: &Store, limits: &Thresholds) -> Answer<Finding> {
    let now = UtcInstant::parse(NOW).expect("an instant");
    store.view(TENANT, None).expect("a view").findings(limits, &Filter::default(), now).expect("findings")
}

fn told(answer: &Answer<Finding>, rule: Rule) -> Vec<String> {
    let of = |finding: &&Finding| finding.rule == rule.as_str();
    answer.rows.iter().filter(of).map(|one| format!("{}: {}", one.subject, one.finding)).collect()
}

#[test]
fn seats_and_subscriptions() {
    let (_folder, store) = filled();
    let answer = found(&store, &Thresholds::default());
    assert_eq!(told(&answer, Rule::SeatsUnassigned), ["SPE_E3: 5 of 13 usable seats are assigned to nobody"]);
    assert_eq!(told(&answer, Rule::SeatsOver), ["SPE_E5: 2 more assigned than bought"]);
    assert_eq!(told(&answer, Rule::SubSuspendedAssigned), ["VISIOCLIENT: suspended, and still assigned to 14"]);
    assert_eq!(
        told(&answer, Rule::SubExpiring),
        ["s-soon: changes its state on 2026-12-20 unless renewed, in 20 days"]
    );
    assert_eq!(told(&answer, Rule::SubTrial), ["s-late: a trial, until 2027-09-26"]);
}

#[test]
fn people_and_their_licences() {
    let (_folder, store) = filled();
    let answer = found(&store, &Thresholds::default());
    assert_eq!(told(&answer, Rule::LicDuplicatePath), ["ana@x.example: held directly and by a group"]);
    assert_eq!(told(&answer, Rule::LicAssignmentError), ["ben@x.example: the assignment failed: no reason given"]);
    assert_eq!(told(&answer, Rule::UserDisabledLicensed), ["ben@x.example: the account is disabled"]);
    assert_eq!(told(&answer, Rule::UserInactive), ["ben@x.example: latest activity in exchange on 2026-07-01"]);
    assert_eq!(told(&answer, Rule::MailUnused), ["ben@x.example: nothing sent, nothing read; 9 came"]);
    let patient = Thresholds { inactive_days: 365, ..Thresholds::default() };
    assert!(told(&found(&store, &patient), Rule::UserInactive).is_empty());
    let young = Thresholds { assigned_days: 3650, ..Thresholds::default() };
    assert!(told(&found(&store, &young), Rule::UserInactive).is_empty());
}

#[test]
fn what_is_not_measured_is_not_called_inactive() {
    let (_folder, store) = filled();
    store.db.execute("DELETE FROM sku_plan_v", []).expect("gone");
    let answer = found(&store, &Thresholds::default());
    assert!(told(&answer, Rule::UserInactive).is_empty() && told(&answer, Rule::UserNeverActive).is_empty());
    assert!(answer.notes.iter().any(|note| note.starts_with("2 paid licences have no service")), "{:?}", answer.notes);
    store.db.execute("UPDATE use_active SET last_activity = NULL", []).expect("never");
    let plan = "INSERT INTO sku_plan_v (tenant_id, sku_id, service_plan_id, from_snap)
        SELECT tenant_id, sku_id, 'efb87545-963c-4e0d-99df-69c6916d9eb0', 12 FROM sku_v WHERE sku_part_number = 'SPE_E3'";
    store.db.execute(plan, []).expect("a plan");
    assert_eq!(told(&found(&store, &Thresholds::default()), Rule::UserNeverActive).len(), 2);
}

#[test]
fn mailboxes_and_connections() {
    let (_folder, store) = filled();
    let answer = found(&store, &Thresholds::default());
    assert_eq!(told(&answer, Rule::MbxNearQuota), ["ana@x.example: 95000000 bytes used, warned about from 90000000"]);
    assert_eq!(told(&answer, Rule::MbxSharedLicensed).len(), 1);
    assert!(told(&answer, Rule::MbxSharedNeedsLicense).is_empty() && told(&answer, Rule::ConnStale).is_empty());
    store.db.execute("UPDATE use_mailbox SET has_archive = 1", []).expect("an archive");
    store
        .db
        .execute(
            "UPDATE snapshot SET concealment = 'all', taken_at = '2026-11-01T00:00:00.000Z' WHERE dataset = 'email'",
            [],
        )
        .expect("changed");
    let answer = found(&store, &Thresholds::default());
    assert_eq!(told(&answer, Rule::MbxSharedNeedsLicense).len(), 1);
    assert_eq!(told(&answer, Rule::ConnStale), ["email: last read whole 28 days ago"]);
    assert_eq!(told(&answer, Rule::ConnConcealed).len(), 1);
}

#[test]
fn a_person_on_hold_is_never_advised_for_reclaim() {
    let (_folder, store) = filled();
    let limits = Thresholds { held: BTreeSet::from(["ben@x.example".to_owned()]), ..Thresholds::default() };
    let answer = found(&store, &limits);
    for rule in Rule::ALL.iter().filter(|rule| rule.is_reclaim()) {
        for text in told(&answer, *rule).iter().filter(|text| text.starts_with("ben")) {
            assert!(text.contains("custodian, do not reclaim"), "{text}");
        }
    }
    assert!(answer.notes.iter().any(|note| note.contains("legal hold")));
}

#[test]
fn findings_are_noted_once_with_their_first_and_last_run_and_closed_when_they_stand_no_more() {
    let (_folder, mut store) = filled();
    let all = found(&store, &Thresholds::default()).rows;
    store.note_findings(TENANT, &all).expect("noted");
    store.note_findings(TENANT, &all[1..]).expect("noted");
    let count = |store: &Store, state: &str| -> i64 {
        store.db.query_row("SELECT count(*) FROM finding WHERE state = ?1", [state], |row| row.get(0)).expect("a count")
    };
    assert_eq!((count(&store, "open"), count(&store, "closed")), (i64::try_from(all.len()).expect("few") - 1, 1));
}

#[test]
fn a_product_within_another_is_redundant_and_what_has_no_price_is_named() {
    let (_folder, mut store) = filled();
    assert!(told(&found(&store, &Thresholds::default()), Rule::LicRedundant).is_empty());
    store
        .db
        .execute_batch(&format!(
            "INSERT INTO sku_plan_v (tenant_id, sku_id, service_plan_id, from_snap) SELECT tenant_id, sku_id, p, 12 FROM sku_v,
               (SELECT 'efb87545-963c-4e0d-99df-69c6916d9eb0' AS p UNION SELECT 'another') WHERE sku_part_number = 'SPE_E5';
             INSERT INTO user_license_v (tenant_id, user_id, sku_id, via_group, from_snap, row_hash, state, updated_at)
               SELECT '{TENANT}', 'ana', sku_id, '', 11, 'h', 'Active', '2026-01-01T00:00:00Z' FROM sku_v WHERE sku_part_number = 'SPE_E5';"
        ))
        .expect("rows");
    let answer = found(&store, &Thresholds::default());
    assert_eq!(told(&answer, Rule::LicRedundant), ["ana@x.example: everything in it is in Microsoft 365 E5 too"]);
    assert!(answer.rows.iter().all(|one| one.monthly.is_none()), "no list, no cost");
    let list = "sku_id,currency,unit_price,valid_from\nSPE_E5,EUR,54.75,2026-01-01\n";
    store.import_prices(list.as_bytes(), None).expect("taken");
    let answer = found(&store, &Thresholds::default());
    let over = answer.rows.iter().find(|one| one.rule == "seats.over").expect("a finding");
    assert_eq!((over.monthly.as_deref(), over.currency.as_deref()), (Some("109.50"), Some("EUR")));
    assert!(
        answer.notes.iter().any(|note| note == "without a price, and in no sum: Microsoft 365 E3"),
        "{:?}",
        answer.notes
    );
}

#[test]
fn desktop_apps_are_never_activated_only_where_a_report_says_so_and_a_lost_permission_is_named() {
    let (_folder, store) = filled();
    store
        .db
        .execute_batch(&format!(
            "INSERT INTO sku_plan_v (tenant_id, sku_id, service_plan_id, from_snap) SELECT tenant_id, sku_id,
               '43de0ff5-c92c-492b-9116-175376d08c38', 12 FROM sku_v WHERE sku_part_number = 'SPE_E3';
             INSERT INTO snapshot (snap_id, run_id, tenant_id, dataset, period, refresh_date, taken_at, complete, row_count, content_sha256)
               VALUES (20, 2, '{TENANT}', 'activations', '', '2026-11-27', '2026-11-28T08:00:00.000Z', 1, 1, 'x');
             INSERT INTO scope_grant VALUES (1, 'Reports.Read.All', 'application', 0, 1, 1), (1, 'User.Read.All', 'application', 1, 1, 2);"
        ))
        .expect("rows");
    let answer = found(&store, &Thresholds::default());
    assert!(told(&answer, Rule::AppNeverActivated).is_empty(), "no report names them");
    assert_eq!(
        told(&answer, Rule::ConnScopeLost),
        ["l: the sign-in no longer has Reports.Read.All, which it had on 2026-11-01"]
    );
    store
        .db
        .execute_batch(
            "INSERT INTO principal VALUES (20, 'ana@x.example', 'real', 'ana', 'upn'), (20, 'ben@x.example', 'real', 'ben', 'upn');
             INSERT INTO use_activation (snap_id, principal, product_type, windows) VALUES (20, 'ana@x.example', 'P', 0), (20, 'ben@x.example', 'P', 2);",
        )
        .expect("rows");
    let told = told(&found(&store, &Thresholds::default()), Rule::AppNeverActivated);
    assert_eq!(told, ["ana@x.example: desktop apps were never activated, and none was used on Windows or macOS"]);
}
