//! What record lengths tell of a TLS 1.3 handshake without keys, in JSON.

use serde::Serialize;

use crate::connection::Inference;

#[derive(Serialize)]
pub(super) struct InferenceDocument {
    what: &'static str,
    value: String,
    confidence: &'static str,
    reason: String,
    frames: Vec<u64>,
}

impl InferenceDocument {
    pub(super) fn of(inference: &Inference) -> Self {
        Self {
            what: inference.claim.what(),
            value: inference.claim.value(),
            confidence: inference.confidence.word(),
            reason: inference.reason.clone(),
            frames: inference.frames(),
        }
    }
}
