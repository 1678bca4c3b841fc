//! GREASE: numbers that a client offers so that servers learn to ignore what they do not know (RFC 8701).

/// Whether a 16-bit number is a GREASE value (RFC 8701, 2): `0x0a0a`, `0x1a1a`, ..., `0xfafa`.
///
/// They stand in lists of cipher suites, extensions, groups, signature schemes and versions; as two bytes, in ALPN.
#[must_use]
pub const fn is_grease(code: u16) -> bool {
    let [high, low] = code.to_be_bytes();
    high == low && low & 0x0f == 0x0a
}

/// Whether a PSK key exchange mode is a GREASE value (RFC 8701, 2): `0x0b`, `0x2a`, ..., `0xe4`.
#[must_use]
pub const fn is_grease_psk_mode(code: u8) -> bool {
    code % 0x1f == 0x0b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixteen_values_and_no_other() {
        let found: Vec<u16> = (0..=u16::MAX).filter(|&code| is_grease(code)).collect();
        let listed = [
            0x0a0a, 0x1a1a, 0x2a2a, 0x3a3a, 0x4a4a, 0x5a5a, 0x6a6a, 0x7a7a, 0x8a8a, 0x9a9a, 0xaaaa,
            0xbaba, 0xcaca, 0xdada, 0xeaea, 0xfafa,
        ];
        assert_eq!(found, listed);
    }

    #[test]
    fn the_eight_psk_modes_and_no_other() {
        let found: Vec<u8> = (0..=u8::MAX).filter(|&code| is_grease_psk_mode(code)).collect();
        assert_eq!(found, [0x0b, 0x2a, 0x49, 0x68, 0x87, 0xa6, 0xc5, 0xe4]);
    }
}
