//! Content that is here but closed: S/MIME and PGP encryption, rights management. Recognised, never opened.
//!
//! It must not judge: a protected message is collected like any other.

use super::charset;
use super::families::Leaf;
use super::headers::{Headers, unfold};
use super::transfer::decoded;
use crate::terms::ExceptionCode;

/// DER of the object identifiers 1.2.840.113549.1.7.3 (enveloped data) and .1.9.16.1.23 (authenticated enveloped).
const ENVELOPED: [&[u8]; 2] = [
    &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03],
    &[0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17],
];
/// Encoded bytes that surely hold the object identifier at the front of the structure.
const FRONT: usize = 128;

/// What protects a part, if anything does.
pub(super) fn of(leaf: &Leaf<'_, '_>) -> Option<ExceptionCode> {
    let name = leaf.name.as_ref().map(|name| name.text.to_lowercase()).unwrap_or_default();
    let token = leaf.entity.media.token.as_str();
    let has_extension = |extension: &str| name.ends_with(extension);
    if token == "application/x-microsoft-rpmsg-message" || has_extension(".rpmsg") {
        return Some(ExceptionCode::IrmProtected);
    }
    let smime = is_smime(token) || token == "application/octet-stream" && has_extension(".p7m");
    if smime && is_enveloped(leaf) {
        return Some(ExceptionCode::SmimeEncrypted);
    }
    (token == "application/pgp-encrypted").then_some(ExceptionCode::Other)
}

/// Whether the header says that the content is a rights-managed message.
pub(super) fn is_rights_managed(headers: &Headers<'_>) -> bool {
    headers.first("Content-Class").is_some_and(|raw| {
        let class = charset::lenient(&unfold(raw)).to_ascii_lowercase();
        class == "rpmsg.message"
    })
}

/// Both spellings of the S/MIME media type.
pub(super) fn is_smime(token: &str) -> bool {
    matches!(token, "application/pkcs7-mime" | "application/x-pkcs7-mime")
}

fn is_enveloped(leaf: &Leaf<'_, '_>) -> bool {
    let stated = leaf.entity.media.text("smime-type").map(|kind| kind.to_ascii_lowercase());
    match stated.as_deref() {
        Some("enveloped-data" | "authenveloped-data") => true,
        Some("signed-data" | "compressed-data" | "certs-only") => false,
        _ => {
            let front = leaf.entity.raw.get(..FRONT).unwrap_or(leaf.entity.raw);
            let front = decoded(leaf.entity.encoding, front);
            ENVELOPED.iter().any(|oid| memchr::memmem::find(&front, oid).is_some())
        }
    }
}

/// The words of a note about a part.
pub(super) const fn words(code: ExceptionCode) -> &'static str {
    match code {
        ExceptionCode::IrmProtected => "rights-protected content, collected as served,",
        ExceptionCode::SmimeEncrypted => "S/MIME encrypted content, collected as served,",
        ExceptionCode::TnefOpaque => "a TNEF stream that could not be read",
        ExceptionCode::CloudAttachment => "a link to a cloud file that was not fetched",
        _ => "OpenPGP encrypted content, collected as served,",
    }
}
