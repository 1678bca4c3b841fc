//! EncryptedExtensions (RFC 8446, 4.3.1): what a key log brings to light.

use super::extension::{self, Extension, code};
use crate::wire::Reader;
use crate::wire::text::ascii_or_hex;

/// The server's extensions that need not be in clear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncryptedExtensions {
    /// Extensions, in wire order.
    pub extensions: Vec<Extension>,
    /// Whether all of them were there.
    pub whole: bool,
}

impl EncryptedExtensions {
    #[must_use]
    pub(super) fn decode(body: &[u8]) -> Self {
        let (extensions, whole) = extension::list(&mut Reader::new(body));
        Self { extensions, whole }
    }

    /// The chosen protocol of ALPN (RFC 7301, 3.1).
    #[must_use]
    pub fn alpn(&self) -> Option<String> {
        let chosen = extension::find(&self.extensions, code::ALPN)?;
        extension::protocol_names(chosen).first().map(|name| ascii_or_hex(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocol_is_in_it() {
        let body = [0, 9, 0, 16, 0, 5, 0, 3, 2, b'h', b'2'];
        let extensions = EncryptedExtensions::decode(&body);
        assert!(extensions.whole);
        assert_eq!(extensions.alpn().as_deref(), Some("h2"));
        assert_eq!(EncryptedExtensions::decode(&[0, 0]).alpn(), None);
        assert!(!EncryptedExtensions::decode(&[0, 9, 0]).whole);
    }
}
