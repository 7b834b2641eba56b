//! Productions: load files read by other people's parsers and compared with the manifest, files hashed, refusals.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::real_mail::corpus;
use crate::tenant::{AFFIANT, JONAS, MARA, Tenant, rows};

/// Whether Python's reading of a production agrees with the manifest; how many rows it read.
fn python(package: &Path, production: &Path, encoding: &str) -> Option<u64> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/python/loadfile.py");
    match Command::new("python3").arg(script).arg(package).arg(production).arg(encoding).output() {
        Ok(ran) => {
            assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
            String::from_utf8_lossy(&ran.stdout).trim().parse().ok()
        }
        Err(_) => {
            eprintln!("SKIPPED: python3 is not installed");
            None
        }
    }
}

fn sums_hold(production: &Path) {
    match Command::new("sha256sum")
        .args(["--quiet", "--strict", "-c", "sha256sums.txt"])
        .current_dir(production)
        .output()
    {
        Ok(ran) => assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout)),
        Err(_) => eprintln!("SKIPPED: sha256sum is not installed"),
    }
}

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), fs::read(&path).expect("a file")));
        }
    }
    found.sort();
    found
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Messages written here, as the mailbox of one person, collected.
fn mailbox(mail: &[(&str, &str)], options: &[&str]) -> (Tenant, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in mail {
        fs::write(folder.path().join(name), text.replace('\n', "\r\n")).expect("written");
    }
    let owner = "ana@corpus.example";
    let tenant = Tenant::signed_in_by(owner, &["--corpus", folder.path().to_str().expect("UTF-8"), "--as", owner]);
    tenant.login().exits(0);
    let (ran, package) = tenant.collect("p", &[&["me"], options].concat());
    assert!(matches!(ran.exit, 0 | 3), "{}", ran.stderr);
    (tenant, package)
}

const HOSTILE: &str = "From: =?utf-8?Q?=C3=BEorn=C2=AE?= <t@x.example>, \"a;b\" <ab@x.example>\nTo: ana@corpus.example\n\
    Subject: =?utf-8?Q?=3Dcmd=C3=BE=14=C2=AE=0Aline_=E2=98=83=01?=\nDate: Mon, 3 Jun 2024 16:05:09 +0200\n\
    Message-ID: <1@x.example>\nImportance: high\nKeywords: Red, Blue\nIn-Reply-To: <0@x.example>\n\
    Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html; charset=utf-8\n\n\
    <p>One &amp; two</p><p><a href=\"https://x.example/y\">a link</a></p>\n--b\n\
    Content-Type: application/pdf; name=\"..\\\\..\\\\CON.PDF\"\nContent-Transfer-Encoding: base64\n\nJVBERg==\n--b\n\
    Content-Type: text/plain\nContent-Disposition: attachment; filename=\"@a.b/c\u{202e}\"\n\ntext \u{fe}\n--b\n\
    Content-Type: message/rfc822\n\nFrom: inner@x.example\nSubject: inner\nMessage-ID: <2@x.example>\n\
    Content-Type: multipart/mixed; boundary=i\n\n--i\n\ninner body\n--i\nContent-Type: image/png; name=x.png\n\
    Content-Disposition: attachment\n\npng\n--i--\n--b--\n";

#[test]
fn loadfile_of_the_fixture_tenant_agrees_with_the_manifest_and_is_refused_where_it_must_be() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, package) = tenant.collect("package", &[MARA, JONAS, "--from", "2024-01-01", "--to", "2024-03-31"]);
    let text = tenant.text("package");
    let ran = tenant.run(&["loadfile", &text, "--text", "--attachments", "--json"]).exits(0);
    let made = tenant.path("package-production");
    let said = ran.json();
    assert_eq!(said["folder"].as_str().map(PathBuf::from).as_deref(), Some(&*made));
    assert_eq!(rows(&package, "select count(*) from item"), [said["counts"]["produced"].to_string()]);
    if let Some(read) = python(&package, &made, "utf-8") {
        assert_eq!(said["counts"]["documents"], read);
    }
    sums_hold(&made);
    let dat = fs::read(made.join("LOADFILES/AFF.dat")).expect("a file");
    assert!(dat.starts_with(b"\xef\xbb\xbf\xc3\xbeBEGDOC\xc3\xbe\x14\xc3\xbeENDDOC\xc3\xbe\x14"));
    assert!(read(&made, "README.txt").contains("counted twice"));
    let statement: serde_json::Value = serde_json::from_str(&read(&made, "production.json")).expect("JSON");
    let root = rows(&package, "select root from checkpoint order by size desc limit 1");
    assert_eq!([statement["source"]["log_root"].as_str().expect("a root").to_owned()], root[..]);
    assert_eq!(
        statement["list"]["sha256"].as_str(),
        Some(&*crate::tenant::sha256(&fs::read(made.join("sha256sums.txt")).expect("a list")))
    );
    // The same again is the same, byte for byte, and the package is untouched.
    let again = tenant.path("again");
    tenant.run(&["loadfile", &text, "--out", &tenant.text("again"), "--text", "--attachments"]).exits(0);
    let bytes = |folder: &Path| files(folder).into_iter().map(|(_, bytes)| bytes).collect::<Vec<_>>();
    assert!(bytes(&made) == bytes(&again), "two productions of one package differ");
    tenant.run(&["verify", &text]).exits(0);
    // Who is there already, or inside, or not asked for sensibly.
    tenant.run(&["loadfile", &text]).fails(2, "is there already");
    tenant.run(&["loadfile", &text, "--out", &format!("{text}/data/P")]).fails(2, "inside the package");
    tenant
        .run(&["loadfile", &text, "--out", &tenant.text("x"), "--attachments", "--families", "parent-only"])
        .fails(2, "--attachments needs --families rows");
    tenant.run(&["loadfile", &text, "--out", &tenant.text("x"), "--volume", "../x"]).exits(2);
    fs::create_dir(tenant.path("x.part")).expect("made");
    tenant.run(&["loadfile", &text, "--out", &tenant.text("x")]).fails(2, "is there already");
    fs::write(tenant.path("x.part").join("not-finished"), "").expect("written");
    let held = fs::File::open(tenant.path("x.part").join("not-finished")).expect("opened");
    held.lock().expect("locked");
    tenant.run(&["loadfile", &text, "--out", &tenant.text("x")]).fails(2, "is being written by another run");
    drop(held);
    tenant.run(&["loadfile", &text, "--out", &tenant.text("x"), "--families", "parent-only"]).exits(0);
    assert!(!tenant.path("x.part").exists(), "what a broken-off run left is replaced");
    let dat = read(&tenant.path("x"), "LOADFILES/AFF.dat");
    assert_eq!(rows(&package, "select count(*) from item"), [(dat.matches("\r\n").count() - 1).to_string()]);
    // A native that was changed after the seal.
    let native = files(&package.join("data")).into_iter().next().expect("a native").0;
    fs::write(&native, "From: x\r\n\r\nforged").expect("written");
    tenant.run(&["loadfile", &text, "--out", &tenant.text("y")]).fails(6, "is not as it was sealed");
    assert!(!tenant.path("y").exists());
    fs::remove_file(&native).expect("removed");
    tenant.run(&["loadfile", &text, "--out", &tenant.text("y")]).fails(6, "is not as it was sealed");
    fs::write(package.join("affiant/log.jsonl"), "{}\n").expect("written");
    tenant.run(&["loadfile", &text, "--out", &tenant.text("z")]).fails(6, "not as it was sealed");
    tenant.run(&["loadfile", &tenant.text("nowhere")]).fails(1, "cannot be read as a package");
    tenant.run(&["collect", MARA, "--out", &tenant.text("open"), "--plan-only"]);
    tenant.run(&["loadfile", &tenant.text("open")]).fails(1, "is not sealed yet");
}

#[test]
fn loadfile_cleans_hostile_values_in_every_dat_encoding_and_lists_what_it_replaced() {
    let (tenant, package) = mailbox(&[("a.eml", HOSTILE)], &[]);
    for encoding in ["utf-8", "utf-16le", "windows-1252"] {
        let out = tenant.path(encoding);
        let args = ["loadfile", package.to_str().expect("UTF-8"), "--out", out.to_str().expect("UTF-8"), "--text"];
        tenant.run(&[&args[..], &["--attachments", "--dat-encoding", encoding]].concat()).exits(0);
        python(&package, &out, encoding);
        let dat = fs::read(out.join("LOADFILES/AFF.dat")).expect("a file");
        let start: &[u8] = match encoding {
            "utf-8" => b"\xef\xbb\xbf\xc3\xbeBEGDOC\xc3\xbe\x14",
            "utf-16le" => b"\xff\xfe\xfe\0B\0E\0G\0",
            _ => b"\xfeBEGDOC\xfe\x14\xfeENDDOC\xfe",
        };
        assert!(dat.starts_with(start), "{encoding}");
        let cleaned = read(&out, "LOADFILES/cleaned.csv");
        for line in ["AFF.dat,SUBJECT,qualifier,1", "AFF.dat,FROM,line_sign,1", "AFF-edrm.xml,SUBJECT,control,2"] {
            assert!(cleaned.contains(&format!("AFF-0000001,{line}\r\n")), "{encoding}: {line} in\n{cleaned}");
        }
        assert_eq!(cleaned.contains("AFF.dat,SUBJECT,unmapped,1"), encoding == "windows-1252", "{cleaned}");
    }
    let out = tenant.path("utf-8");
    let dat = read(&out, "LOADFILES/AFF.dat");
    let line = dat.lines().nth(1).expect("a row");
    for value in [
        "\u{fe}porn(R) <t@x.example>; \"a;b\" <ab@x.example>\u{fe}",
        "\u{fe}06/03/2024 14:05:09\u{fe}",
        "\u{fe}Red;Blue\u{fe}",
        "\u{fe}high\u{fe}",
        "\u{fe}<0@x.example>\u{fe}",
    ] {
        assert!(line.contains(value), "{value} in {line}");
    }
    let text = read(&out, "TEXT/VOL001/0001/AFF-0000001.txt");
    assert!(text.ends_with("One & two\r\n\r\na link <https://x.example/y>\r\n"), "{text}");
    assert!(read(&out, "TEXT/VOL001/0001/AFF-0000001.0003.txt").ends_with("inner body\r\n"));
    assert!(out.join("ATTACHMENTS/VOL001/0001/AFF-0000001.0001.pdf").is_file());
    assert!(out.join("ATTACHMENTS/VOL001/0001/AFF-0000001.0002.bin").is_file());
    assert!(read(&out, "LOADFILES/AFF.csv").contains("'=cmd"), "a spreadsheet would calculate the subject");
}

#[test]
fn loadfile_from_zip_volumes_copies_or_refers_and_profiles_name_their_fields() {
    let (tenant, package) = mailbox(&[("a.eml", HOSTILE), ("b.eml", "Subject: b\n\nb\n")], &["--format", "zip"]);
    let run = |name: &str, options: &[&str]| {
        let out = tenant.path(name);
        let args = ["loadfile", package.to_str().expect("UTF-8"), "--out", out.to_str().expect("UTF-8")];
        tenant.run(&[&args[..], options].concat()).exits(0);
        out
    };
    let copied = run("copied", &["--volume", "PROD01"]);
    python(&package, &copied, "utf-8");
    sums_hold(&copied);
    assert!(copied.join("NATIVES/PROD01/0001/AFF-0000001.eml").is_file());
    let referred = run("referred", &["--natives", "reference", "--dates", "iso"]);
    assert!(!referred.join("NATIVES").exists());
    let dat = read(&referred, "LOADFILES/AFF.dat");
    assert!(dat.contains("\u{fe}data\\VOL001.zip\\") && dat.contains("\u{fe}2024-06-03T14:05:09Z\u{fe}"), "{dat}");
    let zoned = run("zoned", &["--zone", "Asia/Kolkata"]);
    let dat = read(&zoned, "LOADFILES/AFF.dat");
    assert!(dat.contains("\u{fe}06/03/2024 19:35:09\u{fe}") && dat.contains("\u{fe}Asia/Kolkata\u{fe}"), "{dat}");
    assert!(read(&zoned, "LOADFILES/AFF-edrm.xml").contains("TagName=\"#DateSent\" TagValue=\"2024-06-03T14:05:09Z\""));
    let below = read(&run("below", &["--prefix", "case-7/PROD001"]), "LOADFILES/AFF.dat");
    assert!(below.contains("\u{fe}case-7\\PROD001\\NATIVES\\VOL001\\0001\\AFF-0000001.eml\u{fe}"), "{below}");
    let nowhere = ["loadfile", package.to_str().expect("UTF-8"), "--out", "x", "--prefix", "../x"];
    tenant.run(&nowhere).exits(2);
    let nowhere = ["loadfile", package.to_str().expect("UTF-8"), "--out", "x", "--zone", "Mars/Base"];
    tenant.run(&nowhere).exits(2);
    for (profile, heads) in [
        ("relativity", ["Control Number", "Control Number Beg Attach", "Sent Date/Time", "Native File"]),
        ("everlaw", ["Begin Bates", "Begin Family", "Date Sent", "Native Path"]),
        ("logikcull", ["Begin Doc", "End Family", "Email Time Sent", "Native File Link"]),
    ] {
        let dat = read(&run(profile, &["--profile", profile]), "LOADFILES/AFF.dat");
        let first = dat.lines().next().expect("heads");
        for head in heads {
            assert!(first.contains(&format!("\u{fe}{head}\u{fe}")), "{profile}: {head}");
        }
    }
}

#[test]
fn loadfile_dedupe_keeps_the_first_by_control_number_and_lists_every_copy() {
    let copy = |received: &str| format!("Received: by {received}\n{HOSTILE}");
    let (first, second) = (copy("a.example"), copy("b.example"));
    let mail = [("a.eml", &*first), ("b.eml", "Subject: other\n\nb\n"), ("c.eml", &*second)];
    let (tenant, package) = mailbox(&mail, &[]);
    for among in ["custodian", "global"] {
        let out = tenant.path(among);
        let args = ["loadfile", package.to_str().expect("UTF-8"), "--out", out.to_str().expect("UTF-8")];
        let ran = tenant.run(&[&args[..], &["--dedupe", among, "--json"]].concat()).exits(0);
        assert_eq!((&ran.json()["counts"]["duplicates"], &ran.json()["counts"]["produced"]), (&1.into(), &2.into()));
        python(&package, &out, "utf-8");
        let kept = rows(
            &package,
            "select max(control_number), min(control_number) from item group by content_id having count(*) > 1",
        );
        let list = read(&out, "LOADFILES/duplicates.csv");
        assert!(list.contains(&format!("{},", kept[0].replace('|', ","))), "{kept:?} in {list}");
        assert!(read(&out, "LOADFILES/AFF.dat").contains("ALLCUSTODIANS"));
    }
    let plain = tenant.path("plain");
    tenant.run(&["loadfile", package.to_str().expect("UTF-8"), "--out", plain.to_str().expect("UTF-8")]).exits(0);
    assert!(!read(&plain, "LOADFILES/AFF.dat").contains("ALLCUSTODIANS"));
}

#[test]
fn loadfile_dedupe_names_every_custodian_that_has_a_copy() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, package) = tenant.collect("package", &[MARA, JONAS]);
    let out = tenant.path("out");
    let args =
        ["loadfile", package.to_str().expect("UTF-8"), "--out", out.to_str().expect("UTF-8"), "--dedupe", "global"];
    let ran = tenant.run(&[&args[..], &["--json"]].concat()).exits(0);
    python(&package, &out, "utf-8");
    let across = rows(
        &package,
        "select count(*) from (select content_id from item join mailbox using (mailbox_id) group by content_id \
         having count(distinct custodian_id) > 1)",
    );
    let both = ["Mara Okafor;Jonas Weber", "Jonas Weber;Mara Okafor"];
    let dat = read(&out, "LOADFILES/AFF.dat");
    let named =
        dat.lines().filter(|line| both.iter().any(|both| line.contains(both)) && !line.contains("attachment")).count();
    assert!(ran.json()["counts"]["duplicates"].as_u64() > Some(0) || across == ["0"]);
    assert!(named as u64 >= across[0].parse::<u64>().expect("a number"), "{named} {across:?}");
}

#[test]
fn loadfile_on_a_full_disk_says_so_and_goes_through_when_there_is_room() {
    let long = format!("Subject: long\n\n{}", "words that fill a disk\n".repeat(20_000));
    let (tenant, package) = mailbox(&[("a.eml", HOSTILE), ("b.eml", &long)], &[]);
    let small = tenant.path("small");
    fs::create_dir(&small).expect("made");
    let script = "mount -t tmpfs -o size=256k none \"$small\" || exit 99\n\
        \"$affiant\" loadfile \"$package\" --out \"$small/out\"; echo exit $?\n[ -e \"$small/out\" ] && echo there\n\
        mount -o remount,size=64m \"$small\"\n\
        \"$affiant\" loadfile \"$package\" --out \"$small/out\" > /dev/null; echo exit $?\n\
        cd \"$small/out\" && sha256sum --quiet -c sha256sums.txt && ls \"$small\"";
    let mut shell = Command::new("unshare");
    shell.args(["-rm", "sh", "-c", script]).env("small", &small).env("package", &package);
    let Ok(ran) = shell.env("affiant", AFFIANT).output() else {
        return eprintln!("SKIPPED: no unshare");
    };
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    if !out.contains("exit") {
        return eprintln!("SKIPPED: no file system may be mounted here: {err}");
    }
    assert_eq!(out.lines().collect::<Vec<_>>(), ["exit 1", "exit 0", "out"], "{err}");
    assert!(err.contains("the disk is full") && err.contains("help:"), "{err}");
}

#[test]
fn loadfile_of_real_mail_is_read_back_by_another_parser() {
    let Some(corpus) = corpus() else { return };
    let owner = "ana@corpus.example";
    let tenant = Tenant::signed_in_by(owner, &["--corpus", corpus.to_str().expect("UTF-8"), "--as", owner]);
    tenant.login().exits(0);
    let (ran, package) = tenant.collect("p", &["me"]);
    ran.exits(0);
    let out = tenant.path("out");
    let args = ["loadfile", package.to_str().expect("UTF-8"), "--out", out.to_str().expect("UTF-8")];
    tenant.run(&[&args[..], &["--text", "--attachments"]].concat()).exits(0);
    python(&package, &out, "utf-8");
    sums_hold(&out);
}
