//! Extended properties: MAPI properties by tag, such as a message's size or class.

use serde::Deserialize;

/// A single-value extended property (Graph, `singleValueLegacyExtendedProperty`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ExtendedProperty {
    /// `{type} {tag}`; the service may spell the tag otherwise than it was asked for.
    #[serde(default)]
    pub id: String,
    /// The value, always as text.
    #[serde(default)]
    pub value: Option<String>,
}

/// The value of the property with this MAPI tag, whatever the spelling (`0x0E08`, `0xe08`).
pub(super) fn by_tag(properties: &[ExtendedProperty], tag: u16) -> Option<&str> {
    let is_it = |property: &&ExtendedProperty| {
        let mut words = property.id.split_whitespace();
        let hex = words.nth(1).and_then(|word| word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")));
        words.next().is_none() && hex.and_then(|hex| u16::from_str_radix(hex, 16).ok()) == Some(tag)
    };
    properties.iter().find(is_it)?.value.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_in_any_spelling_and_named_properties_are_not_taken_for_it() {
        let property = |id: &str| ExtendedProperty { id: id.to_owned(), value: Some(id.to_owned()) };
        let named = property("Integer {00020329-0000-0000-C000-000000000046} Id 0x0E08");
        for spelling in ["Integer 0x0E08", "Integer 0xe08", "Integer  0XE08"] {
            assert_eq!(by_tag(&[named.clone(), property(spelling)], 0x0E08), Some(spelling));
        }
        assert_eq!(by_tag(&[named], 0x0E08), None);
    }
}
