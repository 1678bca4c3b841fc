//! tlsight

pub mod trust;
pub mod x509;
