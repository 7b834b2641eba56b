//! Media that are full, small, read-only or limited, and folders that go away or belong to another run.

use std::path::Path;
use std::process::Command;

use super::scene::{Scene, ran};
use crate::tenant::Ran;

/// Runs a script of the shell with the binary as `$affiant`, the arguments of `collect` as `$@`, and a small file
/// system of its own at `$small`; `None`, said aloud, where that is not allowed.
fn on_a_small_disk(scene: &Scene, name: &str, script: &str) -> Option<Ran> {
    let allowed = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no file system may be mounted here");
        return None;
    }
    let small = scene.tenant.path(&format!("{name}-disk"));
    std::fs::create_dir(&small).expect("made");
    Some(ran(shell(
        scene,
        &small,
        &format!("mount -t tmpfs -o size=2m none \"$small\"\n{script}"),
        &["unshare", "-rm"],
    )))
}

/// A script of the shell in the environment of the binary. What it collects goes to `$small/p`.
fn shell(scene: &Scene, small: &Path, script: &str, before: &[&str]) -> Command {
    let collect = scene.collect_into(&small.join("p"));
    let words = [before, &["sh", "-uc", script, "sh"]].concat();
    let mut shell = Command::new(words[0]);
    shell.args(&words[1..]).args(collect.get_args()).env("affiant", collect.get_program()).env("small", small);
    for (name, value) in collect.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// The exit codes that a script printed.
fn exits(ran: &Ran) -> Vec<&str> {
    ran.stdout.lines().filter_map(|line| line.strip_prefix("exit ")).collect()
}

#[test]
fn a_full_disk_ends_the_run_with_advice_and_room_lets_it_go_on() {
    let scene = Scene::of("eml");
    for full_kib in [0, 700, 1300, 1700, 1900, 1996, 2032, 2044] {
        let script = format!(
            "[ {full_kib} = 0 ] || head -c {full_kib}k /dev/zero > \"$small/ballast\"\n\
             \"$affiant\" \"$@\" > /dev/null; echo exit $?\n\
             rm -f \"$small/ballast\"; mount -o remount,size=64m \"$small\"\n\
             if [ -e \"$small/p/affiant/manifest.sqlite\" ]; then \"$affiant\" resume \"$small/p\" > /dev/null\n\
             else \"$affiant\" \"$@\" > /dev/null; fi; echo exit $?\n\
             \"$affiant\" verify \"$small/p\" > /dev/null; echo exit $?"
        );
        let Some(ran) = on_a_small_disk(&scene, &format!("full-{full_kib}"), &script) else { return };
        assert_eq!(exits(&ran), ["1", "3", "0"], "{full_kib} KiB: {}", ran.stderr);
        let codes = ["package::disk_full", "custody::disk_full"];
        assert!(codes.iter().any(|code| ran.stderr.contains(code)), "{full_kib} KiB: {}", ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        // Where it came to a plan, it was told before.
        assert!(full_kib > 0 || ran.stderr.contains("are free on the disk of"), "{full_kib} KiB: {}", ran.stderr);
    }
}

#[test]
fn a_read_only_medium_is_told_as_such_and_a_sealed_package_on_it_verifies() {
    let scene = Scene::of("eml");
    let script = "mount -o remount,size=64m \"$small\"; \"$affiant\" \"$@\" > /dev/null; echo exit $?\n\
         mkdir \"$small/q\"; cp -r \"$small/p\" \"$small/open\"; rm \"$small/open/tagmanifest-sha256.txt\"\n\
         mount -o remount,ro \"$small\"\n\
         \"$affiant\" verify \"$small/p\" > /dev/null; echo exit $?\n\
         \"$affiant\" resume \"$small/open\" > /dev/null; echo exit $?\n\
         \"$affiant\" collect me --json --yes --out \"$small/q\" > /dev/null; echo exit $?\n\
         \"$affiant\" collect me --json --yes --out \"$small/r\" > /dev/null; echo exit $?";
    let Some(ran) = on_a_small_disk(&scene, "read-only", script) else { return };
    assert_eq!(exits(&ran), ["3", "0", "1", "1", "1"], "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("is on a read-only file system").count(), 3, "{}", ran.stderr);
}

#[test]
fn a_limit_on_file_sizes_is_an_error_with_advice() {
    let scene = Scene::of("eml");
    let small = scene.tenant.path("limited");
    std::fs::create_dir(&small).expect("made");
    let script = "ulimit -f 600; \"$affiant\" \"$@\" > /dev/null; echo exit $?";
    let limited = ran(shell(&scene, &small, script, &[]));
    assert_eq!(exits(&limited), ["1"], "{}", limited.stderr);
    assert!(limited.stderr.contains("\"help\""), "{}", limited.stderr);
    scene.comes_to_the_same("limited/p").expect("the limit is lifted");
}

#[test]
fn a_folder_that_is_moved_away_under_a_run_ends_it_and_nothing_goes_elsewhere() {
    let scene = Scene::of("eml");
    for replaced in [false, true] {
        let name = format!("moved-{replaced}");
        let (root, away) = (scene.tenant.path(&name), scene.tenant.path(&format!("{name}-away")));
        let mut run = scene
            .collect(&name)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("it runs");
        while !root.join("affiant/manifest.sqlite-wal").exists() && run.try_wait().expect("its state").is_none() {
            std::thread::yield_now();
        }
        std::fs::rename(&root, &away).expect("moved");
        if replaced {
            std::fs::create_dir(&root).expect("made");
        }
        let output = run.wait_with_output().expect("it ends");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(!stderr.contains("panicked") && stderr.contains("\"help\""), "{stderr}");
        let elsewhere = std::fs::read_dir(&root).map_or(0, Iterator::count);
        assert_eq!(elsewhere, 0, "something was written into another folder");
        let _ = std::fs::remove_dir(&root);
        std::fs::rename(&away, &root).expect("moved back");
        scene.comes_to_the_same(&name).expect("put back, it goes on");
    }
}

#[test]
fn a_folder_that_another_run_works_in_is_left_alone() {
    let scene = Scene::of("eml");
    let root = scene.tenant.path("shared");
    let mut first = scene
        .collect("shared")
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it runs");
    while !root.join("affiant/lock.json").exists() && first.try_wait().expect("its state").is_none() {
        std::thread::yield_now();
    }
    let second = ran(scene.collect("shared"));
    assert_eq!(first.wait().expect("it ends").code(), Some(scene.exit));
    assert_eq!(second.exit, 1, "{}", second.stderr);
    assert!(second.stderr.contains("affiant::package::locked"), "{}", second.stderr);
    scene.comes_to_the_same("shared").expect("the first run is untouched");
}
