//! The client assertion: a short-lived statement signed with the certificate's key.
//!
//! Source: Microsoft, "Application authentication certificate credentials" (PS256, `x5t#S256`); RFC 7523.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::RSA_PSS_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Certificate, CredentialError};
use crate::terms::{Secret, UtcInstant};

/// How long an assertion is good, in seconds. Entra takes 5 to 10 minutes.
const LIFE: i64 = 300;

/// A statement that we are this application, for this token endpoint.
pub(in crate::session) fn assertion(
    certificate: &Certificate,
    client_id: &str,
    audience: &str,
    now: UtcInstant,
) -> Result<Secret, CredentialError> {
    let seconds = now.millis().div_euclid(1000);
    let header = json!({
        "alg": "PS256", "typ": "JWT", "x5t#S256": URL_SAFE_NO_PAD.encode(certificate.thumbprint().as_bytes())
    });
    let claims = json!({
        "aud": audience, "iss": client_id, "sub": client_id, "jti": Uuid::new_v4().to_string(),
        "nbf": seconds, "iat": seconds, "exp": seconds + LIFE
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(&claims));
    let key = certificate.key();
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PSS_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .map_err(|_| CredentialError::Sign)?;
    Ok(Secret::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
}
