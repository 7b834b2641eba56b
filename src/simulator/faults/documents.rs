//! What a fault does to members of a JSON document, however deep they stand.

use serde_json::Value;

use super::Effect;

/// Spoils a document where the effect is about members.
pub(super) fn spoil(effect: Effect, document: &mut Value) {
    match effect {
        Effect::Drop(names) => each(document, &mut |name, _| !names.contains(&name)),
        Effect::Put(values) => each(document, &mut |name, value| {
            if let Some((_, other)) = values.iter().find(|(member, _)| *member == name) {
                *value = serde_json::from_str(other).unwrap_or(Value::Null);
            }
            true
        }),
        Effect::Drift => each(document, &mut |name, value| {
            if let ("totalItemCount", Some(count)) = (name, value.as_u64()) {
                *value = (count + 3).into();
            }
            true
        }),
        Effect::Capitals => each(document, &mut |name, value| {
            if let ("userPrincipalName" | "mail", Some(text)) = (name, value.as_str()) {
                *value = text.to_uppercase().into();
            }
            true
        }),
        _ => {}
    }
}

/// Shows every member to `change`; those it does not want are removed. What was changed is not looked into.
fn each(value: &mut Value, change: &mut impl FnMut(&str, &mut Value) -> bool) {
    match value {
        Value::Object(members) => members.retain(|name, value| {
            let before = value.clone();
            let kept = change(name, value);
            if kept && *value == before {
                each(value, change);
            }
            kept
        }),
        Value::Array(entries) => entries.iter_mut().for_each(|entry| each(entry, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spoilt(effect: Effect, mut document: Value) -> Value {
        spoil(effect, &mut document);
        document
    }

    #[test]
    fn members_are_found_however_deep_they_stand() {
        let document = json!({ "value": [{ "name": "a", "item": { "name": "b", "size": 1 } }] });
        assert_eq!(spoilt(Effect::Drop(&["name"]), document.clone()), json!({ "value": [{ "item": { "size": 1 } }] }));
        let nulled = json!({ "value": [{ "name": null, "item": { "name": null, "size": 1 } }] });
        assert_eq!(spoilt(Effect::Put(&[("name", "null")]), document), nulled);
    }

    #[test]
    fn counts_drift_and_names_are_shouted() {
        assert_eq!(spoilt(Effect::Drift, json!({ "totalItemCount": 4 })), json!({ "totalItemCount": 7 }));
        assert_eq!(spoilt(Effect::Capitals, json!({ "mail": "a@b.example" })), json!({ "mail": "A@B.EXAMPLE" }));
        assert_eq!(spoilt(Effect::Capitals, json!({ "mail": null })), json!({ "mail": null }));
    }
}
