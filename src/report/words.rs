//! How numbers, sizes and names are written for a reader. It must not know what they count.

pub(super) use crate::terms::visible;

/// `12,345`.
pub(super) fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `+3`, `−2`, `0`.
pub(super) fn signed(count: i64) -> String {
    let size = number(count.unsigned_abs());
    match count {
        0 => size,
        1.. => format!("+{size}"),
        _ => format!("−{size}"),
    }
}

/// `1.3 MiB (1,351,787 bytes)`.
pub(super) fn bytes(count: u64) -> String {
    if count < 1024 { plural(count, "byte") } else { format!("{} ({} bytes)", short_bytes(count), number(count)) }
}

/// `1.3 MiB`, in powers of 1,024.
pub(super) fn short_bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut power = 0_u32;
    let mut unit = 1_u64;
    while count / unit >= 1024 && power < 5 {
        unit *= 1024;
        power += 1;
    }
    let name = UNITS.get(power as usize).copied().unwrap_or("B");
    match power {
        0 => format!("{count} B"),
        _ => format!("{}.{} {name}", number(count / unit), count % unit * 10 / unit),
    }
}

/// `1 message`, `2 messages`.
pub(super) fn plural(count: u64, word: &str) -> String {
    let many = match word.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if word.ends_with(['x', 's']) => format!("{word}es"),
        _ => format!("{word}s"),
    };
    format!("{} {}", number(count), if count == 1 { word } else { &many })
}

/// `3 of 41,207 (0.007 %)`; the share in thousandths of a percent, and never rounded to nothing.
pub(super) fn share(part: u64, whole: u64) -> String {
    let of = format!("{} of {}", number(part), number(whole));
    if whole == 0 {
        return of;
    }
    let millis = u128::from(part) * 100_000 / u128::from(whole);
    match (part, millis) {
        (0, _) => format!("{of} (0 %)"),
        (_, 0) => format!("{of} (less than 0.001 %)"),
        (_, 100_000) => format!("{of} (100 %)"),
        (_, m) if m >= 10_000 => format!("{of} ({}.{} %)", m / 1000, m % 1000 / 100),
        (_, m) => format!("{of} ({}.{:03} %)", m / 1000, m % 1000),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sizes_and_shares_read_as_people_write_them() {
        assert_eq!((number(7), number(1_234_567)), ("7".into(), "1,234,567".into()));
        assert_eq!(bytes(1_351_787), "1.2 MiB (1,351,787 bytes)");
        assert_eq!((bytes(1), bytes(1023)), ("1 byte".into(), "1,023 bytes".into()));
        assert_eq!(short_bytes(u64::MAX), "16,383.9 PiB");
        assert_eq!(share(3, 41_207), "3 of 41,207 (0.007 %)");
        assert_eq!(share(1, 1_000_000), "1 of 1,000,000 (less than 0.001 %)");
        assert_eq!((share(0, 0), share(1, 3)), ("0 of 0".into(), "1 of 3 (33.3 %)".into()));
        assert_eq!((signed(-2), signed(0), signed(1200)), ("−2".into(), "0".into(), "+1,200".into()));
        assert_eq!(
            (plural(1, "entry"), plural(2, "entry"), plural(2, "mailbox")),
            ("1 entry".into(), "2 entries".into(), "2 mailboxes".into())
        );
    }
}
