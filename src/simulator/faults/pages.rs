//! What a fault does to a page: its entries, its counts and the link to the next one.

use serde_json::{Map, Value, json};

use super::{Effect, Strike};
use crate::simulator::chance;
use crate::simulator::graph::{AGAIN, segments};

const NEXT: &str = "@odata.nextLink";

impl Strike {
    /// Whether the seed chooses this entry.
    fn chooses(&self, entry: &Value) -> bool {
        let id = entry.get("id").and_then(Value::as_str).unwrap_or_default();
        chance::selects(self.seed, id, self.rate)
    }
}

/// Whether an entry of a page is one that the seed chooses.
pub(super) fn holds_a_chosen_entry(page: &Value, strike: &Strike) -> bool {
    let entries = page.get("value").and_then(Value::as_array);
    entries.is_some_and(|entries| entries.iter().any(|entry| strike.chooses(entry)))
}

pub(super) fn spoil(strike: &Strike, page: &mut Map<String, Value>, address: &str) {
    if !page.contains_key("value") {
        return;
    }
    match strike.effect {
        // The name cannot exist: RFC 6761.
        Effect::ForeignLink => {
            page.insert(NEXT.to_owned(), json!("https://graph.elsewhere.invalid/v1.0/me/messages?$skip=10"));
        }
        Effect::SameLink => {
            page.insert(NEXT.to_owned(), json!(address));
        }
        Effect::NoLink => {
            page.remove(NEXT);
        }
        Effect::UserlessLink => {
            let link = page.get(NEXT).and_then(Value::as_str).unwrap_or_default().to_owned();
            if let Some((before, after)) = link.split_once("/users/") {
                let rest = after.split_once('/').map_or("", |(_, rest)| rest);
                page.insert(NEXT.to_owned(), json!(format!("{before}/users//{rest}")));
            }
        }
        Effect::EmptyPage => {
            // The same request once more; the added parameter keeps the link from looking like a loop.
            let separator = if address.contains('?') { '&' } else { '?' };
            page.insert("value".to_owned(), json!([]));
            page.remove("@odata.deltaLink");
            page.insert(NEXT.to_owned(), json!(format!("{address}{separator}{AGAIN}=1")));
        }
        Effect::Twice => {
            if let Some(Value::Array(entries)) = page.get_mut("value") {
                let last = entries.last().cloned();
                entries.extend(last);
            }
        }
        Effect::WrongCount => {
            page.insert("@odata.count".to_owned(), json!(-1));
        }
        Effect::ShortPage => shorten(page, address),
        Effect::Shift => {
            let shifted = page.get(NEXT).and_then(Value::as_str).and_then(|link| skipping(link, |skip| skip + 1));
            if let Some(link) = shifted {
                page.insert(NEXT.to_owned(), json!(link));
            }
        }
        Effect::Omit => {
            if let Some(Value::Array(entries)) = page.get_mut("value") {
                entries.retain(|entry| !strike.chooses(entry));
            }
            // The service does not count what it does not show.
            page.remove("@odata.count");
        }
        Effect::FolderLoop => {
            let id = address.split_once("/childFolders").and_then(|(before, _)| segments(before).pop());
            if let (Some(Value::Array(entries)), Some(id)) = (page.get_mut("value"), id) {
                entries.push(json!({ "id": id, "displayName": "Again", "childFolderCount": 1, "totalItemCount": 0 }));
            }
        }
        Effect::Nobody => {
            if let Some(Value::Array(entries)) = page.get_mut("value") {
                if let Some(last) = entries.last_mut().and_then(Value::as_object_mut) {
                    last.retain(|name, _| !["userPrincipalName", "displayName", "mail"].contains(&name.as_str()));
                }
                entries.push(json!({ "displayName": "", "userPrincipalName": null }));
            }
        }
        _ => {}
    }
}

/// Half of the entries; the link goes on after them.
fn shorten(page: &mut Map<String, Value>, address: &str) {
    let Some(Value::Array(entries)) = page.get_mut("value") else { return };
    if entries.len() < 2 {
        return;
    }
    entries.truncate(entries.len() / 2);
    let kept = u64::try_from(entries.len()).unwrap_or_default();
    if let Some(link) = skipping(address, |skip| skip + kept) {
        page.insert(NEXT.to_owned(), json!(link));
    }
}

/// An address with another `$skip`.
fn skipping(address: &str, change: impl Fn(u64) -> u64) -> Option<String> {
    let mut url = url::Url::parse(address).ok()?;
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let skip = pairs.iter().find(|(name, _)| name == "$skip").and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let others = pairs.iter().filter(|(name, _)| name != "$skip");
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(others).append_pair("$skip", &change(skip).to_string());
    url.set_query(Some(&query.finish()));
    Some(url.to_string())
}
