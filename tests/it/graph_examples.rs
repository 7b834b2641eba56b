//! Microsoft's own response examples, read by the types that read real answers.
//!
//! The examples are not part of this repository; where they are absent the test says so and ends.

use std::fs;
use std::path::{Path, PathBuf};

use affiant::graph::wire::{Attachment, MailFolder, Message, User};
use serde::de::DeserializeOwned;
use serde_json::Value;

const EXAMPLES: &str = "../shared/data/graph-examples";

fn examples() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = [root.join(EXAMPLES), root.join("..").join(EXAMPLES)];
    let found = places.into_iter().find(|place| place.join("index.json").is_file());
    if found.is_none() {
        eprintln!("SKIPPED: no response examples at {EXAMPLES}");
    }
    found
}

/// The entries of a page, or the one value itself.
fn entries(body: &Value) -> Vec<&Value> {
    match body.get("value").and_then(Value::as_array) {
        Some(list) => list.iter().collect(),
        None => vec![body],
    }
}

fn read_as<T: DeserializeOwned>(body: &Value, file: &str) -> usize {
    let with_id = entries(body)
        .into_iter()
        .filter(|entry| entry.get("id").and_then(Value::as_str).is_some_and(|id| !id.is_empty()));
    with_id
        .map(|entry| {
            let text = entry.to_string();
            if let Err(error) = serde_json::from_str::<T>(&text) {
                panic!("{file}: {error}");
            }
        })
        .count()
}

/// Every type tries every body: most do not fit, none may panic.
fn try_everything(text: &str) {
    let _ = serde_json::from_str::<User>(text);
    let _ = serde_json::from_str::<MailFolder>(text);
    let _ = serde_json::from_str::<Message>(text);
    let _ = serde_json::from_str::<Attachment>(text);
}

#[test]
fn every_example_of_a_user_folder_message_or_attachment_is_read() {
    let Some(root) = examples() else { return };
    let index = fs::read_to_string(root.join("index.json")).expect("an index");
    let index: Value = serde_json::from_str(&index).expect("an index in JSON");
    let (mut bodies, mut read) = (0, [0_usize; 4]);
    for example in index["examples"].as_array().expect("a list of examples") {
        let Some(file) = example["file"].as_str() else { continue };
        let text = String::from_utf8_lossy(&fs::read(root.join(file)).expect("a listed file")).into_owned();
        try_everything(&text);
        bodies += 1;
        let ok = example["status"].as_u64() == Some(200);
        let Ok(body) = serde_json::from_str::<Value>(&text) else { continue };
        if !ok || body.get("error").is_some() {
            continue;
        }
        let name = file.rsplit('/').next().unwrap_or(file);
        if name.starts_with("user-list-v1.0") || name.starts_with("user-get-v1.0") {
            read[0] += read_as::<User>(&body, file);
        } else if name.starts_with("mailfolder-get")
            || name.contains("childfolders")
            || name.contains("list-mailfolders")
        {
            read[1] += read_as::<MailFolder>(&body, file);
        } else if name.starts_with("message-get")
            || name.contains("list-messages")
            || name.starts_with("eventmessage-get")
        {
            read[2] += read_as::<Message>(&body, file);
        } else if name.starts_with("attachment-get") || name.contains("list-attachments") {
            read[3] += read_as::<Attachment>(&body, file);
        }
    }
    assert!(bodies > 300 && read.iter().all(|count| *count > 3), "bodies {bodies}, read {read:?}");
}
