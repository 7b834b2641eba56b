//! The steps: identity, root, folder list, well-known folders, Recoverable Items, samples.

use futures_util::stream::{self, StreamExt as _};
use serde::de::DeserializeOwned;

use super::advice::{Case, advise};
use super::conclude::{Conclusion, Evidence, Seen, Tried, Whose, conclude};
use super::{Observation, Probe, Verdict};
use crate::directory::Person;
use crate::graph::wire::{MailFolder, Message, User};
use crate::graph::{Answer, Ask, Fault, FaultKind, Graph, IN_FLIGHT, Lane, Page};
use crate::session::{Flow, SignedIn};
use crate::terms::{Exchange, Purpose, UtcInstant};

/// Well-known folders that every mailbox has, with the names people know.
const KNOWN: [(&str, &str); 4] =
    [("inbox", "Inbox"), ("sentitems", "Sent Items"), ("drafts", "Drafts"), ("deleteditems", "Deleted Items")];
/// Below how many folders the next level is listed.
const BELOW: usize = 5;
/// How many folders are sampled, fullest first.
const SAMPLES: usize = 12;

/// Tries to read a person's mailbox. An error only when nothing can be said about any mailbox: sign-in needed,
/// no network, no secure connection.
pub async fn probe(graph: &Graph, signed_in: &SignedIn, person: &Person) -> Result<Probe, Fault> {
    let mut steps = Steps { graph, lane: Lane::Mailbox(person.id.clone()), user: person.id.as_str(), done: Vec::new() };
    let whose = whose(signed_in, person);
    let may = has_scope(signed_in, whose);
    steps.done.push(Done { observation: Some(scope_seen(may, graph.now())), trail: Vec::new() });
    if !may {
        return Ok(made(person, bare(Verdict::ScopeMissing), steps, signed_in));
    }
    let outcome = walk(&mut steps, person).await;
    match outcome {
        Ok(evidence) => Ok(made(person, conclude(&evidence, whose), steps, signed_in)),
        Err(Ended::NotFound) => Ok(made(person, bare(Verdict::NotFound), steps, signed_in)),
        Err(Ended::Fault(mut fault)) => {
            let mut trail: Vec<Exchange> = steps.done.into_iter().flat_map(|done| done.trail).collect();
            trail.append(&mut fault.trail);
            Err(Fault { trail, ..fault })
        }
    }
}

/// Whose mailbox this is to whoever is signed in.
pub(super) fn whose(signed_in: &SignedIn, person: &Person) -> Whose {
    match signed_in.flow {
        Flow::Browser | Flow::DeviceCode => {
            let own = person.id.as_str().eq_ignore_ascii_case(signed_in.object_id.as_str());
            if own { Whose::Own } else { Whose::Other }
        }
        // An application has no mailbox.
        Flow::ClientSecret | Flow::Certificate => Whose::Other,
    }
}

/// Reading whole messages of others takes `Mail.Read.Shared`; one's own only `Mail.Read`. An application's
/// permissions are not in its token response.
fn has_scope(signed_in: &SignedIn, whose: Whose) -> bool {
    let has = |scope: &str| signed_in.scopes.has(scope);
    let shared = has("Mail.Read.Shared") || has("Mail.ReadWrite.Shared");
    match whose {
        Whose::Own => shared || has("Mail.Read") || has("Mail.ReadWrite"),
        Whose::Other => shared,
    }
}

fn bare(verdict: Verdict) -> Conclusion {
    Conclusion { verdict, basis: None, readable: Vec::new(), closed: Vec::new(), notes: Vec::new() }
}

/// The step that asks nothing: what the token response said.
fn scope_seen(may: bool, at: UtcInstant) -> Observation {
    let code = (!may).then(|| "scope_missing".to_owned());
    Observation { step: "scope".to_owned(), path: String::new(), status: None, code, request_id: None, at }
}

fn made(person: &Person, conclusion: Conclusion, steps: Steps<'_>, signed_in: &SignedIn) -> Probe {
    let observations: Vec<Observation> = steps.done.iter().filter_map(|done| done.observation.clone()).collect();
    let mut of_the_mailbox =
        observations.iter().filter(|observation| !["scope", "identity"].contains(&observation.step.as_str()));
    let code = of_the_mailbox.find_map(|observation| observation.code.clone());
    let case = Case { person, signed_in, own: whose(signed_in, person) == Whose::Own, code: code.as_deref() };
    Probe {
        typed: person.address().to_owned(),
        advice: advise(&conclusion, &case),
        person: Some(person.clone()),
        verdict: conclusion.verdict,
        basis: conclusion.basis,
        observations,
        notes: conclusion.notes,
        trail: steps.done.into_iter().flat_map(|done| done.trail).collect(),
    }
}

/// Why the steps ended before the end.
enum Ended {
    /// The directory does not know the id any more.
    NotFound,
    /// Nothing can be asked.
    Fault(Fault),
}

impl From<Fault> for Ended {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

async fn walk(steps: &mut Steps<'_>, person: &Person) -> Result<Evidence, Ended> {
    let select = "id,userPrincipalName,mail,proxyAddresses";
    let identity =
        Ask::new(Lane::Directory, Purpose::AccessTest, ["users", person.id.as_str()]).query("$select", select);
    steps.one::<User>("identity", &identity).await?;
    if steps.last_status() == Some(404) {
        return Err(Ended::NotFound);
    }
    let mut evidence = Evidence {
        root: steps
            .one::<MailFolder>("root", &steps.folder("msgfolderroot").query("$select", "id,childFolderCount"))
            .await?
            .0,
        folders: Seen::Unclear,
        children: Vec::new(),
        known: Vec::new(),
        recoverable: Seen::Unclear,
        samples: Vec::new(),
    };
    if evidence.root == Seen::NoMailbox {
        evidence.folders = Seen::NoMailbox;
        return Ok(evidence);
    }
    let (folders, listed) = steps.folders("folders", &steps.ask(&["mailFolders"])).await?;
    evidence.folders = folders;
    let mut tree = listed.clone();
    for parent in listed.iter().filter(|folder| folder.child_folder_count.unwrap_or_default() > 0).take(BELOW) {
        let ask = steps.ask(&["mailFolders", parent.id.as_str(), "childFolders"]);
        let (seen, below) = steps.folders("child_folders", &ask).await?;
        evidence.children.push(Tried { name: format!("folders below {}", name(parent)), seen, holds: 0 });
        tree.extend(below);
    }
    let known = KNOWN.map(|(id, name)| (id, id.to_owned(), name.to_owned(), 0));
    evidence.known = steps.messages(known.to_vec()).await?;
    evidence.recoverable = steps
        .one::<MailFolder>(
            "recoverable_items",
            &steps.folder("recoverableitemsdeletions").query("$select", "id,totalItemCount"),
        )
        .await?
        .0;
    evidence.samples = steps.messages(fullest(tree)).await?;
    Ok(evidence)
}

fn name(folder: &MailFolder) -> String {
    folder.display_name.clone().unwrap_or_else(|| "a folder without a name".to_owned())
}

/// The fullest folders; search folders are only views.
fn fullest(mut tree: Vec<MailFolder>) -> Vec<(&'static str, String, String, u64)> {
    let holds = |folder: &MailFolder| u64::try_from(folder.total_item_count.unwrap_or_default()).unwrap_or_default();
    tree.retain(|folder| holds(folder) > 0 && !folder.is_search_folder());
    tree.sort_by_key(|folder| std::cmp::Reverse(holds(folder)));
    tree.iter().take(SAMPLES).map(|folder| ("sample", folder.id.to_string(), name(folder), holds(folder))).collect()
}

/// One question's trail and what it showed.
struct Done {
    observation: Option<Observation>,
    trail: Vec<Exchange>,
}

/// Asks step by step and remembers every answer.
struct Steps<'a> {
    graph: &'a Graph,
    lane: Lane,
    user: &'a str,
    done: Vec<Done>,
}

impl Steps<'_> {
    fn ask(&self, path: &[&str]) -> Ask {
        Ask::new(self.lane.clone(), Purpose::AccessTest, ["users", self.user].iter().chain(path).copied())
    }

    fn folder(&self, id: &str) -> Ask {
        self.ask(&["mailFolders", id])
    }

    fn last_status(&self) -> Option<u16> {
        self.done.last()?.observation.as_ref()?.status
    }

    async fn one<T: DeserializeOwned + Send>(&mut self, step: &str, ask: &Ask) -> Result<(Seen, Option<T>), Fault> {
        let answer = self.graph.get::<T>(ask).await;
        let (seen, value, done) = weigh(step, answer)?;
        self.done.push(done);
        Ok((seen.unwrap_or(Seen::Read(1)), value))
    }

    /// The first page of a list of folders, hidden ones included.
    async fn folders(&mut self, step: &str, ask: &Ask) -> Result<(Seen, Vec<MailFolder>), Fault> {
        let ask = ask.clone().query("includeHiddenFolders", "true").query("$top", "100").page_size(100);
        let answer = self.graph.list::<MailFolder>(&ask).await;
        let (seen, page, done) = weigh(step, answer)?;
        self.done.push(done);
        let folders = page.map(|page| page.items).unwrap_or_default();
        Ok((seen.unwrap_or(Seen::Read(folders.len())), folders))
    }

    /// The first message of each folder, four at a time.
    async fn messages(&mut self, folders: Vec<(&'static str, String, String, u64)>) -> Result<Vec<Tried>, Fault> {
        let graph = self.graph;
        let asked = folders.into_iter().map(|(step, id, name, holds)| {
            let ask = self.ask(&["mailFolders", &id, "messages"]).query("$top", "1").query("$select", "id");
            async move { (step, name, holds, graph.list::<Message>(&ask).await) }
        });
        let answers: Vec<_> = stream::iter(asked).buffered(IN_FLIGHT).collect().await;
        let mut tried = Vec::new();
        for (step, name, holds, answer) in answers {
            let (seen, page, done): (_, Option<Page<Message>>, _) = weigh(step, answer)?;
            self.done.push(done);
            let entries = page.map_or(0, |page| page.items.len() + page.unreadable as usize);
            tried.push(Tried { name, seen: seen.unwrap_or(Seen::Read(entries)), holds });
        }
        Ok(tried)
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
        FaultKind::Denied => Seen::Denied,
        FaultKind::Gone | FaultKind::NotFound | FaultKind::Refused => {
            Seen::Absent { code: fault.code.as_deref().unwrap_or_default().to_lowercase() }
        }
        FaultKind::NoMailbox => Seen::NoMailbox,
        _ => Seen::Unclear,
    };
    let done = Done { observation: observe(&fault.trail, fault.code), trail: fault.trail };
    Ok((Some(seen), None, done))
}
