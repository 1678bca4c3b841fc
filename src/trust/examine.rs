//! What is worth knowing about a store before anybody is verified with it.

use super::store::Store;

/// One observation about the store; positions are those of [`Store::anchors`] and [`Store::unreadable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remark {
    /// The anchor is no longer valid at the given time.
    Expired {
        /// Which anchor.
        anchor: usize,
    },
    /// The anchor is not valid yet, or its dates cannot be read.
    NotYetValid {
        /// Which anchor.
        anchor: usize,
    },
    /// An earlier anchor has the same subject and another key: a lookup by subject finds only the earlier one
    /// (CSCwa12894), and OpenSSL too when the certificates to verify carry no authority key identifier.
    SameSubjectOtherKey {
        /// The later anchor, which may be shadowed.
        anchor: usize,
        /// The first anchor of that subject.
        earlier: usize,
    },
    /// The same certificate is in the store already.
    Duplicate {
        /// The later copy.
        anchor: usize,
        /// The first copy.
        earlier: usize,
    },
    /// Not self-signed, and nothing in the store could have issued it: without a partial path it vouches for nobody.
    IssuerMissing {
        /// Which anchor.
        anchor: usize,
    },
    /// A certificate that is no CA. Self-signed it vouches for itself, otherwise for nobody.
    Leaf {
        /// Which anchor.
        anchor: usize,
        /// Whether it is self-signed.
        self_signed: bool,
    },
    /// A block that holds no certificate.
    Unreadable {
        /// Which block.
        block: usize,
    },
}

/// Looks the whole store over, as of `time` (unix seconds); remarks come in store order, unreadable blocks last.
#[must_use]
pub fn examine(store: &Store, time: i64) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for (anchor, entry) in store.anchors().iter().enumerate() {
        let certificate = &entry.certificate;
        if certificate.not_after.unix.is_some_and(|end| end <= time) {
            remarks.push(Remark::Expired { anchor });
        } else if certificate.not_before.unix.is_none_or(|start| start > time)
            || certificate.not_after.unix.is_none()
        {
            remarks.push(Remark::NotYetValid { anchor });
        }
        remarks.extend(earlier(store, anchor));
        let has_issuer = store
            .named(&certificate.issuer)
            .any(|(_, other)| other.certificate.could_have_issued(certificate).is_ok());
        if !certificate.is_self_signed() && !has_issuer {
            remarks.push(Remark::IssuerMissing { anchor });
        }
        let old_root = certificate.version == 1 && certificate.is_self_signed();
        if !certificate.is_ca() && !old_root {
            remarks.push(Remark::Leaf { anchor, self_signed: certificate.is_self_signed() });
        }
    }
    remarks.extend((0..store.unreadable().len()).map(|block| Remark::Unreadable { block }));
    remarks
}

/// What an anchor shares with an earlier one of its name.
fn earlier(store: &Store, anchor: usize) -> Option<Remark> {
    let own = &store.anchors().get(anchor)?.certificate;
    let same_name = || store.named(&own.subject).take_while(|(position, _)| *position < anchor);
    if let Some((earlier, _)) =
        same_name().find(|(_, other)| other.certificate.sha256 == own.sha256)
    {
        return Some(Remark::Duplicate { anchor, earlier });
    }
    let (earlier, _) =
        same_name().find(|(_, other)| other.certificate.public_key.spki != own.public_key.spki)?;
    Some(Remark::SameSubjectOtherKey { anchor, earlier })
}

#[cfg(test)]
mod tests;
