//! `affiant logout`: forgets sign-ins, tokens and, with the last one, the key.

use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;

/// Forget a sign-in and its tokens
///
/// Everything that is kept about the account on this machine is removed, its checks of access too; packages stay, and
/// the identity platform is not asked.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant logout --all")]
pub(super) struct Args {
    /// Forget every account
    #[arg(long)]
    all: bool,
}

/// Forgets the current account, the one named, or all.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let failed = |error: crate::session::StoreError| Failure::new(Exit::Failed, &error);
    let gone = if args.all {
        desk.store.forget(None).await.map_err(failed)?
    } else {
        let accounts = desk.store.accounts().await.map_err(failed)?;
        let current = accounts.last().map(|account| account.user_principal_name.clone());
        match desk.settings.account.clone().or(current) {
            Some(named) => desk.store.forget(Some(&named)).await.map_err(failed)?,
            None => Vec::new(),
        }
    };
    let (home, kept_by) = (desk.home().to_owned(), gone.clone());
    let forgetting = tokio::task::spawn_blocking(move || super::access::forget(&home, &kept_by, args.all));
    if !matches!(forgetting.await, Ok(Ok(()))) {
        return Err(Failure::failed(
            "the sign-in is forgotten, but not every check of access it left",
            "remove the folder `access` in AFFIANT_HOME",
        ));
    }
    let names: Vec<String> = gone.iter().map(|account| account.user_principal_name.clone()).collect();
    if desk.json {
        desk.print(&(serde_json::json!({ "forgotten": names }).to_string() + "\n"));
    } else if names.is_empty() {
        desk.note("nobody was signed in");
    } else {
        desk.note(&format!("forgotten: {}", names.join(", ")));
    }
    Ok(Exit::Complete)
}
