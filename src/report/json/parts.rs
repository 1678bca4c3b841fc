//! Parts of connections that are the same in many of them, kept as text: what a client
//! offers, a certificate, the verdict on a chain. Writing them anew each time took
//! two fifths of a run over a capture of handshakes.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::connection::Chain;

/// Bytes kept before everything is forgotten and begun anew.
const ROOM: usize = 2 << 20;

/// What kind of part a key stands for.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(super) enum Kind {
    /// What a client offers, but for what is new in every hello.
    Offer,
    /// Fingerprints of a client's offer.
    Fingerprints,
    /// What a server answers, but for what is new in every hello.
    Answer,
    /// A certificate.
    Certificate,
    /// What a rule says with certain values.
    Said,
}

/// Texts by what they say.
#[derive(Default)]
pub(super) struct Parts {
    texts: HashMap<Box<[u8]>, Box<[u8]>>,
    chains: HashMap<usize, (Arc<Chain>, Box<[u8]>)>,
    bytes: usize,
    key: Vec<u8>,
}

impl Parts {
    /// The text of a part. `key` writes everything that the text depends on; `make` writes
    /// the text when it is not known yet.
    pub(super) fn text(
        &mut self,
        kind: Kind,
        key: impl FnOnce(&mut Vec<u8>),
        make: impl FnOnce(&mut Vec<u8>),
    ) -> &[u8] {
        self.key.clear();
        self.key.push(kind as u8);
        key(&mut self.key);
        if !self.texts.contains_key(self.key.as_slice()) {
            let mut text = Vec::new();
            make(&mut text);
            self.make_room(text.len() + self.key.len());
            self.texts.insert(self.key.as_slice().into(), text.into());
        }
        self.texts.get(self.key.as_slice()).map_or(&[], |text| text)
    }

    /// The text of the verdict on a chain. Equal verdicts are one and the same in memory;
    /// it is held here, so that no other can take its place.
    pub(super) fn chain(&mut self, chain: &Arc<Chain>, make: impl FnOnce(&mut Vec<u8>)) -> &[u8] {
        let place = Arc::as_ptr(chain).addr();
        if !self.chains.contains_key(&place) {
            let mut text = Vec::new();
            make(&mut text);
            self.make_room(text.len());
            self.chains.insert(place, (Arc::clone(chain), text.into()));
        }
        self.chains.get(&place).map_or(&[], |(_, text)| text)
    }

    fn make_room(&mut self, bytes: usize) {
        if self.bytes + bytes > ROOM {
            self.texts.clear();
            self.chains.clear();
            self.bytes = 0;
        }
        self.bytes += bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_made_once_and_kinds_are_kept_apart() {
        let mut parts = Parts::default();
        let key = |out: &mut Vec<u8>| out.extend_from_slice(b"same");
        let made = parts.text(Kind::Offer, key, |out| out.extend_from_slice(b"1")).to_vec();
        let again = parts.text(Kind::Offer, key, |_| panic!("made twice")).to_vec();
        let other = parts.text(Kind::Answer, key, |out| out.extend_from_slice(b"2")).to_vec();
        assert_eq!((made, again, other), (b"1".to_vec(), b"1".to_vec(), b"2".to_vec()));
    }

    #[test]
    fn room_is_bounded() {
        let mut parts = Parts::default();
        for number in 0..10_000_u32 {
            parts.text(
                Kind::Said,
                |key| key.extend_from_slice(&number.to_be_bytes()),
                |out| out.resize(1000, b' '),
            );
            assert!(parts.bytes <= ROOM);
        }
        assert!(parts.texts.len() < ROOM / 1000);
    }
}
