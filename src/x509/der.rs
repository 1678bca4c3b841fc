//! A reader of DER (X.690) that never indexes: every step either yields a piece of the input or says why not.
//!
//! It is lenient where OpenSSL's `d2i` functions are (a length may be written longer than needed) and strict where
//! leniency would need a second parser (indefinite lengths are refused).

/// Why bytes are not the DER that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DerError {
    /// The input ends inside a tag, a length or the contents.
    #[error("the data ends early")]
    Truncated,
    /// Length octet 0x80: BER's indefinite form, which DER forbids and this reader does not follow.
    #[error("indefinite length (BER, not DER)")]
    Indefinite,
    /// A length of more than four octets, or one that does not fit the machine.
    #[error("a length is too large")]
    TooLong,
    /// A tag number of 31 or more, which no certificate field uses.
    #[error("a tag number is not one of X.509's")]
    HighTag,
    /// Another type stands where this one was expected.
    #[error("expected tag {expected:#04x}, found {found:#04x}")]
    Tag {
        /// Identifier octet that the grammar asks for.
        expected: u8,
        /// Identifier octet that is there.
        found: u8,
    },
    /// The contents of a primitive value are not of its type.
    #[error("a value has impossible contents")]
    Value,
}

/// Identifier octets of the universal types used in certificates (X.690, 8.1.2).
pub mod tag {
    /// BOOLEAN
    pub const BOOLEAN: u8 = 0x01;
    /// INTEGER
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING
    pub const OCTET_STRING: u8 = 0x04;
    /// NULL
    pub const NULL: u8 = 0x05;
    /// OBJECT IDENTIFIER
    pub const OID: u8 = 0x06;
    /// UTF8String
    pub const UTF8_STRING: u8 = 0x0c;
    /// SEQUENCE and SEQUENCE OF
    pub const SEQUENCE: u8 = 0x30;
    /// SET and SET OF
    pub const SET: u8 = 0x31;
    /// UTCTime
    pub const UTC_TIME: u8 = 0x17;
    /// GeneralizedTime
    pub const GENERALIZED_TIME: u8 = 0x18;
}

/// One value: its identifier octet, its contents, and the whole encoding.
#[derive(Debug, Clone, Copy)]
pub struct Tlv<'a> {
    /// Identifier octet: class, constructed bit and number.
    pub tag: u8,
    /// Contents octets.
    pub value: &'a [u8],
    /// Identifier, length and contents.
    pub raw: &'a [u8],
}

/// Walks over consecutive values.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of `input`.
    #[must_use]
    pub fn new(input: &'a [u8]) -> Self {
        Self { rest: input }
    }

    /// What has not been read yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// True once everything has been read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The identifier octet of the next value, if there is one.
    #[must_use]
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Reads one value of any type.
    ///
    /// # Errors
    /// When the input ends early, or the tag or length has a form that certificates do not use.
    pub fn any(&mut self) -> Result<Tlv<'a>, DerError> {
        let start = self.rest;
        let (&tag, after_tag) = start.split_first().ok_or(DerError::Truncated)?;
        if tag & 0x1f == 0x1f {
            return Err(DerError::HighTag);
        }
        let (length, after_length) = length(after_tag)?;
        let (value, rest) = after_length.split_at_checked(length).ok_or(DerError::Truncated)?;
        let size = start.len().saturating_sub(rest.len());
        let raw = start.get(..size).ok_or(DerError::Truncated)?;
        self.rest = rest;
        Ok(Tlv { tag, value, raw })
    }

    /// Reads one value that must have the identifier octet `expected`.
    ///
    /// # Errors
    /// As [`Reader::any`], or [`DerError::Tag`] when another type stands there.
    pub fn expect(&mut self, expected: u8) -> Result<Tlv<'a>, DerError> {
        match self.peek() {
            Some(found) if found != expected => Err(DerError::Tag { expected, found }),
            _ => self.any(),
        }
    }

    /// Reads one value if its identifier octet is `wanted`; otherwise reads nothing.
    ///
    /// # Errors
    /// As [`Reader::any`] when the wanted value is there but broken.
    pub fn optional(&mut self, wanted: u8) -> Result<Option<Tlv<'a>>, DerError> {
        if self.peek() == Some(wanted) { self.any().map(Some) } else { Ok(None) }
    }

    /// Says that nothing may be left.
    ///
    /// # Errors
    /// [`DerError::Value`] when something is.
    pub fn finish(&self) -> Result<(), DerError> {
        if self.is_empty() { Ok(()) } else { Err(DerError::Value) }
    }

    /// Reads a SEQUENCE and returns a reader over its contents.
    ///
    /// # Errors
    /// As [`Reader::expect`].
    pub fn sequence(&mut self) -> Result<Self, DerError> {
        Ok(Self::new(self.expect(tag::SEQUENCE)?.value))
    }
}

/// Splits a length off the front (X.690, 8.1.3). Padding with leading zero octets is accepted, as OpenSSL does.
fn length(input: &[u8]) -> Result<(usize, &[u8]), DerError> {
    let (&first, rest) = input.split_first().ok_or(DerError::Truncated)?;
    if first < 0x80 {
        return Ok((usize::from(first), rest));
    }
    let count = usize::from(first & 0x7f);
    if count == 0 {
        return Err(DerError::Indefinite);
    }
    let (octets, rest) = rest.split_at_checked(count).ok_or(DerError::Truncated)?;
    let mut value: usize = 0;
    for &octet in octets {
        if value > usize::from(u16::MAX) * 256 {
            return Err(DerError::TooLong);
        }
        value = (value << 8) | usize::from(octet);
    }
    Ok((value, rest))
}

/// The contents of a BIT STRING without its count of unused bits: `(octets, unused bits)`. Unused bits read as zero,
/// whatever is written there, as in OpenSSL (`c2i_ASN1_BIT_STRING`).
///
/// # Errors
/// [`DerError::Value`] when the count is missing or above seven.
pub fn bits(value: &[u8]) -> Result<(Box<[u8]>, u8), DerError> {
    match value.split_first() {
        Some((&unused, octets)) if unused < 8 && (unused == 0 || !octets.is_empty()) => {
            let mut octets: Box<[u8]> = octets.into();
            if let Some(last) = octets.last_mut() {
                *last &= 0xff << unused;
            }
            Ok((octets, unused))
        }
        _ => Err(DerError::Value),
    }
}

/// The contents of an INTEGER, which OpenSSL refuses when they are empty or padded (`c2i_ibuf`, crypto/asn1/a_int.c).
///
/// # Errors
/// [`DerError::Value`] for those.
pub fn integer(value: &[u8]) -> Result<&[u8], DerError> {
    match value {
        [] => Err(DerError::Value),
        [0, second, ..] if second & 0x80 == 0 => Err(DerError::Value),
        [0xff, second, ..] if second & 0x80 != 0 => Err(DerError::Value),
        _ => Ok(value),
    }
}

/// The contents of an OBJECT IDENTIFIER, whose numbers never begin with 0x80 and whose last one ends (X.690, 8.19.2).
/// OpenSSL refuses others.
///
/// # Errors
/// [`DerError::Value`] for those.
pub fn identifier(value: &[u8]) -> Result<&[u8], DerError> {
    let mut starts = std::iter::once(&0).chain(value).zip(value);
    let ends = value.last().is_some_and(|last| last & 0x80 == 0);
    if ends && starts.all(|(before, octet)| before & 0x80 != 0 || *octet != 0x80) {
        Ok(value)
    } else {
        Err(DerError::Value)
    }
}

/// The contents of a BOOLEAN: one octet, true unless it is 0. BER, which OpenSSL follows here, knows more than one true.
///
/// # Errors
/// [`DerError::Value`] when there is not exactly one octet.
pub fn boolean(value: &[u8]) -> Result<bool, DerError> {
    match value {
        [octet] => Ok(*octet != 0),
        _ => Err(DerError::Value),
    }
}

/// An INTEGER's contents as a small number.
///
/// # Errors
/// [`DerError::Value`] when it is empty, negative or above `u64::MAX`.
pub fn small_integer(value: &[u8]) -> Result<u64, DerError> {
    match value.first() {
        None => return Err(DerError::Value),
        Some(first) if first & 0x80 != 0 => return Err(DerError::Value),
        Some(_) => {}
    }
    value.iter().try_fold(0_u64, |sum, &octet| {
        if sum >> 56 != 0 { Err(DerError::Value) } else { Ok((sum << 8) | u64::from(octet)) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_short_and_long_lengths() {
        let mut long = vec![0x04, 0x82, 0x01, 0x00];
        long.extend([7; 256]);
        assert_eq!(Reader::new(&long).any().unwrap().value.len(), 256);
        assert_eq!(Reader::new(&[0x02, 0x01, 0x05]).any().unwrap().value, [5]);
    }

    #[test]
    fn a_length_may_be_longer_than_needed() {
        let read = Reader::new(&[0x02, 0x84, 0, 0, 0, 1, 5, 9]).any().unwrap();
        assert_eq!((read.value, read.raw.len()), (&[5][..], 7));
    }

    #[test]
    fn refuses_what_it_does_not_follow() {
        assert_eq!(Reader::new(&[0x30, 0x80, 0, 0]).any().unwrap_err(), DerError::Indefinite);
        assert_eq!(Reader::new(&[0x30, 0x05, 0]).any().unwrap_err(), DerError::Truncated);
        assert_eq!(Reader::new(&[0x3f, 0x20, 0]).any().unwrap_err(), DerError::HighTag);
        assert_eq!(
            Reader::new(&[0x04, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1]).any().unwrap_err(),
            DerError::TooLong
        );
    }

    #[test]
    fn small_integers_keep_their_limits() {
        assert_eq!(small_integer(&[0, 0xff]), Ok(255));
        assert_eq!(small_integer(&[0xff]), Err(DerError::Value));
        assert_eq!(small_integer(&[0, 255, 255, 255, 255, 255, 255, 255, 255]), Ok(u64::MAX));
        assert_eq!(small_integer(&[1; 9]), Err(DerError::Value));
    }

    #[test]
    fn padded_integers_and_odd_booleans_are_refused() {
        for good in [&[0][..], &[0xff], &[0, 0x80], &[0xff, 0x7f], &[1, 0]] {
            assert_eq!(integer(good), Ok(good));
        }
        for bad in [&[][..], &[0, 0x7f], &[0, 0], &[0xff, 0x80]] {
            assert_eq!(integer(bad), Err(DerError::Value));
        }
        assert!(identifier(&[0x2a, 0x81, 0x80, 1]).is_ok());
        for bad in [&[][..], &[0x2a, 0x80, 1], &[0x2a, 0x81], &[0x80, 1]] {
            assert_eq!(identifier(bad), Err(DerError::Value));
        }
        assert_eq!((boolean(&[0]), boolean(&[1])), (Ok(false), Ok(true)));
        assert!(boolean(&[]).is_err() && boolean(&[0xff, 0xff]).is_err());
    }

    #[test]
    fn unused_bits_read_as_zero() {
        assert_eq!(bits(&[3, 0x06]), Ok(([0].into(), 3)));
        assert_eq!(bits(&[1, 0x06, 0xff]), Ok(([0x06, 0xfe].into(), 1)));
    }

    #[test]
    fn an_empty_bit_string_has_no_unused_bits() {
        assert_eq!(bits(&[0]), Ok(([].into(), 0)));
        assert!(bits(&[1]).is_err() && bits(&[8, 1]).is_err() && bits(&[]).is_err());
    }
}
