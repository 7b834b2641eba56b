//! What can be wrong with a secret or a certificate, before it is sent anywhere.

use camino::Utf8PathBuf;
use miette::Diagnostic;
use thiserror::Error;

/// A credential that cannot be used. No part of it is in the text.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
pub enum CredentialError {
    /// The id of a secret instead of its value.
    #[error("what was given as the client secret is the secret's id, not its value")]
    #[diagnostic(
        code(affiant::credential::secret_id),
        help(
            "copy the column \"Value\" (Entra admin centre, App registrations, Certificates & secrets); it is shown only once, so if it is gone, have a new secret made"
        )
    )]
    SecretId,
    /// Nothing was given.
    #[error("no client secret was given")]
    #[diagnostic(
        code(affiant::credential::no_secret),
        help("put it into AFFIANT_CLIENT_SECRET, or into a file and give --secret-file FILE, or - for standard input")
    )]
    NoSecret,
    /// Blanks or letters that no secret has.
    #[error("the client secret holds characters that no secret has")]
    #[diagnostic(
        code(affiant::credential::secret_text),
        help("copy the value alone, without quotes, blanks or line ends in the middle")
    )]
    SecretText,
    /// The file cannot be read.
    #[error("{path} cannot be read: {why}")]
    #[diagnostic(code(affiant::credential::read), help("check the path and its permissions"))]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// The system's word.
        why: String,
    },
    /// Neither PEM nor PKCS#12.
    #[error("{path} is neither a PEM nor a PKCS#12 file")]
    #[diagnostic(
        code(affiant::credential::form),
        help(
            "give one file with both certificate and private key: PEM (`cat cert.pem key.pem`) or PKCS#12 (.pfx, .p12)"
        )
    )]
    Form {
        /// The file.
        path: Utf8PathBuf,
    },
    /// The certificate or its key is not in the file.
    #[error("{path} holds no {what}")]
    #[diagnostic(
        code(affiant::credential::missing),
        help("one file must hold both; for PEM: `cat cert.pem key.pem > both.pem`")
    )]
    Missing {
        /// The file.
        path: Utf8PathBuf,
        /// `certificate` or `private key`.
        what: &'static str,
    },
    /// Locked, and no passphrase or a wrong one.
    #[error("the private key in {path} is locked, and the passphrase {given}")]
    #[diagnostic(code(affiant::credential::locked), help("put it into AFFIANT_CERTIFICATE_PASSPHRASE"))]
    Locked {
        /// The file.
        path: Utf8PathBuf,
        /// `is not given` or `does not open it`.
        given: &'static str,
    },
    /// Not an RSA key of 2048 bits or more.
    #[error("the private key in {path} is not an RSA key of at least 2048 bits")]
    #[diagnostic(
        code(affiant::credential::rsa),
        help("Entra takes RSA keys; make one with `openssl req -x509 -newkey rsa:3072 -nodes -days 365 …`")
    )]
    NotRsa {
        /// The file.
        path: Utf8PathBuf,
    },
    /// No certificate belongs to the key.
    #[error("no certificate in {path} belongs to its private key")]
    #[diagnostic(
        code(affiant::credential::pair),
        help("put the certificate and the key that were made together into it")
    )]
    Unpaired {
        /// The file.
        path: Utf8PathBuf,
    },
    /// The key cannot sign.
    #[error("the private key cannot sign")]
    #[diagnostic(code(affiant::credential::sign), help("have a new key and certificate made"))]
    Sign,
}
