//! tlsight

pub mod x509;
