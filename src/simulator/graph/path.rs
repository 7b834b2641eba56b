//! Paths as segments: percent-decoded, with the key syntax `users('x')` split in two and known names in one spelling.

/// Segments that Graph compares without case, in the spelling that routes use.
const NAMES: [&str; 14] = [
    "me",
    "users",
    "mailFolders",
    "childFolders",
    "messages",
    "attachments",
    "delta",
    "mailboxSettings",
    "userPurpose",
    "$value",
    "$count",
    "$batch",
    "$ref",
    "item",
];

/// The segments of a path as it was sent.
pub(in crate::simulator) fn segments(path: &str) -> Vec<String> {
    path.split('/').filter(|piece| !piece.is_empty()).flat_map(|piece| split(&decode(piece))).collect()
}

fn split(segment: &str) -> Vec<String> {
    let keyed = segment.strip_suffix("')").and_then(|start| start.split_once("('"));
    if let Some((name, key)) = keyed.filter(|(name, _)| NAMES.contains(&canonical(name).as_str())) {
        return vec![canonical(name), key.replace("''", "'")];
    }
    vec![canonical(segment)]
}

fn canonical(segment: &str) -> String {
    let bare = segment.strip_suffix("()").unwrap_or(segment);
    let bare = bare.strip_prefix("microsoft.graph.").unwrap_or(bare);
    let known = NAMES.iter().find(|name| name.eq_ignore_ascii_case(bare));
    known.map_or_else(|| segment.to_owned(), |name| (*name).to_owned())
}

/// Percent-decoding of a path; a plus sign stays one. What is no UTF-8 becomes replacement characters.
fn decode(text: &str) -> String {
    let mut rest = text.as_bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some((byte, after)) = rest.split_first() {
        let digits = after.first_chunk::<2>().filter(|pair| *byte == b'%' && pair.iter().all(u8::is_ascii_hexdigit));
        let value =
            digits.and_then(|pair| std::str::from_utf8(pair).ok()).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        out.push(value.unwrap_or(*byte));
        rest = if value.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_may_stand_in_parentheses_and_may_hold_anything() {
        assert_eq!(
            segments("/users/a%2Fb%27c/MailFolders('Inbox')/Messages"),
            ["users", "a/b'c", "mailFolders", "Inbox", "messages"]
        );
        assert_eq!(segments("/users('$x''@y')/mailFolders/delta()"), ["users", "$x'@y", "mailFolders", "delta"]);
        assert_eq!(
            segments("/me/mailFolders/x/messages/microsoft.graph.delta()").last().map(String::as_str),
            Some("delta")
        );
        assert_eq!(segments("a%zz%C3%BC%"), ["a%zzü%"]);
    }
}
