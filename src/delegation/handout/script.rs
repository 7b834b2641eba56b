//! Two Exchange Online PowerShell scripts: one grants what is missing and exports the proof, one revokes it.
//!
//! The cmdlets are those of the module ExchangeOnlineManagement. What is exported is what `--evidence` reads.

use super::super::CheckRow;
use super::super::powershell::{comment, literal};
use super::{Asker, distinct, is_other, label, mailbox, needs_grant};

/// Windows PowerShell reads a script without this mark in the machine's old code page.
const MARK: &str = "\u{FEFF}";

/// Grants Full Access where it is missing, then exports the permissions of every mailbox of the check.
pub fn grant_script(rows: &[CheckRow], asker: &Asker) -> String {
    let mut lines = head(
        asker,
        "Grants Full Access where it is missing, then exports the mailboxes' permissions as evidence.",
        "Sends no mail, changes no message, adds nothing to anybody's Outlook (AutoMapping is off).",
    );
    lines.extend([
        "param(".to_owned(),
        "    # The account that collects.".to_owned(),
        format!("    [string] $User = {},", literal(&asker.user_principal_name)),
        "    # Where the evidence is written.".to_owned(),
        "    [string] $Evidence = 'mailbox-permissions.csv'".to_owned(),
        ")".to_owned(),
        String::new(),
    ]);
    lines.extend(connected("Add-MailboxPermission"));
    let missing = distinct(rows, |row| needs_grant(row, asker));
    if missing.is_empty() {
        lines.push("# No mailbox of this check needs a grant.".to_owned());
    }
    for row in &missing {
        lines.push(format!("# {} ({})", comment(label(row)), row.verdict.as_str()));
        lines.push(format!(
            "Add-MailboxPermission -Identity {} -User $User -AccessRights FullAccess -AutoMapping $false",
            literal(mailbox(row))
        ));
    }
    let all = distinct(rows, |row| is_other(row, asker));
    if all.is_empty() {
        lines.push("# No mailbox of this check needs evidence.".to_owned());
        return MARK.to_owned() + &lines.join("\r\n") + "\r\n";
    }
    lines.extend([
        String::new(),
        "# The evidence: what Exchange itself lists, for every mailbox of this check.".to_owned(),
        "$mailboxes = @(".to_owned(),
    ]);
    lines.extend(all.iter().map(|row| format!("    {}", literal(mailbox(row)))));
    lines.extend(
        [
            ")",
            "$exported = (Get-Date).ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ')",
            "$rows = foreach ($mailbox in $mailboxes) {",
            "    $box = Get-Mailbox -Identity $mailbox",
            "    Get-MailboxPermission -Identity $mailbox | Select-Object `",
            "        @{ Name = 'MailboxObjectId'; Expression = { $box.ExternalDirectoryObjectId } }, `",
            "        @{ Name = 'PrimarySmtpAddress'; Expression = { $box.PrimarySmtpAddress } }, `",
            "        Identity, User, `",
            "        @{ Name = 'AccessRights'; Expression = { $_.AccessRights -join ',' } }, `",
            "        IsInherited, Deny",
            "}",
            "$rows | Export-Csv -Path $Evidence -NoTypeInformation -Encoding UTF8",
            "Write-Host \"Send back $Evidence and this time: $exported\"",
            "Write-Host \"It is read with: affiant check … --evidence $Evidence --exported-by 'YOUR NAME' --exported-at $exported\"",
            "",
        ]
        .map(str::to_owned),
    );
    MARK.to_owned() + &lines.join("\r\n")
}

/// Revokes what the other script granted.
pub fn revoke_script(rows: &[CheckRow], asker: &Asker) -> String {
    let mut lines = head(
        asker,
        "Removes the Full Access that grant-access.ps1 granted. Run it when the matter no longer needs it.",
        "Mailboxes that were readable before are commented out: remove the # where that was granted for this matter.",
    );
    lines.extend([
        "param(".to_owned(),
        "    # The account that collected.".to_owned(),
        format!("    [string] $User = {}", literal(&asker.user_principal_name)),
        ")".to_owned(),
        String::new(),
    ]);
    lines.extend(connected("Remove-MailboxPermission"));
    for row in distinct(rows, |row| is_other(row, asker)) {
        let off = if needs_grant(row, asker) { "" } else { "# " };
        lines.push(format!("# {}", comment(label(row))));
        lines.push(format!(
            "{off}Remove-MailboxPermission -Identity {} -User $User -AccessRights FullAccess -Confirm:$false",
            literal(mailbox(row))
        ));
    }
    MARK.to_owned() + &lines.join("\r\n") + "\r\n"
}

fn head(asker: &Asker, what: &str, remark: &str) -> Vec<String> {
    vec![
        format!("# {what}"),
        format!("# {remark}"),
        format!("# Made by Affiant at {} for tenant {}.", asker.at, comment(&asker.tenant_id)),
        "#".to_owned(),
        "# Run by an Exchange administrator, after:".to_owned(),
        "#   Install-Module ExchangeOnlineManagement -Scope CurrentUser".to_owned(),
        "#   Connect-ExchangeOnline".to_owned(),
        String::new(),
    ]
}

fn connected(cmdlet: &str) -> [String; 5] {
    [
        format!("if (-not (Get-Command -Name {cmdlet} -ErrorAction SilentlyContinue)) {{"),
        "    Write-Host 'Not connected to Exchange Online: run Connect-ExchangeOnline first.'".to_owned(),
        "    return".to_owned(),
        "}".to_owned(),
        String::new(),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::super::Verdict;
    use super::super::tests::{asker, row};
    use super::*;

    #[test]
    fn one_script_grants_what_is_missing_and_exports_everything_once() {
        let rows = [
            row("a1", "Ana", "ana@x.example", Verdict::Denied),
            row("b1", "Ben", "ben@x.example", Verdict::Ready),
            row("a1", "Ana", "ana@x.example", Verdict::Denied),
            row("p1", "Paula", "paralegal@x.example", Verdict::Denied),
        ];
        let script = grant_script(&rows, &asker());
        let grants: Vec<&str> = script.lines().filter(|line| line.starts_with("Add-MailboxPermission")).collect();
        assert_eq!(
            grants,
            [
                "Add-MailboxPermission -Identity 'ana@x.example' -User $User -AccessRights FullAccess -AutoMapping $false"
            ]
        );
        let exported: Vec<&str> = script.lines().filter(|line| line.starts_with("    '")).collect();
        assert_eq!(exported, ["    'ana@x.example'", "    'ben@x.example'"]);
        assert!(script.starts_with('\u{FEFF}') && script.contains("Connect-ExchangeOnline"));
        let revoked = revoke_script(&rows, &asker());
        let revoked: Vec<&str> = revoked.lines().filter(|line| line.contains("Remove-MailboxPermission -I")).collect();
        assert!(
            revoked[0].starts_with("Remove-MailboxPermission -Identity 'ana@x.example' -User $User"),
            "{revoked:?}"
        );
        assert!(revoked[1].starts_with("# Remove-MailboxPermission -Identity 'ben@x.example'") && revoked.len() == 2);
    }

    #[test]
    fn no_name_gets_out_of_its_line_or_its_quotes() {
        let evil = [row("a1", "Ana\nRemove-Mailbox x", "a';Remove-Mailbox\u{2019}x@x.example", Verdict::Denied)];
        for script in [grant_script(&evil, &asker()), revoke_script(&evil, &asker())] {
            assert!(script.lines().all(|line| !line.trim_start().starts_with("Remove-Mailbox x")), "{script}");
            assert!(script.contains("'a'';Remove-Mailbox\u{2019}\u{2019}x@x.example'"), "{script}");
        }
    }
}
