//! The service is away in the middle of a run, in every way, and comes back: no human is needed.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use super::cable::{Cable, Way};
use crate::tenant::{Tenant, rows};

const NINA: &str = "nina.blank@brackwater.example";

/// A tenant at the other end of a cable, with somebody signed in.
struct House {
    cable: Cable,
    tenant: Tenant,
    runs: u32,
}

/// A run that is under way.
struct Going {
    process: std::process::Child,
    lines: std::thread::JoinHandle<Vec<Value>>,
    package: PathBuf,
}

impl House {
    fn new(options: &[&str]) -> Self {
        let cable = Cable::new();
        let url = cable.url();
        let tenant = Tenant::start(&[&["--behind", &url], options].concat());
        cable.lead_to(tenant.port());
        tenant.login().exits(0);
        Self { cable, tenant, runs: 0 }
    }

    /// Starts to collect, with settings for a cable that is pulled for seconds.
    fn begin(&mut self, settings: &[(&str, &str)]) -> Going {
        self.runs += 1;
        let name = format!("run-{}", self.runs);
        let out = self.tenant.text(&name);
        let mut command =
            self.tenant.command(&["collect", NINA, "--folder", "Inbox/Volume", "--out", &out, "--yes", "--json"]);
        command.env("AFFIANT_LIMITS_STALL_S", "1").env("AFFIANT_LIMITS_FIRST_PAUSE_MS", "100");
        command.env("AFFIANT_LIMITS_UNREACHABLE_S", "600");
        command.envs(settings.iter().copied());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let out = BufReader::new(process.stdout.take().expect("piped"));
        let lines = std::thread::spawn(move || {
            out.lines().map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok()).collect()
        });
        Going { process, lines, package: self.tenant.path(&name) }
    }

    /// Waits until the tenant has answered so many requests for messages.
    fn answered(&self, messages: usize) {
        self.saw(messages, "path", |path| path.ends_with("/$value"));
    }

    /// Waits until the tenant has answered so many requests of a kind.
    fn saw(&self, messages: usize, part: &str, kind: impl Fn(&str) -> bool) {
        let begun = std::time::Instant::now();
        loop {
            let seen = self.tenant.control("GET", "requests");
            let count = seen["requests"].as_array().expect("requests").iter();
            let count = count.filter(|one| one[part].as_str().is_some_and(&kind)).count();
            if count >= messages {
                return;
            }
            assert!(begun.elapsed() < Duration::from_mins(1), "{count} were asked for");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn whole(&self, going: Going, messages: u32) -> Vec<Value> {
        let package = going.package.clone();
        let (exit, lines, said) = going.end();
        assert_eq!(exit, 0, "{said}");
        assert_eq!(rows(&package, "select count(*) from item"), [messages.to_string()]);
        assert_eq!(self.tenant.run(&["verify", package.to_str().expect("UTF-8")]).exit, 0);
        lines
    }
}

impl Going {
    fn end(self) -> (i32, Vec<Value>, String) {
        let output = self.process.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap_or(-1), self.lines.join().expect("lines"), said)
    }
}

/// How often requests ended in this way.
fn met(package: &std::path::Path, word: &str) -> u32 {
    rows(package, &format!("select count(*) from request where error = '{word}'"))[0].parse().expect("a number")
}

fn unplugged_for(each: Duration) {
    let mut house = House::new(&["--synthetic", &format!("{NINA}=400:1500"), "--latency-ms", "20"]);
    let going = house.begin(&[]);
    let package = going.package.clone();
    house.answered(60);
    for way in [Way::Refused, Way::Silent, Way::Cut] {
        house.cable.set(way);
        std::thread::sleep(each);
    }
    let before = house.cable.connections();
    house.cable.set(Way::Through);
    let lines = house.whole(going, 400);
    assert!(house.cable.connections() > before);
    for word in ["unreachable", "stalled", "connection_cut"] {
        assert!(met(&package, word) > 0, "{word}");
    }
    assert_eq!(rows(&package, "select count(*) from exception"), ["0"]);
    let away = lines.iter().find(|line| line["reason"] == "no answer from the service").expect("it is said");
    assert!(away["since"].as_str().is_some_and(|since| since.ends_with('Z')), "{away}");
    let waits: Vec<&Value> = lines.iter().filter(|line| line["since"].is_string()).collect();
    assert!(waits.iter().all(|line| line["since"] == away["since"]), "one absence, whatever its ways");
}

#[test]
fn a_server_that_is_unplugged_in_the_middle_needs_no_human() {
    unplugged_for(Duration::from_secs(3));
}

#[test]
#[ignore = "takes two minutes; the same is tried for seconds"]
fn a_server_that_is_unplugged_for_two_minutes_needs_no_human() {
    unplugged_for(Duration::from_secs(40));
}

#[test]
fn a_server_that_does_not_come_back_pauses_the_run_and_resume_ends_it() {
    let mut house = House::new(&["--synthetic", &format!("{NINA}=200:1500"), "--latency-ms", "20"]);
    let going = house.begin(&[("AFFIANT_LIMITS_UNREACHABLE_S", "2")]);
    let package = going.package.clone();
    house.answered(40);
    house.cable.set(Way::Refused);
    let (exit, lines, said) = going.end();
    assert_eq!(exit, 7, "{said}");
    assert!(said.contains("affiant resume"), "{said}");
    assert!(lines.last().is_some_and(|last| last["exit_code"] == 7 && last["seal"].is_null()), "{lines:?}");
    house.cable.set(Way::Through);
    house.tenant.run(&["resume", package.to_str().expect("UTF-8")]).exits(0);
    assert_eq!(rows(&package, "select count(*) from item"), ["200"]);
}

#[test]
fn a_sign_in_service_that_is_away_while_a_token_ends_is_waited_for() {
    let sign_in = Cable::new();
    let mut house =
        House::new(&["--synthetic", &format!("{NINA}=600:1500"), "--latency-ms", "60", "--token-lifetime-s", "4"]);
    sign_in.lead_to(house.tenant.port());
    let url = sign_in.url();
    let apart: [(&str, &str); 1] = [("AFFIANT_LOGIN_URL", &url)];
    let login = house.tenant.command(&["login", "--flow", "device-code"]).envs(apart).output().expect("it runs");
    assert!(login.status.success(), "{}", String::from_utf8_lossy(&login.stderr));
    let going = house.begin(&[apart[0], ("AFFIANT_LIMITS_FIRST_PAUSE_MS", "1200")]);
    house.answered(20);
    sign_in.set(Way::Refused);
    // The session itself tries four times, ahead of time and once more when the token is refused.
    std::thread::sleep(Duration::from_secs(21));
    sign_in.set(Way::Through);
    let lines = house.whole(going, 600);
    assert!(lines.iter().any(|line| line["reason"] == "no answer from the sign-in service"), "{lines:?}");
}

#[test]
fn a_service_that_answers_with_failures_only_for_a_while_costs_no_message_and_no_folder() {
    // In the middle of fetching, and in the middle of listing.
    for (latency, messages) in [("20", 40), ("200", 0)] {
        let mut house = House::new(&["--synthetic", &format!("{NINA}=600:1500"), "--latency-ms", latency]);
        let going = house.begin(&[("AFFIANT_LIMITS_FIRST_PAUSE_MS", "1"), ("AFFIANT_LIMITS_ATTEMPTS", "4")]);
        let package = going.package.clone();
        if messages > 0 {
            house.answered(messages);
        } else {
            house.saw(1, "query", |query| query.contains("$orderby=receivedDateTime asc"));
        }
        house.tenant.tell("faults", &json!({ "faults": "any-503:forever" }));
        std::thread::sleep(Duration::from_secs(4));
        house.tenant.tell("faults", &json!({ "faults": "" }));
        house.whole(going, 600);
        assert_eq!(rows(&package, "select code || severity || detail from exception"), Vec::<String>::new());
        assert_eq!(rows(&package, "select count(*) from item where source_kind <> 'mime_value'"), ["0"]);
        assert!(rows(&package, "select count(*) > 0 from request where status = 503") == ["1"]);
    }
}
