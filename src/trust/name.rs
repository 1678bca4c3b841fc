//! Does the certificate carry the name that was dialled? Each checker of a deployment answers in its own way.

use std::net::IpAddr;

use crate::x509::{Certificate, GeneralName};

/// Who compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameRule {
    /// RFC 9525 as OpenSSL's `X509_check_host` and `X509_check_ip` do it: DNS names; the common name only when there is
    /// no DNS name; an address only against iPAddress names.
    OpenSsl,
    /// Apache Traffic Server inside Expressway: DNS names, then the common name even when there are DNS names.
    /// iPAddress names are never compared; an address is compared as text.
    TrafficServer,
    /// Expressway's SIP zones: subject alternative names only, never the common name.
    SipZone,
}

/// Where in the certificate a name stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// dNSName among the subject alternative names.
    Dns,
    /// iPAddress among the subject alternative names.
    Ip,
    /// commonName of the subject.
    CommonName,
}

/// One name of the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// Where it stands.
    pub place: Place,
    /// The name as text.
    pub text: String,
}

/// The outcome of a name check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameCheck {
    /// Who compared.
    pub rule: NameRule,
    /// The name that was asked for.
    pub reference: String,
    /// Whether the certificate has it.
    pub matched: bool,
    /// The names that were compared, in order; with a match, the last one is it.
    pub compared: Vec<Presented>,
    /// Names in the certificate that this checker does not look at.
    pub ignored: Vec<Presented>,
}

/// Compares the certificate's names with `reference`, a host name or an address literal.
#[must_use]
pub fn check(rule: NameRule, certificate: &Certificate, reference: &str) -> NameCheck {
    match (rule, reference.parse::<IpAddr>()) {
        (NameRule::OpenSsl, Ok(address)) => openssl_ip(certificate, address),
        (NameRule::OpenSsl, Err(_)) => openssl_host(certificate, reference),
        (NameRule::TrafficServer, _) => {
            // X509HostnameValidator of the traffic server: dNSName, then commonName, "is IP" always false.
            run(rule, certificate, reference, &[Place::Dns, Place::CommonName], &|name| {
                strict_wildcard(&name.text, reference)
            })
        }
        (NameRule::SipZone, address) => {
            run(rule, certificate, reference, &[Place::Dns, Place::Ip], &|name| match (
                name.place, &address,
            ) {
                (Place::Ip, Ok(address)) => name.text.parse() == Ok(*address),
                (Place::Ip, Err(_)) => false,
                _ => openssl_matches(name.text.as_bytes(), reference.as_bytes()),
            })
        }
    }
}

/// `X509_check_host` with its default flags.
pub(super) fn openssl_host(certificate: &Certificate, host: &str) -> NameCheck {
    let has_dns = presented(certificate, Place::Dns).next().is_some();
    let places: &[Place] = if has_dns { &[Place::Dns] } else { &[Place::CommonName] };
    run(NameRule::OpenSsl, certificate, host, places, &|name| {
        openssl_matches(name.text.as_bytes(), host.as_bytes())
    })
}

/// `X509_check_ip`
pub(super) fn openssl_ip(certificate: &Certificate, address: IpAddr) -> NameCheck {
    run(NameRule::OpenSsl, certificate, &address.to_string(), &[Place::Ip], &|name| {
        name.text.parse() == Ok(address)
    })
}

/// Goes through the places in order until a name matches.
fn run(
    rule: NameRule,
    certificate: &Certificate,
    reference: &str,
    places: &[Place],
    matches: &dyn Fn(&Presented) -> bool,
) -> NameCheck {
    let mut compared = Vec::new();
    let mut matched = false;
    for name in places.iter().flat_map(|&place| presented(certificate, place)) {
        matched = matches(&name);
        compared.push(name);
        if matched {
            break;
        }
    }
    let others = [Place::Dns, Place::Ip, Place::CommonName]
        .into_iter()
        .filter(|place| !places.contains(place));
    let ignored = others.flat_map(|place| presented(certificate, place)).collect();
    NameCheck { rule, reference: reference.to_owned(), matched, compared, ignored }
}

/// The names of one place. Bytes that are no UTF-8 become U+FFFD and match nothing, which is also what OpenSSL makes
/// of them with any reference that people can type.
fn presented(certificate: &Certificate, place: Place) -> impl Iterator<Item = Presented> {
    let alternatives =
        certificate.extensions.subject_alt_names.iter().flatten().filter_map(move |name| {
            let text = match (place, name) {
                (Place::Dns, GeneralName::Dns(text)) => String::from_utf8_lossy(text).into_owned(),
                (Place::Ip, GeneralName::Ip(octets)) => ip(octets)?.to_string(),
                _ => return None,
            };
            Some(Presented { place, text })
        });
    let common = certificate
        .subject
        .common_names()
        .filter(move |_| place == Place::CommonName)
        .map(|text| Presented { place: Place::CommonName, text: text.to_owned() });
    alternatives.chain(common)
}

fn ip(octets: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok()
}

/// `equal_wildcard` (crypto/x509/v3_utl.c): a pattern with a valid star, or the same text without regard to ASCII case.
fn openssl_matches(pattern: &[u8], subject: &[u8]) -> bool {
    if pattern.is_empty() {
        return false;
    }
    if let [b'.', _, ..] = subject {
        return ends_with_domain(pattern, subject);
    }
    match star(pattern) {
        None => same(pattern, subject),
        Some(at) => {
            let (prefix, rest) = pattern.split_at_checked(at).unwrap_or_default();
            star_matches(prefix, rest.get(1..).unwrap_or_default(), subject)
        }
    }
}

/// A reference that begins with a dot asks for any name below a domain (`skip_prefix`).
fn ends_with_domain(pattern: &[u8], domain: &[u8]) -> bool {
    let end = pattern.len().checked_sub(domain.len()).and_then(|at| pattern.get(at..));
    end.is_some_and(|end| same(end, domain))
}

/// Equal without regard to ASCII case; a NUL never matches.
fn same(pattern: &[u8], subject: &[u8]) -> bool {
    !pattern.contains(&0) && pattern.eq_ignore_ascii_case(subject)
}

/// `valid_star`: the position of the only star, if it stands at an edge of the first label, the label is no
/// internationalised one, two dots follow, and all labels are well formed.
fn star(pattern: &[u8]) -> Option<usize> {
    let mut found = None;
    let labels: Vec<&[u8]> = pattern.split(|&octet| octet == b'.').collect();
    for (index, label) in labels.iter().enumerate() {
        let stars = label.iter().filter(|&&octet| octet == b'*').count();
        if stars > 0 {
            let at_edge = label.first() == Some(&b'*') || label.last() == Some(&b'*');
            if index > 0 || stars > 1 || !at_edge || begins_idna(label) {
                return None;
            }
            found = label.iter().position(|&octet| octet == b'*');
        }
        let letters = label
            .iter()
            .all(|&octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'*'));
        if !letters
            || label.is_empty()
            || label.first() == Some(&b'-')
            || label.last() == Some(&b'-')
        {
            return None;
        }
    }
    found.filter(|_| labels.len() > 2)
}

fn begins_idna(label: &[u8]) -> bool {
    label.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"xn--"))
}

/// `wildcard_match`: what the star stands for lies inside one label; a bare star must stand for something, a partial
/// one must not stand inside an internationalised label.
fn star_matches(prefix: &[u8], suffix: &[u8], subject: &[u8]) -> bool {
    let Some(middle) = subject.len().checked_sub(prefix.len() + suffix.len()) else {
        return false;
    };
    let (start, rest) = subject.split_at_checked(prefix.len()).unwrap_or_default();
    let (wild, end) = rest.split_at_checked(middle).unwrap_or_default();
    if !same(prefix, start) || !same(suffix, end) {
        return false;
    }
    let whole_label = prefix.is_empty() && suffix.first() == Some(&b'.');
    if (whole_label && wild.is_empty()) || (!whole_label && begins_idna(rest)) {
        return false;
    }
    wild == b"*" || wild.iter().all(|&octet| octet.is_ascii_alphanumeric() || octet == b'-')
}

/// The traffic server's rule: one star as the whole leftmost label with at least two dots after it, or the same text.
fn strict_wildcard(pattern: &str, subject: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(parent) if parent.contains('.') && !parent.contains('*') => subject
            .split_once('.')
            .is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(parent)),
        _ => !pattern.is_empty() && pattern.eq_ignore_ascii_case(subject),
    }
}

#[cfg(test)]
mod tests;
