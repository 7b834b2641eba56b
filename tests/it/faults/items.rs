//! Faults of single items: what the service will not render is rebuilt and labelled, what is gone is named.

use super::bench::Bench;

#[test]
fn items_that_cannot_be_rendered_are_rebuilt_whatever_the_code_and_the_code_is_kept() {
    let mut bench = Bench::of(120);
    for (faults, code) in [
        ("g06", "ErrorMimeContentConversionFailed"),
        ("g71", "ErrorMimeContentConversionFailed"),
        ("g72", "ErrorInvalidOperation"),
        ("g74", "ErrorCorruptData"),
        ("old-recipients:ids=2", "ErrorInvalidRecipients"),
    ] {
        let outcome = bench.named(faults, "mime_unavailable", "warning", 120);
        let kept = outcome.one(&format!("select count(*) from exception where detail like '%{code}%'"));
        bench.check(faults, kept != "0", || format!("{code} is not in the record"));
        let rebuilt = outcome.one("select count(*) from item where source_kind = 'rebuilt_from_json'");
        bench.check(faults, rebuilt == outcome.count("rebuilt").to_string() && rebuilt != "0", || {
            format!("{rebuilt} rebuilt")
        });
    }
    bench.done();
}

#[test]
fn many_items_in_a_row_that_cannot_be_rendered_do_not_stop_the_run() {
    let mut bench = Bench::of(60);
    let outcome = bench.named("smime-500", "mime_unavailable", "warning", 60);
    bench.check("smime-500", outcome.count("rebuilt") == 60, || format!("{}", outcome.last["totals"]));
    bench.done();
}

#[test]
fn a_body_that_can_be_had_in_no_form_is_left_out_and_said() {
    let mut bench = Bench::of(60);
    let outcome = bench.named("g73", "mime_unavailable", "warning", 60);
    bench.check("g73", outcome.count("rebuilt") == 2, || format!("{}", outcome.last["totals"]));
    let said = outcome.one("select count(distinct item_id) from exception where detail like '%body%'");
    bench.check("g73", said == "2", || format!("{said} say that the body is missing"));
    bench.done();
}

#[test]
fn what_vanishes_between_listing_and_fetching_is_named_and_counted() {
    let mut bench = Bench::of(120);
    let outcome = bench.named("g66:after=20", "gone", "item_missing", 120);
    bench.check("g66", outcome.count("vanished") == 2, || format!("{}", outcome.last["totals"]));
    bench.done();
}

#[test]
fn an_id_that_is_taken_for_another_mailboxs_is_not_called_deleted() {
    let mut bench = Bench::of(120);
    let outcome = bench.named("g36:after=20", "not_accessible", "item_missing", 120);
    bench.check("g36", outcome.count("vanished") == 0, || format!("{}", outcome.last["totals"]));
    bench.done();
}

#[test]
fn attachments_that_cannot_be_had_are_named_and_passing_trouble_with_them_passes() {
    let mut bench = Bench::of(120);
    let lost = "select count(*) from exception where code = 'mime_unavailable' and detail like '%attachment%'";
    let plain = bench.named("smime-500:rate=0.2", "mime_unavailable", "warning", 120);
    let (none, rebuilt) = (plain.one(lost), plain.rows("select graph_id, hex(sha256) from item order by 1"));
    bench.check("smime-500", none == "0", || format!("{none} attachments lost"));
    for faults in ["g21:rate=1", "attachment-gone"] {
        let faults = if faults.starts_with('g') { faults.to_owned() } else { format!("smime-500:rate=0.2 {faults}") };
        let outcome = bench.named(&faults, "mime_unavailable", "warning", 120);
        let have = outcome.rows("select graph_id, hex(sha256) from item order by 1");
        bench.check(&faults, have == rebuilt, || "the rebuilt messages differ".to_owned());
        bench.check(&faults, outcome.struck.iter().all(|count| *count > 0), || format!("{:?}", outcome.struck));
    }
    for faults in ["g77", "g78", "g79"] {
        let outcome = bench.named(faults, "mime_unavailable", "warning", 120);
        let have = outcome.rows("select graph_id, hex(sha256) from item order by 1");
        bench.check(faults, have == rebuilt, || "the rebuilt messages differ".to_owned());
    }
    let outcome = bench.named("g75", "mime_unavailable", "warning", 120);
    let named = outcome.one(lost);
    bench.check("g75", named == "1" && outcome.struck[1] > 0, || format!("{named} named, {:?}", outcome.struck));
    bench.done();
}

#[test]
fn properties_that_are_missing_or_odd_are_never_invented_and_never_stop_the_rebuilding() {
    let mut bench = Bench::of(60);
    for faults in ["g81", "g83", "g86", "g87"] {
        let outcome = bench.named(faults, "mime_unavailable", "warning", 60);
        bench.check(faults, outcome.count("rebuilt") > 0, || format!("{}", outcome.last["totals"]));
        bench.check(faults, outcome.count("excepted") == 0, || format!("{}", outcome.last["totals"]));
        bench.check(faults, outcome.struck.iter().all(|count| *count > 0), || format!("{:?}", outcome.struck));
        let paths = outcome.rows("select path from item where source_kind = 'rebuilt_from_json'");
        for path in paths {
            let bytes = std::fs::read(outcome.package.join(&path)).expect("a native");
            let text = String::from_utf8_lossy(&bytes);
            let block = text.split("\r\n\r\n").next().unwrap_or_default().to_lowercase();
            bench.check(faults, !block.contains("unknown@") && !block.contains("(no subject)"), || path.clone());
        }
    }
    bench.done();
}

#[test]
fn a_message_that_vanishes_during_the_access_test_does_not_close_the_mailbox() {
    let mut bench = Bench::of(60);
    bench.named("g66", "gone", "item_missing", 60);
    bench.done();
}

#[test]
fn what_the_second_listing_still_shows_is_not_called_gone() {
    let mut bench = Bench::of(60);
    bench.whole("g66:after=20:times=2");
    bench.done();
}

#[test]
fn one_refusal_of_an_item_that_is_there_does_not_cost_its_bytes() {
    let mut bench = Bench::of(60);
    for faults in ["value-404:rate=0.1", "value-403:rate=0.1", "redirect:rate=0.05"] {
        bench.whole(faults);
    }
    bench.done();
}
