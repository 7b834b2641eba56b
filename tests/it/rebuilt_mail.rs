//! A rebuilt message as Python's email package reads it. The unit tests hold the golden file to the code.

#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use affiant::terms::Sha256;
use serde_json::{Value, json};

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
