//! Random mailboxes under random schedules of faults: whatever comes together, every message that the service holds in
//! the range ends collected with the bytes that it serves, or named with the fault's code.
//!
//! `AFFIANT_CASES=20000 cargo test --test it random` soaks; `AFFIANT_CASE=17` runs one case alone.

mod case;
mod draw;
mod mailbox;
mod schedule;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use self::case::Case;
use crate::tenant::{PARALEGAL, Tenant};

/// Cases that every test run goes through.
const CASES: u64 = 500;
/// Tenants at a time: more than cores, since cases wait while the service asks them to.
const TENANTS: u64 = 6;
/// Mailboxes of one tenant.
const MAILBOXES: usize = 10;
/// Cases after which a tenant is replaced by one with other mailboxes.
const TURN: u64 = 50;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// The cases `turn * TURN ..`, on a tenant of their own.
fn turn(turn: u64, cases: std::ops::Range<u64>, wrong: &Mutex<Vec<String>>) {
    let folder = tempfile::tempdir().expect("a folder");
    let like = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tenant");
    let mailboxes = mailbox::tenant(folder.path(), &like, PARALEGAL, turn, MAILBOXES);
    let seed = turn.to_string();
    let tenant = Tenant::with_sign_in(&["--tenant", folder.path().to_str().expect("UTF-8"), "--seed", &seed]);
    for number in cases {
        let found = Case::drawn(number, &mailboxes).run(&tenant);
        wrong.lock().expect("not poisoned").extend(found);
    }
}

#[test]
fn any_mailbox_under_any_faults_ends_with_every_message_collected_as_served_or_named() {
    let wrong = Mutex::new(Vec::new());
    if let Some(case) = number("AFFIANT_CASE") {
        turn(case / TURN, case..case + 1, &wrong);
    } else {
        let cases = number("AFFIANT_CASES").unwrap_or(CASES);
        let next = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..TENANTS {
                scope.spawn(|| {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        if at * TURN >= cases {
                            break;
                        }
                        turn(at, at * TURN..((at + 1) * TURN).min(cases), &wrong);
                    }
                });
            }
        });
    }
    let wrong = wrong.into_inner().expect("not poisoned");
    assert!(wrong.is_empty(), "{} things do not hold:\n{}", wrong.len(), wrong.join("\n"));
}
