//! The lists for tools that match files by MD5: `manifest-md5.txt` and hashdeep's, which must say what the
//! payload manifest says.
//!
//! The three lists are compared line by line, so each has one right form. What they state of a file's bytes is
//! the readers' matter.

use std::io;
use std::iter::Peekable;

use camino::Utf8Path;

use super::lines::Lines;
use super::listing::PAYLOAD;
use super::report::{CheckName, Class, Findings};
use crate::terms::{Matching, Md5, Sha1, Sha256};

/// The payload by MD5.
pub(super) const MD5S: &str = "manifest-md5.txt";
/// The payload as `hashdeep` lists it.
pub(super) const HASHDEEP: &str = "affiant/hashdeep.txt";

/// What a line of hashdeep's list says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Known {
    path: String,
    pub(super) bytes: u64,
    pub(super) md5: Md5,
    sha256: Sha256,
}

fn read(line: &[u8]) -> Option<Known> {
    let mut fields = std::str::from_utf8(line).ok()?.splitn(4, ',');
    let (bytes, md5) = (fields.next()?.parse().ok()?, Md5::from_hex(fields.next()?).ok()?);
    let (sha256, path) = (Sha256::from_hex(fields.next()?).ok()?, fields.next()?.to_owned());
    Some(Known { path, bytes, md5, sha256 })
}

/// The lines of a file without their line feeds; one that has none counts as none.
fn lines(root: &Utf8Path, name: &str) -> io::Result<impl Iterator<Item = Vec<u8>> + use<>> {
    Ok(Lines::open(&root.join(name))?.map_while(|line| line.ok().filter(|line| line.ended).map(|line| line.bytes)))
}

/// Compares the three lists, line by line; the first difference of a list is told.
pub(super) fn check(root: &Utf8Path, findings: &mut Findings) {
    let (Ok(payload), Ok(mut by_md5), Ok(mut hashdeep)) =
        (lines(root, PAYLOAD), lines(root, MD5S), lines(root, HASHDEEP))
    else {
        return;
    };
    let header = [hashdeep.next(), hashdeep.next()];
    if header != ["%%%% HASHDEEP-1.0", "%%%% size,md5,sha256,filename"].map(|line| Some(line.as_bytes().to_vec())) {
        findings.add(CheckName::CanonicalForm, Class::Wrong, HASHDEEP, "does not begin as a hashdeep 1.0 file");
        return;
    }
    let (mut md5s, mut deep) = (None, None);
    let mut number = 0_u64;
    for line in payload {
        number += 1;
        let known = hashdeep.next().and_then(|line| read(&line).filter(|known| spelled(known) == line));
        let same = known.as_ref().is_some_and(|known| format!("{}  {}", known.sha256, known.path).as_bytes() == line);
        deep = deep.or((!same).then_some(number));
        let md5 = by_md5.next();
        let path = line.get(Sha256::LEN * 2..).unwrap_or_default();
        let same = md5.is_some_and(|md5| {
            let agrees = known.as_ref().is_none_or(|known| md5.starts_with(known.md5.to_string().as_bytes()));
            agrees && md5.get(Md5::LEN * 2..) == Some(path)
        });
        md5s = md5s.or((!same).then_some(number));
    }
    md5s = md5s.or(by_md5.next().map(|_| number + 1));
    deep = deep.or(hashdeep.next().map(|_| number + 1));
    for (name, first) in [(MD5S, md5s), (HASHDEEP, deep)] {
        if let Some(first) = first {
            let why = format!("its file {first} is not the one that {PAYLOAD} lists there");
            findings.add(CheckName::PayloadManifest, Class::Wrong, name, why);
        }
    }
}

fn spelled(known: &Known) -> Vec<u8> {
    format!("{},{},{},{}", known.bytes, known.md5, known.sha256, known.path).into_bytes()
}

/// The lines of hashdeep's list as the walk over the payload goes on.
pub(super) struct Ahead(Peekable<Box<dyn Iterator<Item = Known>>>);

impl Ahead {
    /// Before the first line; without a list nothing is known.
    pub(super) fn new(root: &Utf8Path) -> Self {
        let known: Box<dyn Iterator<Item = Known>> = match lines(root, HASHDEEP) {
            Ok(lines) => Box::new(lines.filter_map(|line| read(&line))),
            Err(_) => Box::new(std::iter::empty()),
        };
        Self(known.peekable())
    }

    /// What the list says of a path; paths are asked for in order.
    pub(super) fn of(&mut self, path: &str) -> Option<Known> {
        while self.0.next_if(|known| known.path.as_str() < path).is_some() {}
        self.0.next_if(|known| known.path == path)
    }
}

/// Names the columns of a row that are not the digests of the bytes.
pub(super) fn differing(sha1: Option<&[u8]>, md5: Option<&[u8]>, found: Matching) -> Vec<&'static str> {
    let columns = [
        ("sha1", sha1.and_then(Sha1::from_slice) == Some(found.sha1)),
        ("md5", md5.and_then(Md5::from_slice) == Some(found.md5)),
    ];
    columns.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
}
