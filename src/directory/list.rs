//! Everybody who is wanted, page by page, with an account of those who are not shown.

use super::domains::{Domains, Side};
use super::expect::MailboxState;
use super::fetch::{self, kept};
use super::pages::{Pages, People};
use super::person::{Person, same};
use super::purpose::{Purposes, PurposesAsked};
use super::resolve;
use crate::graph::wire::User;
use crate::graph::{Fault, Graph, Page};
use crate::terms::{Exchange, MailboxKind, ObjectId};

/// Whom to list. Of several values of one kind one must fit; of several kinds all must.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Part of the name, sign-in name, primary address or any alias, in any case.
    pub text: Option<String>,
    /// The domains of the primary address.
    pub domains: Domains,
    /// The mailbox's kind.
    pub kinds: Vec<MailboxKind>,
    /// What to expect of the mailbox.
    pub states: Vec<MailboxState>,
    /// The whole department, in any case; `none` for people without one.
    pub departments: Vec<String>,
}

impl Wanted {
    fn fits_text(&self, person: &Person) -> bool {
        self.text.as_deref().is_none_or(|text| person.is_found_by(text))
    }

    fn fits_facts(&self, person: &Person) -> bool {
        let department = person.department.as_deref();
        let is = |wanted: &String| match department {
            Some(department) => same(department.trim(), wanted.trim()),
            None => same(wanted.trim(), "none"),
        };
        self.domains.side(person.mail.as_deref()) == Side::Inside
            && (self.departments.is_empty() || self.departments.iter().any(is))
    }

    /// The mailbox is looked at last, because its kind may have been asked meanwhile.
    fn fits_mailbox(&self, person: &Person) -> bool {
        let (kind, state) = (person.mailbox.kind, person.mailbox.state);
        (self.kinds.is_empty() || self.kinds.contains(&kind))
            && (self.states.is_empty() || self.states.contains(&state))
    }
}

impl Person {
    /// Whether this text is part of the name, the sign-in name or any address, in any case.
    pub fn is_found_by(&self, text: &str) -> bool {
        let names = [&self.display_name, &self.user_principal_name, &self.mail];
        let mut names = names.into_iter().flatten().chain(&self.aliases);
        let text = text.trim().to_lowercase();
        names.any(|name| name.to_lowercase().contains(&text))
    }
}

/// What became of asking for an alias that the scopes do not show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ExactAlias {
    /// Aliases are visible, or the text is no whole address.
    #[default]
    NotAsked,
    /// The directory does not take the question, or ignores it.
    NotTaken,
    /// It named so many people whom nothing else would have found.
    Named(u64),
}

/// The account of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// Everybody in the directory, each once.
    pub total: u64,
    /// Of those, inside the domains that are meant.
    pub inside: u64,
    /// With an address in another domain.
    pub outside: u64,
    /// Without an address, where domains were named.
    pub without_address: u64,
    /// Those handed out.
    pub shown: u64,
    /// How many were handed out in each state, in the order of [`MailboxState::ALL`].
    pub states: [u64; MailboxState::ALL.len()],
    /// What became of asking the directory for exactly this alias, where aliases are hidden.
    pub exact_alias: ExactAlias,
    /// Entries that came again on a page and were not counted again.
    pub repeated: u64,
    /// Entries that are no users or have no id, and could not be shown.
    pub unreadable: u64,
    /// People whose aliases the scopes do not show.
    pub aliases_hidden: u64,
    /// People of whom the scopes show neither department nor anything else beyond name and address.
    pub facts_hidden: u64,
    /// How many the directory itself counts; it may lag behind, and may not say.
    pub counted: Option<u64>,
    /// What became of the questions for purposes.
    pub purposes: PurposesAsked,
}

/// A listing under way.
pub struct Listing<'a> {
    graph: &'a Graph,
    wanted: &'a Wanted,
    pages: Pages<'a>,
    purposes: Option<Purposes>,
    listed: Listed,
    done: bool,
}

impl<'a> Listing<'a> {
    /// Begins; asks nothing yet.
    pub fn new(graph: &'a Graph, wanted: &'a Wanted) -> Self {
        let (pages, listed) = (Pages::new(graph), Listed::default());
        Self { graph, wanted, pages, purposes: None, listed, done: false }
    }

    /// Also asks what each mailbox is for, which takes [`super::PURPOSE_SCOPE`]; `own` is the account that asks.
    #[must_use]
    pub fn asking_purposes(mut self, own: ObjectId) -> Self {
        self.purposes = Some(Purposes::new(own));
        self
    }

    /// The next people, in the directory's order, at most a page of them; `None` when all were handed out.
    pub async fn next(&mut self) -> Result<Option<Vec<Person>>, Fault> {
        while !self.done {
            // A listing of any length keeps no trail.
            let mut trail = Vec::new();
            let people = match self.pages.next(&mut trail).await? {
                Some(page) => self.chosen(page),
                None => {
                    self.done = true;
                    self.listed.counted = counted(self.graph, &mut trail).await;
                    self.by_exact_alias(&mut trail).await?
                }
            };
            let people = self.looked_at(people).await?;
            if !people.is_empty() {
                return Ok(Some(people));
            }
        }
        Ok(None)
    }

    /// The account so far; whole when [`Self::next`] has said `None`.
    pub fn listed(&self) -> Listed {
        let purposes = self.purposes.as_ref().map(|purposes| purposes.asked).unwrap_or_default();
        let (repeated, unreadable) = (self.pages.repeated, self.pages.unreadable);
        Listed { repeated, unreadable, purposes, ..self.listed.clone() }
    }

    fn chosen(&mut self, page: People) -> Vec<Person> {
        let mut chosen = Vec::new();
        for (user, person) in page {
            self.listed.total += 1;
            match self.wanted.domains.side(person.mail.as_deref()) {
                Side::Inside => self.listed.inside += 1,
                Side::Outside => self.listed.outside += 1,
                Side::WithoutAddress => self.listed.without_address += 1,
            }
            self.listed.aliases_hidden += u64::from(user.proxy_addresses.is_none());
            self.listed.facts_hidden += u64::from(shows_basics_only(&user));
            if self.wanted.fits_text(&person) && self.wanted.fits_facts(&person) {
                chosen.push(person);
            }
        }
        chosen
    }

    async fn looked_at(&mut self, mut people: Vec<Person>) -> Result<Vec<Person>, Fault> {
        if let Some(purposes) = &mut self.purposes {
            purposes.look(self.graph, &mut people).await?;
        }
        people.retain(|person| self.wanted.fits_mailbox(person));
        for person in &people {
            self.listed.shown += 1;
            let state = MailboxState::ALL.iter().position(|state| *state == person.mailbox.state);
            if let Some(count) = state.and_then(|at| self.listed.states.get_mut(at)) {
                *count += 1;
            }
        }
        Ok(people)
    }

    /// Where aliases are hidden, a whole address may still be somebody's: the directory is asked for exactly it.
    async fn by_exact_alias(&mut self, trail: &mut Vec<Exchange>) -> Result<Vec<Person>, Fault> {
        let Some(address) = self.wanted.text.as_deref().map(str::trim).filter(|text| is_address(text)) else {
            return Ok(Vec::new());
        };
        if self.listed.aliases_hidden == 0 {
            return Ok(Vec::new());
        }
        let Some(mut people) = resolve::by_hidden_alias(self.graph, address, trail).await? else {
            self.listed.exact_alias = ExactAlias::NotTaken;
            return Ok(Vec::new());
        };
        // Those whom the text finds by what is shown were handed out already.
        people.retain(|person| !self.wanted.fits_text(person) && self.wanted.fits_facts(person));
        self.listed.exact_alias = ExactAlias::Named(people.len() as u64);
        Ok(people)
    }
}

/// How many users the directory counts (Graph, "Advanced query capabilities": `$count` needs the consistency level).
/// A hint, so no answer is no failure.
async fn counted(graph: &Graph, trail: &mut Vec<Exchange>) -> Option<u64> {
    let ask = fetch::ask(["users"]).query("$count", "true").query("$top", "1").query("$select", "id").eventual();
    let page: Page<User> = kept(graph.list(&ask).await, trail).ok()?;
    page.count
}

/// A department that is nothing may be none, or not shown; the account's state is always something.
fn shows_basics_only(user: &User) -> bool {
    user.account_enabled.is_none()
        && user.proxy_addresses.is_none()
        && user.assigned_plans.is_none()
        && user.department.is_none()
}

/// Whether a text is a whole address rather than part of one.
pub(super) fn is_address(text: &str) -> bool {
    let whole = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control());
    text.len() <= 320 && text.rsplit_once('@').is_some_and(|(local, domain)| whole(local) && whole(domain))
}

/// Walks all pages until the listing ends or `each` says that it has seen enough.
pub(super) async fn walk(
    graph: &Graph,
    trail: &mut Vec<Exchange>,
    each: &mut (dyn FnMut(Person) -> bool + Send),
) -> Result<(), Fault> {
    let mut pages = Pages::new(graph);
    while let Some(page) = pages.next(trail).await? {
        for (_, person) in page {
            if !each(person) {
                return Ok(());
            }
        }
    }
    Ok(())
}
