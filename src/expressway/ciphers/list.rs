//! The list that a cipher string works on: suites in order, each chosen or not.
//!
//! OpenSSL keeps one list for both (ssl/ssl_ciph.c): what is not chosen waits in it in
//! the order in which it would be added.

use std::sync::LazyLock;

use super::criteria::Criteria;
use super::suite::{Authentication, Cipher, KeyExchange, Mac, Protocol, Suite};
use super::table::SUITES;

/// What to do with the suites that a term asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// No sign: choose those not chosen yet, at the end.
    Add,
    /// `+`: move the chosen ones to the end.
    Order,
    /// `-`: take the choice back; they wait at the front, for a later `Add`.
    Delete,
    /// `!`: out for good.
    Kill,
    /// Move the chosen ones to the front. No string can ask for it.
    Bump,
}

#[derive(Clone, Copy)]
struct Entry {
    suite: &'static Suite,
    chosen: bool,
}

/// Suites in order, each chosen or waiting.
#[derive(Clone)]
pub(super) struct List(Vec<Entry>);

impl List {
    /// What every string begins with: nothing chosen, in OpenSSL's order of preference.
    pub(super) fn start() -> Self {
        static START: LazyLock<List> = LazyLock::new(by_preference);
        START.clone()
    }

    /// Applies one term. The order within both parts is kept.
    pub(super) fn apply(&mut self, action: Action, asked: &Criteria) {
        self.apply_where(action, |suite| asked.fit(suite));
    }

    fn apply_where(&mut self, action: Action, asked: impl Fn(&Suite) -> bool) {
        let concerned = |entry: &Entry| {
            let stands = match action {
                Action::Add => !entry.chosen,
                Action::Order | Action::Delete | Action::Bump => entry.chosen,
                Action::Kill => true,
            };
            stands && asked(entry.suite)
        };
        let (mut moved, mut kept): (Vec<Entry>, Vec<Entry>) =
            self.0.iter().partition(|e| concerned(e));
        for entry in &mut moved {
            entry.chosen = action != Action::Delete;
        }
        self.0 = match action {
            Action::Add | Action::Order => {
                kept.extend(moved);
                kept
            }
            Action::Delete | Action::Bump => {
                moved.extend(kept);
                moved
            }
            Action::Kill => kept,
        };
    }

    /// `@STRENGTH`: the chosen ones by falling strength, otherwise as they were.
    pub(super) fn sort_by_strength(&mut self) {
        let (mut chosen, mut list): (Vec<Entry>, Vec<Entry>) =
            self.0.iter().partition(|e| e.chosen);
        chosen.sort_by_key(|entry| std::cmp::Reverse(entry.suite.strength_bits()));
        list.extend(chosen);
        self.0 = list;
    }

    /// The chosen ones, in order.
    pub(super) fn chosen(&self) -> Vec<&'static Suite> {
        self.0.iter().filter(|entry| entry.chosen).map(|entry| entry.suite).collect()
    }
}

/// The order before any string is applied, step by step as `ssl_create_cipher_list`.
fn by_preference() -> List {
    use Action::{Add, Bump, Delete, Order};
    // OpenSSL reads its table of rising codes from the end.
    let from_the_end = SUITES.iter().rev().map(|suite| Entry { suite, chosen: false });
    let mut list = List(from_the_end.collect());
    let ecdhe = |suite: &Suite| suite.key_exchange == KeyExchange::Ecdhe;
    let ephemeral = |suite: &Suite| ecdhe(suite) || suite.key_exchange == KeyExchange::Dhe;
    let ecdsa = |suite: &Suite| suite.authentication == Authentication::Ecdsa;
    let anonymous = |suite: &Suite| suite.authentication == Authentication::Anon;
    let aead = |suite: &Suite| suite.mac == Mac::Aead;
    // ECDSA before RSA: the reason why every default of the vendor prefers ECDSA.
    list.apply_where(Add, |suite| ecdhe(suite) && ecdsa(suite));
    list.apply_where(Add, ecdhe);
    list.apply_where(Delete, ecdhe);
    list.apply_where(Add, is_aes_gcm);
    list.apply_where(Add, |suite| suite.cipher == Cipher::ChaCha20);
    list.apply_where(Add, is_aes);
    list.apply_where(Add, |_| true);
    list.apply_where(Order, |suite| suite.mac == Mac::Md5);
    list.apply_where(Order, anonymous);
    list.apply_where(Order, |suite| suite.key_exchange == KeyExchange::Rsa);
    list.apply_where(Order, |suite| suite.key_exchange == KeyExchange::Psk);
    list.apply_where(Order, |suite| suite.cipher == Cipher::Rc4);
    list.sort_by_strength();
    list.apply_where(Bump, |suite| suite.min_protocol == Protocol::Tls12);
    list.apply_where(Bump, aead);
    list.apply_where(Bump, ephemeral);
    list.apply_where(Bump, |suite| ephemeral(suite) && aead(suite));
    list.apply_where(Delete, |_| true);
    list
}

const fn is_aes_gcm(suite: &Suite) -> bool {
    matches!(suite.cipher, Cipher::Aes128Gcm | Cipher::Aes256Gcm)
}

const fn is_aes(suite: &Suite) -> bool {
    matches!(
        suite.cipher,
        Cipher::Aes128Cbc
            | Cipher::Aes256Cbc
            | Cipher::Aes128Gcm
            | Cipher::Aes256Gcm
            | Cipher::Aes128Ccm
            | Cipher::Aes256Ccm
            | Cipher::Aes128Ccm8
            | Cipher::Aes256Ccm8
    )
}
