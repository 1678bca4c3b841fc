//! Lines about the log itself: marks, and the start of diagnostic logging.

use super::event::{Event, kept};
use super::pairs::Pairs;

const MARKER: &str = "DEBUG_MARKER";

/// A mark that someone set (tag `DEBUG_MARKER`, Administrator Guide), or the start of
/// logging.
pub(super) fn event(body: &str, pairs: &Pairs<'_>) -> Option<Event> {
    let detail = pairs.get("Detail").unwrap_or_default();
    if let Some((_, text)) = detail.split_once(MARKER).or_else(|| body.split_once(MARKER)) {
        let text = text.trim_start_matches([':', ' ', '=', '"']).trim_end_matches('"');
        return Some(Event::DebugMarker { text: kept(text) });
    }
    let event = pairs.get("Event").unwrap_or(body).to_ascii_lowercase();
    let (_, behind) = event.split_once("diagnostic logging")?;
    behind.contains("start").then(|| Event::LoggingStarted { detail: kept(detail) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_the_start() {
        let of = |body: &str| event(body, &Pairs::parse(body));
        let mark =
            "web: Event=\"Diagnostic logging marker\" Detail=\"DEBUG_MARKER: reproduce login\"";
        assert_eq!(of(mark), Some(Event::DebugMarker { text: "reproduce login".into() }));
        let bare = "DEBUG_MARKER second try";
        assert_eq!(of(bare), Some(Event::DebugMarker { text: "second try".into() }));
        let start = "Event=\"Diagnostic Logging Started\" Detail=\"tcpdump On\"";
        assert_eq!(of(start), Some(Event::LoggingStarted { detail: "tcpdump On".into() }));
        assert_eq!(of("Event=\"Diagnostic Logging Stopped\""), None);
    }
}
