//! Rebuilt messages as two parsers read them that nobody here wrote: Python's email package and npm's postal-mime.
//! The unit tests hold the golden file to the code.

#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use affiant::terms::Sha256;
use serde_json::{Value, json};

use crate::npm;
use crate::tenant::{JONAS, MARA, Tenant, rows};

#[test]
fn python_reads_a_rebuilt_message_without_a_defect_and_finds_every_fact() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/python/rebuilt.py");
    let mut python = match Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() {
        Ok(python) => python,
        Err(error) => return eprintln!("skipped: python3 does not start: {error}"),
    };
    python.stdin.take().expect("piped").write_all(include_bytes!("golden/rebuilt.eml")).expect("python reads");
    let output = python.wait_with_output().expect("python ends");
    let facts: Value = serde_json::from_slice(&output.stdout).expect("facts as JSON");
    assert_eq!(facts["defects"], json!([]));
    assert_eq!(facts["label"], "rebuilt_from_json");
    assert_eq!(facts["subject"], "Überprüfung ☂");
    assert_eq!(facts["from"], json!([["Keane, Dana", "dana.keane@contoso.example"]]));
    assert_eq!(facts["bcc"], json!(["bcc@fabrikam.example"]));
    assert_eq!(facts["date"], "2024-06-03T14:05:09+00:00");
    assert_eq!(facts["text"], "Hello,\r\nplease see the chart.\r\n");
    assert_eq!(facts["html"], "<p>Hello, <img src=\"cid:chart@affiant\"> 10 €</p>");
    assert_eq!(facts["inner"], json!(["inner"]));
    let files = facts["files"].as_array().expect("a list");
    let names: Vec<_> = files.iter().map(|file| file[0].as_str().unwrap_or_default()).collect();
    assert_eq!(
        names,
        [
            "chart.png",
            "Größe & Maß.txt",
            "Deposition.ics",
            "affiant-placeholder-5.txt",
            "affiant-placeholder-6.txt",
            "empty.bin"
        ]
    );
    assert_eq!(files[1][2], Sha256::of(b"a\nb\xe4\r\n").to_string());
    assert_eq!(files[5][1], 0);
}

const LEGACY: &str = "legacy-import@brackwater.example";
/// What both parsers tell about a message. Not the text: the JSON has one body, the message may have two.
const FACTS: [&str; 8] = ["subject", "from", "to", "cc", "bcc", "message_id", "files", "inner"];

/// Base64 with foreign characters in it: the simulated service gives the attachment as it stands, and that is rebuilt.
const NO_BASE64: &str = "<bad-base64@archive.nordhaven.example>";

/// The facts of messages as a script tells them, in order.
fn facts(mut script: Command, paths: &[PathBuf]) -> Vec<Value> {
    let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the parser starts");
    let list: Vec<&str> = paths.iter().map(|path| path.to_str().expect("UTF-8")).collect();
    let mut stdin = child.stdin.take().expect("piped");
    let list = list.join("\n") + "\n";
    let asking = std::thread::spawn(move || stdin.write_all(list.as_bytes()));
    let output = child.wait_with_output().expect("the parser ends");
    asking.join().expect("not panicked").expect("the parser reads");
    assert!(output.status.success(), "the parser fails");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let facts: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(facts.len(), paths.len());
    facts
}

#[test]
fn two_parsers_find_in_a_rebuilt_message_what_they_find_in_the_native_or_a_loss_is_named() {
    let parser = match npm::install("foreign-parser", "postal-mime", "facts.mjs") {
        Ok(parser) => parser,
        Err(why) => return npm::skipped(&why),
    };
    let python = || {
        let mut python = Command::new("python3");
        python.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/python/facts_of_mail.py"));
        python
    };
    let node = || {
        let mut node = Command::new("node");
        node.arg("facts.mjs").current_dir(&parser);
        node
    };
    if let Some(missing) = ["python3", "node"].iter().find(|name| Command::new(name).arg("--version").output().is_err())
    {
        return npm::skipped(&format!("{missing} does not start"));
    }
    let tenant = Tenant::with_sign_in(&[]);
    let args = [MARA, JONAS, LEGACY, "--exclude-folder", "Inbox/Volume"];
    let (ran, natives) = tenant.collect("natives", &args);
    ran.exits(3);
    tenant.tell("faults", &json!({ "faults": "smime-500" }));
    let (ran, rebuilt) = tenant.collect("rebuilt", &args);
    ran.exits(3);
    // What cannot be rendered in any case is rebuilt in both, and compares with itself.
    let list = |package: &Path| rows(package, "select graph_id, path from item order by 1");
    let paths = |package: &Path| -> Vec<PathBuf> {
        list(package).iter().map(|row| package.join(row.rsplit('|').next().expect("a path"))).collect()
    };
    let (before, after) = (paths(&natives), paths(&rebuilt));
    assert!(before.len() == after.len() && before.len() > 130, "{} and {}", before.len(), after.len());
    let losses = "select i.graph_id, group_concat(e.detail) from item i left join exception e on e.item_id = i.item_id \
                  and e.detail not like 'HTTP%' group by 1 order by 1";
    let losses = rows(&rebuilt, losses);
    let [py_before, js_before] = [facts(python(), &before), facts(node(), &before)];
    let [py_after, js_after] = [facts(python(), &after), facts(node(), &after)];
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for (n, path) in after.iter().enumerate() {
        let loss = losses[n].split_once('|').map_or("", |(_, loss)| loss);
        if py_after[n]["defects"] != json!([]) {
            wrong.push(format!("{}: {}", path.display(), py_after[n]["defects"]));
        }
        for fact in FACTS {
            // Where the two read the native differently, the native is in doubt, and so is what was rebuilt of it.
            let doubtful = py_before[n]["message_id"] == NO_BASE64 && fact == "files";
            if doubtful || py_before[n][fact] != js_before[n][fact] {
                continue;
            }
            compared += 1;
            let (py, js) = (&py_after[n][fact], &js_after[n][fact]);
            let (same, agreed) = (*py == py_before[n][fact], py == js);
            if !agreed || (!same && loss.is_empty()) {
                wrong.push(format!("{} {fact}: {} became {py} and {js}; {loss}", path.display(), py_before[n][fact]));
            }
        }
    }
    assert!(compared > before.len() * FACTS.len() * 9 / 10, "{compared} facts could be compared");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
