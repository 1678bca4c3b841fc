//! Display filters to paste into Wireshark.

use crate::rules::Finding;

/// A filter that shows the evidence of several findings of one capture at once.
#[must_use]
pub fn group_filter(findings: &[&Finding]) -> String {
    match findings {
        [] => String::new(),
        [only] => only.filter(),
        many => {
            let mut streams: Vec<u64> =
                many.iter().flat_map(|finding| finding.streams.iter().copied()).collect();
            streams.sort_unstable();
            streams.dedup();
            let streams: Vec<String> = streams.iter().map(u64::to_string).collect();
            let mut frames: Vec<u64> = many.iter().flat_map(|finding| finding.frames()).collect();
            frames.sort_unstable();
            frames.dedup();
            let frames: Vec<String> = frames.iter().map(u64::to_string).collect();
            format!(
                "tcp.stream in {{{}}} && frame.number in {{{}}}",
                streams.join(", "),
                frames.join(", ")
            )
        }
    }
}
