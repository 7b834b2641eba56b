//! The directory page by page, everybody once, in memory of one page and sixteen bytes for each person seen.
//!
//! Links are followed as they come. It must not know who is wanted.

use std::collections::HashSet;

use super::fetch::{self, kept};
use super::person::Person;
use crate::graph::wire::User;
use crate::graph::{Ask, Fault, FaultKind, Followed, Graph, Link, Page};
use crate::terms::{Exchange, ObjectId, Sha256};

/// A walk through the directory.
pub(super) struct Pages<'a> {
    graph: &'a Graph,
    at: At,
    followed: Followed,
    seen: HashSet<[u8; 16]>,
    /// Entries that stood on a page again; they are not handed out again.
    pub(super) repeated: u64,
    /// Entries that are no users, or have no id.
    pub(super) unreadable: u64,
}

enum At {
    Start,
    Next(Box<Ask>, Link),
    End,
}

/// One page: the people on it that were not on one before, with the entries they were read from.
pub(super) type People = Vec<(User, Person)>;

impl<'a> Pages<'a> {
    /// Begins; asks nothing yet.
    pub(super) fn new(graph: &'a Graph) -> Self {
        Self { graph, at: At::Start, followed: Followed::default(), seen: HashSet::new(), repeated: 0, unreadable: 0 }
    }

    /// The next page, which may be empty; `None` after the last one. The attempts go to `trail`.
    pub(super) async fn next(&mut self, trail: &mut Vec<Exchange>) -> Result<Option<People>, Fault> {
        let (ask, page): (Ask, Page<User>) = match std::mem::replace(&mut self.at, At::End) {
            At::Start => {
                let ask = fetch::ask(["users"]).query("$top", "999");
                fetch::page(self.graph, &ask, trail).await?
            }
            At::Next(ask, link) => {
                let page = kept(self.graph.next(&ask, &link).await, trail)?;
                (*ask, page)
            }
            At::End => return Ok(None),
        };
        let people = self.new_ones(page.items, page.unreadable);
        if let Some(link) = page.next {
            if !self.followed.leads_on(&link, people.len() as u64) {
                // Going on would list the same people for ever; ending here would look complete.
                return Err(Fault {
                    kind: FaultKind::NotGraph,
                    status: None,
                    code: Some("repeated_link".to_owned()),
                    trail: Vec::new(),
                });
            }
            self.at = At::Next(Box::new(ask), link);
        }
        Ok(Some(people))
    }

    fn new_ones(&mut self, users: Vec<User>, unreadable: u32) -> People {
        self.unreadable += u64::from(unreadable);
        let mut people = Vec::with_capacity(users.len());
        for user in users {
            match Person::from_user(&user) {
                Some(person) if self.seen.insert(key(&person.id)) => people.push((user, person)),
                Some(_) => self.repeated += 1,
                None => self.unreadable += 1,
            }
        }
        people
    }
}

/// Sixteen bytes that stand for an id: those of the UUID, and of a digest where it is none.
fn key(id: &ObjectId) -> [u8; 16] {
    match uuid::Uuid::try_parse(id.as_str()) {
        Ok(uuid) => uuid.into_bytes(),
        Err(_) => Sha256::of(id.as_str().as_bytes()).as_bytes().first_chunk().copied().unwrap_or_default(),
    }
}
