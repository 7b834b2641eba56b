//! Room for messages in memory: a message is parsed as a whole, and sixteen mailboxes may bring four large ones each.
//!
//! One bound for the whole process. It must not know what is in a message.

use tokio::sync::{Semaphore, SemaphorePermit};

/// Bytes of messages that are read at once. One that is larger is read alone; Exchange's largest have 150 MB.
const BYTES: usize = 64 << 20;
/// What is counted; smaller messages count as one unit.
const UNIT: usize = 64 << 10;
const UNITS: usize = BYTES / UNIT;

static READING: Semaphore = Semaphore::const_new(UNITS);

/// Bytes of small messages that wait in memory to become durable, whatever the number of mailboxes.
const WAITING_UNITS: usize = (16 << 20) / UNIT;
static WAITING: Semaphore = Semaphore::const_new(WAITING_UNITS);

/// The right to hold a message in memory; given back when dropped.
#[derive(Debug)]
pub(super) struct Room {
    _permit: Option<SemaphorePermit<'static>>,
}

/// Waits until a message of so many bytes may be read into memory.
pub(super) async fn to_read(bytes: u64) -> Room {
    // The semaphores are never closed; if they were, memory would be unbounded and nothing else wrong.
    Room { _permit: READING.acquire_many(units(bytes, UNITS)).await.ok() }
}

/// Waits until so many bytes may wait in memory to become durable.
pub(super) async fn to_wait(bytes: u64) -> Room {
    Room { _permit: WAITING.acquire_many(units(bytes, WAITING_UNITS)).await.ok() }
}

fn units(bytes: u64, most: usize) -> u32 {
    let most = u32::try_from(most).unwrap_or(u32::MAX);
    u32::try_from(bytes.div_ceil(UNIT as u64)).unwrap_or(most).clamp(1, most)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_largest_message_takes_all_the_room_and_no_more() {
        let most = u32::try_from(UNITS).expect("few");
        let sizes = [(0, 1), (1, 1), (65_536, 1), (65_537, 2), (150_000_000, most), (u64::MAX, most)];
        for (bytes, expected) in sizes {
            assert_eq!(units(bytes, UNITS), expected, "{bytes}");
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
