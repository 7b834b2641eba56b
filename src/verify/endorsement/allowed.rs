//! Whose keys somebody accepts: OpenSSH's list of allowed signers (ssh-keygen(1), ALLOWED SIGNERS).
//!
//! Entries that are limited in time or stand for a certificate authority are left to `ssh-keygen -Y verify`: nothing here
//! says when a signature was made. It must not check signatures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::NAMESPACE;
use super::wire::Wire;

/// People and their keys.
#[derive(Debug, Clone, Default)]
pub struct AllowedSigners(Vec<(String, Vec<u8>)>);

/// Text that is no list of signers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no allowed signers: a line is `name namespaces=\"{NAMESPACE}\" ssh-ed25519 AAAA…`")]
pub struct NoSigners;

impl AllowedSigners {
    /// Reads a list.
    ///
    /// # Errors
    /// [`NoSigners`] when no line of it can be used here.
    pub fn parse(text: &str) -> Result<Self, NoSigners> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let signers: Vec<_> = lines.filter_map(entry).collect();
        if signers.is_empty() { Err(NoSigners) } else { Ok(Self(signers)) }
    }

    /// Who has a key, as the list names them.
    pub(super) fn of(&self, key: &[u8]) -> Option<String> {
        let names: Vec<&str> = self.0.iter().filter(|(_, own)| own == key).map(|(name, _)| name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(","))
    }
}

/// `principals [options] kind base64 [comment]`
fn entry(line: &str) -> Option<(String, Vec<u8>)> {
    let words = words(line);
    let mut words = words.iter().map(String::as_str);
    let principals = words.next()?;
    let mut kind = words.next()?;
    if !is_kind(kind) {
        if !allows(kind) {
            return None;
        }
        kind = words.next().filter(|kind| is_kind(kind))?;
    }
    let key = STANDARD.decode(words.next()?).ok()?;
    (Wire(&key).text()? == kind).then(|| (principals.trim_matches('"').to_owned(), key))
}

fn is_kind(word: &str) -> bool {
    ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].iter().any(|start| word.starts_with(start))
}

/// Whether options let the key sign checkpoints, as far as they are understood here.
fn allows(options: &str) -> bool {
    options.split_once('=').is_some_and(|(name, value)| {
        let listed = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        let listed = listed.filter(|listed| !listed.contains('"'));
        name.eq_ignore_ascii_case("namespaces")
            && listed.is_some_and(|listed| listed.split(',').any(|one| one == NAMESPACE || one == "*"))
    })
}

/// Splits at white space outside of quotes.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        if c.is_whitespace() && !quoted {
            words.push(String::new());
        } else {
            quoted ^= c == '"';
            if let Some(last) = words.last_mut() {
                last.push(c);
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIJKKQ2WCK2Td5FGOdzEVZ9mGxpHjVX7rzOuMzG0KOIQX";

    #[test]
    fn a_line_names_people_options_and_a_key() {
        let key = STANDARD.decode(KEY).expect("base64");
        let who = |line: &str| AllowedSigners::parse(line).ok().and_then(|signers| signers.of(&key));
        assert_eq!(who(&format!("ann@x.example ssh-ed25519 {KEY}")).as_deref(), Some("ann@x.example"));
        let spaced = format!("# ours\n\nann,ben namespaces=\"file,{NAMESPACE}\" ssh-ed25519 {KEY} a comment");
        assert_eq!(who(&spaced).as_deref(), Some("ann,ben"));
        assert_eq!(who(&format!("ann namespaces=\"file\" ssh-ed25519 {KEY}")), None);
        assert_eq!(who(&format!("ann cert-authority ssh-ed25519 {KEY}")), None);
        assert_eq!(who(&format!("ann namespaces=\"{NAMESPACE}\",valid-before=\"20200101\" ssh-ed25519 {KEY}")), None);
        assert_eq!(who(&format!("ann ssh-rsa {KEY}")), None, "the key is of another kind");
        assert!(AllowedSigners::parse("nothing").is_err());
    }
}
