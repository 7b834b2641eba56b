//! `affiant users`: who is in the tenant, as a table, CSV or JSON.

use std::fmt::Write as _;
use std::sync::Arc;

use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;
use crate::directory::{self, Person, Wanted};
use crate::monitor::Silent;
use crate::terms::MailboxKind;

/// List people with their addresses, and what to expect of their mailboxes
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  affiant users roe --domain contoso.example\n  affiant users --csv > people.csv")]
pub(super) struct Args {
    /// Part of a name, sign-in name or address
    text: Option<String>,
    /// Only mailboxes known to be of this kind: user, shared, room, equipment, group, archive, unknown
    #[arg(long, value_parser = kind)]
    kind: Option<MailboxKind>,
    /// Only people with an address in this domain
    #[arg(long)]
    domain: Option<String>,
    /// Print CSV instead of a table
    #[arg(long)]
    csv: bool,
}

fn kind(text: &str) -> Result<MailboxKind, String> {
    let words = || MailboxKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
    MailboxKind::from_word(&text.to_lowercase()).ok_or_else(|| format!("not one of {}", words()))
}

/// Lists the directory.
pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let wanted = Wanted { text: args.text, domain: args.domain, kind: args.kind };
    let graph = desk.graph(Arc::new(Silent)).await?;
    let mut people = Vec::new();
    directory::list(&graph, &wanted, &mut |person| people.push(person)).await?;
    let text = match (desk.json, args.csv) {
        (true, _) => json(&people),
        (false, true) => csv(&people),
        (false, false) => table(&people),
    };
    desk.print(&text);
    if !desk.json && !args.csv {
        desk.note(&format!("{} people", people.len()));
    }
    Ok(Exit::Complete)
}

fn json(people: &[Person]) -> String {
    let mut text = serde_json::to_string_pretty(people).unwrap_or_else(|_| "[]".to_owned());
    text.push('\n');
    text
}

fn csv(people: &[Person]) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record([
        "id",
        "display_name",
        "user_principal_name",
        "mail",
        "aliases",
        "user_type",
        "account_enabled",
        "mailbox_kind",
        "mailbox_state",
        "mailbox_reason",
    ]);
    for person in people {
        let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
        let _ = writer.write_record([
            person.id.to_string(),
            or_empty(&person.display_name),
            or_empty(&person.user_principal_name),
            or_empty(&person.mail),
            person.aliases.join(";"),
            or_empty(&person.user_type),
            person.account_enabled.map(|enabled| enabled.to_string()).unwrap_or_default(),
            person.mailbox.kind.to_string(),
            person.mailbox.state.as_str().to_owned(),
            or_empty(&person.mailbox.reason),
        ]);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

fn table(people: &[Person]) -> String {
    let head = ["NAME", "ADDRESS", "ALIASES", "KIND", "MAILBOX"].map(str::to_owned);
    let row = |person: &Person| {
        let mailbox = match &person.mailbox.reason {
            Some(reason) => format!("{}: {reason}", person.mailbox.state.as_str()),
            None => person.mailbox.state.as_str().to_owned(),
        };
        [person.label(), person.address(), &person.aliases.join(" "), person.mailbox.kind.as_str(), &mailbox].map(shown)
    };
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(people.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths = [width(0), width(1), width(2), width(3)];
    let mut text = String::new();
    for [name, address, aliases, kind, mailbox] in &rows {
        let [a, b, c, d] = widths;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:a$}  {address:b$}  {aliases:c$}  {kind:d$}  {mailbox}");
    }
    text
}

/// Text from the tenant on its way to a terminal: control characters could drive it.
pub(super) fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::wire::User;

    fn person(name: &str) -> Person {
        let user = User {
            id: Some("1".into()),
            display_name: Some(name.into()),
            proxy_addresses: Some(vec!["SMTP:ana@x.example".into(), "smtp:a,b@x.example".into()]),
            ..User::default()
        };
        Person::from_user(&user).expect("an id")
    }

    #[test]
    fn json_has_the_fixed_names() {
        let value: serde_json::Value = serde_json::from_str(&json(&[person("Ana")])).expect("JSON");
        let entry = &value[0];
        for name in ["id", "display_name", "user_principal_name", "mail", "aliases", "user_type", "account_enabled"] {
            assert!(entry.get(name).is_some(), "{name}");
        }
        for name in ["kind", "state", "reason"] {
            assert!(entry["mailbox"].get(name).is_some(), "{name}");
        }
        assert_eq!(entry["aliases"], serde_json::json!(["a,b@x.example"]));
    }

    #[test]
    fn a_csv_of_users_can_be_given_as_custodians() {
        let list = directory::custodians_from_csv(csv(&[person("Roe, \"Ana\"")]).as_bytes()).expect("readable");
        assert_eq!(list.typed, ["1"]);
    }

    #[test]
    fn a_name_cannot_drive_the_terminal() {
        assert!(!table(&[person("a\u{1b}[2Jb\nc")]).contains('\u{1b}'));
        assert_eq!(table(&[person("a\nb")]).lines().count(), 2);
    }
}
