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
        Ok(Self { client, http: TokenHttp::new(cloud, ca, clock)? })
    }

    /// The same way to the platform, for another of its tenants.
    pub(super) fn at(&self, cloud: &Cloud, tenant: &str, client_id: &str) -> Result<Self, SignInError> {
        Ok(Self { client: endpoints(cloud, tenant, client_id)?, http: self.http.clone() })
    }

    /// A token request that failed, for the person.
    pub(super) fn refused(&self, error: RequestTokenError<Unreachable, EntraError>) -> SignInError {
        match error {
            RequestTokenError::ServerResponse(entra) => {
                SignInError::Refused(Box::new(self.http.take_refusal().unwrap_or(entra)))
            }
            RequestTokenError::Request(Unreachable(word)) => SignInError::Network(word),
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => SignInError::NotEntra,
        }
    }
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
