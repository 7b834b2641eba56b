//! Where a message arrives that is only looked at: hashed on the way, small ones in memory, large ones in a nameless file.
//!
//! It must not keep anything after it is dropped.

use std::io::{self, Read as _, Seek as _, Write as _};

use bytes::Bytes;
use tempfile::SpooledTempFile;

use crate::graph::Sink;
use crate::terms::{Hasher, Sha256};

/// Bytes of one message that are held in memory.
const IN_MEMORY: usize = 4 << 20;

/// A message on its way.
pub(super) struct Passing {
    hasher: Hasher,
    bytes: SpooledTempFile,
}

impl Passing {
    pub(super) fn new() -> Self {
        Self { hasher: Hasher::new(), bytes: SpooledTempFile::new(IN_MEMORY) }
    }

    /// Its digest, and itself to be read again.
    pub(super) fn arrived(self) -> (Sha256, Arrived) {
        (self.hasher.finish().0, Arrived(self.bytes))
    }
}

impl Sink for Passing {
    async fn begin(&mut self) -> io::Result<()> {
        *self = Self::new();
        Ok(())
    }

    async fn chunk(&mut self, bytes: Bytes) -> io::Result<()> {
        self.hasher.update(&bytes);
        self.bytes.write_all(&bytes)
    }
}

/// A message that is here.
pub(super) struct Arrived(SpooledTempFile);

impl Arrived {
    pub(super) fn read(mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.0.rewind()?;
        self.0.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}
