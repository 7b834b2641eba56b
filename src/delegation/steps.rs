//! How the probe asks: one question a step, every answer remembered, and what an answer shows.
//!
//! Asking and remembering are apart, so that questions that do not follow from one another can be out at once and are
//! remembered in the order of the steps all the same. It must not know in which order, nor what follows from it.

use futures_util::stream::{self, StreamExt as _};
use serde::de::DeserializeOwned;

use super::Observation;
use super::conclude::{Seen, Tried};
use super::facts::Sum;
use crate::directory::Person;
use crate::graph::wire::{MailFolder, Message};
use crate::graph::{Answer, Ask, Fault, FaultKind, Graph, IN_FLIGHT, Lane, Page, Received, Sink};
use crate::terms::{Exchange, GraphId, Purpose, UtcInstant};

/// Size and kind of a folder: `PidTagMessageSizeExtended` and `PidTagContainerClass` (MS-OXPROPS).
const EXTRA: &str = "singleValueExtendedProperties($filter=id eq 'Long 0x0E08' or id eq 'String 0x3613')";
/// How many messages are tried before it is unclear whether one can be read whole.
const MESSAGES: usize = 3;
/// How many entries of a folder are asked for: one shows that it opens, the others stand in for one that is gone.
const FEW: &str = "3";

/// One question's trail and what it showed.
pub(super) struct Done {
    pub(super) observation: Option<Observation>,
    pub(super) trail: Vec<Exchange>,
}

/// Asks step by step and remembers every answer.
pub(super) struct Steps<'a> {
    graph: &'a Graph,
    lane: Lane,
    user: &'a str,
    /// Every question so far.
    pub(super) done: Vec<Done>,
    /// What the folders listed so far hold.
    pub(super) sum: Sum,
    /// The first message of each folder that has one.
    firsts: Vec<GraphId>,
    /// A few more, should those be gone.
    others: Vec<GraphId>,
}

impl<'a> Steps<'a> {
    pub(super) fn new(graph: &'a Graph, person: &'a Person) -> Self {
        let lane = Lane::Mailbox(person.id.clone());
        Self {
            graph,
            lane,
            user: person.id.as_str(),
            done: Vec::new(),
            sum: Sum::default(),
            firsts: Vec::new(),
            others: Vec::new(),
        }
    }
}

impl Steps<'_> {
    pub(super) fn now(&self) -> UtcInstant {
        self.graph.now()
    }

    pub(super) fn ask(&self, path: &[&str]) -> Ask {
        Ask::new(self.lane.clone(), Purpose::AccessTest, ["users", self.user].iter().chain(path).copied())
    }

    pub(super) fn folder(&self, id: &str) -> Ask {
        self.ask(&["mailFolders", id])
    }

    pub(super) fn last_status(&self) -> Option<u16> {
        self.done.last()?.observation.as_ref()?.status
    }

    /// Asks for one value.
    pub(super) async fn get<T: DeserializeOwned + Send>(&self, ask: Ask) -> Result<Answer<T>, Fault> {
        self.graph.get::<T>(&ask).await
    }

    /// Remembers the answer to a question for one value.
    pub(super) fn one<T>(&mut self, step: &str, answer: Result<Answer<T>, Fault>) -> Result<(Seen, Option<T>), Fault> {
        let (seen, value, done) = weigh(step, answer)?;
        self.done.push(done);
        Ok((seen.unwrap_or(Seen::Read(1)), value))
    }

    /// Asks for the first page of any list.
    pub(super) async fn list<T: DeserializeOwned + Send>(&self, ask: Ask) -> Result<Answer<Page<T>>, Fault> {
        self.graph.list::<T>(&ask).await
    }

    /// Remembers the first page of any list.
    pub(super) fn entries<T>(
        &mut self,
        step: &str,
        answer: Result<Answer<Page<T>>, Fault>,
    ) -> Result<(Seen, Vec<T>), Fault> {
        let (seen, page, done): (_, Option<Page<T>>, _) = weigh(step, answer)?;
        self.done.push(done);
        let entries = page.map(|page| page.items).unwrap_or_default();
        Ok((seen.unwrap_or(Seen::Read(entries.len())), entries))
    }

    /// Asks for the first page of a list of folders, hidden ones included, with their sizes where the service gives them.
    pub(super) async fn list_folders(&self, ask: Ask) -> Folders {
        list_folders(self.graph, &ask).await
    }

    /// Asks for the folders directly below others, four questions at a time; answers come in the order given.
    pub(super) async fn list_below(&self, parents: &[MailFolder]) -> Vec<Folders> {
        let graph = self.graph;
        let asks = parents.iter().map(|parent| self.ask(&["mailFolders", parent.id.as_str(), "childFolders"]));
        let asks: Vec<Ask> = asks.collect();
        let asked = asks.iter().map(|ask| list_folders(graph, ask));
        stream::iter(asked).buffered(IN_FLIGHT).collect().await
    }

    /// Remembers a list of folders.
    pub(super) fn folders(&mut self, step: &str, answers: Folders) -> Result<(Seen, Vec<MailFolder>), Fault> {
        if let Some(refused) = answers.sizes_refused {
            let (_, _, done) = weigh::<Page<MailFolder>>("folder_sizes", Err(refused))?;
            self.done.push(done);
        }
        let (seen, page, done) = weigh(step, answers.last)?;
        self.done.push(done);
        if page.as_ref().is_some_and(|page| page.next.is_some() || page.unreadable > 0) {
            self.sum.more();
        }
        let folders = page.map(|page| page.items).unwrap_or_default();
        Ok((seen.unwrap_or(Seen::Read(folders.len())), folders))
    }

    /// Asks for the first messages of each folder, four folders at a time; answers come in the order given.
    pub(super) async fn list_messages(&self, folders: Vec<Trial>) -> Vec<Shown> {
        let graph = self.graph;
        let asked = folders.into_iter().map(|folder| {
            let ask = self.ask(&["mailFolders", &folder.id, "messages"]).query("$top", FEW).query("$select", "id");
            async move { Shown { folder, answer: graph.sample::<Message>(&ask).await } }
        });
        stream::iter(asked).buffered(IN_FLIGHT).collect().await
    }

    /// Remembers the first messages of folders.
    pub(super) fn messages(&mut self, shown: Vec<Shown>) -> Result<Vec<Tried>, Fault> {
        let (mut tried, mut others) = (Vec::new(), Vec::new());
        for Shown { folder: Trial { step, name, holds, .. }, answer } in shown {
            let (seen, page, done): (_, Option<Page<Message>>, _) = weigh(step, answer)?;
            self.done.push(done);
            let mut ids = page.iter().flat_map(|page| &page.items).map(|message| message.id.clone());
            let first = ids.next();
            self.firsts.extend(first.filter(|first| !self.firsts.contains(first)));
            others.extend(ids);
            let entries = page.map_or(0, |page| page.items.len() + page.unreadable as usize);
            tried.push(Tried { name, seen: seen.unwrap_or(Seen::Read(entries)), holds });
        }
        others.retain(|other| !self.firsts.contains(other));
        self.others.extend(others);
        Ok(tried)
    }

    /// The first message that a folder has shown so far.
    pub(super) fn first(&self) -> Option<GraphId> {
        self.firsts.first().cloned()
    }

    /// Asks for one message whole, as a collection does, and drops its bytes: a list that opens while its messages stay
    /// closed would make a mailbox look ready.
    pub(super) async fn read(&self, id: GraphId) -> Whole {
        // Judged as a message's bytes are judged, and recorded as what it is.
        let path = ["users", self.user, "messages", id.as_str(), "$value"];
        let ask = Ask::new(self.lane.clone(), Purpose::Mime, path);
        let mut answer = self.graph.stream(&ask, &mut Dropped).await;
        let trail = match &mut answer {
            Ok(answer) => &mut answer.trail,
            Err(fault) => &mut fault.trail,
        };
        for exchange in trail {
            exchange.purpose = Purpose::AccessTest;
        }
        Whole { id, answer }
    }

    /// Whether one message can be read whole. `None` when there is no message.
    ///
    /// One that is gone, or that fails for reasons of its own, is followed by another. `read` is the first one, where it
    /// has been asked for.
    pub(super) async fn whole_message(&mut self, mut read: Option<Whole>) -> Result<Option<Seen>, Fault> {
        let mut worst = None;
        let ids: Vec<GraphId> = self.firsts.iter().chain(&self.others).take(MESSAGES).cloned().collect();
        for id in ids {
            let answer = match read.take_if(|read| read.id == id) {
                Some(read) => read.answer,
                None => self.read(id).await.answer,
            };
            // What the service cannot render it would hand over as properties: it can be read.
            let rendered = !matches!(&answer, Err(fault) if matches!(fault.kind, FaultKind::Unrenderable));
            let (seen, _, done) = weigh("message", answer)?;
            self.done.push(done);
            match seen.filter(|_| rendered) {
                None => return Ok(Some(Seen::Read(1))),
                Some(Seen::Denied) => worst = Some(Seen::Denied),
                Some(seen) => worst = worst.or(Some(seen)),
            }
        }
        Ok(worst)
    }
}

/// A folder whose first messages are asked for.
#[derive(Debug, Clone)]
pub(super) struct Trial {
    /// The name of the step.
    pub(super) step: &'static str,
    pub(super) id: String,
    /// What people call it.
    pub(super) name: String,
    /// How many messages it says it holds, where that is known.
    pub(super) holds: u64,
}

/// What a folder answered.
pub(super) struct Shown {
    folder: Trial,
    answer: Result<Answer<Page<Message>>, Fault>,
}

/// What came of asking for one message whole.
pub(super) struct Whole {
    id: GraphId,
    answer: Result<Answer<Received>, Fault>,
}

/// Answers to the question for a list of folders.
pub(super) struct Folders {
    /// The first, where sizes were refused: they are worth a question, not a verdict.
    sizes_refused: Option<Fault>,
    last: Result<Answer<Page<MailFolder>>, Fault>,
}

async fn list_folders(graph: &Graph, ask: &Ask) -> Folders {
    let plain = ask.clone().query("includeHiddenFolders", "true").query("$top", "100").page_size(100);
    match graph.list(&plain.clone().query("$expand", EXTRA)).await {
        Err(fault) if matches!(fault.kind, FaultKind::Refused | FaultKind::AskLess) => {
            Folders { sizes_refused: Some(fault), last: graph.list(&plain).await }
        }
        last => Folders { sizes_refused: None, last },
    }
}

/// Takes a message's bytes and keeps none.
struct Dropped;

impl Sink for Dropped {
    async fn begin(&mut self) -> std::io::Result<()> {
        Ok(())
    }

    async fn chunk(&mut self, _: bytes::Bytes) -> std::io::Result<()> {
        Ok(())
    }
}

/// What an answer shows: a value, or why there is none. An error when nothing more can be asked.
fn weigh<T>(step: &str, answer: Result<Answer<T>, Fault>) -> Result<(Option<Seen>, Option<T>, Done), Fault> {
    let observe = |trail: &[Exchange], code: Option<String>| {
        trail.last().map(|last| Observation {
            step: step.to_owned(),
            path: last.url.clone(),
            status: last.status,
            code,
            request_id: last.request_id.clone(),
            at: last.done_at,
        })
    };
    let fault = match answer {
        Ok(Answer { value, trail }) => {
            let observation = observe(&trail, None);
            return Ok((None, Some(value), Done { observation, trail }));
        }
        Err(fault) if fault.is_total() => return Err(fault),
        Err(fault) => fault,
    };
    let seen = match fault.kind {
        // What Exchange says of a mailbox whose licence is gone.
        _ if fault.code.as_deref().is_some_and(|code| code.eq_ignore_ascii_case("failedPrecondition")) => {
            Seen::NoMailbox
        }
        FaultKind::Denied => Seen::Denied,
        // A redirect says nothing about the mailbox.
        FaultKind::Refused if fault.status.is_none_or(|status| status < 400) => Seen::Unclear,
        FaultKind::Gone | FaultKind::NotFound | FaultKind::Refused => {
            Seen::Absent { code: fault.code.as_deref().unwrap_or_default().to_lowercase() }
        }
        FaultKind::NoMailbox => Seen::NoMailbox,
        _ => Seen::Unclear,
    };
    let done = Done { observation: observe(&fault.trail, fault.code), trail: fault.trail };
    Ok((Some(seen), None, done))
}
