//! What one message costs in system calls that touch the disk: counts, not seconds, so that a slower way of writing is
//! noticed on any machine. Two sizes are collected and the difference counts, which leaves out what a run costs anyway.

use std::collections::BTreeMap;
use std::path::Path;

use crate::crash::strace;
use crate::tenant::{Tenant, rows};

const NINA: &str = "nina.blank@brackwater.example";
const FEW: u32 = 200;
const MANY: u32 = 600;
const CALLS: &str = "openat,write,pwrite64,writev,fsync,fdatasync,syncfs,rename,unlink,mkdir,statx,lseek,read,pread64";

/// How often each system call was made by a collection of so many messages.
fn calls_of(format: &str, messages: u32) -> BTreeMap<String, u64> {
    let tenant = Tenant::with_sign_in(&["--synthetic", &format!("{NINA}={messages}:7000")]);
    let (out, counts) = (tenant.text("out"), tenant.path("counts"));
    let args = ["collect", NINA, "--folder", "Inbox/Volume", "--format", format, "--out", &out, "--yes", "--no-dns"];
    let options = ["-c", "--seccomp-bpf", "-o", counts.to_str().expect("UTF-8"), "-e", &format!("trace={CALLS}")];
    let traced = strace::before(&tenant.command(&args), &options.map(str::to_owned)).output().expect("strace runs");
    assert!(traced.status.success(), "{}", String::from_utf8_lossy(&traced.stderr));
    assert_eq!(rows(&tenant.path("out"), "select count(*) from item"), [messages.to_string()]);
    counted(&counts)
}

/// The table that `strace -c` prints: the fourth column counts, the last names.
fn counted(file: &Path) -> BTreeMap<String, u64> {
    let text = std::fs::read_to_string(file).expect("counts");
    let row = |line: &str| {
        let cells: Vec<&str> = line.split_whitespace().collect();
        Some(((*cells.last()?).to_owned(), cells.get(3)?.parse().ok()?))
    };
    text.lines().filter_map(row).filter(|(name, _)| name != "total").collect()
}

/// Calls per message, by name.
fn per_message(format: &str) -> BTreeMap<String, f64> {
    let (few, many) = (calls_of(format, FEW), calls_of(format, MANY));
    let more = |name: &String, count: u64| count.saturating_sub(few.get(name).copied().unwrap_or(0));
    let share = |calls: u64| f64::from(u32::try_from(calls).expect("few calls")) / f64::from(MANY - FEW);
    many.into_iter().map(|(name, count)| (name.clone(), share(more(&name, count)))).collect()
}

/// Every call is made about so often per message, no more and no less: what is made durable is counted exactly, what
/// depends on how threads meet has room.
fn about(format: &str, expected: &[(&str, f64, f64)]) {
    if !strace::is_there() {
        return;
    }
    let made = per_message(format);
    let is_off = |(name, least, most): &&(&str, f64, f64)| {
        let calls = made.get(*name).copied().unwrap_or(0.0);
        calls < *least || calls > *most
    };
    let off: Vec<_> = expected.iter().filter(is_off).collect();
    assert!(off.is_empty(), "{format}: not within {off:?}: {made:.2?}");
}

#[test]
fn a_message_in_a_tree_is_one_file_made_named_and_read_once_and_synced_with_its_group() {
    about(
        "eml",
        &[
            // One for each where the file system cannot be synced as a whole, none where it can.
            ("fdatasync", 0.0, 1.05),
            ("syncfs", 0.0, 0.15),
            ("rename", 0.99, 1.05),
            // A folder is made once for a thousand messages.
            ("mkdir", 0.0, 0.05),
            ("fsync", 0.0, 0.2),
            ("unlink", 0.0, 0.05),
            // Made, and opened once more for the seal.
            ("openat", 1.9, 2.2),
            ("read", 0.0, 2.5),
            // The bytes once; the rest wakes threads.
            ("write", 0.9, 5.0),
            // The manifest: a write-ahead log and its checkpoints.
            ("pwrite64", 0.0, 4.0),
            ("pread64", 0.0, 2.5),
            ("statx", 0.0, 3.0),
            ("lseek", 0.0, 0.1),
        ],
    );
}

#[test]
fn messages_in_a_volume_share_a_file_a_sync_and_a_name_with_their_group() {
    about(
        "zip",
        &[
            ("fdatasync", 0.0, 0.1),
            ("syncfs", 0.0, 0.0),
            ("rename", 0.0, 0.1),
            ("mkdir", 0.0, 0.05),
            ("fsync", 0.0, 0.2),
            ("unlink", 0.0, 0.05),
            ("openat", 0.0, 0.3),
            // Read to be checked, to be copied, and for the seal.
            ("read", 0.0, 3.0),
            ("write", 0.0, 7.5),
            ("pwrite64", 0.0, 4.0),
            ("pread64", 0.0, 2.5),
            ("statx", 0.0, 0.3),
            ("lseek", 0.0, 2.0),
        ],
    );
}
