//! A time-stamp authority made on the spot: a root, a certificate for time stamping, and `openssl ts` behind plain HTTP.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

const CONFIG: &str = "
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[stamping]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[other]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
[tsa]
serial = serial
signer_cert = stamping.pem
certs = root.pem
signer_key = stamping.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256,sha384,sha512
accuracy = secs:1
";

/// An authority, in a folder of its own.
pub(crate) struct Authority(tempfile::TempDir);

impl Authority {
    /// `None` where openssl is not installed.
    pub(crate) fn new(key: &[&str]) -> Option<Self> {
        Command::new("openssl").arg("version").output().ok()?;
        let made = Self(tempfile::tempdir().expect("a temporary folder"));
        std::fs::write(made.path("config"), CONFIG).expect("written");
        std::fs::write(made.path("serial"), "01\n").expect("written");
        let root = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem -days 3650 -subj /CN=Root -config config -extensions root";
        made.openssl(&root.split(' ').collect::<Vec<_>>());
        let ask = "req -new -nodes -keyout stamping.key -out stamping.csr -subj /CN=Stamping -config config";
        made.openssl(&[&ask.split(' ').collect::<Vec<_>>(), key].concat());
        made.certify("stamping");
        Some(made)
    }

    /// Gives its key a certificate for another use than time stamping.
    pub(crate) fn certify(&self, extensions: &str) {
        let sign = "x509 -req -in stamping.csr -CA root.pem -CAkey root.key -out stamping.pem -days 3650 -extfile config -extensions";
        self.openssl(&[&sign.split(' ').collect::<Vec<_>>(), &[extensions][..]].concat());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("UTF-8").to_owned()
    }

    fn openssl(&self, args: &[&str]) -> bool {
        let ran = Command::new("openssl").args(args).current_dir(self.0.path()).output().expect("openssl");
        assert!(ran.status.success() || args[0] == "ts", "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
        ran.status.success()
    }

    /// Answers a request that lies in a file.
    pub(crate) fn answer(&self, request: &str, response: &str) {
        self.openssl(&[
            "ts",
            "-reply",
            "-config",
            "config",
            "-section",
            "tsa",
            "-queryfile",
            request,
            "-out",
            response,
        ]);
    }

    /// Whether openssl says that a token is over a file and by this authority.
    pub(crate) fn confirms(&self, data: &Path, token: &Path) -> bool {
        let (data, token) = (data.to_str().expect("UTF-8"), token.to_str().expect("UTF-8"));
        self.openssl(&["ts", "-verify", "-data", data, "-in", token, "-CAfile", "root.pem"])
    }

    /// Serves one request over HTTP; returns the address.
    pub(crate) fn serve_once(self: &std::sync::Arc<Self>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}/", listener.local_addr().expect("bound"));
        let authority = std::sync::Arc::clone(self);
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
            let body = loop {
                let read = stream.read(&mut piece).expect("readable");
                bytes.extend_from_slice(&piece[..read]);
                let text = String::from_utf8_lossy(&bytes).to_lowercase();
                let length: Option<usize> =
                    text.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next()?.parse().ok());
                let head = bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
                if let (Some(length), Some(head)) = (length, head)
                    && bytes.len() >= head + length
                {
                    assert!(text.contains("content-type: application/timestamp-query"), "{text}");
                    break bytes[head..].to_vec();
                }
            };
            std::fs::write(authority.path("asked.tsq"), body).expect("written");
            authority.answer("asked.tsq", "answered.tsr");
            let answer = std::fs::read(authority.path("answered.tsr")).expect("answered");
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/timestamp-reply\r\ncontent-length: {}\r\n\r\n",
                answer.len()
            );
            stream.write_all(&[head.as_bytes(), &answer].concat()).expect("writable");
        });
        address
    }
}
