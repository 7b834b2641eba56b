//! From a file's bytes to rows: bounded, hashed, decoded as PowerShell encodes, then CSV or JSON by its first letter.

use std::io::Read;

use super::weigh::Index;
use super::{LARGEST, Permission, PermissionFile, PermissionsError, RowTrouble, csv_rows, json_rows};
use crate::terms::Sha256;

/// Rows of an export, usable or not.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) usable: Vec<Permission>,
    pub(super) troubles: Vec<RowTrouble>,
}

impl Rows {
    pub(super) fn take(&mut self, at: u64, row: Result<Permission, &'static str>) {
        match row {
            Ok(row) => self.usable.push(row),
            Err(why) => self.troubles.push(RowTrouble { at, why }),
        }
    }
}

/// Reads what an administrator exported with `Get-MailboxPermission`.
///
/// # Errors
/// [`PermissionsError`], when the file as a whole is of no use; single rows that are not are named in the result.
pub fn read_permissions(reader: impl Read) -> Result<PermissionFile, PermissionsError> {
    let mut bytes = Vec::new();
    reader.take(LARGEST + 1).read_to_end(&mut bytes).map_err(PermissionsError::Read)?;
    if bytes.len() as u64 > LARGEST {
        return Err(PermissionsError::Size);
    }
    let text = decoded(&bytes)?;
    let rows = if text.trim_start().starts_with(['{', '[']) { json_rows::read(&text) } else { csv_rows::read(&text) }?;
    if rows.usable.is_empty() {
        return Err(PermissionsError::Empty(rows.troubles));
    }
    let (sha256, bytes) = (Sha256::of(&bytes), bytes.len() as u64);
    let index = Index::of(&rows.usable);
    Ok(PermissionFile { index, rows: rows.usable, troubles: rows.troubles, sha256, bytes })
}

/// Windows PowerShell writes UTF-16 with a mark unless told otherwise, PowerShell 7 plain UTF-8.
fn decoded(bytes: &[u8]) -> Result<String, PermissionsError> {
    let (encoding, mark) = encoding_rs::Encoding::for_bom(bytes).unwrap_or((encoding_rs::UTF_8, 0));
    let body = bytes.get(mark..).unwrap_or_default();
    let text = encoding.decode_without_bom_handling_and_without_replacement(body);
    let text = text.ok_or(PermissionsError::Encoding)?;
    if text.contains('\0') { Err(PermissionsError::Encoding) } else { Ok(text.into_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str = "\"Identity\",\"User\",\"AccessRights\",\"IsInherited\",\"Deny\"\r\n\"ana\",\"paula@x.example\",\"FullAccess\",\"False\",\"False\"\r\n";

    fn utf16(text: &str, little: bool) -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    }

    #[test]
    fn a_file_is_read_in_each_of_powershells_encodings() {
        let marked = [b"\xEF\xBB\xBF".as_slice(), CSV.as_bytes()].concat();
        for bytes in [CSV.as_bytes().to_vec(), marked, utf16(CSV, true), utf16(CSV, false)] {
            let file = read_permissions(bytes.as_slice()).expect("readable");
            assert_eq!((file.usable(), file.bytes), (1, bytes.len() as u64));
            assert_eq!(file.sha256, Sha256::of(&bytes));
        }
    }

    #[test]
    fn what_is_no_text_or_too_large_or_empty_is_refused() {
        let is = |bytes: &[u8], wanted: fn(&PermissionsError) -> bool| {
            let error = read_permissions(bytes).expect_err("refused");
            assert!(wanted(&error), "{error}");
        };
        is(b"\xFFab\xFE", |error| matches!(error, PermissionsError::Encoding));
        is(b"PK\x03\x04\0\0", |error| matches!(error, PermissionsError::Encoding));
        is(b"", |error| matches!(error, PermissionsError::Columns));
        is(b"Identity,User,AccessRights\r\n", |error| matches!(error, PermissionsError::Empty(_)));
        let endless = std::io::repeat(b'a');
        assert!(matches!(read_permissions(endless), Err(PermissionsError::Size)));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            let _ = read_permissions(bytes.as_slice());
        }

        #[test]
        fn no_text_makes_it_panic(text in "[\\[{\"]?(Identity|User|AccessRights|[,;{}\\[\\]:\"\\n a-z0-9])*") {
            let _ = read_permissions(text.as_bytes());
        }
    }
}
