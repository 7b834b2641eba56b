//! Faults that pass: they cost time and nothing else. A run under each brings what an undisturbed one brings.

use super::bench::Bench;

#[test]
fn connections_that_break_and_bodies_that_end_early_are_asked_for_again_as_a_whole() {
    let mut bench = Bench::of(120).set("AFFIANT_LIMITS_STALL_S", "1");
    for faults in ["g04:seconds=3", "g05:rate=0.1", "cut-json:rate=0.2", "broken-promise:rate=0.1", "reset:rate=0.1"] {
        bench.whole(faults);
    }
    bench.done();
}

/// Where no length is announced, only a multipart tells that it is not whole.
#[test]
fn half_a_multipart_that_ends_as_if_it_were_whole_is_asked_for_again() {
    let mut bench = Bench::of(240);
    let outcome = bench.under("short-body:rate=0.5");
    let (spoilt, multiparts) = bench.spoilt_multiparts(&outcome.package);
    bench.check("short-body", multiparts > 10, || format!("{multiparts} multiparts"));
    bench.check("short-body", spoilt.is_empty(), || format!("{} of {multiparts} spoilt", spoilt.len()));
    bench.done();
}

#[test]
fn errors_that_pass_are_known_by_their_code_in_any_spelling_and_place() {
    let mut bench = Bench::of(120);
    for faults in ["g07:rate=0.1", "odd-case:rate=0.1", "g19:rate=0.1", "g20:rate=0.1"] {
        bench.whole(faults);
    }
    bench.done();
}

#[test]
fn throttling_is_waited_out_however_the_wait_is_told() {
    let mut bench = Bench::of(120);
    for faults in ["g12:every=40", "g13:every=40", "throttle:every=40:retry-after=float", "g14:every=30", "g15"] {
        let outcome = bench.whole(faults);
        let recorded = outcome.one("select count(*) > 0 from request where status = 429");
        bench.check(faults, recorded == "1", || "no request of the record says 429".to_owned());
    }
    bench.done();
}

#[test]
fn a_service_that_fails_now_and_then_is_asked_again() {
    let mut bench = Bench::of(120);
    for faults in ["g17:rate=0.1", "any-500:rate=0.05", "any-502:rate=0.1", "any-504:rate=0.1", "busy:rate=0.02"] {
        bench.whole(faults);
    }
    bench.done();
}

#[test]
fn an_item_that_is_said_not_to_be_there_without_a_word_is_asked_for_again() {
    let mut bench = Bench::of(120);
    let outcome = bench.whole("g18:rate=0.1");
    let gone = outcome.one("select count(*) from exception where code = 'gone'");
    bench.check("g18", gone == "0", || format!("{gone} are recorded as deleted"));
    bench.done();
}

#[test]
fn a_token_that_is_refused_is_renewed_once_and_the_request_asked_again() {
    let mut bench = Bench::of(120);
    for faults in ["g01", "rejected:ids=3", "claims-challenge:after=30:once"] {
        bench.whole(faults);
    }
    bench.done();
}

#[test]
fn a_sign_in_endpoint_that_says_nothing_for_a_while_does_not_end_a_run() {
    let mut bench = Bench::of(60);
    bench.whole("g01 g03:after=0:seconds=2");
    bench.done();
}

#[test]
fn headers_that_tell_how_much_is_left_harm_nothing() {
    let mut bench = Bench::of(60);
    bench.whole("g25");
    bench.done();
}

#[test]
fn a_web_page_in_place_of_a_message_is_not_taken_for_mail() {
    let mut bench = Bench::of(60);
    bench.whole("value-html:rate=0.1");
    bench.done();
}

#[test]
fn a_web_page_in_place_of_a_renewed_token_is_asked_for_again() {
    let mut bench = Bench::of(60);
    bench.whole("g01 token-html");
    bench.done();
}
