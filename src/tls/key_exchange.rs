//! ServerKeyExchange (RFC 5246, 7.4.3; RFC 8422, 5.4): which group, and which
//! signature algorithm the server's certificate key signed with.

use tls_parser::{ECParametersContent, parse_dh_params, parse_digitally_signed, parse_ecdh_params};

use super::names::{self, Authentication, KeyExchange};

/// What the server sent to agree on a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerKeyExchange {
    /// The parameters, where the cipher suite tells how to read them.
    pub parameters: Option<KeyExchangeParameters>,
    /// SignatureScheme of TLS 1.2.
    pub signature_algorithm: Option<u16>,
}

/// Ephemeral parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyExchangeParameters {
    /// A named group of an elliptic curve.
    Group(u16),
    /// A curve given by its own parameters (`explicit_prime`, `explicit_char2`).
    ExplicitCurve,
    /// A finite field of so many bits.
    DhBits(u32),
}

impl ServerKeyExchange {
    /// Reads a body with the help of the chosen suite and version.
    #[must_use]
    pub(super) fn decode(body: &[u8], suite: Option<u16>, version: u16) -> Self {
        let Some(suite) = suite.and_then(names::cipher_suite) else {
            return Self::default();
        };
        let (parameters, rest) = match suite.key_exchange {
            KeyExchange::Ecdhe | KeyExchange::EcdhAnon => curve(body),
            KeyExchange::Dhe | KeyExchange::DhAnon => finite_field(body),
            _ => (None, &[][..]),
        };
        let signed = !matches!(suite.authentication, Authentication::Anon | Authentication::Psk);
        let signature_algorithm = (parameters.is_some() && signed && version == 0x0303)
            .then(|| parse_digitally_signed(rest).ok())
            .flatten()
            .and_then(|(_, signed)| signed.alg)
            .map(|algorithm| u16::from_be_bytes([algorithm.hash.0, algorithm.sign.0]));
        Self { parameters, signature_algorithm }
    }
}

fn curve(body: &[u8]) -> (Option<KeyExchangeParameters>, &[u8]) {
    match parse_ecdh_params(body) {
        Ok((rest, parsed)) => {
            let parameters = match parsed.curve_params.params_content {
                ECParametersContent::NamedGroup(group) => KeyExchangeParameters::Group(group.0),
                _ => KeyExchangeParameters::ExplicitCurve,
            };
            (Some(parameters), rest)
        }
        Err(_) => (None, &[]),
    }
}

fn finite_field(body: &[u8]) -> (Option<KeyExchangeParameters>, &[u8]) {
    match parse_dh_params(body) {
        Ok((rest, parsed)) => {
            let leading = parsed.dh_p.iter().position(|byte| *byte != 0);
            let significant = leading.and_then(|at| parsed.dh_p.get(at..)).unwrap_or_default();
            let unused = significant.first().map_or(0, |byte| byte.leading_zeros());
            // Two bytes tell how long it is.
            let bits = u32::try_from(significant.len() * 8).unwrap_or(u32::MAX) - unused;
            (Some(KeyExchangeParameters::DhBits(bits)), rest)
        }
        Err(_) => (None, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_curve_and_signature_algorithm() {
        let body = [3, 0, 23, 2, 9, 9, 4, 3, 0, 1, 7];
        let ske = ServerKeyExchange::decode(&body, Some(0xc02c), 0x0303);
        assert_eq!(ske.parameters, Some(KeyExchangeParameters::Group(23)));
        assert_eq!(ske.signature_algorithm, Some(0x0403));
        let old = ServerKeyExchange::decode(&body, Some(0xc014), 0x0301);
        assert_eq!(old.signature_algorithm, None);
    }

    #[test]
    fn finite_field_sizes_in_bits() {
        let body = [0, 3, 0, 0x7f, 0xff, 0, 1, 2, 0, 1, 3, 4, 1, 0, 1, 9];
        let ske = ServerKeyExchange::decode(&body, Some(0x009f), 0x0303);
        assert_eq!(ske.parameters, Some(KeyExchangeParameters::DhBits(15)));
        assert_eq!(ske.signature_algorithm, Some(0x0401));
    }

    #[test]
    fn unknown_suites_and_cut_bodies_say_nothing() {
        assert_eq!(ServerKeyExchange::decode(&[3, 0], Some(0xc02c), 0x0303).parameters, None);
        assert_eq!(ServerKeyExchange::decode(&[3, 0, 23], None, 0x0303), Default::default());
    }
}
