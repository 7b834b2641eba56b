//! The settings and the token store on this machine.

use camino::Utf8Path;

use super::findings::{Check, Findings};
use crate::cli::desk::Desk;
use crate::config::FILE;
use crate::session::Account;

/// What the settings mean; returns the account in use, if there is one.
pub(super) async fn look(desk: &Desk, found: &mut Findings) -> Option<Account> {
    let settings = &desk.settings;
    let home = desk.home();
    let file = home.join(FILE);
    let from = if file.exists() {
        format!("from {file}, flags and environment")
    } else {
        "from flags and environment".to_owned()
    };
    found.ok(
        Check::Settings,
        format!(
            "{from}: cloud {}, sign-in at {}, Graph at {}",
            settings.cloud.name(),
            settings.cloud.authority(),
            settings.cloud.graph()
        ),
    );
    if let Some(pem) = &settings.ca {
        let count = String::from_utf8_lossy(pem).matches("-----BEGIN CERTIFICATE-----").count();
        match count {
            0 => found.problem(
                Check::Settings,
                "the file of root certificates holds none",
                "give AFFIANT_CA_FILE a PEM file with the root of your network",
            ),
            n => found.ok(Check::Settings, format!("root certificates trusted besides the platform's: {n}")),
        }
    }
    store(desk, home, found).await
}

async fn store(desk: &Desk, home: &Utf8Path, found: &mut Findings) -> Option<Account> {
    if home.exists() && is_open_to_others(home) {
        found.warning(
            Check::TokenStore,
            format!("others can look into {home}"),
            format!("run `chmod 700 {home}`; the tokens themselves are sealed"),
        );
    }
    match desk.store.accounts().await {
        Ok(accounts) => {
            found.ok(Check::TokenStore, format!("new sign-ins are kept {}", desk.store.kept()));
            let names: Vec<&str> = accounts.iter().map(|account| account.user_principal_name.as_str()).collect();
            if names.len() > 1 {
                let listed = names.join(", ");
                found.note(
                    Check::TokenStore,
                    format!("signed in: {listed}; the last is used unless --account says otherwise"),
                );
            }
            let named = desk.settings.account.as_deref();
            accounts.into_iter().rev().find(|account| named.is_none_or(|named| account.is_named(named)))
        }
        Err(error) => {
            found.error(Check::TokenStore, &error);
            None
        }
    }
}

#[cfg(unix)]
fn is_open_to_others(folder: &Utf8Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(folder).is_ok_and(|facts| facts.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
const fn is_open_to_others(_: &Utf8Path) -> bool {
    // The profile folder's own rights protect it.
    false
}
