//! What is said about a listing beside it: how the numbers add up, and what could not be seen.

use super::super::desk::Desk;
use super::super::show::number;
use crate::directory::{ExactAlias, Listed, MailboxState, PURPOSE_SCOPE, Wanted};
use crate::terms::MailboxKind;

/// Says it on standard error. The summary is for people; what was left out is said to everybody.
pub(super) fn give(listed: &Listed, wanted: &Wanted, purposes: bool, desk: &Desk) {
    for line in caveats(listed, wanted, purposes) {
        desk.note(&line);
    }
    if !desk.json && !desk.quiet {
        desk.note(&summary(listed));
    }
}

fn summary(listed: &Listed) -> String {
    let counts = MailboxState::ALL.iter().zip(listed.states).filter(|(_, count)| *count > 0);
    let counts: Vec<String> = counts.map(|(state, count)| format!("{} {}", number(count), state.as_str())).collect();
    let of = if listed.shown == listed.total { String::new() } else { format!(" of {}", number(listed.total)) };
    let by_state = if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
    format!("{}{of} people{by_state}", number(listed.shown))
}

fn caveats(listed: &Listed, wanted: &Wanted, purposes: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if !wanted.domains.is_all() {
        lines.push(format!(
            "{} in the directory = {} inside the domains + {} outside + {} without an address",
            number(listed.total),
            number(listed.inside),
            number(listed.outside),
            number(listed.without_address)
        ));
    }
    lines.extend(about_aliases(listed, wanted));
    if !wanted.departments.is_empty() && listed.facts_hidden > 0 {
        lines.push(format!(
            "the departments of {} people are not visible with this sign-in, so --department says nothing about them; sign in with `affiant login --with directory`",
            number(listed.facts_hidden)
        ));
    }
    if wanted.states.iter().any(|state| takes_facts(*state)) && listed.facts_hidden > 0 {
        lines.push(format!(
            "account state and licences of {} people are not visible with this sign-in, so --state cannot tell disabled, unlicensed and on-premises accounts from others; sign in with `affiant login --with directory`",
            number(listed.facts_hidden)
        ));
    }
    lines.extend(about_kinds(listed, wanted, purposes));
    if listed.repeated > 0 {
        lines.push(format!(
            "entries that the directory listed more than once, counted once: {}",
            number(listed.repeated)
        ));
    }
    if listed.unreadable > 0 {
        lines.push(format!("entries without an id, or that are no users, left out: {}", number(listed.unreadable)));
    }
    if let Some(counted) = listed.counted.filter(|counted| *counted > listed.total) {
        lines.push(format!(
            "warning: the directory counts {} people and listed {}; its count may lag behind, so list again, and if the difference stays the list is not complete",
            number(counted),
            number(listed.total)
        ));
    }
    lines
}

/// Whether a state is told by what basic scopes do not show.
const fn takes_facts(state: MailboxState) -> bool {
    match state {
        MailboxState::DisabledAccount | MailboxState::Unlicensed | MailboxState::OnPremises => true,
        MailboxState::Likely | MailboxState::None | MailboxState::Guest | MailboxState::Unknown => false,
    }
}

fn about_aliases(listed: &Listed, wanted: &Wanted) -> Option<String> {
    const READ: &str = "sign in with `affiant login --with directory`";
    wanted.text.as_ref().filter(|_| listed.aliases_hidden > 0)?;
    let hidden = "aliases are not visible with this sign-in, so only names and primary addresses were searched";
    Some(match listed.exact_alias {
        ExactAlias::NotAsked => format!("{hidden}; give a whole address, or {READ}"),
        ExactAlias::NotTaken => format!("{hidden}, and the directory does not say whose alias this is; {READ}"),
        ExactAlias::Named(0) => format!("{hidden}; asked for exactly this alias, the directory names nobody more"),
        ExactAlias::Named(count) => {
            format!("{hidden}; asked for exactly this alias, the directory names {} more", number(count))
        }
    })
}

fn about_kinds(listed: &Listed, wanted: &Wanted, purposes: bool) -> Option<String> {
    let asked = listed.purposes;
    let questions = asked.answered + asked.refused + asked.without_mailbox + asked.failed + asked.not_asked;
    if questions > 0 {
        let counts = [
            (asked.answered, "answered"),
            (asked.refused, "not readable with this sign-in, as is normal for mailboxes of others"),
            (asked.without_mailbox, "without a mailbox"),
            (asked.failed, "not answered"),
            (asked.not_asked, "not asked after so many refusals"),
        ];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts.map(|(count, what)| format!("{} {what}", number(*count))).collect();
        return Some(format!("purposes of mailboxes: {}", counts.join(", ")));
    }
    let rarely_seen = |kind: &MailboxKind| !matches!(kind, MailboxKind::User | MailboxKind::Unknown);
    (!purposes && wanted.kinds.iter().any(rarely_seen)).then(|| {
        format!("the directory tells no kind but user; --purpose asks the mailboxes, with the scope {PURPOSE_SCOPE}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::Domains;

    #[test]
    fn a_summary_counts_by_state() {
        let listed = Listed { total: 1200, shown: 5, states: [3, 0, 0, 0, 2, 0, 0], ..Listed::default() };
        assert_eq!(summary(&listed), "5 of 1,200 people: 3 likely, 2 guest");
        assert_eq!(summary(&Listed::default()), "0 people");
    }

    #[test]
    fn what_was_not_seen_is_said_once_and_what_is_as_usual_is_not() {
        let full = Listed { total: 9, inside: 9, shown: 9, counted: Some(9), ..Listed::default() };
        assert_eq!(caveats(&full, &Wanted::default(), false), [""; 0]);
        let wanted = Wanted {
            text: Some("roe".into()),
            domains: Domains::parse(["x.example"]).expect("a domain"),
            kinds: vec![MailboxKind::Shared],
            departments: vec!["Legal".into()],
            states: vec![MailboxState::DisabledAccount],
        };
        let short = Listed {
            total: 9,
            inside: 4,
            outside: 3,
            without_address: 2,
            aliases_hidden: 9,
            facts_hidden: 9,
            repeated: 1,
            unreadable: 1,
            counted: Some(10),
            ..Listed::default()
        };
        let lines = caveats(&short, &wanted, false);
        assert_eq!(lines[0], "9 in the directory = 4 inside the domains + 3 outside + 2 without an address");
        assert_eq!(lines.len(), 8, "{lines:#?}");
    }
}
