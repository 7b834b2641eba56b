//! `kill -9` at points that are spread over the whole life of a run, each followed by going on.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::scene::{Scene, chance, for_each};
use super::strace::{self, Call};

/// Points of each format, and how many of them are in the sealing.
const SOME: (u64, u64) = (26, 9);
/// The same with `AFFIANT_CRASH_ALL`: in the two tests together at least 200 are met.
const ALL: (u64, u64) = (108, 30);
/// One of so many is killed once more while it goes on.
const TWICE: usize = 8;

/// The calls of the undisturbed run at which others are killed.
fn points(calls: &[Call], (count, in_sealing): (u64, u64), seed: u64) -> Vec<&Call> {
    let reads_back = |call: &Call| call.path.as_deref() == Some("affiant/incoming/manifest-sha256.txt.part");
    let sealing = calls.iter().position(reads_back).expect("it seals");
    let (before, after) = calls.split_at(sealing);
    let pick = |calls: &[Call], count: u64, seed: u64| -> Vec<usize> {
        let of = |index| usize::try_from(chance(seed, index) % calls.len() as u64).expect("fits");
        (0..count).map(of).collect()
    };
    // The beginning has few calls and many states.
    let begun = before.iter().position(|call| call.name == "pwrite64").expect("it writes a manifest");
    let mut picked: Vec<&Call> = pick(&before[..begun], 8, seed).into_iter().map(|index| &before[index]).collect();
    picked.extend(pick(before, count - in_sealing - 8, seed + 1).into_iter().map(|index| &before[index]));
    picked.extend(pick(after, in_sealing, seed + 2).into_iter().map(|index| &after[index]));
    picked
}

fn killed_anywhere(format: &'static str, seed: u64) {
    if !strace::is_there() {
        return;
    }
    let scene = Scene::of(format);
    let many = if std::env::var_os("AFFIANT_CRASH_ALL").is_some() { ALL } else { SOME };
    let points = points(&scene.calls, many, seed);
    let (met, twice) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let complaints = for_each(&points, |index, call| {
        let name = format!("{format}-{index}");
        let root = scene.tenant.path(&name);
        let kill = |call: &Call| strace::inject(&root, call, "signal=KILL", &call.nth.to_string());
        let ran = scene.traced(&name, &kill(call));
        let killed = ran.exit == -1;
        met.fetch_add(usize::from(killed), Ordering::Relaxed);
        if !killed && ran.exit != 3 {
            return Err(format!("{call:?}: neither killed nor done: {} {}", ran.exit, ran.stderr));
        }
        if killed && index % TWICE == 0 {
            let again = points[(index * 7 + 3) % points.len()];
            let ran = scene.resume_traced(&name, &kill(again));
            twice.fetch_add(usize::from(ran.exit == -1), Ordering::Relaxed);
        }
        scene.comes_to_the_same(&name).map_err(|complaint| format!("{call:?}: {complaint}"))
    });
    let (met, twice) = (met.into_inner(), twice.into_inner());
    eprintln!("{format}: killed at {met} of {} points, {twice} of them twice", points.len());
    assert!(complaints.is_empty(), "{} of {}:\n{}", complaints.len(), points.len(), complaints.join("\n"));
    assert!(met * 100 >= points.len() * 80, "only {met} points were met");
}

#[test]
fn a_tree_of_files_comes_to_the_same_wherever_its_run_is_killed() {
    killed_anywhere("eml", 20_261_124);
}

#[test]
fn volumes_come_to_the_same_wherever_their_run_is_killed() {
    killed_anywhere("zip", 42);
}
