//! Which volume takes the next native: the accounting of ZIP volumes.
//!
//! A path is given before a native is compressed, so a volume is filled by what its members can take at the
//! most. The finished archive therefore never exceeds the limit, unless one native alone does. It must not
//! touch the disk.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::placement::Place;
use super::{Compression, Format, PackageError};
use crate::terms::ControlNumber;

/// Bytes of a volume unless asked otherwise: 3.9 GiB, below the 4 GiB from which an archive needs Zip64.
pub const VOLUME_BYTES: u64 = 4_187_593_113;
/// Members of a volume unless asked otherwise, below the 65,535 from which an archive needs Zip64.
pub const VOLUME_MEMBERS: u32 = 60_000;
/// The smallest volume that may be asked for, in bytes.
pub const VOLUME_BYTES_MIN: u64 = 65_536;
/// The most members that may be asked for: an archive's directory is held in memory while it is written.
pub const MEMBERS_MAX: u32 = 100_000;

/// End of central directory, also in its Zip64 form.
const ARCHIVE_FRAME: u64 = 128;
/// Local header, central header and Zip64 fields of one member, without its name.
const MEMBER_FRAME: u64 = 30 + 46 + 64;

impl Format {
    /// ZIP with the usual limits.
    pub const ZIP: Self =
        Self::Zip { volume_bytes: VOLUME_BYTES, volume_members: VOLUME_MEMBERS, compression: Compression::Deflate };

    /// Refuses limits that cannot be kept.
    pub fn checked(self) -> Result<Self, PackageError> {
        match self {
            Self::Eml => Ok(self),
            Self::Zip { volume_bytes, volume_members, .. } => {
                let fits = volume_bytes >= VOLUME_BYTES_MIN && (1..=MEMBERS_MAX).contains(&volume_members);
                let wrong = PackageError::VolumeLimits { bytes: volume_bytes, members: volume_members };
                if fits { Ok(self) } else { Err(wrong) }
            }
        }
    }
}

/// What a member takes in an archive at the most.
///
/// Deflate stores what it cannot shrink, in blocks with five bytes of frame: below 0.04 % for any block size a
/// compressor of 32 KiB window uses. One part in 512 leaves room for another compressor.
fn at_most(place: Place, bytes: u64) -> u64 {
    let name = place.name().len() as u64;
    bytes.saturating_add(bytes / 512).saturating_add(64 + MEMBER_FRAME + 2 * name)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Takes natives.
    Open,
    /// Takes no more; waits for its last rows and for being packed.
    Full,
    /// Handed out for packing, packed, or known as packed.
    Done,
}

#[derive(Debug, Clone, Copy)]
struct Volume {
    bytes: u64,
    members: u32,
    held: u32,
    state: State,
}

impl Volume {
    const EMPTY: Self = Self { bytes: ARCHIVE_FRAME, members: 0, held: 0, state: State::Open };
}

/// All volumes of a package, by number.
#[derive(Debug)]
pub(super) struct Volumes {
    volume_bytes: u64,
    volume_members: u32,
    by_number: BTreeMap<u32, Volume>,
}

impl Volumes {
    /// No volumes yet.
    pub(super) const fn new(volume_bytes: u64, volume_members: u32) -> Self {
        Self { volume_bytes, volume_members, by_number: BTreeMap::new() }
    }

    /// Gives a native its place and counts it in, and counts it as on its way.
    pub(super) fn admit(&mut self, number: ControlNumber, bytes: u64) -> Place {
        let (open, volume) = match self.by_number.last_key_value() {
            Some((number, volume)) if volume.state == State::Open => (*number, *volume),
            Some((number, _)) => (number.saturating_add(1), Volume::EMPTY),
            None => (1, Volume::EMPTY),
        };
        let place = Place::zip(number, open);
        let cost = at_most(place, bytes);
        let fits = volume.bytes.saturating_add(cost) <= self.volume_bytes && volume.members < self.volume_members;
        if !fits && volume.members > 0 {
            self.by_number.insert(open, Volume { state: State::Full, ..volume });
            return self.admit(number, bytes);
        }
        // Also here when the native alone exceeds the limit: then the next one will not fit beside it.
        let bytes = volume.bytes.saturating_add(cost);
        self.by_number.insert(open, Volume { bytes, members: volume.members + 1, held: volume.held + 1, ..volume });
        place
    }

    /// One native less on its way.
    fn let_go(&mut self, volume: u32) {
        if let Some(volume) = self.by_number.get_mut(&volume) {
            volume.held = volume.held.saturating_sub(1);
        }
    }

    /// Closes the volume that still takes natives; a later native opens the next one.
    pub(super) fn close(&mut self) {
        if let Some(mut last) = self.by_number.last_entry() {
            let last = last.get_mut();
            if last.state == State::Open {
                last.state = State::Full;
            }
        }
    }

    /// Hands out, once each, the full volumes of which every native has its row.
    pub(super) fn take_due(&mut self) -> Vec<u32> {
        let due = |(_, volume): &(&u32, &mut Volume)| volume.state == State::Full && volume.held == 0;
        self.by_number
            .iter_mut()
            .filter(due)
            .map(|(number, volume)| {
                volume.state = State::Done;
                *number
            })
            .collect()
    }

    /// Counts in a native from an earlier session.
    pub(super) fn remember(&mut self, place: Place, bytes: u64) {
        let volume = self.by_number.entry(place.volume()).or_insert(Volume::EMPTY);
        volume.bytes = volume.bytes.saturating_add(at_most(place, bytes));
        volume.members = volume.members.saturating_add(1);
    }

    /// Ends remembering: volumes with a row are done, and of the others only the last takes more.
    pub(super) fn remembered(&mut self, packed: &[u32]) {
        for number in packed {
            self.by_number.entry(*number).or_insert(Volume::EMPTY).state = State::Done;
        }
        let last = self.by_number.last_key_value().map(|(number, _)| *number);
        for (number, volume) in &mut self.by_number {
            if volume.state == State::Open && Some(*number) != last {
                volume.state = State::Full;
            }
        }
    }
}

/// The volumes as they are shared with the placements that point into them.
pub(super) type SharedVolumes = Arc<Mutex<Volumes>>;

/// One native on its way into a volume; its end is counted when the last clone of its placement goes.
#[derive(Debug)]
pub(super) struct Held {
    volumes: SharedVolumes,
    volume: u32,
}

impl Held {
    /// Stands for a native that [`Volumes::admit`] just counted.
    pub(super) const fn new(volumes: SharedVolumes, volume: u32) -> Self {
        Self { volumes, volume }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.volumes.lock().unwrap_or_else(PoisonError::into_inner).let_go(self.volume);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn number(ordinal: u64) -> ControlNumber {
        ControlNumber::new(ordinal).expect("positive")
    }

    fn fill(volumes: &mut Volumes, sizes: &[u64]) -> Vec<(Place, u64)> {
        (1u64..).zip(sizes).map(|(ordinal, bytes)| (volumes.admit(number(ordinal), *bytes), *bytes)).collect()
    }

    proptest! {
        #[test]
        fn every_native_has_one_place_and_no_volume_exceeds_its_limits(
            sizes in prop::collection::vec(0u64..150_000, 0..400), limit in VOLUME_BYTES_MIN..400_000, members in 1u32..50,
        ) {
            let placed = fill(&mut Volumes::new(limit, members), &sizes);
            let mut by_volume = BTreeMap::<u32, Vec<(Place, u64)>>::new();
            for (place, bytes) in &placed {
                by_volume.entry(place.volume()).or_default().push((*place, *bytes));
            }
            let last = u32::try_from(by_volume.len()).expect("few");
            prop_assert_eq!(by_volume.keys().copied().collect::<Vec<_>>(), (1..=last).collect::<Vec<_>>());
            for natives in by_volume.values() {
                let most = ARCHIVE_FRAME + natives.iter().map(|(place, bytes)| at_most(*place, *bytes)).sum::<u64>();
                prop_assert!(natives.len() <= members as usize);
                prop_assert!(most <= limit || natives.len() == 1);
            }
        }

        #[test]
        fn a_resumed_package_goes_on_as_if_it_had_not_stopped(
            sizes in prop::collection::vec(0u64..100_000, 1..120), cut in 0usize..120,
        ) {
            let cut = cut.min(sizes.len());
            let mut whole = Volumes::new(200_000, 20);
            let placed = fill(&mut whole, &sizes);
            let mut resumed = Volumes::new(200_000, 20);
            for (place, bytes) in &placed[..cut] {
                resumed.remember(*place, *bytes);
            }
            resumed.remembered(&[]);
            for (place, bytes) in &placed[cut..] {
                prop_assert_eq!(resumed.admit(place_number(*place), *bytes), *place);
            }
        }
    }

    fn place_number(place: Place) -> ControlNumber {
        let path = place.path();
        let name = path.rsplit_once('/').expect("has folders").1;
        name.strip_suffix(".eml").expect("a native").parse().expect("a control number")
    }

    #[test]
    fn a_native_larger_than_a_volume_gets_its_own() {
        let mut volumes = Volumes::new(VOLUME_BYTES_MIN, 10);
        let numbers: Vec<u32> =
            fill(&mut volumes, &[10, 1_000_000, 20, 30]).into_iter().map(|(place, _)| place.volume()).collect();
        assert_eq!(numbers, [1, 2, 3, 3]);
    }

    #[test]
    fn a_volume_is_due_once_when_it_is_full_and_nothing_in_it_is_on_its_way() {
        let volumes: SharedVolumes = Arc::new(Mutex::new(Volumes::new(VOLUME_BYTES_MIN, 2)));
        let admit = |ordinal| {
            let place = volumes.lock().expect("not poisoned").admit(number(ordinal), 1);
            Held::new(Arc::clone(&volumes), place.volume())
        };
        let due = || volumes.lock().expect("not poisoned").take_due();
        let (first, second, third) = (admit(1), admit(2), admit(3));
        drop(first);
        assert_eq!(due(), [0u32; 0]);
        drop(second);
        assert_eq!(due(), [1]);
        assert_eq!(due(), [0u32; 0]);
        drop(third);
        assert_eq!(due(), [0u32; 0], "still open");
        volumes.lock().expect("not poisoned").close();
        assert_eq!(due(), [2]);
        assert_eq!(admit(4).volume, 3);
    }

    #[test]
    fn after_the_last_volume_was_packed_the_next_native_opens_another() {
        let mut volumes = Volumes::new(VOLUME_BYTES_MIN, 10);
        volumes.remember(Place::zip(number(1), 1), 5);
        volumes.remembered(&[1]);
        assert_eq!(volumes.admit(number(2), 5).volume(), 2);
    }

    #[test]
    fn limits_that_cannot_be_kept_are_refused() {
        assert!(Format::ZIP.checked().is_ok());
        for (volume_bytes, volume_members) in
            [(0, 1), (VOLUME_BYTES_MIN - 1, 1), (VOLUME_BYTES, 0), (VOLUME_BYTES, MEMBERS_MAX + 1)]
        {
            let compression = Compression::Deflate;
            assert!(Format::Zip { volume_bytes, volume_members, compression }.checked().is_err());
        }
    }
}
