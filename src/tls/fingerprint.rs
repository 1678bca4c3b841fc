//! Fingerprints of hellos: JA3, JA3S (their published descriptions) and JA4, the TLS
//! client one only: its siblings carry another licence.

use aws_lc_rs::digest::{SHA256, digest};
use md5::{Digest, Md5};

use super::extension::{self, code};
use super::names::is_grease;
use super::{ClientHello, ServerHello};
use crate::wire::Reader;
use crate::wire::text::hex;

/// Digits of a JA4 hash part.
const JA4_DIGITS: usize = 12;

/// JA3 of a ClientHello: the MD5 of version, suites, extensions, groups and point
/// formats in wire order, without GREASE. `None` for the SSL 2.0 format and for a
/// hello that is not whole: part of it would be another fingerprint.
#[must_use]
pub fn ja3(hello: &ClientHello) -> Option<String> {
    if hello.ssl2_format || !hello.whole {
        return None;
    }
    let formats = hello
        .extension(code::EC_POINT_FORMATS)
        .and_then(|extension| Reader::new(&extension.body).vec8())
        .unwrap_or_default();
    let formats: Vec<u16> = formats.iter().map(|format| u16::from(*format)).collect();
    let text = [
        hello.legacy_version.to_string(),
        decimals(&suites(hello)),
        decimals(&extension_codes(&hello.extensions)),
        decimals(&without_grease(&hello.supported_groups())),
        decimals(&formats),
    ];
    Some(md5(&text.join(",")))
}

/// JA3S of a ServerHello: the MD5 of version, suite and extensions.
#[must_use]
pub fn ja3s(hello: &ServerHello) -> Option<String> {
    let suite = hello.cipher_suite.filter(|_| hello.whole)?;
    let codes: Vec<u16> = hello.extensions.iter().map(|extension| extension.code).collect();
    let text = [&[hello.legacy_version], &[suite], &*codes].map(decimals);
    Some(md5(&text.join(",")))
}

/// JA4 of a ClientHello over TCP.
#[must_use]
pub fn ja4(hello: &ClientHello) -> Option<String> {
    if hello.ssl2_format || !hello.whole {
        return None;
    }
    let suites = suites(hello);
    let extensions = extension_codes(&hello.extensions);
    let name = if hello.extension(code::SERVER_NAME).is_some() { 'd' } else { 'i' };
    let head = format!(
        "t{}{name}{:02}{:02}{}",
        ja4_version(hello),
        suites.len().min(99),
        extensions.len().min(99),
        ja4_alpn(hello)
    );
    let mut sorted_suites = digits(&suites);
    sorted_suites.sort_unstable();
    let mut others = extensions;
    others.retain(|code| ![code::SERVER_NAME, code::ALPN].contains(code));
    let mut sorted_extensions = digits(&others);
    sorted_extensions.sort_unstable();
    let algorithms = digits(&without_grease(&hello.signature_algorithms()));
    let mut tail = sorted_extensions.join(",");
    if !algorithms.is_empty() {
        tail = format!("{tail}_{}", algorithms.join(","));
    }
    Some(format!("{head}_{}_{}", ja4_hash(&sorted_suites.join(",")), ja4_hash(&tail)))
}

/// The highest version offered, in two characters.
fn ja4_version(hello: &ClientHello) -> &'static str {
    let offered = without_grease(&hello.supported_versions());
    match offered.into_iter().max().unwrap_or(hello.legacy_version) {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        _ => "00",
    }
}

/// First and last character of the first protocol of ALPN, or of its hexadecimal
/// digits where one of them is neither letter nor digit.
fn ja4_alpn(hello: &ClientHello) -> String {
    let names = hello.extension(code::ALPN).map(extension::protocol_names).unwrap_or_default();
    let Some(name) = names.first().filter(|name| !name.is_empty()) else { return "00".into() };
    let ends = |text: &str| -> String {
        text.chars().next().into_iter().chain(text.chars().next_back()).collect()
    };
    let plain =
        [name.first(), name.last()].iter().all(|byte| byte.is_some_and(u8::is_ascii_alphanumeric));
    if plain { ends(&String::from_utf8_lossy(name)) } else { ends(&hex(name)) }
}

fn ja4_hash(text: &str) -> String {
    if text.is_empty() {
        return "0".repeat(JA4_DIGITS);
    }
    let mut digits = hex(digest(&SHA256, text.as_bytes()).as_ref());
    digits.truncate(JA4_DIGITS);
    digits
}

fn suites(hello: &ClientHello) -> Vec<u16> {
    let codes: Vec<u16> = hello.suites().collect();
    without_grease(&codes)
}

fn extension_codes(list: &[super::Extension]) -> Vec<u16> {
    let codes: Vec<u16> = list.iter().map(|extension| extension.code).collect();
    without_grease(&codes)
}

fn without_grease(codes: &[u16]) -> Vec<u16> {
    codes.iter().copied().filter(|code| !is_grease(*code)).collect()
}

fn decimals(codes: &[u16]) -> String {
    let mut text = String::with_capacity(codes.len() * "65535-".len());
    for code in codes {
        if !text.is_empty() {
            text.push('-');
        }
        text.push_str(itoa::Buffer::new().format(*code));
    }
    text
}

fn digits(codes: &[u16]) -> Vec<String> {
    codes.iter().map(|code| hex(&code.to_be_bytes())).collect()
}

fn md5(text: &str) -> String {
    hex(&Md5::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Extension;

    fn hello() -> ClientHello {
        let extension = |code, body: &[u8]| Extension { code, body: body.to_vec(), whole: true };
        ClientHello {
            legacy_version: 0x0303,
            cipher_suites: vec![0x0a0a, 0x1301, 0xc02c],
            extensions: vec![
                extension(0, &[]),
                extension(0x1a1a, &[]),
                extension(10, &[0, 4, 0, 29, 0x2a, 0x2a]),
                extension(11, &[1, 0]),
                extension(16, &[0, 3, 2, b'h', b'2']),
            ],
            whole: true,
            ..ClientHello::default()
        }
    }

    #[test]
    fn ja3_is_the_md5_of_five_lists_without_grease() {
        assert_eq!(ja3(&hello()), Some(md5("771,4865-49196,0-10-11-16,29,0")));
        assert_eq!(ja3(&ClientHello { whole: false, ..hello() }), None);
    }

    #[test]
    fn ja4_counts_sorts_and_leaves_out_name_and_alpn() {
        let text = ja4(&hello()).unwrap();
        assert!(text.starts_with("t12d0204h2_"), "{text}");
        assert!(text.ends_with(&ja4_hash("000a,000b")), "{text}");
    }

    #[test]
    fn odd_protocol_names_are_told_by_their_digits() {
        let mut hello = hello();
        hello.extensions[4].body = vec![0, 3, 2, 0xab, 0xcd];
        assert_eq!(ja4_alpn(&hello), "ad");
    }
}
