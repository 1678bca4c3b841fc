//! A cursor over bytes that cannot run past its end.

/// Reads big-endian numbers and byte strings from the front of a slice.
///
/// Every method answers `None` and leaves the reader where it was when fewer
/// bytes are left than asked for; nothing panics and nothing is read twice.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Begins at the first byte of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(head)
    }

    /// The next `N` bytes as an array.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*head)
    }

    /// One byte.
    pub fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Two bytes, big-endian.
    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    /// Three bytes, big-endian (the `uint24` of RFC 8446, 3.3).
    pub fn u24(&mut self) -> Option<u32> {
        self.array().map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]))
    }

    /// Four bytes, big-endian.
    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// A byte string behind a one-byte length (`<0..2^8-1>`).
    pub fn vec8(&mut self) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let count = ahead.u8()?;
        let bytes = ahead.take(usize::from(count))?;
        *self = ahead;
        Some(bytes)
    }

    /// A byte string behind a two-byte length (`<0..2^16-1>`).
    pub fn vec16(&mut self) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let count = ahead.u16()?;
        let bytes = ahead.take(usize::from(count))?;
        *self = ahead;
        Some(bytes)
    }

    /// A byte string behind a three-byte length (`<0..2^24-1>`).
    pub fn vec24(&mut self) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let count = ahead.u24()?;
        let bytes = ahead.take(usize::try_from(count).ok()?)?;
        *self = ahead;
        Some(bytes)
    }

    /// As [`Self::vec16`], but gives what is left when the length promises more;
    /// the flag says whether the whole string was there.
    pub fn vec16_lax(&mut self) -> Option<(&'a [u8], bool)> {
        let count = usize::from(self.u16()?);
        Some(self.take_lax(count))
    }

    /// The next `count` bytes or what is left of them; the flag says whether all
    /// were there.
    pub fn take_lax(&mut self, count: usize) -> (&'a [u8], bool) {
        match self.take(count) {
            Some(bytes) => (bytes, true),
            None => (self.remaining(), false),
        }
    }

    /// All that is left; the reader is empty afterwards.
    pub fn remaining(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// What is left, without moving.
    #[must_use]
    pub const fn peek(&self) -> &'a [u8] {
        self.rest
    }

    /// How many bytes are left.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.rest.len()
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

/// The 16-bit numbers in `bytes`; an odd last byte is left out.
pub fn u16_list(bytes: &[u8]) -> Vec<u16> {
    let (pairs, _) = bytes.as_chunks::<2>();
    pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_runs_past_its_end() {
        let mut reader = Reader::new(&[0, 5, 1, 2]);
        assert_eq!(reader.vec16(), None);
        assert_eq!(reader.left(), 4, "a failed read must not move the reader");
        assert_eq!(reader.vec16_lax(), Some((&[1, 2][..], false)));
        assert!(reader.is_empty());
        assert_eq!(reader.u8(), None);
    }

    #[test]
    fn reads_numbers_big_endian() {
        let mut reader = Reader::new(&[1, 2, 3, 4, 5, 6, 0, 0, 0, 7]);
        assert_eq!(reader.u8(), Some(1));
        assert_eq!(reader.u16(), Some(0x0203));
        assert_eq!(reader.u24(), Some(0x04_05_06));
        assert_eq!(reader.u32(), Some(7));
    }

    #[test]
    fn odd_byte_of_a_list_is_left_out() {
        assert_eq!(u16_list(&[0xc0, 0x2c, 0xc0]), [0xc02c]);
    }
}
