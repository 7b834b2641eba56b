//! Packages of the real binary under other people's tools and under every kind of damage.

use std::path::Path;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use crate::damage::{self, Said};
use crate::tenant::{MARA, Tenant, affiant};

fn package(tenant: &Tenant, name: &str, more: &[&str]) -> Utf8PathBuf {
    let (ran, package) = tenant.collect(name, &[&[MARA, "--folder", "Inbox/Kestrel"], more].concat());
    assert!(matches!(ran.exit, 0 | 3), "{}", ran.stderr);
    Utf8PathBuf::from_path_buf(package).expect("UTF-8")
}

/// Runs a tool of somebody else's; false when it is not installed.
fn accepts(folder: &Utf8Path, program: &str, args: &[&str]) -> bool {
    match Command::new(program).args(args).current_dir(folder).output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            if said.contains("No module named") {
                eprintln!("SKIPPED: {program} {args:?} is not installed");
                return false;
            }
            assert!(output.status.success(), "{program} {args:?}: {said}");
            true
        }
        Err(_) => {
            eprintln!("SKIPPED: {program} is not installed");
            false
        }
    }
}

#[test]
fn other_peoples_tools_accept_the_package() {
    let tenant = Tenant::with_sign_in(&[]);
    let verify = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/verify.py");
    for (name, more) in [("eml", &[][..]), ("zip", &["--format", "zip"])] {
        let package = package(&tenant, name, more);
        accepts(&package, "sha256sum", &["--quiet", "-c", "manifest-sha256.txt"]);
        accepts(&package, "sha256sum", &["--quiet", "-c", "tagmanifest-sha256.txt"]);
        accepts(&package, "md5sum", &["--quiet", "-c", "manifest-md5.txt"]);
        let audit = ["-c", "md5,sha256", "-r", "-l", "-a", "-k", "affiant/hashdeep.txt", "data"];
        accepts(&package, "hashdeep", &audit);
        accepts(&package, "python3", &["-m", "bagit", "--validate", "--quiet", "."]);
        accepts(&package, "python3", &[verify, "."]);
        accepts(&package, "sqlite3", &["-readonly", "affiant/manifest.sqlite", "pragma integrity_check"]);
        if name == "zip" {
            accepts(&package, "unzip", &["-tq", "data/VOL001.zip"]);
            accepts(&package, "python3", &["-m", "zipfile", "-t", "data/VOL001.zip"]);
        } else {
            let parse = "import email,email.policy,glob\nfiles=glob.glob('data/**/*.eml',recursive=True)\nassert files\n\
                         for f in files: list(email.message_from_binary_file(open(f,'rb'),policy=email.policy.default).walk())";
            accepts(&package, "python3", &["-c", parse]);
        }
    }
}

#[test]
fn the_key_that_collect_prints_verifies_the_package_and_another_does_not() {
    let tenant = Tenant::with_sign_in(&[]);
    let (ran, one) = tenant.collect("one", &[MARA, "--folder", "Inbox/Kestrel"]);
    let key = ran.last()["seal"]["vkey"].as_str().expect("a key").to_owned();
    let other = package(&tenant, "other", &[]);
    let one = one.to_str().expect("UTF-8");
    let verify = |args: &[&str]| affiant(Path::new("/nonexistent/home"), &[&["verify", one], args].concat());
    let told = verify(&["--key", &key]).exits(0);
    assert!(told.stdout.contains("(the key you gave)"), "{}", told.stdout);
    verify(&["--key", &format!("{one}/affiant/checkpoint.vkey")]).exits(0);
    // One key of this machine, and yet another name: the vkey of another acquisition is not this one's.
    let differs = verify(&["--key", &format!("{other}/affiant/checkpoint.vkey")]).exits(6);
    assert!(differs.stdout.contains("NOT the key you gave"), "{}", differs.stdout);
    verify(&["--key", "nonsense"]).fails(2, "is no key");
    for (flag, wrong, says) in [("--part", "4/3", "like 3/10"), ("--sample", "0%", "like 5%")] {
        let refused = verify(&[flag, wrong]).exits(2);
        assert!(refused.stderr.contains(says), "{}", refused.stderr);
    }
    let sample = verify(&["--sample", "50%", "--draw", "7"]).exits(0);
    assert!(sample.stdout.contains("drawn by 7"), "{}", sample.stdout);
    assert_eq!(sample.stdout, verify(&["--sample", "50%", "--draw", "7"]).stdout);
}

#[test]
fn whatever_is_done_to_a_sealed_package_verify_exits_6_and_names_the_file() {
    let tenant = Tenant::with_sign_in(&[]);
    let verifier = |root: &Utf8Path| {
        let ran = affiant(Path::new("/nonexistent/home"), &["verify", "--json", root.as_str()]);
        let verdict = ran.json()["verdict"].as_str().expect("a verdict").to_owned();
        assert_eq!(ran.exit, if verdict == "verified" { 0 } else { 6 }, "{verdict}");
        Said { verdict, text: ran.stdout }
    };
    for (name, more) in [("eml", &[][..]), ("zip", &["--format", "zip"])] {
        let package = package(&tenant, name, more);
        damage::damage_each_file(&package, &verifier);
        damage::add_extra_files(&package, &verifier);
    }
}
