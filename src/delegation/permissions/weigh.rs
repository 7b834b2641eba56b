//! What an export says about one mailbox and one account: find the mailbox, find the account, deny beats allow.
//!
//! A group's members are not in an export, so an entry for a group is never taken for the account's own.

use std::collections::{BTreeSet, HashMap};

use super::{ExchangeEvidence, ExchangeSays, Export, MatchedBy, Permission, PermissionFile};
use crate::directory::Person;
use crate::session::SignedIn;
use crate::terms::UtcInstant;

/// What weighing needs to know besides the files.
pub(in crate::delegation) struct Known<'a> {
    /// Everybody in the check: a display name that two of them have names neither.
    pub(in crate::delegation) everybody: &'a [&'a Person],
    /// Whose access it is about.
    pub(in crate::delegation) signed_in: &'a SignedIn,
    /// Who exported, and when.
    pub(in crate::delegation) export: &'a Export,
    /// Now.
    pub(in crate::delegation) read_at: UtcInstant,
}

/// The strongest statement of the files about a mailbox; `None` when none of them names it.
pub(in crate::delegation) fn weigh(
    files: &[PermissionFile],
    person: &Person,
    known: &Known<'_>,
) -> Option<ExchangeEvidence> {
    let said = files.iter().filter_map(|file| of_file(file, person, known));
    // A denial anywhere outweighs a grant anywhere.
    said.min_by_key(|evidence| match evidence.says {
        ExchangeSays::Denied => 0,
        ExchangeSays::FullAccess => 1,
        ExchangeSays::OtherRights => 2,
        ExchangeSays::NotListed => 3,
    })
}

fn of_file(file: &PermissionFile, person: &Person, known: &Known<'_>) -> Option<ExchangeEvidence> {
    let rows = file.index.rows(&file.rows, person);
    let about = rows.into_iter().filter_map(|row| Some((matched(row, person, known.everybody)?, row)));
    let about: Vec<(MatchedBy, &Permission)> = about.collect();
    let matched_by = about.iter().map(|(by, _)| *by).min()?;
    let own_mailbox = same(person.id.as_str(), known.signed_in.object_id.as_str());
    let is_ours = |row: &Permission| row.user.iter().any(|user| is_account(user, known.signed_in, own_mailbox));
    let (ours, others): (Vec<&Permission>, Vec<&Permission>) =
        about.iter().map(|(_, row)| *row).partition(|row| is_ours(row));
    let mut rights: Vec<String> = Vec::new();
    for right in ours.iter().filter(|row| !row.deny).flat_map(|row| &row.rights) {
        if !rights.iter().any(|known| same(known, right)) {
            rights.push(right.clone());
        }
    }
    let granting = |row: &&Permission| !row.deny && is_full(row);
    let says = if ours.iter().any(|row| row.deny && is_full(row)) {
        ExchangeSays::Denied
    } else if ours.iter().any(granting) {
        ExchangeSays::FullAccess
    } else if rights.is_empty() {
        ExchangeSays::NotListed
    } else {
        ExchangeSays::OtherRights
    };
    // An entry of the mailbox's own weighs more than an inherited one.
    let inherited = says == ExchangeSays::FullAccess && ours.iter().copied().filter(granting).all(|row| row.inherited);
    let others =
        others.iter().copied().filter(granting).filter(|row| !row.user.iter().any(|user| is_system(user))).count();
    Some(ExchangeEvidence {
        says,
        rights,
        inherited,
        others: others as u64,
        matched_by,
        exported_by: known.export.by.clone(),
        exported_at: known.export.at,
        file_sha256: file.sha256,
        file_bytes: file.bytes,
        read_at: known.read_at,
    })
}

/// How names compare.
fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

fn same(a: &str, b: &str) -> bool {
    folded(a) == folded(b)
}

fn is_full(row: &Permission) -> bool {
    row.rights.iter().any(|right| same(right, "FullAccess"))
}

/// Whether an entry's user is the account; on its own mailbox Exchange calls it `NT AUTHORITY\SELF`.
fn is_account(user: &str, signed_in: &SignedIn, own_mailbox: bool) -> bool {
    same(user, &signed_in.user_principal_name)
        || same(user, signed_in.object_id.as_str())
        || (own_mailbox && same(user, r"NT AUTHORITY\SELF"))
}

/// Entries that Exchange makes for itself and for accounts that are gone.
fn is_system(user: &str) -> bool {
    let user = user.trim().to_lowercase();
    user.starts_with(r"nt authority\") || user.starts_with("s-1-5-")
}

/// By which name a row is about a person's mailbox. The last part of a canonical name
/// (`server/…/contoso.example/ana`) or of a legacy name (`/o=…/cn=ana`) stands for the whole.
fn matched(row: &Permission, person: &Person, everybody: &[&Person]) -> Option<MatchedBy> {
    let names = row.mailbox.iter().flat_map(|name| [name.as_str(), last_part(name)]);
    names.filter_map(|name| named(name, person, everybody)).min()
}

/// The rows by the names of their mailboxes, so that many custodians in a long export take no long time.
#[derive(Debug, Clone, Default)]
pub(super) struct Index(HashMap<String, BTreeSet<usize>>);

impl Index {
    pub(super) fn of(rows: &[Permission]) -> Self {
        let mut index: HashMap<String, BTreeSet<usize>> = HashMap::new();
        for (at, row) in rows.iter().enumerate() {
            for name in row.mailbox.iter().flat_map(|name| [name.as_str(), last_part(name)]) {
                index.entry(folded(name)).or_default().insert(at);
            }
        }
        Self(index)
    }

    /// The rows that may be about a person's mailbox, in the order of the file.
    fn rows<'a>(&self, rows: &'a [Permission], person: &Person) -> Vec<&'a Permission> {
        let own = [Some(person.id.as_str()), person.user_principal_name.as_deref(), person.mail.as_deref()];
        let names = own.into_iter().chain([person.display_name.as_deref()]).flatten();
        let names = names.chain(person.aliases.iter().map(String::as_str)).chain(nicknames(person));
        let at: BTreeSet<usize> = names.filter_map(|name| self.0.get(&folded(name))).flatten().copied().collect();
        at.into_iter().filter_map(|at| rows.get(at)).collect()
    }
}

fn last_part(name: &str) -> &str {
    let last = name.trim().trim_end_matches('/').rsplit('/').next().unwrap_or(name);
    match last.get(..3) {
        Some(prefix) if prefix.eq_ignore_ascii_case("cn=") => last.get(3..).unwrap_or(last),
        _ => last,
    }
}

fn named(name: &str, person: &Person, everybody: &[&Person]) -> Option<MatchedBy> {
    let is = |own: Option<&str>| own.is_some_and(|own| !own.is_empty() && same(own, name));
    let upn = person.user_principal_name.as_deref();
    let mail = person.mail.as_deref();
    let alone = |bears: &dyn Fn(&Person) -> bool| {
        bears(person) && !everybody.iter().any(|other| other.id != person.id && bears(other))
    };
    if is(Some(person.id.as_str())) {
        Some(MatchedBy::ObjectId)
    } else if is(upn) {
        Some(MatchedBy::SignInName)
    } else if is(mail) {
        Some(MatchedBy::Address)
    } else if person.aliases.iter().any(|alias| is(Some(alias))) {
        Some(MatchedBy::Alias)
    } else if alone(&|person| nicknames(person).any(|nickname| same(nickname, name))) {
        Some(MatchedBy::Nickname)
    } else if alone(&|person| person.display_name.as_deref().is_some_and(|display| same(display, name))) {
        Some(MatchedBy::DisplayName)
    } else {
        None
    }
}

/// What stands before the @: how Exchange often names a mailbox.
fn nicknames(person: &Person) -> impl Iterator<Item = &str> {
    let names = [person.mail.as_deref(), person.user_principal_name.as_deref()].into_iter().flatten();
    names.filter_map(|name| name.split_once('@')).map(|(local, _)| local).filter(|local| !local.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::read_permissions;
    use super::*;
    use crate::delegation::tests::signed_in;
    use crate::graph::wire::User;

    fn person(id: &str, name: &str, address: &str) -> Person {
        let user = User {
            id: Some(id.into()),
            display_name: Some(name.into()),
            user_principal_name: Some(format!("{id}@x.example")),
            mail: Some(address.into()),
            proxy_addresses: Some(vec![format!("SMTP:{address}"), format!("smtp:old.{address}")]),
            ..User::default()
        };
        Person::from_user(&user).expect("an id")
    }

    fn file(rows: &str) -> PermissionFile {
        let text = format!("Identity,User,AccessRights,IsInherited,Deny\n{rows}");
        read_permissions(text.as_bytes()).expect("readable")
    }

    fn weighed(rows: &str, person: &Person, everybody: &[&Person]) -> Option<ExchangeEvidence> {
        let at = UtcInstant::parse("2024-06-04T09:00:00Z").expect("valid");
        let (signed_in, export) = (signed_in("Mail.Read.Shared"), Export::default());
        weigh(&[file(rows)], person, &Known { everybody, signed_in: &signed_in, export: &export, read_at: at })
    }

    #[test]
    fn a_mailbox_is_found_by_each_of_its_names_and_by_no_other() {
        let ana = person("a1", "Ana Roe", "ana@x.example");
        for (identity, by) in [
            ("a1", Some(MatchedBy::ObjectId)),
            ("A1@X.example", Some(MatchedBy::SignInName)),
            ("ana@x.example", Some(MatchedBy::Address)),
            ("old.ana@x.example", Some(MatchedBy::Alias)),
            ("srv/hosted/x.example/ana", Some(MatchedBy::Nickname)),
            ("/o=Org/ou=Group/cn=Recipients/cn=a1", Some(MatchedBy::ObjectId)),
            ("Ana Roe", Some(MatchedBy::DisplayName)),
            ("anas", None),
            ("ana@y.example", None),
        ] {
            let found = weighed(&format!("{identity},paralegal@x.example,FullAccess,False,False\n"), &ana, &[&ana]);
            assert_eq!(found.map(|evidence| evidence.matched_by), by, "{identity}");
        }
    }

    #[test]
    fn a_name_that_two_custodians_have_names_neither() {
        let (ann, other) = (person("a1", "Ann Lee", "ann@x.example"), person("a2", "ann lee", "ann@y.example"));
        for identity in ["Ann Lee", "ann"] {
            let rows = format!("{identity},paralegal@x.example,FullAccess,False,False\n");
            assert_eq!(weighed(&rows, &ann, &[&ann, &other]), None, "{identity}");
            assert!(weighed(&rows, &ann, &[&ann]).is_some(), "{identity}");
        }
    }

    #[test]
    fn deny_beats_allow_and_a_group_is_not_the_account() {
        let ana = person("a1", "Ana Roe", "ana@x.example");
        let own = "a1,Paralegal@x.example,FullAccess,False,";
        for (rows, says, others) in [
            (format!("{own}False\n"), ExchangeSays::FullAccess, 0),
            (format!("{own}False\n{own}True\n"), ExchangeSays::Denied, 0),
            ("a1,p1,\"{FullAccess, ReadPermission}\",True,False\n".to_owned(), ExchangeSays::FullAccess, 0),
            ("a1,paralegal@x.example,ReadPermission,False,False\n".to_owned(), ExchangeSays::OtherRights, 0),
            ("a1,paralegal@x.example,ReadPermission,False,True\n".to_owned(), ExchangeSays::NotListed, 0),
            (
                "a1,eDiscovery Team,FullAccess,False,False\na1,NT AUTHORITY\\SELF,FullAccess,False,False\n\
                 a1,S-1-5-21-1,FullAccess,False,False\n"
                    .to_owned(),
                ExchangeSays::NotListed,
                1,
            ),
        ] {
            let evidence = weighed(&rows, &ana, &[&ana]).expect("named");
            assert_eq!((evidence.says, evidence.others), (says, others), "{rows}");
            assert_eq!(evidence.inherited, rows.contains("True,False"), "{rows}");
        }
    }

    #[test]
    fn self_is_the_account_on_its_own_mailbox_only() {
        let rows = "p1,NT AUTHORITY\\SELF,\"FullAccess,ReadPermission\",False,False\n";
        let own = person("p1", "Paula", "paralegal@x.example");
        assert_eq!(weighed(rows, &own, &[&own]).map(|said| said.says), Some(ExchangeSays::FullAccess));
    }
}
