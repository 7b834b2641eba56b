//! The one seam: a cloud is two base URLs, the authority that signs people in and the Graph that answers.
//!
//! A national cloud, a test server and the simulated tenant are the same thing to everything above.
//! It must not know tokens, tenants or requests. Endpoints: Microsoft, "National cloud deployments".

use std::fmt;

use url::{Host, Url};

/// The names a person may give a cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CloudName {
    /// Worldwide, and GCC.
    #[default]
    Global,
    /// US Government L4 (GCC High).
    Usgov,
    /// US Government L5 (DoD).
    UsgovDod,
    /// China, operated by 21Vianet.
    China,
    /// Any other pair of addresses.
    Custom,
}

impl fmt::Display for CloudName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Global => "global",
            Self::Usgov => "usgov",
            Self::UsgovDod => "usgov-dod",
            Self::China => "china",
            Self::Custom => "custom",
        })
    }
}

/// An address that cannot be a cloud's base.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum CloudError {
    /// Not a URL at all.
    #[error("{what} \"{text}\" is not a web address")]
    #[diagnostic(code(affiant::cloud::url), help("give a whole address such as https://graph.microsoft.com"))]
    NotAUrl {
        /// Which setting.
        what: &'static str,
        /// What was given.
        text: String,
    },
    /// Plain http to somewhere else than this machine.
    #[error("{what} uses plain http to {host}")]
    #[diagnostic(
        code(affiant::cloud::plain_http),
        help("use https; plain http is accepted only for 127.0.0.1, [::1] and localhost")
    )]
    PlainHttp {
        /// Which setting.
        what: &'static str,
        /// The host it names.
        host: String,
    },
    /// The address carries a user name, password, query or fragment.
    #[error("{what} must be an address without user name, query or fragment")]
    #[diagnostic(code(affiant::cloud::extra), help("give only scheme, host, port and, if needed, a path"))]
    Extra {
        /// Which setting.
        what: &'static str,
    },
}

/// Where to sign in and where to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cloud {
    name: CloudName,
    authority: Url,
    graph: Url,
}

impl Cloud {
    /// A cloud of Microsoft's; `None` for [`CloudName::Custom`], which has no addresses of its own.
    pub fn named(name: CloudName) -> Option<Self> {
        let (authority, graph) = match name {
            CloudName::Global => ("https://login.microsoftonline.com", "https://graph.microsoft.com"),
            CloudName::Usgov => ("https://login.microsoftonline.us", "https://graph.microsoft.us"),
            CloudName::UsgovDod => ("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
            CloudName::China => ("https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"),
            CloudName::Custom => return None,
        };
        let base = |text| Url::parse(text).ok();
        Some(Self { name, authority: base(authority)?, graph: base(graph)? })
    }

    /// A cloud at two addresses: https, or plain http to this machine only.
    pub fn custom(authority: &str, graph: &str) -> Result<Self, CloudError> {
        let authority = base("the sign-in address", authority)?;
        let graph = base("the Graph address", graph)?;
        Ok(Self { name: CloudName::Custom, authority, graph })
    }

    /// Its name.
    pub const fn name(&self) -> CloudName {
        self.name
    }

    /// Base address of the identity platform, without the tenant; never ends in `/` beyond the root.
    pub const fn authority(&self) -> &Url {
        &self.authority
    }

    /// Base address of Graph, without the version. A trailing `/v1.0` in a custom address is dropped.
    pub const fn graph(&self) -> &Url {
        &self.graph
    }

    /// Whether Graph is a server on this machine, where the service's published quotas do not exist.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.graph)
    }
}

fn base(what: &'static str, text: &str) -> Result<Url, CloudError> {
    let mut url = Url::parse(text.trim()).map_err(|_| CloudError::NotAUrl { what, text: text.to_owned() })?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(CloudError::Extra { what });
    }
    match url.scheme() {
        "https" if url.host().is_some() => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err(CloudError::PlainHttp { what, host: url.host_str().unwrap_or_default().to_owned() }),
        _ => return Err(CloudError::NotAUrl { what, text: text.to_owned() }),
    }
    let path = url.path().trim_end_matches('/').trim_end_matches("/v1.0").trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_accepted_for_this_machine_only() {
        let at = |url| Cloud::custom(url, url);
        for url in ["http://127.0.0.1:8080", "http://[::1]:8080/", "http://localhost:1", "https://graph.example/base"] {
            assert!(at(url).is_ok(), "{url}");
        }
        for url in ["http://graph.example", "http://127.0.0.1.example", "http://localhost.example"] {
            assert!(matches!(at(url), Err(CloudError::PlainHttp { .. })), "{url}");
        }
        assert!(matches!(at("https://a:b@graph.example"), Err(CloudError::Extra { .. })));
        for url in ["ftp://x", "graph", ""] {
            assert!(matches!(at(url), Err(CloudError::NotAUrl { .. })), "{url}");
        }
    }

    #[test]
    fn a_custom_address_may_end_in_a_slash_or_the_version() {
        let cloud = Cloud::custom("http://127.0.0.1:1/", "http://127.0.0.1:1/v1.0/").expect("valid");
        assert_eq!(cloud.graph().as_str(), "http://127.0.0.1:1/");
        assert!(cloud.is_loopback());
    }

    #[test]
    fn every_named_cloud_has_addresses() {
        for name in [CloudName::Global, CloudName::Usgov, CloudName::UsgovDod, CloudName::China] {
            assert!(Cloud::named(name).is_some_and(|cloud| !cloud.is_loopback()));
        }
        assert!(Cloud::named(CloudName::Custom).is_none());
    }
}
