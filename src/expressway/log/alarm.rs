//! Alarms that have to do with certificates, TLS, or restarts.

use super::event::{Event, kept};
use super::pairs::Pairs;

/// Numbers of the Administrator Guide's list of alarms (X15.5): 20020 restart needed,
/// 25031 the PTR name is not in the certificate of Expressway-E, 40040 TLS verification
/// off on a Unified Communications zone, 40049 cluster permissive, 40052 no common name,
/// 40061 to 40064 ACME, 40078 client certificate expired, 40079 the same in 21 days.
const NUMBERS: [u32; 16] = [
    15028, 20020, 25031, 40040, 40048, 40049, 40052, 40061, 40062, 40063, 40064, 40068, 40069,
    40075, 40076, 40078,
];
const LAST: u32 = 40079;

/// An alarm of the list, in a line of the process `alarm` or with `Alarm` in its event.
/// The form of these lines is not published: the number is looked for under the likely
/// keys, then among the words.
pub(super) fn event(body: &str, pairs: &Pairs<'_>) -> Option<Event> {
    let keys = ["Id", "ID", "AlarmId", "Alarm-id", "AlarmID"];
    let by_key = keys.iter().find_map(|key| pairs.get(key)?.parse().ok());
    let id = by_key.or_else(|| number_among_words(body)).filter(is_known)?;
    let event = pairs.get("Event").unwrap_or(body).to_ascii_lowercase();
    let raised = if event.contains("raised") {
        Some(true)
    } else if event.contains("lowered") || event.contains("cleared") {
        Some(false)
    } else {
        None
    };
    let text = ["Detail", "Title", "Reason", "Description"].iter().find_map(|key| pairs.get(key));
    Some(Event::Alarm { id, raised, text: kept(text.unwrap_or(body)) })
}

fn is_known(id: &u32) -> bool {
    *id == LAST || NUMBERS.contains(id)
}

fn number_among_words(body: &str) -> Option<u32> {
    let words = body.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| word.len() == 5).filter_map(|word| word.parse().ok()).find(is_known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> Option<Event> {
        event(body, &Pairs::parse(body))
    }

    #[test]
    fn alarms_of_the_list_only() {
        let body =
            "Event=\"Alarm Raised\" Id=\"40052\" Severity=\"error\" Detail=\"No common name\"";
        let expected =
            Event::Alarm { id: 40052, raised: Some(true), text: "No common name".into() };
        assert_eq!(of(body), Some(expected));
        let Some(Event::Alarm { id, raised, .. }) = of("alarm 40079 cleared (certificate)") else {
            panic!()
        };
        assert_eq!((id, raised), (40079, Some(false)));
        assert_eq!(of("Event=\"Alarm Raised\" Id=\"20021\" Detail=\"call 40052\""), None);
        assert_eq!(of("Event=\"Alarm Raised\" Detail=\"no number\""), None);
    }
}
