//! Faults of a whole mailbox or of the sign-in: the run stops early and says why, and goes on when they are over.

use super::bench::{Bench, NINA};

#[test]
fn a_sign_in_that_is_withdrawn_pauses_the_run() {
    let mut bench = Bench::of(120);
    bench.paused("g02", 4);
    bench.done();
}

#[test]
fn a_disabled_service_is_no_missing_mailbox() {
    let mut bench = Bench::of(60);
    let outcome = bench.under("g01 g31:after=0:forever");
    bench.check("g31", [1, 4].contains(&outcome.exit), || format!("exit {}", outcome.exit));
    bench.check("g31", outcome.said.contains("500014"), || outcome.said.clone());
    bench.check("g31", !outcome.said.contains("no mailbox"), || outcome.said.clone());
    bench.done();
}

#[test]
fn a_mailbox_that_closes_in_the_middle_is_not_asked_for_ever_and_loses_nothing() {
    let mut bench = Bench::of(120);
    for faults in ["g22", "g30", "g37", "mailbox-gone:after=60"] {
        let outcome = bench.paused(faults, 5);
        let asked = outcome.struck.iter().sum::<u64>();
        bench.check(faults, asked < 60, || format!("{asked} requests to a closed mailbox"));
        let excepted = outcome.count("excepted");
        bench.check(faults, excepted == 0, || format!("{excepted} items were written off"));
    }
    bench.done();
}

#[test]
fn a_mailbox_that_never_opens_is_told_before_anything_is_collected() {
    let mut bench = Bench::of(60);
    for faults in ["g29", "g32"] {
        let outcome = bench.under(faults);
        bench.check(faults, outcome.exit == 5, || format!("exit {}: {}", outcome.exit, outcome.said));
        bench.faults(faults);
        let row = bench.tenant.run(&["check", NINA, "--json"]).json()[0].clone();
        bench.faults("");
        let verdict = if faults == "g29" { "no_mailbox" } else { "denied" };
        bench.check(faults, row["verdict"] == verdict, || row.to_string());
    }
    bench.done();
}

#[test]
fn messages_that_may_not_be_read_though_folders_may_are_never_a_complete_run() {
    let mut bench = Bench::of(60);
    let outcome = bench.under("g34");
    bench.check("g34", [3, 5].contains(&outcome.exit), || format!("exit {}: {}", outcome.exit, outcome.last));
    bench.done();
}

#[test]
fn settings_and_delta_that_are_refused_do_not_matter() {
    let mut bench = Bench::of(60);
    for faults in ["g33", "g35", "g59", "g60"] {
        let outcome = bench.under(faults);
        bench.check(faults, outcome.exit == 0, || format!("exit {}: {}", outcome.exit, outcome.said));
        bench.same(faults, &outcome.package);
    }
    bench.done();
}

#[test]
fn people_without_names_and_names_in_capitals_are_the_people_they_are() {
    let mut bench = Bench::of(60);
    bench.whole("g28");
    bench.faults("g27");
    let users = bench.tenant.run(&["users", "--json"]);
    bench.check("g27", users.exit == 0 && !users.stderr.contains("panicked"), || users.stderr.clone());
    bench.faults("");
    bench.done();
}

#[test]
fn a_service_that_never_stops_throttling_or_failing_is_given_up_in_bounded_time() {
    let mut bench = Bench::of(60).set("AFFIANT_LIMITS_PATIENCE_S", "2").set("AFFIANT_LIMITS_UNREACHABLE_S", "2");
    for faults in ["g23:retry-after=0", "g23:retry-after=1", "any-503:after=60:forever", "busy:after=60:forever"] {
        let begun = std::time::Instant::now();
        let outcome = bench.under(faults);
        let took = begun.elapsed().as_secs();
        bench.check(faults, took < 20, || format!("it took {took} s"));
        bench.check(faults, [3, 7].contains(&outcome.exit), || format!("exit {}", outcome.exit));
        if outcome.last["seal"].is_null() {
            bench.resumed(faults, &outcome, 0);
        }
    }
    bench.done();
}

#[test]
fn nothing_but_gets_without_batches_and_delta_reaches_graph() {
    let mut bench = Bench::of(60);
    bench.under("smime-500:rate=0.2");
    let seen = bench.tenant.control("GET", "requests")["requests"].clone();
    for one in seen.as_array().expect("requests") {
        let (method, path) = (one["method"].as_str().unwrap_or_default(), one["path"].as_str().unwrap_or_default());
        let odd = path.starts_with("/v1.0/") && method != "GET"
            || path.contains("$batch")
            || path.ends_with("/delta")
            || path.contains("/mailFolders/") && path.ends_with("/$value");
        bench.check(path, !odd, || method.to_owned());
    }
    bench.done();
}
