//! The composer's clock: the Date header as an instant.
//!
//! RFC 5322 with the forms found in real mail. What is not certain stays unknown: no reading may produce another
//! date than the one meant. It must not read a clock or a time zone database.

use jiff::civil;

use super::charset;
use super::headers::unfold;

/// Seconds since 1970-01-01T00:00:00Z, or `None` where the value is no date.
///
/// A missing zone, `-0000` and an unknown zone name mean that the zone is unknown; RFC 5322 reads such a time as UTC.
/// Second 60 is taken as 59, as Unix time has no leap second. Two-digit years follow RFC 5322 4.3.
pub(super) fn unix_seconds(value: &[u8]) -> Option<i64> {
    let flat = unfold(value);
    let text = without_comments(&charset::lenient(&flat));
    let mut words = text.split_whitespace().flat_map(|word| word.split(',')).filter(|word| !word.is_empty()).peekable();
    words.next_if(|word| is_weekday(word));
    let (day, month, year, time);
    if let Some(found) = words.peek().and_then(|word| month_number(word)) {
        // C's asctime, `Jun  3 14:05:09 2024`, or its American cousin, `Jun 03 2024 14:05:09`.
        month = found;
        words.next();
        day = words.next()?.parse::<i8>().ok()?;
        let (first, second) = (words.next()?, words.next()?);
        let (clock_word, year_word) = if first.contains(':') { (first, second) } else { (second, first) };
        time = clock(clock_word)?;
        year = four_digits(year_word)?;
    } else {
        let first = words.next()?;
        let glued: Vec<_> = first.split('-').collect();
        if let [d, m, y] = glued[..] {
            (day, month, year) = (d.parse::<i8>().ok()?, month_number(m)?, four_digits(y)?);
        } else {
            day = first.parse::<i8>().ok()?;
            month = month_number(words.next()?)?;
            year = four_digits(words.next()?)?;
        }
        time = clock(words.next()?)?;
    }
    let offset = match time.zone.as_deref().or_else(|| words.next()) {
        Some(zone) => zone_seconds(zone)?,
        None => 0,
    };
    let local = civil::DateTime::new(year, month, day, time.hour, time.minute, time.second, 0).ok()?;
    let seconds = local.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    Some(seconds - offset)
}

struct ClockTime {
    hour: i8,
    minute: i8,
    second: i8,
    /// An offset written without a space before it.
    zone: Option<String>,
}

fn clock(word: &str) -> Option<ClockTime> {
    let (digits, zone) = match word.find(['+', '-']) {
        Some(at) => (&word[..at], Some(word[at..].to_owned())),
        None => (word, None),
    };
    let mut parts = digits.split(':');
    let hour = two_digits(parts.next()?)?;
    let minute = two_digits(parts.next()?)?;
    let second = match parts.next() {
        Some(second) => two_digits(second.split('.').next()?)?,
        None => 0,
    };
    if parts.next().is_some() || second > 60 {
        return None;
    }
    Some(ClockTime { hour, minute, second: second.min(59), zone })
}

fn two_digits(text: &str) -> Option<i8> {
    let plain = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// RFC 5322 4.3: 00 to 49 are 2000 to 2049, 50 to 99 and three digits count from 1900.
fn four_digits(text: &str) -> Option<i16> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year: i16 = text.parse().ok()?;
    match (text.len(), year) {
        (2, 0..=49) => Some(2000 + year),
        (2 | 3, _) => Some(1900 + year),
        (4, _) => Some(year),
        _ => None,
    }
}

fn zone_seconds(zone: &str) -> Option<i64> {
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return Some(named_zone(zone)),
    };
    let digits = digits.replace(':', "");
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    let (hours, minutes) = (number / 100, number % 100);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// The North American names of RFC 5322 4.3; every other name says nothing certain and counts as `-0000`.
fn named_zone(zone: &str) -> i64 {
    let hours = match zone.to_ascii_uppercase().as_str() {
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        _ => 0,
    };
    hours * 3600
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

fn month_number(word: &str) -> Option<i8> {
    MONTHS.iter().zip(1..).find(|(name, _)| abbreviates(word, name)).map(|(_, number)| number)
}

fn is_weekday(word: &str) -> bool {
    WEEKDAYS.iter().any(|name| abbreviates(word, name))
}

/// Three letters or more of an English name, with or without a full stop.
fn abbreviates(word: &str, name: &str) -> bool {
    let word = word.trim_end_matches('.');
    word.len() >= 3 && name.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

fn without_comments(text: &str) -> String {
    let mut depth = 0_u32;
    text.chars()
        .filter_map(|char| match char {
            '(' => {
                depth += 1;
                Some(' ')
            }
            ')' if depth > 0 => {
                depth -= 1;
                None
            }
            _ => (depth == 0).then_some(char),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::unix_seconds;

    /// 2024-06-03T14:05:09Z.
    const AT: i64 = 1_717_423_509;

    #[test]
    fn the_forms_found_in_real_mail_are_read() {
        for text in [
            "Mon, 3 Jun 2024 14:05:09 +0000",
            "3 Jun 2024 14:05:09 GMT",
            "Mon, 3 Jun 2024 10:05:09 -0400 (Eastern (US) Daylight Time)",
            "Mon, 3 Jun 2024 14:05:09 -0000",
            "Mon,3 Jun 24 14:05:09 +0000",
            "Mon, 3 Jun 124 14:05:09 +0000",
            "Monday, 03 June 2024 14:05:09 UT",
            "Mon, 3 Jun 2024 19:35:09 +0530",
            "Mon, 3 Jun 2024 09:05:09 EST",
            "Mon, 3 Jun 2024 16:05:09+0200",
            "Mon, 03-Jun-2024 14:05:09 GMT",
            "Mon Jun  3 14:05:09 2024",
            "Mon, Jun 03 2024 06:05:09 -0800",
            "Tue, 3\r\n Jun 2024 14:05:09.123 +0000",
            "Mon, 3 Jun 2024 14:05:09",
        ] {
            assert_eq!(unix_seconds(text.as_bytes()), Some(AT), "{text}");
        }
    }

    #[test]
    fn a_leap_second_is_clamped_and_a_time_before_1970_is_negative() {
        assert_eq!(unix_seconds(b"Sat, 31 Dec 2016 23:59:60 +0000"), Some(1_483_228_799));
        assert_eq!(unix_seconds(b"Wed, 31 Dec 1969 23:59:59 +0000"), Some(-1));
    }

    #[test]
    fn what_is_no_date_stays_unknown() {
        for text in [
            "",
            "last Tuesday",
            "Mon, 3 Jun 2024",
            "31 Feb 2024 10:00 +0000",
            "3 Jun 2024 25:00:00 +0000",
            "3 Jun 2024 14:05:09 +9752",
            "3 Jun 2024 14:05:09 +200",
            "3 Jun 2024 14:05:09 +-0500",
            "Mo, 3 Juni 2024 14:05:09 +0000",
            "=?utf-8?Q?Mon?=",
            "3 Jun 20244 14:05:09 +0000",
            "2024-06-03T14:05:09Z",
        ] {
            assert_eq!(unix_seconds(text.as_bytes()), None, "{text}");
        }
    }
}
