//! What a mailbox is for, in the service's own word: `mailboxSettings/userPurpose`.
//!
//! A delegated session may normally ask it of its own mailbox only. A refusal is therefore no finding: it is counted,
//! and after a row of them the others are not asked. It must not list or choose anybody.

use futures_util::stream::{self, StreamExt as _};
use serde_json::Value;

use super::expect::{KindFrom, MailboxState};
use super::person::Person;
use crate::graph::{Ask, Fault, FaultKind, Graph, Lane};
use crate::terms::{MailboxKind, ObjectId, Purpose};

/// The scope that this takes (Graph, "user: mailboxSettings").
pub const PURPOSE_SCOPE: &str = "MailboxSettings.Read";
/// How many mailboxes are asked side by side.
const SIDE_BY_SIDE: usize = 8;
/// Refusals for other people's mailboxes, without one answer between them, after which asking on is pointless.
const ENOUGH_REFUSALS: u64 = 25;

/// What became of the questions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PurposesAsked {
    /// Answered.
    pub answered: u64,
    /// Refused, as is normal for mailboxes of others.
    pub refused: u64,
    /// The service says that there is no mailbox it can reach.
    pub without_mailbox: u64,
    /// Not answered for another reason.
    pub failed: u64,
    /// Not asked, because nothing but refusals came.
    pub not_asked: u64,
}

/// Asks what mailboxes are for, and remembers how that went.
pub(super) struct Purposes {
    own: ObjectId,
    /// Whether anybody else's mailbox ever answered.
    others_answer: bool,
    refused_others: u64,
    pub(super) asked: PurposesAsked,
}

enum Answer {
    Word(String),
    Refused,
    NoMailbox,
    Failed,
}

impl Purposes {
    pub(super) fn new(own: ObjectId) -> Self {
        Self { own, others_answer: false, refused_others: 0, asked: PurposesAsked::default() }
    }

    /// Asks for everybody here who may have a mailbox, and notes what the answers say.
    pub(super) async fn look(&mut self, graph: &Graph, people: &mut [Person]) -> Result<(), Fault> {
        let may_have = |person: &Person| !matches!(person.mailbox.state, MailboxState::Guest | MailboxState::None);
        let ids = people.iter().enumerate().filter(|(_, person)| may_have(person));
        let ids: Vec<(usize, ObjectId)> = ids.map(|(at, person)| (at, person.id.clone())).collect();
        let mut left = ids.len() as u64;
        let answers = ids.into_iter().map(|(at, id)| async move { (at, ask(graph, id).await) });
        let mut answers = stream::iter(answers).buffered(SIDE_BY_SIDE);
        while left > 0 && !self.is_pointless() {
            let Some((at, answer)) = answers.next().await else { break };
            left -= 1;
            if let Some(person) = people.get_mut(at) {
                self.note(person, answer?);
            }
        }
        self.asked.not_asked += left;
        Ok(())
    }

    const fn is_pointless(&self) -> bool {
        !self.others_answer && self.refused_others >= ENOUGH_REFUSALS
    }

    fn note(&mut self, person: &mut Person, answer: Answer) {
        let other = person.id != self.own;
        match answer {
            Answer::Word(word) => {
                self.asked.answered += 1;
                self.others_answer |= other;
                person.take_purpose(&word);
            }
            Answer::Refused => {
                self.asked.refused += 1;
                self.refused_others += u64::from(other);
            }
            Answer::NoMailbox => {
                self.asked.without_mailbox += 1;
                self.others_answer |= other;
                person.take_absence();
            }
            Answer::Failed => self.asked.failed += 1,
        }
    }
}

async fn ask(graph: &Graph, id: ObjectId) -> Result<Answer, Fault> {
    let path = ["users", id.as_str(), "mailboxSettings", "userPurpose"];
    let ask = Ask::new(Lane::Mailbox(id.clone()), Purpose::Other, path);
    match graph.get::<Value>(&ask).await {
        Ok(answer) => Ok(word(&answer.value).map_or(Answer::Failed, Answer::Word)),
        Err(fault) if fault.is_total() => Err(fault),
        Err(fault) => Ok(match fault.kind {
            FaultKind::Denied => Answer::Refused,
            FaultKind::NoMailbox => Answer::NoMailbox,
            _ => Answer::Failed,
        }),
    }
}

/// The word in any of the shapes that are sent: a plain string, or an object around it.
fn word(answer: &Value) -> Option<String> {
    match answer {
        Value::String(word) => Some(word.trim().to_ascii_lowercase()).filter(|word| !word.is_empty()),
        Value::Object(members) => members.get("value").or_else(|| members.get("userPurpose")).and_then(word),
        _ => None,
    }
}

impl Person {
    /// Takes the service's word for what the mailbox is for; its settings could be read, so there is a mailbox.
    fn take_purpose(&mut self, word: &str) {
        let (kind, what) = match word {
            "user" => (MailboxKind::User, "a person's mailbox"),
            "linked" => (MailboxKind::User, "a person's mailbox, linked to an account elsewhere"),
            "shared" => (MailboxKind::Shared, "a shared mailbox"),
            "room" => (MailboxKind::Room, "a room's mailbox"),
            "equipment" => (MailboxKind::Equipment, "an equipment mailbox"),
            // `others`, `unknown`, `unknownFutureValue` and whatever comes: the service does not say.
            _ => return,
        };
        let mailbox = &mut self.mailbox;
        mailbox.kind = kind;
        mailbox.kind_from = Some(KindFrom::UserPurpose);
        let a_persons_own = kind == MailboxKind::User;
        if self.account_enabled == Some(false) {
            let usual = if a_persons_own { "perhaps a leaver" } else { "as is usual" };
            mailbox.state = if a_persons_own { MailboxState::DisabledAccount } else { MailboxState::Likely };
            mailbox.reason = Some(format!("{what}; its account is disabled, {usual}"));
        } else if mailbox.state != MailboxState::Likely || !a_persons_own {
            mailbox.state = MailboxState::Likely;
            mailbox.reason = Some(what.to_owned());
        }
    }

    /// Takes the service's word that there is no mailbox it can reach.
    fn take_absence(&mut self) {
        const SAID: &str = "the service, asked for its settings, knows no mailbox it can reach";
        let mailbox = &mut self.mailbox;
        match mailbox.state {
            MailboxState::Likely | MailboxState::Unknown => {
                mailbox.state = MailboxState::None;
                mailbox.reason = Some(SAID.to_owned());
            }
            MailboxState::DisabledAccount | MailboxState::Unlicensed | MailboxState::OnPremises => {
                let before = mailbox.reason.take().map(|reason| format!("{reason}; ")).unwrap_or_default();
                mailbox.reason = Some(format!("{before}{SAID}"));
            }
            MailboxState::None | MailboxState::Guest => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(json: &str) -> Person {
        Person::from_user(&serde_json::from_str(json).expect("a user")).expect("an id")
    }

    #[test]
    fn the_word_is_found_in_every_shape_it_is_sent_in() {
        for (json, want) in [
            (r#""shared""#, Some("shared")),
            (r#"{"value":"Shared"}"#, Some("shared")),
            (r#"{"@odata.context":"c","value":"room"}"#, Some("room")),
            (r#"{"userPurpose":{"value":"user"}}"#, Some("user")),
            (r#"{"userPurpose":"linked"}"#, Some("linked")),
            (r#"{"value":null}"#, None),
            ("[]", None),
            (r#""""#, None),
        ] {
            assert_eq!(word(&serde_json::from_str(json).expect("JSON")).as_deref(), want, "{json}");
        }
    }

    #[test]
    fn the_word_settles_kind_and_state_and_what_is_no_answer_changes_nothing() {
        let shared = r#"{"id":"1","mail":"a@x","accountEnabled":false,"assignedPlans":[]}"#;
        let mut taken = person(shared);
        taken.take_purpose("shared");
        assert_eq!((taken.mailbox.kind, taken.mailbox.state), (MailboxKind::Shared, MailboxState::Likely));
        assert_eq!(taken.mailbox.kind_from, Some(KindFrom::UserPurpose));
        let mut leaver = person(shared);
        leaver.take_purpose("user");
        assert_eq!((leaver.mailbox.kind, leaver.mailbox.state), (MailboxKind::User, MailboxState::DisabledAccount));
        for word in ["others", "unknownfuturevalue", "spaceship"] {
            let mut same = person(shared);
            same.take_purpose(word);
            assert_eq!(same, person(shared), "{word}");
        }
    }

    #[test]
    fn a_mailbox_that_the_service_does_not_know_is_not_likely_any_more() {
        let mut gone = person(r#"{"id":"1","mail":"a@x"}"#);
        gone.take_absence();
        assert_eq!(gone.mailbox.state, MailboxState::None);
        let mut unlicensed = person(r#"{"id":"1","mail":"a@x","assignedPlans":[]}"#);
        unlicensed.take_absence();
        assert_eq!(unlicensed.mailbox.state, MailboxState::Unlicensed);
        assert!(unlicensed.mailbox.reason.is_some_and(|reason| reason.contains("plan") && reason.contains("asked")));
    }
}
