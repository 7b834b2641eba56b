//! Whether a token bears its signer's signature (RFC 5652 section 5.4), and whether the signer is one that somebody trusts.
//!
//! It must not know what the token is about.

use aws_lc_rs::{digest, signature};
use cms::signed_data::SignerIdentifier;
use der::asn1::{ObjectIdentifier, OctetStringRef};
use der::{Decode as _, Encode as _};
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, KeyUsage};
use x509_cert::Certificate;
use x509_cert::ext::pkix::{ExtendedKeyUsage, SubjectKeyIdentifier};

use super::StampError;
use super::token::{Token, hash};
use crate::terms::UtcInstant;

const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
/// The same as the contents of its encoding.
const TIME_STAMPING_DER: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 8];
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// The certificate whose key signed.
pub(super) struct Signer {
    /// Its subject.
    pub(super) name: String,
    der: CertificateDer<'static>,
    others: Vec<CertificateDer<'static>>,
}

/// Checks the signature over the signed attributes, and them against the content.
pub(super) fn check(token: &Token) -> Result<Signer, StampError> {
    let signer = &token.signer;
    let certificate = token.certificates.iter().find(|candidate| is_named(&signer.sid, candidate));
    let certificate = certificate.ok_or(StampError::Signature)?;
    let algorithm = hash(signer.digest_alg.oid).ok_or(StampError::Algorithm)?;
    let attributes = signer.signed_attrs.as_ref().ok_or(StampError::Signature)?;
    let value = |wanted| {
        let mut found = attributes.iter().filter(|attribute| attribute.oid == wanted);
        let (attribute, None) = (found.next()?, found.next()) else { return None };
        attribute.values.get(0).filter(|_| attribute.values.len() == 1)?.to_der().ok()
    };
    let kind = value(CONTENT_TYPE).and_then(|value| ObjectIdentifier::from_der(&value).ok());
    let stated = value(MESSAGE_DIGEST);
    let stated = stated.as_deref().and_then(|value| <&OctetStringRef>::from_der(value).ok());
    let actual = digest::digest(algorithm, &token.content);
    if kind != Some(TST_INFO) || stated.map(|stated| stated.as_bytes()) != Some(actual.as_ref()) {
        return Err(StampError::Signature);
    }
    let signed = attributes.to_der().map_err(|_| StampError::Signature)?;
    let tbs = certificate.tbs_certificate();
    let key = tbs.subject_public_key_info();
    let curve = key.algorithm.parameters.as_ref().and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
    let verifier =
        verifier(signer.signature_algorithm.oid, signer.digest_alg.oid, curve).ok_or(StampError::Algorithm)?;
    let spki = key.to_der().map_err(|_| StampError::Signature)?;
    let verified = signature::UnparsedPublicKey::new(verifier, spki).verify(&signed, signer.signature.as_bytes());
    verified.map_err(|_| StampError::Signature)?;
    must_be_for_time(certificate)?;
    let der =
        |certificate: &Certificate| certificate.to_der().map(CertificateDer::from).map_err(|_| StampError::Signature);
    let others = token.certificates.iter().filter(|other| *other != certificate).map(der).collect::<Result<_, _>>()?;
    Ok(Signer { name: tbs.subject().to_string(), der: der(certificate)?, others })
}

fn is_named(sid: &SignerIdentifier, certificate: &Certificate) -> bool {
    let tbs = certificate.tbs_certificate();
    match sid {
        SignerIdentifier::IssuerAndSerialNumber(named) => {
            named.issuer == *tbs.issuer() && named.serial_number == *tbs.serial_number()
        }
        SignerIdentifier::SubjectKeyIdentifier(named) => {
            tbs.get_extension::<SubjectKeyIdentifier>().is_ok_and(|found| found.is_some_and(|(_, own)| own == *named))
        }
    }
}

/// RFC 3161 section 2.3: one extended key usage, time stamping, and critical.
fn must_be_for_time(certificate: &Certificate) -> Result<(), StampError> {
    let usage = certificate.tbs_certificate().get_extension::<ExtendedKeyUsage>();
    match usage {
        Ok(Some((true, usage))) if usage.0 == [TIME_STAMPING] => Ok(()),
        _ => Err(StampError::NotForTime),
    }
}

fn verifier(
    algorithm: ObjectIdentifier,
    digest: ObjectIdentifier,
    curve: Option<ObjectIdentifier>,
) -> Option<&'static dyn signature::VerificationAlgorithm> {
    let digest = hash(digest)?;
    let sha = |oid| match oid {
        RSA_SHA256 | ECDSA_SHA256 => 256,
        RSA_SHA384 | ECDSA_SHA384 => 384,
        RSA_SHA512 | ECDSA_SHA512 => 512,
        _ => digest.output_len() * 8,
    };
    Some(match (algorithm, curve, sha(algorithm)) {
        (RSA | RSA_SHA256 | RSA_SHA384 | RSA_SHA512, _, 256) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (RSA | RSA_SHA256 | RSA_SHA384 | RSA_SHA512, _, 384) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (RSA | RSA_SHA256 | RSA_SHA384 | RSA_SHA512, _, 512) => &signature::RSA_PKCS1_2048_8192_SHA512,
        (RSA_PSS, _, 256) => &signature::RSA_PSS_2048_8192_SHA256,
        (RSA_PSS, _, 384) => &signature::RSA_PSS_2048_8192_SHA384,
        (RSA_PSS, _, 512) => &signature::RSA_PSS_2048_8192_SHA512,
        (ECDSA_SHA256 | ECDSA_SHA384 | ECDSA_SHA512, Some(P256), 256) => &signature::ECDSA_P256_SHA256_ASN1,
        (ECDSA_SHA256 | ECDSA_SHA384 | ECDSA_SHA512, Some(P256), 384) => &signature::ECDSA_P256_SHA384_ASN1,
        (ECDSA_SHA256 | ECDSA_SHA384 | ECDSA_SHA512, Some(P256), 512) => &signature::ECDSA_P256_SHA512_ASN1,
        (ECDSA_SHA256 | ECDSA_SHA384 | ECDSA_SHA512, Some(P384), 256) => &signature::ECDSA_P384_SHA256_ASN1,
        (ECDSA_SHA256 | ECDSA_SHA384 | ECDSA_SHA512, Some(P384), 384) => &signature::ECDSA_P384_SHA384_ASN1,
        (ECDSA_SHA256 | ECDSA_SHA384 | ECDSA_SHA512, Some(P384), 512) => &signature::ECDSA_P384_SHA512_ASN1,
        (ED25519, _, _) => &signature::ED25519,
        _ => return None,
    })
}

impl Signer {
    /// Whether a chain led from here to one of these when the token was made.
    pub(super) fn must_come_from(&self, anchors: &[CertificateDer<'static>], at: UtcInstant) -> Result<(), StampError> {
        let chain = |error: webpki::Error| StampError::Chain(format!("{error:?}"));
        let roots =
            anchors.iter().map(webpki::anchor_from_trusted_cert).collect::<Result<Vec<_>, _>>().map_err(chain)?;
        let seconds = u64::try_from(at.millis().div_euclid(1_000)).unwrap_or_default();
        let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        let certificate = EndEntityCert::try_from(&self.der).map_err(chain)?;
        let usage = KeyUsage::required(TIME_STAMPING_DER);
        let algorithms = webpki::ALL_VERIFICATION_ALGS;
        let path = certificate.verify_for_usage(algorithms, &roots, &self.others, time, usage, None, None);
        path.map(drop).map_err(chain)
    }
}
