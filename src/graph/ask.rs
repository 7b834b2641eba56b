//! One question to Graph: whose budget it uses, what it is for, path, query and preferences.
//!
//! An `Ask` can only ever become a GET. It must not know hosts, tokens or how often it is tried.

use crate::terms::{ObjectId, Purpose};

/// Whose budget a request uses: limits, fence and window are kept per lane
/// (Microsoft, "Graph throttling limits": per application and mailbox).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Lane {
    /// The directory.
    Directory,
    /// One mailbox.
    Mailbox(ObjectId),
    /// One usage report: the service counts each report function by itself.
    Report(&'static str),
}

/// A GET request in the making.
#[derive(Debug, Clone)]
pub struct Ask {
    lane: Lane,
    purpose: Purpose,
    path: Vec<String>,
    query: Vec<(String, String)>,
    page_size: Option<u32>,
    eventual: bool,
    patient: bool,
    unless: Option<String>,
}

impl Ask {
    /// A request for `/v1.0/{path…}`; segments are encoded later, so they are given as they are.
    pub fn new(lane: Lane, purpose: Purpose, path: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let path = path.into_iter().map(Into::into).collect();
        Self { lane, purpose, path, query: Vec::new(), page_size: None, eventual: false, patient: false, unless: None }
    }

    /// Adds a query option such as `$select`.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    /// Asks for pages of at most so many entries (`Prefer: odata.maxpagesize`); the service may send fewer.
    #[must_use]
    pub const fn page_size(mut self, entries: u32) -> Self {
        self.page_size = Some(entries);
        self
    }

    /// Makes it an advanced directory query (`ConsistencyLevel: eventual`), on every page.
    #[must_use]
    pub const fn eventual(mut self) -> Self {
        self.eventual = true;
        self
    }

    /// Lets it wait out a service that answers with its own failures only, as long as one that does not answer at all.
    /// For questions that stand for a whole mailbox, so that an outage is not taken for the loss of single items.
    #[must_use]
    pub const fn patient(mut self) -> Self {
        self.patient = true;
        self
    }

    /// Asks for the answer only if it is not the one with this entity tag (`If-None-Match`, RFC 9110, section 13.1.2).
    #[must_use]
    pub fn unless(mut self, etag: Option<String>) -> Self {
        self.unless = etag;
        self
    }

    /// The entity tag of the answer that is here already.
    pub(super) fn unless_etag(&self) -> Option<&str> {
        self.unless.as_deref()
    }

    /// Whether it waits out a failing service.
    pub(super) const fn is_patient(&self) -> bool {
        self.patient
    }

    /// Whose budget it uses.
    pub const fn lane(&self) -> &Lane {
        &self.lane
    }

    /// What it is for.
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Path and query, encoded, starting with the version.
    pub(super) fn target(&self) -> String {
        let mut target = String::from("v1.0");
        for segment in &self.path {
            target.push('/');
            encode(segment, b"$'()!*,;:@=+&", &mut target);
        }
        for (i, (name, value)) in self.query.iter().enumerate() {
            target.push(if i == 0 { '?' } else { '&' });
            encode(name, b"$", &mut target);
            target.push('=');
            encode(value, b"$'()!*,:@/", &mut target);
        }
        target
    }

    /// The `Prefer` header: immutable ids on everything that is about a mailbox
    /// (Graph, "Obtain immutable identifiers for Outlook resources"), and the page size.
    pub(super) fn prefer(&self) -> Option<String> {
        let ids = matches!(self.lane, Lane::Mailbox(_)).then(|| r#"IdType="ImmutableId""#.to_owned());
        let size = self.page_size.map(|entries| format!("odata.maxpagesize={entries}"));
        let parts: Vec<String> = ids.into_iter().chain(size).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// Whether `ConsistencyLevel: eventual` is sent.
    pub(super) const fn is_eventual(&self) -> bool {
        self.eventual
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986, section 2.3) and those kept on purpose.
fn encode(text: &str, kept: &[u8], into: &mut String) {
    // A segment of dots would be taken for a way up; nothing in Graph is called so.
    let dots = !text.is_empty() && text.bytes().all(|byte| byte == b'.');
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) || (byte == b'.' && !dots);
        if plain || kept.contains(&byte) {
            into.push(char::from(byte));
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            into.push('%');
            into.push(char::from(HEX[usize::from(byte >> 4)]));
            into.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(path: &[&str]) -> Ask {
        Ask::new(Lane::Directory, Purpose::User, path.iter().copied())
    }

    #[test]
    fn a_segment_is_encoded_so_that_it_stays_one_segment() {
        assert_eq!(ask(&["users", "a/b#c?d%e\\f ü"]).target(), "v1.0/users/a%2Fb%23c%3Fd%25e%5Cf%20%C3%BC");
        assert_eq!(ask(&["users", "AAMk-_x=", "$value"]).target(), "v1.0/users/AAMk-_x=/$value");
    }

    #[test]
    fn query_values_cannot_end_their_option() {
        let target = ask(&["users"]).query("$filter", "mail eq 'a+b&c=d@x'").query("$top", "999").target();
        assert_eq!(target, "v1.0/users?$filter=mail%20eq%20'a%2Bb%26c%3Dd@x'&$top=999");
    }

    #[test]
    fn every_mailbox_request_prefers_immutable_ids() {
        let lane = Lane::Mailbox(ObjectId::new("u").expect("valid"));
        let ask = Ask::new(lane, Purpose::List, ["users", "u", "messages"]);
        assert_eq!(ask.prefer().as_deref(), Some(r#"IdType="ImmutableId""#));
        assert_eq!(ask.page_size(50).prefer().as_deref(), Some(r#"IdType="ImmutableId", odata.maxpagesize=50"#));
        assert_eq!(self::ask(&["users"]).prefer(), None);
    }
}
