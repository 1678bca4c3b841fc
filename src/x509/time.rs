//! Dates of certificates as unix seconds, read the way OpenSSL's `X509_cmp_time` reads them.

use super::der::{Tlv, tag};

/// One end of a validity period (RFC 5280, 4.1.2.5).
///
/// A date may be unreadable without spoiling the certificate: OpenSSL parses such a certificate and only the check of
/// its dates fails, with error 13 or 14.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Time {
    /// Seconds since 1970-01-01T00:00:00Z; `None` when the text is not `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`, or names
    /// an impossible date.
    pub unix: Option<i64>,
    /// The characters of the field.
    pub text: String,
}

impl Time {
    /// From the field of a certificate; any type other than the two time types is unreadable.
    pub(super) fn from_tlv(field: &Tlv<'_>) -> Self {
        let unix = match field.tag {
            tag::UTC_TIME => utc_time(field.value),
            tag::GENERALIZED_TIME => generalized_time(field.value),
            _ => None,
        };
        Self { unix, text: String::from_utf8_lossy(field.value).into_owned() }
    }
}

/// `YYMMDDHHMMSSZ`, with years 50 to 99 in the twentieth century (RFC 5280, 4.1.2.5.1).
fn utc_time(text: &[u8]) -> Option<i64> {
    let (year, rest) = text.split_at_checked(2)?;
    let year = number(year)?;
    seconds(if year < 50 { 2000 + year } else { 1900 + year }, rest)
}

/// `YYYYMMDDHHMMSSZ` (RFC 5280, 4.1.2.5.2).
fn generalized_time(text: &[u8]) -> Option<i64> {
    let (year, rest) = text.split_at_checked(4)?;
    seconds(number(year)?, rest)
}

/// The part after the year, `MMDDHHMMSSZ`, and nothing else.
fn seconds(year: i64, rest: &[u8]) -> Option<i64> {
    let (digits, zulu) = rest.split_at_checked(10)?;
    if zulu != b"Z" {
        return None;
    }
    let mut fields = digits.chunks_exact(2).map(number);
    let mut next = || fields.next().flatten();
    let (month, day, hour, minute, second) = (next()?, next()?, next()?, next()?, next()?);
    let valid = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    valid.then(|| days_from_epoch(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// Decimal digits only; a sign or a space is no digit.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| {
        digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0'))
    })
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days between 1970-01-01 and a date of the Gregorian calendar, counted in years that begin in March so that the leap
/// day is the last one.
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + leap_days + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_calendar() {
        assert_eq!(utc_time(b"700101000000Z"), Some(0));
        assert_eq!(utc_time(b"261121202309Z"), Some(1_795_292_589));
        assert_eq!(utc_time(b"491231235959Z"), Some(2_524_607_999));
        assert_eq!(generalized_time(b"20500101000000Z"), Some(2_524_608_000));
        assert_eq!(utc_time(b"500101000000Z"), Some(-631_152_000));
        assert_eq!(generalized_time(b"20240229120000Z"), Some(1_709_208_000));
        assert_eq!(generalized_time(b"99991231235959Z"), Some(253_402_300_799));
    }

    #[test]
    fn impossible_dates_are_unreadable() {
        for text in [
            &b"261321202309Z"[..],
            b"260230000000Z",
            b"2611212023Z",
            b"261121202309+0000",
            b"261121202309",
            b"26112120230aZ",
            b"261121240000Z",
            b"",
        ] {
            assert_eq!(utc_time(text), None, "{}", String::from_utf8_lossy(text));
        }
        assert_eq!(generalized_time(b"20230229000000Z"), None);
        assert_eq!(generalized_time(b"20240229120000.5Z"), None);
    }
}
