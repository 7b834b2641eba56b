//! One message asked for again: its bytes, where it lies now, and how it compares.
//!
//! One that is gone under its id is looked for once by its Message-ID. It must not decide what a difference means for the
//! package.

use camino::Utf8Path;
use tokio::sync::Semaphore;

use super::draw::Held;
use super::sink::{Arrived, Passing};
use super::{Outcome, RefetchError, Refetched};
use crate::graph::{Ask, Fault, FaultKind, Graph, Lane, wire};
use crate::identity::{difference, examine};
use crate::terms::{Purpose, Sha256};
use crate::verify::copy_native;

/// Longest Message-ID that is asked for, in bytes: encoded and in a filter it still fits into any URL.
const LONGEST: usize = 500;

/// Messages that differ are read whole, one after the other.
static READING: Semaphore = Semaphore::const_new(1);

/// How often a message that seems to say something else is asked for, before that counts: an answer may be cut short.
const READINGS: u32 = 3;

/// Asks for a message and compares what comes with what the package holds.
pub(super) async fn compared(graph: &Graph, root: &Utf8Path, held: Held) -> Result<Refetched, RefetchError> {
    let mut last: Option<Refetched> = None;
    for _ in 0..READINGS {
        let again = again(graph, held.clone()).await?;
        let seen = judged(again, root).await?;
        let is_sure =
            seen.outcome != Outcome::ContentDiffers || last.as_ref().is_some_and(|last| last.sha256 == seen.sha256);
        if is_sure {
            return Ok(seen);
        }
        last = Some(seen);
    }
    // It says something else each time, and never the same: no answer that could be believed.
    let unsure = |seen: Refetched| Refetched { outcome: Outcome::Unreadable, sha256: None, ..seen };
    last.map(unsure).ok_or_else(|| RefetchError::Native(std::io::Error::other("nothing was asked for")))
}

async fn judged(again: Again, root: &Utf8Path) -> Result<Refetched, RefetchError> {
    // Never closed.
    let _alone = READING.acquire().await;
    let root = root.to_owned();
    match tokio::task::spawn_blocking(move || again.judged(&root)).await {
        Ok(seen) => seen,
        Err(_) => Err(RefetchError::Native(std::io::Error::other("the comparison was cut short"))),
    }
}

/// What came back for a message.
struct Again {
    held: Held,
    came: Came,
    is_moved: Option<bool>,
    request_id: Option<String>,
}

enum Came {
    Here { sha256: Sha256, bytes: Arrived },
    Gone { code: Option<String> },
    Refused { code: Option<String> },
}

/// Asks for a message.
async fn again(graph: &Graph, held: Held) -> Result<Again, Fault> {
    let asking = Asking { graph, held: &held };
    let (answer, is_moved) = match asking.bytes(&held.graph_id).await? {
        Answered::Gone(gone) => match asking.found().await? {
            Some(id) => (asking.bytes(&id).await?, Some(true)),
            None => (Answered::Gone(gone), None),
        },
        answer => (answer, None),
    };
    let (came, request_id) = match answer {
        Answered::Here(came, request_id) => (came, request_id),
        Answered::Gone(said) => (Came::Gone { code: said.code }, said.request_id),
        Answered::Refused(said) => (Came::Refused { code: said.code }, said.request_id),
    };
    let is_moved = match (&came, is_moved) {
        (Came::Here { .. }, None) => asking.is_elsewhere().await?,
        (_, known) => known,
    };
    Ok(Again { held, came, is_moved, request_id })
}

struct Said {
    code: Option<String>,
    request_id: Option<String>,
}

enum Answered {
    Here(Came, Option<String>),
    Gone(Said),
    Refused(Said),
}

struct Asking<'a> {
    graph: &'a Graph,
    held: &'a Held,
}

impl Asking<'_> {
    fn ask(&self, purpose: Purpose, tail: &[&str]) -> Ask {
        let path = ["users", self.held.mailbox.as_str(), "messages"];
        Ask::new(Lane::Mailbox(self.held.mailbox.clone()), purpose, path.into_iter().chain(tail.iter().copied()))
    }

    async fn bytes(&self, id: &str) -> Result<Answered, Fault> {
        let mut sink = Passing::new();
        match self.graph.stream(&self.ask(Purpose::Mime, &[id, "$value"]), &mut sink).await {
            Ok(answer) => {
                let (sha256, bytes) = sink.arrived();
                let request_id = answer.trail.last().and_then(|last| last.request_id.clone());
                Ok(Answered::Here(Came::Here { sha256, bytes }, request_id))
            }
            Err(fault) if ends(&fault) => Err(fault),
            Err(fault) => {
                let request_id = fault.trail.last().and_then(|last| last.request_id.clone());
                let said = Said { code: fault.code.clone(), request_id };
                let is_gone = matches!(fault.kind, FaultKind::Gone | FaultKind::NotFound);
                Ok(if is_gone { Answered::Gone(said) } else { Answered::Refused(said) })
            }
        }
    }

    /// The id under which a message with its Message-ID is there now.
    async fn found(&self) -> Result<Option<String>, Fault> {
        let Some(filter) = self.held.message_id.as_deref().and_then(filter) else { return Ok(None) };
        let ask = self.ask(Purpose::ItemState, &[]).query("$filter", filter).query("$select", "id").query("$top", "1");
        let first = self.asked(self.graph.list::<wire::Message>(&ask).await.map(|answer| answer.value.items))?;
        Ok(first.and_then(|items| items.into_iter().next()).map(|message| message.id.as_str().to_owned()))
    }

    /// Whether it lies in another folder than where it was collected; `None` when the service does not say.
    async fn is_elsewhere(&self) -> Result<Option<bool>, Fault> {
        let ask = self.ask(Purpose::ItemState, &[&self.held.graph_id]).query("$select", "id,parentFolderId");
        let state = self.asked(self.graph.get::<wire::Message>(&ask).await.map(|answer| answer.value))?;
        let folder = state.and_then(|message| message.parent_folder_id);
        Ok(folder.map(|folder| folder.as_str() != self.held.folder))
    }

    /// An answer that is only good to have.
    #[expect(clippy::unused_self, reason = "belongs to the question")]
    fn asked<T>(&self, answer: Result<T, Fault>) -> Result<Option<T>, Fault> {
        match answer {
            Ok(value) => Ok(Some(value)),
            Err(fault) if ends(&fault) => Err(fault),
            Err(_) => Ok(None),
        }
    }
}

/// Whether a fault is about everything and not about this message.
fn ends(fault: &Fault) -> bool {
    fault.is_total() || matches!(fault.kind, FaultKind::Throttled | FaultKind::Local(_))
}

fn filter(message_id: &str) -> Option<String> {
    let sayable = !message_id.trim().is_empty() && !message_id.chars().any(char::is_control);
    let filter = format!("internetMessageId eq '{}'", message_id.replace('\'', "''"));
    (sayable && filter.len() <= LONGEST).then_some(filter)
}

impl Again {
    /// Compares what came with what the package holds.
    fn judged(self, root: &Utf8Path) -> Result<Refetched, RefetchError> {
        let Self { held, came, is_moved, request_id } = self;
        let mut seen = Refetched {
            control_number: held.control_number.clone(),
            outcome: Outcome::Identical,
            is_moved,
            sha256: None,
            headers: Vec::new(),
            is_body_rendered_anew: false,
            code: None,
            request_id,
        };
        let (sha256, bytes) = match came {
            Came::Here { sha256, bytes } => (sha256, bytes),
            Came::Gone { code } => return Ok(Refetched { outcome: Outcome::Gone, code, ..seen }),
            Came::Refused { code } => return Ok(Refetched { outcome: Outcome::Unreadable, code, ..seen }),
        };
        seen.sha256 = Some(sha256.to_string());
        if sha256 == held.sha256 {
            return Ok(seen);
        }
        let now = bytes.read().map_err(RefetchError::Native)?;
        if examine(&now).content_id.as_bytes()[..] != held.content_id[..] {
            return Ok(Refetched { outcome: Outcome::ContentDiffers, ..seen });
        }
        let mut then = Vec::new();
        copy_native(root, &held.path, &mut then).map_err(RefetchError::Native)?;
        let differing = difference(&then, &now);
        let (headers, is_body_rendered_anew) = (differing.headers, differing.is_in_body);
        Ok(Refetched { outcome: Outcome::RenderingDiffers, headers, is_body_rendered_anew, ..seen })
    }
}
