//! Schedules of faults drawn at random, and what each may cost.

use super::draw::Draw;

/// What a fault may do to a run at the worst.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cost {
    /// Time, and nothing else.
    Nothing,
    /// Single items: missing or rebuilt, with one of these codes.
    Items(&'static [&'static str]),
    /// Part of a list, which is then said to be broken.
    Lists,
    /// The run pauses with one of these exit codes and goes on when the fault is over.
    Pause(&'static [i32]),
}

use Cost::{Items, Lists, Nothing, Pause};

const REBUILT: Cost = Items(&["mime_unavailable"]);

/// `%` is drawn too: the share of resources that is struck.
const FAULTS: &[(&str, Cost)] = &[
    ("throttle:every=30", Nothing),
    ("throttle:every=45:retry-after=date", Nothing),
    ("throttle:every=50:retry-after=float", Nothing),
    ("concurrency:every=40:retry-after=none", Nothing),
    ("busy:every=60", Nothing),
    ("any-500:rate=%", Nothing),
    ("any-502:rate=%", Nothing),
    ("any-503:rate=%", Nothing),
    ("any-504:rate=%", Nothing),
    ("inner-error:rate=%", Nothing),
    ("odd-case:rate=%", Nothing),
    ("bad-request:rate=%", Nothing),
    ("io-error:rate=%", Nothing),
    ("cut-body:rate=%", Nothing),
    ("cut-json:rate=%", Nothing),
    ("broken-promise:rate=%", Nothing),
    ("reset:rate=%", Nothing),
    ("html:rate=%", Nothing),
    ("html-503:rate=%", Nothing),
    ("value-html:rate=%", Nothing),
    ("redirect:rate=%", Nothing),
    ("rejected:once", Nothing),
    ("token-expire:after=30", Nothing),
    ("too-many-objects:rate=%", Nothing),
    ("attachment-gone:rate=%", Nothing),
    ("contents-503", Nothing),
    ("value-403:rate=%", Nothing),
    ("value-404:rate=%", Nothing),
    ("empty-404:rate=%", Nothing),
    ("list-503:above=50", Nothing),
    ("list-504:above=100", Nothing),
    ("empty-page:rate=%", Nothing),
    ("short-page", Nothing),
    ("no-link:once", Nothing),
    ("same-link:once", Nothing),
    ("userless-link:once", Nothing),
    ("lost-user:once", Nothing),
    ("shift:once", Nothing),
    ("twice", Nothing),
    ("wrong-size", Nothing),
    ("drift", Nothing),
    ("units", Nothing),
    ("capitals", Nothing),
    ("other-message-id", Nothing),
    ("no-flag", Nothing),
    ("control-character:rate=%", Nothing),
    ("surrogate:rate=%", Nothing),
    ("settings-403", Nothing),
    ("edit:rate=%", Nothing),
    ("moved:rate=%", Items(&["gone"])),
    ("smime-500:rate=%", REBUILT),
    ("corrupt:rate=%", REBUILT),
    ("no-structure:rate=%", REBUILT),
    ("old-recipients:ids=3", REBUILT),
    ("body-unreadable:rate=%", REBUILT),
    ("vanish:rate=%:after=25", Items(&["gone"])),
    ("foreign-id:rate=%:after=25", Items(&["not_accessible"])),
    ("ole:rate=%", Nothing),
    ("bad-item:rate=0.02", Lists),
    ("folder-gone:rate=%:after=4", Lists),
    ("wrong-count", Lists),
    ("token-revoke:after=40:once", Pause(&[4])),
    ("denied:after=60", Pause(&[5])),
    ("mailbox-gone:after=60", Pause(&[5])),
    ("licence-gone:after=60", Pause(&[5])),
    ("foreign-link:once", Pause(&[1, 5])),
    ("token-error:after=1:code=50173", Pause(&[4])),
];

/// Faults at one time.
pub(super) struct Schedule {
    pub(super) text: String,
    pub(super) costs: Vec<Cost>,
}

impl Schedule {
    /// None up to six faults; each at most once.
    pub(super) fn drawn(draw: &mut Draw) -> Self {
        let mut taken: Vec<(&str, Cost)> = Vec::new();
        for _ in 0..draw.below(7) {
            let drawn = *draw.pick(FAULTS);
            if !taken.contains(&drawn) {
                taken.push(drawn);
            }
        }
        // One request meets one fault, the first that strikes: what closes a mailbox comes before what adorns its answers.
        taken.sort_by_key(|(_, cost)| !matches!(cost, Pause(_)));
        let text = taken.iter().map(|(fault, _)| fault.replace('%', ["0.02", "0.1", "0.3"][draw.below(3)]));
        let text = text.collect::<Vec<_>>().join(" ");
        Self { text, costs: taken.iter().map(|(_, cost)| *cost).collect() }
    }

    /// Whether items or lists may be damaged for good.
    pub(super) fn spoils(&self) -> bool {
        self.costs.iter().any(|cost| matches!(cost, Items(_) | Lists))
    }

    /// Whether lists may be broken.
    pub(super) fn breaks_lists(&self) -> bool {
        self.costs.contains(&Lists)
    }

    /// Whether a run under it may stop with this exit code.
    pub(super) fn may_pause_with(&self, exit: i32) -> bool {
        self.costs.iter().any(|cost| matches!(cost, Pause(exits) if exits.contains(&exit)))
    }

    /// Whether an item may be missing or rebuilt with this code.
    pub(super) fn may_cost_items(&self, code: &str) -> bool {
        self.costs.iter().any(|cost| matches!(cost, Items(codes) if codes.contains(&code)))
    }
}
