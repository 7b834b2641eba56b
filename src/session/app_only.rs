//! The application signs in as itself: client credentials, with a secret or a signed assertion.
//!
//! Source: Microsoft, "OAuth 2.0 client credentials flow". There is no refresh token and nobody behind it.

use oauth2::{ClientSecret, Scope};

use crate::cloud::Cloud;
use crate::terms::UtcInstant;

use super::authority::Authority;
use super::credential::{Certificate, Credential, assertion};
use super::error::SignInError;
use super::grant::Grant;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Asks for a token of the application's own.
pub(super) async fn token(
    authority: &Authority,
    cloud: &Cloud,
    credential: &Credential,
    claims: Option<String>,
    now: UtcInstant,
) -> Result<Grant, SignInError> {
    let scope = Scope::new(format!("{}/.default", cloud.graph().as_str().trim_end_matches('/')));
    let (client, proof) = match credential {
        Credential::Secret(secret) => {
            let secret = ClientSecret::new(secret.expose().to_owned());
            (authority.client.clone().set_client_secret(secret), None)
        }
        Credential::Certificate { path, passphrase } => {
            let (path, passphrase) = (path.clone(), passphrase.clone());
            let (client_id, audience) = (authority.client_id().to_owned(), authority.token_url().to_owned());
            // Reading and signing are work for the disk and the processor.
            let signed = tokio::task::spawn_blocking(move || {
                let certificate = Certificate::read(&path, passphrase.as_ref())?;
                assertion(&certificate, &client_id, &audience, now)
            });
            let signed = signed.await.map_err(|_| super::CredentialError::Sign)??;
            (authority.client.clone(), Some(signed))
        }
    };
    let mut request = client.exchange_client_credentials().add_scope(scope);
    if let Some(proof) = proof {
        request = request
            .add_extra_param("client_assertion_type", ASSERTION_TYPE)
            .add_extra_param("client_assertion", proof.expose().to_owned());
    }
    if let Some(claims) = claims {
        request = request.add_extra_param("claims", claims);
    }
    request.request_async(&authority.http).await.map_err(|error| authority.refused(error))
}
