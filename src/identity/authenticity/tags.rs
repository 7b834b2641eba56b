//! Tag lists: the `a=b; c=d` of signatures and of key records (RFC 6376 3.2).
//!
//! It must not know what a tag means.

/// White space within a tag list: folds included.
const fn is_white(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// A tag list that is well-formed: names are unique and spelled as the grammar wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tags<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Tags<'a> {
    /// Reads a list; `None` where it is none.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let mut found: Vec<(&str, &str)> = Vec::new();
        let mut pieces = text.split(';').peekable();
        while let Some(piece) = pieces.next() {
            if pieces.peek().is_none() && piece.trim_matches(is_white).is_empty() {
                break;
            }
            let (name, value) = piece.split_once('=')?;
            let name = name.trim_matches(is_white);
            let spelled = name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !spelled || found.iter().any(|(other, _)| *other == name) {
                return None;
            }
            found.push((name, value.trim_matches(is_white)));
        }
        Some(Self(found))
    }

    /// The value of a tag, without the white space around it.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    }

    /// The name of the first tag.
    pub(super) fn first(&self) -> Option<&'a str> {
        self.0.first().map(|(name, _)| *name)
    }

    /// The items of a list with colons, without the white space around them.
    pub(super) fn list(&self, name: &str) -> Option<impl Iterator<Item = &'a str> + use<'a>> {
        self.get(name).map(|value| value.split(':').map(|item| item.trim_matches(is_white)))
    }

    /// The bytes of a value in Base64, white space in it passed over; `None` where it is none, or there is no such tag.
    pub(super) fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        use base64::Engine as _;
        use base64::engine::general_purpose::STANDARD;
        let plain: String = self.get(name)?.chars().filter(|c| !is_white(*c)).collect();
        STANDARD.decode(plain).ok()
    }

    /// A whole number, if there is such a tag.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, NoNumber> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| value.parse().ok()).flatten().map(Some).ok_or(NoNumber)
    }
}

/// A value that should be a whole number and is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoNumber;

/// The field with the value of its tag `b` taken out, as it was when it was signed (RFC 6376 3.7).
pub(super) fn without_signature(field: &[u8]) -> Vec<u8> {
    let colon = field.iter().position(|byte| *byte == b':').map_or(0, |at| at + 1);
    let (name, value) = field.split_at(colon);
    let mut bare = name.to_vec();
    for (n, piece) in value.split(|byte| *byte == b';').enumerate() {
        if n > 0 {
            bare.push(b';');
        }
        match piece.iter().position(|byte| *byte == b'=') {
            Some(equals) if piece[..equals].trim_ascii() == b"b" => bare.extend_from_slice(&piece[..=equals]),
            _ => bare.extend_from_slice(piece),
        }
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_with_its_folds_and_refused_with_a_name_twice() {
        let tags = Tags::read("v=1; h = From :\r\n\tTo;b=YWJj\r\n ZA==;l=12;").expect("well-formed");
        assert_eq!(tags.first(), Some("v"));
        assert_eq!(tags.list("h").expect("there").collect::<Vec<_>>(), ["From", "To"]);
        assert_eq!(tags.bytes("b"), Some(b"abcd".to_vec()));
        assert_eq!((tags.number("l"), tags.number("v"), tags.number("x")), (Ok(Some(12)), Ok(Some(1)), Ok(None)));
        for wrong in ["a=1;a=2", "a", "a=1;;b=2", "=1", "1=a", "a-b=1"] {
            assert_eq!(Tags::read(wrong), None, "{wrong}");
        }
        assert_eq!(Tags::read("l=-1").expect("well-formed").number("l"), Err(NoNumber));
        assert_eq!(Tags::read("l=99999999999999999999").expect("well-formed").number("l"), Err(NoNumber));
    }

    #[test]
    fn only_the_signature_itself_is_taken_out() {
        let field = b"DKIM-Signature: bh=abc=; b=x\r\n y==; d=b";
        assert_eq!(without_signature(field), b"DKIM-Signature: bh=abc=; b=; d=b");
        assert_eq!(without_signature(b"no colon b=1"), b"no colon b=1");
    }
}
