//! Which people of a tenant a connection is about: everybody, or those whose address is in one of the named domains.
//!
//! Totals of subscriptions are the whole organisation's either way. It must not know where addresses come from.

use std::collections::BTreeSet;

/// The asterisk that stands for everybody.
pub const EVERYBODY: &str = "*";

/// Whose rows are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Domains {
    /// Everybody, accounts without an address too.
    All,
    /// Accounts whose address is in one of these domains, exactly: no subdomains, and none without an address.
    Listed(BTreeSet<String>),
}

/// A domain that cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("{0:?} is not a domain name")]
#[diagnostic(code(affiant::inventory::domain), help("write it like contoso.com, without @, or * for everybody"))]
pub struct NotADomain(pub String);

/// Domains as typed, and whether some of what was typed has no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understood {
    /// What they mean.
    pub domains: Domains,
    /// Names that an asterisk beside them makes meaningless.
    pub without_effect: Vec<String>,
}

impl Domains {
    /// Reads names as typed, one each. Nothing at all means everybody; an asterisk wins over names.
    ///
    /// # Errors
    /// [`NotADomain`] for what no domain can be called.
    pub fn typed<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Understood, NotADomain> {
        let (mut all, mut listed) = (false, BTreeSet::new());
        for name in names {
            match name.trim() {
                EVERYBODY => all = true,
                bare => {
                    listed.insert(ascii(bare).ok_or_else(|| NotADomain(bare.chars().take(80).collect()))?);
                }
            }
        }
        Ok(if all {
            Understood { domains: Self::All, without_effect: listed.into_iter().collect() }
        } else if listed.is_empty() {
            Understood { domains: Self::All, without_effect: Vec::new() }
        } else {
            Understood { domains: Self::Listed(listed), without_effect: Vec::new() }
        })
    }

    /// Whether an account with this address is kept.
    pub fn keeps(&self, mail: Option<&str>) -> bool {
        match self {
            Self::All => true,
            Self::Listed(names) => {
                let domain = mail.and_then(|mail| mail.trim().rsplit_once('@')).and_then(|(_, domain)| ascii(domain));
                domain.is_some_and(|domain| names.contains(&domain))
            }
        }
    }

    /// The names, `*` for everybody.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::All => vec![EVERYBODY.to_owned()],
            Self::Listed(names) => names.iter().cloned().collect(),
        }
    }
}

/// A domain in the form that compares: lower case, non-ASCII labels in their ASCII form (RFC 5890).
fn ascii(domain: &str) -> Option<String> {
    if domain.is_empty() || domain.contains(['@', '*', '/', ':', ' ']) {
        return None;
    }
    match url::Host::parse(domain.trim_end_matches('.')).ok()? {
        url::Host::Domain(name) if name.contains('.') => Some(name),
        url::Host::Domain(_) | url::Host::Ipv4(_) | url::Host::Ipv6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domains(names: &[&str]) -> Domains {
        Domains::typed(names.iter().copied()).expect("domains").domains
    }

    #[test]
    fn an_asterisk_and_nothing_mean_everybody_and_an_asterisk_wins() {
        assert_eq!(domains(&[]), Domains::All);
        assert_eq!(domains(&["*"]), Domains::All);
        assert!(Domains::All.keeps(None) && Domains::All.keeps(Some("a@b.example")));
        let both = Domains::typed(["contoso.example", "*"]).expect("domains");
        assert_eq!(both, Understood { domains: Domains::All, without_effect: vec!["contoso.example".into()] });
    }

    #[test]
    fn a_named_domain_is_meant_exactly_in_any_case_and_in_either_script() {
        let named = domains(&["Contoso.example", "bücher.example"]);
        for kept in ["a@contoso.example", "A@CONTOSO.EXAMPLE", "a@xn--bcher-kva.example", "a@Bücher.example"] {
            assert!(named.keeps(Some(kept)), "{kept}");
        }
        let guest = "a_contoso.example#EXT#@fabrikam.onmicrosoft.example";
        for left_out in ["a@mail.contoso.example", "a@notcontoso.example", "a@", "contoso.example", "", guest] {
            assert!(!named.keeps(Some(left_out)), "{left_out}");
        }
        assert!(!named.keeps(None), "an account without an address is of no domain");
    }

    #[test]
    fn what_is_no_domain_is_refused() {
        for wrong in ["", "a@contoso.example", "*.contoso.example", "contoso", "10.0.0.1", "https://contoso.example"] {
            assert!(Domains::typed([wrong]).is_err(), "{wrong}");
        }
    }
}
