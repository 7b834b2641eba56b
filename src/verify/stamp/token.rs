//! The parts of a time stamp (RFC 3161 section 2.4.2): response, signed data, and the TSTInfo that was signed.
//!
//! Reads DER only. It must not judge signatures.

use aws_lc_rs::digest;
use cms::cert::CertificateChoices;
use cms::content_info::ContentInfo;
use cms::signed_data::{SignedData, SignerInfo};
use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode as _, Encode as _, Header, Reader as _, SliceReader, Tag, Tagged as _};
use x509_cert::Certificate;

use super::StampError;
use crate::terms::UtcInstant;

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

/// A token taken apart.
pub(super) struct Token {
    /// The TSTInfo, as it was signed.
    pub(super) content: Vec<u8>,
    /// Who signed it.
    pub(super) signer: SignerInfo,
    /// The certificates that came with it.
    pub(super) certificates: Vec<Certificate>,
    algorithm: ObjectIdentifier,
    imprint: Vec<u8>,
    /// When.
    pub(super) at: UtcInstant,
    /// Under which rules of the authority, an object identifier.
    pub(super) policy: String,
    /// The token's number, lower-case hex.
    pub(super) serial: String,
}

impl Token {
    /// Whether it is about these bytes.
    pub(super) fn must_be_over(&self, bytes: &[u8]) -> Result<(), StampError> {
        let algorithm = hash(self.algorithm).ok_or(StampError::Algorithm)?;
        let is = digest::digest(algorithm, bytes).as_ref() == self.imprint;
        is.then_some(()).ok_or(StampError::OtherImprint)
    }
}

/// The digest that an object identifier names: SHA-2 only.
pub(super) fn hash(algorithm: ObjectIdentifier) -> Option<&'static digest::Algorithm> {
    match algorithm {
        SHA256 => Some(&digest::SHA256),
        SHA384 => Some(&digest::SHA384),
        SHA512 => Some(&digest::SHA512),
        _ => None,
    }
}

/// Takes a response or a bare token apart.
pub(super) fn read(bytes: &[u8]) -> Result<Token, StampError> {
    let token = match ContentInfo::from_der(bytes) {
        Ok(token) => token,
        Err(_) => response(bytes)?,
    };
    signed(&token).ok_or(StampError::NotAToken)
}

/// `TimeStampResp ::= SEQUENCE { status PKIStatusInfo, timeStampToken ContentInfo OPTIONAL }`
fn response(bytes: &[u8]) -> Result<ContentInfo, StampError> {
    let body = sequence(bytes).ok_or(StampError::NotAToken)?;
    let mut reader = SliceReader::new(body).map_err(|_| StampError::NotAToken)?;
    let read = |reader: &mut SliceReader<'_>| {
        let info: AnyRef<'_> = reader.decode().ok()?;
        let mut info = SliceReader::new(info.value()).ok()?;
        info.decode::<u8>().ok()
    };
    // 0 is granted, 1 granted with modifications.
    let status = read(&mut reader).ok_or(StampError::NotAToken)?;
    if status > 1 {
        return Err(StampError::Refused(status));
    }
    let token: ContentInfo = reader.decode().map_err(|_| StampError::NotAToken)?;
    if reader.is_finished() { Ok(token) } else { Err(StampError::NotAToken) }
}

fn signed(token: &ContentInfo) -> Option<Token> {
    if token.content_type != SIGNED_DATA {
        return None;
    }
    let data = SignedData::from_der(&token.content.to_der().ok()?).ok()?;
    let content = data.encap_content_info;
    if content.econtent_type != TST_INFO {
        return None;
    }
    let content = content.econtent?.to_der().ok()?;
    let content = <&OctetStringRef>::from_der(&content).ok()?.as_bytes().to_vec();
    // RFC 3161: one signer, the authority.
    let mut signers = data.signer_infos.0.into_vec().into_iter();
    let (signer, None) = (signers.next()?, signers.next()) else { return None };
    let certificates = data.certificates.map(|set| set.0.into_vec()).unwrap_or_default();
    let certificates = certificates.into_iter().filter_map(|choice| match choice {
        CertificateChoices::Certificate(certificate) => Some(certificate),
        CertificateChoices::Other(_) => None,
    });
    let info = info(&content)?;
    let Info { algorithm, imprint, at, policy, serial } = info;
    Some(Token { signer, certificates: certificates.collect(), algorithm, imprint, at, policy, serial, content })
}

struct Info {
    algorithm: ObjectIdentifier,
    imprint: Vec<u8>,
    at: UtcInstant,
    policy: String,
    serial: String,
}

/// `TSTInfo`: version 1, policy, imprint, serial number, time; what follows (accuracy, nonce, name) changes nothing here.
fn info(content: &[u8]) -> Option<Info> {
    let mut reader = SliceReader::new(sequence(content)?).ok()?;
    if reader.decode::<u8>().ok()? != 1 {
        return None;
    }
    let policy: ObjectIdentifier = reader.decode().ok()?;
    let imprint: AnyRef<'_> = reader.decode().ok()?;
    let mut imprint = SliceReader::new(imprint.value()).ok()?;
    let algorithm: AnyRef<'_> = imprint.decode().ok()?;
    let algorithm: ObjectIdentifier = SliceReader::new(algorithm.value()).ok()?.decode().ok()?;
    let imprint = imprint.decode::<&OctetStringRef>().ok()?.as_bytes().to_vec();
    let serial: AnyRef<'_> = reader.decode().ok()?;
    let at: AnyRef<'_> = reader.decode().ok()?;
    let fits = serial.tag() == Tag::Integer && at.tag() == Tag::GeneralizedTime;
    let at = fits.then(|| instant(at.value()))??;
    Some(Info { algorithm, imprint, at, policy: policy.to_string(), serial: hex::encode(serial.value()) })
}

/// `YYYYMMDDhhmmss[.fraction]Z`; what is finer than a millisecond is cut off.
fn instant(text: &[u8]) -> Option<UtcInstant> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 14 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let at = |from: usize, to: usize| whole.get(from..to).unwrap_or_default();
    let milliseconds: String = fraction.chars().chain("000".chars()).take(3).collect();
    let (date, time) = ([at(0, 4), at(4, 6), at(6, 8)].join("-"), [at(8, 10), at(10, 12), at(12, 14)].join(":"));
    UtcInstant::parse(&format!("{date}T{time}.{milliseconds}Z")).ok()
}

/// The contents of the one sequence that the bytes are.
fn sequence(bytes: &[u8]) -> Option<&[u8]> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let header = Header::peek(&reader).ok()?;
    let whole: AnyRef<'_> = reader.decode().ok()?;
    (header.tag() == Tag::Sequence && reader.is_finished()).then(|| whole.value())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_may_have_a_fraction_and_is_utc() {
        let at = |text: &str| instant(text.as_bytes()).map(|at| at.to_string());
        assert_eq!(at("20240604090001Z").as_deref(), Some("2024-06-04T09:00:01.000Z"));
        assert_eq!(at("20240604090001.5Z").as_deref(), Some("2024-06-04T09:00:01.500Z"));
        assert_eq!(at("20240604090001.123456Z").as_deref(), Some("2024-06-04T09:00:01.123Z"));
        for wrong in
            ["20240604090001", "202406040900Z", "20241304090001Z", "20240604090001.Z", "20240604090001+0100", ""]
        {
            assert_eq!(at(wrong), None, "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_are_too_odd(bytes: Vec<u8>) {
            let _ = read(&bytes);
        }
    }
}
