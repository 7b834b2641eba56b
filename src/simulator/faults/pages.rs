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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::faults::{Faults, Point};

    const ADDRESS: &str = "http://127.0.0.1:9/v1.0/users/u/mailFolders/f%3D/childFolders?$top=4&$skip=8";

    fn strike(fault: &str, point: Point) -> Strike {
        let faults = Faults::parse(fault, 7).expect("a valid specification");
        faults.strike(point, "page", 4, None).expect("it strikes")
    }

    fn spoilt(fault: &str, point: Point) -> Map<String, Value> {
        let page = json!({ "value": [{"id": "a"}, {"id": "b"}, {"id": "c"}, {"id": "d"}], "@odata.count": 40,
                           NEXT: "http://127.0.0.1:9/v1.0/users/u/messages?$top=4&$skip=12" });
        let Value::Object(mut page) = page else { return Map::new() };
        spoil(&strike(fault, point), &mut page, ADDRESS);
        page
    }

    fn ids(page: &Map<String, Value>) -> Vec<&str> {
        let entries = page.get("value").and_then(Value::as_array);
        entries.into_iter().flatten().filter_map(|entry| entry.get("id").and_then(Value::as_str)).collect()
    }

    fn skip(page: &Map<String, Value>) -> Option<String> {
        let link = url::Url::parse(page.get(NEXT)?.as_str()?).ok()?;
        link.query_pairs().find(|(name, _)| name == "$skip").map(|(_, value)| value.into_owned())
    }

    #[test]
    fn a_short_page_leads_on_to_what_it_left_out_and_a_shifted_one_past_it() {
        let short = spoilt("short-page", Point::List);
        assert_eq!((ids(&short), skip(&short).as_deref()), (vec!["a", "b"], Some("10")));
        let shifted = spoilt("shift", Point::List);
        assert_eq!((ids(&shifted).len(), skip(&shifted).as_deref()), (4, Some("13")));
    }

    #[test]
    fn what_is_left_out_is_the_same_every_time_and_not_counted() {
        let (once, again) = (spoilt("late:rate=0.5", Point::List), spoilt("late:rate=0.5", Point::List));
        assert_eq!(once, again);
        assert!(!once.contains_key("@odata.count"));
        assert_eq!(ids(&spoilt("late:rate=1", Point::List)), Vec::<&str>::new());
        assert_eq!(ids(&spoilt("late:rate=0", Point::List)).len(), 4);
    }

    #[test]
    fn an_entry_that_spoils_its_page_spoils_no_other() {
        let page = json!({ "value": [{"id": "a"}] });
        assert!(holds_a_chosen_entry(&page, &strike("bad-item:rate=1", Point::List)));
        assert!(!holds_a_chosen_entry(&page, &strike("bad-item:rate=0", Point::List)));
        assert!(!holds_a_chosen_entry(&json!({ "id": "a" }), &strike("bad-item:rate=1", Point::List)));
    }

    #[test]
    fn a_folder_in_circles_is_listed_below_itself() {
        assert_eq!(ids(&spoilt("folder-loop", Point::Children)), ["a", "b", "c", "d", "f="]);
    }
}
