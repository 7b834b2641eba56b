//! `affiant logout`: forgets sign-ins, tokens and, with the last one, the key.

use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;

/// Forget a sign-in and its tokens
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
    let accounts = desk.store.accounts().await.map_err(failed)?;
    let current = accounts.last().map(|account| account.user_principal_name.clone());
    let named = if args.all { None } else { desk.settings.account.clone().or(current) };
    let gone = match (args.all, &named) {
        (false, None) => Vec::new(),
        (_, named) => desk.store.forget(named.as_deref()).await.map_err(failed)?,
    };
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
