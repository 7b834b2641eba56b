//! BagIt manifests (RFC 8493 section 2.1.3): what they list, and whether they are in Affiant's one form.
//!
//! The form: one line per file, sorted by path, 64 lower-case hex digits, two spaces, the path, a
//! line feed. Reading is lenient, so that a damaged line costs one finding and not the whole check.

use std::io;

use camino::Utf8Path;

use super::lines::{Line, Lines};
use super::merge::Keyed;
use super::report::{CheckName, Class, Findings};
use crate::terms::Sha256;

/// The list of the payload.
pub(super) const PAYLOAD: &str = "manifest-sha256.txt";
/// The list of everything else.
pub(super) const TAGS: &str = "tagmanifest-sha256.txt";

/// One line of a manifest.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// Package path.
    pub(super) path: String,
    /// The digest it states.
    pub(super) sha256: Sha256,
}

impl Keyed for Listed {
    fn key(&self) -> &str {
        &self.path
    }
}

/// The lines of a manifest, sorted by path, whatever their order in the file.
///
/// A sorted file is streamed. One that is not is damaged, and is read into memory whole.
pub(super) fn listed(root: &Utf8Path, name: &str, sorted: bool) -> io::Result<Box<dyn Iterator<Item = Listed>>> {
    let lines = Lines::open(&root.join(name))?.filter_map(|line| read(&line.ok()?.bytes));
    if sorted {
        return Ok(Box::new(lines));
    }
    let mut lines: Vec<Listed> = lines.collect();
    lines.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Box::new(lines.into_iter()))
}

/// A file of a package, as its lists have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    /// Package path, `/` between names.
    pub path: String,
    /// What it should be; `None` for the tag manifest itself, which no list names.
    pub sha256: Option<Sha256>,
}

/// Every file of a sealed package as its lists name it: what the tag manifest lists, the tag manifest, the payload. Of a
/// package whose record was checked they are all there are, apart from payload that nobody listed.
///
/// # Errors
/// What the disk says.
pub fn listed_files(root: &Utf8Path) -> io::Result<impl Iterator<Item = ListedFile>> {
    let (tags, payload) = (listed(root, TAGS, true)?, listed(root, PAYLOAD, true)?);
    let named = |Listed { path, sha256 }| ListedFile { path, sha256: Some(sha256) };
    let own = ListedFile { path: TAGS.to_owned(), sha256: None };
    Ok(tags.map(named).chain(std::iter::once(own)).chain(payload.map(named)))
}

/// Checks the form of a manifest; tells whether its paths are sorted.
pub(super) fn check_form(root: &Utf8Path, name: &str, findings: &mut Findings) -> bool {
    let mut wrong = |detail: String| findings.add(CheckName::CanonicalForm, Class::Wrong, name, detail);
    // A manifest that is not there is the finding of another check.
    let Ok(lines) = Lines::open(&root.join(name)) else { return true };
    let (mut before, mut sorted) = (None::<String>, true);
    for (number, line) in (1u64..).zip(lines) {
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                wrong(format!("line {number} could not be read: {error}"));
                break;
            }
        };
        if let Err(why) = check_line(&line) {
            wrong(format!("line {number}: {why}"));
        }
        let Some(listed) = read(&line.bytes) else { continue };
        if before.as_ref().is_some_and(|before| *before >= listed.path) {
            sorted = false;
            wrong(format!("line {number}: not in order of path, or listed twice"));
        }
        before = Some(listed.path);
    }
    sorted
}

fn check_line(line: &Line) -> Result<(), &'static str> {
    if !line.ended {
        return Err("no line feed at its end");
    }
    let text = std::str::from_utf8(&line.bytes).map_err(|_| "not UTF-8")?;
    let (digest, rest) = text.split_at_checked(Sha256::LEN * 2).ok_or("shorter than a digest")?;
    Sha256::from_hex(digest).map_err(|_| "does not begin with 64 lower-case hex digits")?;
    let path = rest.strip_prefix("  ").ok_or("not two spaces between digest and path")?;
    if path.split('/').any(|name| matches!(name, "" | "." | "..")) {
        return Err("not a path inside the package");
    }
    if path.contains(['\\', '\r']) || path.starts_with([' ', '*']) || decode(path).is_none() {
        return Err("not a path as a manifest spells it");
    }
    Ok(())
}

/// What a line says, if it can be understood at all.
fn read(line: &[u8]) -> Option<Listed> {
    let text = std::str::from_utf8(line).ok()?;
    let (digest, rest) = text.split_at_checked(Sha256::LEN * 2)?;
    let sha256 = Sha256::from_hex(&digest.to_ascii_lowercase()).ok()?;
    let path = rest.trim_start_matches([' ', '\t']).trim_end_matches('\r');
    let apart = path.len() < rest.len() && !path.is_empty();
    apart.then(|| Listed { path: decode(path).unwrap_or_else(|| path.to_owned()), sha256 })
}

/// Undoes the percent-encoding of CR, LF and `%`; `None` when another character is encoded.
fn decode(path: &str) -> Option<String> {
    let mut decoded = String::with_capacity(path.len());
    let mut parts = path.split('%');
    decoded.push_str(parts.next()?);
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        decoded.push(match code {
            "0A" => '\n',
            "0D" => '\r',
            "25" => '%',
            _ => return None,
        });
        decoded.push_str(rest);
    }
    Some(decoded)
}

/// The finding for a file whose digest is not the listed one: the file changed, or the list did.
///
/// Digests of different bytes agree in four of 64 digits on average, so two that agree in most were
/// the same once, and it is the list that was altered.
pub(super) fn mismatch(path: &str, list: &str, listed: &Sha256, found: &Sha256) -> (Class, String, String) {
    let agreeing = listed.to_string().bytes().zip(found.to_string().bytes()).filter(|(a, b)| a == b).count();
    let detail = format!("expected {listed} (in {list})  found {found}");
    if agreeing > Sha256::LEN {
        (Class::Wrong, list.to_owned(), format!("altered digest of {path}: {detail}"))
    } else {
        (Class::Changed, path.to_owned(), detail)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIGEST: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn line(text: &str) -> Line {
        Line { bytes: text.as_bytes().to_vec(), ended: true }
    }

    #[test]
    fn one_spelling_is_canonical_and_the_others_are_understood_but_refused() {
        let path = "data/NATIVES/VOL001/0001/AFF-0000001.eml";
        assert_eq!(check_line(&line(&format!("{DIGEST}  {path}"))), Ok(()));
        assert_eq!(check_line(&line(&format!("{DIGEST}  data/a%0Ab%25"))), Ok(()));
        for other in [
            format!("{}  {path}", DIGEST.to_uppercase()),
            format!("{DIGEST} {path}"),
            format!("{DIGEST}   {path}"),
            format!("{DIGEST}\t{path}"),
            format!("{DIGEST}  {path}\r"),
        ] {
            assert!(check_line(&line(&other)).is_err(), "{other:?}");
            assert_eq!(read(other.as_bytes()).map(|listed| listed.path).as_deref(), Some(path), "{other:?}");
        }
        for wrong in ["../up", "/etc/passwd", "data//x", "data/./x", "data/", "data/%41", "data/%"] {
            assert!(check_line(&line(&format!("{DIGEST}  {wrong}"))).is_err(), "{wrong}");
        }
        assert!(check_line(&Line { ended: false, ..line(&format!("{DIGEST}  {path}")) }).is_err());
    }

    #[test]
    fn a_digest_that_is_off_by_a_digit_blames_the_list() {
        let other = Sha256::from_hex(&DIGEST.replace('b', "c")).expect("hex");
        let found = Sha256::from_hex(DIGEST).expect("hex");
        assert_eq!(mismatch("data/x", PAYLOAD, &other, &found).1, PAYLOAD);
        assert_eq!(mismatch("data/x", PAYLOAD, &Sha256::of(b"other"), &found).1, "data/x");
    }

    proptest! {
        #[test]
        fn arbitrary_lines_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let _ = read(&bytes);
            let _ = check_line(&Line { bytes, ended: true });
        }
    }
}
