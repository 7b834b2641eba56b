//! The order of the steps: identity, root, folder list, well-known folders, Recoverable Items, samples, one message
//! whole, and the facts. How a step is asked is in `steps`, what it means in `conclude`.
//!
//! What does not follow from one another is asked at once, never more than four questions together: the directory's are
//! counted with the mailbox's, since it is not said whose limit they are under. It is put down in the order of the steps.

use super::advice::{Case, advise};
use super::conclude::{Conclusion, Evidence, INBOX, Seen, Tried, Whose, conclude};
use super::facts::{MailboxFacts, Plans};
use super::steps::{Done, Folders, Steps, Trial};
use super::{Observation, Probe, Verdict};
use crate::directory::Person;
use crate::graph::wire::{LicenseDetails, MailFolder, User};
use crate::graph::{Answer, Ask, Fault, Graph, Lane, Page};
use crate::session::{Flow, SignedIn};
use crate::terms::{Exchange, Purpose, UtcInstant};

/// Well-known folders that every mailbox has, with the names people know.
const KNOWN: [(&str, &str); 4] =
    [("inbox", INBOX), ("sentitems", "Sent Items"), ("drafts", "Drafts"), ("deleteditems", "Deleted Items")];
/// Below how many folders the next level is listed, all levels together.
const BELOW: usize = 100;
/// How many folders are sampled, fullest first.
const SAMPLES: usize = 100;
/// Why a plan is unknown.
const NO_SCOPE: &str = "the scope LicenseAssignment.Read.All or User.Read.All is not granted";

/// Tries to read a person's mailbox. An error only when nothing can be said about any mailbox: sign-in needed,
/// no network, no secure connection.
pub async fn probe(graph: &Graph, signed_in: &SignedIn, person: &Person) -> Result<Probe, Fault> {
    let mut steps = Steps::new(graph, person);
    let whose = whose(signed_in, person);
    let may = has_scope(signed_in, whose);
    steps.done.push(Done { observation: Some(scope_seen(may, graph.now())), trail: Vec::new() });
    if !may {
        return Ok(made(person, bare(Verdict::ScopeMissing), steps, None, signed_in));
    }
    let may_see = Directory::of(signed_in, whose);
    // Boxed: the state of steps that go side by side is large, and everybody who asks would hold it.
    match Box::pin(walked(&mut steps, person, may_see)).await {
        Ok((evidence, facts)) => Ok(made(person, conclude(&evidence, whose), steps, Some(facts), signed_in)),
        Err(Ended::NotFound) => Ok(made(person, bare(Verdict::NotFound), steps, None, signed_in)),
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

fn made(
    person: &Person,
    conclusion: Conclusion,
    steps: Steps<'_>,
    facts: Option<MailboxFacts>,
    signed_in: &SignedIn,
) -> Probe {
    let observations: Vec<Observation> = steps.done.iter().filter_map(|done| done.observation.clone()).collect();
    let mut of_the_mailbox = observations
        .iter()
        .filter(|seen| !["scope", "identity", "licence", "folder_sizes"].contains(&seen.step.as_str()));
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
        facts,
        exchange_evidence: None,
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

/// How much of a person's licences the granted scopes show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Directory {
    /// The whole entry, plans among it.
    Entry,
    /// The licences only.
    Licences,
    /// Neither.
    Neither,
}

impl Directory {
    fn of(signed_in: &SignedIn, whose: Whose) -> Self {
        let has = |scopes: &[&str]| scopes.iter().any(|scope| signed_in.scopes.has(scope));
        let everybody = ["User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];
        if has(&everybody) || (whose == Whose::Own && has(&["User.Read", "User.ReadWrite"])) {
            Self::Entry
        } else if has(&["LicenseAssignment.Read.All"]) {
            Self::Licences
        } else {
            Self::Neither
        }
    }
}

async fn walked(steps: &mut Steps<'_>, person: &Person, may_see: Directory) -> Result<(Evidence, MailboxFacts), Ended> {
    let select = match may_see {
        Directory::Entry => "id,userPrincipalName,mail,proxyAddresses,assignedPlans",
        Directory::Licences | Directory::Neither => "id,userPrincipalName,mail,proxyAddresses",
    };
    let identity =
        Ask::new(Lane::Directory, Purpose::AccessTest, ["users", person.id.as_str()]).query("$select", select);
    let root = steps.folder("msgfolderroot").query("$select", "id,childFolderCount");
    // Asked for now where nothing can make it superfluous.
    let licences = (may_see == Directory::Licences).then(|| licences_ask(person));
    let (user, root, folders, licences) = tokio::join!(
        steps.get::<User>(identity),
        steps.get::<MailFolder>(root),
        steps.list_folders(steps.ask(&["mailFolders"])),
        maybe(licences.map(|ask| steps.list::<LicenseDetails>(ask))),
    );
    let (_, user) = steps.one("identity", user)?;
    let is_known = steps.last_status() != Some(404);
    let (root, _) = steps.one("root", root)?;
    if !is_known {
        steps.folders("folders", folders)?;
        licences.map(|answer| steps.entries("licence", answer)).transpose()?;
        return Err(Ended::NotFound);
    }
    let evidence = walk(steps, root, folders).await?;
    let entry = user.and_then(|user| user.assigned_plans).filter(|_| may_see == Directory::Entry);
    let plans = match (entry, may_see, licences) {
        (Some(plans), ..) => Ok(Plans::assigned(&plans)),
        (None, Directory::Neither, _) => Err(NO_SCOPE.to_owned()),
        (None, _, Some(answer)) => weighed(steps, answer)?,
        (None, _, None) => {
            let answer = steps.list(licences_ask(person)).await;
            weighed(steps, answer)?
        }
    };
    let facts = MailboxFacts::new(plans, &steps.sum, steps.now());
    Ok((evidence, facts))
}

/// Waits for what may not have been asked for.
async fn maybe<T>(asked: Option<impl Future<Output = T>>) -> Option<T> {
    match asked {
        Some(asked) => Some(asked.await),
        None => None,
    }
}

fn licences_ask(person: &Person) -> Ask {
    Ask::new(Lane::Directory, Purpose::AccessTest, ["users", person.id.as_str(), "licenseDetails"])
}

/// Which licences a person has; an answer that is none is no reason to end.
fn weighed(
    steps: &mut Steps<'_>,
    answer: Result<Answer<Page<LicenseDetails>>, Fault>,
) -> Result<Result<Plans, String>, Fault> {
    let (seen, licences) = steps.entries("licence", answer)?;
    Ok(match seen {
        Seen::Read(_) => Ok(Plans::licensed(&licences)),
        Seen::Denied => Err(NO_SCOPE.to_owned()),
        Seen::Absent { .. } | Seen::NoMailbox | Seen::Unclear => Err("the directory did not answer".to_owned()),
    })
}

async fn walk(steps: &mut Steps<'_>, root: Seen, folders: Folders) -> Result<Evidence, Fault> {
    let mut evidence = Evidence {
        root,
        folders: Seen::Unclear,
        children: Vec::new(),
        known: Vec::new(),
        recoverable: Seen::Unclear,
        samples: Vec::new(),
        untried: 0,
        message: None,
    };
    let (folders, listed) = steps.folders("folders", folders)?;
    if evidence.root == Seen::NoMailbox {
        evidence.folders = Seen::NoMailbox;
        return Ok(evidence);
    }
    evidence.folders = folders;
    let (tree, cut) = tree(steps, listed, &mut evidence.children).await?;
    let known = KNOWN.map(|(step, name)| Trial { step, id: step.to_owned(), name: name.to_owned(), holds: 0 });
    let known = steps.list_messages(known.to_vec()).await;
    evidence.known = steps.messages(known)?;
    for folder in &tree {
        steps.sum.add(folder);
    }
    let mut samples = fullest(tree);
    evidence.untried = cut + samples.len().saturating_sub(SAMPLES) as u64;
    samples.truncate(SAMPLES);
    let recoverable = steps.folder("recoverableitemsdeletions").query("$select", "id,totalItemCount");
    let first = steps.first();
    let (recoverable, samples, message) = tokio::join!(
        steps.get::<MailFolder>(recoverable),
        steps.list_messages(samples),
        maybe(first.map(|id| steps.read(id))),
    );
    evidence.recoverable = steps.one("recoverable_items", recoverable)?.0;
    evidence.samples = steps.messages(samples)?;
    evidence.message = steps.whole_message(message).await?;
    Ok(evidence)
}

/// All folders, level by level, as far as the bound reaches; and below how many nobody looked.
async fn tree(
    steps: &mut Steps<'_>,
    top: Vec<MailFolder>,
    children: &mut Vec<Tried>,
) -> Result<(Vec<MailFolder>, u64), Fault> {
    let (mut level, mut tree, mut room, mut cut) = (top, Vec::new(), BELOW, 0);
    while !level.is_empty() {
        let mut parents = level.clone();
        parents.retain(|folder| folder.child_folder_count.unwrap_or_default() > 0);
        if parents.len() > room {
            steps.sum.more();
            cut += (parents.len() - room) as u64;
            parents.truncate(room);
        }
        room -= parents.len();
        tree.append(&mut level);
        let answers = steps.list_below(&parents).await;
        for (parent, answer) in parents.iter().zip(answers) {
            let (seen, below) = steps.folders("child_folders", answer)?;
            children.push(Tried { name: format!("folders below {}", name(parent)), seen, holds: 0 });
            level.extend(below);
        }
    }
    Ok((tree, cut))
}

fn name(folder: &MailFolder) -> String {
    folder.display_name.clone().unwrap_or_else(|| "a folder without a name".to_owned())
}

/// The fullest folders, those of mail first; search folders are only views. That a calendar holds items and lists
/// no message is no news, so folders of other kinds are taken to hold none.
fn fullest(mut tree: Vec<MailFolder>) -> Vec<Trial> {
    let holds = |folder: &MailFolder| u64::try_from(folder.total_item_count.unwrap_or_default()).unwrap_or_default();
    let mail =
        |folder: &MailFolder| folder.container_class().is_none_or(|class| class.to_lowercase().starts_with("ipf.note"));
    tree.retain(|folder| holds(folder) > 0 && !folder.is_search_folder());
    tree.sort_by_key(|folder| (!mail(folder), std::cmp::Reverse(holds(folder))));
    let sample = |folder: &MailFolder| {
        let messages = if mail(folder) { holds(folder) } else { 0 };
        Trial { step: "sample", id: folder.id.to_string(), name: name(folder), holds: messages }
    };
    tree.iter().map(sample).collect()
}
