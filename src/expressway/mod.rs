//! Who is who in an Expressway Mobile and Remote Access deployment.

mod service;

pub use service::{Checker, Service, service};
