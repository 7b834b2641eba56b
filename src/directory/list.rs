//! Everybody in the tenant, page by page, in memory of one page.

use super::fetch::{self, kept};
use super::person::{Person, same};
use crate::graph::wire::User;
use crate::graph::{Fault, FaultKind, Followed, Graph, Page};
use crate::terms::{Exchange, MailboxKind};

/// Whom to list; everything that is given must fit.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Part of the name, sign-in name or an address, in any case.
    pub text: Option<String>,
    /// The domain of the sign-in name or of any address.
    pub domain: Option<String>,
    /// The mailbox's kind.
    pub kind: Option<MailboxKind>,
}

impl Wanted {
    /// Whether this person is wanted.
    pub fn fits(&self, person: &Person) -> bool {
        let addresses = || {
            let main = [person.user_principal_name.as_deref(), person.mail.as_deref()];
            main.into_iter().flatten().chain(person.aliases.iter().map(String::as_str))
        };
        let has = |text: &str| {
            let text = text.to_lowercase();
            addresses().chain(person.display_name.as_deref()).any(|name| name.to_lowercase().contains(&text))
        };
        let is_in = |domain: &str| {
            let domain = domain.trim_start_matches('@');
            addresses().any(|address| address.rsplit_once('@').is_some_and(|(_, its)| same(its, domain)))
        };
        self.text.as_deref().is_none_or(has)
            && self.domain.as_deref().is_none_or(is_in)
            && self.kind.is_none_or(|kind| kind == person.mailbox.kind)
    }
}

/// Lists everybody wanted, in the directory's order; says how many there were. Entries without an id are left out.
pub async fn list(graph: &Graph, wanted: &Wanted, each: &mut (dyn FnMut(Person) + Send)) -> Result<u64, Fault> {
    let mut trail = Vec::new();
    let mut shown = 0;
    walk(graph, &mut trail, &mut |person| {
        if wanted.fits(&person) {
            shown += 1;
            each(person);
        }
        true
    })
    .await?;
    Ok(shown)
}

/// Walks all pages until the listing ends or `each` says that it has seen enough.
pub(super) async fn walk(
    graph: &Graph,
    trail: &mut Vec<Exchange>,
    each: &mut (dyn FnMut(Person) -> bool + Send),
) -> Result<(), Fault> {
    let ask = fetch::ask(["users"]).query("$top", "999");
    let (ask, mut page): (_, Page<User>) = fetch::page(graph, &ask, trail).await?;
    let mut followed = Followed::default();
    loop {
        if page.unreadable > 0 {
            tracing::warn!(entries = page.unreadable, "directory entries that are no users were left out");
        }
        for person in page.items.iter().filter_map(Person::from_user) {
            if !each(person) {
                return Ok(());
            }
        }
        let Some(link) = page.next else { return Ok(()) };
        if !followed.leads_on(&link, page.items.len() as u64) {
            // Going on would list the same people for ever; ending here would look complete.
            return Err(Fault {
                kind: FaultKind::NotGraph,
                status: None,
                code: Some("repeated_link".to_owned()),
                trail: Vec::new(),
            });
        }
        page = kept(graph.next(&ask, &link).await, trail)?;
    }
}
