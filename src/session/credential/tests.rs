//! Credentials tried as people paste them, and certificates as people's tools write them.

use camino::{Utf8Path, Utf8PathBuf};

use super::*;

fn secret(text: &str) -> Result<Credential, CredentialError> {
    Credential::secret(&Secret::new(text.to_owned()))
}

fn fixture(name: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/certificates").join(name)
}

fn read(name: &str, passphrase: Option<&str>) -> Result<Certificate, CredentialError> {
    Certificate::read(&fixture(name), passphrase.map(|text| Secret::new(text.to_owned())).as_ref())
}

#[test]
fn a_secret_is_taken_without_the_blanks_around_it_and_its_id_is_refused() {
    assert!(matches!(secret("  abc~8Q.x_y \n"), Ok(Credential::Secret(value)) if value.expose() == "abc~8Q.x_y"));
    assert_eq!(secret("11111111-2222-3333-4444-555555555555").err(), Some(CredentialError::SecretId));
    assert_eq!(secret(" \n").err(), Some(CredentialError::NoSecret));
    assert_eq!(secret("ab cd").err(), Some(CredentialError::SecretText));
    let shown = format!("{:?}", secret("hunter2"));
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn every_form_of_the_same_certificate_gives_the_same_thumbprint() {
    let plain = read("app.pem", None).expect("PEM");
    for (name, passphrase) in [
        ("app-pkcs1.pem", None),
        ("app-locked.pem", Some("opens it")),
        ("app.p12", Some("opens it")),
        ("app-legacy.pfx", Some("opens it")),
    ] {
        let other = read(name, passphrase).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((other.thumbprint(), other.not_after()), (plain.thumbprint(), plain.not_after()), "{name}");
    }
    assert_eq!(format!("{plain:?}"), format!("Certificate({})", plain.thumbprint()));
}

#[test]
fn what_is_wrong_with_a_file_is_named() {
    for (name, passphrase, want) in [
        ("app-locked.pem", None, "the passphrase is not given"),
        ("app-locked.pem", Some("wrong"), "the passphrase does not open it"),
        ("app.p12", None, "the passphrase is not given"),
        ("app.p12", Some("wrong"), "the passphrase does not open it"),
        ("certificate-only.pem", None, "no private key"),
        ("key-only.pem", None, "no certificate"),
        ("elliptic.pem", None, "not an RSA key"),
        ("strangers.pem", None, "no certificate in"),
        ("README.md", None, "neither a PEM nor"),
        ("not-there.pem", None, "cannot be read"),
    ] {
        let error = read(name, passphrase).expect_err(name).to_string();
        assert!(error.contains(want), "{name}: {error}");
    }
}

#[test]
fn an_assertion_says_who_for_whom_and_until_when_and_its_signature_holds() {
    use aws_lc_rs::signature::{KeyPair as _, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let certificate = read("app.pem", None).expect("PEM");
    let now = UtcInstant::parse("2026-11-24T12:00:00Z").expect("an instant");
    let text = assertion(&certificate, "the-app", "https://login.example/t/oauth2/v2.0/token", now).expect("signs");
    let parts: Vec<&str> = text.expose().split('.').collect();
    let json = |part: &str| -> serde_json::Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
    };
    let (header, claims) = (json(parts[0]), json(parts[1]));
    assert_eq!((header["alg"].as_str(), header["typ"].as_str()), (Some("PS256"), Some("JWT")));
    assert_eq!(header["x5t#S256"], URL_SAFE_NO_PAD.encode(certificate.thumbprint().as_bytes()));
    assert_eq!((claims["iss"].as_str(), claims["sub"].as_str()), (Some("the-app"), Some("the-app")));
    assert_eq!(claims["aud"], "https://login.example/t/oauth2/v2.0/token");
    assert_eq!((claims["nbf"].as_i64(), claims["exp"].as_i64()), (Some(1_795_521_600), Some(1_795_521_900)));
    let signed = format!("{}.{}", parts[0], parts[1]);
    let public = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, certificate.key().public_key().as_ref());
    let signature = URL_SAFE_NO_PAD.decode(parts[2]).expect("base64url");
    assert!(public.verify(signed.as_bytes(), &signature).is_ok());
}
