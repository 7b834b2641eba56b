//! A name as it may be shown: nothing in it hides, turns or controls what stands around it.

/// Characters that turn the direction of what follows or show nothing: a name could hide behind them.
const fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{061c}' | '\u{feff}' | '\u{ad}')
        || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' | '\u{2028}' | '\u{2029}')
}

/// What would hide, turn or control is written out as its code point.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_hidden(c) {
            shown.push_str(&format!("[U+{:04X}]", u32::from(c)));
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_hide_turn_or_control_anything() {
        assert_eq!(visible("a\u{202e}txt.exe\u{7}\n"), "a[U+202E]txt.exe[U+0007][U+000A]");
        assert_eq!(visible("Wärme שלום 日本"), "Wärme שלום 日本");
    }
}
