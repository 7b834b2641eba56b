//! From what somebody typed to exactly one person: object id, sign-in name, primary or other address, or `me`.

use miette::Diagnostic;

use super::fetch;
use super::list::walk;
use super::person::{Person, same};
use crate::graph::wire::User;
use crate::graph::{Fault, FaultKind, Graph};
use crate::terms::Exchange;

/// How many people are looked through for somebody whom no query finds.
const LOOKED_THROUGH: usize = 5_000;
/// How many names are offered.
const OFFERED: usize = 5;

/// An address nobody has: `.invalid` cannot be registered (RFC 6761).
const NOBODYS: &str = "affiant-asks-for-nobody@nobody.invalid";

/// What was typed does not name one person.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ResolveError {
    /// Nobody goes by this name.
    #[error("nobody in the tenant goes by \"{typed}\"")]
    #[diagnostic(code(affiant::directory::unknown), help("{}", unknown_help(suggestions)))]
    Unknown {
        /// What was typed.
        typed: String,
        /// Names that begin alike.
        suggestions: Vec<String>,
    },
    /// Several people go by this name.
    #[error("\"{typed}\" names {} people", candidates.len())]
    #[diagnostic(
        code(affiant::directory::ambiguous),
        help("use the object id of one of them: {}", candidates_help(candidates))
    )]
    Ambiguous {
        /// What was typed.
        typed: String,
        /// All of them.
        candidates: Vec<Person>,
    },
    /// The directory could not be asked.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Fault(#[from] Fault),
}

fn unknown_help(suggestions: &[String]) -> String {
    let look = "list people with `affiant users TEXT`; a sign-in name, address or object id will do, and an alias where the sign-in may read the directory (`affiant login --with directory`)";
    if suggestions.is_empty() { look.to_owned() } else { format!("did you mean {}? {look}", suggestions.join(", ")) }
}

fn candidates_help(candidates: &[Person]) -> String {
    let one = |person: &Person| format!("{} ({})", person.id, person.address());
    candidates.iter().take(OFFERED * 2).map(one).collect::<Vec<_>>().join(", ")
}

/// Finds the one person who goes by what was typed.
pub async fn resolve(graph: &Graph, typed: &str) -> Result<Person, ResolveError> {
    resolve_recorded(graph, typed, &mut Vec::new()).await
}

/// Like [`resolve`], and adds every attempt to a trail.
pub async fn resolve_recorded(graph: &Graph, typed: &str, trail: &mut Vec<Exchange>) -> Result<Person, ResolveError> {
    let typed = typed.trim();
    let unknown = |suggestions| ResolveError::Unknown { typed: typed.to_owned(), suggestions };
    if typed.eq_ignore_ascii_case("me") {
        let user: User = fetch::one(graph, &fetch::ask(["me"]), trail).await?;
        return Person::from_user(&user).ok_or_else(|| unknown(Vec::new()));
    }
    if typed.is_empty() || typed.len() > 1_024 || typed.chars().any(char::is_control) {
        return Err(unknown(Vec::new()));
    }
    let is_address = typed.contains('@');
    let mut found = Vec::new();
    if is_address || uuid::Uuid::try_parse(typed).is_ok() {
        found.extend(by_key(graph, typed, trail).await?);
    }
    // One person's sign-in name can be another's address: only an address of their own settles it.
    let settled = found.iter().any(|person| !is_address || person.receives_at(typed));
    let mut queried = true;
    if is_address && !settled {
        match by_address(graph, typed, trail).await? {
            Some(people) => found.extend(people),
            None => queried = false,
        }
    }
    let mut suggestions = Vec::new();
    if found.is_empty() {
        (found, suggestions) = by_looking(graph, typed, is_address && !queried, trail).await?;
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found.dedup_by(|a, b| a.id == b.id);
    match (found.pop(), found.is_empty()) {
        (Some(person), true) => Ok(person),
        (Some(person), false) => {
            found.push(person);
            Err(ResolveError::Ambiguous { typed: typed.to_owned(), candidates: found })
        }
        (None, _) => Err(unknown(suggestions)),
    }
}

/// `/users/{id or sign-in name}`; the service does not take other addresses there.
async fn by_key(graph: &Graph, typed: &str, trail: &mut Vec<Exchange>) -> Result<Option<Person>, Fault> {
    // Written as a quoted key where the plain form would be read as something else
    // (Graph, "Get user": names that begin with `$`; OData: quotes are doubled).
    let quoted = typed.starts_with('$') || typed.contains('\'');
    let ask = if quoted {
        let key = format!("users('{}')", typed.replace('\'', "''"));
        fetch::ask([key.as_str()])
    } else {
        fetch::ask(["users", typed])
    };
    match fetch::one::<User>(graph, &ask, trail).await {
        Ok(user) => Ok(Person::from_user(&user)),
        Err(fault) => match fault.kind {
            FaultKind::NotFound | FaultKind::Gone | FaultKind::Refused | FaultKind::NoMailbox => Ok(None),
            _ => Err(fault),
        },
    }
}

/// By primary or other address, as a filter. `None` when the server does not take such filters.
async fn by_address(graph: &Graph, typed: &str, trail: &mut Vec<Exchange>) -> Result<Option<Vec<Person>>, Fault> {
    let quoted = typed.replace('\'', "''");
    let mut taken = false;
    for filter in [
        format!("proxyAddresses/any(p:p eq 'smtp:{quoted}')"),
        format!("mail eq '{quoted}' or userPrincipalName eq '{quoted}'"),
    ] {
        let ask = fetch::ask(["users"]).query("$filter", filter);
        match fetch::page::<User>(graph, &ask, trail).await {
            Ok((_, page)) => {
                taken = true;
                // A server that ignores the filter answers with everybody: believe only those who fit.
                let people = page.items.iter().filter_map(Person::from_user);
                let fitting: Vec<Person> = people.filter(|person| is_plausible(person, typed)).collect();
                if !fitting.is_empty() {
                    return Ok(Some(fitting));
                }
            }
            Err(fault) if matches!(fault.kind, FaultKind::Refused | FaultKind::AskLess | FaultKind::NotFound) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(taken.then(Vec::new))
}

/// By an address that the granted scopes do not show. An answer cannot be checked by looking at it, so the same
/// question is asked for an address that nobody has: a server that finds somebody there too ignores the question.
/// `None` when it cannot be asked: the filter is ignored, beyond the scopes, or unknown to the server.
pub(super) async fn by_hidden_alias(
    graph: &Graph,
    address: &str,
    trail: &mut Vec<Exchange>,
) -> Result<Option<Vec<Person>>, Fault> {
    let Some(found) = by_alias(graph, address, trail).await? else { return Ok(None) };
    let unseen = |person: &Person| person.aliases.is_empty() && !person.receives_at(address);
    if found.iter().any(unseen) && by_alias(graph, NOBODYS, trail).await?.is_none_or(|people| !people.is_empty()) {
        return Ok(None);
    }
    Ok(Some(found))
}

async fn by_alias(graph: &Graph, address: &str, trail: &mut Vec<Exchange>) -> Result<Option<Vec<Person>>, Fault> {
    let filter = format!("proxyAddresses/any(p:p eq 'smtp:{}')", address.replace('\'', "''"));
    let ask = fetch::ask(["users"]).query("$filter", filter);
    match fetch::page::<User>(graph, &ask, trail).await {
        Ok((_, page)) => Ok(Some(page.items.iter().filter_map(Person::from_user).collect())),
        Err(fault) => match fault.kind {
            FaultKind::Refused | FaultKind::AskLess | FaultKind::NotFound | FaultKind::Denied => Ok(None),
            _ => Err(fault),
        },
    }
}

/// Whether a filter's hit can be right: the address is shown, or no addresses are shown at all.
fn is_plausible(person: &Person, typed: &str) -> bool {
    person.goes_by(typed) || (person.aliases.is_empty() && person.mail.is_none())
}

/// By looking through the directory, all of it when no query could, else only its beginning; offers names that
/// begin alike.
async fn by_looking(
    graph: &Graph,
    typed: &str,
    through_all: bool,
    trail: &mut Vec<Exchange>,
) -> Result<(Vec<Person>, Vec<String>), Fault> {
    let (mut found, mut suggestions, mut seen) = (Vec::new(), Vec::new(), 0_usize);
    walk(graph, trail, &mut |person| {
        seen += 1;
        if suggestions.len() < OFFERED && begins_alike(&person, typed) {
            suggestions.push(person.address().to_owned());
        }
        if person.goes_by(typed) {
            found.push(person);
        }
        through_all || seen < LOOKED_THROUGH
    })
    .await?;
    Ok((found, suggestions))
}

fn begins_alike(person: &Person, typed: &str) -> bool {
    let local = typed.split('@').next().unwrap_or(typed).to_lowercase();
    let start: String = local.chars().take(4).collect();
    let names = [person.display_name.as_deref(), person.user_principal_name.as_deref(), person.mail.as_deref()];
    let mut names = names.into_iter().flatten().chain(person.aliases.iter().map(String::as_str));
    start.chars().count() >= 3 && names.any(|name| name.to_lowercase().starts_with(&start) || same(name, typed))
}
