//! What a sign-in is asked for: where, as which application, how; examined before anything is sent.
//!
//! The most common mistakes are mix-ups of ids that look alike, so they are found here, not by the platform.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::cloud::{Cloud, CloudName};
use crate::terms::UtcInstant;

use super::credential::Credential;
use super::error::SignInError;
use super::scopes::{self, Extra, SIGN_IN, Work, full_name};

/// How the account signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Flow {
    /// Browser on this machine, authorization code with PKCE.
    Browser,
    /// A code typed on another device.
    DeviceCode,
    /// The application itself, with a client secret; no person.
    ClientSecret,
    /// The application itself, with a certificate; no person.
    Certificate,
}

impl Flow {
    /// The spelling on the command line and in the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::DeviceCode => "device-code",
            Self::ClientSecret => "client-secret",
            Self::Certificate => "certificate",
        }
    }

    /// Whether no person signs in: the application acts by itself, with the tenant's permission and nobody's delegation.
    pub const fn is_app_only(self) -> bool {
        match self {
            Self::Browser | Self::DeviceCode => false,
            Self::ClientSecret | Self::Certificate => true,
        }
    }
}

/// Where and how to sign in.
#[derive(Debug, Clone)]
pub struct SignIn<'a> {
    /// The cloud.
    pub cloud: &'a Cloud,
    /// The tenant's domain or id, or `organizations`.
    pub tenant: &'a str,
    /// The application's client id.
    pub client_id: &'a str,
    /// How.
    pub flow: Flow,
    /// What an application signs in with; unused by people.
    pub credential: Option<&'a Credential>,
    /// When a client secret ends, as far as the user knows; a certificate says so itself.
    pub secret_ends: Option<UtcInstant>,
    /// Who is expected.
    pub login_hint: Option<&'a str>,
    /// What it is for.
    pub work: Work,
    /// What to ask for besides what that needs.
    pub extras: &'a [Extra],
    /// Whether to declare that claims challenges are understood (continuous access evaluation).
    pub cae: bool,
    /// Whether a token that can write is taken.
    pub allow_write_scopes: bool,
    /// Roots to trust besides the platform's, PEM.
    pub ca: Option<&'a [u8]>,
}

impl<'a> SignIn<'a> {
    /// A sign-in that asks for what collecting needs, and for nothing else.
    pub const fn new(cloud: &'a Cloud, tenant: &'a str, client_id: &'a str, flow: Flow) -> Self {
        Self {
            cloud,
            tenant,
            client_id,
            flow,
            credential: None,
            secret_ends: None,
            login_hint: None,
            work: Work::Collecting,
            extras: &[],
            cae: false,
            allow_write_scopes: false,
            ca: None,
        }
    }

    /// Finds mix-ups before anything is sent.
    pub(super) fn examined(&self) -> Result<(), SignInError> {
        let (tenant, client) = (Uuid::parse_str(self.tenant), Uuid::parse_str(self.client_id));
        if self.tenant.eq_ignore_ascii_case(self.client_id) || matches!((&tenant, &client), (Ok(a), Ok(b)) if a == b) {
            return Err(SignInError::SameIds);
        }
        // Elsewhere ids may have any form; Microsoft's are UUIDs.
        if self.cloud.name() != CloudName::Custom && client.is_err() {
            return Err(SignInError::ClientId(self.client_id.chars().filter(|c| !c.is_control()).take(80).collect()));
        }
        if self.flow.is_app_only() && self.names_no_tenant() {
            return Err(SignInError::TenantNeeded);
        }
        Ok(())
    }

    /// Whether the platform is to find out which tenant it is.
    pub(super) fn names_no_tenant(&self) -> bool {
        matches!(self.tenant.to_ascii_lowercase().as_str(), "organizations" | "common" | "consumers")
    }

    /// The scopes to ask for, in full.
    pub(super) fn scopes(&self) -> Vec<String> {
        let graph = scopes::asked(self.work, self.extras).map(|scope| full_name(self.cloud, scope.name));
        SIGN_IN.iter().map(|scope| (*scope).to_owned()).chain(graph).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "11111111-2222-3333-4444-555555555555";

    fn examined(cloud: CloudName, tenant: &str, client_id: &str, flow: Flow) -> Result<(), SignInError> {
        let cloud = Cloud::named(cloud)
            .unwrap_or_else(|| Cloud::custom("http://127.0.0.1:1", "http://127.0.0.1:1").expect("loopback"));
        SignIn::new(&cloud, tenant, client_id, flow).examined()
    }

    #[test]
    fn mix_ups_are_found_before_anything_is_sent() {
        let global = CloudName::Global;
        assert!(examined(global, "contoso.example", APP, Flow::Browser).is_ok());
        assert!(matches!(examined(global, APP, APP, Flow::Browser), Err(SignInError::SameIds)));
        let upper = APP.to_uppercase();
        assert!(matches!(examined(CloudName::Custom, &upper, APP, Flow::Browser), Err(SignInError::SameIds)));
        assert!(matches!(examined(global, "contoso.example", "Affiant", Flow::Browser), Err(SignInError::ClientId(_))));
        assert!(examined(CloudName::Custom, "t", "c", Flow::Browser).is_ok());
        for tenant in ["common", "Organizations"] {
            assert!(matches!(examined(global, tenant, APP, Flow::ClientSecret), Err(SignInError::TenantNeeded)));
        }
    }
}
