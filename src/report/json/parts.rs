//! Parts of connections that are the same in many of them, kept as text: what a client
//! offers, a certificate, the verdict on a chain. Writing them anew each time took
//! two fifths of a run over a capture of handshakes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::HashMap;

use super::hello::{Answer, Offer};
use crate::connection::Chain;

/// Bytes kept of one kind before all of it is forgotten and begun anew.
const ROOM: usize = 1 << 20;
/// The same of what rules say, for all threads together: it names both ends, and a server
/// has many clients.
const ROOM_OF_SAID: usize = 10 << 20;

/// What was written before, by kind.
pub(super) struct Parts {
    /// What clients offer.
    pub(super) offers: Memo<Offer>,
    /// What servers answer.
    pub(super) answers: Memo<Answer>,
    /// What servers send to agree on a key, but for the frame.
    pub(super) exchanges: Memo<Vec<u8>>,
    /// What servers ask of a client's certificate, but for the frame.
    pub(super) requests: Memo<Vec<u8>>,
    /// What rules say with certain values.
    pub(super) said: Said,
    /// Certificates.
    pub(super) certificates: Memo<Vec<u8>>,
    /// Verdicts on chains.
    pub(super) chains: Chains,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            offers: Memo::with(ROOM),
            answers: Memo::with(ROOM),
            exchanges: Memo::with(ROOM),
            requests: Memo::with(ROOM),
            said: Said::default(),
            certificates: Memo::with(ROOM),
            chains: Chains::default(),
        }
    }
}

/// Something written that takes room.
pub(super) trait Kept {
    /// How much.
    fn bytes(&self) -> usize;
}

impl Kept for Vec<u8> {
    fn bytes(&self) -> usize {
        self.len()
    }
}

/// What was written of one kind, by what it depends on.
pub(super) struct Memo<T> {
    known: HashMap<Box<[u8]>, Arc<T>>,
    room: usize,
    bytes: usize,
    key: Vec<u8>,
}

impl<T: Kept> Memo<T> {
    /// That takes so many bytes.
    fn with(room: usize) -> Self {
        Self { known: HashMap::new(), room, bytes: 0, key: Vec::new() }
    }

    /// A part as it was written before. `key` adds everything that it depends on; `make`
    /// writes it when it is not known yet.
    pub(super) fn get(
        &mut self,
        key: impl FnOnce(&mut Vec<u8>),
        make: impl FnOnce() -> T,
    ) -> Arc<T> {
        let mut text = std::mem::take(&mut self.key);
        text.clear();
        key(&mut text);
        let known = self.known.get(text.as_slice()).map(Arc::clone);
        let part = known.unwrap_or_else(|| {
            let made = Arc::new(make());
            self.keep(&text, &made);
            made
        });
        self.key = text;
        part
    }

    fn keep(&mut self, key: &[u8], made: &Arc<T>) {
        let bytes = key.len() + made.bytes();
        if bytes > self.room {
            return;
        }
        if self.bytes + bytes > self.room {
            self.known.clear();
            self.bytes = 0;
        }
        self.bytes += bytes;
        self.known.insert(key.into(), Arc::clone(made));
    }
}

/// What rules say, known to all threads: this is most of what is kept, and each thread would
/// keep the same.
pub(super) struct Said {
    shared: Arc<Mutex<Memo<Vec<u8>>>>,
    key: Vec<u8>,
}

impl Default for Said {
    fn default() -> Self {
        Self { shared: Arc::new(Mutex::new(Memo::with(ROOM_OF_SAID))), key: Vec::new() }
    }
}

impl Said {
    /// Another that knows the same.
    pub(super) fn sharing(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), key: Vec::new() }
    }

    /// As [`Memo::get`]; nobody waits while something is made.
    pub(super) fn get(
        &mut self,
        key: impl FnOnce(&mut Vec<u8>),
        make: impl FnOnce() -> Vec<u8>,
    ) -> Arc<Vec<u8>> {
        self.key.clear();
        key(&mut self.key);
        let known = self.memo().known.get(self.key.as_slice()).map(Arc::clone);
        known.unwrap_or_else(|| {
            let made = Arc::new(make());
            self.memo().keep(&self.key, &made);
            made
        })
    }

    fn memo(&self) -> MutexGuard<'_, Memo<Vec<u8>>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds a length to a key.
pub(super) fn length_key(length: usize, key: &mut Vec<u8>) {
    key.extend(&(length as u64).to_be_bytes());
}

/// Adds bytes to a key, so that no others with what follows them are the same.
pub(super) fn text_key(bytes: &[u8], key: &mut Vec<u8>) {
    length_key(bytes.len(), key);
    key.extend(bytes);
}

/// Adds numbers to a key, so that no others with what follows them are the same.
pub(super) fn numbers_key<const N: usize>(
    numbers: impl ExactSizeIterator<Item = [u8; N]>,
    key: &mut Vec<u8>,
) {
    length_key(numbers.len(), key);
    let start = key.len();
    key.resize(start + numbers.len() * N, 0);
    let (places, _) = key.get_mut(start..).unwrap_or_default().as_chunks_mut::<N>();
    places.iter_mut().zip(numbers).for_each(|(place, number)| *place = number);
}

/// Texts of verdicts on chains. Equal verdicts are one and the same in memory; each is
/// held here, so that no other can take its place.
#[derive(Default)]
pub(super) struct Chains {
    known: HashMap<usize, (Arc<Chain>, Vec<u8>)>,
    bytes: usize,
}

impl Chains {
    /// The text of a verdict; `make` writes it when it is not known yet.
    pub(super) fn text(&mut self, chain: &Arc<Chain>, make: impl FnOnce() -> Vec<u8>) -> &[u8] {
        let place = Arc::as_ptr(chain).addr();
        if !self.known.contains_key(&place) {
            let text = make();
            if self.bytes + text.len() > ROOM {
                self.known.clear();
                self.bytes = 0;
            }
            self.bytes += text.len();
            self.known.insert(place, (Arc::clone(chain), text));
        }
        self.known.get(&place).map_or(&[], |(_, text)| text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_made_once() {
        let mut memo = Memo::with(ROOM);
        let key = |out: &mut Vec<u8>| out.extend_from_slice(b"same");
        let made = memo.get(key, || b"1".to_vec());
        let again = memo.get(key, || panic!("made twice"));
        let other = memo.get(|out| out.push(1), || b"2".to_vec());
        assert_eq!((&*made, &*again, &*other), (&vec![b'1'], &vec![b'1'], &vec![b'2']));
    }

    #[test]
    fn room_is_bounded() {
        let mut memo = Memo::with(ROOM);
        for number in 0..10_000_u32 {
            let key = |key: &mut Vec<u8>| key.extend_from_slice(&number.to_be_bytes());
            memo.get(key, || vec![b' '; 1000]);
            assert!(memo.bytes <= ROOM);
        }
        let kept = memo.known.len();
        assert!(kept < ROOM / 1000);
        memo.get(|_| (), || vec![b' '; ROOM + 1]);
        assert_eq!(memo.known.len(), kept, "what is larger than the room is not kept");
    }
}
