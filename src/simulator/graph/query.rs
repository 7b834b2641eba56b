//! What a request asks for besides its path: OData options and `Prefer`.

use http::HeaderMap;

use super::refusal::Refusal;
use crate::simulator::ids::Kind;

/// The query options, decoded, in the order given.
#[derive(Debug, Clone, Default)]
pub(in crate::simulator) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string.
    pub(super) fn parse(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// The first value of an option, compared without case; the `$` may be missing.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let same = |have: &str| {
            have.eq_ignore_ascii_case(name)
                || name.strip_prefix('$').is_some_and(|bare| have.eq_ignore_ascii_case(bare))
        };
        self.0.iter().find(|(have, _)| same(have)).map(|(_, value)| value.as_str())
    }

    /// Whether an option is `true`.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// A whole number that must not be negative.
    pub(super) fn number(&self, name: &'static str) -> Result<Option<u64>, Refusal> {
        let invalid = |_| Refusal::bad_request("BadRequest", format!("Invalid value for the query option '{name}'."));
        self.get(name).map(|text| text.trim().parse().map_err(invalid)).transpose()
    }

    /// `$top`, between 1 and `most`.
    pub(super) fn top(&self, most: u64) -> Result<Option<u64>, Refusal> {
        match self.number("$top")? {
            Some(top) if top == 0 || top > most => {
                let text = format!("The value of '$top' must be between 1 and {most} inclusive.");
                Err(Refusal::bad_request("ErrorInvalidUrlQuery", text))
            }
            top => Ok(top),
        }
    }

    /// `$select` as names; none where everything is meant.
    pub(super) fn select(&self) -> Option<Vec<String>> {
        let names = self.get("$select")?.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        Some(names.collect::<Vec<_>>()).filter(|names| !names.is_empty())
    }

    /// The same options with some replaced, as a query string; a `None` takes an option away.
    pub(super) fn with(&self, changes: &[(&str, Option<String>)]) -> String {
        let mut out = url::form_urlencoded::Serializer::new(String::new());
        let replaced = |name: &str| changes.iter().any(|(change, _)| change.eq_ignore_ascii_case(name));
        for (name, value) in self.0.iter().filter(|(name, _)| !replaced(name)) {
            out.append_pair(name, value);
        }
        for (name, value) in changes {
            if let Some(value) = value {
                out.append_pair(name, value);
            }
        }
        out.finish()
    }
}

/// What `Prefer` headers ask for.
#[derive(Debug, Clone, Copy)]
pub(in crate::simulator) struct Prefer {
    /// Which ids.
    pub(super) ids: Kind,
    /// A page size.
    pub(super) page: Option<u64>,
    /// Bodies as text.
    pub(super) text_body: bool,
}

impl Prefer {
    /// Reads all `Prefer` headers.
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let mut prefer = Self { ids: Kind::Normal, page: None, text_body: false };
        let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        for wish in values.flat_map(|value| value.split([',', ';'])) {
            let (name, value) = wish.split_once('=').unwrap_or((wish, ""));
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "idtype" if value.eq_ignore_ascii_case("ImmutableId") => prefer.ids = Kind::Immutable,
                "odata.maxpagesize" => prefer.page = value.parse().ok().filter(|size| *size > 0),
                "outlook.body-content-type" => prefer.text_body = value.eq_ignore_ascii_case("text"),
                _ => {}
            }
        }
        prefer
    }

    /// The `Preference-Applied` header's value.
    pub(super) fn applied(self) -> Option<String> {
        let ids = (self.ids == Kind::Immutable).then(|| "IdType=\"ImmutableId\"".to_owned());
        let page = self.page.map(|size| format!("odata.maxpagesize={size}"));
        let body = self.text_body.then(|| "outlook.body-content-type=\"text\"".to_owned());
        let applied = [ids, page, body].into_iter().flatten().collect::<Vec<_>>();
        (!applied.is_empty()).then(|| applied.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_may_be_combined_or_repeated() {
        let mut headers = HeaderMap::new();
        headers.append("prefer", "IdType=\"ImmutableId\", odata.maxpagesize=50".parse().expect("valid"));
        headers.append("prefer", "outlook.body-content-type=\"text\"".parse().expect("valid"));
        let prefer = Prefer::read(&headers);
        assert_eq!((prefer.ids, prefer.page, prefer.text_body), (Kind::Immutable, Some(50), true));
    }

    #[test]
    fn options_may_lack_their_dollar_and_links_keep_the_others() {
        let query = Query::parse("%24top=5&select=id,subject&$filter=a%20eq%20'x%26y'");
        assert_eq!(query.number("$top").ok().flatten(), Some(5));
        assert_eq!(query.select(), Some(vec!["id".to_owned(), "subject".to_owned()]));
        let link = query.with(&[("$skip", Some("10".to_owned())), ("$top", None)]);
        assert_eq!(Query::parse(&link).get("$filter"), Some("a eq 'x&y'"));
        assert_eq!(Query::parse(&link).get("$top"), None);
    }
}
