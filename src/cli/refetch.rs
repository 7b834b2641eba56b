//! `affiant verify --refetch`: the part of verification that asks the service again.
//!
//! Signs nothing, writes nothing. What is compared is the library's matter.

use std::io::{self, Write};
use std::sync::Arc;

use camino::Utf8Path;

use super::desk::Desk;
use super::{Exit, Failure};
use crate::monitor::Silent;
use crate::refetch::{Compared, Drawn, Outcome, RefetchError, Refetched, compare};
use crate::verify::Record;

/// Draws, asks and compares.
pub(super) async fn run(package: &Utf8Path, share: u64, draw: u64, desk: &Desk) -> Result<Compared, Failure> {
    let session = desk.persons_session().await?;
    let tenant = session.signed_in().tenant_id.clone();
    let graph = desk.graph_of(session, Arc::new(Silent))?;
    let (package, failed) = (package.to_owned(), |error: RefetchError| match error {
        RefetchError::Graph(fault) => Failure::from(fault),
        RefetchError::OtherTenant => Failure::new(Exit::Usage, &error),
        _ => Failure::new(Exit::Failed, &error),
    });
    let drawn = tokio::task::spawn_blocking(move || {
        let record = Record::open(&package).map_err(|error| Failure::new(Exit::Differs, &error))?;
        Drawn::of(&record, share, draw, &tenant).map_err(failed)
    });
    let drawn = drawn.await.map_err(|_| Failure::failed("the package could not be read", "run it again"))??;
    desk.note(&format!("asking the service again for {} messages", drawn.count()));
    compare(&graph, drawn, |_, _| {}).await.map_err(failed)
}

/// Says what came of it.
pub(super) fn print(compared: &Compared, out: &mut dyn Write) -> io::Result<()> {
    let asked = compared.identical
        + compared.rendering_differs
        + compared.content_differs
        + compared.gone
        + compared.unreadable;
    let drawn = compared.draw.map(|draw| format!(", drawn by {draw}")).unwrap_or_default();
    writeln!(out, "asked again: {asked} of {} natives{drawn}", compared.natives)?;
    for (count, what) in [
        (compared.identical, "the same bytes"),
        (compared.rendering_differs, "rendered anew: other bytes, the same message"),
        (compared.content_differs, "SAY SOMETHING ELSE NOW"),
        (compared.gone, "gone from the mailbox"),
        (compared.unreadable, "could not be fetched"),
        (compared.moved, "of these lie elsewhere now"),
    ] {
        if count > 0 {
            writeln!(out, "  {count:>6}  {what}")?;
        }
    }
    if compared.rebuilt > 0 {
        writeln!(
            out,
            "  {:>6}  rebuilt messages, which the service could not render, were not asked for",
            compared.rebuilt
        )?;
    }
    for message in compared.messages.iter().filter(|message| message.outcome != Outcome::Identical) {
        writeln!(out, "{}", line(message))?;
    }
    writeln!(out)
}

fn line(message: &Refetched) -> String {
    let mut parts = message.headers.clone();
    if message.is_body_rendered_anew {
        parts.push("body".to_owned());
    }
    parts.extend(message.code.clone());
    let outcome = match message.outcome {
        Outcome::Identical => "identical",
        Outcome::RenderingDiffers => "rendering differs",
        Outcome::ContentDiffers => "CONTENT DIFFERS",
        Outcome::Gone => "gone",
        Outcome::Unreadable => "unreadable",
    };
    super::show::plain(format!("{}  {outcome}  {}", message.control_number, parts.join(", ")).trim_end())
}
