//! What record lengths tell, in words: marked as concluded, never as seen.

use super::model::CaptureReport;
use crate::connection::{Claim, Confidence, Connection, Inference};
use crate::tls::Role;

/// One line per conclusion.
pub(super) fn lines(capture: &CaptureReport, connection: &Connection) -> Vec<String> {
    let line = |inference: &Inference| {
        let frames: Vec<String> =
            inference.frames().iter().map(|frame| capture.frame_text(*frame)).collect();
        let plural = if frames.len() == 1 { "" } else { "s" };
        format!(
            "{} ({}): {} [frame{plural} {}]",
            sentence(&inference.claim),
            inference.confidence.word(),
            inference.reason,
            frames.join(", ")
        )
    };
    connection.inferred.iter().map(line).collect()
}

fn sentence(claim: &Claim) -> String {
    match claim {
        Claim::ServerKey(key) => format!("key of the server: {}", key.name()),
        Claim::ServerChain(length) => format!("Certificate message of the server: {length} bytes"),
        Claim::CertificateRequested(true) => "the server asked for a client certificate".into(),
        Claim::CertificateRequested(false) => "the server asked for no client certificate".into(),
        Claim::ClientCertificate { sent: true } => "the client sent a certificate".into(),
        Claim::ClientCertificate { sent: false } => "the client sent an empty list".into(),
        Claim::ClientKey(key) => format!("key of the client: {}", key.name()),
        Claim::Refused { by: Role::Client } => "the client refused the server".into(),
        Claim::Refused { by: Role::Server } => "the server refused the client".into(),
    }
}

/// For the column of keys, where the certificate is hidden: `hidden, RSA-2048
/// inferred`.
pub(super) fn hidden_key(connection: &Connection) -> Option<String> {
    let (inference, key) = connection.inferred_server_key()?;
    let doubt = if inference.confidence == Confidence::Likely { " likely" } else { "" };
    Some(format!("hidden, {} inferred{doubt}", key.name()))
}
