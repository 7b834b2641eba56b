//! Mutations of files and lists: flipped, cut, grown, swapped, dropped, added, renamed, another package's.

use super::chance::Chance;
use super::package::{DATABASE, Files, HEAD, LISTS, LOG, TAGS};

/// Where files are added.
const PLACES: [&str; 14] = [
    "extra.txt",
    ".hidden",
    "data/extra.eml",
    "data/NATIVES/VOL001/0001/AFF-0009999.eml",
    "data/VOL002.zip",
    "data/NATIVES/Übung.eml",
    "affiant/manifest.sqlite-wal",
    "affiant/lock",
    "affiant/chosen-ids",
    "affiant/checkpoint.old",
    "affiant/custody/000001.checkpoint",
    "affiant/custody/note.txt",
    "REPORT/acquisition-report.html",
    "tagmanifest-md5.txt",
];

/// Makes one; says what it did, and which file must be named where that can be said.
pub(super) fn mutate(kind: usize, files: &mut Files, other: &Files, chance: &mut Chance) -> (String, Option<String>) {
    let path = chance.one(&files.paths()).clone();
    let bytes = files.bytes(&path).to_vec();
    let mut changed = bytes.clone();
    let what = match kind {
        0 => {
            let (at, bit) = (chance.below(bytes.len().max(1)), chance.below(8));
            changed.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << bit);
            format!("flip bit {bit} of byte {at} of {path}")
        }
        1 => {
            let cut = chance.below(bytes.len().max(1));
            changed.truncate(cut);
            format!("cut {path} to {cut} bytes")
        }
        2 => {
            let (at, count) = (chance.below(bytes.len() + 1), 1 + chance.below(20));
            let more: Vec<u8> = (0..count).map(|_| chance.next().to_le_bytes()[0]).collect();
            changed.splice(at..at, more);
            format!("insert {count} bytes at {at} of {path}")
        }
        3 => {
            let at = chance.below(bytes.len().max(1));
            let to = bytes.len().min(at + 1 + chance.below(40));
            changed.drain(at..to);
            format!("take bytes {at} to {to} out of {path}")
        }
        4 => {
            let (one, two) = (chance.below(bytes.len().max(1)), chance.below(bytes.len().max(1)));
            if !changed.is_empty() {
                changed.swap(one, two);
            }
            format!("swap bytes {one} and {two} of {path}")
        }
        5 => {
            let partner = chance.one(&files.paths()).clone();
            let theirs = files.bytes(&partner).to_vec();
            files.put(&partner, bytes);
            files.put(&path, theirs);
            return (format!("swap {path} and {partner}"), Some(path));
        }
        6 => {
            files.0.remove(&path);
            return (format!("drop {path}"), Some(path));
        }
        7 => {
            let place = *chance.one(&PLACES);
            files.put(place, chance.next().to_le_bytes());
            return (format!("add {place}"), Some(place.to_owned()));
        }
        8 => {
            files.0.remove(&path);
            let to = if chance.coin() {
                format!("{path}.old")
            } else {
                path.replace("000", "001").replace("affiant/", "affiant-")
            };
            files.put(&to, bytes);
            return (format!("rename {path} to {to}"), Some(path));
        }
        9 => {
            let theirs = chance.one(&other.paths()).clone();
            files.put(&path, other.bytes(&theirs));
            return (format!("put the other package's {theirs} in the place of {path}"), Some(path));
        }
        10 => {
            let groups: [&[&str]; 4] = [
                &[HEAD],
                &[HEAD, "affiant/checkpoint.vkey"],
                &[LOG, HEAD],
                &[LOG, HEAD, "affiant/checkpoint.vkey", DATABASE],
            ];
            let group = *chance.one(&groups);
            for path in group {
                files.put(path, other.bytes(path));
            }
            return (format!("put the other package's {group:?} in place"), None);
        }
        _ => return list(files, chance),
    };
    files.put(&path, changed);
    (what, Some(path))
}

/// Lines of a list dropped, doubled, exchanged, edited.
fn list(files: &mut Files, chance: &mut Chance) -> (String, Option<String>) {
    // The payload of a supplement may be empty, and its lists with it.
    let path = Some(*chance.one(&LISTS)).filter(|path| !files.bytes(path).is_empty()).unwrap_or(TAGS);
    let text = files.text(path);
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let at = chance.below(lines.len());
    let what = match chance.below(5) {
        0 => {
            lines.remove(at);
            "drop"
        }
        1 => {
            lines.insert(at, lines[at].clone());
            "double"
        }
        2 => {
            let with = chance.below(lines.len());
            lines.swap(at, with);
            "exchange"
        }
        3 => {
            let digit = chance.below(32);
            lines[at] = lines[at].char_indices().map(|(n, c)| if n == digit && c != '7' { '7' } else { c }).collect();
            "edit a digit of"
        }
        _ => {
            lines[at] = lines[at].replace("eml", "msg").replace("jsonl", "json").replace("zip", "tar");
            "edit the name of"
        }
    };
    files.put(path, lines.concat());
    (format!("{what} line {at} of {path}"), Some(path.to_owned()))
}
