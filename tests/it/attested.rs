//! What is added to a sealed package: custody events, time stamps, signatures; the sealed files stay as they were.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use crate::tenant::{MARA, Tenant, python_agrees, sha256};
use crate::time_authority::Authority;

/// SHA-256 of every file outside of `data/`, by path.
fn files(package: &Path) -> BTreeMap<String, String> {
    fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(root, &path, found);
            } else {
                let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
                found.insert(name, sha256(&fs::read(&path).expect("read")));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(package, package, &mut found);
    found
}

/// Runs the page that says how to check a package by hand; `None` where a tool of it is not installed.
fn by_hand(package: &Path, variable: &str, file: &str) -> Option<bool> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verify-by-hand.sh");
    let here = ["bash", "python3", "sqlite3", "hashdeep", "openssl", "ssh-keygen"];
    let is_here = |tool: &&str| Command::new("which").arg(tool).output().is_ok_and(|found| found.status.success());
    if !here.iter().all(is_here)
        || !Command::new("python3").args(["-c", "import bagit"]).status().is_ok_and(|ran| ran.success())
    {
        eprintln!("SKIPPED: a tool of docs/verify-by-hand.md is not installed");
        return None;
    }
    let ran = Command::new("bash").arg(script).arg(package).env(variable, file).output().expect("bash runs");
    Some(ran.status.success())
}

/// What changed between two looks: the paths that are new, and those that have other bytes.
fn changes(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> (Vec<String>, Vec<String>) {
    let gone: Vec<_> = before.keys().filter(|path| !after.contains_key(*path)).collect();
    assert!(gone.is_empty(), "{gone:?}");
    let new = after.keys().filter(|path| !before.contains_key(*path)).cloned().collect();
    let other = after.iter().filter(|(path, hash)| before.get(*path).is_some_and(|old| old != *hash));
    (new, other.map(|(path, _)| path.clone()).collect())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const TAGS: &str = "tagmanifest-sha256.txt";

#[test]
fn custody_events_are_sworn_after_the_seal_and_change_nothing_that_was_sealed() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, package) = tenant.collect("package", &[MARA, "--folder", "Inbox/Kestrel"]);
    let root = tenant.text("package");
    let before = files(&package);
    let transfer =
        ["custody", "transfer", &root, "--from", "P. Quist", "--to", "Hale & Partners", "--medium", "USB 7", "--json"];
    let said = tenant.run(&transfer).exits(0).json();
    let handed_over = sha256(&fs::read(package.join(TAGS)).expect("read"));
    assert_ne!(said["handed_over_sha256"], handed_over.as_str(), "it is the list as it was handed over");
    assert_eq!(said["handed_over_sha256"], before[TAGS].as_str());
    assert_eq!(said["tagmanifest_sha256"], handed_over.as_str());
    tenant.run(&["custody", "note", &root, "Kept in room 12"]).exits(0);
    tenant
        .run(&["custody", "dispose", &root, "--what", "copy 3", "--how", "overwritten", "--authority", "Counsel"])
        .exits(0);
    let segments: Vec<String> =
        (1..=3).flat_map(|n| ["checkpoint", "jsonl"].map(|end| format!("affiant/custody/{n:06}.{end}"))).collect();
    assert_eq!(changes(&before, &files(&package)), (segments, vec![TAGS.to_owned()]));

    let verified = tenant.run(&["verify", &root, "--json"]).exits(0).json();
    let kinds: Vec<_> =
        verified["custody"].as_array().expect("a list").iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["custody.transferred", "custody.noted", "disposed"]);
    assert_eq!(verified["custody"][0]["facts"]["to"], "Hale & Partners");
    python_agrees(&package, true);
    let shown = tenant.run(&["custody", "show", &root]).exits(0).stdout;
    assert!(shown.contains("text: Kept in room 12") && shown.contains("authority: Counsel"), "{shown}");
    // The events are in the report, too.
    tenant.run(&["report", &root]).exits(0);
    let page = fs::read_to_string(tenant.path("package-report").join("acquisition-report.html")).expect("a page");
    assert!(page.contains("Hale &amp; Partners"));

    tenant.run(&["custody", "note", &root, "  "]).fails(2, "empty");
    tenant.run(&["custody", "note", &root, "one\u{1b}[2Jline"]).fails(2, "control characters");
    let long = "x".repeat(2_001);
    tenant.run(&["custody", "note", &root, &long]).fails(2, "longer than");
    fs::write(package.join("bagit.txt"), "other").expect("written");
    tenant.run(&["custody", "note", &root, "too late"]).fails(6, "not as it was sealed");
    assert!(!package.join("affiant/custody/000004.jsonl").exists());
}

#[test]
fn what_an_interrupted_addition_left_is_taken_away_and_the_event_recorded_once() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, package) = tenant.collect("package", &[MARA, "--folder", "Inbox/Kestrel"]);
    let root = tenant.text("package");
    fs::create_dir_all(package.join("affiant/custody")).expect("folder");
    fs::create_dir_all(package.join("affiant/incoming")).expect("folder");
    for left in ["custody/000001.jsonl", "checkpoint.tsr", "incoming/000001.checkpoint.part", "lock", "lock.json"] {
        fs::write(package.join("affiant").join(left), "half").expect("written");
    }
    tenant.run(&["verify", &root]).exits(6);
    tenant.run(&["custody", "note", &root, "again"]).exits(0);
    let verified = tenant.run(&["verify", &root, "--json"]).exits(0).json();
    assert_eq!(verified["custody"].as_array().map(Vec::len), Some(1));
    // Somebody else's file is nobody's to remove.
    fs::write(package.join("affiant/notes.txt"), "x").expect("written");
    tenant.run(&["custody", "note", &root, "again"]).fails(6, "affiant/notes.txt");
    assert!(package.join("affiant/notes.txt").exists());
}

#[test]
fn nothing_is_added_to_an_acquisition_that_goes_on_or_to_no_package() {
    let tenant = Tenant::with_sign_in(&[]);
    let none = tenant.text("none");
    tenant.run(&["custody", "note", &none, "x"]).fails(1, "does not exist");
    tenant.run(&["seal", &none]).fails(1, "cannot be read as a package");
    let (_, open) = tenant.collect("open", &[MARA, "--folder", "Inbox/Kestrel", "--plan-only"]);
    for verb in [&["custody", "note"][..], &["seal"]] {
        let args: Vec<&str> = verb
            .iter()
            .copied()
            .chain([open.to_str().expect("UTF-8")])
            .chain(["x"].into_iter().filter(|_| verb.len() == 2))
            .collect();
        tenant.run(&args).fails(1, "not sealed yet");
    }
}

#[test]
fn a_time_stamp_is_asked_for_brought_and_believed_only_over_this_checkpoint() {
    for key in [&["-newkey", "rsa:2048"][..], &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"]] {
        let Some(authority) = Authority::new(key).map(Arc::new) else {
            return eprintln!("SKIPPED: openssl is not installed");
        };
        let tenant = Tenant::with_sign_in(&[]);
        let (_, package) = tenant.collect("package", &[MARA, "--folder", "Inbox/Kestrel"]);
        let (_, other) = tenant.collect("other", &[MARA, "--folder", "Inbox/Kestrel"]);
        let (root, before) = (tenant.text("package"), files(&package));
        let ca = authority.text("root.pem");

        // Over HTTP; openssl agrees.
        let said =
            tenant.run(&["seal", &root, "--tsa", &authority.serve_once(), "--tsa-ca", &ca, "--json"]).exits(0).json();
        assert_eq!(said["stamps"][0]["authority"], "CN=Stamping");
        assert_eq!(
            changes(&before, &files(&package)),
            (vec!["affiant/checkpoint.tsr".to_owned()], vec![TAGS.to_owned()])
        );
        assert!(authority.confirms(&package.join("affiant/checkpoint"), &package.join("affiant/checkpoint.tsr")));
        assert!(!authority.confirms(&other.join("affiant/checkpoint"), &package.join("affiant/checkpoint.tsr")));

        // By hand: the request now, the answer later, and once only.
        let (request, response) = (authority.text("by-hand.tsq"), authority.text("by-hand.tsr"));
        tenant.run(&["seal", &root, "--request-out", &request]).exits(0);
        tenant.run(&["seal", &root, "--request-out", &request]).fails(2, "is there already");
        authority.answer("by-hand.tsq", "by-hand.tsr");
        for _ in 0..2 {
            tenant.run(&["seal", &root, "--response", &response]).exits(0);
        }
        let trusted = tenant.run(&["verify", &root, "--tsa-ca", &ca, "--json"]).exits(0).json();
        let stamps = trusted["stamps"].as_array().expect("a list");
        assert_eq!(
            stamps.iter().map(|stamp| &stamp["path"]).collect::<Vec<_>>(),
            ["affiant/checkpoint.2.tsr", "affiant/checkpoint.tsr"]
        );
        assert!(stamps.iter().all(|stamp| stamp["is_trusted"] == true && stamp["policy"] == "1.2.3.4.1"), "{stamps:?}");
        assert_ne!(by_hand(&package, "TSA_CA", &ca), Some(false));
        let alone = tenant.run(&["verify", &root]).exits(0);
        assert!(alone.stdout.contains("by its own word"), "{}", alone.stdout);

        tenant.run(&["report", &root]).exits(0);
        for (file, says) in
            [("acquisition-report.html", "by CN=Stamping"), ("certification-draft.txt", "serial number")]
        {
            let text = fs::read_to_string(tenant.path("package-report").join(file)).expect("a report");
            assert!(text.contains(says), "{file}");
        }

        // Another package's stamp, another authority, a broken one, none at all.
        tenant.run(&["seal", &tenant.text("other"), "--response", &response]).fails(1, "over other bytes");
        let stranger = Authority::new(&["-newkey", "rsa:2048"]).expect("openssl is here");
        let differs = tenant.run(&["verify", &root, "--tsa-ca", &stranger.text("root.pem")]).exits(6);
        assert_ne!(by_hand(&package, "TSA_CA", &stranger.text("root.pem")), Some(true));
        assert!(differs.stdout.contains("no chain leads to the authority"), "{}", differs.stdout);
        let none = tenant.run(&["verify", &tenant.text("other"), "--tsa-ca", &ca]).exits(6);
        assert!(none.stdout.contains("the checkpoint has no time stamp"), "{}", none.stdout);
        let whole = fs::read(&response).expect("an answer");
        let imprint = sha256(&fs::read(package.join("affiant/checkpoint")).expect("a checkpoint"));
        let at = (0..whole.len() - 32).find(|at| hex(&whole[*at..at + 32]) == imprint).expect("the imprint is in it");
        // The imprint, the time behind it, the signature at the end.
        for at in [at, at + 40, whole.len() - 20] {
            let mut broken = whole.clone();
            broken[at] ^= 1;
            fs::write(authority.path("broken.tsr"), broken).expect("written");
            tenant.run(&["seal", &root, "--response", &authority.text("broken.tsr"), "--tsa-ca", &ca]).exits(1);
        }
        fs::write(authority.path("broken.tsr"), &whole[..100]).expect("written");
        tenant.run(&["seal", &root, "--response", &authority.text("broken.tsr")]).fails(1, "no RFC 3161 time stamp");
        authority.certify("other");
        authority.answer("by-hand.tsq", "unfit.tsr");
        if authority.path("unfit.tsr").exists() {
            tenant.run(&["seal", &root, "--response", &authority.text("unfit.tsr")]).exits(1);
        }
        tenant.run(&["seal", &root, "--tsa", "http://tsa.example/"]).fails(2, "plain http");
        tenant.run(&["seal", &root, "--tsa", "http://127.0.0.1:9/"]).fails(1, "gave no stamp");
        tenant.run(&["verify", &root]).exits(0);
    }
}

#[test]
fn a_person_signs_the_checkpoint_with_their_own_ssh_key() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, package) = tenant.collect("package", &[MARA, "--folder", "Inbox/Kestrel"]);
    let root = tenant.text("package");
    let kinds: [&[&str]; 5] = [
        &["-t", "ed25519"],
        &["-t", "rsa", "-b", "2048"],
        &["-t", "ecdsa", "-b", "256"],
        &["-t", "ecdsa", "-b", "384"],
        &["-t", "ecdsa", "-b", "521"],
    ];
    let mut list = String::new();
    for (number, kind) in kinds.iter().enumerate() {
        let key = tenant.text(&format!("key{number}"));
        let made = Command::new("ssh-keygen").args(["-q", "-N", "", "-C", "", "-f", &key]).args(*kind).output();
        let Ok(made) = made else { return eprintln!("SKIPPED: ssh-keygen is not installed") };
        assert!(made.status.success(), "{kind:?}");
        let public = fs::read_to_string(format!("{key}.pub")).expect("a public key");
        list += &format!("person{number}@hale.example namespaces=\"affiant-checkpoint\" {public}");
        tenant.run(&["seal", &root, "--ssh-key", &key]).exits(0);
    }
    let signers = tenant.text("signers");
    fs::write(&signers, &list).expect("written");
    let verified = tenant.run(&["verify", &root, "--allowed-signers", &signers, "--json"]).exits(0).json();
    let mut who: Vec<_> =
        verified["endorsements"].as_array().expect("a list").iter().map(|one| one["principals"].to_string()).collect();
    who.sort();
    assert_eq!(who.len(), 5);
    assert!(who[4].contains("person4@hale.example"), "{who:?}");
    // ssh-keygen says the same of each.
    let checkpoint = package.join("affiant/checkpoint");
    for number in 0..5 {
        let end = if number == 0 { String::new() } else { format!(".{}", number + 1) };
        let signature = package.join(format!("affiant/checkpoint{end}.sig"));
        let person = format!("person{number}@hale.example");
        let input = fs::File::open(&checkpoint).expect("a checkpoint");
        let good = Command::new("ssh-keygen")
            .args(["-Y", "verify", "-f", &signers, "-I", &person, "-n", "affiant-checkpoint", "-s"])
            .arg(&signature)
            .stdin(input)
            .output()
            .expect("ssh-keygen");
        assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    }
    assert_ne!(by_hand(&package, "SIGNERS", &signers), Some(false));
    python_agrees(&package, true);
    // Another list, another purpose, another package.
    fs::write(&signers, list.lines().next().expect("a line")).expect("written");
    assert_ne!(by_hand(&package, "SIGNERS", &signers), Some(true));
    let differs = tenant.run(&["verify", &root, "--allowed-signers", &signers]).exits(6);
    assert!(differs.stdout.contains("none of the allowed signers"), "{}", differs.stdout);
    let file = tenant.text("file");
    fs::copy(&checkpoint, &file).expect("copied");
    let signed =
        Command::new("ssh-keygen").args(["-Y", "sign", "-n", "file", "-f", &tenant.text("key0"), &file]).output();
    assert!(signed.expect("ssh-keygen").status.success());
    tenant.run(&["seal", &root, "--signature", &format!("{file}.sig")]).fails(1, "namespace is not affiant-checkpoint");
    tenant.collect("other", &[MARA, "--folder", "Inbox/Kestrel"]);
    let ours = package.join("affiant/checkpoint.sig");
    let other = ["seal", &tenant.text("other"), "--signature", ours.to_str().expect("UTF-8")];
    tenant.run(&other).fails(1, "does not hold for this checkpoint");
    tenant.run(&["seal", &root, "--ssh-key", &tenant.text("no-such-key")]).fails(1, "did not sign");
}

#[test]
fn the_key_of_this_machine_is_printed_for_those_who_will_check() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, package) = tenant.collect("package", &[MARA, "--folder", "Inbox/Kestrel"]);
    let pem = tenant.run(&["key"]).exits(0).stdout;
    let file = tenant.text("collector.pem");
    fs::write(&file, &pem).expect("written");
    let hex = tenant.run(&["key", "--hex"]).exits(0).stdout;
    for key in [file.as_str(), hex.trim()] {
        let verified = tenant.run(&["verify", package.to_str().expect("UTF-8"), "--key", key]).exits(0);
        assert!(verified.stdout.contains("(the key you gave)"), "{}", verified.stdout);
    }
    let json = tenant.run(&["key", "--json"]).exits(0).json();
    assert_eq!((json["public_key"].as_str(), json["pem"].as_str()), (Some(hex.trim()), Some(&*pem)));
}
