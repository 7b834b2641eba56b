//! Memory for one large native, given back to the system as soon as it is let go.
//!
//! glibc keeps a large block that was freed for the next one, in as many heaps as there are threads, and so a process
//! holds many times what is in use. A block beyond the size up to which it does so is a mapping of its own; pages of it
//! that are never written to take no memory. (`mallopt(3)`, `M_MMAP_THRESHOLD`: 32 MiB at the most where pointers have
//! eight bytes.) It must not know what is in the block.

/// Smaller blocks are not worth a mapping of their own.
const LARGE: usize = 128 << 10;
/// More than any block that glibc keeps.
const OF_ITS_OWN: usize = (32 << 20) + (64 << 10);

/// An empty vector with room for so many bytes.
pub(super) fn block(bytes: usize) -> Vec<u8> {
    let mut block = Vec::new();
    let keeps = cfg!(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"));
    // Where not even addresses are to be had it is as large as it must be.
    if !(keeps && bytes >= LARGE && block.try_reserve_exact(bytes.max(OF_ITS_OWN)).is_ok()) {
        block.reserve_exact(bytes);
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_the_room_that_was_asked_for() {
        for bytes in [0, 1, LARGE - 1, LARGE, OF_ITS_OWN, OF_ITS_OWN + 1] {
            let block = block(bytes);
            assert!(block.is_empty() && block.capacity() >= bytes, "{bytes}");
        }
    }
}
