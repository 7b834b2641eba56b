//! From what each step showed to a verdict. Pure: no questions, no words for people beyond short notes.
//!
//! Exchange hides what a delegate may not see behind several answers (403, 404 with codes that also mean
//! "no permission"), and an empty answer proves nothing; so a verdict needs something that was read.

use super::Verdict;
use crate::terms::AccessBasis;

/// What the inbox is called among the folders tried.
pub(super) const INBOX: &str = "Inbox";

/// What one step showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// It answered; so many entries came.
    Read(usize),
    /// 403.
    Denied,
    /// 404 or the like: not there, or hidden.
    Absent {
        /// The code in lower case.
        code: String,
    },
    /// The service says that there is no mailbox.
    NoMailbox,
    /// It could not be found out now.
    Unclear,
}

impl Seen {
    const fn is_read(&self) -> bool {
        matches!(self, Self::Read(_))
    }

    const fn is_closed(&self) -> bool {
        matches!(self, Self::Denied | Self::Absent { .. })
    }
}

/// One folder whose messages were asked for.
#[derive(Debug, Clone)]
pub(super) struct Tried {
    /// What people call it.
    pub(super) name: String,
    /// What came.
    pub(super) seen: Seen,
    /// How many items the folder says it holds, where that is known.
    pub(super) holds: u64,
}

impl Tried {
    /// Whether the folder may not exist. Every mailbox has an inbox: one that is not found is hidden.
    fn may_not_exist(&self) -> bool {
        let not_found = ["erroritemnotfound", "errorfoldernotfound", "itemnotfound"];
        match &self.seen {
            Seen::Absent { code } => not_found.contains(&code.as_str()) && self.name != INBOX,
            Seen::Read(_) | Seen::Denied | Seen::NoMailbox | Seen::Unclear => false,
        }
    }
}

/// Everything that was seen of one mailbox.
#[derive(Debug, Clone)]
pub(super) struct Evidence {
    /// The root folder.
    pub(super) root: Seen,
    /// The list of folders.
    pub(super) folders: Seen,
    /// The lists below some of them, by folder.
    pub(super) children: Vec<Tried>,
    /// The first message of each well-known folder.
    pub(super) known: Vec<Tried>,
    /// Recoverable Items, which nobody can share folder by folder in Outlook.
    pub(super) recoverable: Seen,
    /// The first message of folders that say they hold some.
    pub(super) samples: Vec<Tried>,
    /// How many more folders hold items and were not tried.
    pub(super) untried: u64,
    /// One message read whole; `None` when no folder showed one.
    pub(super) message: Option<Seen>,
}

impl Evidence {
    /// Whether any step says that there is no mailbox: a collection would meet the same answer.
    fn says_no_mailbox(&self) -> bool {
        let tried = self.known.iter().chain(&self.children).chain(&self.samples).map(|tried| &tried.seen);
        let steps = [&self.root, &self.folders, &self.recoverable].into_iter().chain(tried).chain(&self.message);
        steps.into_iter().any(|seen| *seen == Seen::NoMailbox)
    }
}

/// Whose mailbox it is to the signed-in account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Its own.
    Own,
    /// Somebody else's.
    Other,
}

/// A verdict with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Conclusion {
    pub(super) verdict: Verdict,
    pub(super) basis: Option<AccessBasis>,
    /// Folders of which something was read.
    pub(super) readable: Vec<String>,
    /// Folders that stayed closed.
    pub(super) closed: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// Weighs the evidence.
pub(super) fn conclude(evidence: &Evidence, whose: Whose) -> Conclusion {
    let tried = || evidence.known.iter().chain(&evidence.samples);
    let all = || evidence.children.iter().chain(tried());
    let readable = names(tried().filter(|tried| tried.seen.is_read()));
    let mut notes = Vec::new();
    let mut closed = names(all().filter(|tried| tried.seen.is_closed()));
    let tree = evidence.root.is_read() && evidence.folders.is_read();
    let unclear = [&evidence.root, &evidence.folders]
        .into_iter()
        .chain(all().map(|tried| &tried.seen))
        .any(|seen| *seen == Seen::Unclear);

    if tree && evidence.recoverable.is_read() {
        // With the whole tree and Recoverable Items open, a well-known folder that is not found does not exist.
        let absent = names(evidence.known.iter().filter(|tried| tried.may_not_exist()));
        closed.retain(|name| !absent.contains(name));
        notes.extend(absent.iter().map(|name| format!("there is no folder {name} in this mailbox")));
    }
    let listed = if says_no_mailbox(evidence, whose) {
        Verdict::NoMailbox
    } else if readable.is_empty() {
        if unclear { Verdict::Unknown } else { Verdict::Denied }
    } else if !tree || !closed.is_empty() {
        Verdict::Partial
    } else if unclear {
        Verdict::Unknown
    } else {
        Verdict::Ready
    };
    let verdict = as_far_as_messages_open(listed, evidence.message.as_ref());
    if verdict == Verdict::Ready {
        notes.extend(recoverable_note(&evidence.recoverable, whose));
        notes.extend(empty_note(evidence));
        notes.extend(untried_note(evidence.untried));
    }
    notes.extend(message_note(listed, evidence.message.as_ref()));
    if verdict == Verdict::NoMailbox && !readable.is_empty() {
        notes
            .push("some folders could be read all the same: the service contradicts itself, so check again".to_owned());
    }
    let basis = match (verdict, whose) {
        (Verdict::Ready | Verdict::Partial, Whose::Own) => Some(AccessBasis::Myself),
        (Verdict::Ready, Whose::Other) => Some(AccessBasis::FullAccess),
        (Verdict::Partial, Whose::Other) => Some(AccessBasis::FolderShare),
        _ => None,
    };
    Conclusion { verdict, basis, readable, closed, notes }
}

/// What is listed and cannot be read cannot be collected.
fn as_far_as_messages_open(listed: Verdict, message: Option<&Seen>) -> Verdict {
    match (listed, message) {
        (Verdict::Ready | Verdict::Partial, Some(Seen::Denied)) => Verdict::Denied,
        (Verdict::Ready | Verdict::Partial, Some(Seen::Absent { .. } | Seen::NoMailbox | Seen::Unclear)) => {
            Verdict::Unknown
        }
        (verdict, _) => verdict,
    }
}

fn message_note(listed: Verdict, message: Option<&Seen>) -> Option<String> {
    let note = match (listed, message) {
        (Verdict::Ready | Verdict::Partial, None) => "no message was found that could be read whole as a trial",
        (Verdict::Ready | Verdict::Partial, Some(Seen::Read(_))) => return None,
        (Verdict::Ready | Verdict::Partial, Some(_)) => "messages are listed, but none that was tried could be read",
        _ => return None,
    };
    Some(note.to_owned())
}

fn names<'a>(tried: impl Iterator<Item = &'a Tried>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for one in tried {
        if !names.contains(&one.name) {
            names.push(one.name.clone());
        }
    }
    names
}

/// Whether the service says so, in so many words or by not knowing the user whom its directory knows. One's own
/// mailbox cannot be hidden from oneself, so there "not found" means the same.
fn says_no_mailbox(evidence: &Evidence, whose: Whose) -> bool {
    let steps =
        || [&evidence.root, &evidence.folders].into_iter().chain(evidence.known.iter().map(|tried| &tried.seen));
    let unknown_user = |seen: &Seen| match seen {
        Seen::Absent { code } => {
            ["errorinvaliduser", "resourcenotfound", "request_resourcenotfound"].contains(&code.as_str())
        }
        _ => false,
    };
    let hidden = |seen: &Seen| matches!(seen, Seen::Absent { .. });
    let nothing_read = !steps().any(Seen::is_read);
    let own_is_hidden = whose == Whose::Own && hidden(&evidence.root);
    evidence.says_no_mailbox() || (nothing_read && (unknown_user(&evidence.root) || own_is_hidden))
}

fn recoverable_note(recoverable: &Seen, whose: Whose) -> Option<String> {
    let closed = recoverable.is_closed() || *recoverable == Seen::Unclear;
    let other = whose == Whose::Other;
    let weaker = if other {
        "; access is therefore seen a little less clearly: ask the Exchange administrator for `Get-MailboxPermission` where it matters"
    } else {
        ""
    };
    closed.then(|| format!("Recoverable Items could not be opened{weaker}"))
}

/// A very large tree is not tried to its end.
fn untried_note(untried: u64) -> Option<String> {
    (untried > 0).then(|| format!("the mailbox has many folders; {untried} of those seen were not tried one by one"))
}

/// Folders that say they hold items and list none: other kinds of items, or not readable. Said, not judged.
fn empty_note(evidence: &Evidence) -> Option<String> {
    let empty = names(evidence.samples.iter().filter(|tried| tried.seen == Seen::Read(0) && tried.holds > 0));
    let list = empty.join(", ");
    (!empty.is_empty()).then(|| {
        format!("these folders say they hold items but list no message, which may be items of other kinds: {list}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn absent(code: &str) -> Seen {
        Seen::Absent { code: code.to_owned() }
    }

    fn tried(name: &str, seen: Seen) -> Tried {
        Tried { name: name.to_owned(), seen, holds: 3 }
    }

    fn open() -> Evidence {
        Evidence {
            root: Seen::Read(1),
            folders: Seen::Read(9),
            children: vec![tried("Inbox", Seen::Read(2))],
            known: ["inbox", "sentitems", "drafts", "deleteditems"].map(|name| tried(name, Seen::Read(1))).to_vec(),
            recoverable: Seen::Read(1),
            samples: vec![tried("Deal", Seen::Read(1))],
            untried: 0,
            message: Some(Seen::Read(1)),
        }
    }

    fn shut(seen: &Seen) -> Evidence {
        let mut evidence = open();
        (evidence.root, evidence.folders, evidence.recoverable) = (seen.clone(), seen.clone(), seen.clone());
        evidence.known.iter_mut().for_each(|tried| tried.seen = seen.clone());
        (evidence.children, evidence.samples, evidence.message) = (Vec::new(), Vec::new(), None);
        evidence
    }

    fn verdict(evidence: &Evidence, whose: Whose) -> (Verdict, Option<AccessBasis>) {
        let conclusion = conclude(evidence, whose);
        (conclusion.verdict, conclusion.basis)
    }

    #[test]
    fn everything_open_is_consistent_with_full_access_or_ones_own() {
        assert_eq!(verdict(&open(), Whose::Other), (Verdict::Ready, Some(AccessBasis::FullAccess)));
        assert_eq!(verdict(&open(), Whose::Own), (Verdict::Ready, Some(AccessBasis::Myself)));
    }

    #[test]
    fn recoverable_items_that_are_absent_alone_leave_a_note() {
        for seen in [absent("errorfoldernotfound"), Seen::Denied] {
            let conclusion = conclude(&Evidence { recoverable: seen, ..open() }, Whose::Other);
            assert_eq!(conclusion.verdict, Verdict::Ready);
            assert!(conclusion.notes.iter().any(|note| note.contains("Recoverable")));
        }
    }

    #[test]
    fn a_single_shared_folder_is_partial_and_named() {
        let mut evidence = shut(&Seen::Denied);
        evidence.known[0].seen = Seen::Read(1);
        let conclusion = conclude(&evidence, Whose::Other);
        assert_eq!((conclusion.verdict, conclusion.basis), (Verdict::Partial, Some(AccessBasis::FolderShare)));
        assert_eq!(conclusion.readable, ["inbox"]);
        assert_eq!(conclusion.closed, ["sentitems", "drafts", "deleteditems"]);
    }

    #[test]
    fn a_listed_folder_that_cannot_be_read_makes_it_partial() {
        let mut evidence = open();
        evidence.samples.push(tried("Secret", Seen::Denied));
        assert_eq!(conclude(&evidence, Whose::Other).closed, ["Secret"]);
        assert_eq!(verdict(&evidence, Whose::Other).0, Verdict::Partial);
    }

    #[test]
    fn nothing_readable_is_denied_whichever_of_the_four_answers_came() {
        for seen in [Seen::Denied, absent("erroritemnotfound"), absent("errorfoldernotfound"), absent("")] {
            assert_eq!(verdict(&shut(&seen), Whose::Other), (Verdict::Denied, None), "{seen:?}");
        }
        let visible = Evidence { root: Seen::Read(1), folders: Seen::Read(5), ..shut(&Seen::Denied) };
        assert_eq!(verdict(&visible, Whose::Other).0, Verdict::Denied);
    }

    #[test]
    fn no_mailbox_is_told_from_denied() {
        assert_eq!(verdict(&shut(&Seen::NoMailbox), Whose::Other).0, Verdict::NoMailbox);
        assert_eq!(verdict(&shut(&absent("resourcenotfound")), Whose::Other).0, Verdict::NoMailbox);
        assert_eq!(verdict(&shut(&absent("erroritemnotfound")), Whose::Own).0, Verdict::NoMailbox);
    }

    #[test]
    fn what_could_not_be_found_out_is_unknown_not_ready() {
        assert_eq!(verdict(&shut(&Seen::Unclear), Whose::Other).0, Verdict::Unknown);
        let mut evidence = open();
        evidence.known[1].seen = Seen::Unclear;
        assert_eq!(verdict(&evidence, Whose::Other).0, Verdict::Unknown);
    }

    #[test]
    fn a_mailbox_that_is_there_in_one_step_and_not_in_another_is_no_mailbox_and_that_is_said() {
        for at in 0..3 {
            let mut evidence = open();
            let steps = [&mut evidence.known[1].seen, &mut evidence.samples[0].seen, &mut evidence.children[0].seen];
            steps.into_iter().skip(at).take(1).for_each(|seen| *seen = Seen::NoMailbox);
            let conclusion = conclude(&evidence, Whose::Other);
            assert_eq!(conclusion.verdict, Verdict::NoMailbox, "{at}");
            assert!(conclusion.notes.iter().any(|note| note.contains("contradicts")), "{at}");
        }
    }

    #[test]
    fn an_absent_drafts_folder_is_a_note_when_everything_else_is_open_and_a_gap_otherwise() {
        let mut evidence = open();
        evidence.known[2].seen = absent("erroritemnotfound");
        assert_eq!(verdict(&evidence, Whose::Other).0, Verdict::Ready);
        evidence.recoverable = absent("erroritemnotfound");
        assert_eq!(verdict(&evidence, Whose::Other).0, Verdict::Partial);
    }

    fn any_seen() -> impl proptest::strategy::Strategy<Value = Seen> {
        use proptest::prelude::*;
        prop_oneof![
            3 => Just(Seen::Read(1)),
            1 => Just(Seen::Denied),
            1 => Just(absent("erroritemnotfound")),
            1 => Just(absent("errorinvaliduser")),
            1 => Just(Seen::NoMailbox),
            1 => Just(Seen::Unclear),
        ]
    }

    proptest::proptest! {
        #[test]
        fn ready_means_that_everything_a_collection_needs_was_read(
            seen in proptest::collection::vec(any_seen(), 9),
            message in proptest::option::of(any_seen()),
            own in proptest::bool::ANY,
        ) {
            let mut evidence = Evidence { message, ..open() };
            evidence.known[0].name = INBOX.to_owned();
            let steps = evidence.known.iter_mut().map(|tried| &mut tried.seen);
            let steps = steps.chain([&mut evidence.root, &mut evidence.folders, &mut evidence.recoverable]);
            steps.chain([&mut evidence.children[0].seen, &mut evidence.samples[0].seen]).zip(&seen).for_each(|(step, seen)| {
                step.clone_from(seen);
            });
            let conclusion = conclude(&evidence, if own { Whose::Own } else { Whose::Other });
            if conclusion.verdict == Verdict::Ready {
                let needed = [&evidence.root, &evidence.folders, &evidence.known[0].seen, &evidence.children[0].seen, &evidence.samples[0].seen];
                proptest::prop_assert!(needed.into_iter().chain(&evidence.message).all(Seen::is_read), "{evidence:?}");
                proptest::prop_assert!(!evidence.known.iter().any(|tried| tried.seen == Seen::Denied), "{evidence:?}");
            }
            proptest::prop_assert_eq!(conclusion.basis.is_some(), matches!(conclusion.verdict, Verdict::Ready | Verdict::Partial));
        }
    }

    #[test]
    fn what_is_listed_and_cannot_be_read_is_never_ready() {
        for (message, verdict) in [
            (Some(Seen::Denied), Verdict::Denied),
            (Some(absent("erroritemnotfound")), Verdict::Unknown),
            (Some(Seen::Unclear), Verdict::Unknown),
            (None, Verdict::Ready),
        ] {
            let conclusion = conclude(&Evidence { message, ..open() }, Whose::Other);
            assert_eq!((conclusion.verdict, conclusion.notes.len()), (verdict, 1));
            assert_eq!(conclusion.basis.is_some(), verdict == Verdict::Ready);
        }
    }

    #[test]
    fn a_folder_that_holds_items_and_lists_none_is_mentioned() {
        let mut evidence = open();
        evidence.samples[0].seen = Seen::Read(0);
        assert!(conclude(&evidence, Whose::Other).notes.iter().any(|note| note.contains("Deal")));
    }
}
