//! Whether the tenant was only read: GET everywhere, the token endpoint's POST apart.

use super::ledger::{DATABASE, Ledger};
use super::report::{CheckName, Class, Findings};

/// Makes the check.
pub(super) fn check(ledger: &Ledger, findings: &mut Findings) -> rusqlite::Result<()> {
    let sql = "SELECT request_no FROM request
                WHERE method NOT IN ('GET','POST') OR (method <> 'GET' AND purpose <> 'token')";
    ledger.each(sql, [], |row| {
        let detail = format!("request {}: not a GET, and not to the token endpoint", row.get::<_, i64>(0)?);
        findings.add(CheckName::Requests, Class::Wrong, DATABASE, detail);
        Ok(())
    })
}
