//! The trust store: anchors in file order, and how the issuer of a certificate is looked up among them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::x509::pem::{self, Unreadable};
use crate::x509::{Certificate, Name, Sha256, TrustSettings};

/// How a store finds the issuer of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StoreSemantics {
    /// As OpenSSL: among the anchors of the right name, the first that fits by key identifier and kind of key and is
    /// valid at the time; if none is valid, the one that ended last.
    #[default]
    OpenSsl,
    /// As Expressway is known to do (CSCwa12894): the first anchor of the right name, whatever its key.
    Expressway,
}

/// One certificate of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// The certificate.
    pub certificate: Arc<Certificate>,
    /// File or archive member it was read from, in the caller's words.
    pub source: String,
    /// Line of its block in that source, from 1.
    pub line: usize,
}

/// A block of a trust file that holds no certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableBlock {
    /// File or archive member.
    pub source: String,
    /// Line of the block, from 1.
    pub line: usize,
    /// Why.
    pub reason: Unreadable,
}

/// A list of trust anchors. The order is kept and matters.
#[derive(Debug, Clone, Default)]
pub struct Store {
    anchors: Vec<Anchor>,
    unreadable: Vec<UnreadableBlock>,
    semantics: StoreSemantics,
    by_subject: HashMap<Box<[u8]>, Vec<usize>>,
    /// By position; most stores have none.
    settings: HashMap<usize, TrustSettings>,
}

impl Store {
    /// An empty store.
    #[must_use]
    pub fn new(semantics: StoreSemantics) -> Self {
        Self { semantics, ..Self::default() }
    }

    /// Adds all certificates of a PEM bundle or DER file, in order; blocks that hold none are kept aside.
    pub fn add_bundle(&mut self, source: &str, bytes: &[u8]) {
        for block in pem::read(bytes) {
            match block.result {
                Ok(certificate) => {
                    self.add_with(Arc::new(certificate), source, block.line, block.settings);
                }
                Err(reason) => {
                    self.unreadable.push(UnreadableBlock {
                        source: source.to_owned(),
                        line: block.line,
                        reason,
                    });
                }
            }
        }
    }

    /// Adds one certificate behind the others.
    pub fn add(&mut self, certificate: Arc<Certificate>, source: &str, line: usize) {
        let key: Box<[u8]> = certificate.subject.canonical().into();
        self.by_subject.entry(key).or_default().push(self.anchors.len());
        self.anchors.push(Anchor { certificate, source: source.to_owned(), line });
    }

    fn add_with(
        &mut self,
        certificate: Arc<Certificate>,
        source: &str,
        line: usize,
        settings: Option<TrustSettings>,
    ) {
        self.settings.extend(settings.map(|settings| (self.anchors.len(), settings)));
        self.add(certificate, source, line);
    }

    /// The same anchors under other lookup rules.
    #[must_use]
    pub fn with_semantics(mut self, semantics: StoreSemantics) -> Self {
        self.semantics = semantics;
        self
    }

    /// The same store without the anchors at some positions; the others keep their order.
    #[must_use]
    pub fn without(&self, positions: &[usize]) -> Self {
        let mut store = Self::new(self.semantics);
        let kept =
            self.anchors.iter().enumerate().filter(|(position, _)| !positions.contains(position));
        kept.for_each(|(position, anchor)| {
            let settings = self.settings(position).cloned();
            store.add_with(Arc::clone(&anchor.certificate), &anchor.source, anchor.line, settings);
        });
        store.unreadable = self.unreadable.clone();
        store
    }

    /// The anchors in file order.
    #[must_use]
    pub fn anchors(&self) -> &[Anchor] {
        &self.anchors
    }

    /// For what the anchor at a position is trusted, where its `TRUSTED CERTIFICATE` block says so.
    #[must_use]
    pub fn settings(&self, position: usize) -> Option<&TrustSettings> {
        self.settings.get(&position)
    }

    /// Blocks that hold no certificate, in file order.
    #[must_use]
    pub fn unreadable(&self) -> &[UnreadableBlock] {
        &self.unreadable
    }

    /// How issuers are looked up.
    #[must_use]
    pub fn semantics(&self) -> StoreSemantics {
        self.semantics
    }

    /// True when exactly this certificate is in the store.
    #[must_use]
    pub fn contains(&self, sha256: &Sha256) -> bool {
        self.anchors.iter().any(|anchor| anchor.certificate.sha256 == *sha256)
    }

    /// True when two anchors have the same subject, so that the way of looking issuers up may matter.
    #[must_use]
    pub fn has_namesakes(&self) -> bool {
        self.by_subject.len() < self.anchors.len()
    }

    /// All anchors whose subject is this name, with their positions, in file order.
    pub fn named<'a>(&'a self, name: &Name) -> impl Iterator<Item = (usize, &'a Anchor)> + use<'a> {
        self.by_subject
            .get(name.canonical())
            .into_iter()
            .flatten()
            .filter_map(|&position| Some((position, self.anchors.get(position)?)))
    }
}
