//! `affiant sync datasets`: what can be synced, which permission opens it, and whether the connection had that.

use schemars::JsonSchema;
use serde::Serialize;

use super::stored;
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::json;
use crate::cli::show::table;
use crate::inventory::{Dataset, Store};
use crate::session::CATALOGUE;

/// Show what can be synced: which permission opens it, who must consent, and whether the connection has it
///
/// Whether a connection has a permission is as of its latest run; before the first one it is not known.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant sync datasets --connection contoso")]
pub(super) struct Args {
    /// The connection [default: the only one, where there is one]
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
}

/// A dataset, as `sync datasets --json` prints it.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Needed {
    dataset: String,
    /// Whether it is read without being asked for; others with `sync run --with`.
    always: bool,
    /// The permissions that open it, the least first; one is enough.
    scopes: Vec<String>,
    /// A permission that is needed besides.
    also: Option<String>,
    /// Whether only an administrator can consent to the least of them; null where that is not known.
    admin_consent: Option<bool>,
    /// What is needed besides permissions.
    besides: Option<String>,
    /// Whether the latest run had enough of them; null where nothing ran yet.
    granted: Option<bool>,
}

/// Shows them.
pub(super) fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    let had = had(args, desk)?;
    let all: Vec<Needed> = Dataset::ALL.into_iter().map(|dataset| needed(dataset, had.as_deref())).collect();
    if desk.json {
        desk.print(&json(&all));
        return Ok(Exit::Complete);
    }
    let yes_or_no = |known: Option<bool>| known.map_or("", |yes| if yes { "yes" } else { "no" }).to_owned();
    let row = |one: &Needed| {
        let mut scopes = one.scopes.first().cloned().unwrap_or_default();
        if let Some(also) = &one.also {
            scopes += " + ";
            scopes += also;
        }
        let asked = if one.always { "always".to_owned() } else { format!("--with {}", one.dataset) };
        let besides = one.besides.clone().unwrap_or_default();
        vec![one.dataset.clone(), asked, scopes, yes_or_no(one.admin_consent), yes_or_no(one.granted), besides]
    };
    let heads = ["DATASET", "READ", "PERMISSION", "ADMIN CONSENT", "GRANTED", "BESIDES"];
    desk.print(&table(&heads, &[], &all.iter().map(row).collect::<Vec<_>>()));
    Ok(Exit::Complete)
}

/// What the connection's latest run was granted.
fn had(args: &Args, desk: &Desk) -> Result<Option<Vec<String>>, Failure> {
    let usage = |error| Failure::new(Exit::Usage, &error);
    let Some(store) = Store::look(desk.home()).map_err(stored)? else { return Ok(None) };
    let connection = match &args.connection {
        Some(label) => store.connection(label).map_err(usage)?,
        None => match store.the_connection(None) {
            Ok(connection) => connection,
            Err(_) => return Ok(None),
        },
    };
    let scopes = store.scopes(connection.id).map_err(stored)?;
    Ok(Some(scopes).filter(|scopes| !scopes.is_empty()))
}

fn needed(dataset: Dataset, had: Option<&[String]>) -> Needed {
    let has = |scope: &str| had.map(|had| had.iter().any(|have| have.eq_ignore_ascii_case(scope)));
    let consent = |scope: &str| CATALOGUE.iter().find(|one| one.name == scope).map(|one| one.admin_consent);
    let one_of = dataset.scopes().iter().map(|scope| has(scope)).reduce(|a, b| Some(a? || b?)).flatten();
    let also = dataset.also_needs();
    let granted = match also {
        Some(also) => one_of.zip(has(also)).map(|(one, also)| one && also),
        None => one_of,
    };
    let besides = match dataset {
        Dataset::Signin | Dataset::Mfa => Some("Entra ID P1 or P2"),
        _ if dataset.is_report() => Some("a role such as Reports Reader, where a person signs in"),
        _ => None,
    };
    Needed {
        dataset: dataset.as_str().to_owned(),
        always: dataset.is_default(),
        scopes: dataset.scopes().iter().map(|scope| (*scope).to_owned()).collect(),
        also: also.map(str::to_owned),
        admin_consent: also.or(dataset.scopes().first().copied()).and_then(consent),
        besides: besides.map(str::to_owned),
        granted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_permission_is_enough_but_for_what_is_needed_besides() {
        let of = |dataset, had: &[&str]| {
            let had: Vec<String> = had.iter().map(|scope| (*scope).to_owned()).collect();
            needed(dataset, Some(&had)).granted
        };
        assert_eq!(of(Dataset::Skus, &["Directory.Read.All"]), Some(true));
        assert_eq!(of(Dataset::Signin, &["User.Read.All"]), Some(false));
        assert_eq!(of(Dataset::Signin, &["User.Read.All", "AuditLog.Read.All"]), Some(true));
        assert_eq!(needed(Dataset::Email, None).granted, None);
        assert!(Dataset::ALL.iter().all(|dataset| !needed(*dataset, None).scopes.is_empty()));
    }
}
