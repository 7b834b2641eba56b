//! Whether a client assertion is good: signed by the application's certificate, for this endpoint, now.
//!
//! Source: Microsoft, "Application authentication certificate credentials"; RFC 7523, section 3. PS256 only.

use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use x509_cert::der::Decode as _;

use crate::terms::Sha256;

/// How much clocks may differ, in seconds.
const TOLERANCE: i64 = 300;

/// Checks an assertion against an application's certificate in PEM; the error is the platform's own text.
pub(super) fn check(
    assertion: &str,
    certificate: &str,
    client_id: &str,
    endpoint: impl Fn(&str) -> bool,
    now_seconds: i64,
) -> Result<(), &'static str> {
    const SIGNATURE: &str = "Client assertion failed signature validation.";
    let mut parts = assertion.split('.');
    let (Some(header), Some(claims), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("Client assertion is not a well-formed JWT.");
    };
    let json = |part: &str| -> Option<Value> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok() };
    let (head, said) = json(header).zip(json(claims)).ok_or("Client assertion is not a well-formed JWT.")?;
    let der = pem::parse(certificate).map_err(|_| SIGNATURE)?.into_contents();
    let own = x509_cert::Certificate::from_der(&der).map_err(|_| SIGNATURE)?;
    let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::of(&der).as_bytes());
    if head["alg"] != "PS256" || head["x5t#S256"] != thumbprint.as_str() {
        return Err(
            "The certificate with the identifier used to sign the client assertion is not registered on the application.",
        );
    }
    let key = own.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes().to_vec();
    let signed = assertion.rsplit_once('.').map_or("", |(signed, _)| signed);
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| SIGNATURE)?;
    UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| SIGNATURE)?;
    let second = |name: &str| said[name].as_i64();
    let in_time = second("exp").is_some_and(|at| at > now_seconds - TOLERANCE && at <= now_seconds + 2 * TOLERANCE)
        && second("nbf").is_none_or(|at| at <= now_seconds + TOLERANCE);
    if said["iss"] != client_id || said["sub"] != client_id || !said["aud"].as_str().is_some_and(endpoint) || !in_time {
        return Err("Client assertion contains an invalid signature or its audience, issuer or time do not fit.");
    }
    Ok(())
}
