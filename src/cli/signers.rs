//! The switches about signers' keys that `collect` and `resume` have in common.
//!
//! It must not know what is done with the keys.

use super::desk::Desk;
use crate::config::Dns;
use crate::dns::Resolver;

/// Who is asked for the public keys of mail signers.
#[derive(Debug, clap::Args)]
pub(super) struct SignersKeys {
    /// Ask this DNS resolver for the public keys of those who signed the mail (DKIM, ARC) [default: the system's]
    #[arg(long, value_name = "IP[:PORT]", conflicts_with = "no_dns")]
    dns_resolver: Option<Resolver>,
    /// Do not ask DNS for them: whether signatures verify then stays unknown
    #[arg(long)]
    no_dns: bool,
}

impl SignersKeys {
    /// What is meant together with the settings; says so where nobody can be asked.
    pub(super) fn resolver(&self, desk: &Desk) -> Option<Resolver> {
        match (&self.dns_resolver, &desk.settings.dns) {
            _ if self.no_dns => None,
            (Some(resolver), _) | (None, Dns::At(resolver)) => Some(resolver.clone()),
            (None, Dns::Off) => None,
            (None, Dns::System) => {
                let found = Resolver::system();
                if found.is_none() {
                    desk.note(
                        "this system does not say which DNS resolver it uses, so the keys of mail signers are not captured; \
                         name one with --dns-resolver",
                    );
                }
                found
            }
        }
    }
}
