//! `Export-Csv`: an optional `#TYPE` line, a header, quoted cells, a comma or what the culture puts in its place.

use super::file::Rows;
use super::rights::{flag, rights};
use super::{Permission, PermissionsError};

/// Where the columns are.
struct Columns {
    /// Names of the mailbox, best first.
    mailbox: Vec<usize>,
    user: Vec<usize>,
    rights: usize,
    inherited: Option<usize>,
    deny: Option<usize>,
}

impl Columns {
    fn of(header: &csv::StringRecord) -> Option<Self> {
        let find = |name: &str| header.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name));
        let all = |names: &[&str]| -> Vec<usize> { names.iter().filter_map(|name| find(name)).collect() };
        let mailbox = all(&["MailboxObjectId", "PrimarySmtpAddress", "UserPrincipalName", "Identity"]);
        let user = all(&["User", "UserObjectId"]);
        let columns =
            Self { rights: find("AccessRights")?, inherited: find("IsInherited"), deny: find("Deny"), mailbox, user };
        (!columns.mailbox.is_empty() && !columns.user.is_empty()).then_some(columns)
    }

    fn row(&self, row: &csv::StringRecord) -> Result<Permission, &'static str> {
        let cell = |at: usize| row.get(at).unwrap_or_default().trim();
        let cells = |at: &[usize]| -> Vec<String> {
            at.iter().map(|at| cell(*at)).filter(|text| !text.is_empty()).map(str::to_owned).collect()
        };
        let said = |at: Option<usize>| at.map_or(Some(false), |at| flag(cell(at)));
        let row = Permission {
            mailbox: cells(&self.mailbox),
            user: cells(&self.user),
            rights: rights(cell(self.rights))?,
            inherited: said(self.inherited).ok_or("IsInherited is neither True nor False")?,
            deny: said(self.deny).ok_or("Deny is neither True nor False")?,
        };
        checked(row)
    }
}

/// A row must name both sides.
pub(super) fn checked(row: Permission) -> Result<Permission, &'static str> {
    if row.mailbox.is_empty() {
        Err("the mailbox is not named")
    } else if row.user.is_empty() {
        Err("the user is not named")
    } else {
        Ok(row)
    }
}

/// Reads CSV.
pub(super) fn read(text: &str) -> Result<Rows, PermissionsError> {
    let has_type = text.trim_start().to_ascii_uppercase().starts_with("#TYPE");
    let (skipped, text) = if has_type { (1, text.split_once('\n').map_or("", |(_, rest)| rest)) } else { (0, text) };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let mut columns: Option<Columns> = None;
    let mut rows = Rows::default();
    let mut lines = Lines { text, at: 0, line: skipped + 1 };
    for record in reader.records() {
        let record = record.map_err(|error| PermissionsError::Csv {
            line: skipped + error.position().map_or(0, csv::Position::line),
        })?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        match &columns {
            None => columns = Some(Columns::of(&record).ok_or(PermissionsError::Columns)?),
            Some(columns) => {
                let line = lines.at(record.position().map_or(0, csv::Position::byte));
                rows.take(line, columns.row(&record));
            }
        }
    }
    if columns.is_some() { Ok(rows) } else { Err(PermissionsError::Columns) }
}

/// Lines as an editor counts them. The reader's own count lags behind at blank lines and before line feeds.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the first character of a record that begins at this byte or after the line ends there.
    fn at(&mut self, byte: u64) -> u64 {
        let bytes = self.text.as_bytes();
        let mut end = usize::try_from(byte).unwrap_or(bytes.len()).clamp(self.at, bytes.len());
        while bytes.get(end).is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
            end += 1;
        }
        let passed = bytes.get(self.at..end).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.at = end;
        self.line
    }
}

/// The mark that the header uses; no column of this export has one in its name.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    [b',', b';', b'\t'].into_iter().find(|mark| header.as_bytes().contains(mark)).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_of_windows_powershell_with_its_type_line_and_another_cultures_mark_is_read() {
        let text = "#TYPE Selected.System.Management.Automation.PSCustomObject\r\n\
                    \"Identity\";\"User\";\"AccessRights\";\"IsInherited\";\"Deny\"\r\n\
                    \"ana\";\"NT AUTHORITY\\SELF\";\"{FullAccess, ReadPermission}\";\"False\";\"False\"\r\n\
                    \r\n\
                    \"ana\";\"paula@x.example\";\"System.String[]\";\"False\";\"False\"\r\n\
                    \"ana\";\"\";\"FullAccess\";\"False\";\"False\"\r\n\
                    \"ana\";\"bo\nb\";\"FullAccess\";\"True\";\"True\"\r\n\
                    \"ana\";\"carl\";\"FullAccess\";\"maybe\";\"False\"\r\n";
        let rows = read(text).expect("readable");
        let usable: Vec<_> = rows.usable.iter().map(|row| (row.rights.len(), row.inherited, row.deny)).collect();
        assert_eq!(usable, [(2, false, false), (1, true, true)]);
        let lines: Vec<u64> = rows.troubles.iter().map(|trouble| trouble.at).collect();
        assert_eq!(lines, [5, 6, 9], "{:?}", rows.troubles);
    }

    #[test]
    fn columns_stand_in_any_order_and_missing_ones_are_said() {
        let rows = read("Deny,AccessRights,User,Identity\nFalse,FullAccess,paula,ana\n").expect("readable");
        assert_eq!(
            (rows.usable[0].mailbox.as_slice(), rows.usable[0].user.as_slice()),
            (&["ana".to_owned()][..], &["paula".to_owned()][..])
        );
        for text in ["Identity,User\na,b\n", "a,b,c\n1,2,3\n", "<html>no</html>"] {
            assert!(matches!(read(text), Err(PermissionsError::Columns)), "{text}");
        }
    }
}
