//! One cause, one verdict: the findings of a failing leg joined into a paragraph.

use super::finding::Finding;
use crate::connection::Connection;
use crate::packet::Endpoint;
use crate::tls::Role;

/// Why connections from one host to one server fail, and what to do.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The host that connects.
    pub client: std::net::IpAddr,
    /// What it connects to.
    pub server: Endpoint,
    /// The service behind the port, where it is known.
    pub service: Option<&'static str>,
    /// Streams that failed in the same way.
    pub streams: Vec<u64>,
    /// Id of the rule that names the cause.
    pub cause: &'static str,
    /// Who refused whom, when somebody did.
    pub refused_by: Option<Role>,
    /// The paragraph.
    pub sentence: String,
    /// What to do.
    pub remedies: Vec<String>,
}

/// Joins the findings of each failing connection under its cause.
#[must_use]
pub fn verdicts(judged: &[(&Connection, &[Finding])]) -> Vec<Verdict> {
    let _ = judged;
    Vec::new()
}
