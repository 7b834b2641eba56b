//! Digests as types: 32 bytes that say which algorithm made them, and a hasher fed as bytes arrive.
//!
//! SHA-256 is the only integrity hash (FIPS 180-4). MD5 and SHA-1 are for matching: the EDRM message
//! identification hash, and files that other tools know by them. This file must not know files.

use std::fmt;
use std::io;

use md5::Md5 as Md5Engine;
use sha1::Sha1 as Sha1Engine;
use sha2::{Digest as _, Sha256 as Sha256Engine};

/// Text that is not a digest of the expected length in lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a digest: expected {expected} lower-case hex digits")]
pub struct DigestError {
    /// Number of hex digits a valid digest has.
    pub expected: usize,
}

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident, $len:literal, $engine:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// Hashes bytes that are all at hand.
            pub fn of(bytes: &[u8]) -> Self {
                Self(<$engine>::digest(bytes).into())
            }

            /// Takes a digest that was computed elsewhere.
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// Takes the bytes of a stored digest; `None` when the length is wrong.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// The raw bytes.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Parses lower-case hex; upper case is refused so that every digest has one spelling.
            pub fn from_hex(text: &str) -> Result<Self, DigestError> {
                let wrong = DigestError { expected: $len * 2 };
                if text.bytes().any(|b| b.is_ascii_uppercase()) {
                    return Err(wrong);
                }
                let mut bytes = [0; $len];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| wrong)?;
                Ok(Self(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = [0; $len * 2];
                hex::encode_to_slice(self.0, &mut text).map_err(|_| fmt::Error)?;
                f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                Self::from_hex(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

digest!(
    /// A SHA-256 digest (FIPS 180-4); shown as 64 lower-case hex digits.
    Sha256, 32, Sha256Engine
);
digest!(
    /// An MD5 digest, for matching only; shown as 32 lower-case hex digits.
    Md5, 16, Md5Engine
);
digest!(
    /// A SHA-1 digest, for matching only; shown as 40 lower-case hex digits.
    Sha1, 20, Sha1Engine
);

/// The digests that other tools know a file by: for matching, not for integrity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matching {
    /// MD5 of the bytes.
    pub md5: Md5,
    /// SHA-1 of the bytes.
    pub sha1: Sha1,
}

impl Matching {
    /// Hashes bytes that are all at hand.
    pub fn of(bytes: &[u8]) -> Self {
        Self { md5: Md5::of(bytes), sha1: Sha1::of(bytes) }
    }
}

/// Running MD5 and SHA-1 over the same bytes; also a sink that bytes may be copied to.
#[derive(Clone, Default)]
pub struct MatchingHasher {
    md5: Md5Engine,
    sha1: Sha1Engine,
}

impl MatchingHasher {
    /// Takes the next bytes in order.
    pub fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.sha1.update(bytes);
    }

    /// Ends both hashes.
    pub fn finish(self) -> Matching {
        Matching { md5: Md5(self.md5.finalize().into()), sha1: Sha1(self.sha1.finalize().into()) }
    }
}

/// What one digest takes before the next has its turn. Each waits for itself most of the time, so a processor that is
/// given a block of every digest in turn works on them side by side; in larger pieces it does not see that far ahead.
const BLOCK: usize = 64;

/// Hands the same bytes to SHA-256 and to the digests for matching, faster than one after the other.
pub fn hash_alike(hasher: &mut Hasher, matching: &mut MatchingHasher, bytes: &[u8]) {
    for block in bytes.chunks(BLOCK) {
        hasher.engine.update(block);
        matching.md5.update(block);
        matching.sha1.update(block);
    }
    hasher.bytes += bytes.len() as u64;
}

/// Running SHA-256 and MD5 over the same bytes: what the lists of a payload state.
#[derive(Clone, Default)]
pub struct ListedHasher {
    hasher: Hasher,
    md5: Md5Engine,
}

impl ListedHasher {
    /// Takes the next bytes in order.
    pub fn update(&mut self, bytes: &[u8]) {
        for block in bytes.chunks(BLOCK) {
            self.hasher.engine.update(block);
            self.md5.update(block);
        }
        self.hasher.bytes += bytes.len() as u64;
    }

    /// Ends both and returns them with the number of bytes seen.
    pub fn finish(self) -> ((Sha256, Md5), u64) {
        let (sha256, bytes) = self.hasher.finish();
        ((sha256, Md5(self.md5.finalize().into())), bytes)
    }
}

impl fmt::Debug for ListedHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ListedHasher")
    }
}

impl io::Write for MatchingHasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for MatchingHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MatchingHasher")
    }
}

/// A running SHA-256 with a byte count: what arrived so far.
#[derive(Clone, Default)]
pub struct Hasher {
    engine: Sha256Engine,
    bytes: u64,
}

impl Hasher {
    /// Starts with nothing seen.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes in order.
    pub fn update(&mut self, bytes: &[u8]) {
        self.engine.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// Number of bytes seen.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Ends the hash and returns it with the number of bytes seen.
    pub fn finish(self) -> (Sha256, u64) {
        (Sha256(self.engine.finalize().into()), self.bytes)
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hasher({} bytes)", self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4 example "abc".
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn the_published_vector_holds_in_one_piece_and_in_pieces() {
        assert_eq!(Sha256::of(b"abc").to_string(), ABC);
        let mut hasher = Hasher::new();
        hasher.update(b"a");
        hasher.update(b"bc");
        assert_eq!(hasher.finish(), (Sha256::of(b"abc"), 3));
    }

    #[test]
    fn the_matching_digests_have_their_published_values() {
        // RFC 1321 appendix A.5 and FIPS 180-4, both for "abc".
        let mut hasher = MatchingHasher::default();
        hasher.update(b"a");
        hasher.update(b"bc");
        let matching = hasher.finish();
        assert_eq!(matching, Matching::of(b"abc"));
        assert_eq!(matching.md5.to_string(), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(matching.sha1.to_string(), "a9993e364706816aba3e25717850c26c9cd0d89d");
    }

    #[test]
    fn digests_that_are_fed_alike_are_those_of_each_alone() {
        let bytes: Vec<u8> = (0..1000u32).map(|n| (n * 7 % 251) as u8).collect();
        for cut in [0, 1, 63, 64, 65, 500, 1000] {
            let (first, second) = bytes.split_at(cut);
            let (mut hasher, mut matching) = (Hasher::new(), MatchingHasher::default());
            let mut listed = ListedHasher::default();
            for piece in [first, second] {
                hash_alike(&mut hasher, &mut matching, piece);
                listed.update(piece);
            }
            let (sha256, matched) = (Sha256::of(&bytes), Matching::of(&bytes));
            assert_eq!((hasher.finish(), matching.finish()), ((sha256, 1000), matched), "{cut}");
            assert_eq!(listed.finish(), ((sha256, matched.md5), 1000), "{cut}");
        }
    }

    #[test]
    fn upper_case_hex_is_refused_so_that_a_digest_has_one_spelling() {
        assert!(Sha256::from_hex(ABC).is_ok());
        assert!(Sha256::from_hex(&ABC.to_uppercase()).is_err());
        assert!(Sha256::from_hex(&ABC[1..]).is_err());
    }
}
