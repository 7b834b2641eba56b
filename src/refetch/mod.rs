//! Asking for collected messages again: does the service still return what the package holds?
//!
//! A sample, or all, of the natives that the service rendered are fetched once more and compared by hash; where the bytes
//! differ, by what they say (`content_id`), because Exchange renders each message anew. Only a message that says something
//! else is a difference. The package is only read, and the messages that come are dropped.

mod draw;
mod error;
mod one;
mod sink;

use futures_util::StreamExt as _;
use futures_util::stream;

pub use draw::{AT_LEAST, Drawn};
pub use error::RefetchError;

use crate::graph::Graph;

/// Requests that are made at a time; each mailbox has its own limits below that.
const AT_A_TIME: usize = 8;

/// What became of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The same bytes.
    Identical,
    /// Other bytes that say the same: the service rendered it anew.
    RenderingDiffers,
    /// The message says something else now.
    ContentDiffers,
    /// It is not in the mailbox any more, or not visible.
    Gone,
    /// It is there, and could not be fetched.
    Unreadable,
}

/// One message and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Refetched {
    /// Its control number.
    pub control_number: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether it lies in another folder than where it was collected, or has another id; `null` where that was not seen.
    pub is_moved: Option<bool>,
    /// SHA-256 of the bytes that came, lower-case hex.
    pub sha256: Option<String>,
    /// Names of the header fields whose values differ, where the rendering does.
    pub headers: Vec<String>,
    /// Whether bytes after the header differ, where the rendering does.
    pub is_body_rendered_anew: bool,
    /// What the service said, where the message could not be had: its error code.
    pub code: Option<String>,
    /// The service's number of the request that decided.
    pub request_id: Option<String>,
}

/// What all came to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Compared {
    /// Natives that the service rendered when they were collected.
    pub natives: u64,
    /// Natives that were rebuilt; they are not asked for.
    pub rebuilt: u64,
    /// The number that drew the sample; `null` when all were asked for.
    pub draw: Option<u64>,
    /// How many came back with the same bytes.
    pub identical: u64,
    /// How many came back with other bytes that say the same.
    pub rendering_differs: u64,
    /// How many say something else.
    pub content_differs: u64,
    /// How many are gone.
    pub gone: u64,
    /// How many could not be fetched.
    pub unreadable: u64,
    /// How many of all have moved.
    pub moved: u64,
    /// Those that were asked for and are not identical where they were, by control number.
    pub messages: Vec<Refetched>,
}

/// Fetches what was drawn again and compares it. `tell` hears how many are done.
///
/// # Errors
/// [`RefetchError`]: what is about all messages, such as the sign-in, the network, or a package that cannot be read.
pub async fn compare(graph: &Graph, drawn: Drawn, mut tell: impl FnMut(u64, u64)) -> Result<Compared, RefetchError> {
    let mut compared = Compared {
        natives: drawn.natives,
        rebuilt: drawn.rebuilt,
        draw: drawn.draw,
        identical: 0,
        rendering_differs: 0,
        content_differs: 0,
        gone: 0,
        unreadable: 0,
        moved: 0,
        messages: Vec::new(),
    };
    let all = drawn.held.len() as u64;
    let one = |held| one::compared(graph, &drawn.root, held);
    let mut under_way = stream::iter(drawn.held).map(one).buffer_unordered(AT_A_TIME);
    let mut done = 0;
    while let Some(fetched) = under_way.next().await {
        let seen = fetched?;
        done += 1;
        tell(done, all);
        compared.count(seen);
    }
    compared.messages.sort_by(|a, b| a.control_number.cmp(&b.control_number));
    Ok(compared)
}

impl Compared {
    fn count(&mut self, seen: Refetched) {
        let counter = match seen.outcome {
            Outcome::Identical => &mut self.identical,
            Outcome::RenderingDiffers => &mut self.rendering_differs,
            Outcome::ContentDiffers => &mut self.content_differs,
            Outcome::Gone => &mut self.gone,
            Outcome::Unreadable => &mut self.unreadable,
        };
        *counter += 1;
        let is_moved = seen.is_moved == Some(true);
        self.moved += u64::from(is_moved);
        if seen.outcome != Outcome::Identical || is_moved {
            self.messages.push(seen);
        }
    }
}
