//! `affiant doctor`: what could keep a collection from working, found before it starts, each with its next step.
//!
//! Each file below looks at one side; this one puts the findings together. Nothing is changed anywhere.

mod disk;
mod findings;
mod network;
mod settings;
mod sign_in;

use camino::Utf8PathBuf;

use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;

#[cfg(test)]
pub(super) use self::findings::Diagnosis;

use self::findings::{Check, Findings};

/// Check settings, network, sign-in, permissions and disk, and say what to do
///
/// Nothing is changed: not the settings, not the tenant.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  affiant doctor\n  affiant doctor --out /cases/4711 --json\n\nExit codes: 0 nothing in the way, 4 sign-in or consent needed, 1 something else is in the way."
)]
pub(super) struct Args {
    /// Where a collection is to go; its disk is examined [default: the current folder]
    #[arg(long, value_name = "DIR")]
    out: Option<Utf8PathBuf>,
    /// The tenant's domain or id [default: the signed-in account's]
    #[arg(long, env = "AFFIANT_TENANT", value_name = "TENANT")]
    tenant: Option<String>,
}

/// Looks at everything, in the order in which one thing needs the other.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let mut found = Findings::default();
    let account = settings::look(desk, &mut found).await;
    let tenant = args.tenant.or_else(|| desk.settings.tenant.clone()).or_else(|| account.map(|have| have.tenant_id));
    let reached = network::look(desk, tenant.as_deref(), &mut found).await;
    if reached {
        sign_in::look(desk, &mut found).await;
    } else {
        found.note(Check::SignIn, "not examined, because the network is in the way");
    }
    let out = args.out.unwrap_or_else(|| Utf8PathBuf::from("."));
    let looked = tokio::task::spawn_blocking(move || {
        let mut found = Findings::default();
        disk::look(&out, &mut found);
        found
    });
    found.extend(looked.await.map_err(|_| Failure::failed("the disk could not be examined", "try again"))?);
    desk.print(&if desk.json { found.json() } else { found.text() });
    Ok(found.exit())
}
