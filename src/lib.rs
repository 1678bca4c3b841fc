//! tlsight
pub mod capture;
pub mod flow;
pub mod limits;
pub mod packet;
pub mod time;
pub mod tls;
pub mod wire;
