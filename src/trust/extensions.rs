//! Extensions along the path (`check_extensions`, crypto/x509/x509_vfy.c) and the purposes `sslserver` and `sslclient`
//! (crypto/x509/v3_purp.c).

use crate::x509::{Certificate, Curve, KeyKind, KeyUsage, NetscapeType};

use super::failure::code;
use super::question::{Purpose, Question};
use super::settings::{self, Standing};
use super::verify::{Stop, Work};

/// Checks critical extensions, CA flags, curves, purpose and path length, from the leaf up.
pub(super) fn check(question: &Question<'_>, work: &mut Work) -> Result<(), Stop> {
    let path = work.path.clone();
    let mut below: u64 = 0;
    for (depth, link) in path.iter().enumerate() {
        let certificate = &link.certificate;
        let must_be_ca = depth > 0;
        if certificate.extensions.critical_unknown().next().is_some() {
            work.report(code::UNHANDLED_CRITICAL_EXTENSION, depth)?;
        }
        if certificate.extensions.proxy {
            work.report(code::PROXY_CERTIFICATES_NOT_ALLOWED, depth)?;
        }
        if must_be_ca && !acceptable_ca(certificate, depth + 1 < path.len()) {
            work.report(code::INVALID_CA, depth)?;
        }
        if path.len() > 1 {
            curve(work, certificate, depth)?;
        }
        let suitable = match settings::stated(question, link) {
            Standing::Trusted => true,
            Standing::Rejected => question.purpose == Purpose::Any,
            Standing::Open => suits(certificate, question.purpose, must_be_ca),
        };
        if !suitable {
            work.report(code::INVALID_PURPOSE, depth)?;
        }
        if depth > 1 && path_length(certificate).is_some_and(|limit| below > limit) {
            work.report(code::PATH_LENGTH_EXCEEDED, depth)?;
        }
        if depth > 0 && !certificate.is_self_issued() {
            below += 1;
        }
    }
    Ok(())
}

/// How sure a certificate is to be a CA (`check_ca`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum CaKind {
    No,
    /// Basic constraints say so.
    Stated,
    /// No basic constraints, but a self-signed version 1 certificate or the key usage of a CA.
    Tolerated,
    /// Only Netscape's certificate type says so.
    Netscape(NetscapeType),
}

fn ca_kind(certificate: &Certificate) -> CaKind {
    let extensions = &certificate.extensions;
    if extensions.inconsistent()
        || extensions.key_usage.is_some_and(|usage| !usage.any_of(KeyUsage::KEY_CERT_SIGN))
    {
        return CaKind::No;
    }
    if let Some(basic) = extensions.basic_constraints {
        return if basic.ca { CaKind::Stated } else { CaKind::No };
    }
    if (certificate.version == 1 && certificate.is_self_signed()) || extensions.key_usage.is_some()
    {
        return CaKind::Tolerated;
    }
    match extensions.netscape_type {
        Some(kind) if kind.0 & NetscapeType::ANY_CA != 0 => CaKind::Netscape(kind),
        _ => CaKind::No,
    }
}

/// Intermediates must state that they are CAs; the topmost certificate may be an old root that does not.
fn acceptable_ca(certificate: &Certificate, intermediate: bool) -> bool {
    match ca_kind(certificate) {
        CaKind::No => false,
        CaKind::Stated => true,
        CaKind::Tolerated | CaKind::Netscape(_) => !intermediate,
    }
}

fn path_length(certificate: &Certificate) -> Option<u64> {
    certificate.extensions.basic_constraints.and_then(|basic| basic.path_len)
}

/// `check_curve`
fn curve(work: &mut Work, certificate: &Certificate, depth: usize) -> Result<(), Stop> {
    if !certificate.public_key.decodes {
        return work.report(code::UNSPECIFIED, depth);
    }
    match certificate.public_key.kind {
        KeyKind::Ec(Curve::Explicit) => work.report(code::EC_KEY_EXPLICIT_PARAMS, depth),
        _ => Ok(()),
    }
}

/// `check_purpose_ssl_server` and `check_purpose_ssl_client`. Anchors are not exempt: without trust settings of their
/// own OpenSSL holds their key usages against the role too.
fn suits(certificate: &Certificate, purpose: Purpose, must_be_ca: bool) -> bool {
    let extensions = &certificate.extensions;
    // An inconsistent certificate gives no answer (-1), which counts as suitable without -x509_strict.
    if purpose == Purpose::Any || extensions.inconsistent() {
        return true;
    }
    let (extended, usage, netscape) = match purpose {
        Purpose::Client => (
            extensions.allows_client_auth(),
            KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_AGREEMENT,
            NetscapeType::SSL_CLIENT,
        ),
        Purpose::Server | Purpose::Any => (
            extensions.allows_server_auth(),
            KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT | KeyUsage::KEY_AGREEMENT,
            NetscapeType::SSL_SERVER,
        ),
    };
    if !extended {
        return false;
    }
    if must_be_ca {
        return match ca_kind(certificate) {
            CaKind::No => false,
            CaKind::Netscape(kind) => kind.0 & NetscapeType::SSL_CA != 0,
            CaKind::Stated | CaKind::Tolerated => true,
        };
    }
    extensions.key_usage.is_none_or(|own| own.any_of(usage))
        && extensions.netscape_type.is_none_or(|own| own.0 & netscape != 0)
}
