//! The record as a whole: written, undone, reopened, damaged, and read by other people's tools.

mod crash;
mod damage;
mod outside;
mod record;
mod undo;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use uuid::Uuid;

use super::*;
use crate::terms::{
    AccessBasis, Clock, ControlNumber, Exchange, GraphId, MailboxKind, Matter, Md5, Method, ObjectId, Purpose,
    SealingKey, Sha1, Sha256, SourceKind, UtcInstant,
};

/// A folder that goes away with the test, and the manifest in it.
struct Place {
    _dir: tempfile::TempDir,
    file: Utf8PathBuf,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let file = Utf8Path::from_path(dir.path()).expect("UTF-8").join("manifest.sqlite");
        Self { _dir: dir, file }
    }

    fn beside(&self, end: &str) -> Utf8PathBuf {
        Utf8PathBuf::from(format!("{}{end}", self.file))
    }
}

/// A clock that moves on by one millisecond each time it is read.
fn clock() -> Clock {
    let millis = AtomicI64::new(1_717_491_600_000);
    Arc::new(move || UtcInstant::from_millis(millis.fetch_add(1, Ordering::Relaxed)).expect("in range"))
}

fn key() -> SealingKey {
    SealingKey::from_seed(Sha256::of(b"affiant test key - not a secret").as_bytes()).expect("32 bytes")
}

fn notary() -> Notary {
    Notary { clock: clock(), key: key() }
}

fn meta() -> Meta {
    Meta {
        acquisition_id: Uuid::parse_str("0190c2f0-7b1e-7c3a-9a51-2f6d3c1e8b77").expect("valid"),
        created_at: UtcInstant::parse("2024-06-04T09:00:00Z").expect("valid"),
        tool_name: "affiant".to_owned(),
        tool_version: "0.1.0".to_owned(),
        tool_sha256: Sha256::of(b"tool"),
        matter: Matter::new("Contoso v. Fabrikam").expect("valid"),
        path_salt: *b"0123456789abcdef",
    }
}

fn graph_id(n: u64) -> GraphId {
    GraphId::new(&format!("AAMkAG-{n}=")).expect("valid")
}

fn number(n: u64) -> ControlNumber {
    ControlNumber::new(n).expect("positive")
}

fn opened() -> Line {
    Line::new(EventKind::AcquisitionOpened)
        .text("acquisition_id", meta().acquisition_id.to_string())
        .text("tool_name", "affiant")
        .text("tool_version", "0.1.0")
        .text("note_vkey", vkey(&meta().acquisition_id, &key()))
        .object("scope", Object::new().text("zone", "UTC"))
}

fn closed(reason: &str) -> Line {
    Line::new(EventKind::SessionClosed).text("reason", reason)
}

fn folder_row(folder_id: u64, excluded_because: Option<Exclusion>) -> FolderRow {
    FolderRow {
        folder_id,
        mailbox_id: 1,
        graph_id: graph_id(1_000_000 + folder_id),
        parent_graph_id: None,
        path: format!("Inbox/Deal {folder_id}"),
        well_known: None,
        total_item_count: Some(9),
        expected: Some(5),
        is_hidden: false,
        excluded_because,
    }
}

/// The first lines and rows of any acquisition: one custodian, one mailbox, folder 1 in and folder 2 left out.
fn lay_foundations(writer: &mut Writer<'_>) -> Result<(), CustodyError> {
    writer.append(opened())?;
    let named = Line::new(EventKind::CustodianNamed).int("custodian_id", 1).text("object_id", "u-1");
    let seq = writer.append(named)?;
    let custodian = CustodianRow { custodian_id: 1, display_name: "Ana".to_owned(), asked_as: "ana".to_owned() };
    writer.custodian(&custodian, seq)?;
    let seq = writer.append(Line::new(EventKind::MailboxOpened).int("mailbox_id", 1).text("access_basis", "self"))?;
    writer.mailbox(&mailbox_row(), seq)?;
    writer.folder(&folder_row(1, None), seq)?;
    writer.folder(&folder_row(2, Some(Exclusion::SearchFolder)), seq)
}

fn mailbox_row() -> MailboxRow {
    MailboxRow {
        mailbox_id: 1,
        custodian_id: 1,
        tenant_id: "t-1".to_owned(),
        object_id: ObjectId::new("u-1").expect("valid"),
        upn: "ana@contoso.example".to_owned(),
        primary_smtp: None,
        mailbox_kind: MailboxKind::User,
        access_basis: AccessBasis::Myself,
    }
}

fn listed(n: u64) -> Listed {
    let at = UtcInstant::from_millis(1_700_000_000_000 + i64::try_from(n).expect("small"));
    Listed {
        mailbox_id: 1,
        folder_id: 1,
        graph_id: graph_id(n),
        change_key: Some(format!("CQ{n}")),
        internet_message_id: Some(format!("<{n}@contoso.example>")),
        received_utc: at,
        sent_utc: at,
        created_utc: at,
        modified_utc: at,
        subject: Some(format!("Subject \u{1F600} {n}")),
        is_draft: false,
        item_class: None,
        store_bytes: Some(n),
        pass: 1,
    }
}

fn page(items: u64, new_items: u64) -> Line {
    Line::new(EventKind::PageFetched)
        .int("mailbox_id", 1)
        .int("folder_id", 1)
        .int("pass", 1)
        .int("items", items)
        .int("new_items", new_items)
        .text("request_id", "r")
}

/// Lists the items `from..=to` as one page.
fn list(writer: &mut Writer<'_>, from: u64, to: u64) -> Result<u64, CustodyError> {
    let seq = writer.next_seq();
    let mut new = 0;
    for n in from..=to {
        new += u64::from(writer.listed(&listed(n), seq)?.is_some());
    }
    writer.append(page(to + 1 - from, new))?;
    Ok(new)
}

fn item_row(n: u64) -> ItemRow {
    let bytes = format!("Message-ID: <{n}@contoso.example>\r\n\r\n{n}");
    let message = listed(n);
    ItemRow {
        control_number: number(n),
        mailbox_id: 1,
        folder_id: 1,
        graph_id: message.graph_id,
        immutable_id: None,
        change_key: message.change_key,
        internet_message_id: message.internet_message_id,
        mih: (!n.is_multiple_of(7)).then(|| Md5::of(bytes.as_bytes())),
        content_id: Sha256::of(&n.to_le_bytes()),
        item_class: "IPM.Note".to_owned(),
        sent_utc: message.sent_utc,
        received_utc: message.received_utc,
        created_utc: None,
        modified_utc: message.modified_utc,
        header_date: Some("Tue, 4 Jun 2024 09:00:00 +0000".to_owned()),
        is_draft: false,
        subject: message.subject,
        path: format!("data/NATIVES/VOL001/{}/{}.eml", number(n).folder(), number(n)),
        bytes: u64::try_from(bytes.len()).expect("small"),
        sha256: Sha256::of(bytes.as_bytes()),
        sha1: None,
        md5: None,
        source_kind: if n.is_multiple_of(5) { SourceKind::Rebuilt } else { SourceKind::MimeValue },
        top_received: None,
        top_authentication_results: None,
        top_arc_authentication_results: None,
    }
}

fn item_line(row: &ItemRow) -> Line {
    Line::new(EventKind::ItemCollected)
        .text("control_number", row.control_number.to_string())
        .text("graph_id", row.graph_id.as_str())
        .int("mailbox_id", row.mailbox_id)
        .int("folder_id", row.folder_id)
        .text("path", row.path.as_str())
        .int("bytes", row.bytes)
        .hex("sha256", row.sha256.as_bytes())
        .opt_hex("sha1", row.sha1.as_ref().map(Sha1::as_bytes))
        .opt_hex("md5", row.md5.as_ref().map(Md5::as_bytes))
        .opt_hex("mih", row.mih.as_ref().map(Md5::as_bytes))
        .put("content_id", row.content_id)
        .text("source_kind", row.source_kind.as_str())
        .opt_text("change_key", row.change_key.as_deref())
        .int("attempts", 1)
        .text("request_id", "5f2c7a3e-0000-4000-8000-000000000001")
        .text("client_request_id", "5f2c7a3e-0000-4000-8000-000000000002")
}

fn exchange() -> Exchange {
    let at = UtcInstant::from_millis(1_717_491_600_000).expect("in range");
    Exchange {
        purpose: Purpose::Mime,
        method: Method::Get,
        url: "/v1.0/users/u-1/messages/AAMkAG-1%3D/$value".to_owned(),
        status: Some(200),
        attempt: 1,
        client_request_id: Uuid::from_u128(7),
        request_id: Some("r".to_owned()),
        server_date: Some("Tue, 04 Jun 2024 09:00:00 GMT".to_owned()),
        sent_at: at,
        headers_at: Some(at),
        done_at: at,
        content_length: None,
        bytes: 400,
        retry_after: None,
        error: None,
    }
}

/// Line, item and request of one collected message.
fn collect(writer: &mut Writer<'_>, n: u64) -> Result<(), CustodyError> {
    let row = item_row(n);
    let seq = writer.append(item_line(&row))?;
    writer.item(&row, seq)?;
    writer.request(&exchange(), Some(seq))
}

fn except(writer: &mut Writer<'_>, n: u64, code: crate::terms::ExceptionCode) -> Result<u64, CustodyError> {
    let severity = crate::terms::Severity::ItemMissing;
    let line = Line::new(EventKind::ItemExcepted).text("code", code.as_str()).text("severity", severity.as_str());
    let seq = writer.append(line)?;
    let about = ExceptionRow { listed_id: Some(n), attempts: Some(3), ..ExceptionRow::new(code, severity) };
    writer.exception(&about, seq)
}

/// A manifest with foundations, ten listed items and the first `collected` of them collected.
async fn begun(place: &Place, collected: u64) -> Pen {
    let pen = Pen::create(&place.file, meta(), notary(), |_| Ok(())).await.expect("created");
    let wrote = pen.write(move |writer| {
        lay_foundations(writer)?;
        list(writer, 1, 10)?;
        (1..=collected).try_for_each(|n| collect(writer, n))
    });
    wrote.await.expect("written");
    pen
}

async fn head(pen: &Pen) -> Head {
    pen.read(|ledger| Ok(ledger.head())).await.expect("readable")
}
