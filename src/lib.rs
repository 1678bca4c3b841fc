//! tlsight
pub mod capture;
pub mod connection;
pub mod flow;
pub mod limits;
pub mod packet;
pub mod time;
pub mod tls;
pub mod trust;
pub mod wire;
pub mod x509;
