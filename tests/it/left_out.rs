//! What a run does not bring is said, and counted where the service counts it.

use crate::tenant::{MARA, Tenant, rows};

#[test]
fn what_graph_cannot_reach_is_said_before_every_run() {
    let tenant = Tenant::with_sign_in(&[]);
    let ran =
        tenant.run(&["collect", MARA, "--out", &tenant.text("p"), "--plan-only", "--from", "2024-03-01"]).exits(0);
    let said = ran.stderr.lines().find(|line| line.starts_with("beyond:")).unwrap_or_default();
    for kind in ["in-place archives", "calendars", "contacts", "tasks", "notes"] {
        assert!(said.contains(kind), "{kind}: {}", ran.stderr);
    }
}

#[test]
fn items_of_other_kinds_are_counted_and_the_folders_that_hold_them_stay_in_the_balance() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, package) = tenant.collect("p", &[MARA, "--exclude-folder", "Inbox/Volume"]);
    let sql = "select f.path, r.listed, r.outside from folder f join reconciliation r using (folder_id) \
               where f.path in ('Calendar', 'Contacts', 'Tasks', 'Notes', 'Files') order by 1";
    assert_eq!(rows(&package, sql), ["Calendar|0|12", "Contacts|0|40", "Files|0|5", "Notes|0|2", "Tasks|0|3"]);
    let left = "select excluded_because from folder where path = 'Inbox/Volume'";
    assert_eq!(rows(&package, left), ["excluded"]);
}
