//! Control number to path, and back: the one rule that says where a native lies.
//!
//! File names are control numbers only, so no path can carry a subject or an address, every path is short
//! enough for Windows, and none needs encoding in a bag's manifests. It must not touch the disk.

use std::fmt;
use std::sync::Arc;

use super::layout::{DATA, volume_name};
use super::volumes::Held;
use crate::terms::ControlNumber;

/// Where one native goes.
///
/// Keep it (or a clone) until the native's row is committed: a ZIP volume is not offered for packing while
/// placements in it are held.
#[derive(Debug, Clone)]
pub struct Placement {
    /// The path in the manifest: `data/NATIVES/VOL001/0001/AFF-0000001.eml`, or for ZIP
    /// `data/VOL001.zip/NATIVES/VOL001/0001/AFF-0000001.eml`.
    pub path: String,
    /// Number of the volume, from 1. EML packages have one.
    pub volume: u32,
    pub(super) place: Place,
    /// Counts as "on its way" in its volume while any clone lives.
    #[expect(dead_code, reason = "only its end is of interest")]
    pub(super) held: Option<Arc<Held>>,
}

/// A place that the manifest names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    number: ControlNumber,
    volume: u32,
    zipped: bool,
}

impl Place {
    /// The place of a native that stays a file of its own.
    pub(super) const fn eml(number: ControlNumber) -> Self {
        Self { number, volume: 1, zipped: false }
    }

    /// The place of a native inside a volume.
    pub(super) const fn zip(number: ControlNumber, volume: u32) -> Self {
        Self { number, volume, zipped: true }
    }

    /// Reads a manifest path; `None` when it is not exactly one that [`Self::path`] writes.
    pub(super) fn read(path: &str) -> Option<Self> {
        let number = path.rsplit_once('/')?.1.strip_suffix(".eml")?.parse().ok()?;
        let inside = path.strip_prefix("data/")?;
        let place = match inside.strip_prefix("VOL").and_then(|rest| rest.split_once(".zip/")) {
            Some((volume, _)) => Self::zip(number, volume.parse().ok().filter(|volume| *volume > 0)?),
            None => Self::eml(number),
        };
        let mut rest = Rest(path);
        (place.write_path(&mut rest).is_ok() && rest.0.is_empty()).then_some(place)
    }

    /// Reads the name of a member of a volume; `None` when it is not exactly one that [`Self::name`] writes.
    pub(super) fn inside(name: &str) -> Option<Self> {
        let number = name.rsplit_once('/')?.1.strip_suffix(".eml")?.parse().ok()?;
        let volume = name.strip_prefix("NATIVES/VOL")?.split_once('/')?.0.parse().ok().filter(|volume| *volume > 0)?;
        let place = Self::zip(number, volume);
        (place.name() == name).then_some(place)
    }

    /// Whose native.
    pub(super) const fn number(self) -> ControlNumber {
        self.number
    }

    /// The volume, from 1.
    pub(super) const fn volume(self) -> u32 {
        self.volume
    }

    /// Whether the native is a member of a ZIP volume.
    pub(super) const fn is_zipped(self) -> bool {
        self.zipped
    }

    /// Name below `data/` for an EML, inside the archive for a ZIP member.
    pub(super) fn name(self) -> String {
        let mut name = String::new();
        // A string takes whatever is written to it.
        let _ = self.write_name(&mut name);
        name
    }

    /// The path in the manifest.
    pub(super) fn path(self) -> String {
        let mut path = String::new();
        let _ = self.write_path(&mut path);
        path
    }

    fn write_name(self, out: &mut impl fmt::Write) -> fmt::Result {
        write!(out, "NATIVES/VOL{:03}/{}/{}.eml", self.volume, self.number.folder(), self.number)
    }

    fn write_path(self, out: &mut impl fmt::Write) -> fmt::Result {
        write!(out, "{DATA}/")?;
        if self.zipped {
            write!(out, "{}/", volume_name(self.volume))?;
        }
        self.write_name(out)
    }

    /// The placement as callers see it.
    pub(super) fn placement(self, held: Option<Arc<Held>>) -> Placement {
        Placement { path: self.path(), volume: self.volume, place: self, held }
    }
}

/// What is left of a text that is compared with what is written here.
struct Rest<'a>(&'a str);

impl fmt::Write for Rest<'_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(piece).ok_or(fmt::Error)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(ordinal: u64) -> ControlNumber {
        ControlNumber::new(ordinal).expect("positive")
    }

    #[test]
    fn a_native_lies_where_the_design_says() {
        assert_eq!(Place::eml(number(1)).path(), "data/NATIVES/VOL001/0001/AFF-0000001.eml");
        assert_eq!(Place::eml(number(1001)).path(), "data/NATIVES/VOL001/0002/AFF-0001001.eml");
        let zip = Place::zip(number(1), 12);
        assert_eq!(zip.path(), "data/VOL012.zip/NATIVES/VOL012/0001/AFF-0000001.eml");
        assert_eq!(Place::inside(&zip.name()), Some(zip));
    }

    #[test]
    fn a_path_that_affiant_does_not_write_is_refused() {
        for wrong in [
            "",
            "data",
            "data/NATIVES/VOL001/0001/AFF-1.eml",
            "data/NATIVES/VOL001/0002/AFF-0000001.eml",
            "data/NATIVES/VOL002/0001/AFF-0000001.eml",
            "data/../data/NATIVES/VOL001/0001/AFF-0000001.eml",
            "data/VOL1.zip/NATIVES/VOL001/0001/AFF-0000001.eml",
            "data/VOL000.zip/NATIVES/VOL000/0001/AFF-0000001.eml",
            "data/VOL001.zip/NATIVES/VOL002/0001/AFF-0000001.eml",
            "data/VOL001.zip/../../AFF-0000001.eml",
            "/data/NATIVES/VOL001/0001/AFF-0000001.eml",
        ] {
            assert_eq!(Place::read(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_place_reads_back_from_its_path(ordinal in 1u64..1 << 40, volume in 1u32..100_000) {
            for place in [Place::eml(number(ordinal)), Place::zip(number(ordinal), volume)] {
                prop_assert_eq!(Place::read(&place.path()), Some(place));
                prop_assert!(place.path().len() < 100, "short enough for every Windows tool");
            }
            let zipped = Place::zip(number(ordinal), volume);
            prop_assert_eq!(Place::inside(&zipped.name()), Some(zipped));
        }

        #[test]
        fn arbitrary_text_never_panics(text in ".*") {
            let _ = Place::read(&text);
            let _ = Place::read(&format!("data/{text}"));
            let _ = Place::inside(&format!("NATIVES/{text}"));
        }
    }
}
