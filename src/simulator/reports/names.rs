//! How names are concealed: tokens that are the same for the same name, in the forms that have been seen.
//!
//! Sources: samples in public issue threads, 2020 to 2023.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::simulator::faults::Names;
use crate::terms::Sha256;

/// Columns whose cells are concealed where names are.
const COLUMNS: [&str; 5] =
    ["User Principal Name", "Display Name", "Site URL", "Owner Display Name", "Owner Principal Name"];

/// A cell as it stands in the report; `real` says whether names are shown. `row` decides where names are mixed.
pub(super) fn cell(tenant: &str, names: Names, row: usize, column: &str, cell: String) -> String {
    let names = match names {
        Names::Mixed if row.is_multiple_of(2) => Names::Real,
        Names::Mixed => Names::Hex,
        other => other,
    };
    match column {
        _ if names == Names::Real => cell,
        "User Id" => "00000000-0000-0000-0000-000000000000".to_owned(),
        _ if COLUMNS.contains(&column) => token(names, &format!("{tenant} {}", cell.to_lowercase())),
        _ => cell,
    }
}

fn token(names: Names, text: &str) -> String {
    let digest = Sha256::of(text.as_bytes());
    let hex = digest.to_string();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    match names {
        Names::Real | Names::Mixed | Names::Hex => part(0, 32).to_uppercase(),
        Names::Long => hex,
        Names::Guid => [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-"),
        Names::Base64 => STANDARD.encode(digest.as_bytes().get(..18).unwrap_or_default()),
        Names::Pii => {
            format!("<PII:H105({})>@domain.example", STANDARD.encode(digest.as_bytes().get(..18).unwrap_or_default()))
        }
        Names::Unknown => "(Unknown)".to_owned(),
        Names::Nothing => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_token_and_other_columns_stay() {
        let of = |names, column: &str, text: &str| cell("t", names, 1, column, text.to_owned());
        let upn = "User Principal Name";
        assert_eq!(of(Names::Hex, upn, "Ann@x.example"), of(Names::Hex, upn, "ann@x.example"));
        assert_eq!(of(Names::Hex, upn, "ann@x.example").len(), 32);
        assert_eq!(of(Names::Hex, "Send Count", "7"), "7");
        assert_eq!(of(Names::Real, upn, "a@x"), "a@x");
        assert!(of(Names::Pii, upn, "a@x").contains("<PII:") && of(Names::Guid, upn, "a@x").len() == 36);
        assert_eq!(cell("t", Names::Mixed, 0, upn, "a@x".to_owned()), "a@x");
    }
}
