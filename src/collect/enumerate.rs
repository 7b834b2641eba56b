//! Listing one folder's messages in the window, so that nothing is missed and nothing is fooled by the service.
//!
//! Offsets (`$skip`) shift while mail arrives, links repeat or go missing, pages time out, and one corrupt
//! item spoils a page. So the listing is ordered by the date that the range is about and re-anchored at the
//! last date seen: after some pages, after a repeated link, when the count says more, and with a smaller
//! page after a failure; a stretch that still fails is halved until the damage is one millisecond wide.
//! Repeats are harmless, because an id is listed once. It must not fetch messages.

use std::fmt;

use crate::custody::Listed;
use crate::graph::{Answer, Ask, Fault, FaultKind, Followed, Graph, Lane, Page, wire};
use crate::terms::{DateField, Exchange, ObjectId, Purpose, UtcInstant, Window};

use super::error::CollectError;
use super::standing::Standing;

/// Messages per page: metadata only, well below what was seen to time out.
const PAGE: u32 = 250;
/// By how much pages shrink and grow: 250, 50, 10, 2, 1. Each step down costs the retries of a failing page.
const STEP: u32 = 5;
/// Pages after which the listing is re-anchored, so that offsets stay small.
const PAGES_PER_QUERY: u32 = 40;
/// Halvings of one folder's window: one corrupt item takes about 40 to corner.
const HALVINGS_MAX: u32 = 128;
/// Outages of the service that one listing is carried over.
const OUTAGES: u32 = 5;
/// Stretches in a row that fail without anything listed between them, after which the rest is given up.
const BROKEN_MAX: u32 = 3;
pub(super) const SELECT: &str = "id,changeKey,parentFolderId,receivedDateTime,sentDateTime,createdDateTime,\
                      lastModifiedDateTime,subject,internetMessageId,isDraft";
/// The store's size of a message and its class; not part of the v1.0 resource.
const EXTRA: &str = "singleValueExtendedProperties($filter=id eq 'Integer 0x0E08' or id eq 'String 0x001A')";
/// Where a listing without bounds is halved when it must be: before there was mail, and far from now.
const EPOCH: i64 = 0;

/// Which folder, which dates, how.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The mailbox.
    pub(super) mailbox: ObjectId,
    /// The folder's id; `None` for the whole mailbox, of which only ids, parents and dates are listed.
    pub(super) folder: Option<String>,
    /// The window.
    pub(super) window: Window,
    /// The date it is about.
    pub(super) field: DateField,
    /// Now, the upper bound for halving an open window.
    pub(super) now: UtcInstant,
}

/// A page as it goes to the record.
#[derive(Debug)]
pub(super) struct Sheet {
    /// Messages in the window.
    pub(super) rows: Vec<wire::Message>,
    /// Entries that had no readable id or date: they cannot be collected, and are counted.
    pub(super) unreadable: u32,
    /// The exchanges that brought it.
    pub(super) trail: Vec<Exchange>,
}

/// What a listing came to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listing {
    /// The service's own count for the window, where it gave one.
    pub(super) expected: Option<u64>,
    /// Different ids that were listed.
    pub(super) listed: u64,
    /// Stretches of the window that could not be listed.
    pub(super) broken: u64,
}

/// Takes pages and stretches that cannot be listed; returns how many of a page's ids are new to this pass.
pub(super) trait Ledge: Send {
    /// Records a page.
    fn sheet(&mut self, sheet: Sheet) -> impl Future<Output = Result<u64, CollectError>> + Send;
    /// Records a stretch that cannot be listed.
    fn broken(&mut self, window: Window, why: Why) -> impl Future<Output = Result<(), CollectError>> + Send;
}

/// What the service understood; each refusal makes the next question plainer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// With a count and the extended properties.
    Full,
    /// With a count only.
    Counted,
    /// Nothing extra.
    Plain,
}

impl Manner {
    const fn plainer(self) -> Option<Self> {
        match self {
            Self::Full => Some(Self::Counted),
            Self::Counted => Some(Self::Plain),
            Self::Plain => None,
        }
    }
}

/// A folder's first page, asked for before its turn has come.
pub(super) struct First(Result<Answer<Page<wire::Message>>, Fault>);

/// Asks for the first page of a listing, for [`list`] to begin with.
pub(super) async fn first(graph: &Graph, target: &Target) -> First {
    First(graph.list(&Lister::new(graph, target).ask(target.window)).await)
}

/// Rows that the first page of a folder may have, which says that it holds so many items.
pub(super) fn rows_of_a_page(holds: Option<u64>) -> u32 {
    holds.and_then(|holds| u32::try_from(holds).ok()).unwrap_or(PAGE).min(PAGE)
}

/// Lists the folder to its end; `first` is its first page, where it has been asked for.
///
/// # Errors
/// What ends a run: sign-in, network, access to the folder lost, the record. A stretch that the service cannot
/// list is not an error; it goes to the ledge.
pub(super) async fn list(
    graph: &Graph,
    target: &Target,
    first: Option<First>,
    ledge: &mut impl Ledge,
) -> Result<Listing, CollectError> {
    let mut lister = Lister { first, ..Lister::new(graph, target) };
    let mut open = vec![target.window];
    // Damage is one item here and there. A service that lists nothing at all must not be asked for ever.
    let (mut halvings, mut in_a_row, mut listed, mut outages) = (HALVINGS_MAX, 0, 0, 0);
    while let Some(window) = open.pop() {
        let Stretch::Fails { rest, why } = lister.stretch(window, ledge).await? else { continue };
        if outages < OUTAGES && why.is_failure() && lister.was_away(ledge).await? {
            outages += 1;
            lister.size = PAGE;
            open.push(rest);
            continue;
        }
        in_a_row = if lister.listing.listed > listed { 0 } else { in_a_row };
        listed = lister.listing.listed;
        match lister.halves(rest).filter(|_| why.is_damage() && halvings > 0 && in_a_row < BROKEN_MAX) {
            Some((early, late)) => {
                halvings -= 1;
                open.extend([late, early]);
            }
            None => {
                in_a_row += 1;
                lister.listing.broken += 1;
                ledge.broken(rest, why).await?;
                // What comes after the damage is still to be listed, at full size again.
                lister.size = PAGE;
            }
        }
        if in_a_row >= BROKEN_MAX {
            for rest in open.drain(..).rev() {
                lister.listing.broken += 1;
                ledge.broken(rest, Why::NotTried).await?;
            }
        }
    }
    Ok(lister.listing)
}

/// Why a stretch of the window could not be listed.
#[derive(Debug)]
pub(super) enum Why {
    /// However little was asked for; the service's last word.
    Fault(Fault),
    /// Its pages lead nowhere: a link repeats, or page after page brings nothing.
    Circles,
    /// So many stretches before it failed that it was not tried.
    NotTried,
}

impl Why {
    /// Whether a smaller stretch may fare better.
    const fn is_damage(&self) -> bool {
        matches!(self, Self::Fault(_))
    }
}

impl Why {
    /// Whether the service answered with a failure of its own, which an outage would explain.
    fn is_failure(&self) -> bool {
        matches!(self, Self::Fault(fault) if fault.status.is_some_and(|status| status >= 500))
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => write!(f, "{fault}"),
            Self::Circles => f.write_str("its pages lead nowhere"),
            Self::NotTried => f.write_str("not tried, since nothing before it could be listed"),
        }
    }
}

/// How far a stretch of the window got.
enum Stretch {
    /// To its end.
    Done,
    /// The service does not list the rest, however little is asked for.
    Fails { rest: Window, why: Why },
}

struct Lister<'a> {
    graph: &'a Graph,
    target: &'a Target,
    manner: Manner,
    size: u32,
    listing: Listing,
    first: Option<First>,
}

impl<'a> Lister<'a> {
    fn new(graph: &'a Graph, target: &'a Target) -> Self {
        let manner = if target.folder.is_some() { Manner::Full } else { Manner::Counted };
        Self { graph, target, manner, size: PAGE, listing: Listing::default(), first: None }
    }
}

impl Lister<'_> {
    /// Lists a window as one or more queries, each anchored at the last date seen.
    async fn stretch(&mut self, window: Window, ledge: &mut impl Ledge) -> Result<Stretch, CollectError> {
        let mut rest = window;
        let mut recounted = false;
        loop {
            match self.query(rest, ledge).await? {
                Query::Ended { last, new } => {
                    // G52: the link to the next page was missing although the service counted more.
                    let short = self.listing.expected.is_some_and(|expected| self.listing.listed < expected);
                    match last.and_then(|last| rest.starting_at(last)) {
                        Some(tail) if short && window == self.target.window && (new > 0 || !recounted) => {
                            recounted = new == 0;
                            rest = tail;
                        }
                        _ => return Ok(Stretch::Done),
                    }
                }
                Query::Anchor { last } => match rest.starting_at(last) {
                    Some(tail) => rest = tail,
                    None => return Ok(Stretch::Done),
                },
                Query::Smaller { last } => {
                    rest = last.and_then(|last| rest.starting_at(last)).unwrap_or(rest);
                }
                Query::Fails { last, why } => {
                    let rest = last.and_then(|last| rest.starting_at(last)).unwrap_or(rest);
                    return Ok(Stretch::Fails { rest, why });
                }
            }
        }
    }

    /// One query and the pages that follow from it.
    async fn query(&mut self, window: Window, ledge: &mut impl Ledge) -> Result<Query, CollectError> {
        let mut ask = self.ask(window);
        let mut links = Followed::default();
        let (mut last, mut new, mut pages) = (None, 0, 0);
        let mut answer = match self.first.take() {
            Some(First(answer)) => answer,
            None => self.graph.list::<wire::Message>(&ask).await,
        };
        loop {
            let Answer { value: page, trail } = match answer {
                Ok(answer) => answer,
                Err(fault) if matches!(fault.kind, FaultKind::Refused) && pages == 0 => match self.manner.plainer() {
                    Some(plainer) => {
                        self.manner = plainer;
                        ledge.sheet(Sheet { rows: Vec::new(), unreadable: 0, trail: fault.trail }).await?;
                        ask = self.ask(window);
                        answer = self.graph.list(&ask).await;
                        continue;
                    }
                    None => return Err(fault.into()),
                },
                Err(fault) if asks_for_less(&fault) => return Ok(self.smaller(last, fault)),
                Err(fault) => return Err(fault.into()),
            };
            pages += 1;
            self.count(window, &page);
            let next = page.next.clone();
            let (sheet, newest) = self.sheet(page, trail);
            let fresh = ledge.sheet(sheet).await?;
            self.listing.listed += fresh;
            new += fresh;
            let moved = newest > last;
            last = last.max(newest);
            match next {
                None => return Ok(Query::Ended { last, new }),
                // G53: the same link again; go on from the last date, if that leads anywhere. Ending here would
                // look complete.
                Some(link) if !links.leads_on(&link, fresh) => {
                    return Ok(match last.filter(|last| Some(*last) > window.from()) {
                        Some(last) => Query::Anchor { last },
                        None => Query::Fails { last, why: Why::Circles },
                    });
                }
                Some(link) => {
                    let again = pages >= PAGES_PER_QUERY || self.size < PAGE;
                    if let Some(last) = last.filter(|last| again && moved && Some(*last) > window.from()) {
                        // Small pages were for one bad stretch; behind it they may grow again.
                        self.size = (self.size * STEP).min(PAGE);
                        return Ok(Query::Anchor { last });
                    }
                    answer = self.graph.next(&ask, &link).await;
                }
            }
        }
    }

    /// Whether the mailbox as a whole did not answer just now. An outage is waited out here: what could not be listed in it
    /// is no damage.
    async fn was_away(&self, ledge: &mut impl Ledge) -> Result<bool, CollectError> {
        let standing = Standing::with(self.graph, &self.target.mailbox, self.target.folder.as_deref().into_iter());
        let mut trail = Vec::new();
        let away = standing.confirm(&mut trail).await?;
        ledge.sheet(Sheet { rows: Vec::new(), unreadable: 0, trail }).await?;
        Ok(away)
    }

    /// After a page that failed: ask for less; when there is no less, give up on this stretch.
    fn smaller(&mut self, last: Option<UtcInstant>, fault: Fault) -> Query {
        if self.size > 1 {
            self.size = (self.size / STEP).max(1);
            return Query::Smaller { last };
        }
        Query::Fails { last, why: Why::Fault(fault) }
    }

    /// The service's count belongs to the whole window; that of a part would mislead.
    fn count(&mut self, window: Window, page: &Page<wire::Message>) {
        if window == self.target.window && self.listing.expected.is_none() {
            self.listing.expected = page.count;
        }
    }

    fn ask(&self, window: Window) -> Ask {
        let property = self.target.field.property();
        let within = self.target.folder.iter().flat_map(|folder| ["mailFolders", folder]);
        let path = ["users", self.target.mailbox.as_str()].into_iter().chain(within).chain(["messages"]);
        let select =
            self.target.folder.as_ref().map_or_else(|| format!("id,parentFolderId,{property}"), |_| SELECT.into());
        let mut ask = Ask::new(Lane::Mailbox(self.target.mailbox.clone()), Purpose::List, path)
            .query("$select", select)
            .query("$orderby", format!("{property} asc"))
            .page_size(self.size);
        if let Some(filter) = filter(self.target.field, window) {
            ask = ask.query("$filter", filter);
        }
        if self.manner != Manner::Plain {
            ask = ask.query("$count", "true");
        }
        if self.manner == Manner::Full {
            ask = ask.query("$expand", EXTRA);
        }
        ask
    }

    /// Turns a page into rows, keeping to the window even where the service does not.
    fn sheet(&self, page: Page<wire::Message>, trail: Vec<Exchange>) -> (Sheet, Option<UtcInstant>) {
        let mut sheet = Sheet { rows: Vec::with_capacity(page.items.len()), unreadable: page.unreadable, trail };
        let mut newest = None;
        for message in page.items {
            match date_of(&message, self.target.field) {
                Some(at) if !self.target.window.contains(at) => {}
                // A message without the date cannot be in a range; without a range it is one like any other.
                None if !self.target.window.is_all() => sheet.unreadable += 1,
                at => {
                    newest = newest.max(at);
                    sheet.rows.push(message);
                }
            }
        }
        (sheet, newest)
    }

    /// The two halves of a stretch that fails; `None` when it is too small to halve.
    fn halves(&self, window: Window) -> Option<(Window, Window)> {
        let from = window.from().map_or(EPOCH, UtcInstant::millis);
        let to = window.to().unwrap_or(self.target.now).millis();
        let middle = UtcInstant::from_millis(from + (to - from) / 2)?;
        if to - from < 2 {
            return None;
        }
        let early = Window::new(window.from(), Some(middle))?;
        let late = Window::new(Some(middle), window.to())?;
        Some((early, late))
    }
}

/// The date of a message that a range is about.
pub(super) fn date_of(message: &wire::Message, field: DateField) -> Option<UtcInstant> {
    let text = match field {
        DateField::Received => &message.received_date_time,
        DateField::Sent => &message.sent_date_time,
        DateField::Created => &message.created_date_time,
        DateField::Modified => &message.last_modified_date_time,
    };
    text.as_deref().and_then(|text| UtcInstant::parse(text).ok())
}

/// The window as the service understands it; `None` when everything is meant.
pub(super) fn filter(field: DateField, window: Window) -> Option<String> {
    let property = field.property();
    let bound = |op: &str, at: Option<UtcInstant>| at.map(|at| format!("{property} {op} {}", at.odata()));
    let bounds: Vec<String> = [bound("ge", window.from()), bound("lt", window.to())].into_iter().flatten().collect();
    (!bounds.is_empty()).then(|| bounds.join(" and "))
}

/// How one query ended.
enum Query {
    /// No further page.
    Ended { last: Option<UtcInstant>, new: u64 },
    /// Go on from this date with a new query.
    Anchor { last: UtcInstant },
    /// Go on from this date with smaller pages.
    Smaller { last: Option<UtcInstant> },
    /// No page from here on can be had.
    Fails { last: Option<UtcInstant>, why: Why },
}

/// Faults that a smaller page may cure: a gateway that timed out, a page spoilt by one corrupt item.
const fn asks_for_less(fault: &Fault) -> bool {
    match fault.kind {
        FaultKind::AskLess | FaultKind::Unrenderable => true,
        // A service that answers, but always with its own failure.
        FaultKind::Unavailable => fault.status.is_some(),
        FaultKind::SignIn(_)
        | FaultKind::Denied
        | FaultKind::Gone
        | FaultKind::NoMailbox
        | FaultKind::NotFound
        | FaultKind::Refused
        | FaultKind::Throttled
        | FaultKind::Foreign
        | FaultKind::NotGraph
        | FaultKind::Tls
        | FaultKind::Local(_) => false,
    }
}

/// A message of a page as a row of the list.
pub(super) fn listed(message: wire::Message, mailbox_id: u64, folder_id: u64, pass: u32) -> Listed {
    let utc = |text: Option<String>| text.and_then(|text| UtcInstant::parse(&text).ok());
    Listed {
        mailbox_id,
        folder_id,
        pass,
        change_key: message.version().map(str::to_owned),
        store_bytes: message.store_size(),
        item_class: message.message_class().map(str::to_owned),
        graph_id: message.id,
        internet_message_id: message.internet_message_id,
        received_utc: utc(message.received_date_time),
        sent_utc: utc(message.sent_date_time),
        created_utc: utc(message.created_date_time),
        modified_utc: utc(message.last_modified_date_time),
        subject: message.subject,
        is_draft: message.is_draft.unwrap_or(false),
    }
}
