//! Which messages a list request means, and one page of them, without walking over the others.
//!
//! A folder is a few strands, each sorted by date: mail from files and runs of generated mail. A date range is a
//! slice of each strand; a page is found by bisecting over time and merging from there.

use std::borrow::Cow;

use crate::simulator::shifts::{self, Shifted};
use crate::simulator::tenant::{Item, Mailbox, Synthetic};
use crate::terms::{DateField, UtcInstant};

use super::filter::{Filter, Literal, Op};

/// A half-open range of milliseconds since 1970 for one date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) field: DateField,
    pub(super) from: i64,
    pub(super) to: i64,
}

/// The dates a filter asks about, and what else it demands.
#[derive(Debug, Default)]
pub(super) struct Wanted<'a> {
    pub(super) spans: Vec<Span>,
    pub(super) rest: Vec<&'a Filter>,
}

/// The date behind a property name.
pub(super) fn date_field(property: &str) -> Option<DateField> {
    let fields = [DateField::Received, DateField::Sent, DateField::Created, DateField::Modified];
    fields.into_iter().find(|field| field.property().eq_ignore_ascii_case(property))
}

impl<'a> Wanted<'a> {
    /// Splits a filter into date ranges and the rest.
    pub(super) fn of(filter: Option<&'a Filter>) -> Self {
        let mut wanted = Self::default();
        for condition in filter.map(Filter::conditions).unwrap_or_default() {
            match condition {
                Filter::Compare(name, op, Literal::Instant(at)) if *op != Op::Ne => match date_field(name) {
                    Some(field) => wanted.spans.push(span(field, *op, *at)),
                    None => wanted.rest.push(condition),
                },
                other => wanted.rest.push(other),
            }
        }
        wanted
    }
}

fn span(field: DateField, op: Op, at: UtcInstant) -> Span {
    // The smallest number stands for "no date", which no comparison finds.
    let (least, most) = (i64::MIN + 1, i64::MAX);
    let at = at.millis();
    let (from, to) = match op {
        Op::Ge => (at, most),
        Op::Gt => (at + 1, most),
        Op::Le => (least, at + 1),
        Op::Lt => (least, at),
        Op::Eq | Op::Ne => (at, at + 1),
    };
    Span { field, from, to }
}

enum Strand<'a> {
    /// Mail from files.
    Mail(Cow<'a, [u32]>),
    /// A slice of a run of generated mail: batch, first index, end.
    Made(&'a Synthetic, usize, u64, u64),
    /// Single items, sorted by the order's date.
    Picked(Vec<Item>),
}

/// The messages that a request means, in order of one date.
pub(super) struct Listing<'a> {
    mailbox: &'a Mailbox,
    order: DateField,
    strands: Vec<Strand<'a>>,
}

impl<'a> Listing<'a> {
    /// The messages of some folders that pass; `test` decides about what dates cannot.
    pub(super) fn new(
        mailbox: &'a Mailbox,
        shifted: Option<&Shifted>,
        folders: &[usize],
        wanted: &Wanted<'_>,
        order: DateField,
        test: &dyn Fn(Item) -> bool,
    ) -> Self {
        let mut listing = Self { mailbox, order, strands: Vec::new() };
        let tested = !wanted.rest.is_empty();
        if let Some(shifted) = shifted {
            // Somebody has moved things: item by item, which is slow and right.
            let items = folders.iter().flat_map(|at| shifts::items(mailbox, *at, shifted));
            let mut picked: Vec<Item> =
                items.filter(|item| listing.within(*item, &wanted.spans) && (!tested || test(*item))).collect();
            picked.sort_by_key(|item| (listing.date(*item), *item));
            listing.strands.push(Strand::Picked(picked));
            return listing;
        }
        for folder in folders.iter().filter_map(|at| mailbox.folders.get(*at)) {
            let sorted = folder.by_date.get(slot(order)).map(Vec::as_slice).unwrap_or_default();
            listing.add_mail(sorted, wanted, tested.then_some(test));
            for (batch, made) in folder.batches.iter().filter_map(|batch| Some((*batch, mailbox.batches.get(*batch)?)))
            {
                let mut range = (0, made.count);
                for span in &wanted.spans {
                    range.0 = range.0.max(made.rank(span.field, span.from));
                    range.1 = range.1.min(made.rank(span.field, span.to));
                }
                if range.0 >= range.1 {
                    continue;
                }
                listing.strands.push(if tested {
                    let items = candidates(made, wanted, range).map(|n| Item::Made(batch, n));
                    Strand::Picked(items.filter(|item| test(*item)).collect())
                } else {
                    Strand::Made(made, batch, range.0, range.1)
                });
            }
        }
        listing
    }

    fn add_mail(&mut self, sorted: &'a [u32], wanted: &Wanted<'_>, test: Option<&dyn Fn(Item) -> bool>) {
        let mut slice = sorted;
        let mut others = Vec::new();
        for span in &wanted.spans {
            if span.field == self.order {
                let start = slice.partition_point(|n| self.date(Item::Mail(*n as usize)) < span.from);
                let end = slice.partition_point(|n| self.date(Item::Mail(*n as usize)) < span.to);
                slice = slice.get(start..end.max(start)).unwrap_or_default();
            } else {
                others.push(*span);
            }
        }
        if others.is_empty() && test.is_none() {
            self.strands.push(Strand::Mail(Cow::Borrowed(slice)));
            return;
        }
        let within = |n: u32, span: &Span| {
            let date = self.mailbox.mail.get(n as usize).and_then(|mail| mail.dates.get(span.field));
            date.is_some_and(|date| (span.from..span.to).contains(&date))
        };
        let passes = |n: &u32| {
            others.iter().all(|span| within(*n, span)) && test.is_none_or(|test| test(Item::Mail(*n as usize)))
        };
        let kept = slice.iter().copied().filter(passes).collect();
        self.strands.push(Strand::Mail(Cow::Owned(kept)));
    }

    fn within(&self, item: Item, spans: &[Span]) -> bool {
        let dates = self.mailbox.dates(item);
        let date = |span: &Span| dates.and_then(|dates| dates.get(span.field));
        spans.iter().all(|span| date(span).is_some_and(|date| (span.from..span.to).contains(&date)))
    }

    fn date(&self, item: Item) -> i64 {
        self.mailbox.dates(item).and_then(|dates| dates.get(self.order)).unwrap_or(i64::MIN)
    }

    /// How many there are.
    pub(super) fn total(&self) -> u64 {
        self.strands.iter().map(Strand::len).sum()
    }

    /// Up to `count` items after the first `skip`, oldest or newest first.
    pub(super) fn page(&self, skip: u64, count: u64, newest_first: bool) -> Vec<Item> {
        let total = self.total();
        let count = count.min(total.saturating_sub(skip));
        if count == 0 {
            return Vec::new();
        }
        if !newest_first {
            return self.ascending(skip, count);
        }
        let mut items = self.ascending(total - skip - count, count);
        items.reverse();
        items
    }

    fn ascending(&self, skip: u64, count: u64) -> Vec<Item> {
        let mut at = self.start(skip);
        let mut items = Vec::new();
        while u64::try_from(items.len()).is_ok_and(|have| have < count) {
            let next = self.strands.iter().zip(&at).enumerate().filter_map(|(s, (strand, k))| {
                let item = strand.item(*k)?;
                Some((self.date(item), s, item))
            });
            let Some((_, s, item)) = next.min() else { break };
            if let Some(k) = at.get_mut(s) {
                *k += 1;
            }
            items.push(item);
        }
        items
    }

    /// For each strand how many of its items are among the first `skip`.
    fn start(&self, skip: u64) -> Vec<u64> {
        if let [_] = self.strands.as_slice() {
            return vec![skip];
        }
        let before = |millis: i64| self.strands.iter().map(move |strand| self.rank(strand, millis));
        // The latest moment before which no more than `skip` items lie.
        let (mut low, mut high) = (i64::MIN, i64::MAX);
        while low < high {
            let middle = i64::midpoint(low, high).max(low + 1);
            if before(middle).sum::<u64>() <= skip { low = middle } else { high = middle - 1 }
        }
        let mut at: Vec<u64> = before(low).collect();
        let mut rest = skip - at.iter().sum::<u64>().min(skip);
        // Items of one and the same moment follow each other strand by strand.
        for (strand, k) in self.strands.iter().zip(&mut at) {
            let ties = self.rank(strand, low.saturating_add(1)).saturating_sub(*k).min(rest);
            *k += ties;
            rest -= ties;
        }
        at
    }

    fn rank(&self, strand: &Strand<'_>, millis: i64) -> u64 {
        let count = |n: usize| u64::try_from(n).unwrap_or_default();
        match strand {
            Strand::Mail(items) => count(items.partition_point(|n| self.date(Item::Mail(*n as usize)) < millis)),
            Strand::Made(made, _, from, to) => made.rank(self.order, millis).clamp(*from, *to) - from,
            Strand::Picked(items) => count(items.partition_point(|item| self.date(*item) < millis)),
        }
    }
}

/// The generated messages that may pass: one, where the Message-ID is asked for; else all in the range.
fn candidates(made: &Synthetic, wanted: &Wanted<'_>, range: (u64, u64)) -> Box<dyn Iterator<Item = u64>> {
    let id = wanted.rest.iter().find_map(|condition| match condition {
        Filter::Compare(name, Op::Eq, Literal::Text(id)) if name == "internetMessageId" => Some(id),
        _ => None,
    });
    match id {
        Some(id) => Box::new(made.find(id).into_iter().filter(move |n| (range.0..range.1).contains(n))),
        None => Box::new(range.0..range.1),
    }
}

impl Strand<'_> {
    fn len(&self) -> u64 {
        match self {
            Self::Mail(items) => u64::try_from(items.len()).unwrap_or_default(),
            Self::Made(_, _, from, to) => to - from,
            Self::Picked(items) => u64::try_from(items.len()).unwrap_or_default(),
        }
    }

    fn item(&self, k: u64) -> Option<Item> {
        match self {
            Self::Mail(items) => items.get(usize::try_from(k).ok()?).map(|n| Item::Mail(*n as usize)),
            Self::Made(_, batch, from, to) => (k < to - from).then(|| Item::Made(*batch, from + k)),
            Self::Picked(items) => items.get(usize::try_from(k).ok()?).copied(),
        }
    }
}

/// Where a folder keeps the list sorted by this date.
const fn slot(field: DateField) -> usize {
    match field {
        DateField::Received => 0,
        DateField::Sent => 1,
        DateField::Created => 2,
        DateField::Modified => 3,
    }
}
