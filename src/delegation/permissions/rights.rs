//! Rights as PowerShell writes them: `FullAccess`, `{FullAccess, ReadPermission}`, or the name of a type instead.

/// Why rights cannot be used: the export holds the name of a .NET type where the rights should be.
pub(super) const TYPE_NAME: &str =
    "AccessRights holds a type's name, not the rights; export with @{n='AccessRights';e={$_.AccessRights -join ','}}";
/// Why numbers cannot be used: they are only meaningful to the version of Exchange that wrote them.
pub(super) const NUMBERS: &str =
    "AccessRights holds numbers, not the rights' names; export with @{n='AccessRights';e={$_.AccessRights -join ','}}";
/// Nothing where rights should be.
pub(super) const NONE: &str = "AccessRights is empty";

/// Longest name of a right, and most rights of one entry; Exchange has seven, none longer than 16 letters.
const LONGEST: usize = 40;
const MOST: usize = 32;

/// Reads a cell.
pub(super) fn rights(cell: &str) -> Result<Vec<String>, &'static str> {
    let cell = cell.trim();
    let inner = cell.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(cell);
    let rights: Vec<String> =
        inner.split([',', ';']).map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    if rights.is_empty() {
        return Err(NONE);
    }
    check(rights)
}

/// Refuses what is no right's name.
pub(super) fn check(rights: Vec<String>) -> Result<Vec<String>, &'static str> {
    let number = |word: &String| word.bytes().all(|byte| byte.is_ascii_digit());
    // A right's name is one word; a type's has dots, brackets or backquotes.
    let type_name = |word: &String| word.len() > LONGEST || !word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if rights.is_empty() {
        Err(NONE)
    } else if rights.len() > MOST || rights.iter().any(type_name) {
        Err(TYPE_NAME)
    } else if rights.iter().any(number) {
        Err(NUMBERS)
    } else {
        Ok(rights)
    }
}

/// Reads `True`, `False` as PowerShell writes them.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "$true" | "1" | "yes" => Some(true),
        "false" | "$false" | "0" | "no" | "" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_read_in_each_of_powershells_spellings() {
        assert_eq!(rights("FullAccess"), Ok(vec!["FullAccess".to_owned()]));
        let two = Ok(vec!["FullAccess".to_owned(), "ReadPermission".to_owned()]);
        assert_eq!(rights("{FullAccess, ReadPermission}"), two);
        assert_eq!(rights(" FullAccess,ReadPermission "), two);
    }

    #[test]
    fn a_type_or_a_number_in_place_of_rights_is_refused() {
        for text in [
            "System.String[]",
            "System.Collections.ArrayList",
            "Microsoft.Exchange.Management.RecipientTasks.MailboxRights[]",
            "System.Collections.Generic.List`1[System.String]",
        ] {
            assert_eq!(rights(text), Err(TYPE_NAME), "{text}");
        }
        assert_eq!(rights("1"), Err(NUMBERS));
        assert_eq!((rights(""), rights("{}")), (Err(NONE), Err(NONE)));
    }
}
