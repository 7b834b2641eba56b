//! The question that a time-stamp authority is asked (RFC 3161 section 2.4.1).
//!
//! It must not know where it is sent.

use crate::terms::Sha256;

/// Bytes of a nonce.
pub const NONCE: usize = 8;

/// A request for a stamp over these bytes, DER: version 1, their SHA-256, a nonce, and the certificate wanted with the
/// answer. Of `nonce` the highest bit is cleared, so that the number is positive.
pub fn stamp_request(over: &[u8], nonce: [u8; NONCE]) -> Vec<u8> {
    /// `SEQUENCE { SEQUENCE { id-sha256, NULL }, OCTET STRING (32) }` up to the digest.
    const IMPRINT: [u8; 19] = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
        0x20,
    ];
    let mut number = nonce;
    // Neither negative nor with a zero in front: one spelling in DER.
    number[0] = (number[0] & 0x7f) | 0x40;
    let mut body = vec![0x02, 0x01, 0x01];
    body.extend_from_slice(&IMPRINT);
    body.extend_from_slice(Sha256::of(over).as_bytes());
    body.extend_from_slice(&[0x02, 0x08]);
    body.extend_from_slice(&number);
    body.extend_from_slice(&[0x01, 0x01, 0xff]);
    let length = u8::try_from(body.len()).unwrap_or_default();
    [&[0x30, length][..], &body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_has_the_form_that_openssl_gives_it() {
        let request = stamp_request(b"", [0xff; NONCE]);
        let want = "3043020101\
                    3031300d060960864801650304020105000420\
                    e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\
                    02087fffffffffffffff\
                    0101ff";
        assert_eq!(hex::encode(request), want);
    }
}
