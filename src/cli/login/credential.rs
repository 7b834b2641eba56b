//! Where an application's secret or certificate comes from: a file, standard input, or the environment.
//!
//! Never the command line itself, which other programs on the machine can read.

use std::io::Read as _;

use camino::Utf8PathBuf;
use zeroize::Zeroizing;

use crate::cli::failure::Failure;
use crate::session::{Credential, CredentialError, Flow, SignInError};
use crate::terms::{Secret, UtcInstant};

/// Larger than any secret.
const MAX_SECRET: u64 = 64 * 1024;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Applications")]
pub(in crate::cli) struct CredentialArgs {
    /// File with the client secret's value, or - for standard input [default: AFFIANT_CLIENT_SECRET]
    #[arg(long, value_name = "FILE")]
    secret_file: Option<Utf8PathBuf>,
    /// The day the client secret ends, as the Entra admin centre shows it; warnings start 60 days before
    #[arg(long, value_name = "DATE")]
    secret_expires: Option<String>,
    /// File with the certificate and its private key: PEM or PKCS#12 (.pfx, .p12)
    #[arg(long, env = "AFFIANT_CERTIFICATE", value_name = "FILE")]
    certificate: Option<Utf8PathBuf>,
}

impl CredentialArgs {
    /// What the flow shows instead of a person.
    pub(in crate::cli) fn read(&self, flow: Flow) -> Result<Option<Credential>, Failure> {
        let given = self.secret_file.is_some() || self.secret_expires.is_some();
        match flow {
            Flow::Browser | Flow::DeviceCode | Flow::Certificate if given => Err(Failure::usage(
                "a client secret is given, but this way of signing in uses none",
                "add --flow client-secret, or leave --secret-file and --secret-expires out",
            )),
            Flow::Browser | Flow::DeviceCode => Ok(None),
            Flow::ClientSecret => self.secret().map(Some),
            Flow::Certificate => self.certificate().map(Some),
        }
    }

    /// When the secret ends: the start of the day named, so that nobody relies on its last hours.
    pub(in crate::cli) fn secret_ends(&self) -> Result<Option<UtcInstant>, Failure> {
        let Some(text) = &self.secret_expires else { return Ok(None) };
        let day: Option<jiff::civil::Date> = text.trim().parse().ok();
        let at =
            day.and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok()).map(|at| UtcInstant::new(at.timestamp()));
        at.map(Some).ok_or_else(|| {
            Failure::usage("--secret-expires is not a date", "write it as year, month and day, such as 2027-05-31")
        })
    }

    fn secret(&self) -> Result<Credential, Failure> {
        let text = match &self.secret_file {
            Some(path) => from_file(path)?,
            None => std::env::var("AFFIANT_CLIENT_SECRET")
                .map(Secret::new)
                .map_err(|_| refused(CredentialError::NoSecret))?,
        };
        Credential::secret(&text).map_err(refused)
    }

    fn certificate(&self) -> Result<Credential, Failure> {
        let path = self.certificate.as_ref().ok_or_else(|| {
            Failure::usage(
                "no certificate is given",
                "give --certificate FILE, with the certificate and its private key (PEM or PKCS#12)",
            )
        })?;
        let passphrase = std::env::var("AFFIANT_CERTIFICATE_PASSPHRASE").ok().filter(|text| !text.is_empty());
        let read = Credential::certificate(path, passphrase.map(Secret::new));
        read.map(|(credential, _)| credential).map_err(refused)
    }
}

fn refused(error: CredentialError) -> Failure {
    Failure::from(SignInError::from(error))
}

fn from_file(path: &Utf8PathBuf) -> Result<Secret, Failure> {
    let unreadable = |why: String| refused(CredentialError::Read { path: path.clone(), why });
    let mut text = Zeroizing::new(String::new());
    let read = if path == "-" {
        std::io::stdin().lock().take(MAX_SECRET).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_SECRET).read_to_string(&mut text))
    };
    read.map_err(|error| unreadable(error.kind().to_string()))?;
    Ok(Secret::new(text.trim_start_matches('\u{feff}').to_owned()))
}
