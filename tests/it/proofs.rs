//! Proofs for single messages: made from real packages, checked by the binary, and by other people's tools.

use std::fs;
use std::path::Path;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use crate::handmade::Shape;
use crate::stranger::Folder;
use crate::tenant::{MARA, Ran, Tenant, affiant, rows};

fn run(args: &[&str]) -> Ran {
    affiant(Path::new("/nonexistent/home"), args)
}

/// What the page's own commands say, or nothing where a tool is missing.
fn by_the_page(folder: &Utf8Path) -> Option<String> {
    let page = fs::read_to_string(folder.join("explanation.html")).expect("a page");
    let (_, rest) = page.split_once("<pre><code>").expect("commands");
    let (commands, _) = rest.split_once("</code></pre>").expect("commands");
    let entities = [("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
    let commands = entities.iter().fold(commands.to_owned(), |text, (from, to)| text.replace(from, to));
    for tool in ["bash", "python3", "openssl", "sha256sum"] {
        if Command::new(tool).arg("--version").output().is_err() {
            eprintln!("SKIPPED: {tool} is not installed");
            return None;
        }
    }
    let ran = Command::new("bash").args(["-c", &commands]).current_dir(folder).output().expect("bash runs");
    Some(String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned())
}

const IN_LOG: &str = "the line is in the log\n";
const SIGNED: &str = "Signature Verified Successfully";

fn files(folder: &Utf8Path) -> Vec<String> {
    crate::damage::files(folder)
}

#[test]
fn messages_are_proven_from_a_tree_and_from_volumes_and_anyone_can_check_them() {
    let tenant = Tenant::with_sign_in(&[]);
    for (name, more) in [("eml", &[][..]), ("zip", &["--format", "zip"])] {
        let (ran, package) = tenant.collect(name, &[&[MARA, "--folder", "Inbox/Kestrel"], more].concat());
        assert!(matches!(ran.exit, 0 | 3), "{}", ran.stderr);
        let key = ran.last()["seal"]["vkey"].as_str().expect("a key").to_owned();
        let package = Utf8PathBuf::from_path_buf(package).expect("UTF-8");
        let before = files(&package);
        let numbers = rows(package.as_std_path(), "SELECT control_number FROM item ORDER BY item_id");
        let out = Utf8PathBuf::from(tenant.text(&format!("{name}-proofs")));
        let (first, last) = (&*numbers[0], &*numbers[numbers.len() - 1]);
        let proved =
            run(&["prove", package.as_str(), last, first, first, "--out", out.as_str(), "--json"]).exits(0).json();
        assert_eq!(proved["proofs"].as_array().map(Vec::len), Some(2), "each number once");
        assert_eq!(proved["proofs"][0]["control_number"], first);
        assert_eq!(proved["vkey"], *key);
        assert_eq!(files(&package), before, "the package stays as it is");

        let told = run(&["verify-proof", out.as_str(), "--key", &key, "--json"]).exits(0).json();
        assert_eq!((&told["verdict"], &told["proofs"][1]["is_key_given"]), (&"verified".into(), &true.into()));
        assert_eq!(told["proofs"][0]["stated"]["log_root"], proved["log_root"]);
        let without = run(&["verify-proof", out.join(first).as_str()]).exits(0);
        assert!(without.stdout.contains("the key that came with it"), "{}", without.stdout);
        for number in [first, last] {
            let folder = out.join(number);
            let sql = format!(
                "SELECT lower(hex(sha256)), body FROM item JOIN entry ON seq = entry_seq WHERE control_number = '{number}'"
            );
            let row = rows(package.as_std_path(), &sql).remove(0);
            let native = fs::read(folder.join(format!("{number}.eml"))).expect("a native");
            let line = fs::read_to_string(folder.join(format!("{number}.log.json"))).expect("a line");
            assert_eq!(row, format!("{}|{line}", crate::tenant::sha256(&native)));
            if let Some(said) = by_the_page(&folder) {
                assert!(said.contains(IN_LOG) && said.contains(SIGNED), "{said}");
                assert!(said.contains(&format!("{number}.eml: OK")), "{said}");
            }
        }
    }
}

/// A handmade package, the folder for its proofs, and the proofs of these messages.
fn proven(shape: Shape, numbers: &[&str]) -> (Folder, Utf8PathBuf) {
    let folder = Folder::sealed(shape);
    let out = folder.root().with_file_name(format!("{}-proofs", folder.root().file_name().expect("a name")));
    run(&[&["prove", folder.root().as_str()], numbers, &["--out", out.as_str()]].concat()).exits(0);
    (folder, out)
}

/// Removes the proofs at the end.
struct Gone(Utf8PathBuf);

impl Drop for Gone {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn every_byte_of_a_proof_counts() {
    let (_package, out) = proven(Shape::Eml, &["AFF-0000002"]);
    let _gone = Gone(out.clone());
    let folder = out.join("AFF-0000002");
    let verdict = || affiant::verify::verify_proofs(std::slice::from_ref(&folder), None).verdict.to_string();
    assert_eq!(verdict(), "verified");
    for name in files(&folder).into_iter().filter(|name| name != "explanation.html") {
        let file = folder.join(&name);
        let before = fs::read(&file).expect("a file");
        for at in 0..before.len() {
            let mut bytes = before.clone();
            bytes[at] ^= 1 << (at % 8);
            fs::write(&file, bytes).expect("flip");
            assert_eq!(verdict(), "differs", "{name}, byte {at}");
        }
        for cut in [0, before.len() / 2, before.len() - 1] {
            fs::write(&file, &before[..cut]).expect("cut");
            assert_eq!(verdict(), "differs", "{name} cut to {cut}");
        }
        fs::write(&file, [&before[..], b"\n"].concat()).expect("more");
        assert_eq!(verdict(), "differs", "{name} with a line feed more");
        fs::remove_file(&file).expect("removed");
        let gone = verdict();
        let expected = if name.ends_with(".tlog-proof") { "unreadable" } else { "differs" };
        assert_eq!(gone, expected, "{name} removed");
        fs::write(&file, before).expect("put back");
    }
    fs::write(folder.join("AFF-0000003.eml"), "x").expect("added");
    assert_eq!(verdict(), "differs", "a file more");
}

#[test]
fn a_proof_is_bound_to_its_number_its_place_its_log_and_its_key() {
    let (_package, out) = proven(Shape::Zip, &["AFF-0000001", "AFF-0000004"]);
    let _gone = Gone(out.clone());
    let (one, four) = (out.join("AFF-0000001"), out.join("AFF-0000004"));
    let key = fs::read_to_string(one.join("AFF-0000001.vkey")).expect("a key");
    let finds = |check: &str, args: &[&str]| {
        let ran = run(&[&["verify-proof", one.as_str()], args].concat()).exits(6);
        assert!(ran.stdout.contains(&format!("{check}: ")), "{check}: {}", ran.stdout);
    };
    run(&["verify-proof", one.as_str(), "--key", key.trim()]).exits(0);
    finds("signature", &["--key", crate::handmade::vkey("another").as_str()]);
    finds("signature", &["--key", &"07".repeat(32)]);
    for end in ["eml", "log.json", "tlog-proof"] {
        let (ours, theirs) = (one.join(format!("AFF-0000001.{end}")), four.join(format!("AFF-0000004.{end}")));
        let kept = fs::read(&ours).expect("a file");
        fs::copy(theirs, &ours).expect("another's");
        finds(if end == "eml" { "native" } else { "inclusion" }, &[]);
        fs::write(ours, kept).expect("put back");
    }
    // Everything of another message under this number.
    for end in ["eml", "log.json", "tlog-proof"] {
        fs::copy(four.join(format!("AFF-0000004.{end}")), one.join(format!("AFF-0000001.{end}"))).expect("another's");
    }
    finds("line", &[]);
    run(&["verify-proof", out.as_str()]).exits(6);
    run(&["verify-proof", four.as_str()]).exits(0);
}

#[test]
fn a_message_that_could_not_be_collected_is_proven_by_the_line_that_says_so() {
    let tenant = Tenant::with_sign_in(&["--faults", "vanish:after=3"]);
    let (ran, package) = tenant.collect("package", &[MARA, "--folder", "Inbox/Kestrel"]);
    assert_eq!(ran.exit, 3, "{}", ran.stderr);
    let missing = "SELECT 'AFF-' || printf('%07d', listed_id) FROM exception WHERE severity = 'item_missing'";
    let Some(number) = rows(&package, missing).into_iter().next() else { panic!("the fault struck nothing") };
    let out = tenant.text("proofs");
    run(&["prove", package.to_str().expect("UTF-8"), &number, "--out", &out]).exits(0);
    let told = run(&["verify-proof", &out, "--json"]).exits(0).json();
    assert_eq!(told["proofs"][0]["stated"]["kind"], "item.excepted");
    let folder = Utf8PathBuf::from(&out).join(&number);
    assert!(!folder.join(format!("{number}.eml")).exists());
    if let Some(said) = by_the_page(&folder) {
        assert!(said.contains(IN_LOG) && said.contains(SIGNED), "{said}");
    }
    fs::write(folder.join(format!("{number}.eml")), "Subject: made up\r\n\r\n").expect("added");
    run(&["verify-proof", &out]).exits(6);
}

#[test]
fn nothing_is_proven_from_what_is_not_sealed_not_there_or_changed() {
    let folder = Folder::sealed(Shape::Eml);
    let root = folder.root();
    let out = root.with_file_name(format!("{}-none", root.file_name().expect("a name")));
    let prove = |number: &str, out: &str| run(&["prove", root.as_str(), number, "--out", out]);
    prove("AFF-0000099", out.as_str()).fails(2, "AFF-0000099 is not in this package");
    prove("AFF-1", out.as_str()).exits(2);
    prove("AFF-0000001", root.join("affiant/proofs").as_str()).fails(2, "inside the package");
    prove("AFF-0000001", root.as_str()).fails(2, "is there already");
    let native = root.join("data/NATIVES/VOL001/0001/AFF-0000001.eml");
    fs::write(&native, "Subject: other\r\n\r\n").expect("edit");
    prove("AFF-0000001", out.as_str()).fails(6, "is not what its row states");
    fs::remove_file(&native).expect("removed");
    prove("AFF-0000001", out.as_str()).fails(6, "no such file");
    let other = out.with_file_name(format!("{}-other", out.file_name().expect("a name")));
    prove("AFF-0000002", other.as_str()).exits(0);
    let _gone = Gone(other);
    fs::write(root.join("affiant/log.jsonl"), "{}\n").expect("edit");
    prove("AFF-0000002", out.as_str()).fails(6, "not as it was sealed");
    let left = out.parent().expect("a folder").read_dir_utf8().expect("a folder").flatten();
    assert!(!out.exists() && !left.into_iter().any(|entry| entry.file_name().starts_with(".affiant-proofs")));
    run(&["verify-proof", root.as_str()]).exits(1);
    run(&["verify-proof", out.as_str()]).exits(1);
    run(&["verify-proof", root.as_str(), "--key", "nonsense"]).fails(2, "is no key");
}
