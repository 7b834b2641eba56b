//! Folders, messages, their bytes and attachments.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::bench::{Bench, escaped, sha256, text};

const MARA: &str = "/users/mara.okafor@brackwater.example";
const IMMUTABLE: &str = "IdType=\"ImmutableId\", odata.maxpagesize=50";

/// All folders of a mailbox, by id, hidden ones included and Recoverable Items by name.
async fn folders(bench: &Bench, token: &str, user: &str) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut open = vec![format!("{user}/mailFolders?includeHiddenFolders=true")];
    while let Some(target) = open.pop() {
        for folder in bench.all(token, &target, "odata.maxpagesize=3").await {
            let id = text(&folder, "id").to_owned();
            open.push(format!("{user}/mailFolders/{}/childFolders?includeHiddenFolders=true", escaped(&id)));
            assert!(found.insert(id, folder).is_none(), "a folder is listed twice");
        }
    }
    for name in ["recoverableitemsdeletions", "recoverableitemspurges"] {
        let answer = bench.get(token, &format!("{user}/mailFolders/{name}")).await;
        if answer.status == 200 {
            found.insert(text(&answer.json(), "id").to_owned(), answer.json());
        }
    }
    found
}

async fn messages(bench: &Bench, token: &str, user: &str, rest: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for (id, folder) in folders(bench, token, user).await {
        if text(&folder, "@odata.type") != "#microsoft.graph.mailSearchFolder" {
            let target = format!("{user}/mailFolders/{}/messages?{rest}", escaped(&id));
            all.extend(bench.all(token, &target, IMMUTABLE).await);
        }
    }
    all
}

#[tokio::test]
async fn the_top_level_is_not_recursive_and_names_work_as_ids() {
    let bench = Bench::start(&[]);
    let token = bench.paula().await;
    let top = bench.get(&token, &format!("{MARA}/mailFolders?$top=100")).await.items();
    let names: BTreeSet<&str> = top.iter().map(|folder| text(folder, "displayName")).collect();
    assert!(names.contains("Inbox") && !names.contains("Kestrel") && !names.contains("Hidden log"), "{names:?}");
    assert!(!names.contains("Recoverable Items"));
    let all = folders(&bench, &token, MARA).await;
    let names: Vec<&str> = all.values().map(|folder| text(folder, "displayName")).collect();
    assert!(names.contains(&"Kestrel") && names.contains(&"Hidden log") && names.contains(&"Offers/Bids"), "{names:?}");
    assert_eq!(names.iter().filter(|name| **name == "twin").count(), 2, "two folders of one name");
    let by_name = bench.get(&token, &format!("{MARA}/mailFolders('Inbox')")).await.json();
    assert_eq!(text(&all[text(&by_name, "id")], "displayName"), "Inbox");
    let root = bench.get(&token, &format!("{MARA}/mailFolders/msgfolderroot")).await.json();
    assert_eq!(by_name["parentFolderId"], root["id"]);
    assert_eq!(bench.get(&token, &format!("{MARA}/mailFolders/no-such-name")).await.status, 400);
}

#[tokio::test]
async fn every_message_is_served_with_the_bytes_of_its_file() {
    let bench = Bench::start(&[]);
    let token = bench.paula().await;
    let expected: Vec<Value> =
        serde_json::from_str(include_str!("../../../fixtures/tenant/expected.json")).expect("the fixture");
    for user in ["mara.okafor", "legacy-import"] {
        let of_user = expected.iter().filter(|entry| text(entry, "mailbox") == user);
        let known: BTreeSet<&str> = of_user.map(|entry| text(entry, "sha256")).collect();
        let at = format!("/users/{user}@brackwater.example");
        let mut served = BTreeSet::new();
        let mut refused = 0;
        let mut listed = messages(&bench, &token, &at, "$select=id,internetMessageId,parentFolderId").await;
        let homes: BTreeSet<String> = listed.iter().map(|message| text(message, "parentFolderId").to_owned()).collect();
        // Folders of IMAP migrations are never listed; only a list of the whole mailbox shows their mail.
        let everywhere = format!("{at}/messages?$select=id,internetMessageId,parentFolderId");
        let unlisted = bench.all(&token, &everywhere, IMMUTABLE).await.into_iter();
        listed.extend(unlisted.filter(|message| !homes.contains(text(message, "parentFolderId"))));
        for message in listed {
            let id = escaped(text(&message, "id"));
            let generated = text(&message, "internetMessageId").starts_with("<SIM");
            let answer = bench.get(&token, &format!("{at}/messages/{id}/$value")).await;
            match answer.status {
                200 => {
                    assert_eq!(answer.header("content-length"), "", "Exchange sends no length");
                    if !generated {
                        served.insert(sha256(&answer.bytes));
                    }
                }
                _ => refused += 1,
            }
        }
        let strangers: Vec<_> = served.iter().filter(|hash| !known.contains(hash.as_str())).collect();
        assert!(strangers.is_empty(), "{user}: {strangers:?}");
        assert_eq!(served.len() + refused, known.len(), "{user}");
    }
}

#[tokio::test]
async fn pages_of_any_size_hold_the_same_messages() {
    let bench = Bench::start(&[]);
    let token = bench.paula().await;
    let inbox = format!("{MARA}/mailFolders/inbox/messages?$select=id");
    let mut seen = Vec::new();
    for size in ["1", "3", "10", "1000"] {
        let ids = bench.all(&token, &inbox, &format!("odata.maxpagesize={size}")).await;
        seen.push(ids.iter().map(|message| text(message, "id").to_owned()).collect::<Vec<_>>());
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
    let unique: BTreeSet<&String> = seen[0].iter().collect();
    assert_eq!(unique.len(), seen[0].len());
    assert_eq!(bench.get(&token, &inbox).await.items().len(), 10, "the usual page");
    assert_eq!(bench.get(&token, &format!("{inbox}&$top=1001")).await.status, 400);
    let immutable = bench.all(&token, &inbox, IMMUTABLE).await;
    assert!(immutable.iter().zip(&seen[0]).all(|(message, normal)| text(message, "id") != normal));
}

#[tokio::test]
async fn a_date_filter_is_half_open_and_agrees_with_the_dates_shown() {
    let bench = Bench::start(&[]);
    let token = bench.paula().await;
    let (from, to) = ("2023-12-31T23:00:00Z", "2024-03-31T22:00:00Z");
    for field in ["receivedDateTime", "sentDateTime", "createdDateTime", "lastModifiedDateTime"] {
        for folder in ["inbox", "drafts", "sentitems"] {
            let at = format!("{MARA}/mailFolders/{folder}/messages");
            let all = bench.all(&token, &format!("{at}?$select=id,{field}"), "odata.maxpagesize=100").await;
            let inside = all.iter().filter(|message| (from..to).contains(&text(message, field)));
            let inside: BTreeSet<&str> = inside.map(|message| text(message, "id")).collect();
            let filter = escaped(&format!("{field} ge {from} and {field} lt {to}"));
            let target = format!("{at}?$select=id,{field}&$filter={filter}&$orderby={field}%20asc");
            let filtered = bench.all(&token, &target, "odata.maxpagesize=7").await;
            assert_eq!(inside, filtered.iter().map(|message| text(message, "id")).collect(), "{folder} {field}");
            let dates: Vec<&str> = filtered.iter().map(|message| text(message, field)).collect();
            assert!(dates.is_sorted(), "{folder} {field}");
        }
    }
    let filter = escaped("isDraft eq false and receivedDateTime ge 2024-01-01T00:00:00Z");
    let refused = bench.get(&token, &format!("{MARA}/messages?$filter={filter}&$orderby=receivedDateTime")).await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "InefficientFilter"));
}

#[tokio::test]
async fn a_message_shows_what_was_selected_and_its_headers_only_then() {
    let bench = Bench::start(&[]);
    let token = bench.paula().await;
    let inbox = format!("{MARA}/mailFolders/inbox/messages");
    let expand = escaped("singleValueExtendedProperties($filter=id eq 'Integer 0x0E08' or id eq 'String 0x001A')");
    let one = bench.get(&token, &format!("{inbox}?$top=1&$select=subject,changeKey&$expand={expand}")).await.items();
    let message = one.first().expect("a message");
    assert!(message["body"].is_null() && !text(message, "subject").is_empty());
    assert_eq!(text(message, "@odata.etag"), format!("W/\"{}\"", text(message, "changeKey")));
    assert_eq!(message["singleValueExtendedProperties"].as_array().map(Vec::len), Some(2));
    let at = format!("{MARA}/messages/{}", escaped(text(message, "id")));
    let whole = bench.get(&token, &at).await.json();
    assert!(whole["internetMessageHeaders"].is_null() && !text(&whole["body"], "content").is_empty());
    let headers = bench.get(&token, &format!("{at}?$select=internetMessageHeaders")).await.json();
    assert!(headers["internetMessageHeaders"].as_array().is_some_and(|lines| lines.len() > 3));
    let unknown = bench.get(&token, &format!("{at}?$select=@removed")).await;
    assert!(matches!(unknown.status, 200 | 400));
    let under = bench.get(&token, &format!("{inbox}/{}/$value", escaped(text(message, "id")))).await;
    assert_eq!((under.status, under.code().as_str()), (405, "ErrorInvalidRequest"));
    let other = bench.get(&token, &at.replace("mara.okafor", "jonas.weber")).await;
    assert_eq!((other.status, other.code().as_str()), (404, "ErrorItemNotFound"));
    let malformed = bench.get(&token, &format!("{MARA}/messages/abc")).await;
    assert_eq!((malformed.status, malformed.code().as_str()), (400, "ErrorInvalidIdMalformed"));
}

#[tokio::test]
async fn attachments_are_files_items_and_links() {
    let bench = Bench::start(&[]);
    let token = bench.paula().await;
    let mut kinds = BTreeSet::new();
    for message in messages(&bench, &token, MARA, "$select=id,internetMessageId").await {
        if text(&message, "internetMessageId").starts_with("<SIM") {
            continue;
        }
        let at = format!("{MARA}/messages/{}/attachments", escaped(text(&message, "id")));
        for attachment in bench.get(&token, &at).await.items() {
            let kind = text(&attachment, "@odata.type").trim_start_matches("#microsoft.graph.").to_owned();
            let one = format!("{at}/{}", escaped(text(&attachment, "id")));
            assert_eq!(bench.get(&token, &one).await.json()["name"], attachment["name"]);
            let value = bench.get(&token, &format!("{one}/$value")).await;
            match kind.as_str() {
                "referenceAttachment" => assert_eq!(value.status, 405),
                "itemAttachment" => {
                    let item =
                        bench.get(&token, &format!("{one}?$expand=microsoft.graph.itemattachment/item")).await.json();
                    assert!(item["item"].is_object() && item["contentBytes"].is_null());
                    assert_eq!(value.status, 200);
                }
                _ => {
                    assert_eq!(value.status, 200);
                    if let Some(inline) = attachment["contentBytes"].as_str() {
                        let bytes = STANDARD.decode(inline).expect("base64");
                        assert_eq!(bytes, value.bytes);
                    }
                }
            }
            kinds.insert(kind);
        }
    }
    let all = ["fileAttachment", "itemAttachment", "referenceAttachment"];
    assert_eq!(kinds, all.into_iter().map(str::to_owned).collect());
}

#[tokio::test]
async fn delta_tells_everything_once_and_forgets_strange_tokens() {
    let bench = Bench::start(&[]);
    let token = bench.paula().await;
    let inbox = format!("{MARA}/mailFolders/inbox/messages");
    let listed = bench.all(&token, &format!("{inbox}?$select=id"), IMMUTABLE).await;
    let mut target = format!("{inbox}/delta?$select=subject");
    let mut told = BTreeSet::new();
    let last = loop {
        let asked = bench.request(&token, &target).header("prefer", "IdType=\"ImmutableId\", odata.maxpagesize=20");
        let page = bench.send(asked).await.expect("an answer");
        told.extend(page.items().iter().map(|message| text(message, "id").to_owned()));
        match page.next() {
            Some(next) => target = next,
            None => break page.json(),
        }
    };
    assert_eq!(told, listed.iter().map(|message| text(message, "id").to_owned()).collect());
    let quiet = bench.get(&token, text(&last, "@odata.deltaLink")).await;
    assert!(quiet.items().is_empty() && quiet.json()["@odata.deltaLink"].is_string());
    let gone = bench.get(&token, &format!("{inbox}/delta?$deltatoken=strange")).await;
    assert_eq!((gone.status, gone.code().to_lowercase().as_str()), (410, "syncstatenotfound"));
    let all = bench.all(&token, &format!("{MARA}/mailFolders/delta"), "odata.maxpagesize=4").await;
    assert!(all.iter().any(|folder| text(folder, "displayName") == "Kestrel"), "delta lists folders flat");
}

#[tokio::test]
async fn a_batch_answers_each_part_for_itself() {
    let bench = Bench::start(&[]);
    let token = bench.paula().await;
    let ids = bench.get(&token, &format!("{MARA}/mailFolders/inbox/messages?$top=1&$select=id")).await.items();
    let id = escaped(text(ids.first().expect("a message"), "id"));
    let value = bench.get(&token, &format!("{MARA}/messages/{id}/$value")).await.bytes;
    let part = |id: &str, url: String| json!({ "id": id, "method": "GET", "url": url });
    let requests = json!([
        part("a", "/me".to_owned()),
        part("b", "users/nobody@brackwater.example".to_owned()),
        part("c", format!("{MARA}/messages/{id}/$value")),
    ]);
    let answer = bench.call(&token, "POST", "/$batch", &json!({ "requests": requests })).await;
    assert_eq!(answer.status, 200);
    let parts: BTreeMap<String, Value> = answer.json()["responses"]
        .as_array()
        .expect("parts")
        .iter()
        .map(|part| (text(part, "id").to_owned(), part.clone()))
        .collect();
    assert_eq!((parts["a"]["status"].as_u64(), parts["b"]["status"].as_u64()), (Some(200), Some(404)));
    let bytes = STANDARD.decode(text(&parts["c"], "body")).expect("base64");
    assert_eq!(bytes, value);
    let many: Vec<Value> = (0..21).map(|n| part(&n.to_string(), "/me".to_owned())).collect();
    assert_eq!(bench.call(&token, "POST", "/$batch", &json!({ "requests": many })).await.status, 400);
}
