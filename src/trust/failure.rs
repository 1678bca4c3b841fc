//! OpenSSL's verification errors: numbers from `include/openssl/x509_vfy.h`, texts from `crypto/x509/x509_txt.c`,
//! both of OpenSSL 3.0.

use std::fmt;

/// One error of a verification, as `openssl verify` prints it: `error 20 at 1 depth lookup: ...`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyError {
    /// OpenSSL's number, see [`code`].
    pub code: u32,
    /// Which certificate of the path: 0 is the leaf.
    pub depth: usize,
    /// OpenSSL 3.0's sentence for the number.
    pub text: &'static str,
}

impl VerifyError {
    /// The error with the given number at the given depth.
    #[must_use]
    pub fn new(code: u32, depth: usize) -> Self {
        Self { code, depth, text: text(code) }
    }

    /// Whether it says that no anchor was reached.
    #[must_use]
    pub const fn lacks_trust(&self) -> bool {
        matches!(
            self.code,
            code::UNABLE_TO_GET_ISSUER_CERT
                | code::DEPTH_ZERO_SELF_SIGNED_CERT
                | code::SELF_SIGNED_CERT_IN_CHAIN
                | code::UNABLE_TO_GET_ISSUER_CERT_LOCALLY
                | code::UNABLE_TO_VERIFY_LEAF_SIGNATURE
        )
    }

    /// Whether the callback of the `openssl verify` command lets the verification go on after this error, so that more
    /// can be reported (`cb` in apps/verify.c). A TLS library stops at every error.
    pub(super) fn openssl_verify_goes_on(self) -> bool {
        matches!(
            self.code,
            code::CERT_HAS_EXPIRED
                | code::DEPTH_ZERO_SELF_SIGNED_CERT
                | code::PATH_LENGTH_EXCEEDED
                | code::INVALID_PURPOSE
                | code::UNHANDLED_CRITICAL_EXTENSION
                | code::INVALID_CA
        )
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error {} at {} depth lookup: {}", self.code, self.depth, self.text)
    }
}

/// The numbers of OpenSSL's `X509_V_ERR_...` that this room can report.
pub mod code {
    /// Something went wrong that has no number of its own.
    pub const UNSPECIFIED: u32 = 1;
    /// The issuer of a certificate from the store is not in the store.
    pub const UNABLE_TO_GET_ISSUER_CERT: u32 = 2;
    /// The issuer's key cannot be read.
    pub const UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: u32 = 6;
    /// The signature does not verify with the issuer's key.
    pub const CERT_SIGNATURE_FAILURE: u32 = 7;
    /// The validity period has not begun.
    pub const CERT_NOT_YET_VALID: u32 = 9;
    /// The validity period is over.
    pub const CERT_HAS_EXPIRED: u32 = 10;
    /// The start date is not written as a date.
    pub const ERROR_IN_CERT_NOT_BEFORE_FIELD: u32 = 13;
    /// The end date is not written as a date.
    pub const ERROR_IN_CERT_NOT_AFTER_FIELD: u32 = 14;
    /// The only certificate is self-signed and not in the store.
    pub const DEPTH_ZERO_SELF_SIGNED_CERT: u32 = 18;
    /// The path ends in a self-signed certificate that is not in the store.
    pub const SELF_SIGNED_CERT_IN_CHAIN: u32 = 19;
    /// The issuer of a certificate that the peer sent was not found.
    pub const UNABLE_TO_GET_ISSUER_CERT_LOCALLY: u32 = 20;
    /// The only certificate is neither self-signed nor verified by another.
    pub const UNABLE_TO_VERIFY_LEAF_SIGNATURE: u32 = 21;
    /// The path is longer than the limit.
    pub const CERT_CHAIN_TOO_LONG: u32 = 22;
    /// More intermediates than a CA allows below it.
    pub const PATH_LENGTH_EXCEEDED: u32 = 25;
    /// Key usages do not allow the role.
    pub const INVALID_PURPOSE: u32 = 26;
    /// The trust settings of a certificate of the store do not allow the role.
    pub const CERT_REJECTED: u32 = 28;
    /// The issuer may not sign certificates.
    pub const KEYUSAGE_NO_CERTSIGN: u32 = 32;
    /// A critical extension is not understood.
    pub const UNHANDLED_CRITICAL_EXTENSION: u32 = 34;
    /// The issuer of a proxy certificate may not sign.
    pub const KEYUSAGE_NO_DIGITAL_SIGNATURE: u32 = 39;
    /// A proxy certificate where none is allowed.
    pub const PROXY_CERTIFICATES_NOT_ALLOWED: u32 = 40;
    /// A name is outside the permitted subtrees.
    pub const PERMITTED_VIOLATION: u32 = 47;
    /// A name is inside an excluded subtree.
    pub const EXCLUDED_VIOLATION: u32 = 48;
    /// A name constraint has a minimum or maximum.
    pub const SUBTREE_MINMAX: u32 = 49;
    /// A name constraint is of a kind that is not supported.
    pub const UNSUPPORTED_CONSTRAINT_TYPE: u32 = 51;
    /// A constrained name is written in a way that cannot be compared.
    pub const UNSUPPORTED_NAME_SYNTAX: u32 = 53;
    /// The name that was asked for is not in the certificate.
    pub const HOSTNAME_MISMATCH: u32 = 62;
    /// The address that was asked for is not in the certificate.
    pub const IP_ADDRESS_MISMATCH: u32 = 64;
    /// The leaf's key is below the security level.
    pub const EE_KEY_TOO_SMALL: u32 = 66;
    /// A CA's key is below the security level.
    pub const CA_KEY_TOO_SMALL: u32 = 67;
    /// A signature's hash is below the security level.
    pub const CA_MD_TOO_WEAK: u32 = 68;
    /// A certificate that is no CA where a CA is needed.
    pub const INVALID_CA: u32 = 79;
    /// The parameters of an elliptic curve are written out.
    pub const EC_KEY_EXPLICIT_PARAMS: u32 = 94;
}

/// OpenSSL 3.0's sentence for an error number.
#[must_use]
pub fn text(code: u32) -> &'static str {
    match code {
        0 => "ok",
        code::UNABLE_TO_GET_ISSUER_CERT => "unable to get issuer certificate",
        code::UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY => "unable to decode issuer public key",
        code::CERT_SIGNATURE_FAILURE => "certificate signature failure",
        code::CERT_NOT_YET_VALID => "certificate is not yet valid",
        code::CERT_HAS_EXPIRED => "certificate has expired",
        code::ERROR_IN_CERT_NOT_BEFORE_FIELD => "format error in certificate's notBefore field",
        code::ERROR_IN_CERT_NOT_AFTER_FIELD => "format error in certificate's notAfter field",
        code::DEPTH_ZERO_SELF_SIGNED_CERT => "self-signed certificate",
        code::SELF_SIGNED_CERT_IN_CHAIN => "self-signed certificate in certificate chain",
        code::UNABLE_TO_GET_ISSUER_CERT_LOCALLY => "unable to get local issuer certificate",
        code::UNABLE_TO_VERIFY_LEAF_SIGNATURE => "unable to verify the first certificate",
        code::CERT_CHAIN_TOO_LONG => "certificate chain too long",
        code::PATH_LENGTH_EXCEEDED => "path length constraint exceeded",
        code::INVALID_PURPOSE => "unsuitable certificate purpose",
        code::CERT_REJECTED => "certificate rejected",
        code::KEYUSAGE_NO_CERTSIGN => "key usage does not include certificate signing",
        code::UNHANDLED_CRITICAL_EXTENSION => "unhandled critical extension",
        code::KEYUSAGE_NO_DIGITAL_SIGNATURE => "key usage does not include digital signature",
        code::PROXY_CERTIFICATES_NOT_ALLOWED => {
            "proxy certificates not allowed, please set the appropriate flag"
        }
        code::PERMITTED_VIOLATION => "permitted subtree violation",
        code::EXCLUDED_VIOLATION => "excluded subtree violation",
        code::SUBTREE_MINMAX => "name constraints minimum and maximum not supported",
        code::UNSUPPORTED_CONSTRAINT_TYPE => "unsupported name constraint type",
        code::UNSUPPORTED_NAME_SYNTAX => "unsupported or invalid name syntax",
        code::HOSTNAME_MISMATCH => "hostname mismatch",
        code::IP_ADDRESS_MISMATCH => "IP address mismatch",
        code::EE_KEY_TOO_SMALL => "EE certificate key too weak",
        code::CA_KEY_TOO_SMALL => "CA certificate key too weak",
        code::CA_MD_TOO_WEAK => "CA signature digest algorithm too weak",
        code::INVALID_CA => "invalid CA certificate",
        code::EC_KEY_EXPLICIT_PARAMS => "Certificate public key has explicit ECC parameters",
        _ => "unspecified certificate verification error",
    }
}
