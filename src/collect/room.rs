//! Room for messages in memory: a message is parsed as a whole, and sixteen mailboxes may bring four large ones each.
//!
//! One bound for the whole process. It must not know what is in a message.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

use tokio::sync::{Semaphore, SemaphorePermit};

/// Bytes of messages that are read at once. One that is larger is read alone; Exchange's largest have 150 MB. Reading takes
/// up to twice the room, for what parts decode to, and no more of them than there are processors are read any faster.
const BYTES: usize = 8 << 20;
/// What is counted for reading; smaller messages count as one unit, which bounds their number.
const UNIT: usize = 1 << 20;
const UNITS: usize = BYTES / UNIT;

static READING: Semaphore = Semaphore::const_new(UNITS);

/// Items that become durable together, and have one transaction, at most.
pub(super) const GROUP_ITEMS: usize = 256;
/// Bytes of such a group, with what brings it there.
pub(super) const GROUP_BYTES: usize = 3 << 20;
/// Groups that have room at once: one that fills, two that are being written, one whose rows are.
const GROUPS: usize = 4;

/// Bytes of small messages that wait in memory to become durable, whatever the number of mailboxes: the groups, and what
/// rounding up takes. With less, a group would wait for its time to be over because nothing more may come.
const WAITING: usize = GROUPS * GROUP_BYTES + (1 << 20);
/// What is counted for the smallest message that waits, since what is known about it takes room too: full groups of such
/// messages fill the room as well.
const WAITING_LEAST: u64 = (GROUP_BYTES / GROUP_ITEMS) as u64;
/// What it is counted in; so small that rounding up takes no group's room away.
const WAITING_UNIT: usize = 1 << 10;
static WAITS: Semaphore = Semaphore::const_new(WAITING / WAITING_UNIT);

/// Rows of first pages that are asked for before it is their folder's turn to be recorded: about a kilobyte each.
const ROWS: usize = 16_000;
static PAGES: Semaphore = Semaphore::const_new(ROWS);

/// Threads that hash and parse at once: a few more than there are processors, since some of them write to a disk. More
/// would only hold more memory.
static HANDS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(2 + available_parallelism().map_or(2, std::num::NonZero::get)));

/// Bytes that arrived and are not hashed yet, of all messages.
static ARRIVING: AtomicUsize = AtomicUsize::new(0);
/// How many of them are easily borne.
const ARRIVING_FEW: usize = 4 << 20;
/// Bytes of one message that are kept before they are hashed: handing them over costs something each time.
const STRIDE: usize = 256 << 10;
/// The same when much has arrived already.
const SHORT_STRIDE: usize = 32 << 10;

/// The right to hold a message in memory; given back when dropped.
#[derive(Debug)]
pub(super) struct Room {
    _permit: Option<SemaphorePermit<'static>>,
}

/// Waits until a message of so many bytes may be read into memory.
pub(super) async fn to_read(bytes: u64) -> Room {
    // The semaphores are never closed; if they were, memory would be unbounded and nothing else wrong.
    Room { _permit: READING.acquire_many(units(bytes, UNIT, BYTES)).await.ok() }
}

/// Waits until so many bytes may wait in memory to become durable.
pub(super) async fn to_wait(bytes: u64) -> Room {
    Room { _permit: WAITS.acquire_many(units(bytes.max(WAITING_LEAST), WAITING_UNIT, WAITING)).await.ok() }
}

/// Waits until so many rows may wait in memory to be recorded.
pub(super) async fn for_rows(rows: u32) -> Room {
    Room { _permit: PAGES.acquire_many(rows.max(1)).await.ok() }
}

/// The same without waiting; `None` when there is no room now.
pub(super) fn for_rows_now(rows: u32) -> Option<Room> {
    PAGES.try_acquire_many(rows.max(1)).ok().map(|permit| Room { _permit: Some(permit) })
}

/// Waits until a thread may be taken for work on a message.
pub(super) async fn for_a_hand() -> Room {
    Room { _permit: HANDS.acquire().await.ok() }
}

/// So many bytes of one message that arrived and are not hashed yet.
#[derive(Debug, Default)]
pub(super) struct Arriving(usize);

impl Arriving {
    /// Some more; whether it is time to hash them.
    pub(super) fn add(&mut self, bytes: usize) -> bool {
        self.0 += bytes;
        let all = ARRIVING.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.0 >= if all > ARRIVING_FEW { SHORT_STRIDE } else { STRIDE }
    }

    /// How many.
    pub(super) const fn bytes(&self) -> usize {
        self.0
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        ARRIVING.fetch_sub(self.0, Ordering::Relaxed);
    }
}

/// So many bytes in units; not more than there are, so that the largest message takes all the room.
fn units(bytes: u64, unit: usize, most: usize) -> u32 {
    let most = u32::try_from(most / unit).unwrap_or(u32::MAX);
    u32::try_from(bytes.div_ceil(unit as u64)).unwrap_or(most).clamp(1, most)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_largest_message_takes_all_the_room_and_no_more() {
        let most = u32::try_from(UNITS).expect("few");
        let sizes = [(0, 1), (1, 1), (1 << 20, 1), ((1 << 20) + 1, 2), (150_000_000, most), (u64::MAX, most)];
        for (bytes, expected) in sizes {
            assert_eq!(units(bytes, UNIT, BYTES), expected, "{bytes}");
        }
    }

    #[test]
    fn with_much_that_has_arrived_less_is_kept_of_each_message() {
        let mut one = Arriving::default();
        assert!(!one.add(SHORT_STRIDE) && one.add(STRIDE));
        let others: Vec<Arriving> = (0..ARRIVING_FEW / STRIDE)
            .map(|_| {
                let mut other = Arriving::default();
                other.add(STRIDE);
                other
            })
            .collect();
        let mut last = Arriving::default();
        assert!(last.add(SHORT_STRIDE));
        drop(others);
        assert!(last.bytes() == SHORT_STRIDE && !last.add(1));
    }

    #[test]
    fn every_group_has_room_whatever_the_size_of_its_messages() {
        let (groups, items, most) = (GROUPS as u64, GROUP_ITEMS as u64, GROUP_BYTES as u64);
        for bytes in [0, 1, 4_096, 12_288, 12_289, 13_000, 20_480, 100_000, 262_144] {
            let each = u64::from(units(WAITING_LEAST.max(bytes), WAITING_UNIT, WAITING));
            let group = most.div_ceil(bytes.max(1)).min(items);
            assert!(groups * group * each <= (WAITING / WAITING_UNIT) as u64, "{bytes}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn many_large_messages_are_read_one_after_the_other() {
        let large = to_read(150_000_000).await;
        let second = tokio::spawn(to_read(150_000_000));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!second.is_finished());
        drop(large);
        second.await.expect("it comes in");
    }
}
