//! Points in time as captures give them: nanoseconds since the Unix epoch.

use std::fmt;

use serde::{Serialize, Serializer};

/// A point in time, in nanoseconds since 1970-01-01T00:00:00Z.
///
/// 64 bits reach from 1677 to 2262; values outside saturate, because a damaged
/// timestamp must not stop the packet behind it from being read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From nanoseconds since the epoch.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From a wide count of nanoseconds, saturating at what 64 bits hold.
    #[must_use]
    pub fn saturating(nanos: i128) -> Self {
        Self(i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX }))
    }

    /// From whole seconds since the epoch.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Self {
        Self::saturating(i128::from(seconds) * 1_000_000_000)
    }

    /// From an RFC 3339 time with offset; a space may stand for the `T`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let time: jiff::Timestamp = text.parse().ok()?;
        Some(Self::saturating(time.as_nanosecond()))
    }

    /// Nanoseconds since the epoch.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }

    /// Nanoseconds from `earlier` to this point; negative if it lies before it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Timestamp {
    /// Adds its text at the end of `out`: RFC 3339 in UTC with microseconds, or nanoseconds
    /// where they are not zero. ASCII.
    pub fn write_to(self, out: &mut Vec<u8>) {
        let Ok(time) = jiff::Timestamp::from_nanosecond(i128::from(self.0)) else {
            return out.extend(format!("{} ns", self.0).as_bytes());
        };
        let time = jiff::tz::Offset::UTC.to_datetime(time);
        let mut text = *b"0000-00-00T00:00:00.000000000Z";
        // 64 bits of nanoseconds hold years of four digits only.
        digits(&mut text[..4], i32::from(time.year()));
        digits(&mut text[5..7], i32::from(time.month()));
        digits(&mut text[8..10], i32::from(time.day()));
        digits(&mut text[11..13], i32::from(time.hour()));
        digits(&mut text[14..16], i32::from(time.minute()));
        digits(&mut text[17..19], i32::from(time.second()));
        digits(&mut text[20..29], time.subsec_nanosecond());
        if text[26..29] == *b"000" {
            out.extend(&text[..26]);
            out.push(b'Z');
        } else {
            out.extend(&text);
        }
    }
}

/// Writes a number that is not negative, filled up with zeros.
#[inline]
fn digits(places: &mut [u8], mut number: i32) {
    for place in places.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

impl fmt::Display for Timestamp {
    /// As [`Timestamp::write_to`] says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(30);
        self.write_to(&mut text);
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A date as certificates carry it (seconds since the epoch) in RFC 3339.
#[must_use]
pub fn date_text(seconds: i64) -> String {
    let since = jiff::SignedDuration::from_secs(seconds);
    EPOCH.checked_add(since).map_or_else(|_| format!("{seconds} s"), |time| format!("{time}Z"))
}

/// Seconds since the epoch of an RFC 3339 time; it must have an offset.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    let pieces = jiff::fmt::temporal::Pieces::parse(text).ok()?;
    let local = pieces.date().to_datetime(pieces.time()?);
    let offset = i64::from(pieces.to_numeric_offset()?.seconds());
    Some(local.duration_since(EPOCH).as_secs() - offset)
}

/// Where dates are counted from. The last days of the year 9999, which certificates without an end name (RFC 5280,
/// 4.1.2.5), are civil dates for the library, but no timestamps.
const EPOCH: jiff::civil::DateTime = jiff::civil::datetime(1970, 1, 1, 0, 0, 0, 0);

/// A length of time for people: `0.2 ms`, `31.4 ms`, `2.50 s`.
#[must_use]
pub fn duration_text(nanos: i64) -> String {
    let millis = nanos as f64 / 1e6;
    if millis.abs() < 1_000.0 {
        format!("{millis:.1} ms")
    } else {
        format!("{:.2} s", millis / 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_second_of_9999_is_a_time() {
        assert_eq!(parse_rfc3339("9999-12-31T23:59:59Z"), Some(253_402_300_799));
        assert_eq!(date_text(253_402_300_799), "9999-12-31T23:59:59Z");
        assert_eq!(parse_rfc3339("1970-01-01T01:00:01+01:00"), Some(1));
        assert_eq!(date_text(-1), "1969-12-31T23:59:59Z");
        for text in ["2026-11-21", "2026-11-21T20:22:09", "20:22:09Z", "x"] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn prints_micro_or_nanoseconds() {
        let micro = Timestamp::from_nanos(1_795_292_529_733_205_000);
        assert_eq!(micro.to_string(), "2026-11-21T20:22:09.733205Z");
        let nano = Timestamp::from_nanos(1_795_292_529_733_205_001);
        assert_eq!(nano.to_string(), "2026-11-21T20:22:09.733205001Z");
    }

    #[test]
    fn prints_as_the_library_does() {
        for nanos in [0, -1, 999, 1_000, i64::MIN, i64::MAX, 951_782_400_000_000_000] {
            let time = jiff::Timestamp::from_nanosecond(i128::from(nanos)).unwrap();
            let precision = if nanos % 1_000 == 0 { 6 } else { 9 };
            let text = Timestamp::from_nanos(nanos).to_string();
            assert_eq!(text, format!("{time:.precision$}"));
        }
    }

    #[test]
    fn reads_local_times_with_their_offset() {
        let parsed = Timestamp::parse("2026-11-22T02:07:49.735+05:30").unwrap();
        assert_eq!(parsed.to_string(), "2026-11-21T20:37:49.735000Z");
        assert_eq!(Timestamp::parse("2026-11-21 20:37:49.735Z"), Some(parsed));
        assert_eq!(Timestamp::parse("2026-11-21 20:37:49.735"), None);
    }

    #[test]
    fn saturates_instead_of_wrapping() {
        assert_eq!(Timestamp::from_seconds(i64::MAX).nanos(), i64::MAX);
        assert_eq!(Timestamp::from_seconds(i64::MIN).nanos(), i64::MIN);
        assert_eq!(Timestamp::from_nanos(-1).seconds(), -1);
    }

    #[test]
    fn speaks_of_durations_like_people() {
        assert_eq!(duration_text(200_000), "0.2 ms");
        assert_eq!(duration_text(2_500_000_000), "2.50 s");
    }
}
