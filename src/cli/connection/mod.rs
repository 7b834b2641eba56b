//! `affiant connection`: the tenants that usage and licences are synced from, one sign-in each.
//!
//! Each has a token store of its own below the home folder, so that `affiant login` and the connections never mix.

mod add;
mod change;
mod list;
mod opened;
mod row;
mod sign_in;
mod test;

use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;
use crate::inventory::{ConnectionError, Store, StoreError};

pub(in crate::cli) use self::opened::session_of;
#[cfg(test)]
pub(super) use self::row::Connected;
#[cfg(test)]
pub(super) use self::test::Tested;

/// Manage the tenants that usage and licences are synced from
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  affiant connection add contoso --tenant contoso.example --client-id 11111111-2222-3333-4444-555555555555\n  affiant connection test contoso\n  affiant connection list"
)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Add(Box<add::Args>),
    List(list::Args),
    Test(test::Args),
    SetSecret(change::SetSecret),
    Reauth(change::Reauth),
    ConsentUrl(change::ConsentUrl),
    Enable(change::Enable),
    Disable(change::Disable),
    Domains(change::Narrow),
    Remove(change::Remove),
}

/// Does one of them.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    match args.what {
        What::Add(args) => add::run(*args, desk).await,
        What::List(args) => list::run(&args, desk).await,
        What::Test(args) => test::run(&args, desk).await,
        What::SetSecret(args) => change::set_secret(args, desk).await,
        What::Reauth(args) => change::reauth(args, desk).await,
        What::ConsentUrl(args) => change::consent(&args, desk).await,
        What::Enable(args) => change::enable(args, desk).await,
        What::Disable(args) => change::disable(args, desk).await,
        What::Domains(args) => change::narrow(args, desk).await,
        What::Remove(args) => change::remove(args, desk).await,
    }
}

/// Works with the store off the reactor; it is made where there is none.
pub(in crate::cli) async fn with_store<T: Send + 'static>(
    desk: &Desk,
    work: impl FnOnce(&mut Store) -> Result<T, ConnectionError> + Send + 'static,
) -> Result<T, Failure> {
    let home = desk.home().to_owned();
    let done = tokio::task::spawn_blocking(move || work(&mut Store::open(&home)?)).await;
    done.map_err(|_| Failure::failed("the store could not be used", "run the command again"))?
        .map_err(|error| refused(&error))
}

/// A mistake of the command line, or the store's trouble.
fn refused(error: &ConnectionError) -> Failure {
    let exit = match error {
        ConnectionError::Store(StoreError::Busy | StoreError::Database(_) | StoreError::Folder { .. }) => Exit::Failed,
        ConnectionError::OtherTenant => Exit::SignIn,
        _ => Exit::Usage,
    };
    Failure::new(exit, error)
}
