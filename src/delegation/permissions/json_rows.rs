//! `ConvertTo-Json`: an object or an array, with the wrappers that versions of PowerShell put around values.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::csv_rows::checked;
use super::file::Rows;
use super::rights::{NUMBERS, TYPE_NAME, check, flag, rights};
use super::{Permission, PermissionsError};

/// Wrappers around the list, and around the rights of one entry, that are looked into.
const WRAPPERS: u32 = 4;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Entry {
    #[serde(alias = "identity")]
    identity: Value,
    mailbox_object_id: Value,
    primary_smtp_address: Value,
    user_principal_name: Value,
    #[serde(alias = "user")]
    user: Value,
    user_object_id: Value,
    #[serde(alias = "accessRights")]
    access_rights: Value,
    #[serde(alias = "isInherited")]
    is_inherited: Value,
    #[serde(alias = "deny")]
    deny: Value,
}

#[derive(Deserialize)]
struct Wrapper<'a> {
    #[serde(borrow, alias = "Value")]
    value: Option<&'a RawValue>,
}

/// Reads JSON.
pub(super) fn read(text: &str) -> Result<Rows, PermissionsError> {
    let mut text = text.trim();
    for _ in 0..WRAPPERS {
        let wrapped = if text.starts_with('{') { serde_json::from_str::<Wrapper<'_>>(text).ok() } else { None };
        match wrapped.and_then(|wrapper| wrapper.value) {
            Some(inner) => text = inner.get().trim(),
            None => break,
        }
    }
    let entries: Vec<&RawValue> = if text.starts_with('[') {
        serde_json::from_str(text).map_err(|_| PermissionsError::Json)?
    } else {
        vec![serde_json::from_str(text).map_err(|_| PermissionsError::Json)?]
    };
    let mut rows = Rows::default();
    for (at, entry) in (1..).zip(entries) {
        rows.take(at, row(entry));
    }
    Ok(rows)
}

fn row(entry: &RawValue) -> Result<Permission, &'static str> {
    let entry: Entry = serde_json::from_str(entry.get()).map_err(|_| "it is no entry of mailbox permissions")?;
    let mailbox = [entry.mailbox_object_id, entry.primary_smtp_address, entry.user_principal_name, entry.identity];
    checked(Permission {
        mailbox: mailbox.iter().flat_map(names).collect(),
        user: [entry.user, entry.user_object_id].iter().flat_map(names).collect(),
        rights: spelled(&entry.access_rights, WRAPPERS)?,
        inherited: said(&entry.is_inherited).ok_or("IsInherited is neither true nor false")?,
        deny: said(&entry.deny).ok_or("Deny is neither true nor false")?,
    })
}

/// A name, or the names inside an object such as `{"RawIdentity": …}`.
fn names(value: &Value) -> Vec<String> {
    let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    match value {
        Value::String(text) => filled(text).into_iter().collect(),
        Value::Object(members) => members.values().filter_map(|value| filled(value.as_str()?)).collect(),
        _ => Vec::new(),
    }
}

/// Rights as text, as a list, or inside `{"value": …, "Count": 1}`.
fn spelled(value: &Value, depth: u32) -> Result<Vec<String>, &'static str> {
    match value {
        Value::String(text) => rights(text),
        Value::Number(_) => Err(NUMBERS),
        Value::Array(list) => {
            let mut all = Vec::new();
            for one in list {
                all.extend(spelled(one, depth.saturating_sub(1))?);
            }
            check(all)
        }
        Value::Object(members) => {
            let inner = ["value", "Value", "Name"].iter().find_map(|name| members.get(*name));
            match inner {
                Some(inner) if depth > 0 => spelled(inner, depth - 1),
                _ => Err(TYPE_NAME),
            }
        }
        Value::Null | Value::Bool(_) => Err(super::rights::NONE),
    }
}

/// A flag, or PowerShell's switch `{"IsPresent": false}`.
fn said(value: &Value) -> Option<bool> {
    match value {
        Value::Null => Some(false),
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => flag(text),
        Value::Number(number) => number.as_u64().map(|number| number != 0),
        Value::Object(members) => members.get("IsPresent")?.as_bool(),
        Value::Array(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"{"Identity":"ana","User":"paula@x.example","AccessRights":["FullAccess"],"IsInherited":false,"Deny":{"IsPresent":false}}"#;

    #[test]
    fn an_object_a_list_and_a_wrapped_list_are_the_same() {
        for text in [ROW.to_owned(), format!("[{ROW}]"), format!("{{\"value\":[{ROW}],\"Count\":1}}")] {
            let rows = read(&text).expect("readable");
            assert_eq!(rows.usable.len(), 1, "{text}");
            assert_eq!(
                (rows.usable[0].rights.as_slice(), rows.usable[0].deny),
                (&["FullAccess".to_owned()][..], false)
            );
        }
    }

    #[test]
    fn rights_are_found_in_their_wrappers_and_numbers_are_not_guessed() {
        for (rights, readable) in [
            (r#""FullAccess, ReadPermission""#, true),
            (r#"{"value":["FullAccess"],"Count":1}"#, true),
            (r#"[{"value":"FullAccess"}]"#, true),
            ("[1]", false),
            ("1", false),
            ("[]", false),
            ("null", false),
            (r#"{"value__":1}"#, false),
            (r#""System.String[]""#, false),
        ] {
            let rows = read(&ROW.replace(r#"["FullAccess"]"#, rights)).expect("JSON");
            assert_eq!(rows.usable.len() == 1, readable, "{rights}: {:?}", rows.troubles);
        }
    }

    #[test]
    fn odd_entries_are_named_and_the_others_kept() {
        let rows = read(&format!(r#"[7,{ROW},{{"User":"x","AccessRights":"FullAccess"}},"text"]"#)).expect("JSON");
        let at: Vec<u64> = rows.troubles.iter().map(|trouble| trouble.at).collect();
        assert_eq!((rows.usable.len(), at), (1, vec![1, 3, 4]));
        assert!(matches!(read(&ROW[..40]), Err(PermissionsError::Json)));
        assert!(matches!(read(&"[".repeat(100_000)), Err(PermissionsError::Json)));
    }
}
