//! What OpenSSL writes behind a certificate in a `TRUSTED CERTIFICATE` block (`openssl x509 -addtrust`, `-addreject`):
//! for which purposes it is trusted, and for which it is not (`X509_CERT_AUX`, crypto/x509/x_x509a.c).

use super::der::{DerError, Reader, tag};
use super::oid::Oid;

/// The purposes are those of extended key usage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustSettings {
    /// Purposes the certificate is trusted for, and no others; `None` when nothing is said.
    pub trusted: Option<Vec<Oid>>,
    /// Purposes it is rejected for.
    pub rejected: Vec<Oid>,
}

impl TrustSettings {
    /// From the bytes behind the certificate. Its name for people and its key identifier are passed over.
    pub(super) fn from_der(der: &[u8]) -> Result<Self, DerError> {
        let mut fields = Reader::new(der).sequence()?;
        let trusted =
            fields.optional(tag::SEQUENCE)?.map(|list| purposes(list.value)).transpose()?;
        let rejected = fields.optional(0xa0)?.map(|list| purposes(list.value)).transpose()?;
        for passed_over in [tag::UTF8_STRING, tag::OCTET_STRING, 0xa1] {
            fields.optional(passed_over)?;
        }
        fields.finish()?;
        Ok(Self { trusted, rejected: rejected.unwrap_or_default() })
    }
}

fn purposes(contents: &[u8]) -> Result<Vec<Oid>, DerError> {
    let mut list = Vec::new();
    let mut reader = Reader::new(contents);
    while !reader.is_empty() {
        list.push(Oid::from_contents(reader.expect(tag::OID)?.value));
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_lists() {
        let purpose = [6, 2, 0x2a, 3];
        let full = [&[0x30, 15, 0x30, 4][..], &purpose, &[0xa0, 4], &purpose, &[0x0c, 1, 0x61]];
        let oid = Oid::from_contents(&[0x2a, 3]);
        let settings = TrustSettings::from_der(&full.concat()).unwrap();
        assert_eq!(settings.trusted, Some(vec![oid.clone()]));
        assert_eq!(settings.rejected, [oid]);
        assert_eq!(TrustSettings::from_der(&[0x30, 0]), Ok(TrustSettings::default()));
        assert!(TrustSettings::from_der(&[0x30, 2, 2, 0]).is_err());
    }
}
