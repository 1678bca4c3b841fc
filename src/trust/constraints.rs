//! Name constraints (RFC 5280, 4.2.1.10) as OpenSSL 3.0 applies them: `check_name_constraints` in
//! crypto/x509/x509_vfy.c and `NAME_CONSTRAINTS_check` in crypto/x509/v3_ncons.c.

use crate::x509::{Attribute, Certificate, GeneralName, StringType, Subtree, Subtrees};

use super::failure::code;
use super::verify::{Stop, Work};

/// OpenSSL refuses a certificate whose names times constraints exceed this (`NAME_CHECK_MAX`).
const MAX_PAIRS: usize = 1 << 20;

/// Holds every certificate of the path against the constraints of all CAs above it, from the top down. The anchor's own
/// constraints count too.
pub(super) fn check(work: &mut Work) -> Result<(), Stop> {
    let path = work.path.clone();
    for (depth, link) in path.iter().enumerate().rev() {
        if depth > 0 && link.certificate.is_self_issued() {
            continue;
        }
        let above = path.get(depth + 1..).unwrap_or_default();
        for constraints in
            above.iter().rev().filter_map(|ca| ca.certificate.extensions.name_constraints.as_ref())
        {
            let names = name_count(&link.certificate);
            let pairs =
                names.saturating_mul(constraints.permitted.len() + constraints.excluded.len());
            let verdict = if pairs > MAX_PAIRS {
                Err(code::UNSPECIFIED)
            } else {
                work.spend_constraint_checks(pairs)?;
                check_certificate(&link.certificate, depth == 0, constraints)
            };
            if let Err(error) = verdict {
                work.report(error, depth)?;
            }
        }
    }
    Ok(())
}

fn name_count(certificate: &Certificate) -> usize {
    certificate.subject.attributes().len()
        + certificate.extensions.subject_alt_names.iter().flatten().count()
}

/// Subject, e-mail addresses in it, alternative names; for a leaf without DNS names also its common names.
fn check_certificate(
    certificate: &Certificate,
    is_leaf: bool,
    constraints: &Subtrees,
) -> Result<(), u32> {
    let subject = &certificate.subject;
    if !subject.is_empty() {
        check_name(&GeneralName::Directory(Box::new(subject.clone())), constraints)?;
        for email in subject.email_addresses() {
            if email.kind != StringType::Ia5 {
                return Err(code::UNSUPPORTED_NAME_SYNTAX);
            }
            check_name(&GeneralName::Email(email.value.as_bytes().to_vec()), constraints)?;
        }
    }
    let alternatives = certificate.extensions.subject_alt_names.as_deref().unwrap_or_default();
    for name in alternatives {
        check_name(name, constraints)?;
    }
    let has_dns = alternatives.iter().any(|name| matches!(name, GeneralName::Dns(_)));
    if is_leaf && !has_dns { check_common_names(certificate, constraints) } else { Ok(()) }
}

/// `NAME_CONSTRAINTS_check_CN`: a common name that looks like a host name is taken for one.
fn check_common_names(certificate: &Certificate, constraints: &Subtrees) -> Result<(), u32> {
    let is_common_name = |attribute: &&Attribute| attribute.oid.contents() == [0x55, 4, 3];
    for attribute in certificate.subject.attributes().iter().filter(is_common_name) {
        let text = attribute.value.trim_end_matches('\0');
        if text.contains('\0') {
            return Err(code::UNSUPPORTED_NAME_SYNTAX);
        }
        if looks_like_host(text.as_bytes()) {
            check_name(&GeneralName::Dns(text.as_bytes().to_vec()), constraints)?;
        }
    }
    Ok(())
}

/// `cn2dnsid`: two or more labels of letters, digits, `_` and inner `-`.
fn looks_like_host(text: &[u8]) -> bool {
    let mut dots = 0;
    for (at, &octet) in text.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        let after = text.get(at + 1);
        let plausible = match (octet, before, after) {
            (b'-', Some(_), Some(_)) => true,
            (b'.', Some(before), Some(after)) => {
                dots += 1;
                *before != b'-' && !matches!(after, b'.' | b'-')
            }
            _ => octet.is_ascii_alphanumeric() || octet == b'_',
        };
        if !plausible {
            return false;
        }
    }
    dots > 0
}

/// `nc_match`: permitted subtrees of the name's own kind, at least one of which must hold it, then excluded ones.
fn check_name(name: &GeneralName, constraints: &Subtrees) -> Result<(), u32> {
    let mut found = None;
    for subtree in constraints.permitted.iter().filter(|subtree| same_kind(name, &subtree.base)) {
        if subtree.has_limits {
            return Err(code::SUBTREE_MINMAX);
        }
        if found != Some(true) {
            found = Some(contains(subtree, name)?);
        }
    }
    if found == Some(false) {
        return Err(code::PERMITTED_VIOLATION);
    }
    for subtree in constraints.excluded.iter().filter(|subtree| same_kind(name, &subtree.base)) {
        if subtree.has_limits {
            return Err(code::SUBTREE_MINMAX);
        }
        if contains(subtree, name)? {
            return Err(code::EXCLUDED_VIOLATION);
        }
    }
    Ok(())
}

fn same_kind(name: &GeneralName, base: &GeneralName) -> bool {
    match (name, base) {
        (GeneralName::Other(name, _), GeneralName::Other(base, _)) => name == base,
        (GeneralName::Unread(name, _), GeneralName::Unread(base, _)) => name == base,
        _ => std::mem::discriminant(name) == std::mem::discriminant(base),
    }
}

/// `nc_match_single`: whether one name lies in one subtree of the same kind.
fn contains(subtree: &Subtree, name: &GeneralName) -> Result<bool, u32> {
    match (name, &subtree.base) {
        (GeneralName::Directory(name), GeneralName::Directory(base)) => {
            Ok(name.canonical().starts_with(base.canonical()))
        }
        (GeneralName::Dns(name), GeneralName::Dns(base)) => Ok(dns_below(name, base)),
        (GeneralName::Email(name), GeneralName::Email(base)) => email_below(name, base),
        (GeneralName::Uri(name), GeneralName::Uri(base)) => uri_below(name, base),
        (GeneralName::Ip(name), GeneralName::Ip(base)) => ip_below(name, base),
        _ => Err(code::UNSUPPORTED_CONSTRAINT_TYPE),
    }
}

/// `nc_dns`: equal, or longer by whole labels on the left; an empty base holds everything.
fn dns_below(name: &[u8], base: &[u8]) -> bool {
    let Some(split) = name.len().checked_sub(base.len()) else {
        return false;
    };
    let Some((left, right)) = name.split_at_checked(split) else {
        return false;
    };
    let on_boundary = base.is_empty()
        || left.is_empty()
        || base.first() == Some(&b'.')
        || left.last() == Some(&b'.');
    on_boundary && right.eq_ignore_ascii_case(base)
}

/// The end of `text`, as long as `suffix`, equals it, and something stands before it.
fn ends_below(text: &[u8], suffix: &[u8]) -> bool {
    text.len() > suffix.len()
        && text.get(text.len() - suffix.len()..).is_some_and(|end| end.eq_ignore_ascii_case(suffix))
}

/// `nc_email`: a base is a mailbox, a host, or with a leading dot a domain.
fn email_below(name: &[u8], base: &[u8]) -> Result<bool, u32> {
    let split = |text: &[u8]| text.iter().rposition(|&octet| octet == b'@');
    let at = split(name).ok_or(code::UNSUPPORTED_NAME_SYNTAX)?;
    let (local, host) =
        (name.get(..at).unwrap_or_default(), name.get(at + 1..).unwrap_or_default());
    let Some(base_at) = split(base) else {
        let domain = base.first() == Some(&b'.');
        return Ok(if domain { ends_below(name, base) } else { host.eq_ignore_ascii_case(base) });
    };
    let (base_local, base_host) =
        (base.get(..base_at).unwrap_or_default(), base.get(base_at + 1..).unwrap_or_default());
    Ok((base_local.is_empty() || base_local == local) && host.eq_ignore_ascii_case(base_host))
}

/// `nc_uri`: the host of `scheme://host...` is compared.
fn uri_below(name: &[u8], base: &[u8]) -> Result<bool, u32> {
    let colon =
        name.iter().position(|&octet| octet == b':').ok_or(code::UNSUPPORTED_NAME_SYNTAX)?;
    let rest = name
        .get(colon + 1..)
        .and_then(|rest| rest.strip_prefix(b"//"))
        .ok_or(code::UNSUPPORTED_NAME_SYNTAX)?;
    // A port ends the host; only without one does a slash end it.
    let end = rest
        .iter()
        .position(|&octet| octet == b':')
        .or_else(|| rest.iter().position(|&octet| octet == b'/'));
    let host = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
    if host.is_empty() {
        return Err(code::UNSUPPORTED_NAME_SYNTAX);
    }
    Ok(if base.first() == Some(&b'.') {
        ends_below(host, base)
    } else {
        host.eq_ignore_ascii_case(base)
    })
}

/// `nc_ip`: address and mask of the same family; the mask's form is not checked, and both sides are compared under it,
/// so that host bits in the base mean nothing.
fn ip_below(name: &[u8], base: &[u8]) -> Result<bool, u32> {
    if !matches!(name.len(), 4 | 16) || !matches!(base.len(), 8 | 32) {
        return Err(code::UNSUPPORTED_NAME_SYNTAX);
    }
    let Some((address, mask)) = base.split_at_checked(base.len() / 2) else {
        return Ok(false);
    };
    let mut octets = name.iter().zip(address).zip(mask);
    Ok(name.len() == address.len() && octets.all(|((name, base), mask)| (name ^ base) & mask == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dns_names_lie_below_by_whole_labels() {
        assert!(
            dns_below(b"a.lab.example", b"lab.example")
                && dns_below(b"LAB.example", b"lab.Example")
        );
        assert!(dns_below(b"a.lab.example", b".lab.example") && dns_below(b"x", b""));
        assert!(
            !dns_below(b"alab.example", b"lab.example") && !dns_below(b"example", b"lab.example")
        );
    }

    #[test]
    fn mailboxes_hosts_and_domains() {
        assert_eq!(email_below(b"a@lab.example", b"lab.example"), Ok(true));
        assert_eq!(email_below(b"a@x.lab.example", b".lab.example"), Ok(true));
        assert_eq!(email_below(b"a@x.lab.example", b"lab.example"), Ok(false));
        assert_eq!(email_below(b"A@lab.example", b"a@lab.example"), Ok(false));
        assert_eq!(email_below(b"lab.example", b"lab.example"), Err(code::UNSUPPORTED_NAME_SYNTAX));
    }

    #[test]
    fn uris_are_compared_by_host() {
        assert_eq!(uri_below(b"https://a.lab.example:8443/x", b".lab.example"), Ok(true));
        assert_eq!(uri_below(b"https://lab.example/x", b"lab.example"), Ok(true));
        assert_eq!(uri_below(b"urn:x", b"lab.example"), Err(code::UNSUPPORTED_NAME_SYNTAX));
    }

    #[test]
    fn addresses_are_masked() {
        assert_eq!(ip_below(&[10, 1, 2, 3], &[10, 0, 0, 0, 255, 0, 0, 0]), Ok(true));
        assert_eq!(ip_below(&[11, 1, 2, 3], &[10, 0, 0, 0, 255, 0, 0, 0]), Ok(false));
        assert_eq!(ip_below(&[10, 1, 2, 3], &[10, 9, 0, 0, 255, 0, 0, 0]), Ok(true));
        assert_eq!(ip_below(&[10, 1, 2, 3], &[0; 32]), Ok(false));
        assert_eq!(ip_below(&[10], &[0; 32]), Err(code::UNSUPPORTED_NAME_SYNTAX));
    }

    #[test]
    fn host_like_common_names() {
        for host in ["a.b", "cucm-1.lab.example", "a_b.c"] {
            assert!(looks_like_host(host.as_bytes()), "{host}");
        }
        for other in ["ca", "My CA", "-a.b", "a..b", "a.b.", "a-.b", ""] {
            assert!(!looks_like_host(other.as_bytes()), "{other}");
        }
    }
}
