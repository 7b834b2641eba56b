//! `affiant users`: who is in the tenant, as a table, CSV or JSON, or as a list of custodians picked by number.

mod account;
mod destination;
mod pick;
mod sheet;
mod table;

use std::sync::Arc;

use camino::Utf8PathBuf;

use self::destination::Destination;
use self::sheet::Sheet;
use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;
use crate::directory::{Domains, Listing, MailboxState, PURPOSE_SCOPE, Wanted};
use crate::graph::{Fault, FaultKind};
use crate::monitor::Silent;
use crate::session::Session;
use crate::terms::MailboxKind;

/// List people with their addresses, and what to expect of their mailboxes
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct Args {
    /// Part of a name, sign-in name, address or alias
    text: Option<String>,
    /// Only mailboxes known to be of this kind: user, shared, room, equipment, group, archive, unknown; repeat for more
    #[arg(long, value_parser = kind)]
    kind: Vec<MailboxKind>,
    /// Only where this is to be expected: likely, disabled_account, unlicensed, on_premises, guest, none, unknown; repeat for more
    #[arg(long, value_parser = state)]
    state: Vec<MailboxState>,
    /// Only people whose primary address is in exactly this domain; repeat for more; * for everybody (default)
    #[arg(long)]
    domain: Vec<String>,
    /// Only people of this department, or "none"; repeat for more; takes User.Read.All
    #[arg(long)]
    department: Vec<String>,
    /// Ask each mailbox whether it is a person's, shared, a room or equipment; takes MailboxSettings.Read
    #[arg(long)]
    purpose: bool,
    /// Print CSV instead of a table
    #[arg(long)]
    csv: bool,
    /// Choose custodians from a numbered list and write them to --out
    #[arg(long, requires = "out", conflicts_with = "csv")]
    pick: bool,
    /// Write to this new file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<Utf8PathBuf>,
    /// Replace the file of --out if there is one
    #[arg(long, requires = "out")]
    force: bool,
}

const AFTER_HELP: &str = "\
Examples:
  affiant users roe --domain contoso.example
  affiant users --csv --state likely > custodians.csv
  affiant users --pick --out custodians.csv

What to expect of a mailbox is said with its reason: likely; disabled_account (often shared, or a leaver); unlicensed; \
on_premises; guest; none; unknown. It is what the directory shows; `affiant check` proves it.

CSV is UTF-8 with a byte order mark, as spreadsheets want it. A cell that starts with = + - @ TAB CR LF, or a full-width \
form of these, gets an apostrophe in front, so that no spreadsheet calculates it. The column custodian is read back by \
`check --custodians` and `collect --custodians`, without that apostrophe.";

fn kind(text: &str) -> Result<MailboxKind, String> {
    let words = || MailboxKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
    MailboxKind::from_word(&text.to_lowercase()).ok_or_else(|| format!("not one of {}", words()))
}

fn state(text: &str) -> Result<MailboxState, String> {
    let words = || MailboxState::ALL.map(MailboxState::as_str).join(", ");
    MailboxState::from_word(text).ok_or_else(|| format!("not one of {}", words()))
}

/// Lists the directory.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    if args.pick {
        pick::refuse_without_terminal(desk)?;
    }
    let to = Destination::new(args.out.as_deref(), args.force, desk)?;
    let wanted = Wanted {
        text: args.text.filter(|text| !text.trim().is_empty()),
        domains: Domains::parse(&args.domain).map_err(|error| Failure::new(Exit::Usage, &error))?,
        kinds: args.kind,
        states: args.state,
        departments: args.department,
    };
    if wanted.domains.has_idle_names() {
        let names: Vec<&str> = wanted.domains.names().collect();
        desk.note(&format!("--domain * means everybody: {} has no effect", names.join(", ")));
    }
    let session = desk.session().await?;
    let graph = desk.graph_of(session.clone(), Arc::new(Silent))?;
    let mut listing = Listing::new(&graph, &wanted);
    if args.purpose {
        listing = asking(listing, &session, desk);
    }
    if args.pick {
        pick::run(&mut listing, to, desk).await?;
    } else {
        let sheet = Sheet::new(desk.json, args.csv, to.is_terminal());
        print(&mut listing, sheet, to).await?;
    }
    account::give(&listing.listed(), &wanted, args.purpose, desk);
    Ok(Exit::Complete)
}

/// Asks for purposes where the sign-in may; says so where it may not.
fn asking<'a>(listing: Listing<'a>, session: &Session, desk: &Desk) -> Listing<'a> {
    let signed_in = session.signed_in();
    if signed_in.scopes.has(PURPOSE_SCOPE) {
        return listing.asking_purposes(signed_in.object_id.clone());
    }
    desk.note(&format!(
        "--purpose was left out: this sign-in has no {PURPOSE_SCOPE} (`affiant login --with mailbox-settings`; an application is granted it by an administrator), so kinds are shown only as far as the directory tells"
    ));
    listing
}

/// Writes page by page.
async fn print(listing: &mut Listing<'_>, mut sheet: Sheet, mut to: Destination<'_>) -> Result<(), Failure> {
    while let Some(people) = listing.next().await.map_err(unlisted)? {
        to.write(&sheet.page(&people))?;
    }
    to.write(&sheet.end())?;
    to.finish().await.map(drop)
}

/// Why the directory could not be listed: a refusal here is about scopes or guests, not about mailboxes.
fn unlisted(fault: Fault) -> Failure {
    match fault.kind {
        FaultKind::Denied => Failure::failed(
            format!("the directory cannot be listed with this sign-in: {fault}"),
            "it takes User.ReadBasic.All, and guests may not list a directory; `affiant whoami` shows the scopes that were granted. Custodians can still be named by address",
        )
        .with(Exit::SignIn),
        _ => Failure::from(fault),
    }
}

/// Text from the tenant on its way to a terminal: characters that control it or turn the writing around are replaced.
pub(super) fn shown(text: &str) -> String {
    text.chars().map(|c| if steers(c) { '\u{FFFD}' } else { c }).collect()
}

/// Whether a character steers a terminal or the direction of writing (Unicode, UAX #9), or breaks lines unseen.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_neither_drive_the_terminal_nor_turn_the_writing_around() {
        assert_eq!(shown("a\u{1b}[2Jb\nc\u{202e}d\u{9b}e"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\u{fffd}e");
        assert_eq!(shown("ליאור בן־דוד"), "ליאור בן־דוד");
    }
}
