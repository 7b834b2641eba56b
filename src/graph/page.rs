//! One page of a listing, read entry by entry so that an odd one does not cost the others.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;

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

/// A page of which every entry is what was asked for: read in one go.
#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct WholePage<T> {
    value: Vec<T>,
    #[serde(rename = "@odata.nextLink", default)]
    next: Option<String>,
    #[serde(rename = "@odata.count", default)]
    count: Value,
}

/// Reads a page, as a whole where every entry can be read, else entry by entry. Without `links` it is the last one.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8], origin: &Origin, links: bool) -> Result<Page<T>, PageFault> {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if let Ok(WholePage { value, next, count }) = serde_json::from_slice(text) {
        let next = next.filter(|_| links);
        let next = next_link(next, origin)?;
        return Ok(Page { items: value, unreadable: 0, next, count: count.as_u64() });
    }
    let page: RawPage = json::parse(bytes).map_err(|_| PageFault::Json)?;
    let page = if links { page } else { page.without_links() };
    Ok(page.read(origin)?)
}

fn next_link(next: Option<String>, origin: &Origin) -> Result<Option<Link>, LinkFault> {
    next.filter(|text| !text.trim().is_empty()).map(|text| origin.link(&text)).transpose()
}

/// Why there is no page.
#[derive(Debug)]
pub(super) enum PageFault {
    /// It is none.
    Json,
    /// Its link leads nowhere.
    Link(LinkFault),
}

impl From<LinkFault> for PageFault {
    fn from(fault: LinkFault) -> Self {
        Self::Link(fault)
    }
}

impl<T: DeserializeOwned> Page<T> {
    /// Reads a page that was kept as it arrived from this Graph; `None` when it is none, or leads elsewhere.
    pub fn of(bytes: &[u8], graph: &Url) -> Option<Self> {
        read(bytes, &Origin::new(graph), true).ok()
    }
}

/// The page as it stands in the JSON.
#[derive(Deserialize)]
struct RawPage {
    value: Vec<Box<RawValue>>,
    #[serde(rename = "@odata.nextLink", default)]
    next: Option<String>,
    #[serde(rename = "@odata.count", default)]
    count: Value,
}

impl RawPage {
    /// The same as if it were the last.
    fn without_links(self) -> Self {
        Self { next: None, ..self }
    }

    fn read<T: DeserializeOwned>(self, origin: &Origin) -> Result<Page<T>, LinkFault> {
        let next = next_link(self.next, origin)?;
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
    use super::*;
    use crate::graph::wire::MailFolder;

    fn page(text: &str) -> Page<MailFolder> {
        let origin = Origin::new(&Url::parse("http://127.0.0.1:9").expect("valid"));
        read(text.as_bytes(), &origin, true).expect("a page with links at home")
    }

    #[test]
    fn an_odd_entry_is_counted_and_the_others_are_read() {
        let page = page(r#"{"value":[{"id":"a"},17,{"id":5},{"id":"b","displayName":"x\ud800"}],"@odata.count":-1}"#);
        let ids: Vec<_> = page.items.iter().map(|folder| folder.id.as_str().to_owned()).collect();
        assert_eq!((ids, page.unreadable, page.count), (vec!["a".to_owned(), "b".to_owned()], 2, None));
    }

    #[test]
    fn a_page_read_as_a_whole_is_the_same_as_one_read_entry_by_entry() {
        let entries = r#"{"id":"a","totalItemCount":3},{"id":"b","displayName":"x"}"#;
        let rest = r#""@odata.nextLink":"http://127.0.0.1:9/v1.0/x?$skip=2","@odata.count":9"#;
        let whole = page(&format!(r#"{{"value":[{entries}],{rest}}}"#));
        let odd = page(&format!("\u{feff}{{\"value\":[{entries},7],{rest}}}"));
        assert_eq!((whole.unreadable, odd.unreadable), (0, 1));
        assert_eq!(format!("{:?}", Page { unreadable: 1, ..whole }), format!("{odd:?}"));
        let last = read::<MailFolder>(
            format!(r#"{{"value":[{entries}],"@odata.nextLink":"http://elsewhere.example/x"}}"#).as_bytes(),
            &Origin::new(&Url::parse("http://127.0.0.1:9").expect("valid")),
            false,
        );
        assert!(last.is_ok_and(|page| page.items.len() == 2 && page.next.is_none()));
    }

    #[test]
    fn an_empty_page_with_a_link_goes_on() {
        let page = page(r#"{"value":[],"@odata.nextLink":"http://127.0.0.1:9/v1.0/x?$skip=10","@odata.count":7}"#);
        assert!(page.items.is_empty() && page.next.is_some());
        assert_eq!(page.count, Some(7));
    }
}
