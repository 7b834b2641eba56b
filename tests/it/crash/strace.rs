//! The binary under `strace`: what it does to its files, and how a call is made to kill it or to fail.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};

/// Calls that change files, or make what was changed durable; and the calls of the network.
pub(super) const EVERYTHING: &str = "write,pwrite64,writev,fsync,fdatasync,syncfs,rename,openat,ftruncate,mkdir,unlink,unlinkat,sendto,recvfrom,epoll_wait";

/// Whether `strace` is there and may be used; says so when not.
pub(crate) fn is_there() -> bool {
    let tried = Command::new("strace").args(["-f", "-qq", "-o", "/dev/null", "true"]).status();
    let works = tried.is_ok_and(|status| status.success());
    if !works {
        eprintln!("skipped: strace is not installed, or may not trace here");
    }
    works
}

/// One system call of a traced run.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// Its name.
    pub(super) name: String,
    /// The file it works on, from the root that was given; `None` for everything else.
    pub(super) path: Option<String>,
    /// Which call of that name this is for its thread, on that file or, without one, at all; from 1.
    pub(super) nth: usize,
    /// Whether an `openat` may make the file.
    pub(super) creates: bool,
}

/// The same command with `strace` in front of it.
pub(crate) fn before(command: &Command, options: &[String]) -> Command {
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq"]).args(options).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    // Few threads: a place is counted by thread, and should be met again.
    traced.env("TOKIO_WORKER_THREADS", "2").stdin(Stdio::null());
    traced
}

/// Options that write all calls of these names to a file.
pub(super) fn record(to: &Path, calls: &str) -> Vec<String> {
    ["--seccomp-bpf", "-y", "-o", &to.display().to_string(), "-e", &format!("trace={calls}")]
        .map(str::to_owned)
        .to_vec()
}

/// Options that do something at a call: `what` is `signal=KILL` or `error=ENOSPC`, `when` as strace has it.
pub(super) fn inject(root: &Path, call: &Call, what: &str, when: &str) -> Vec<String> {
    let name = &call.name;
    let mut options = vec!["-o".to_owned(), "/dev/null".to_owned()];
    // Stops at nothing else, which is much faster; but it does not deliver signals.
    options.extend((!what.starts_with("signal")).then(|| "--seccomp-bpf".to_owned()));
    if let Some(path) = &call.path {
        options.extend(["-P".to_owned(), root.join(path).display().to_string()]);
    }
    options.extend([
        "-e".to_owned(),
        format!("trace={name}"),
        "-e".to_owned(),
        format!("inject={name}:{what}:when={when}"),
    ]);
    options
}

/// Reads what [`record`] wrote.
pub(super) fn calls(text: &str, root: &Path) -> Vec<Call> {
    let mut seen = HashMap::<(String, String, Option<String>), usize>::new();
    let mut calls = Vec::new();
    for line in text.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let Some((name, arguments)) = rest.trim_start().split_once('(') else { continue };
        if !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
            continue;
        }
        let path = below(arguments, &root.display().to_string());
        let key = (thread.to_owned(), name.to_owned(), path.clone());
        let nth = seen.entry(key).and_modify(|nth| *nth += 1).or_insert(1);
        calls.push(Call { name: name.to_owned(), path, nth: *nth, creates: arguments.contains("O_CREAT") });
    }
    calls
}

/// The first path in the arguments that lies in the folder.
fn below(arguments: &str, root: &str) -> Option<String> {
    for (at, _) in arguments.match_indices(root) {
        let rest = &arguments[at + root.len()..];
        let end = rest.find(['"', '>']).unwrap_or(rest.len());
        match rest[..end].strip_prefix('/') {
            Some(path) => return Some(path.trim_end_matches('/').to_owned()),
            None if end == 0 => return Some(String::new()),
            None => {}
        }
    }
    None
}

#[test]
fn a_trace_is_read_as_calls_on_files() {
    let text = "7 openat(AT_FDCWD</tmp>, \"/r/p/a/b\", O_WRONLY|O_CREAT, 0666) = 3</r/p/a/b>\n\
                7 write(3</r/p/a/b>, \"x\", 1 <unfinished ...>\n7 <... write resumed>) = 1\n8 write(3</r/p/a/b>, \"x\", 1) = 1\n\
                7 write(3</r/p/a/b>, \"x\", 1) = 1\n7 fsync(4</r/p>) = 0\n7 fsync(4</r/pp>) = 0\n7 +++ exited with 0 +++\n";
    let calls = calls(text, Path::new("/r/p"));
    let found: Vec<_> = calls.iter().map(|call| (call.name.as_str(), call.path.as_deref(), call.nth)).collect();
    let expected = [
        ("openat", Some("a/b"), 1),
        ("write", Some("a/b"), 1),
        ("write", Some("a/b"), 1),
        ("write", Some("a/b"), 2),
        ("fsync", Some(""), 1),
        ("fsync", None, 1),
    ];
    assert_eq!(found, expected);
    assert!(calls[0].creates && !calls[1].creates);
}
