//! TLS for the load server, as Graph speaks nothing else: a certificate for this machine that is made for one run, and
//! both ends of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;

/// Whether to speak TLS: unless `TLS=0`.
pub fn is_wanted() -> bool {
    super::number("TLS", 1) > 0
}

/// Makes a key and a certificate for it, both in one PEM file. Needs `openssl`.
pub fn certificate(folder: &Path) -> PathBuf {
    let (key, certificate, both) = (folder.join("key.pem"), folder.join("certificate.pem"), folder.join("server.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .stderr(Stdio::null())
        .status()
        .expect("openssl is there, or TLS=0");
    assert!(made.success(), "openssl made no certificate");
    let read = |path: &Path| std::fs::read_to_string(path).expect("PEM");
    std::fs::write(&both, format!("{}{}", read(&certificate), read(&key))).expect("written");
    both
}

/// The server's side.
pub fn acceptor(pem: &Path) -> TlsAcceptor {
    let key = PrivateKeyDer::from_pem_file(pem).expect("a key");
    let chain = vec![CertificateDer::from_pem_file(pem).expect("a certificate")];
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .expect("a server");
    TlsAcceptor::from(Arc::new(config))
}

/// A client that trusts it, or one for plain HTTP.
pub fn client(pem: Option<&Path>) -> reqwest::ClientBuilder {
    let trusted = pem.map(|pem| {
        let pem = std::fs::read(pem).expect("PEM");
        let end = memchr::memmem::find(&pem, b"-----BEGIN PRIVATE").unwrap_or(pem.len());
        reqwest::Certificate::from_pem(&pem[..end]).expect("a certificate")
    });
    reqwest::Client::builder().tls_certs_only(trusted).no_proxy()
}
