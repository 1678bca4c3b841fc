//! The registries of which only the names matter: one data file and one function each.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::is_grease_psk_mode;
use super::table::Names;

macro_rules! names {
    ($($table:ident = $file:literal;)*) => {
        $(static $table: LazyLock<Names> = LazyLock::new(|| Names::read(include_str!($file)));)*
    };
}

names! {
    ALERTS = "data/alerts.tsv";
    CERTIFICATE_COMPRESSION = "data/certificate_compression.tsv";
    CERTIFICATE_TYPES = "data/certificate_types.tsv";
    CLIENT_CERTIFICATE_TYPES = "data/client_certificate_types.tsv";
    COMPRESSION_METHODS = "data/compression_methods.tsv";
    CONTENT_TYPES = "data/content_types.tsv";
    EC_CURVE_TYPES = "data/ec_curve_types.tsv";
    EC_POINT_FORMATS = "data/ec_point_formats.tsv";
    EXTENSION_TYPES = "data/extension_types.tsv";
    HANDSHAKE_TYPES = "data/handshake_types.tsv";
    PSK_KEY_EXCHANGE_MODES = "data/psk_key_exchange_modes.tsv";
    SUPPORTED_GROUPS = "data/supported_groups.tsv";
}

/// The name of an extension (IANA, TLS Extensions, TLS ExtensionType Values, copy of 2026-09-29).
///
/// Numbers that browsers use without registration are named too (`application_settings`, `channel_id`).
#[must_use]
pub fn extension_name(code: u16) -> Cow<'static, str> {
    EXTENSION_TYPES.name_or_grease(code)
}

/// The name of a group or curve (IANA, TLS Parameters, TLS Supported Groups, copy of 2026-09-29).
#[must_use]
pub fn group_name(code: u16) -> Cow<'static, str> {
    SUPPORTED_GROUPS.name_or_grease(code)
}

/// The name of an alert description (IANA, TLS Parameters, TLS Alerts, copy of 2026-06-30; RFC 8446, 6).
#[must_use]
pub fn alert_name(code: u8) -> Cow<'static, str> {
    ALERTS.name8(code)
}

/// The name of a handshake message (IANA, TLS Parameters, TLS HandshakeType, copy of 2026-06-30; RFC 8446, 4).
#[must_use]
pub fn handshake_type_name(code: u8) -> Cow<'static, str> {
    HANDSHAKE_TYPES.name8(code)
}

/// The name of a record's content (IANA, TLS Parameters, TLS ContentType, copy of 2026-06-30; RFC 8446, 5.1).
#[must_use]
pub fn content_type_name(code: u8) -> Cow<'static, str> {
    CONTENT_TYPES.name8(code)
}

/// The name of a certificate type in `client_certificate_type` and `server_certificate_type` (RFC 7250, 3).
#[must_use]
pub fn certificate_type_name(code: u8) -> Cow<'static, str> {
    CERTIFICATE_TYPES.name8(code)
}

/// The name of a type in the `certificate_types` of a `CertificateRequest` (RFC 5246, 7.4.4; RFC 8422, 5.5).
#[must_use]
pub fn client_certificate_type_name(code: u8) -> Cow<'static, str> {
    CLIENT_CERTIFICATE_TYPES.name8(code)
}

/// The name of a certificate compression algorithm (RFC 8879, 3).
#[must_use]
pub fn certificate_compression_name(code: u16) -> Cow<'static, str> {
    CERTIFICATE_COMPRESSION.name16(code)
}

/// The name of a compression method of a hello (RFC 3749, 2; RFC 3943).
#[must_use]
pub fn compression_method_name(code: u8) -> Cow<'static, str> {
    COMPRESSION_METHODS.name8(code)
}

/// The name of the `curve_type` of a `ServerKeyExchange` (RFC 8422, 5.4).
#[must_use]
pub fn ec_curve_type_name(code: u8) -> Cow<'static, str> {
    EC_CURVE_TYPES.name8(code)
}

/// The name of a point format in `ec_point_formats` (RFC 8422, 5.1.2).
#[must_use]
pub fn ec_point_format_name(code: u8) -> Cow<'static, str> {
    EC_POINT_FORMATS.name8(code)
}

/// The name of a PSK key exchange mode (RFC 8446, 4.2.9), or that it is GREASE.
#[must_use]
pub fn psk_key_exchange_mode_name(code: u8) -> Cow<'static, str> {
    if is_grease_psk_mode(code) {
        format!("GREASE ({code:#04x})").into()
    } else {
        PSK_KEY_EXCHANGE_MODES.name8(code)
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::rows;
    use super::*;

    type Wide = (&'static str, fn(u16) -> Cow<'static, str>);
    type Narrow = (&'static str, fn(u8) -> Cow<'static, str>);

    #[test]
    fn every_listed_code_resolves() {
        let wide: [Wide; 3] = [
            (include_str!("data/certificate_compression.tsv"), certificate_compression_name),
            (include_str!("data/extension_types.tsv"), extension_name),
            (include_str!("data/supported_groups.tsv"), group_name),
        ];
        for (file, name) in wide {
            for row in rows(file) {
                assert_eq!(name(row.code), row.columns[0]);
            }
        }
        let narrow: [Narrow; 9] = [
            (include_str!("data/alerts.tsv"), alert_name),
            (include_str!("data/certificate_types.tsv"), certificate_type_name),
            (include_str!("data/client_certificate_types.tsv"), client_certificate_type_name),
            (include_str!("data/compression_methods.tsv"), compression_method_name),
            (include_str!("data/content_types.tsv"), content_type_name),
            (include_str!("data/ec_curve_types.tsv"), ec_curve_type_name),
            (include_str!("data/ec_point_formats.tsv"), ec_point_format_name),
            (include_str!("data/handshake_types.tsv"), handshake_type_name),
            (include_str!("data/psk_key_exchange_modes.tsv"), psk_key_exchange_mode_name),
        ];
        for (file, name) in narrow {
            for row in rows(file) {
                assert_eq!(name(row.code.try_into().unwrap()), row.columns[0]);
            }
        }
    }

    #[test]
    fn extensions_as_their_rfcs_number_them() {
        for (code, name) in [
            (0, "server_name"),
            (10, "supported_groups"),
            (13, "signature_algorithms"),
            (16, "application_layer_protocol_negotiation"),
            (22, "encrypt_then_mac"),
            (23, "extended_master_secret"),
            (27, "compress_certificate"),
            (28, "record_size_limit"),
            (34, "delegated_credential"),
            (35, "session_ticket"),
            (40, "key_share_draft"),
            (43, "supported_versions"),
            (47, "certificate_authorities"),
            (50, "signature_algorithms_cert"),
            (51, "key_share"),
            (57, "quic_transport_parameters"),
            (13172, "next_protocol_negotiation"),
            (17513, "application_settings_old"),
            (17613, "application_settings"),
            (30032, "channel_id"),
            (0xfd00, "ech_outer_extensions"),
            (0xfe0d, "encrypted_client_hello"),
            (0xff01, "renegotiation_info"),
            (0x0a0a, "GREASE (0x0a0a)"),
            (63, "0x003f"),
        ] {
            assert_eq!(extension_name(code), name);
        }
    }

    #[test]
    fn groups_as_their_rfcs_number_them() {
        for (code, name) in [
            (23, "secp256r1"),
            (25, "secp521r1"),
            (29, "x25519"),
            (31, "brainpoolP256r1tls13"),
            (34, "GC256A"),
            (41, "curveSM2"),
            (0x0100, "ffdhe2048"),
            (0x0201, "MLKEM768"),
            (0x11eb, "SecP256r1MLKEM768"),
            (0x11ec, "X25519MLKEM768"),
            (0x11ed, "SecP384r1MLKEM1024"),
            (0x6399, "X25519Kyber768Draft00"),
            (0xff01, "arbitrary_explicit_prime_curves"),
            (0xdada, "GREASE (0xdada)"),
            (0xfe00, "0xfe00"),
        ] {
            assert_eq!(group_name(code), name);
        }
    }

    #[test]
    fn alerts_and_messages_as_their_rfcs_number_them() {
        for (code, name) in [
            (0, "close_notify"),
            (21, "decryption_failed"),
            (30, "decompression_failure"),
            (40, "handshake_failure"),
            (41, "no_certificate"),
            (46, "certificate_unknown"),
            (48, "unknown_ca"),
            (60, "export_restriction"),
            (70, "protocol_version"),
            (71, "insufficient_security"),
            (86, "inappropriate_fallback"),
            (90, "user_canceled"),
            (109, "missing_extension"),
            (112, "unrecognized_name"),
            (116, "certificate_required"),
            (120, "no_application_protocol"),
            (121, "ech_required"),
            (99, "0x63"),
        ] {
            assert_eq!(alert_name(code), name);
        }
        assert_eq!(handshake_type_name(12), "server_key_exchange");
        assert_eq!(handshake_type_name(25), "compressed_certificate");
        assert_eq!(handshake_type_name(254), "message_hash");
        assert_eq!(handshake_type_name(7), "0x07");
        assert_eq!(content_type_name(22), "handshake");
        assert_eq!(content_type_name(0x80), "0x80");
    }

    #[test]
    fn the_small_registries() {
        assert_eq!(certificate_type_name(0), "X509");
        assert_eq!(certificate_type_name(2), "RawPublicKey");
        assert_eq!(client_certificate_type_name(1), "rsa_sign");
        assert_eq!(client_certificate_type_name(64), "ecdsa_sign");
        assert_eq!(certificate_compression_name(2), "brotli");
        assert_eq!(compression_method_name(1), "DEFLATE");
        assert_eq!(ec_curve_type_name(3), "named_curve");
        assert_eq!(ec_point_format_name(0), "uncompressed");
        assert_eq!(psk_key_exchange_mode_name(1), "psk_dhe_ke");
        assert_eq!(psk_key_exchange_mode_name(0x2a), "GREASE (0x2a)");
        assert_eq!(psk_key_exchange_mode_name(2), "0x02");
    }
}
