//! tlsight
pub mod capture;
pub mod connection;
pub mod expressway;
pub mod flow;
pub mod limits;
pub mod packet;
pub mod pipeline;
pub mod report;
pub mod rules;
pub mod time;
pub mod tls;
pub mod trust;
pub mod wire;
pub mod x509;
