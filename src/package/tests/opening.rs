//! What may be begun, opened and locked, and what a person is told otherwise.

use super::*;

fn create(root: &Utf8Path) -> Result<Package, PackageError> {
    Package::create(root, Format::Eml, now())
}

fn open(root: &Utf8Path) -> Result<Package, PackageError> {
    Package::open(root, now())
}

#[test]
fn a_new_or_empty_folder_becomes_a_package() {
    let bench = Bench::new();
    let nested = bench.at("deep/down");
    assert!(create(&nested).is_ok());
    let empty = bench.at("empty");
    fs::create_dir_all(&empty).expect("made");
    assert!(create(&empty).is_ok());
}

#[test]
fn a_folder_in_which_a_run_died_before_its_manifest_counts_as_empty() {
    let bench = Bench::new();
    drop(create(&bench.root()).expect("created"));
    for left in ["chosen-ids", "manifest.sqlite.part", "manifest.sqlite.part-journal", "incoming/kept.part"] {
        fs::write(bench.at("affiant").join(left), b"of a beginning").expect("written");
    }
    assert!(matches!(open(&bench.root()), Err(PackageError::NeverBegun { .. })));
    drop(create(&bench.root()).expect("created"));
    assert!(files(&bench.root()).is_empty(), "{:?}", files(&bench.root()));
}

#[test]
fn what_no_beginning_leaves_is_never_removed() {
    let bench = Bench::new();
    drop(create(&bench.root()).expect("created"));
    fs::write(bench.at("affiant/log.jsonl"), b"{}").expect("written");
    assert!(matches!(create(&bench.root()), Err(PackageError::NotEmpty { .. })));
    assert!(matches!(open(&bench.root()), Err(PackageError::NotAPackage { .. })));
    fs::remove_file(bench.at("affiant/log.jsonl")).expect("removed");
    // Without the lock nobody says that a run began here.
    fs::write(bench.at("affiant/chosen-ids"), b"mine").expect("written");
    fs::remove_file(bench.at("affiant/lock")).expect("removed");
    assert!(matches!(create(&bench.root()), Err(PackageError::NotEmpty { .. })));
}

#[test]
fn a_folder_with_something_in_it_is_refused_and_left_alone() {
    let bench = Bench::new();
    fs::create_dir_all(bench.at("data")).expect("made");
    for name in ["letter.txt", "data/letter.txt"] {
        fs::write(bench.at(name), b"mine").expect("written");
        assert!(matches!(create(&bench.root()), Err(PackageError::NotEmpty { .. })), "{name}");
        assert_eq!(files(&bench.root()), [name]);
        fs::remove_file(bench.at(name)).expect("removed");
    }
}

#[test]
fn a_folder_with_another_acquisition_says_how_to_go_on() {
    use miette::Diagnostic as _;
    let bench = Bench::new();
    drop(bench.begin(Format::Eml));
    let error = create(&bench.root()).expect_err("refused");
    assert!(matches!(error, PackageError::HoldsAnother { .. }));
    let help = error.help().map(|help| help.to_string()).unwrap_or_default();
    assert!(help.contains(&format!("affiant resume {}", bench.root())), "{help}");

    fs::write(bench.at("tagmanifest-sha256.txt"), b"").expect("written");
    assert!(matches!(create(&bench.root()), Err(PackageError::HoldsSealed { .. })));
}

#[test]
fn a_file_in_the_place_of_the_folder_is_refused() {
    let bench = Bench::new();
    fs::write(bench.root(), b"a file").expect("written");
    assert!(matches!(create(&bench.root()), Err(PackageError::NotAFolder { .. })));
    assert!(matches!(open(&bench.root()), Err(PackageError::NotAFolder { .. })));
    assert!(matches!(create(&bench.at("below")), Err(PackageError::NotAFolder { .. } | PackageError::Io { .. })));
}

#[test]
fn opening_tells_the_states_of_a_folder_apart() {
    let bench = Bench::new();
    assert!(matches!(open(&bench.root()), Err(PackageError::NotThere { .. })));
    fs::create_dir_all(bench.root()).expect("made");
    assert!(matches!(open(&bench.root()), Err(PackageError::NotAPackage { .. })));
    drop(bench.begin(Format::Eml));
    assert!(open(&bench.root()).is_ok());
    fs::write(bench.at("tagmanifest-sha256.txt"), b"").expect("written");
    assert!(matches!(open(&bench.root()), Err(PackageError::Sealed { .. })));
}

#[test]
fn a_second_run_is_refused_with_the_pid_and_host_of_the_first() {
    let bench = Bench::new();
    let first = bench.begin(Format::Eml);
    let clone = first.clone();
    let host = gethostname::gethostname().to_string_lossy().into_owned();
    for again in [open, create] {
        let error = again(&bench.root()).expect_err("refused").to_string();
        for part in [&format!("process {}", std::process::id()), &host, "2024-06-04T09:00:00.000Z"] {
            assert!(error.contains(part), "{error} names {part}");
        }
        assert!(matches!(open(&bench.root()), Err(PackageError::Locked { .. })));
    }
    drop(first);
    assert!(open(&bench.root()).is_err(), "a clone still works on it");
    drop(clone);
    assert!(open(&bench.root()).is_ok());
}

#[test]
fn the_lock_of_a_run_that_died_is_taken_over() {
    let bench = Bench::new();
    drop(bench.begin(Format::Eml));
    // A dead process leaves its text and no lock. Its number may even belong to another process by now.
    let text = format!(r#"{{"pid":{},"host":"elsewhere","started":"2024-01-01T00:00:00.000Z"}}"#, std::process::id());
    fs::write(bench.at("affiant/lock.json"), text).expect("written");
    let package = open(&bench.root()).expect("taken over");
    assert!(!fs::read_to_string(bench.at("affiant/lock.json")).expect("readable").contains("elsewhere"));
    drop(package);
    assert!(!bench.at("affiant/lock.json").exists());
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_refused_with_advice() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new();
    fs::create_dir_all(bench.root()).expect("made");
    fs::set_permissions(bench.root(), fs::Permissions::from_mode(0o555)).expect("set");
    if fs::write(bench.at("probe"), b"").is_ok() {
        return skipped("permissions do not bind this user");
    }
    assert!(matches!(create(&bench.root()), Err(PackageError::Denied { .. })));
}
