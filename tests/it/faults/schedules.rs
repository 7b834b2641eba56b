//! Random schedules out of all faults: whatever comes together, the balance closes, and when it is over the run ends.

use super::bench::Bench;

/// Faults that may be drawn, each mild enough that a run gets somewhere. Not `late`: together with pages that fail it
/// hides messages from the second listing too, which is mail that arrives after the run.
const DRAWN: [&str; 35] = [
    "throttle:every=30",
    "throttle:every=45:retry-after=date",
    "concurrency:every=40:retry-after=none",
    "any-503:rate=0.05",
    "any-502:rate=0.05",
    "busy:rate=0.01",
    "inner-error:rate=0.05",
    "odd-case:rate=0.05",
    "bad-request:rate=0.03",
    "io-error:rate=0.05",
    "cut-body:rate=0.05",
    "cut-json:rate=0.05",
    "broken-promise:rate=0.05",
    "reset:rate=0.05",
    "empty-404:rate=0.05",
    "html-503:rate=0.05",
    "token-expire:after=40",
    "token-revoke:after=90:once",
    "denied:after=150",
    "mailbox-gone:after=170",
    "list-503:above=50",
    "list-504:above=100",
    "empty-page:rate=0.3",
    "short-page",
    "no-link:once",
    "same-link:once",
    "userless-link:once",
    "foreign-link:once",
    "shift:once",
    "twice",
    "smime-500:rate=0.03",
    "body-unreadable:rate=0.03",
    "vanish:rate=0.03",
    "ole:rate=0.3",
    "control-character:rate=0.5",
];

/// Numerical Recipes' generator: any will do, as long as the schedules are the same each time.
struct Draw(u32);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(self.0 >> 8).expect("fits") % bound
    }

    fn schedule(&mut self) -> String {
        let mut drawn: Vec<&str> = (0..2 + self.below(6)).map(|_| DRAWN[self.below(DRAWN.len())]).collect();
        // The same fault twice may strike twice what a fault by itself lets pass.
        drawn.sort_unstable();
        drawn.dedup();
        drawn.join(" ")
    }
}

fn schedules(seed: u32, count: usize) {
    let mut bench = Bench::of(120);
    let mut draw = Draw(seed);
    for _ in 0..count {
        let faults = draw.schedule();
        let outcome = bench.under(&faults);
        let exit = outcome.exit;
        bench.check(&faults, [0, 1, 3, 4, 5].contains(&exit), || format!("exit {exit}: {}", outcome.said));
        let begun = outcome.package.join("affiant/manifest.sqlite").exists();
        let listed = outcome.count("listed") > 0;
        if begun && !outcome.last["seal"].is_object() && (exit != 5 || listed) {
            bench.goes_on(&faults, &outcome);
        } else if exit == 4 {
            bench.tenant.login().exits(0);
        }
        if begun && (exit != 5 || listed) {
            bench.accounts_for_all(&faults, &outcome);
        }
        if exit == 0 {
            bench.same(&faults, &outcome.package);
        }
    }
    bench.done();
}

#[test]
fn random_schedules_of_faults_close_the_balance_and_can_be_resumed() {
    schedules(20_240_301, 6);
}

/// As many as `AFFIANT_SCHEDULES` says, for a longer soak.
#[test]
fn other_random_schedules_of_faults_close_the_balance_and_can_be_resumed() {
    let count = std::env::var("AFFIANT_SCHEDULES").ok().and_then(|text| text.parse().ok());
    schedules(20_261_124, count.unwrap_or(6));
}
