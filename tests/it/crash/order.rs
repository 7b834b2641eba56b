//! Durable before named: every file that arrives has its name only after a sync that began when it was written.

use std::collections::HashMap;

use crate::tenant::{Tenant, rows};

use super::strace;

const NINA: &str = "nina.blank@brackwater.example";
const CALLS: &str = "write,fsync,fdatasync,syncfs,rename";

/// A sync that came to its end: when it began, when it ended, and what it was of; `None` for the whole file system.
struct Synced {
    began: usize,
    ended: usize,
    path: Option<String>,
}

/// What a trace shows, each with the number of its line.
#[derive(Default)]
struct Trace {
    /// When a file was written last.
    written: HashMap<String, usize>,
    synced: Vec<Synced>,
    /// Files that got a name before they were durable.
    early: Vec<String>,
    named: usize,
    /// Calls that a thread has begun: name, path, line.
    under_way: HashMap<String, (String, Option<String>, usize)>,
}

/// The path of the file that a call works on, as `strace -y` shows it, or the first one that it names.
fn path_in(arguments: &str) -> Option<String> {
    let between = |open: char, close: char| {
        let rest = arguments.split_once(open)?.1;
        Some(rest.split_once(close)?.0.to_owned())
    };
    if arguments.starts_with('"') { between('"', '"') } else { between('<', '>') }
}

impl Trace {
    fn of(text: &str) -> Self {
        let mut trace = Self::default();
        for (at, line) in text.lines().enumerate() {
            let Some((thread, rest)) = line.split_once(' ') else { continue };
            let rest = rest.trim_start();
            if rest.starts_with("<... ") {
                if let Some((name, path, began)) = trace.under_way.remove(thread) {
                    trace.ended(&name, path, began, at, rest);
                }
                continue;
            }
            let Some((name, arguments)) = rest.split_once('(') else { continue };
            let path = path_in(arguments);
            if name == "rename" {
                trace.renamed(path.clone(), at);
            }
            if rest.ends_with("<unfinished ...>") {
                trace.under_way.insert(thread.to_owned(), (name.to_owned(), path, at));
            } else {
                trace.ended(name, path, at, at, rest);
            }
        }
        trace
    }

    fn ended(&mut self, name: &str, path: Option<String>, began: usize, ended: usize, said: &str) {
        match name {
            "write" => self.written.extend(path.map(|path| (path, ended))),
            "fsync" | "fdatasync" if said.ends_with("= 0") => self.synced.push(Synced { began, ended, path }),
            "syncfs" if said.ends_with("= 0") => self.synced.push(Synced { began, ended, path: None }),
            _ => {}
        }
    }

    fn renamed(&mut self, from: Option<String>, at: usize) {
        let Some(from) = from.filter(|path| path.contains("/affiant/incoming/")) else { return };
        self.named += 1;
        // One without bytes has nothing to lose.
        let Some(written) = self.written.get(&from) else { return };
        let covers = |synced: &Synced| {
            let is_its = synced.path.as_ref().is_none_or(|path| *path == from);
            is_its && synced.began > *written && synced.ended < at
        };
        if !self.synced.iter().any(covers) {
            self.early.push(from);
        }
    }
}

fn traced(format: &str, messages: u32) -> Trace {
    let tenant = Tenant::with_sign_in(&["--synthetic", &format!("{NINA}={messages}:7000")]);
    let (out, log) = (tenant.text("out"), tenant.path("trace"));
    let args = ["collect", NINA, "--folder", "Inbox/Volume", "--format", format, "--out", &out, "--yes", "--no-dns"];
    let traced = strace::before(&tenant.command(&args), &strace::record(&log, CALLS)).output().expect("strace runs");
    assert!(traced.status.success(), "{}", String::from_utf8_lossy(&traced.stderr));
    assert_eq!(rows(&tenant.path("out"), "select count(*) from item"), [messages.to_string()]);
    Trace::of(&std::fs::read_to_string(log).expect("a trace"))
}

#[test]
fn no_file_has_its_name_before_it_is_durable() {
    if !strace::is_there() {
        return;
    }
    // Few enough for a sync of each, and enough for groups that are synced as a whole.
    for (format, messages, least) in [("eml", 3, 3), ("eml", 300, 300), ("zip", 300, 1)] {
        let trace = traced(format, messages);
        assert!(trace.named >= least, "{format}: {} names", trace.named);
        assert!(trace.early.is_empty(), "{format}: {:?}", trace.early);
    }
}

#[test]
fn a_trace_shows_what_was_named_too_early() {
    let file = |name: &str| format!("/p/affiant/incoming/{name}.part");
    let (a, b, c) = (file("a"), file("b"), file("c"));
    let text = format!(
        "1 write(3<{a}>, \"x\", 1) = 1\n1 write(4<{b}>, \"x\", 1) = 1\n2 syncfs(5</p> <unfinished ...>\n\
         1 write(6<{c}>, \"x\", 1) = 1\n2 <... syncfs resumed>) = 0\n1 rename(\"{a}\", \"/p/data/a\") = 0\n\
         1 fdatasync(4<{b}>) = -1 EIO (Input/output error)\n1 rename(\"{b}\", \"/p/data/b\") = 0\n\
         1 rename(\"{c}\", \"/p/data/c\") = 0\n"
    );
    let trace = Trace::of(&text);
    assert_eq!((trace.named, trace.early), (3, vec![c]));
}
