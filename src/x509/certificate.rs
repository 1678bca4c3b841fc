//! The certificate itself (RFC 5280, 4.1).

use std::fmt;
use std::sync::OnceLock;

use aws_lc_rs::digest::{SHA256, digest};

use super::Sha256;
use super::algorithm::{SignatureAlgorithm, SignatureScheme};
use super::der::{DerError, Reader, Tlv, bits, integer, small_integer, tag};
use super::extensions::Extensions;
use super::key::{KeyKind, PublicKey};
use super::name::Name;
use super::time::Time;
use crate::wire::text::{hex, hex_with_colons};

/// A serial number, by its contents octets: up to 20 by the standard, any number in practice, possibly negative.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Serial(Box<[u8]>);

impl Serial {
    /// From the contents octets of an INTEGER.
    #[must_use]
    pub fn from_contents(contents: &[u8]) -> Self {
        Self(contents.into())
    }

    /// The contents octets of the INTEGER.
    #[must_use]
    pub fn contents(&self) -> &[u8] {
        &self.0
    }

    /// Lower-case hex, leading zero octets dropped: `56ff6c71`.
    #[must_use]
    pub fn hex(&self) -> String {
        hex(self.significant())
    }

    /// As `openssl x509 -text` shows long serials: `56:ff:6c:71`, without a leading zero octet.
    #[must_use]
    pub fn text(&self) -> String {
        hex_with_colons(self.significant())
    }

    /// The octets without leading zeros; zero itself keeps one.
    fn significant(&self) -> &[u8] {
        let mut octets = &*self.0;
        while let [0, rest @ ..] = octets
            && !rest.is_empty()
        {
            octets = rest;
        }
        octets
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serial({self})")
    }
}

/// Bytes that are no certificate. They keep their identity, so that they can still be shown and counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a readable certificate: {reason} (in {field})")]
pub struct Unparseable {
    /// Which part could not be read, in the words of RFC 5280: `tbsCertificate`, `validity`.
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: DerError,
    /// The bytes as they came.
    pub der: Box<[u8]>,
    /// SHA-256 of those bytes.
    pub sha256: Sha256,
}

/// One parsed certificate. Equal when the DER is equal.
#[derive(Clone)]
pub struct Certificate {
    /// The bytes it was read from, without anything behind them.
    pub der: Box<[u8]>,
    /// SHA-256 of `der`.
    pub sha256: Sha256,
    /// The number people use: 1, 2 or 3 (one more than what is encoded).
    pub version: u64,
    /// Serial number.
    pub serial: Serial,
    /// Signature algorithm inside the signed part.
    pub inner_signature_algorithm: SignatureAlgorithm,
    /// Who signed it.
    pub issuer: Name,
    /// Start of the validity period.
    pub not_before: Time,
    /// End of the validity period.
    pub not_after: Time,
    /// Whom it names.
    pub subject: Name,
    /// The key it binds to that name.
    pub public_key: PublicKey,
    /// Its extensions.
    pub extensions: Extensions,
    /// The signed bytes: the whole encoding of `tbsCertificate`.
    pub tbs: Box<[u8]>,
    /// Signature algorithm beside the signature.
    pub signature_algorithm: SignatureAlgorithm,
    /// The signature's octets.
    pub signature: Box<[u8]>,
    /// Unused bits in the signature's last octet: 0, or the signature cannot be right.
    pub signature_unused_bits: u8,
    /// Bytes that followed the certificate in the input.
    pub trailing_bytes: usize,
    self_signed: bool,
    title: OnceLock<Box<str>>,
}

/// Why one certificate cannot be another's issuer (`ossl_x509_likely_issued`, crypto/x509/v3_purp.c). A match says
/// nothing about the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotIssuer {
    /// The name is another one.
    Name,
    /// An extension of one of the two is broken or there twice.
    Inconsistent,
    /// The authority key identifier names another key.
    KeyIdentifier,
    /// The authority key identifier names another issuer or serial number.
    IssuerSerial,
    /// The issuer's key cannot be read.
    NoKey,
    /// OpenSSL does not know the signature algorithm.
    UnknownSignature,
    /// The signature algorithm is for another kind of key.
    KeyKind,
}

impl Certificate {
    /// Reads one certificate; bytes behind it are counted, not read.
    ///
    /// # Errors
    /// [`Unparseable`], which keeps the bytes and says which field failed. Unlike OpenSSL this reader does not follow
    /// BER's indefinite lengths.
    pub fn parse(der: &[u8]) -> Result<Self, Unparseable> {
        read(der).map_err(|(field, reason)| Unparseable {
            field,
            reason,
            der: der.into(),
            sha256: sha256(der),
        })
    }

    /// True when subject and issuer are the same name (`EXFLAG_SI` in OpenSSL).
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// True when it could have issued itself, by names, key identifier and kind of key (`EXFLAG_SS` in OpenSSL). As
    /// there, the signature is not looked at.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        self.self_signed
    }

    /// True when basic constraints say `CA:TRUE`.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        self.extensions.basic_constraints.is_some_and(|basic| basic.ca)
    }

    /// Whether this certificate could be the issuer of `subject`, before any signature is checked.
    ///
    /// # Errors
    /// The first difference, in OpenSSL's order.
    pub fn could_have_issued(&self, subject: &Self) -> Result<(), NotIssuer> {
        if self.subject != subject.issuer {
            return Err(NotIssuer::Name);
        }
        if self.extensions.inconsistent() || subject.extensions.inconsistent() {
            return Err(NotIssuer::Inconsistent);
        }
        self.matches_key_identifier_of(subject)?;
        self.key_can_sign_as(&subject.inner_signature_algorithm.scheme)
    }

    /// `X509_check_akid`: only what both sides have is compared.
    fn matches_key_identifier_of(&self, subject: &Self) -> Result<(), NotIssuer> {
        let Some(wanted) = &subject.extensions.authority_key_id else {
            return Ok(());
        };
        if let (Some(wanted), Some(own)) = (&wanted.key_id, &self.extensions.subject_key_id)
            && wanted != own
        {
            return Err(NotIssuer::KeyIdentifier);
        }
        if wanted.serial.as_ref().is_some_and(|serial| *serial != self.serial.0)
            || wanted.issuer.as_ref().is_some_and(|issuer| **issuer != self.issuer)
        {
            return Err(NotIssuer::IssuerSerial);
        }
        Ok(())
    }

    /// `check_sig_alg_match`: an RSA key may also have made a PSS signature.
    fn key_can_sign_as(&self, scheme: &SignatureScheme) -> Result<(), NotIssuer> {
        if !self.public_key.decodes {
            return Err(NotIssuer::NoKey);
        }
        let fits = match (&self.public_key.kind, scheme) {
            (_, SignatureScheme::Unknown) => return Err(NotIssuer::UnknownSignature),
            (KeyKind::Rsa, SignatureScheme::RsaPkcs1(_) | SignatureScheme::RsaPss { .. })
            | (KeyKind::RsaPss, SignatureScheme::RsaPss { .. })
            | (KeyKind::Ec(_), SignatureScheme::Ecdsa(_))
            | (KeyKind::Dsa, SignatureScheme::Dsa(_))
            | (KeyKind::Ed25519, SignatureScheme::Ed25519)
            | (KeyKind::Ed448, SignatureScheme::Ed448) => true,
            _ => false,
        };
        if fits { Ok(()) } else { Err(NotIssuer::KeyKind) }
    }
}

impl Certificate {
    /// By what people tell certificates apart: `CN=cucmpub-EC.example.org (serial 6d:1c:4f:...)`.
    #[must_use]
    pub fn title(&self) -> &str {
        self.title.get_or_init(|| {
            let subject =
                if self.subject.is_empty() { "without a subject" } else { self.subject.text() };
            [subject, " (serial ", &self.serial.text(), ")"].concat().into()
        })
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Certificate({}, serial {}, sha256 {})",
            self.subject,
            self.serial,
            hex(&self.sha256)
        )
    }
}

/// SHA-256 of some bytes.
fn sha256(bytes: &[u8]) -> Sha256 {
    let mut out = Sha256::default();
    // The digest has exactly this size; `zip` keeps the compiler and the reader sure of it.
    out.iter_mut().zip(digest(&SHA256, bytes).as_ref()).for_each(|(to, from)| *to = *from);
    out
}

type Failed = (&'static str, DerError);

/// Attaches the name of the field that was being read.
fn at<T>(field: &'static str, result: Result<T, DerError>) -> Result<T, Failed> {
    result.map_err(|reason| (field, reason))
}

fn read(input: &[u8]) -> Result<Certificate, Failed> {
    let mut outer = Reader::new(input);
    let whole = at("Certificate", outer.expect(tag::SEQUENCE))?;
    let mut parts = Reader::new(whole.value);
    let tbs = at("tbsCertificate", parts.expect(tag::SEQUENCE))?;
    let algorithm = at("signatureAlgorithm", parts.expect(tag::SEQUENCE))?;
    let signature_algorithm = at("signatureAlgorithm", SignatureAlgorithm::from_tlv(&algorithm))?;
    let signature = at("signatureValue", parts.expect(tag::BIT_STRING))?;
    let (signature, unused) = at("signatureValue", bits(signature.value))?;
    let mut certificate = read_tbs(&tbs, signature_algorithm)?;
    certificate.der = whole.raw.into();
    certificate.sha256 = sha256(whole.raw);
    certificate.signature = signature;
    certificate.signature_unused_bits = unused;
    certificate.trailing_bytes = outer.rest().len();
    certificate.self_signed = certificate.could_have_issued(&certificate).is_ok();
    Ok(certificate)
}

/// The signed part; the caller fills in what lies outside it.
fn read_tbs(tbs: &Tlv<'_>, signature_algorithm: SignatureAlgorithm) -> Result<Certificate, Failed> {
    let mut fields = Reader::new(tbs.value);
    let version = at("version", version(&mut fields))?;
    let serial = at("serialNumber", fields.expect(tag::INTEGER).and_then(|it| integer(it.value)))?;
    let algorithm = at("signature", fields.expect(tag::SEQUENCE))?;
    let inner_signature_algorithm = at("signature", SignatureAlgorithm::from_tlv(&algorithm))?;
    let issuer = at("issuer", fields.expect(tag::SEQUENCE).and_then(|name| Name::from_tlv(&name)))?;
    let (not_before, not_after) = at("validity", validity(&mut fields))?;
    let subject =
        at("subject", fields.expect(tag::SEQUENCE).and_then(|name| Name::from_tlv(&name)))?;
    let key = at("subjectPublicKeyInfo", fields.expect(tag::SEQUENCE))?;
    let public_key = at("subjectPublicKeyInfo", PublicKey::from_tlv(&key))?;
    let extensions = at("extensions", extensions(&mut fields))?;
    Ok(Certificate {
        der: Box::default(),
        sha256: Sha256::default(),
        version,
        serial: Serial(serial.into()),
        inner_signature_algorithm,
        issuer,
        not_before,
        not_after,
        subject,
        public_key,
        extensions,
        tbs: tbs.raw.into(),
        signature_algorithm,
        signature: Box::default(),
        signature_unused_bits: 0,
        trailing_bytes: 0,
        self_signed: false,
        title: OnceLock::new(),
    })
}

fn version(fields: &mut Reader<'_>) -> Result<u64, DerError> {
    match fields.optional(0xa0)? {
        Some(explicit) => {
            let number = Reader::new(explicit.value).expect(tag::INTEGER)?;
            Ok(small_integer(number.value)?.saturating_add(1))
        }
        None => Ok(1),
    }
}

fn validity(fields: &mut Reader<'_>) -> Result<(Time, Time), DerError> {
    let mut dates = fields.sequence()?;
    Ok((Time::from_tlv(&dates.any()?), Time::from_tlv(&dates.any()?)))
}

/// `[1]` and `[2]` are the unique identifiers of version 2, which nobody uses; `[3]` holds the extensions.
fn extensions(fields: &mut Reader<'_>) -> Result<Extensions, DerError> {
    for unused in [0x81, 0xa1, 0x82, 0xa2] {
        fields.optional(unused)?;
    }
    let extensions =
        fields.optional(0xa3)?.map(|field| Extensions::from_der(field.value)).transpose()?;
    if !fields.is_empty() {
        return Err(DerError::Value);
    }
    Ok(extensions.unwrap_or_default())
}

#[cfg(test)]
mod tests;
