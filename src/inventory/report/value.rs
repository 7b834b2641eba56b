//! Single values of a report: numbers, dates, yes and no, durations, kinds of mailbox. What is empty or odd is not known.

use jiff::civil::Date;

/// A whole number.
pub(super) fn number(text: &str) -> Option<i64> {
    text.trim().parse().ok()
}

/// A date, with or without a time behind it.
pub(super) fn date(text: &str) -> Option<&str> {
    let text = text.trim();
    let day = text.get(..10)?;
    let rest = text.get(10..).unwrap_or_default();
    let shaped = day.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    (shaped && (rest.is_empty() || rest.starts_with(['T', ' '])) && day.parse::<Date>().is_ok()).then_some(day)
}

/// Yes or no, in either family.
pub(super) fn yes(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// Whole seconds of a duration: `PT1H2M3S` (ISO 8601) or `01:02:03`.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('P').or_else(|| text.strip_prefix('p')) {
        return iso(rest);
    }
    let parts: Vec<i64> = text.split(':').map(|part| part.parse().ok().filter(|n| *n >= 0)).collect::<Option<_>>()?;
    match parts.as_slice() {
        [hours, minutes, seconds] => {
            hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?.checked_add(*seconds)
        }
        _ => None,
    }
}

fn iso(text: &str) -> Option<i64> {
    let (mut total, mut digits, mut in_time) = (0_i64, String::new(), false);
    for c in text.chars() {
        let unit = match (c.to_ascii_uppercase(), in_time) {
            ('0'..='9' | '.', _) => {
                digits.push(c);
                continue;
            }
            ('T', false) => {
                in_time = true;
                continue;
            }
            ('D', false) => 86_400,
            ('H', true) => 3600,
            ('M', true) => 60,
            ('S', true) => 1,
            _ => return None,
        };
        let whole = digits.split('.').next().unwrap_or_default();
        total = total.checked_add(whole.parse::<i64>().ok()?.checked_mul(unit)?)?;
        digits.clear();
    }
    (digits.is_empty() && !text.is_empty()).then_some(total)
}

/// The kind of a mailbox in one spelling, lower case: `User` and `UserMailbox` are both `user`.
pub(super) fn recipient(text: &str) -> Option<String> {
    let lower = text.trim().to_ascii_lowercase();
    let bare = lower.strip_suffix("mailbox").unwrap_or(&lower).trim();
    (!bare.is_empty()).then(|| bare.to_owned())
}

/// A column's name as it compares: letters and digits only, lower case.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// A column's name as a word in the store: lower case, words joined by `_`.
pub(super) fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
    }
    out.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_in_every_form_seen_and_nothing_is_made_up() {
        assert_eq!((number("12"), number(""), number("many")), (Some(12), None, None));
        assert_eq!(number("9223372036854775808"), None, "more than 64 bits is not known");
        assert_eq!((date("2024-02-29"), date("2023-02-29"), date("29.02.2024")), (Some("2024-02-29"), None, None));
        assert_eq!(date("2021-09-12T00:00:00"), Some("2021-09-12"));
        for (text, want) in [("True", Some(true)), ("no", Some(false)), ("Yes", Some(true)), ("", None), ("x", None)] {
            assert_eq!(yes(text), want, "{text}");
        }
        for (text, want) in [
            ("PT0S", Some(0)),
            ("PT1H2M3S", Some(3723)),
            ("P1DT1M", Some(86_460)),
            ("PT1.5S", Some(1)),
            ("01:02:03", Some(3723)),
            ("PT", Some(0)),
            ("P", None),
            ("PT5", None),
            ("1:2", None),
            ("", None),
        ] {
            assert_eq!(seconds(text), want, "{text}");
        }
        for (text, want) in
            [("User", "user"), ("UserMailbox", "user"), ("SharedMailbox", "shared"), ("Shared", "shared")]
        {
            assert_eq!(recipient(text).as_deref(), Some(want));
        }
        assert_eq!(plain("\u{feff}Prohibit Send/Receive Quota (Byte)"), "prohibitsendreceivequotabyte");
        assert_eq!(snake("IMAP4 App"), "imap4_app");
        assert_eq!(snake("Audio Duration In Seconds"), "audio_duration_in_seconds");
    }
}
