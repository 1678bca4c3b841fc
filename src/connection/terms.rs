//! How strictly chains are judged: the question about a chain that a side showed.

use std::sync::Arc;

use crate::tls::Role;
use crate::trust::{Purpose, Question, Store};
use crate::x509::Certificate;

/// How strictly chains are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Accept a path that ends in any certificate of the store.
    pub partial_chain: bool,
    /// OpenSSL's security level; 1 is the default of its TLS library.
    pub security_level: u8,
}

impl Default for Terms {
    fn default() -> Self {
        Self { partial_chain: false, security_level: 1 }
    }
}

impl Terms {
    /// The question whether `store` vouches for the leaf that the side `of` showed with
    /// `others`, at `time` in unix seconds.
    #[must_use]
    pub fn question<'a>(
        self,
        leaf: &Arc<Certificate>,
        others: &'a [Arc<Certificate>],
        store: &'a Store,
        time: i64,
        of: Role,
    ) -> Question<'a> {
        let purpose = match of {
            Role::Server => Purpose::Server,
            Role::Client => Purpose::Client,
        };
        Question {
            partial_chain: self.partial_chain,
            security_level: self.security_level,
            ..Question::new(Arc::clone(leaf), others, store, time, purpose)
        }
    }
}
