//! Every write to the home folder fails once, or from then on: a sign-in is kept whole or not at all, and the
//! next one mends it.

use std::path::Path;
use std::process::Command;

use super::failing_disk::injuries;
use super::scene::{for_each, ran};
use super::strace;
use crate::tenant::Tenant;

const ERRORS: [&str; 3] = ["ENOSPC", "EIO", "EROFS"];

/// A verb with a home folder of its own.
fn at(tenant: &Tenant, home: &Path, args: &[&str]) -> Command {
    let mut command = tenant.command(args);
    command.env("AFFIANT_HOME", home);
    command
}

const LOGIN: [&str; 3] = ["login", "--flow", "device-code"];
/// Needs a token, and so renews one that is about to end.
const USE: [&str; 3] = ["users", "mara", "--json"];

#[test]
fn a_sign_in_that_cannot_be_kept_is_told_and_the_next_one_is_whole() {
    if !strace::is_there() {
        return;
    }
    // Shorter than the margin before the end: renewed, and stored, at every use.
    let tenant = Tenant::start(&["--token-lifetime-s", "60"]);
    let home = tenant.path("first");
    let log = tenant.path("trace");
    let first = ran(strace::before(&at(&tenant, &home, &LOGIN), &strace::record(&log, strace::EVERYTHING)));
    assert_eq!(first.exit, 0, "{}", first.stderr);
    let login = strace::calls(&std::fs::read_to_string(&log).expect("a trace"), &home);
    let used = ran(strace::before(&at(&tenant, &home, &USE), &strace::record(&log, strace::EVERYTHING)));
    assert_eq!(used.exit, 0, "{}", used.stderr);
    let renewal = strace::calls(&std::fs::read_to_string(&log).expect("a trace"), &home);
    let mut all: Vec<_> = injuries(&login, &ERRORS, 3).into_iter().map(|injury| (true, injury)).collect();
    all.extend(injuries(&renewal, &ERRORS, 3).into_iter().map(|injury| (false, injury)));
    assert!(all.len() > 10, "{} places", all.len());
    let complaints = for_each(&all, |index, (signing_in, injury)| {
        let wrong = |what: String| Err(format!("signing in: {signing_in}, {injury:?}: {what}"));
        let home = tenant.path(&format!("home-{index}"));
        if !signing_in {
            ran(at(&tenant, &home, &LOGIN));
        }
        let options = strace::inject(&home, &injury.call, &format!("error={}", injury.error), &injury.when);
        let verb: &[&str] = if *signing_in { &LOGIN } else { &USE };
        let hurt = ran(strace::before(&at(&tenant, &home, verb), &options));
        if hurt.stderr.contains("panicked") || !matches!(hurt.exit, 0 | 1 | 4) {
            return wrong(format!("it ends with {}: {}", hurt.exit, hurt.stderr));
        }
        if hurt.exit != 0 && !hurt.stderr.contains("help") {
            return wrong(format!("no advice: {}", hurt.stderr));
        }
        let after = ran(at(&tenant, &home, &USE));
        match (hurt.exit, after.exit) {
            (0, 0) => {}
            (0, _) => return wrong(format!("it was said to be done, and then: {}", after.stderr)),
            // A renewal that failed must leave the sign-in that was there.
            (_, code) if !signing_in && code != 0 => return wrong(format!("the sign-in is lost: {}", after.stderr)),
            _ => {}
        }
        if ran(at(&tenant, &home, &LOGIN)).exit != 0 || ran(at(&tenant, &home, &USE)).exit != 0 {
            return wrong("signing in again does not mend it".to_owned());
        }
        Ok(())
    });
    eprintln!("home: {} failures injected", all.len());
    assert!(complaints.is_empty(), "{} of {}:\n{}", complaints.len(), all.len(), complaints.join("\n"));
}
