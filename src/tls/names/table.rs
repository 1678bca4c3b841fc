//! The data files: tab-separated lines in the order of their codes; lines that begin with `#` are remarks.

use std::borrow::Cow;

use super::is_grease;

/// One line: the code (decimal or `0x` hex) and the columns after it; a column that is absent is empty.
pub(super) struct Row {
    pub(super) code: u16,
    pub(super) columns: [&'static str; 3],
}

/// The lines of a data file. One that cannot be read is left out; a test proves that there is none.
pub(super) fn rows(file: &'static str) -> impl Iterator<Item = Row> {
    file.lines().filter_map(row)
}

fn row(line: &'static str) -> Option<Row> {
    let mut fields = line.split('\t');
    let code = fields.next()?;
    let code = match code.strip_prefix("0x") {
        Some(hex) => u16::from_str_radix(hex, 16),
        None => code.parse(),
    }
    .ok()?;
    let mut column = || fields.next().unwrap_or_default();
    let columns = [column(), column(), column()];
    Some(Row { code, columns })
}

/// A registry of which only the names matter.
pub(super) struct Names(Vec<(u16, &'static str)>);

impl Names {
    pub(super) fn read(file: &'static str) -> Self {
        Self(rows(file).map(|Row { code, columns }| (code, columns[0])).collect())
    }

    pub(super) fn get(&self, code: u16) -> Option<&'static str> {
        let at = self.0.binary_search_by_key(&code, |&(code, _)| code).ok()?;
        self.0.get(at).map(|&(_, name)| name)
    }

    /// The name, or the 16-bit number.
    pub(super) fn name16(&self, code: u16) -> Cow<'static, str> {
        self.get(code).map_or_else(|| hex16(code), Cow::Borrowed)
    }

    /// The name, or that it is GREASE, or the 16-bit number.
    pub(super) fn name_or_grease(&self, code: u16) -> Cow<'static, str> {
        self.get(code).map_or_else(|| grease_or_hex(code), Cow::Borrowed)
    }

    /// The name, or the 8-bit number.
    pub(super) fn name8(&self, code: u8) -> Cow<'static, str> {
        self.get(code.into()).map_or_else(|| format!("{code:#04x}").into(), Cow::Borrowed)
    }
}

pub(super) fn hex16(code: u16) -> Cow<'static, str> {
    format!("{code:#06x}").into()
}

pub(super) fn grease_or_hex(code: u16) -> Cow<'static, str> {
    if is_grease(code) { format!("GREASE ({code:#06x})").into() } else { hex16(code) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const FILES: [(&str, &str, usize); 14] = [
        // file, first words, rows of the registry itself (without those that it does not hold)
        (include_str!("data/alerts.tsv"), "TLS Alerts (IANA, TLS Parameters)", 37),
        (
            include_str!("data/certificate_compression.tsv"),
            "TLS Certificate Compression Algorithm IDs (IANA, TLS Extensions)",
            3,
        ),
        (
            include_str!("data/certificate_types.tsv"),
            "TLS Certificate Types (IANA, TLS Extensions)",
            4,
        ),
        (include_str!("data/cipher_suites.tsv"), "TLS Cipher Suites (IANA, TLS Parameters)", 356),
        (
            include_str!("data/client_certificate_types.tsv"),
            "TLS ClientCertificateType Identifiers (IANA, TLS Parameters)",
            12,
        ),
        (
            include_str!("data/compression_methods.tsv"),
            "TLS Compression Method Identifiers (IANA)",
            3,
        ),
        (include_str!("data/content_types.tsv"), "TLS ContentType (IANA, TLS Parameters)", 8),
        (include_str!("data/ec_curve_types.tsv"), "TLS EC Curve Types (IANA, TLS Parameters)", 3),
        (
            include_str!("data/ec_point_formats.tsv"),
            "TLS EC Point Formats (IANA, TLS Parameters)",
            3,
        ),
        (
            include_str!("data/extension_types.tsv"),
            "TLS ExtensionType Values (IANA, TLS Extensions)",
            64,
        ),
        (include_str!("data/handshake_types.tsv"), "TLS HandshakeType (IANA, TLS Parameters)", 25),
        (
            include_str!("data/psk_key_exchange_modes.tsv"),
            "TLS PskKeyExchangeMode (IANA, TLS Parameters)",
            2,
        ),
        (
            include_str!("data/signature_schemes.tsv"),
            "TLS SignatureScheme (IANA, TLS Parameters)",
            49,
        ),
        (
            include_str!("data/supported_groups.tsv"),
            "TLS Supported Groups (IANA, TLS Parameters)",
            59,
        ),
    ];

    /// The last column, which says where a number comes from that the registry does not hold.
    fn source(title: &str, columns: [&'static str; 3]) -> &'static str {
        let own = title.starts_with("TLS Cipher") || title.starts_with("TLS Signature");
        columns[if own { 2 } else { 1 }]
    }

    #[test]
    fn every_line_is_read_and_every_file_says_its_title_and_date() {
        for (file, title, _) in FILES {
            let first = file.lines().next().unwrap();
            assert!(first.starts_with(&format!("# {title}, ")), "{first}");
            assert!(first.contains(", 20") || first.contains(" of 20"), "{first}");
            let lines = file.lines().filter(|line| !line.starts_with('#')).count();
            assert_eq!(rows(file).count(), lines, "{title}");
        }
    }

    #[test]
    fn codes_are_sorted_and_codes_and_registered_names_are_unique() {
        for (file, title, _) in FILES {
            let codes: Vec<u16> = rows(file).map(|row| row.code).collect();
            assert!(codes.is_sorted_by(|a, b| a < b), "{title}");
            let mut seen = BTreeSet::new();
            for row in rows(file) {
                let name = row.columns[0];
                assert!(!name.is_empty() && name.trim() == name, "{title} {name}");
                if source(title, row.columns).is_empty() {
                    assert!(seen.insert(name), "{title}: {name} twice");
                }
            }
        }
    }

    #[test]
    fn the_registries_are_whole() {
        for (file, title, count) in FILES {
            let registered = rows(file).filter(|row| source(title, row.columns).is_empty());
            assert_eq!(registered.count(), count, "{title}");
        }
    }

    #[test]
    fn no_listed_code_is_grease() {
        for (file, title, _) in FILES {
            assert!(!rows(file).any(|row| is_grease(row.code)), "{title}");
        }
    }

    #[test]
    fn numbers_without_a_name_stay_numbers() {
        let names = Names::read("# remark\n7\tseven\n0x0100\tlarge\n");
        assert_eq!(names.name8(7), "seven");
        assert_eq!(names.name8(8), "0x08");
        assert_eq!(names.name16(0x100), "large");
        assert_eq!(names.name16(0x0a0a), "0x0a0a");
        assert_eq!(names.name_or_grease(0x0a0a), "GREASE (0x0a0a)");
        assert_eq!(names.name_or_grease(0x0a1a), "0x0a1a");
    }
}
