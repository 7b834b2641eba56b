//! The identity platform's endpoints for one tenant and application, spoken to through the `oauth2` crate.
//!
//! It builds addresses and reads outcomes; how requests travel is `http`'s matter.

use oauth2::basic::{BasicRevocationErrorResponse, BasicTokenIntrospectionResponse};
use oauth2::{
    AuthType, AuthUrl, Client, ClientId, DeviceAuthorizationUrl, EndpointNotSet, EndpointSet, RequestTokenError,
    StandardRevocableToken, TokenUrl,
};

use crate::cloud::Cloud;
use crate::terms::Clock;

use super::error::{EntraError, SignInError};
use super::grant::Grant;
use super::http::{TokenHttp, Unreachable};

/// The client with the endpoints that are used.
pub(super) type EntraClient = Client<
    EntraError,
    Grant,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// One tenant's endpoints for one application.
#[derive(Clone)]
pub(super) struct Authority {
    pub(super) client: EntraClient,
    pub(super) http: TokenHttp,
    pub(super) consent_url: String,
}

impl Authority {
    pub(super) fn new(
        cloud: &Cloud,
        tenant: &str,
        client_id: &str,
        ca: Option<&[u8]>,
        clock: Clock,
    ) -> Result<Self, SignInError> {
        let client = endpoints(cloud, tenant, client_id)?;
        Ok(Self { client, http: TokenHttp::new(cloud, ca, clock)?, consent_url: consent_url(cloud, tenant, client_id) })
    }

    /// The same way to the platform, for another of its tenants.
    pub(super) fn at(&self, cloud: &Cloud, tenant: &str, client_id: &str) -> Result<Self, SignInError> {
        let consent_url = consent_url(cloud, tenant, client_id);
        Ok(Self { client: endpoints(cloud, tenant, client_id)?, http: self.http.clone(), consent_url })
    }

    /// The application.
    pub(super) fn client_id(&self) -> &str {
        self.client.client_id()
    }

    /// The token endpoint.
    pub(super) fn token_url(&self) -> &str {
        self.client.token_uri()
    }

    /// A refusal, with the address where an administrator can consent.
    pub(super) fn explained(&self, entra: EntraError) -> SignInError {
        SignInError::Refused(Box::new(entra.with_consent_at(&self.consent_url)))
    }

    /// A token request that failed, for the person.
    pub(super) fn refused(&self, error: RequestTokenError<Unreachable, EntraError>) -> SignInError {
        match error {
            RequestTokenError::ServerResponse(entra) => self.explained(self.http.take_refusal().unwrap_or(entra)),
            RequestTokenError::Request(Unreachable(word)) => SignInError::Network(word),
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => SignInError::NotEntra,
        }
    }
}

/// Where an administrator consents for the whole tenant (Microsoft, "Request admin consent"). A tenant is needed:
/// without one Entra takes the administrator's own.
pub fn consent_url(cloud: &Cloud, tenant: &str, client_id: &str) -> String {
    let base = cloud.authority().as_str().trim_end_matches('/');
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", client_id)
        .append_pair("redirect_uri", "http://localhost")
        .finish();
    let tenant: String = tenant.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')).collect();
    format!("{base}/{tenant}/adminconsent?{query}")
}

fn endpoints(cloud: &Cloud, tenant: &str, client_id: &str) -> Result<EntraClient, SignInError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let wrong = || SignInError::Tenant(tenant.chars().filter(|c| !c.is_control()).take(80).collect());
    if tenant.is_empty() || tenant.starts_with('.') || !tenant.chars().all(plain) {
        return Err(wrong());
    }
    let base = cloud.authority().as_str().trim_end_matches('/').to_owned();
    let at = |tail: &str| format!("{base}/{tenant}/oauth2/v2.0/{tail}");
    Ok(Client::new(ClientId::new(client_id.to_owned()))
        .set_auth_type(AuthType::RequestBody)
        .set_auth_uri(AuthUrl::new(at("authorize")).map_err(|_| wrong())?)
        .set_token_uri(TokenUrl::new(at("token")).map_err(|_| wrong())?)
        .set_device_authorization_url(DeviceAuthorizationUrl::new(at("devicecode")).map_err(|_| wrong())?))
}
