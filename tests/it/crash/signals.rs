//! Signals, a reader that leaves, and a machine that sleeps.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use super::scene::{Scene, for_each};
use super::strace;
use crate::tenant::{MARA, Tenant, rows};

fn tell(process: &Child, signal: &str) {
    let told = Command::new("kill").args([signal, &process.id().to_string()]).status().expect("kill runs");
    assert!(told.success(), "{signal}");
}

/// A tenant whose mailbox takes long enough for a signal that comes late on a busy machine.
fn slow_tenant() -> Tenant {
    Tenant::with_sign_in(&["--synthetic", &format!("{MARA}=1200:2000"), "--latency-ms", "10"])
}

/// Starts a run and returns once it fetches, with its output still to come.
fn fetching(mut command: Command) -> (Child, impl Iterator<Item = String>) {
    let mut run = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it runs");
    let mut lines = BufReader::new(run.stdout.take().expect("piped")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("\"fetching\"")), "it began to fetch");
    (run, lines)
}

fn collect<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["collect", MARA, "--folder", "Inbox/Volume", "--yes", "--json", "--out", out], more].concat()
}

#[test]
fn the_end_of_a_process_or_of_its_terminal_is_asked_for_like_ctrl_c() {
    let tenant = slow_tenant();
    for signal in ["-TERM", "-HUP"] {
        let out = tenant.text(signal);
        let (mut run, lines) = fetching(tenant.command(&collect(&out, &[])));
        tell(&run, signal);
        let last: serde_json::Value = serde_json::from_str(&lines.last().unwrap_or_default()).expect("a result");
        assert_eq!((run.wait().expect("it ends").code(), last["state"].as_str()), (Some(7), Some("interrupted")));
        let closed = "select json_extract(body,'$.reason') from entry order by seq desc limit 1";
        assert_eq!(rows(&tenant.path(signal), closed), ["interrupted"]);
        tenant.run(&["resume", &out]).exits(0);
        tenant.run(&["verify", &out]).exits(0);
    }
}

#[test]
fn asked_twice_it_leaves_at_once_and_what_is_durable_stays() {
    let tenant = slow_tenant();
    let out = tenant.text("p");
    let (mut run, lines) = fetching(tenant.command(&collect(&out, &[])));
    // Two signals of one kind may arrive as one.
    tell(&run, "-INT");
    tell(&run, "-TERM");
    lines.for_each(drop);
    assert_eq!(run.wait().expect("it ends").code(), Some(7));
    tenant.run(&["resume", &out]).exits(0);
    tenant.run(&["verify", &out]).exits(0);
}

#[test]
fn what_was_started_to_outlive_its_terminal_does() {
    let tenant = slow_tenant();
    let out = tenant.text("p");
    let command = tenant.command(&collect(&out, &[]));
    let mut nohup = Command::new("sh");
    nohup.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => nohup.env(name, value),
            None => nohup.env_remove(name),
        };
    }
    let (mut run, lines) = fetching(nohup);
    tell(&run, "-HUP");
    lines.for_each(drop);
    assert_eq!(run.wait().expect("it ends").code(), Some(0));
    tenant.run(&["verify", &out]).exits(0);
}

#[test]
fn a_reader_that_leaves_does_not_end_the_run() {
    let tenant = slow_tenant();
    let out = tenant.text("p");
    let mut command = tenant.command(&collect(&out, &[]));
    let mut run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    // `| head -1`, and nobody listens to the messages either.
    drop(run.stderr.take());
    let mut line = String::new();
    BufReader::new(run.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    assert_eq!(run.wait().expect("it ends").code(), Some(0));
    tenant.run(&["verify", &out]).exits(0);
}

#[test]
fn a_machine_that_sleeps_goes_on_when_it_wakes() {
    let tenant = slow_tenant();
    let out = tenant.text("p");
    let (mut run, lines) = fetching(tenant.command(&collect(&out, &[])));
    tell(&run, "-STOP");
    // Meanwhile every connection is lost: whatever is asked next on one breaks.
    tenant.tell("faults", &serde_json::json!({ "faults": "reset:times=1" }));
    std::thread::sleep(std::time::Duration::from_secs(2));
    tell(&run, "-CONT");
    lines.for_each(drop);
    assert_eq!(run.wait().expect("it ends").code(), Some(0));
    tenant.run(&["verify", &out]).exits(0);
}

/// Signals at exact points of the whole run, the sealing included, once and again and again.
#[test]
fn asked_at_any_point_it_saves_what_it_has_and_can_go_on() {
    if !strace::is_there() {
        return;
    }
    let scene = Scene::of("zip");
    let points: Vec<_> = scene.calls.iter().filter(|call| call.path.is_some()).collect();
    let sealing = ["openat", "fsync", "rename"].iter().flat_map(|name| {
        let of_seal =
            |path: &str| path.contains("sha256.txt") || path.ends_with(".zip.part") || path.contains("log.jsonl");
        points.iter().filter(move |call| call.name == *name && call.path.as_deref().is_some_and(of_seal)).step_by(9)
    });
    let mut chosen: Vec<_> = (0..10).map(|n| points[(points.len() - 1) * n / 10]).collect();
    chosen.extend(sealing);
    let complaints = for_each(&chosen, |index, call| {
        let name = format!("asked-{index}");
        let root = scene.tenant.path(&name);
        let signal = ["signal=INT", "signal=TERM", "signal=HUP"][index % 3];
        let again = if index % 4 == 3 { "+" } else { "" };
        let ran = scene.traced(&name, &strace::inject(&root, call, signal, &format!("{}{again}", call.nth)));
        let begun = root.join("affiant/manifest.sqlite").exists();
        // Before there is anything to save, the signal just ends the process.
        if ran.exit != 7 && ran.exit != scene.exit && begun {
            return Err(format!("{call:?} {signal}{again}: it ends with {}: {}", ran.exit, ran.stderr.trim()));
        }
        scene.comes_to_the_same(&name).map_err(|complaint| format!("{call:?} {signal}{again}: {complaint}"))
    });
    assert!(complaints.is_empty(), "{} of {}:\n{}", complaints.len(), chosen.len(), complaints.join("\n"));
}
