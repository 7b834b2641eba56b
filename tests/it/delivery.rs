//! Packed deliveries: other people's tools open them, what comes back is the package, and hostile archives harm nobody.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::tenant::{MARA, Tenant, sha256};

fn tool(folder: &Path, program: &str, args: &[&str]) -> Option<bool> {
    let ran = Command::new(program).args(args).current_dir(folder).stdin(Stdio::null()).output().ok();
    if ran.is_none() {
        eprintln!("SKIPPED: {program} is not installed");
    }
    ran.map(|ran| ran.status.success())
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

/// A package with about two megabytes of mail.
fn package(tenant: &Tenant) -> PathBuf {
    tenant.collect("package", &[MARA]).1
}

fn tenant() -> Tenant {
    Tenant::with_sign_in(&["--synthetic", &format!("{MARA}=150:20000")])
}

/// Both folders hold the same files.
fn must_be_equal(one: &Path, other: &Path) {
    let same = tool(one, "diff", &["-r", ".", other.to_str().expect("UTF-8")]);
    assert_ne!(same, Some(false), "{} and {}", one.display(), other.display());
}

#[test]
fn a_package_is_packed_into_whole_volumes_and_comes_back_as_it_was() {
    let tenant = tenant();
    let package = package(&tenant);
    let (root, out, back) = (tenant.text("package"), tenant.text("sent"), tenant.text("back"));
    let said = tenant.run(&["pack", &root, "--out", &out, "--volume-size", "1MiB", "--json"]).exits(0).json();
    let volumes = said["volumes"].as_array().expect("a list");
    assert!(volumes.len() > 1, "{said}");
    assert!(volumes.iter().all(|volume| volume["bytes"].as_u64().is_some_and(|bytes| bytes <= 1 << 20)), "{said}");
    let tags = fs::read(package.join("tagmanifest-sha256.txt")).expect("read");
    assert_eq!(said["tagmanifest_sha256"], sha256(&tags).as_str());
    let sent = tenant.path("sent");
    assert_ne!(tool(&sent, "sha256sum", &["--quiet", "-c", "package.sha256"]), Some(false));
    let taken_apart = tenant.path("apart");
    fs::create_dir(&taken_apart).expect("folder");
    for volume in volumes {
        let file = sent.join(volume["name"].as_str().expect("a name"));
        let file = file.to_str().expect("UTF-8");
        assert_ne!(tool(&sent, "7zz", &["t", file]), Some(false));
        let unzip =
            "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; z.extractall('.')";
        assert_ne!(tool(&taken_apart, "python3", &["-c", unzip, file]), Some(false));
    }
    if taken_apart.join("package").is_dir() {
        must_be_equal(&package, &taken_apart.join("package"));
    }
    let said = tenant.run(&["unpack", &out, "--out", &back, "--json"]).exits(0).json();
    assert_eq!(
        (said["volumes"].as_u64(), said["listed"].as_u64()),
        (Some(volumes.len() as u64), Some(volumes.len() as u64))
    );
    must_be_equal(&package, &tenant.path("back"));
    tenant.run(&["verify", &back]).exits(0);
    // Equal packages give equal volumes.
    tenant.run(&["pack", &back, "--out", &tenant.text("again/package")]).exits(0);
    tenant.run(&["pack", &root, "--out", &out]).fails(2, "is there already");
    tenant.run(&["pack", &root, "--out", &format!("{root}/inside")]).fails(2, "inside of the folder");
    tenant.run(&["unpack", &out, "--out", &back]).fails(2, "is there already");
    tenant.run(&["unpack", &out, "--out", &format!("{out}/inside")]).fails(2, "inside of the folder");
    tenant.run(&["pack", &root, "--out", &tenant.text("x"), "--volume-size", "1000"]).fails(2, "1 MiB");
}

#[test]
fn volumes_that_are_missing_or_damaged_are_named_and_nothing_is_left() {
    let tenant = tenant();
    package(&tenant);
    let (root, out, back) = (tenant.text("package"), tenant.text("sent"), tenant.text("back"));
    tenant.run(&["pack", &root, "--out", &out, "--volume-size", "1MiB"]).exits(0);
    let second = tenant.path("sent").join("package.002.zip");
    let whole = fs::read(&second).expect("a volume");
    let mut broken = whole.clone();
    broken[whole.len() / 2] ^= 1;
    fs::write(&second, &broken).expect("written");
    tenant.run(&["unpack", &out, "--out", &back]).fails(1, "package.002.zip is damaged");
    // Without a list the archive's own sums, or the package's record, still tell.
    fs::remove_file(tenant.path("sent").join("package.sha256")).expect("removed");
    assert_ne!(tenant.run(&["unpack", &out, "--out", &back]).exit, 0);
    fs::write(&second, &whole[..whole.len() - 30]).expect("written");
    tenant.run(&["unpack", &out, "--out", &back]).fails(1, "package.002.zip is no usable archive");
    fs::remove_file(&second).expect("removed");
    assert_ne!(tenant.run(&["unpack", &out, "--out", &back]).exit, 0, "a part of a package is no package");
    assert!(!tenant.path("back").exists() && nothing_half_made(&tenant));
    // What bears a name like that of an unfinished copy is somebody's, and stays.
    fs::create_dir(tenant.path("fourth.part")).expect("folder");
    fs::write(tenant.path("fourth.part").join("thesis"), "years of work").expect("written");
    tenant.run(&["pack", &root, "--out", &tenant.text("fourth")]).exits(0);
    assert!(tenant.path("fourth.part").join("thesis").exists());
    tenant.run(&["unpack", &tenant.text("package/affiant"), "--out", &back]).fails(1, "holds no packed volumes");
    // Nothing is packed from a package that is not as it was sealed.
    let native = walk(&tenant.path("package").join("data/NATIVES"));
    fs::write(&native, "other").expect("written");
    tenant.run(&["pack", &root, "--out", &tenant.text("third")]).fails(6, "is not as it was sealed");
    assert!(!tenant.path("third").exists() && nothing_half_made(&tenant));
}

fn nothing_half_made(tenant: &Tenant) -> bool {
    let around = tenant.path("back");
    !names(around.parent().expect("a parent")).iter().any(|name| name.starts_with(".affiant"))
}

/// The first file below a folder.
fn walk(folder: &Path) -> PathBuf {
    let first = fs::read_dir(folder).expect("a folder").next().expect("something").expect("an entry").path();
    if first.is_dir() { walk(&first) } else { first }
}

#[test]
fn a_delivery_is_encrypted_to_keys_and_age_itself_opens_it() {
    let tenant = tenant();
    let package = package(&tenant);
    let (root, out) = (tenant.text("package"), tenant.text("sent"));
    let key = |name: &str| {
        let file = tenant.text(name);
        let made = Command::new("age-keygen").args(["-o", &file]).output().ok()?;
        let said = String::from_utf8(made.stderr).expect("UTF-8");
        Some((file, said.trim().rsplit(' ').next().expect("a key").to_owned()))
    };
    let (Some((ours, recipient)), Some((theirs, _))) = (key("ours"), key("theirs")) else {
        return eprintln!("SKIPPED: age is not installed");
    };
    let list = tenant.text("recipients");
    let (_, second) = key("second").expect("age is here");
    fs::write(&list, format!("# counsel\n{second}\n")).expect("written");
    let pack =
        ["pack", &root, "--out", &out, "--encrypt-to", &recipient, "--encrypt-to", &list, "--volume-size", "1MiB"];
    let said = tenant.run(&pack).exits(0);
    assert!(said.stdout.contains("encrypted") && !said.stdout.contains("NOT encrypted"), "{}", said.stdout);
    let sent = tenant.path("sent");
    for (name, file) in [("package.001.zip.age", &ours), ("package.001.zip.age", &tenant.text("second"))] {
        let plain = tenant.text("plain.zip");
        assert_eq!(tool(&sent, "age", &["-d", "-i", file, "-o", &plain, name]), Some(true));
        let list = fs::read_to_string(sent.join("package.decrypted.sha256")).expect("a list");
        let digest = sha256(&fs::read(&plain).expect("decrypted"));
        assert!(list.contains(&format!("{digest}  package.001.zip\n")), "{list}");
    }
    let bytes = fs::read(sent.join("package.001.zip.age")).expect("a volume");
    assert!(!bytes.windows(8).any(|window| window == b"affiant/"), "names are hidden");
    tenant.run(&["unpack", &out, "--out", &tenant.text("back")]).fails(2, "no key was given");
    tenant.run(&["unpack", &out, "--out", &tenant.text("back"), "--identity", &theirs]).fails(1, "cannot be decrypted");
    tenant.run(&["unpack", &out, "--out", &tenant.text("back"), "--identity", &ours]).exits(0);
    must_be_equal(&package, &tenant.path("back"));
    // A list that was changed to suit a changed volume does not help: the encryption is sealed by itself.
    let file = sent.join("package.001.zip.age");
    let mut broken = bytes.clone();
    broken[bytes.len() / 2] ^= 1;
    fs::write(&file, &broken).expect("written");
    let list = fs::read_to_string(sent.join("package.sha256")).expect("a list");
    fs::write(sent.join("package.sha256"), list.replace(&sha256(&bytes), &sha256(&broken))).expect("written");
    let args = ["unpack", &out, "--out", &tenant.text("third"), "--identity", &ours];
    tenant.run(&args).fails(1, "is damaged");
    tenant
        .run(&["pack", &root, "--out", &tenant.text("y"), "--encrypt-to", "age1nonsense"])
        .fails(2, "no age recipient");
    tenant
        .run(&["unpack", &out, "--out", &tenant.text("z"), "--identity", &list_of_nothing(&tenant)])
        .fails(2, "no age identity");
}

fn list_of_nothing(tenant: &Tenant) -> String {
    let file = tenant.text("nothing");
    fs::write(&file, "hello\n").expect("written");
    file
}

#[test]
fn a_delivery_is_closed_with_a_passphrase_by_age_or_inside_of_the_zip() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, package) = tenant.collect("package", &[MARA, "--folder", "Inbox/Kestrel"]);
    let root = tenant.text("package");
    let secret = tenant.text("secret");
    fs::write(&secret, "six random words of some length\n").expect("written");
    let wrong = tenant.text("wrong");
    fs::write(&wrong, "six other words of some length\n").expect("written");
    for (name, more) in [("age", &[][..]), ("aes", &["--aes-zip"])] {
        let (out, back) = (tenant.text(name), tenant.text(&format!("{name}-back")));
        let pack = [&["pack", &root, "--out", &out, "--passphrase-file", &secret], more].concat();
        tenant.run(&pack).exits(0);
        tenant.run(&["unpack", &out, "--out", &back]).fails(2, "no key was given");
        tenant.run(&["unpack", &out, "--out", &back, "--passphrase-file", &wrong]).fails(1, "cannot be decrypted");
        tenant.run(&["unpack", &out, "--out", &back, "--passphrase-file", &secret]).exits(0);
        must_be_equal(&package, &tenant.path(&format!("{name}-back")));
    }
    let aes = tenant.path("aes");
    assert_ne!(tool(&aes, "7zz", &["t", "-psix random words of some length", "package.001.zip"]), Some(false));
    assert_ne!(tool(&aes, "7zz", &["t", "-psix other words of some length", "package.001.zip"]), Some(true));
    fs::write(&wrong, "short\n").expect("written");
    tenant.run(&["pack", &root, "--out", &tenant.text("x"), "--passphrase-file", &wrong]).fails(2, "fewer than 12");
    tenant.run(&["pack", &root, "--out", &tenant.text("x"), "--aes-zip"]).exits(2);
}

/// Writes an archive with one member that does not belong there.
const HOSTILE: &str = r"
import sys, zipfile
kind, path = sys.argv[1:]
z = zipfile.ZipFile(path, 'w')
z.writestr('package/bagit.txt', 'x')
if kind == 'up': z.writestr('package/../../outside.txt', 'x')
if kind == 'absolute': z.writestr('/tmp/affiant-outside.txt', 'x')
if kind == 'backslash': z.writestr('package/..\\outside.txt', 'x')
if kind == 'drive': z.writestr('package/C:/outside.txt', 'x')
if kind == 'other-top': z.writestr('other/outside.txt', 'x')
if kind == 'control': z.writestr('package/a\nb', 'x')
if kind == 'folder': z.writestr('package/folder/', '')
if kind == 'link':
    i = zipfile.ZipInfo('package/link'); i.create_system = 3; i.external_attr = 0o120777 << 16
    z.writestr(i, '/etc/passwd')
z.close()
";

#[test]
fn no_archive_writes_outside_of_the_new_folder_or_leaves_anything_behind() {
    let tenant = Tenant::start(&[]);
    for kind in ["up", "absolute", "backslash", "drive", "other-top", "twice", "control", "folder", "link"] {
        let folder = tenant.path(&format!("from-{kind}"));
        fs::create_dir(&folder).expect("folder");
        let file = folder.join("package.001.zip");
        let made = tool(&folder, "python3", &["-W", "ignore", "-c", HOSTILE, kind, file.to_str().expect("UTF-8")]);
        if made.is_none() {
            return;
        }
        if kind == "twice" {
            fs::copy(&file, folder.join("package.002.zip")).expect("copied");
        }
        let out = tenant.text(&format!("out-{kind}"));
        let ran = tenant.run(&["unpack", folder.to_str().expect("UTF-8"), "--out", &out]);
        ran.fails(1, "member that does not belong");
        let left = names(folder.parent().expect("a parent"));
        assert!(
            !left
                .iter()
                .any(|name| name.starts_with("out-") || name.starts_with(".affiant") || name.contains("outside")),
            "{kind}: {left:?}"
        );
    }
    assert!(!Path::new("/tmp/affiant-outside.txt").exists());
}
