//! SSH's wire form (RFC 4251 section 5): length-prefixed strings and big integers.
//!
//! It must not know what they mean.

/// Bytes still to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wire<'b>(pub(super) &'b [u8]);

impl<'b> Wire<'b> {
    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    pub(super) fn string(&mut self) -> Option<&'b [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Option<&'b str> {
        std::str::from_utf8(self.string()?).ok()
    }

    /// A positive integer, without leading zeros.
    pub(super) fn integer(&mut self) -> Option<&'b [u8]> {
        let bytes = self.string()?;
        let start = bytes.iter().position(|byte| *byte != 0)?;
        let is_negative = bytes.first().is_some_and(|first| *first >= 0x80);
        bytes.get(start..).filter(|_| !is_negative)
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// A string as it is sent.
pub(super) fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&length[..], bytes].concat()
}
