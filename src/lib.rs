//! tlsight
pub mod tls;
