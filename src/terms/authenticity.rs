//! The words for what a signature in a message's header is worth: which kind it is, and what else is to be said of it.
//!
//! The spellings are those of `schemas/FORMAT.md`. It must not know how a signature is checked.

use std::fmt;

use super::words;

words!(
    /// Which kind of signature.
    AuthMethod {
        /// A DKIM-Signature (RFC 6376, RFC 8463).
        Dkim = "dkim",
        /// A set of ARC fields (RFC 8617).
        Arc = "arc",
    }
);

words!(
    /// What is to be said of a signature besides whether header and body match. Only these words are ever written, so
    /// nothing of a message can get into the log this way.
    Remark {
        /// The field is no well-formed signature.
        Malformed = "malformed",
        /// Its algorithm is none of rsa-sha256, ed25519-sha256 and rsa-sha1.
        AlgorithmUnknown = "algorithm_unknown",
        /// Selector and domain do not make a name that can be asked for.
        NameInvalid = "name_invalid",
        /// It does not cover the From field, which RFC 6376 asks for.
        FromNotSigned = "from_not_signed",
        /// It speaks for an identity outside of its domain.
        IdentityOutside = "identity_outside",
        /// No answer came from DNS: whether it verifies is unknown.
        KeyNotCaptured = "key_not_captured",
        /// DNS had no key of this name.
        KeyAbsent = "key_absent",
        /// The key was taken back: its record is there, and empty.
        KeyRevoked = "key_revoked",
        /// What DNS has under the name is no key.
        KeyMalformed = "key_malformed",
        /// DNS has several records under the name.
        KeyAmbiguous = "key_ambiguous",
        /// The key is for another algorithm, or for something else than mail.
        KeyUnsuitable = "key_unsuitable",
        /// The RSA key has fewer than 1,024 bits: anyone can find its other half (RFC 8301).
        KeyUnder1024 = "key_under_1024",
        /// rsa-sha1, which can be forged (RFC 8301).
        RsaSha1 = "rsa_sha1",
        /// The signer said that it only tests DKIM.
        Testing = "testing",
        /// `l=`: only so many bytes of the body are covered; text may have been added.
        BodyLength = "body_length",
        /// The body is longer than what is covered.
        BodyBeyond = "body_beyond",
        /// It had expired when the message was received.
        Expired = "expired",
        /// A field of the set is missing, or there twice.
        SetIncomplete = "set_incomplete",
        /// The sealer found no chain before it.
        CvNone = "cv_none",
        /// The sealer found the chain before it whole.
        CvPass = "cv_pass",
        /// The sealer found the chain before it broken.
        CvFail = "cv_fail",
        /// There are more signatures than are looked at; this is the last one that is.
        MoreNotRead = "more_not_read",
    }
);
