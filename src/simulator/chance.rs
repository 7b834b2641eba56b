//! Numbers that look random and are the same in every run: seeds, hashes, a small generator.
//!
//! The generator is SplitMix64 (Steele, Lea, Flood 2014), the hash FNV-1a; neither protects anything.

/// A generator with one word of state.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// A generator that depends on both numbers.
    pub(super) fn new(seed: u64, index: u64) -> Self {
        let mut chance = Self(seed ^ index.wrapping_mul(0xd134_2543_de82_ef95));
        chance.next();
        chance
    }

    /// The next 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 where `bound` is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        u64::try_from((u128::from(self.next()) * u128::from(bound)) >> 64).unwrap_or_default()
    }

    /// One of the choices.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> Option<&'a T> {
        let at = self.below(u64::try_from(choices.len()).unwrap_or_default());
        choices.get(usize::try_from(at).unwrap_or_default()).copied()
    }
}

/// A number for a text.
pub(super) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Whether a text is among the share `rate` (0 to 1) that `seed` selects.
pub(super) fn selects(seed: u64, text: &str, rate: f64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 53 bits")]
    let drawn = (Chance::new(seed, hash(text)).next() >> 11) as f64 / (1_u64 << 53) as f64;
    drawn < rate
}
