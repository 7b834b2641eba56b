//! Access that goes away: while it is tested, while folders are listed, while messages are fetched.
//!
//! Whatever the service says then, nothing may be taken for deleted or for all there is: the run pauses, and after a
//! new grant it goes on to the whole set.

use serde_json::{Value, json};

use crate::access_rows::{ABSENT, CLOSED, TOMAS, all_hold};
use crate::tenant::{Tenant, rows};

/// What is in a package, whatever order it was fetched in.
fn items(package: &std::path::Path) -> Vec<String> {
    rows(package, "select graph_id, lower(hex(sha256)) from item order by 1")
}

/// Requests to the mailbox, in order, of an undisturbed run.
struct Course(Vec<String>);

impl Course {
    /// As the tenant's control tells it.
    fn of(tenant: &Tenant) -> Self {
        let seen = tenant.control("GET", "requests")["requests"].clone();
        let inside = |one: &Value| {
            let (_, rest) = one["path"].as_str()?.split_once("/users/")?.1.split_once('/')?;
            Some(format!("{rest}?{}", one["query"].as_str()?))
        };
        Self(seen.as_array().expect("requests").iter().filter_map(inside).collect())
    }

    fn first(&self, what: impl Fn(&str) -> bool) -> usize {
        self.0.iter().position(|one| what(one)).expect("it is asked")
    }

    /// After some messages, after most, and where the list is read once more to close the balance.
    fn fetching(&self) -> Vec<usize> {
        // The access test reads a message too; what is fetched comes after the lists.
        let listed = self.first(|one| one.contains("orderby"));
        let fetched = self.0.iter().skip(listed).position(|one| one.contains("/$value"));
        let first = listed + fetched.expect("messages are fetched");
        let last = self.0.iter().rposition(|one| one.contains("/$value")).expect("it is asked");
        vec![first + 9, usize::midpoint(first, last) + 20, last + 3]
    }

    /// Among the folders, after the access test, and among the lists of messages.
    fn listing(&self) -> Vec<usize> {
        let mut roots = self.0.iter().enumerate().filter(|(_, one)| one.starts_with("mailFolders?"));
        let (second, _) = roots.nth(1).expect("the folders are listed after they were tested");
        vec![second + 1, self.first(|one| one.contains("orderby")) + 3]
    }
}

/// Withdraws access at several moments of a run; whatever is refused then must come with the next session.
fn withdrawn(shapes: &[&str], moments: impl Fn(&Course) -> Vec<usize>) {
    let access = format!("{TOMAS}=full");
    let tenant = Tenant::with_sign_in(&["--access", &access, "--synthetic", &format!("{TOMAS}=150:1500")]);
    let rule = |turns: &str| tenant.tell("refuse", &json!({ "rule": format!("{TOMAS}={turns}") }));
    let (ran, whole) = tenant.collect("whole", &[TOMAS]);
    ran.exits(0);
    let moments = moments(&Course::of(&tenant));
    let mut wrong = Vec::new();
    for shape in shapes {
        for moment in &moments {
            let (name, at) = (format!("{shape}-{moment}"), format!("{shape} after {moment} requests"));
            rule(&format!("granted+{shape}:every={moment}:once"));
            let (ran, package) = tenant.collect(&name, &[TOMAS]);
            let totals = ran.last()["totals"].clone();
            assert!(!ran.stderr.contains("panicked"), "{at}: {}", ran.stderr);
            // Only the second look at the lists is missing: everything is there, and that it is missing is named.
            if ran.exit == 3 && items(&package) == items(&whole) {
                rule("granted");
                continue;
            }
            if ![4, 5].contains(&ran.exit) || !ran.last()["seal"].is_null() {
                wrong.push(format!("{at}: exit {}, seal {}, {totals}", ran.exit, ran.last()["seal"]));
            }
            if totals["excepted"] != 0 {
                wrong.push(format!("{at}: {totals}, though nothing is lost but the access"));
            }
            if !ran.stdout.contains(TOMAS) && !ran.stderr.contains(TOMAS) {
                wrong.push(format!("{at}: nobody is named in {}", ran.stderr));
            }
            rule("granted");
            let resumed = tenant.run(&["resume", &tenant.text(&name)]);
            if resumed.exit != 0 || items(&package) != items(&whole) {
                let have = format!("{} of {} items", items(&package).len(), items(&whole).len());
                wrong.push(format!("{at}: resumed with exit {}, {have}: {}", resumed.exit, resumed.stderr));
            }
        }
    }
    all_hold(&wrong);
}

#[test]
fn access_that_is_withdrawn_while_messages_are_fetched_pauses_the_run_and_nothing_is_lost() {
    withdrawn(&["denied", "odata_disabled", "folder_not_found"], Course::fetching);
}

#[test]
fn a_mailbox_that_goes_away_while_messages_are_fetched_pauses_the_run_and_nothing_is_lost() {
    withdrawn(&["mailbox_not_enabled_new", "resource_not_found", "invalid_user"], Course::fetching);
    withdrawn(&["request_resource_not_found", "extension_error", "non_existent_mailbox"], Course::fetching);
}

#[test]
fn access_that_ends_as_item_not_found_while_messages_are_fetched_is_not_taken_for_deletion() {
    withdrawn(&["item_not_found", "token_lacks_scope_404"], Course::fetching);
}

#[test]
fn a_licence_that_ends_while_messages_are_fetched_pauses_the_run_and_nothing_is_lost() {
    withdrawn(&["failed_precondition"], Course::fetching);
}

#[test]
fn access_that_is_withdrawn_while_folders_are_listed_pauses_the_run_and_nothing_is_lost() {
    withdrawn(&["denied", "item_not_found", "folder_not_found"], Course::listing);
}

#[test]
fn a_mailbox_that_goes_away_while_folders_are_listed_pauses_the_run_and_nothing_is_lost() {
    withdrawn(&["mailbox_not_enabled_new", "resource_not_found", "invalid_user"], Course::listing);
}

/// Checks with the access withdrawn after each number of requests; an account that was refused in any step but
/// Recoverable Items, which stay closed to some delegates, is not ready.
fn never_ready_once_refused(shapes: &[&str]) {
    let tenant = Tenant::with_sign_in(&["--access", &format!("{TOMAS}=full")]);
    let mut wrong = Vec::new();
    for shape in shapes {
        let mut whole = false;
        for moment in 1..30 {
            tenant.tell("refuse", &json!({ "rule": format!("{TOMAS}=granted+{shape}:every={moment}:once") }));
            let row = tenant.run(&["check", TOMAS, "--json"]).json()[0].clone();
            let steps = row["observations"].as_array().cloned().unwrap_or_default();
            let refused = |step: &&Value| !step["code"].is_null() && step["step"] != "recoverable_items";
            let refused = steps.iter().filter(refused).count();
            if row["verdict"] == "ready" && refused > 0 {
                wrong.push(format!("{shape} after {moment}: ready, with {refused} steps refused"));
            }
            whole = refused == 0;
        }
        assert!(whole, "{shape}: the last check is undisturbed");
    }
    all_hold(&wrong);
}

/// Checks under answers drawn from these shapes, in many orders.
fn in_many_orders(shapes: &[&str]) {
    let tenant = Tenant::with_sign_in(&["--access", &format!("{TOMAS}=full")]);
    // Numerical Recipes' generator: any will do, as long as the orders are the same each time.
    let mut state = 20_240_301_u32;
    let mut next = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(state >> 8).expect("fits") % below
    };
    let mut wrong = Vec::new();
    for _ in 0..40 {
        let length = 2 + next(6);
        let turns: Vec<&str> = (0..length).map(|_| shapes[next(shapes.len())]).collect();
        let turns = format!("{}:every={}", turns.join("+"), 1 + next(4));
        tenant.tell("refuse", &json!({ "rule": format!("{TOMAS}={turns}") }));
        let row = tenant.run(&["check", TOMAS, "--json"]).json()[0].clone();
        let steps = row["observations"].as_array().cloned().unwrap_or_default();
        let refused = steps.iter().any(|step| !step["code"].is_null() && step["step"] != "recoverable_items");
        if refused && row["verdict"] == "ready" {
            wrong.push(turns);
        }
    }
    all_hold(&wrong);
}

#[test]
fn answers_in_any_order_that_hold_one_refusal_are_never_ready() {
    in_many_orders(&[&["granted", "granted", "granted", "failed_precondition"], &CLOSED[..], &ABSENT[..3]].concat());
}

#[test]
fn answers_in_any_order_with_mailboxes_that_are_not_there_are_never_ready() {
    in_many_orders(&[&["granted"; 6][..], &ABSENT[3..]].concat());
}

#[test]
fn access_that_is_withdrawn_during_its_test_is_never_ready() {
    never_ready_once_refused(&[
        "denied",
        "item_not_found",
        "folder_not_found",
        "resource_not_found",
        "failed_precondition",
    ]);
}

#[test]
fn a_mailbox_that_goes_away_during_its_test_is_never_ready() {
    never_ready_once_refused(&["mailbox_not_enabled_new", "extension_error", "non_existent_mailbox"]);
}

#[test]
fn a_run_whose_access_test_was_cut_short_is_never_complete() {
    let tenant = Tenant::with_sign_in(&["--access", &format!("{TOMAS}=full")]);
    for shape in ["denied", "item_not_found", "resource_not_found"] {
        for moment in [1, 2, 3, 5, 8, 11] {
            tenant.tell("refuse", &json!({ "rule": format!("{TOMAS}=granted+{shape}:every={moment}:once") }));
            let (ran, _) = tenant.collect(&format!("{shape}-{moment}"), &[TOMAS]);
            let named = ran.stdout.contains(TOMAS) || ran.stderr.contains(TOMAS);
            assert!([3, 5].contains(&ran.exit) && named, "{shape} {moment}: {} {}", ran.exit, ran.stderr);
        }
    }
}
