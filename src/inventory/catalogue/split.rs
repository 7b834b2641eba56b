//! The names in a report's `Assigned Products`: joined with `+`, in capitals, of whatever day.
//!
//! Some names contain a plus themselves, always with blanks around it: those do not separate. The names are only ever a
//! cross-check; what somebody has is in the directory.

/// The products named in one cell.
pub fn products(cell: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, _) in cell.match_indices('+') {
        let touched = cell[..at].ends_with(char::is_whitespace) || cell[at + 1..].starts_with(char::is_whitespace);
        if !touched {
            parts.push(&cell[start..at]);
            start = at + 1;
        }
    }
    parts.push(&cell[start..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_between_blanks_belongs_to_the_name() {
        assert_eq!(products("OFFICE 365 E3+POWER BI (FREE)"), ["OFFICE 365 E3", "POWER BI (FREE)"]);
        let one = "ENTERPRISE MOBILITY + SECURITY E5";
        assert_eq!(products(one), [one]);
        assert_eq!(products(&format!("{one}+MICROSOFT 365 F5 SECURITY + COMPLIANCE ADD-ON")).len(), 2);
        assert!(products("").is_empty() && products("+").is_empty());
    }
}
