//! What was typed becomes what was meant: flags, environment and `affiant.toml`, strongest first.
//!
//! The command line hands in what it read; this module reads no environment and no home folder of its own,
//! only the file it is pointed to. Limits can be lowered, never raised above the service's own.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use miette::Diagnostic;
use serde::Deserialize;
use thiserror::Error;

use crate::cloud::{Cloud, CloudError, CloudName};
use crate::dns::{Resolver, ResolverError};
use crate::graph::{IN_FLIGHT, Limits};

/// The file's name in the home folder.
pub const FILE: &str = "affiant.toml";
/// Most requests per 10 minutes and mailbox; Microsoft's limit is 10,000.
pub const REQUESTS_MAX: u32 = 9_600;

/// Mailboxes worked on at once unless said otherwise: four requests each fill the 64 connections.
pub const SIDE_BY_SIDE: usize = 16;

/// Settings from one source; `None` where it says nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Typed {
    /// Named cloud.
    pub cloud: Option<CloudName>,
    /// Sign-in address of a custom cloud.
    pub login_url: Option<String>,
    /// Graph address of a custom cloud.
    pub graph_url: Option<String>,
    /// Roots to trust besides the platform's.
    pub ca_file: Option<Utf8PathBuf>,
    /// `auto`, `keyring`, `file` or `memory`.
    pub token_store: Option<TokenStore>,
    /// Which of the accounts that are signed in.
    pub account: Option<String>,
    /// The tenant to sign in to.
    pub tenant: Option<String>,
    /// The application to sign in with.
    pub client_id: Option<String>,
    /// Whether sign-ins declare that they understand claims challenges (continuous access evaluation).
    pub cae: Option<bool>,
    /// Who is asked for the public keys of mail signers: an IP address, with a port or without.
    pub dns_resolver: Option<String>,
    /// Whether anybody is asked for them.
    pub dns: Option<bool>,
    /// Limits of traffic.
    pub limits: TypedLimits,
}

/// Limits as typed.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct TypedLimits {
    /// Requests per 10 minutes and mailbox.
    pub requests_per_10_minutes: Option<u32>,
    /// Requests in flight per mailbox.
    pub in_flight: Option<usize>,
    /// Attempts per request.
    pub attempts: Option<u32>,
    /// First pause before trying again, in milliseconds; later ones double.
    pub first_pause_ms: Option<u64>,
    /// Total time one request may spend waiting to be tried again, in seconds.
    pub patience_s: Option<u64>,
    /// How long a service that does not answer at all is waited for, in seconds.
    pub unreachable_s: Option<u64>,
    /// Time without a byte after which an answer counts as broken, in seconds.
    pub stall_s: Option<u64>,
    /// Mailboxes worked on at once.
    pub side_by_side: Option<usize>,
}

/// Where tokens are to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum TokenStore {
    /// The system's key store where there is one, else a sealed file.
    #[default]
    Auto,
    /// Sealed with a key in the system's key store.
    Keyring,
    /// Sealed with a key file, or with AFFIANT_PASSPHRASE.
    File,
    /// In this process only.
    Memory,
}

/// Who is asked for the public keys of mail signers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dns {
    /// Nobody.
    Off,
    /// The system's resolvers.
    System,
    /// This one.
    At(Resolver),
}

/// Settings as meant.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The cloud.
    pub cloud: Cloud,
    /// PEM roots to trust besides the platform's.
    pub ca: Option<Vec<u8>>,
    /// Where tokens are kept.
    pub token_store: TokenStore,
    /// Which account.
    pub account: Option<String>,
    /// The tenant to sign in to.
    pub tenant: Option<String>,
    /// The application.
    pub client_id: Option<String>,
    /// Whether to declare that claims challenges are understood.
    pub cae: bool,
    /// Who is asked for signers' keys.
    pub dns: Dns,
    /// Traffic limits.
    pub limits: Limits,
    /// Mailboxes worked on at once.
    pub side_by_side: usize,
}

/// A setting that cannot be used.
#[derive(Debug, Error, Diagnostic)]
pub enum ConfigError {
    /// The settings file cannot be read.
    #[error("{path} cannot be read: {why}")]
    #[diagnostic(code(affiant::config::read), help("make it readable, or remove it"))]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// The system's word.
        why: String,
    },
    /// The settings file is not one.
    #[error("{path}, line {line}: {why}")]
    #[diagnostic(
        code(affiant::config::toml),
        help(
            "the keys are cloud, login-url, graph-url, ca-file, token-store, account, tenant, client-id, cae, dns, dns-resolver and [limits]"
        )
    )]
    Toml {
        /// The file.
        path: Utf8PathBuf,
        /// Where, from 1.
        line: usize,
        /// What; names the key.
        why: String,
    },
    /// A custom cloud needs both addresses.
    #[error("a custom cloud needs both addresses, and only {given} is set")]
    #[diagnostic(
        code(affiant::config::half_cloud),
        help("set both AFFIANT_LOGIN_URL and AFFIANT_GRAPH_URL, or neither")
    )]
    HalfCloud {
        /// The one that is set.
        given: &'static str,
    },
    /// A named cloud and custom addresses.
    #[error("both a named cloud and custom addresses are set")]
    #[diagnostic(
        code(affiant::config::two_clouds),
        help("leave --cloud out, or unset AFFIANT_LOGIN_URL and AFFIANT_GRAPH_URL")
    )]
    TwoClouds,
    /// An address that cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Cloud(#[from] CloudError),
    /// A resolver that is none.
    #[error("dns-resolver is {why}")]
    #[diagnostic(
        code(affiant::config::resolver),
        help("name it by its IP address, or leave it out to ask the system's")
    )]
    Resolver {
        /// What it should be.
        #[from]
        why: ResolverError,
    },
    /// A limit out of bounds.
    #[error("{name} must be between {least} and {most}")]
    #[diagnostic(code(affiant::config::limit), help("Microsoft's own limits cannot be raised from here"))]
    Limit {
        /// Which.
        name: &'static str,
        /// Least value.
        least: u64,
        /// Greatest value.
        most: u64,
    },
}

impl Typed {
    /// What the settings file in a home folder says; nothing when there is none.
    ///
    /// # Errors
    /// [`ConfigError::Read`], [`ConfigError::Toml`].
    pub fn from_home(home: &Utf8Path) -> Result<Self, ConfigError> {
        let path = home.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let typed = toml::from_str::<Self>(&text).map_err(|error| ConfigError::Toml {
                    path,
                    line: error
                        .span()
                        .and_then(|span| text.get(..span.start))
                        .map_or(1, |before| before.matches('\n').count() + 1),
                    why: error.message().to_owned(),
                })?;
                // A path in the file is meant from where the file is.
                Ok(Self { ca_file: typed.ca_file.map(|path| home.join(path)), ..typed })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(ConfigError::Read { path, why: error.kind().to_string() }),
        }
    }

    /// Whether it says which cloud.
    pub const fn names_a_cloud(&self) -> bool {
        self.cloud.is_some() || self.login_url.is_some() || self.graph_url.is_some()
    }

    /// The same in this cloud, if one is given.
    #[must_use]
    pub fn at(self, cloud: Option<Cloud>) -> Self {
        match cloud {
            Some(cloud) if cloud.name() == CloudName::Custom => Self {
                login_url: Some(cloud.authority().to_string()),
                graph_url: Some(cloud.graph().to_string()),
                ..self
            },
            Some(cloud) => Self { cloud: Some(cloud.name()), ..self },
            None => self,
        }
    }

    /// This source, and where it says nothing, a weaker one. Addresses are one setting: they come together.
    #[must_use]
    pub fn over(self, weaker: Self) -> Self {
        let (cloud, login_url, graph_url) = if self.names_a_cloud() {
            (self.cloud, self.login_url, self.graph_url)
        } else {
            (weaker.cloud, weaker.login_url, weaker.graph_url)
        };
        let (ours, theirs) = (self.limits, weaker.limits);
        Self {
            cloud,
            login_url,
            graph_url,
            ca_file: self.ca_file.or(weaker.ca_file),
            token_store: self.token_store.or(weaker.token_store),
            account: self.account.or(weaker.account),
            tenant: self.tenant.or(weaker.tenant),
            client_id: self.client_id.or(weaker.client_id),
            cae: self.cae.or(weaker.cae),
            dns_resolver: self.dns_resolver.or(weaker.dns_resolver),
            dns: self.dns.or(weaker.dns),
            limits: TypedLimits {
                requests_per_10_minutes: ours.requests_per_10_minutes.or(theirs.requests_per_10_minutes),
                in_flight: ours.in_flight.or(theirs.in_flight),
                attempts: ours.attempts.or(theirs.attempts),
                first_pause_ms: ours.first_pause_ms.or(theirs.first_pause_ms),
                patience_s: ours.patience_s.or(theirs.patience_s),
                unreachable_s: ours.unreachable_s.or(theirs.unreachable_s),
                stall_s: ours.stall_s.or(theirs.stall_s),
                side_by_side: ours.side_by_side.or(theirs.side_by_side),
            },
        }
    }

    /// What all of it means.
    ///
    /// # Errors
    /// [`ConfigError`], naming the setting.
    pub fn meant(self) -> Result<Settings, ConfigError> {
        let cloud = cloud(self.cloud, self.login_url.as_deref(), self.graph_url.as_deref())?;
        let ca = match &self.ca_file {
            Some(path) => Some(
                std::fs::read(path)
                    .map_err(|error| ConfigError::Read { path: path.clone(), why: error.kind().to_string() })?,
            ),
            None => None,
        };
        let dns = match (self.dns, &self.dns_resolver) {
            (Some(false), _) => Dns::Off,
            (_, Some(address)) => Dns::At(address.parse()?),
            // A simulated tenant's signers are in no DNS but its own.
            (_, None) if cloud.is_loopback() => Dns::Off,
            (_, None) => Dns::System,
        };
        let limits = limits(self.limits, &cloud)?;
        let side_by_side = self.limits.side_by_side.unwrap_or(SIDE_BY_SIDE);
        bounded("side-by-side", side_by_side as u64, 1, 64)?;
        Ok(Settings {
            cloud,
            ca,
            token_store: self.token_store.unwrap_or_default(),
            account: self.account,
            tenant: self.tenant,
            client_id: self.client_id,
            cae: self.cae.unwrap_or_default(),
            dns,
            limits,
            side_by_side,
        })
    }
}

fn cloud(name: Option<CloudName>, login: Option<&str>, graph: Option<&str>) -> Result<Cloud, ConfigError> {
    match (name, login, graph) {
        (None | Some(CloudName::Custom), Some(login), Some(graph)) => Ok(Cloud::custom(login, graph)?),
        (Some(_), Some(_), Some(_)) => Err(ConfigError::TwoClouds),
        (_, Some(_), None) => Err(ConfigError::HalfCloud { given: "the sign-in address" }),
        (_, None, Some(_)) => Err(ConfigError::HalfCloud { given: "the Graph address" }),
        (name, None, None) => {
            Cloud::named(name.unwrap_or_default()).ok_or(ConfigError::HalfCloud { given: "--cloud custom" })
        }
    }
}

fn limits(typed: TypedLimits, cloud: &Cloud) -> Result<Limits, ConfigError> {
    let mut limits = Limits::for_cloud(cloud);
    if let Some(requests) = typed.requests_per_10_minutes {
        bounded("requests-per-10-minutes", requests.into(), 1, REQUESTS_MAX.into())?;
        limits.per_window = Some(requests);
    }
    if let Some(in_flight) = typed.in_flight {
        bounded("in-flight", in_flight as u64, 1, IN_FLIGHT as u64)?;
        limits.in_flight_per_mailbox = in_flight;
    }
    if let Some(attempts) = typed.attempts {
        bounded("attempts", attempts.into(), 1, 100)?;
        limits.attempts = attempts;
    }
    if let Some(pause) = typed.first_pause_ms {
        bounded("first-pause-ms", pause, 1, 60_000)?;
        limits.first_pause = Duration::from_millis(pause);
    }
    if let Some(patience) = typed.patience_s {
        bounded("patience-s", patience, 1, 24 * 3600)?;
        limits.patience = Duration::from_secs(patience);
    }
    if let Some(unreachable) = typed.unreachable_s {
        bounded("unreachable-s", unreachable, 1, 7 * 24 * 3600)?;
        limits.unreachable = Duration::from_secs(unreachable);
    }
    if let Some(stall) = typed.stall_s {
        bounded("stall-s", stall, 1, 3600)?;
        limits.stall = Duration::from_secs(stall);
    }
    Ok(limits)
}

fn bounded(name: &'static str, value: u64, least: u64, most: u64) -> Result<(), ConfigError> {
    if (least..=most).contains(&value) { Ok(()) } else { Err(ConfigError::Limit { name, least, most }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Typed {
        toml::from_str(text).expect("settings")
    }

    #[test]
    fn a_stronger_source_wins_and_addresses_come_together() {
        let file =
            typed("login-url = \"https://login.x.example\"\ngraph-url = \"https://graph.x.example\"\ntenant = \"a\"");
        let flags = Typed { tenant: Some("b".into()), ..Typed::default() };
        let settings = flags.over(file.clone()).meant().expect("usable");
        assert_eq!((settings.tenant.as_deref(), settings.cloud.name()), (Some("b"), CloudName::Custom));
        let named = Typed { cloud: Some(CloudName::China), ..Typed::default() };
        assert_eq!(named.over(file).meant().expect("usable").cloud.name(), CloudName::China);
    }

    #[test]
    fn an_unknown_key_is_named() {
        let error = toml::from_str::<Typed>("tennant = \"x\"").expect_err("refused");
        assert!(error.message().contains("tennant"), "{error}");
    }

    #[test]
    fn the_file_is_read_from_its_folder_and_a_mistake_in_it_is_found_by_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Utf8Path::from_path(folder.path()).expect("UTF-8");
        assert!(Typed::from_home(home).is_ok_and(|typed| !typed.names_a_cloud()), "no file says nothing");
        std::fs::write(home.join(FILE), "ca-file = \"roots.pem\"\n[limits]\nin-flight = 2\n").expect("written");
        let typed = Typed::from_home(home).expect("settings");
        assert_eq!((typed.ca_file, typed.limits.in_flight), (Some(home.join("roots.pem")), Some(2)));
        std::fs::write(home.join(FILE), "tenant = \"t\"\n\n[limits]\nin-fligth = 2\n").expect("written");
        let error = Typed::from_home(home).expect_err("refused").to_string();
        assert!(error.contains("line 4") && error.contains("in-fligth"), "{error}");
    }

    #[test]
    fn an_account_brings_its_cloud_along() {
        let custom = Cloud::custom("http://127.0.0.1:1", "http://127.0.0.1:2").expect("loopback");
        assert_eq!(Typed::default().at(Some(custom.clone())).meant().expect("usable").cloud, custom);
        let china = Typed::default().at(Cloud::named(CloudName::China)).meant().expect("usable");
        assert_eq!(china.cloud.name(), CloudName::China);
        assert_eq!(Typed::default().at(None).meant().expect("usable").cloud.name(), CloudName::Global);
    }

    #[test]
    fn signers_keys_are_asked_for_where_it_is_said_and_a_simulated_tenant_asks_nobody() {
        let dns = |text: &str| typed(text).meant().map(|settings| settings.dns);
        let loopback = "login-url = \"http://127.0.0.1:1\"\ngraph-url = \"http://127.0.0.1:1\"\n";
        let at = "dns-resolver = \"192.0.2.53\"\n";
        assert_eq!(dns("").expect("usable"), Dns::System);
        assert_eq!(dns(loopback).expect("usable"), Dns::Off);
        let named = Dns::At("192.0.2.53:53".parse().expect("an address"));
        assert_eq!(dns(&format!("{loopback}{at}")).expect("usable"), named);
        assert_eq!(dns(&format!("{at}dns = false")).expect("usable"), Dns::Off);
        assert!(matches!(dns("dns-resolver = \"dns.example\""), Err(ConfigError::Resolver { .. })));
    }

    #[test]
    fn half_a_cloud_and_limits_above_the_services_own_are_refused() {
        let half = Typed { login_url: Some("https://login.x.example".into()), ..Typed::default() };
        assert!(matches!(half.meant(), Err(ConfigError::HalfCloud { .. })));
        for text in ["[limits]\nin-flight = 5", "[limits]\nrequests-per-10-minutes = 10001", "[limits]\nattempts = 0"] {
            assert!(matches!(typed(text).meant(), Err(ConfigError::Limit { .. })), "{text}");
        }
        assert!(
            typed("[limits]\nin-flight = 2").meant().is_ok_and(|settings| settings.limits.in_flight_per_mailbox == 2)
        );
    }
}
