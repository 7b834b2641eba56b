//! One page of a listing, read entry by entry so that an odd one does not cost the others.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::json;
use super::link::{Link, LinkFault, Origin};

/// One page of a listing. Only a missing `next` ends a listing: a page may be short or empty.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The entries that could be read.
    pub items: Vec<T>,
    /// Entries that are not what was asked for.
    pub unreadable: u32,
    /// Where the next page is.
    pub next: Option<Link>,
    /// `@odata.count` where the service gave one that can be true; a hint, it is often wrong.
    pub count: Option<u64>,
}

/// The page as it stands in the JSON.
#[derive(Deserialize)]
pub(super) struct RawPage {
    value: Vec<Box<RawValue>>,
    #[serde(rename = "@odata.nextLink", default)]
    next: Option<String>,
    #[serde(rename = "@odata.count", default)]
    count: Value,
}

impl RawPage {
    /// The same as if it were the last.
    pub(super) fn without_links(self) -> Self {
        Self { next: None, ..self }
    }

    pub(super) fn read<T: DeserializeOwned>(self, origin: &Origin) -> Result<Page<T>, LinkFault> {
        let next = self.next.filter(|text| !text.trim().is_empty()).map(|text| origin.link(&text)).transpose()?;
        let mut page =
            Page { items: Vec::with_capacity(self.value.len()), unreadable: 0, next, count: self.count.as_u64() };
        for raw in &self.value {
            match json::parse(raw.get().as_bytes()) {
                Ok(item) => page.items.push(item),
                Err(_) => page.unreadable = page.unreadable.saturating_add(1),
            }
        }
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::graph::wire::MailFolder;

    fn page(text: &str) -> Page<MailFolder> {
        let raw: RawPage = json::parse(text.as_bytes()).expect("a page");
        raw.read(&Origin::new(&Url::parse("http://127.0.0.1:9").expect("valid"))).expect("links at home")
    }

    #[test]
    fn an_odd_entry_is_counted_and_the_others_are_read() {
        let page = page(r#"{"value":[{"id":"a"},17,{"id":5},{"id":"b","displayName":"x\ud800"}],"@odata.count":-1}"#);
        let ids: Vec<_> = page.items.iter().map(|folder| folder.id.as_str().to_owned()).collect();
        assert_eq!((ids, page.unreadable, page.count), (vec!["a".to_owned(), "b".to_owned()], 2, None));
    }

    #[test]
    fn an_empty_page_with_a_link_goes_on() {
        let page = page(r#"{"value":[],"@odata.nextLink":"http://127.0.0.1:9/v1.0/x?$skip=10","@odata.count":7}"#);
        assert!(page.items.is_empty() && page.next.is_some());
        assert_eq!(page.count, Some(7));
    }
}
