//! Links that Graph hands out for the next page: followed as they are, and never away from home.
//!
//! A link is valid only at the configured Graph's scheme, host and port (the token must not travel).
//! It must not know tokens or requests.

use std::collections::HashSet;
use std::fmt;

use url::Url;

use super::ask::Ask;
use crate::terms::Sha256;

/// The configured Graph: the one place requests go to.
#[derive(Clone)]
pub(super) struct Origin(Url);

/// Why a link is not followed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LinkFault {
    /// It leads to another scheme, host or port.
    Foreign,
    /// It is damaged: no address, or an empty segment where a user should be.
    Damaged,
}

impl Origin {
    /// The Graph at this base address.
    pub(super) fn new(base: &Url) -> Self {
        let mut base = base.clone();
        if !base.path().ends_with('/') {
            let path = format!("{}/", base.path());
            base.set_path(&path);
        }
        Self(base)
    }

    /// The address of a question.
    pub(super) fn address(&self, ask: &Ask) -> Option<Url> {
        let url = Url::parse(&format!("{}{}", self.0, ask.target())).ok()?;
        self.is_home(&url).then_some(url)
    }

    /// Takes a link from an answer.
    pub(super) fn link(&self, text: &str) -> Result<Link, LinkFault> {
        let url = self.0.join(text.trim()).map_err(|_| LinkFault::Damaged)?;
        if !self.is_home(&url) {
            return Err(LinkFault::Foreign);
        }
        // Seen in the field: `users//mailFolders`, a link whose user got lost.
        if url.path().contains("//") { Err(LinkFault::Damaged) } else { Ok(Link(url)) }
    }

    fn is_home(&self, url: &Url) -> bool {
        let plain = url.username().is_empty() && url.password().is_none();
        plain
            && url.scheme() == self.0.scheme()
            && url.host() == self.0.host()
            && url.port_or_known_default() == self.0.port_or_known_default()
    }
}

/// The address of a next page, checked to be at home. Opaque: it is followed, never edited.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Link(Url);

impl Link {
    pub(super) const fn url(&self) -> &Url {
        &self.0
    }

    /// SHA-256 of the link, for the record: the link itself may hold a server's token.
    pub fn digest(&self) -> Sha256 {
        Sha256::of(self.0.as_str().as_bytes())
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link(not shown)")
    }
}

/// Pages in a row that bring nothing new before a listing counts as leading nowhere. Empty pages with a link are
/// normal (Microsoft, "Paging"), yet a listing must end.
const BARREN_MAX: u32 = 1_000;

/// The links followed so far in one listing. A link that comes back, or page after page without anything new, means
/// that the server is going in circles.
#[derive(Debug, Default)]
pub struct Followed {
    digests: HashSet<Sha256>,
    barren: u32,
}

impl Followed {
    /// Whether to follow the link of a page that brought so many new entries; remembers the link's digest.
    pub fn leads_on(&mut self, link: &Link, new: u64) -> bool {
        self.barren = if new == 0 { self.barren + 1 } else { 0 };
        self.barren < BARREN_MAX && self.digests.insert(link.digest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(base: &str) -> Origin {
        Origin::new(&Url::parse(base).expect("valid"))
    }

    #[test]
    fn a_link_to_another_scheme_host_or_port_is_foreign() {
        let home = origin("https://graph.example");
        for away in [
            "https://evil.example/v1.0/users",
            "http://graph.example/v1.0/users",
            "https://graph.example:8443/v1.0/users",
            "https://graph.example@evil.example/v1.0",
            "https://me:pw@graph.example/v1.0",
            "https://graph.example.evil.example/",
            "//evil.example/v1.0/users",
            "file:///etc/passwd",
        ] {
            assert_eq!(home.link(away).err(), Some(LinkFault::Foreign), "{away}");
        }
    }

    #[test]
    fn a_link_at_home_is_kept_as_it_is() {
        let link = origin("https://graph.example")
            .link("https://GRAPH.example:443/v1.0/users?$skiptoken=a%2Fb'c")
            .expect("home");
        assert_eq!(link.url().as_str(), "https://graph.example/v1.0/users?$skiptoken=a%2Fb%27c");
        assert_eq!(format!("{link:?}"), "Link(not shown)");
    }

    #[test]
    fn a_link_that_lost_its_user_is_damaged() {
        let home = origin("http://127.0.0.1:9");
        assert_eq!(home.link("http://127.0.0.1:9/v1.0/users//messages").err(), Some(LinkFault::Damaged));
    }

    #[test]
    fn a_link_that_comes_back_is_noticed() {
        let home = origin("http://127.0.0.1:9");
        let (a, b) = (home.link("/v1.0/a?$skip=1").expect("home"), home.link("/v1.0/a?$skip=2").expect("home"));
        let mut followed = Followed::default();
        assert!(followed.leads_on(&a, 1) && followed.leads_on(&b, 1) && !followed.leads_on(&a, 1));
    }

    #[test]
    fn pages_without_anything_new_are_not_followed_for_ever_and_a_new_entry_starts_over() {
        let home = origin("https://graph.example");
        let link = |n: u32| home.link(&format!("https://graph.example/v1.0/users?$skip={n}")).expect("at home");
        let mut followed = Followed::default();
        assert!((1..BARREN_MAX).all(|n| followed.leads_on(&link(n), 0)));
        assert!(followed.leads_on(&link(5_000), 1));
        let led = (10_000..20_000).take_while(|n| followed.leads_on(&link(*n), 0)).count();
        assert_eq!(led, BARREN_MAX as usize - 1);
    }
}
