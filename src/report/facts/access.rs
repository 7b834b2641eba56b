//! Who asked, with which permission, and what every mailbox answered.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::super::moment::Moment;
use super::ask::{Ask, count, integer, text};

/// Authority and access.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Access {
    /// Every sign-in that served the acquisition.
    pub sign_ins: Vec<SignIn>,
    /// One entry per custodian, in the order asked for.
    pub custodians: Vec<Custodian>,
    /// Requests by purpose, method and status.
    pub requests: Vec<Requests>,
    /// Requests to the mail service that were not GET; the schema allows none.
    pub not_get: u64,
    /// All requests.
    pub requests_total: u64,
}

/// A sign-in.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SignIn {
    /// When it was recorded.
    pub at: Moment,
    /// The account.
    pub upn: Option<String>,
    /// Its directory object.
    pub object_id: Option<String>,
    /// The tenant.
    pub tenant_id: Option<String>,
    /// The application.
    pub client_id: Option<String>,
    /// How it was done.
    pub flow: Option<String>,
    /// Permissions in the token.
    pub scopes: Vec<String>,
    /// The token's identifier (`uti`), which the tenant's own logs know; never the token.
    pub token_id: Option<String>,
    /// Whether the token would have allowed writing.
    pub write_scopes_allowed: Option<bool>,
}

/// A custodian and the mailbox.
#[expect(clippy::struct_field_names, reason = "the names of the manifest's columns")]
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Custodian {
    /// Number in the record.
    pub custodian_id: u64,
    /// As typed.
    pub asked_as: String,
    /// As in the directory.
    pub display_name: String,
    /// The mailbox, where it opened.
    pub mailbox: Option<Mailbox>,
    /// The verdict of the last test of access.
    pub verdict: Option<String>,
    /// When that test was made.
    pub tested_at: Option<Moment>,
    /// Requests of that test.
    pub observations: u64,
    /// Those of them that were refused: step, status, the service's code, its request id.
    pub refusals: Vec<Refusal>,
    /// Items in the mailbox, as far as the service said.
    pub items_in_mailbox: Option<u64>,
    /// What is known of an in-place archive.
    pub archive: Option<String>,
}

/// A mailbox that opened.
#[expect(clippy::struct_field_names, reason = "the names of the manifest's columns")]
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Mailbox {
    /// Number in the record.
    pub mailbox_id: u64,
    /// Tenant.
    pub tenant_id: String,
    /// Directory object of its owner.
    pub object_id: String,
    /// Sign-in name of its owner.
    pub upn: String,
    /// Primary address.
    pub primary_smtp: Option<String>,
    /// Kind, as far as visible.
    pub kind: String,
    /// On what footing it was read, as observed.
    pub access_basis: String,
}

/// A refused request of a test of access.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Refusal {
    /// Step of the test.
    pub step: Option<String>,
    /// HTTP status.
    pub status: Option<u64>,
    /// The service's code.
    pub code: Option<String>,
    /// The service's request id.
    pub request_id: Option<String>,
}

/// Requests of one kind.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Requests {
    /// What for.
    pub purpose: String,
    /// HTTP method.
    pub method: String,
    /// HTTP status; `null` where there was no answer.
    pub status: Option<u64>,
    /// How many.
    pub count: u64,
    /// Bytes received.
    pub bytes: u64,
}

pub(super) fn access(ask: Ask<'_>) -> rusqlite::Result<Access> {
    let signed_in = ["auth.obtained", "auth.refreshed"].map(|kind| ask.lines(kind));
    let mut sign_ins = Vec::new();
    for lines in signed_in {
        sign_ins.extend(lines?.iter().map(|line| sign_in(ask, line)));
    }
    sign_ins.sort_by(|a, b| a.at.utc.cmp(&b.at.utc));
    let requests = ask.rows(
        "SELECT purpose, method, status, count(*), sum(bytes) FROM request GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        [],
        |row| {
            let status = row.get::<_, Option<u16>>(2)?.map(u64::from);
            let (purpose, method) = (row.get(0)?, row.get(1)?);
            Ok(Requests { purpose, method, status, count: count(row, 3)?, bytes: count(row, 4)? })
        },
    )?;
    Ok(Access {
        sign_ins,
        custodians: custodians(ask)?,
        requests,
        not_get: ask.number("SELECT count(*) FROM request WHERE method <> 'GET' AND purpose <> 'token'")?,
        requests_total: ask.number("SELECT count(*) FROM request")?,
    })
}

fn sign_in(ask: Ask<'_>, line: &Value) -> SignIn {
    let scopes = line.get("scopes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    SignIn {
        at: ask.zone.moment(&text(line, "at").unwrap_or_default()),
        upn: text(line, "upn"),
        object_id: text(line, "object_id"),
        tenant_id: text(line, "tenant_id"),
        client_id: text(line, "client_id"),
        flow: text(line, "flow"),
        scopes: scopes.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        token_id: text(line, "token_id"),
        write_scopes_allowed: line.get("write_scopes_allowed").and_then(Value::as_bool),
    }
}

fn custodians(ask: Ask<'_>) -> rusqlite::Result<Vec<Custodian>> {
    let sql = "SELECT c.custodian_id, c.asked_as, c.display_name, m.mailbox_id, m.tenant_id, m.object_id, m.upn,
                      m.primary_smtp, m.mailbox_kind, m.access_basis
                 FROM custodian c LEFT JOIN mailbox m ON m.custodian_id = c.custodian_id ORDER BY 1, 4";
    let mut custodians = ask.rows(sql, [], |row| {
        let mailbox = match row.get::<_, Option<i64>>(3)? {
            None => None,
            Some(_) => Some(Mailbox {
                mailbox_id: count(row, 3)?,
                tenant_id: row.get(4)?,
                object_id: row.get(5)?,
                upn: row.get(6)?,
                primary_smtp: row.get(7)?,
                kind: row.get(8)?,
                access_basis: row.get(9)?,
            }),
        };
        Ok(Custodian {
            custodian_id: count(row, 0)?,
            asked_as: row.get(1)?,
            display_name: row.get(2)?,
            mailbox,
            verdict: None,
            tested_at: None,
            observations: 0,
            refusals: Vec::new(),
            items_in_mailbox: None,
            archive: None,
        })
    })?;
    for line in ask.lines("access.tested")? {
        let id = integer(&line, "custodian_id");
        for custodian in custodians.iter_mut().filter(|custodian| Some(custodian.custodian_id) == id) {
            tested(ask, custodian, &line);
        }
    }
    Ok(custodians)
}

fn tested(ask: Ask<'_>, custodian: &mut Custodian, line: &Value) {
    let observations = line.get("observations").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let refused = observations.iter().filter(|one| integer(one, "status").is_some_and(|status| status >= 400));
    custodian.verdict = text(line, "verdict");
    custodian.tested_at = ask.moment(text(line, "at").as_deref());
    custodian.observations = observations.len() as u64;
    custodian.refusals = refused
        .take(50)
        .map(|one| Refusal {
            step: text(one, "step"),
            status: integer(one, "status"),
            code: text(one, "code"),
            request_id: text(one, "request_id"),
        })
        .collect();
    let facts = line.get("facts").cloned().unwrap_or_default();
    custodian.items_in_mailbox = integer(&facts, "items");
    custodian.archive = text(&facts, "archive");
}
