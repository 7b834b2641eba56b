//! One small mailbox on a tenant whose faults change from run to run, and what every run must come to.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::tenant::{Ran, Tenant, rows};

/// An empty mailbox that can be read, so that it holds only what a test puts there.
pub(super) const NINA: &str = "nina.blank@brackwater.example";
const HASHES: &str = "select graph_id, lower(hex(sha256)) from item order by 1";
/// Items that are missing without the request that said so.
const UNPROVEN: &str = "select count(*) from exception e where severity = 'item_missing' and listed_id is not null \
                        and not exists (select 1 from request r where r.entry_seq = e.entry_seq and r.request_id is not null)";
const NATIVES: &str = "select graph_id, lower(hex(sha256)) from item where source_kind = 'mime_value' order by 1";
const BROKEN: &str = "select count(*) from exception where severity = 'fatal'";
/// Listed messages that are neither collected nor excepted.
const WITHOUT_END: &str = "select count(*) from listed l where not exists (select 1 from item i where i.item_id = l.listed_id) \
                           and not exists (select 1 from exception e where e.listed_id = l.listed_id and e.severity = 'item_missing')";
/// Folders whose balance does not close.
const OPEN_BALANCE: &str = "select count(*) from reconciliation where listed <> collected + excepted";

/// A tenant, what an undisturbed run of it brings, and what went wrong so far.
pub(super) struct Bench {
    pub(super) tenant: Tenant,
    whole: Vec<String>,
    runs: usize,
    wrong: Vec<String>,
    settings: Vec<(&'static str, &'static str)>,
    args: Vec<&'static str>,
}

/// One run under faults.
pub(super) struct Outcome {
    pub(super) exit: i32,
    pub(super) last: Value,
    pub(super) said: String,
    pub(super) package: PathBuf,
    /// How often each fault struck.
    pub(super) struck: Vec<u64>,
}

impl Outcome {
    pub(super) fn count(&self, name: &str) -> u64 {
        self.last["totals"][name].as_u64().unwrap_or_default()
    }

    pub(super) fn rows(&self, sql: &str) -> Vec<String> {
        rows(&self.package, sql)
    }

    pub(super) fn one(&self, sql: &str) -> String {
        self.rows(sql).first().cloned().unwrap_or_default()
    }
}

impl Bench {
    /// A mailbox of this many messages.
    pub(super) fn of(messages: u32) -> Self {
        let mail = format!("{NINA}={messages}:1500");
        let tenant = Tenant::with_sign_in(&["--synthetic", &mail, "--seed", "7"]);
        let args = vec![NINA, "--folder", "Inbox/Volume"];
        let (ran, package) = tenant.collect("whole", &args);
        ran.exits(0);
        let whole = rows(&package, HASHES);
        assert_eq!(whole.len(), messages as usize);
        Self { tenant, whole, runs: 0, wrong: Vec::new(), settings: Vec::new(), args }
    }

    /// The multiparts of a package, as id and hash, that are not as an undisturbed run brings them; and how many there are.
    pub(super) fn spoilt_multiparts(&self, package: &Path) -> (Vec<String>, usize) {
        let natives = rows(package, "select graph_id, lower(hex(sha256)), path from item order by 1");
        let multipart = |row: &&String| {
            let path = row.rsplit('|').next().expect("a path");
            let bytes = std::fs::read(package.join(path)).expect("a native");
            String::from_utf8_lossy(&bytes).contains("Content-Type: multipart/")
        };
        let multiparts: Vec<&String> = natives.iter().filter(multipart).collect();
        let known =
            |row: &str| row.rsplit_once('|').is_some_and(|(row, _)| self.whole.iter().any(|whole| whole == row));
        let spoilt = multiparts.iter().filter(|row| !known(row)).map(|row| (*row).clone()).collect();
        (spoilt, multiparts.len())
    }

    /// Sets a variable for every run that follows.
    pub(super) fn set(mut self, name: &'static str, value: &'static str) -> Self {
        self.settings.push((name, value));
        self
    }

    /// Which faults the tenant has from now on.
    pub(super) fn faults(&self, faults: &str) {
        self.tenant.tell("faults", &json!({ "faults": faults }));
    }

    fn run(&self, args: &[&str]) -> Ran {
        let mut command = self.tenant.command(args);
        self.settings.iter().for_each(|(name, value)| {
            command.env(name, value);
        });
        let output = command.output().expect("the binary runs");
        Ran {
            exit: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// A run under these faults, which end with it; what holds for every run is checked.
    pub(super) fn under(&mut self, faults: &str) -> Outcome {
        self.runs += 1;
        let name = format!("run-{}", self.runs);
        let out = self.tenant.text(&name);
        self.faults(faults);
        let args = [&["collect", "--out", &out, "--yes", "--json"], self.args.as_slice()].concat();
        let ran = self.run(&args);
        let struck = self.tenant.control("GET", "requests")["struck"].clone();
        let struck = struck.as_array().expect("counts").iter().filter_map(Value::as_u64).collect();
        self.faults("");
        let package = self.tenant.path(&name);
        let last = ran.stdout.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        let outcome = Outcome { exit: ran.exit, last, said: ran.stderr, package, struck };
        self.check(faults, !outcome.said.contains("panicked"), || "it panicked".to_owned());
        if outcome.package.join("affiant/manifest.sqlite").exists() {
            self.holds(faults, &outcome);
        }
        outcome
    }

    /// What holds for every run, whatever happened: the balance closes, what is missing is proven, the stranger agrees.
    fn holds(&mut self, faults: &str, outcome: &Outcome) {
        let sealed = outcome.last["seal"].is_object();
        if sealed {
            let closed = outcome.count("listed") == outcome.count("collected") + outcome.count("excepted");
            self.check(faults, closed, || format!("the balance is open: {}", outcome.last["totals"]));
        }
        for (sql, what) in [(OPEN_BALANCE, "folders are not balanced"), (UNPROVEN, "losses without a request")] {
            let count = outcome.one(sql);
            self.check(faults, count == "0", || format!("{count} {what}"));
        }
        let verified = self.tenant.run(&["verify", outcome.package.to_str().expect("UTF-8")]);
        let expected = i32::from(!sealed);
        self.check(faults, verified.exit == expected, || format!("verify {}: {}", verified.exit, verified.stderr));
    }

    /// Notes what does not hold.
    pub(super) fn check(&mut self, faults: &str, holds: bool, says: impl FnOnce() -> String) {
        if !holds {
            self.wrong.push(format!("{faults}: {}", says()));
        }
    }

    fn exits(&mut self, faults: &str, outcome: &Outcome, exit: i32) {
        let last = outcome.said.lines().filter(|line| line.starts_with("error:")).collect::<String>();
        let exceptions = &outcome.last["exceptions"];
        self.check(faults, outcome.exit == exit, || {
            format!("exit {} and not {exit}; exceptions {exceptions}; {last}", outcome.exit)
        });
    }

    /// The run succeeds and brings, byte for byte, what an undisturbed one brings.
    pub(super) fn whole(&mut self, faults: &str) -> Outcome {
        let outcome = self.whole_if_struck(faults);
        let struck = outcome.struck.iter().all(|count| *count > 0);
        self.check(faults, struck, || format!("it struck {:?} times", outcome.struck));
        outcome
    }

    /// The same whether or not the faults strike.
    pub(super) fn whole_if_struck(&mut self, faults: &str) -> Outcome {
        let outcome = self.under(faults);
        self.exits(faults, &outcome, 0);
        self.same(faults, &outcome.package.clone());
        outcome
    }

    /// Whether a package holds what an undisturbed run brings.
    pub(super) fn same(&mut self, faults: &str, package: &Path) {
        if !package.join("affiant/manifest.sqlite").exists() {
            self.check(faults, false, || "there is no package".to_owned());
            return;
        }
        let have = rows(package, HASHES);
        let (expected, differ) = (self.whole.len(), have != self.whole);
        self.check(faults, !differ, || format!("{} items, not the {expected} of an undisturbed run", have.len()));
    }

    /// The run ends with exceptions, so many of them with this code and severity; all other items are as undisturbed.
    pub(super) fn named(&mut self, faults: &str, code: &str, severity: &str, listed: usize) -> Outcome {
        let outcome = self.under(faults);
        self.exits(faults, &outcome, 3);
        let named = format!("select count(*) from exception where code = '{code}' and severity = '{severity}'");
        let named = outcome.one(&named);
        self.check(faults, named != "0", || format!("no {code} of severity {severity}: {}", outcome.last));
        let all = outcome.one("select count(*) from listed");
        self.check(faults, all == listed.to_string(), || format!("{all} listed, not {listed}"));
        let others = outcome.rows(NATIVES).iter().all(|row| self.whole.contains(row));
        self.check(faults, others, || "natives differ from an undisturbed run's".to_owned());
        outcome
    }

    /// The run pauses with this exit code; without the faults, `resume` brings what an undisturbed run brings.
    pub(super) fn paused(&mut self, faults: &str, exit: i32) -> Outcome {
        let outcome = self.under(faults);
        self.exits(faults, &outcome, exit);
        self.check(faults, outcome.last["seal"].is_null(), || "it is sealed".to_owned());
        self.resumed(faults, &outcome, 0);
        outcome
    }

    /// Goes on without faults; the person signs in again where that was needed.
    pub(super) fn resumed(&mut self, faults: &str, outcome: &Outcome, exit: i32) {
        if outcome.exit == 4 {
            self.tenant.login().exits(0);
        }
        let ran = self.run(&["resume", outcome.package.to_str().expect("UTF-8")]);
        self.check(faults, ran.exit == exit, || format!("resumed with {} and not {exit}: {}", ran.exit, ran.stderr));
        if exit == 0 {
            self.same(faults, &outcome.package.clone());
        }
        let verified = self.tenant.run(&["verify", outcome.package.to_str().expect("UTF-8")]);
        self.check(faults, verified.exit == 0, || format!("verify after resume {}", verified.exit));
    }

    /// Every message that was put there is listed, or a list is said to be broken; each listed one has ended; and what
    /// is native has the bytes of an undisturbed run.
    pub(super) fn accounts_for_all(&mut self, faults: &str, outcome: &Outcome) {
        let (all, broken) = (outcome.one("select count(*) from listed"), outcome.one(BROKEN));
        let expected = self.whole.len().to_string();
        self.check(faults, all == expected || broken != "0", || format!("{all} of {expected} listed"));
        let open = outcome.one(WITHOUT_END);
        self.check(faults, open == "0", || format!("{open} listed messages have no end"));
        let others = outcome.rows(NATIVES).iter().filter(|row| !self.whole.contains(row)).count();
        self.check(faults, others == 0, || format!("{others} natives differ from an undisturbed run's"));
    }

    /// Goes on without faults to a sealed package, with or without exceptions from before.
    pub(super) fn goes_on(&mut self, faults: &str, outcome: &Outcome) {
        if outcome.exit == 4 {
            self.tenant.login().exits(0);
        }
        let ran = self.run(&["resume", outcome.package.to_str().expect("UTF-8")]);
        self.check(faults, [0, 3].contains(&ran.exit), || format!("resumed with {}: {}", ran.exit, ran.stderr));
        let verified = self.tenant.run(&["verify", outcome.package.to_str().expect("UTF-8")]);
        self.check(faults, verified.exit == 0, || format!("verify after resume {}", verified.exit));
    }

    /// Everything that was checked holds.
    pub(super) fn done(self) {
        assert!(self.wrong.is_empty(), "\n{}", self.wrong.join("\n"));
    }
}
