//! A stapled OCSP response (RFC 6960, 4.2): what the authority said of the certificate, and when. Its signature is not
//! checked: a server that staples a forged response fails in the client, which the capture shows.

use super::certificate::Serial;
use super::der::{DerError, Reader, tag};
use super::time::Time;

/// ENUMERATED
const ENUMERATED: u8 = 0x0a;

/// What a stapled response says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OcspResponse {
    /// `responseStatus`: 0 is successful; with any other nothing else is there.
    pub status: u64,
    /// What it says of each certificate.
    pub answers: Vec<OcspAnswer>,
}

/// The status of one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OcspAnswer {
    /// Serial number of the certificate.
    pub serial: Serial,
    /// Its status.
    pub status: CertStatus,
    /// When the status was known to be right.
    pub this_update: Time,
    /// When newer information will be there.
    pub next_update: Option<Time>,
}

/// `CertStatus` (RFC 6960, 4.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertStatus {
    /// Not revoked.
    Good,
    /// Revoked.
    Revoked,
    /// The responder does not know it.
    Unknown,
}

impl CertStatus {
    /// The word of the RFC.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Revoked => "revoked",
            Self::Unknown => "unknown",
        }
    }
}

impl OcspResponse {
    /// Reads an `OCSPResponse`.
    ///
    /// # Errors
    /// When it is cut or not DER.
    pub fn parse(der: &[u8]) -> Result<Self, DerError> {
        let mut response = Reader::new(der).sequence()?;
        let status = super::der::small_integer(response.expect(ENUMERATED)?.value)?;
        let answers = match response.optional(0xa0)? {
            Some(bytes) => basic_response(bytes.value)?,
            None => Vec::new(),
        };
        Ok(Self { status, answers })
    }
}

/// `ResponseBytes`, its `BasicOCSPResponse`, and the responses in that.
fn basic_response(der: &[u8]) -> Result<Vec<OcspAnswer>, DerError> {
    let mut bytes = Reader::new(der).sequence()?;
    bytes.expect(tag::OID)?;
    let mut basic = Reader::new(bytes.expect(tag::OCTET_STRING)?.value).sequence()?;
    let mut data = basic.sequence()?;
    data.optional(0xa0)?;
    // responderID is [1] or [2], producedAt a GeneralizedTime.
    data.any()?;
    data.any()?;
    let mut list = data.sequence()?;
    let mut answers = Vec::new();
    while !list.is_empty() {
        answers.push(single_response(&mut list)?);
    }
    Ok(answers)
}

fn single_response(list: &mut Reader<'_>) -> Result<OcspAnswer, DerError> {
    let mut single = list.sequence()?;
    let mut id = single.sequence()?;
    id.any()?;
    id.any()?;
    id.any()?;
    let serial = Serial::from_contents(id.expect(tag::INTEGER)?.value);
    let status = match single.any()?.tag {
        0x80 => CertStatus::Good,
        0xa1 => CertStatus::Revoked,
        _ => CertStatus::Unknown,
    };
    let this_update = Time::from_tlv(&single.any()?);
    let next_update = match single.optional(0xa0)? {
        Some(next) => Some(Time::from_tlv(&Reader::new(next.value).any()?)),
        None => None,
    };
    Ok(OcspAnswer { serial, status, this_update, next_update })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
        let length = u8::try_from(contents.len()).unwrap();
        assert!(length < 128);
        [&[tag, length], contents].concat()
    }

    fn response(status: &[u8]) -> Vec<u8> {
        let id = tlv(0x30, &[tlv(0x30, &[]), tlv(4, b"n"), tlv(4, b"k"), tlv(2, &[9])].concat());
        let single = [id, status.to_vec(), tlv(0x18, b"20260101000000Z")].concat();
        let data = [tlv(0xa1, &[]), tlv(0x18, b"20260101000000Z"), tlv(0x30, &tlv(0x30, &single))]
            .concat();
        let basic = tlv(0x30, &tlv(0x30, &data));
        let bytes = tlv(0x30, &[tlv(6, &[0x2b]), tlv(4, &basic)].concat());
        tlv(0x30, &[tlv(0x0a, &[0]), tlv(0xa0, &bytes)].concat())
    }

    #[test]
    fn status_and_times() {
        let good = OcspResponse::parse(&response(&[0x80, 0])).unwrap();
        assert_eq!(good.status, 0);
        assert_eq!(good.answers[0].status, CertStatus::Good);
        assert_eq!(good.answers[0].serial.to_string(), "09");
        assert_eq!(good.answers[0].this_update.unix, Some(1_767_225_600));
        let revoked = OcspResponse::parse(&response(&tlv(0xa1, b""))).unwrap();
        assert_eq!(revoked.answers[0].status, CertStatus::Revoked);
    }

    #[test]
    fn a_refusal_has_no_answers_and_a_cut_one_is_an_error() {
        let refused = OcspResponse::parse(&tlv(0x30, &tlv(0x0a, &[6]))).unwrap();
        assert_eq!((refused.status, refused.answers.len()), (6, 0));
        let whole = response(&[0x80, 0]);
        for length in 0..whole.len() {
            assert!(OcspResponse::parse(&whole[..length]).is_err(), "cut at {length}");
        }
    }
}
