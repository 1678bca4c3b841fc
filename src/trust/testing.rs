//! Certificates for the unit tests of this room.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

use crate::x509::Certificate;

use super::store::{Store, StoreSemantics};

/// 2026-11-21T00:00:00Z, inside every validity period made here.
pub(super) const NOW: i64 = 1_795_219_200;

/// A certification authority that can issue.
pub(super) struct Ca {
    pub(super) certificate: Arc<Certificate>,
    issuer: Issuer<'static, KeyPair>,
}

/// Parameters with a common name, valid from 2020 to 2030.
pub(super) fn params(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2030, 1, 1);
    params
}

fn ca_params(common_name: &str) -> CertificateParams {
    let mut params = params(common_name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params
}

/// Parameters of a TLS server's certificate.
pub(super) fn leaf_params(host: &str) -> CertificateParams {
    let mut params = params(host);
    params.subject_alt_names = vec![rcgen::SanType::DnsName(host.try_into().unwrap())];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

pub(super) fn parse(der: &[u8]) -> Arc<Certificate> {
    Arc::new(Certificate::parse(der).unwrap())
}

/// A self-signed certificate.
pub(super) fn self_signed(params: &CertificateParams) -> Arc<Certificate> {
    parse(params.self_signed(&KeyPair::generate().unwrap()).unwrap().der())
}

impl Ca {
    pub(super) fn root(common_name: &str) -> Self {
        Self::root_from(ca_params(common_name))
    }

    /// A root whose children carry no authority key identifier, so that only the name points to it.
    pub(super) fn root_without_identifiers(common_name: &str) -> Self {
        let mut params = ca_params(common_name);
        params.use_authority_key_identifier_extension = false;
        Self::root_from(params)
    }

    pub(super) fn root_from(params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = parse(params.self_signed(&key).unwrap().der());
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    pub(super) fn intermediate(&self, common_name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = ca_params(common_name);
        let certificate = parse(params.signed_by(&key, &self.issuer).unwrap().der());
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    pub(super) fn leaf(&self, host: &str) -> Arc<Certificate> {
        let mut params = leaf_params(host);
        params.use_authority_key_identifier_extension = true;
        self.sign(&params)
    }

    pub(super) fn sign(&self, params: &CertificateParams) -> Arc<Certificate> {
        let key = KeyPair::generate().unwrap();
        parse(params.signed_by(&key, &self.issuer).unwrap().der())
    }
}

/// A store with these anchors, in this order.
pub(super) fn store(anchors: &[&Arc<Certificate>]) -> Store {
    let mut store = Store::new(StoreSemantics::OpenSsl);
    for (line, anchor) in anchors.iter().enumerate() {
        store.add(Arc::clone(anchor), "trust.pem", line + 1);
    }
    store
}
