//! A small capture toolkit for tests: takes a recorded conversation apart, lets a
//! test change it, and writes it as a capture of any kind.
//!
//! [`conversation`] reads, [`wrap`] packs segments into packets and tunnels,
//! [`file`] writes captures, [`look`] analyses bytes and says what was seen; [`indent`]
//! lays JSON out.

#![allow(dead_code, reason = "every test binary uses another part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

pub(crate) mod conversation;
pub(crate) mod file;
pub(crate) mod indent;
pub(crate) mod look;
pub(crate) mod packing;
pub(crate) mod program;
pub(crate) mod samples;
pub(crate) mod tls;
pub(crate) mod told;
pub(crate) mod wrap;

/// A small generator of numbers that look random, the same in every run
/// (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap();
        usize::try_from(self.roll() % end).unwrap()
    }
}
