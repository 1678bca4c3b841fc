//! Record protection of TLS 1.3 (RFC 8446, 5.2 to 5.4 and 7.3).

use super::aead::{self, Aead, Algorithm, NONCE};
use super::content::Contents;
use super::schedule::{Hash, expand_label};
use super::{AHEAD, Trouble};
use crate::tls::handshake::Role;
use crate::tls::kept::{Record, Sealed};
use crate::tls::keylog::{Secret, Secrets};
use crate::tls::message::kind;
use crate::tls::names;
use crate::tls::record::Content;

/// The cipher suite and the peculiarities of a version.
#[derive(Clone, Copy, Debug)]
pub(super) struct Suite {
    algorithm: Algorithm,
    hash: Hash,
    /// Drafts before 25 authenticated no record header.
    header_authenticated: bool,
}

impl Suite {
    /// `None` for a suite or a version that is not supported.
    pub(super) fn of(version: u16, suite: u16) -> Option<Self> {
        let draft = draft_of(version)?;
        let named = names::cipher_suite(suite)
            .filter(|suite| suite.key_exchange == names::KeyExchange::Tls13)?;
        Some(Self {
            algorithm: Algorithm::of(named.cipher)?,
            hash: Hash::of(named.hash?)?,
            header_authenticated: draft >= 25,
        })
    }
}

/// The draft that a version number means; `None` for those that derived their keys
/// with other labels (before draft 20). 0x7fNN, and 0xfbNN as Facebook numbered them.
const fn draft_of(version: u16) -> Option<u16> {
    match version {
        0x0304 => Some(u16::MAX),
        0x7f14..=0x7fff | 0xfb14..=0xfbff => Some(version & 0xff),
        _ => None,
    }
}

/// Whether records of this version of TLS 1.3 can be opened.
pub(super) const fn is_supported(version: u16) -> bool {
    draft_of(version).is_some()
}

/// Keys of one epoch of one direction.
struct Keys {
    suite: Suite,
    secret: Secret,
    aead: Aead,
    iv: [u8; NONCE],
    next: u64,
}

impl Keys {
    fn of(suite: Suite, secret: &Secret) -> Option<Self> {
        if secret.bytes().len() != suite.hash.length() {
            return None;
        }
        let expand = |label, length| expand_label(suite.hash, secret.bytes(), label, length);
        Some(Self {
            aead: Aead::new(suite.algorithm, &expand("key", suite.algorithm.key_length())?)?,
            iv: expand("iv", NONCE)?.try_into().ok()?,
            secret: secret.clone(),
            suite,
            next: 0,
        })
    }

    /// The keys behind a KeyUpdate (RFC 8446, 7.2).
    fn updated(&self) -> Option<Self> {
        let hash = self.suite.hash;
        let secret = expand_label(hash, self.secret.bytes(), "traffic upd", hash.length())?;
        Self::of(self.suite, &Secret::new(secret))
    }

    /// Opens a record, looking up to `ahead` sequence numbers further where records
    /// may be missing; gives the content type and the content.
    fn open(&mut self, record: &Record, sealed: &[u8], ahead: u64) -> Option<(u8, Vec<u8>)> {
        let [major, minor] = record.header.version.to_be_bytes();
        let [high, low] = u16::try_from(sealed.len()).ok()?.to_be_bytes();
        let header = [23, major, minor, high, low];
        let aad: &[u8] = if self.suite.header_authenticated { &header } else { &[] };
        let (sequence, mut plain) =
            (self.next..=self.next.saturating_add(ahead)).find_map(|number| {
                Some((number, self.aead.open(aead::nonce(self.iv, number), aad, sealed)?))
            })?;
        self.next = sequence.saturating_add(1);
        // TLSInnerPlaintext: the content, its type, and zeros as padding.
        let end = plain.iter().rposition(|byte| *byte != 0)?;
        let content = plain.get(end).copied()?;
        plain.truncate(end);
        Some((content, plain))
    }
}

/// Opens the records of one direction in order.
pub(super) struct Side<'c, 'l> {
    early: Option<Keys>,
    handshake: Option<Keys>,
    application: Option<Keys>,
    /// The sender's Finished was seen.
    finished: bool,
    /// Records may be missing before the next one.
    lost: bool,
    /// Records that cannot be opened are no surprise yet: early data.
    lenient: bool,
    contents: &'c mut Contents<'l>,
}

impl<'c, 'l> Side<'c, 'l> {
    /// `early`: the client announced early data (RFC 8446, 4.2.10).
    pub(super) fn new(
        suite: Suite,
        role: Role,
        secrets: &Secrets,
        early: bool,
        contents: &'c mut Contents<'l>,
    ) -> Self {
        let keys = |secret: &Option<Secret>| secret.as_ref().and_then(|s| Keys::of(suite, s));
        let early = early && role == Role::Client;
        let side = secrets.of(role);
        let handshake = keys(&side.handshake);
        Self {
            early: keys(&secrets.early).filter(|_| early),
            // Without the first secret nothing can be said of the first records.
            lenient: early || side.handshake.is_none(),
            handshake,
            application: keys(&side.application),
            finished: false,
            lost: false,
            contents,
        }
    }

    pub(super) fn open(mut self, records: &[Record]) -> Result<(), Trouble> {
        if self.handshake.is_none() && self.application.is_none() && self.early.is_none() {
            return Ok(());
        }
        for record in records {
            match &record.sealed {
                Sealed::Bytes(sealed) if record.header.content == Content::ApplicationData => {
                    self.record(record, sealed)?;
                }
                Sealed::Bytes(_) => {}
                Sealed::PlaceOnly | Sealed::Gap => {
                    self.lost = true;
                    self.contents.forget_partial_message();
                }
            }
        }
        Ok(())
    }

    fn record(&mut self, record: &Record, sealed: &[u8]) -> Result<(), Trouble> {
        let ahead = if self.lost { AHEAD } else { 0 };
        let Some((content, plain)) = self.try_keys(record, sealed, ahead) else {
            let known = self.current().is_some();
            return if self.lenient || self.lost || !known {
                Ok(())
            } else {
                Err(Trouble::WrongKey { frame: record.last.frame })
            };
        };
        self.lost = false;
        for kind in self.contents.take(content, &plain, record) {
            match kind {
                kind::FINISHED => self.finished = true,
                kind::END_OF_EARLY_DATA => self.early = None,
                kind::KEY_UPDATE => self.update(),
                _ => {}
            }
        }
        Ok(())
    }

    const fn current(&mut self) -> Option<&mut Keys> {
        if self.finished { self.application.as_mut() } else { self.handshake.as_mut() }
    }

    fn try_keys(&mut self, record: &Record, sealed: &[u8], ahead: u64) -> Option<(u8, Vec<u8>)> {
        if let Some(opened) = self.early.as_mut().and_then(|keys| keys.open(record, sealed, ahead))
        {
            return Some(opened);
        }
        if let Some(opened) = self.current().and_then(|keys| keys.open(record, sealed, ahead)) {
            self.lenient = false;
            return Some(opened);
        }
        // The Finished itself may be missing, or the secret that opens it.
        if self.finished || !(self.lost || self.handshake.is_none()) {
            return None;
        }
        let opened = self.application.as_mut()?.open(record, sealed, ahead)?;
        (self.finished, self.lenient) = (true, false);
        Some(opened)
    }

    fn update(&mut self) {
        if self.finished {
            self.application = self.application.as_ref().and_then(Keys::updated);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Mark;
    use crate::tls::record::RecordHeader;
    use crate::wire::text::{hex, unhex};

    fn record(sealed: &str) -> (Record, Vec<u8>) {
        let sealed = unhex(sealed).unwrap();
        let content = Content::ApplicationData;
        let header = RecordHeader { content, version: 0x0303, length: sealed.len() };
        let mark = Mark { frame: 1, time: crate::time::Timestamp::default() };
        let place = Sealed::PlaceOnly;
        (Record { header, sealed: place, first: mark, last: mark, after: 0, noted: false }, sealed)
    }

    fn keys(secret: &str) -> Keys {
        let suite = Suite::of(0x0304, 0x1301).unwrap();
        Keys::of(suite, &Secret::new(unhex(secret).unwrap())).unwrap()
    }

    /// The client's Finished and its alert in RFC 8448, 3.
    #[test]
    fn records_of_rfc_8448() {
        let mut handshake =
            keys("b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21");
        let (finished, sealed) = record(
            "75ec4dc238cce60b298044a71e219c56cc77b0517fe9b93c7a4bfc44d87f38f80338ac98fc46deb3\
             84bd1caeacab6867d726c40546",
        );
        let (content, plain) = handshake.open(&finished, &sealed, 0).unwrap();
        assert_eq!(content, 22);
        let expected = "14000020a8ec436d677634ae525ac1fcebe11a039ec17694fac6e98527b642f2edd5ce61";
        assert_eq!(hex(&plain), expected);
        // The alert is the client's second record under its application key.
        let secret = "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5";
        let (alert, sealed) = record("c9872760655666b74d7ff1153efd6db6d0b0e3");
        assert!(keys(secret).open(&alert, &sealed, 0).is_none());
        let mut application = keys(secret);
        assert_eq!(application.open(&alert, &sealed, AHEAD), Some((21, vec![1, 0])));
        assert_eq!(application.next, 2);
    }

    #[test]
    fn drafts_with_other_labels_are_not_supported() {
        assert!(Suite::of(0x7f1c, 0x1301).is_some_and(|suite| suite.header_authenticated));
        assert!(Suite::of(0x7f14, 0x1301).is_some_and(|suite| !suite.header_authenticated));
        for (version, suite) in [(0x7f13, 0x1301), (0x7e02, 0x1301), (0x0304, 0xc02f)] {
            assert!(Suite::of(version, suite).is_none(), "{version:x}");
        }
        assert!(!is_supported(0x7f13) && is_supported(0x0304));
    }
}
