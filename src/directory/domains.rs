//! Which domains are meant: `*` for everything, or names that the primary address must be in.
//!
//! The rule is the same wherever people are counted by domain: exact names, no subdomains implied, case ignored,
//! international names compared in their ASCII form (RFC 5890, A-labels). It must not know the directory.

use std::collections::BTreeSet;

use miette::Diagnostic;
use url::Host;

/// The domains that are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Domains {
    /// In ASCII form; empty means all.
    names: BTreeSet<String>,
    /// `*` was given beside the names.
    starred: bool,
}

/// Where somebody stands to the domains that are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Meant.
    Inside,
    /// An address in another domain.
    Outside,
    /// No address, where names were given: left out.
    WithoutAddress,
}

/// What was typed is no domain.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("\"{typed}\" is not a domain")]
#[diagnostic(
    code(affiant::directory::domain),
    help(
        "give whole domains, one each time, such as contoso.example; `*` means everything; subdomains are named one by one"
    )
)]
pub struct DomainError {
    /// What was typed.
    pub typed: String,
}

impl Domains {
    /// Everything, also accounts without an address.
    pub fn all() -> Self {
        Self::default()
    }

    /// Reads names and `*`; no name at all means everything.
    ///
    /// # Errors
    /// [`DomainError`] for the first one that is neither.
    pub fn parse<T: AsRef<str>>(typed: impl IntoIterator<Item = T>) -> Result<Self, DomainError> {
        let mut domains = Self::default();
        for typed in typed {
            let typed = typed.as_ref().trim();
            if typed == "*" {
                domains.starred = true;
            } else {
                let name = typed.strip_prefix('@').unwrap_or(typed);
                let ascii = ascii(name).ok_or_else(|| DomainError { typed: typed.to_owned() })?;
                domains.names.insert(ascii);
            }
        }
        Ok(domains)
    }

    /// Whether everything is meant.
    pub fn is_all(&self) -> bool {
        self.starred || self.names.is_empty()
    }

    /// Whether names were given that have no effect, because `*` was given too.
    pub fn has_idle_names(&self) -> bool {
        self.starred && !self.names.is_empty()
    }

    /// The names in ASCII form, sorted; also those without effect.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Where the owner of this primary address stands.
    pub fn side(&self, mail: Option<&str>) -> Side {
        if self.is_all() {
            return Side::Inside;
        }
        match mail.and_then(|mail| mail.rsplit_once('@')) {
            None => Side::WithoutAddress,
            Some((_, domain)) => {
                let domain = ascii(domain).unwrap_or_else(|| domain.to_lowercase());
                if self.names.contains(&domain) { Side::Inside } else { Side::Outside }
            }
        }
    }
}

/// A domain in lower case and ASCII form, without the root's dot; `None` for anything else, also for IP addresses.
fn ascii(name: &str) -> Option<String> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let odd = |c: char| c.is_whitespace() || c.is_control() || "*@%,;:/\\'\"[]".contains(c);
    if name.is_empty() || name.contains("..") || name.starts_with('.') || name.contains(odd) {
        return None;
    }
    match Host::parse(name).ok()? {
        Host::Domain(ascii) => Some(ascii),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(typed: &[&str], mail: Option<&str>) -> Side {
        Domains::parse(typed).expect("domains").side(mail)
    }

    #[test]
    fn a_star_or_nothing_means_everybody_also_without_an_address() {
        for typed in [&[][..], &["*"]] {
            assert_eq!(side(typed, None), Side::Inside);
            assert_eq!(side(typed, Some("ana@x.example")), Side::Inside);
            assert!(Domains::parse(typed).is_ok_and(|domains| domains.is_all() && !domains.has_idle_names()));
        }
    }

    #[test]
    fn names_mean_the_exact_domain_of_the_address_in_any_case_and_spelling() {
        let names = ["X.example", "@münchen.example", "xn--strae-oqa.example", "y.example."];
        for mail in
            ["ana@x.EXAMPLE", "a@xn--mnchen-3ya.example", "a@MÜNCHEN.example", "a@straße.example", "a@y.example"]
        {
            assert_eq!(side(&names, Some(mail)), Side::Inside, "{mail}");
        }
        for mail in ["a@sub.x.example", "a@xx.example", "a@example", "a@munchen.example", "a@[10.0.0.1]", "a@"] {
            assert_eq!(side(&names, Some(mail)), Side::Outside, "{mail}");
        }
        assert_eq!(side(&names, None), Side::WithoutAddress);
        assert_eq!(side(&names, Some("no address")), Side::WithoutAddress);
    }

    #[test]
    fn a_star_beside_names_wins_and_the_names_are_known_to_be_idle() {
        let domains = Domains::parse(["x.example", "*"]).expect("domains");
        assert!(domains.is_all() && domains.has_idle_names());
        assert_eq!(domains.side(None), Side::Inside);
        assert_eq!(domains.names().collect::<Vec<_>>(), ["x.example"]);
    }

    #[test]
    fn what_is_no_domain_is_refused() {
        for typed in ["", "@", "*.x.example", "ana@x.example", "x.example,y.example", "10.0.0.1", "a b", "x..y", ".x"] {
            assert!(Domains::parse([typed]).is_err(), "{typed}");
        }
    }
}
