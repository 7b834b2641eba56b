//! A folder of `.eml` files as a tenant with one mailbox; files are served byte for byte as they lie there.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::json;

use crate::terms::{Address, Sha256};

use super::head::Head;
use super::mail::{Dates, Loaded};
use super::shelf::{Shelf, Stored};
use super::source::TenantError;
use super::tree::Tree;
use super::{App, Mailbox, Standing, Tenant, User};

/// The client id of the built-in application, known to every tenant made from plain mail.
const CLIENT_ID: &str = "0aff1a27-0000-4000-8000-000000000001";
/// Delivery of the first message without a usable date: 2020-01-01T00:00:00Z; one minute more for each next one.
const UNDATED_FROM: i64 = 1_577_836_800_000;
/// Dates outside 1980 to 2035 are the sender's mistake; Exchange's delivery date would not follow them.
const PLAUSIBLE: std::ops::Range<i64> = 315_532_800_000..2_051_222_400_000;
const MAX_DEPTH: usize = 32;

/// Reads the folder.
pub(super) fn read(root: &Utf8Path, owner: &str) -> Result<Tenant, TenantError> {
    let address = Address::new(owner).map_err(|error| TenantError::invalid("the owner", error.to_string()))?;
    let id = uuid_of(&format!("user {owner}"));
    let domain = address.domain().to_owned();
    let name = owner.split('@').next().unwrap_or(owner).to_owned();
    let facts = json!({
        "id": id, "displayName": name, "userPrincipalName": owner, "mail": owner, "userType": "Member",
        "accountEnabled": true, "proxyAddresses": [format!("SMTP:{owner}")],
    });
    let facts = facts.as_object().cloned().unwrap_or_default();
    let user = User {
        id,
        upn: owner.to_owned(),
        display_name: name,
        facts,
        mailbox: Standing::Mailbox(0),
        roles: Vec::new(),
        holdings: Vec::new(),
        made: None,
    };
    let app = App {
        client_id: CLIENT_ID.to_owned(),
        display_name: "Affiant".to_owned(),
        secret: None,
        certificate: None,
        consented: true,
    };
    let tenant_id = uuid_of(&format!("tenant {domain}"));
    let mut tenant = Tenant::new(tenant_id, format!("Mail of {domain}"), domain, vec![app], vec![user]);
    tenant.zone = Shelf::Disk(root.to_owned()).zone()?;
    let mut files = BTreeMap::new();
    gather(root, root, 0, &mut files).map_err(|error| TenantError::unreadable(root.as_str(), &error))?;
    if files.is_empty() {
        return Err(TenantError::invalid(root.as_str(), "no .eml file lies in it"));
    }
    let mut tree = Tree::new("the mail folder", &[])?;
    let mut mail = Vec::new();
    for (path, names) in files {
        let inside =
            names.iter().fold("Inbox".to_owned(), |path, name| format!("{path}/{}", name.replace('\\', "\\\\")));
        let folder = tree.grow(path.as_str(), &inside, false)?;
        let undated = UNDATED_FROM + i64::try_from(mail.len()).unwrap_or_default() * 60_000;
        mail.push(message(&path, folder, undated)?);
    }
    let mut mailbox = Mailbox::new(&tenant, 0, "user", tree);
    mailbox.mail = mail;
    mailbox.arrange();
    tenant.mailboxes.push(mailbox);
    Ok(tenant)
}

fn uuid_of(text: &str) -> String {
    let bytes: [u8; 16] = Sha256::of(text.as_bytes()).as_bytes().first_chunk().copied().unwrap_or_default();
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

fn gather(
    root: &Utf8Path,
    at: &Utf8Path,
    depth: usize,
    files: &mut BTreeMap<Utf8PathBuf, Vec<String>>,
) -> std::io::Result<()> {
    for entry in at.read_dir_utf8()? {
        let entry = entry?;
        let path = entry.path();
        if path.is_dir() {
            if depth < MAX_DEPTH {
                gather(root, path, depth + 1, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("eml")) {
            let parent = path.parent().and_then(|parent| parent.strip_prefix(root).ok());
            let names = parent.map(|parent| parent.components().map(|part| part.as_str().to_owned()).collect());
            files.insert(path.to_owned(), names.unwrap_or_default());
        }
    }
    Ok(())
}

fn message(path: &Utf8Path, folder: usize, undated: i64) -> Result<Loaded, TenantError> {
    let stored = Stored::Disk(path.to_owned());
    let bytes = stored.read().map_err(|error| TenantError::unreadable(path.as_str(), &error))?;
    let head = Head::read(&bytes);
    let plausible = |date: Option<i64>| date.filter(|date| PLAUSIBLE.contains(date));
    let received = plausible(head.dates.0).or(plausible(head.dates.1)).unwrap_or(undated);
    Ok(Loaded {
        folder,
        dates: Dates { received, sent: Some(received), created: received, modified: received },
        is_draft: false,
        is_read: true,
        categories: Vec::new(),
        value_error: None,
        bcc: Vec::new(),
        references: Vec::new(),
        head,
        bytes: u64::try_from(bytes.len()).unwrap_or_default(),
        stored,
        pad: None,
    })
}
