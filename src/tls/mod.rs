//! TLS: what the bytes of a stream say.

pub mod names;
