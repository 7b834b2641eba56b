//! Faults of lists: pages that lie, links that lead astray, folders that move; every message is listed, or it is said
//! that some may not be.

use super::bench::{Bench, NINA};
use crate::tenant::{MARA, Tenant, rows};

#[test]
fn pages_that_come_short_empty_or_twice_still_list_everything() {
    let mut bench = Bench::of(300);
    for faults in ["g51", "short-page", "twice", "list-504:above=50", "g16"] {
        bench.whole(faults);
    }
    bench.done();
}

#[test]
fn links_that_are_missing_or_repeat_or_lost_their_user_still_list_everything() {
    let mut bench = Bench::of(300);
    for faults in ["g52", "no-link", "g53", "same-link", "g54", "lost-user"] {
        bench.whole(faults);
    }
    bench.done();
}

#[test]
fn a_link_to_another_host_ends_the_run_and_nothing_was_lost() {
    let mut bench = Bench::of(300);
    let outcome = bench.paused("g08", 1);
    let other = outcome.said.contains("elsewhere");
    bench.check("g08", !other, || outcome.said.clone());
    bench.done();
}

#[test]
fn offsets_that_shift_while_paging_miss_nothing() {
    let mut bench = Bench::of(300);
    for faults in ["g55", "shift"] {
        bench.whole(faults);
    }
    bench.done();
}

#[test]
fn messages_that_arrive_during_the_run_are_found_by_the_second_listing() {
    let mut bench = Bench::of(300);
    let outcome = bench.whole("g67");
    let late = outcome.one("select count(*) > 0 from listed where pass = 2");
    bench.check("g67", late == "1", || "no message was found by the second listing".to_owned());
    bench.done();
}

/// The latest balance of the one folder in scope that has mail: expected, appeared, departed, expected after.
const MOVES: &str = "select expected, listed, appeared, departed, expected_after from reconciliation where listed > 0";

#[test]
fn what_arrives_and_what_leaves_during_the_run_is_counted_and_named_one_by_one() {
    let mut bench = Bench::of(60);
    let still = bench.whole_if_struck("");
    bench.check("still", still.one(MOVES) == "60|60|0|0|60", || still.one(MOVES));
    let late = bench.whole("late:rate=0.1");
    let appeared: u64 = late.one("select count(*) from listed where pass = 2").parse().expect("a count");
    let counted = format!("{}|60|{appeared}|0|60", 60 - appeared);
    bench.check("late", appeared > 0 && late.one(MOVES) == counted, || late.one(MOVES));
    // Which list is the second one depends on how many were asked for before it.
    let left = (5..=16).find_map(|after| {
        let outcome = bench.whole_if_struck(&format!("late:rate=0.1:after={after}"));
        let departed: u64 =
            outcome.one("select departed from reconciliation where listed > 0").parse().expect("a count");
        (departed > 0).then_some((outcome, departed))
    });
    let (left, departed) = left.expect("one of these lists is the second");
    let counted = format!("60|60|0|{departed}|{}", 60 - departed);
    bench.check("departed", left.one(MOVES) == counted, || left.one(MOVES));
    let named = left.one("select count(distinct graph_id) from exception where code = 'gone' and severity = 'info'");
    bench.check("departed", named == departed.to_string(), || format!("{named} named, {departed} departed"));
    let folder = &left.last["custodians"][0]["folders"][0];
    bench.check("departed", folder["departed"] == departed && folder["path"] == "Inbox/Volume", || folder.to_string());
    bench.done();
}

#[test]
fn counts_and_sizes_that_are_not_true_change_nothing_that_is_collected() {
    let mut bench = Bench::of(120);
    for faults in ["g50", "wrong-count", "g95"] {
        bench.whole(faults);
    }
    bench.done();
}

#[test]
fn text_that_is_not_clean_costs_no_page() {
    let mut bench = Bench::of(120);
    for faults in ["g91:rate=1", "g96", "g93"] {
        bench.whole(faults);
    }
    bench.done();
}

#[test]
fn one_item_that_spoils_its_page_is_cornered_and_named_and_the_others_are_listed() {
    let mut bench = Bench::of(300);
    let outcome = bench.under("g57:rate=0.01");
    let all: u64 = outcome.one("select count(*) from listed").parse().expect("a count");
    bench.check("g57", outcome.exit == 3, || format!("exit {}: {}", outcome.exit, outcome.said));
    bench.check("g57", (290..300).contains(&all), || format!("{all} listed"));
    let named = outcome.one("select count(*) from exception where severity = 'fatal' and detail like '%cannot list%'");
    bench.check("g57", named != "0", || "nothing names what could not be listed".to_owned());
    bench.done();
}

#[test]
fn folders_that_contain_themselves_end_and_those_that_are_gone_are_named() {
    let mut bench = Bench::of(60);
    bench.whole("g40");
    let outcome = bench.under("g42:after=2");
    let named = outcome.one("select count(*) from exception where detail like '%subfolders cannot be listed%'");
    bench.check("g42", named != "0" && outcome.exit == 3, || format!("exit {}, {named} named", outcome.exit));
    // The folder that was asked for may be among those that could not be seen: nobody says that there is none.
    bench.faults("folder-gone");
    let (ran, _) = bench.tenant.collect("hidden", &[NINA, "--folder", "Inbox/Volume", "--from", "2031-01-01"]);
    bench.check("hidden", ran.exit == 3, || format!("exit {}: {}", ran.exit, ran.stderr));
    bench.faults("");
    bench.done();
}

#[test]
fn folders_that_no_listing_shows_are_found_by_their_messages() {
    let mut bench = Bench::of(60);
    bench.whole("unlisted:rate=1");
    bench.done();
}

#[test]
fn a_damaged_link_on_a_sample_does_not_close_the_mailbox() {
    let mut bench = Bench::of(60);
    bench.whole("userless-link");
    bench.done();
}

#[test]
fn messages_in_a_folder_that_no_listing_shows_are_not_left_out_in_silence() {
    const LEGACY: &str = "legacy-import@brackwater.example";
    let tenant = Tenant::with_sign_in(&[]);
    let (ran, package) = tenant.collect("p", &[LEGACY]);
    let listed = rows(&package, "select count(*) from listed where internet_message_id like '%imap-1@archive%'");
    let named = rows(&package, "select count(*) from exception where severity = 'fatal'");
    assert!(listed == ["1"] || (named != ["0"] && ran.exit == 3), "exit {}: {}", ran.exit, ran.last());
}

#[test]
fn folders_that_their_parents_count_and_no_list_shows_are_named() {
    let tenant = Tenant::with_sign_in(&["--seed", "7"]);
    let (_, whole) = tenant.collect("whole", &[MARA]);
    tenant.tell("faults", &serde_json::json!({ "faults": "g45" }));
    let (_, package) = tenant.collect("p", &[MARA]);
    let listed = |package| rows(package, "select count(*) from listed");
    let named = rows(&package, "select count(*) from exception where severity = 'fatal'");
    assert!(listed(&whole) == listed(&package) || named != ["0"], "{:?} of {:?}", listed(&package), listed(&whole));
}

#[test]
fn a_list_that_is_refused_once_and_then_given_is_no_lost_folder() {
    let mut bench = Bench::of(60);
    for faults in ["sorted-403", "sorted-404", "sorted-412"] {
        bench.whole(faults);
    }
    bench.done();
}
