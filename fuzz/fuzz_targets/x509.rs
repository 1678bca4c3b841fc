//! Any bytes as certificate, PEM bundle, name and OCSP response; what parses can be
//! shown, compared and validated.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use tlsight::trust::{Purpose, Question, Store, StoreSemantics, validate};
use tlsight::x509::{Certificate, Name, OcspResponse, pem};

fuzz_target!(|data: &[u8]| {
    drop(Name::from_der(data).map(|name| name.to_string()));
    drop(OcspResponse::parse(data));
    drop(pem::read(data));
    let Ok(certificate) = Certificate::parse(data) else { return };
    drop(format!("{certificate:?} {} {}", certificate.subject, certificate.serial));
    let certificate = Arc::new(certificate);
    let mut store = Store::new(StoreSemantics::OpenSsl);
    store.add(certificate.clone(), "fuzz", 1);
    let others = [certificate.clone()];
    for purpose in [Purpose::Server, Purpose::Client, Purpose::Any] {
        drop(validate(&Question::new(certificate.clone(), &others, &store, 0, purpose)));
    }
});
