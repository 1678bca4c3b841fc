//! OpenSSL's cipher strings, which the settings of an Expressway are made of
//! (Maintenance > Security > Ciphers).

mod compare;
mod criteria;
mod expand;
mod list;
mod suite;
mod table;

pub(in crate::expressway) use compare::Places;
pub use compare::{Agreement, Difference, TooLittle, compare};
pub use expand::{Expansion, Ignored, Preference, Refusal, TLS13_SUITES, WhyIgnored, expand};
pub use suite::{
    Authentication, Build, CertificateKind, Cipher, KeyExchange, Mac, Protocol, Strength, Suite,
    suite, suites,
};
