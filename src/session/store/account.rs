//! Who signed in, and the list of them: names and addresses, never a secret.
//!
//! The list only says whose sealed files there are; what counts about an account is sealed beside its tokens.

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::cloud::{Cloud, CloudName};
use crate::terms::{ObjectId, Sha256, UtcInstant};

use super::{StoreError, files};
use crate::session::{Flow, Scopes, SignedIn};

/// Version of the list.
const FORMAT: u32 = 1;

/// Who signed in, and where; no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The sign-in name.
    pub user_principal_name: String,
    /// The name people know.
    pub display_name: Option<String>,
    /// The directory object.
    pub object_id: ObjectId,
    /// The tenant.
    pub tenant_id: String,
    /// The tenant in the addresses that tokens are renewed at.
    pub authority_tenant: String,
    /// The application.
    pub client_id: String,
    /// The cloud's name.
    pub cloud: CloudName,
    /// Where it signed in.
    pub login_url: String,
    /// The only Graph its tokens go to.
    pub graph_url: String,
    /// What was granted.
    pub scopes: Scopes,
    /// How.
    pub flow: Flow,
    /// Whether the user insisted on write scopes.
    pub write_scopes_allowed: bool,
    /// When the latest token was obtained.
    pub issued_at: UtcInstant,
    /// When it ends.
    pub expires_at: UtcInstant,
    /// Entra's id of the first token.
    pub token_id: Option<String>,
    /// When the application's secret or certificate ends, where it is known.
    #[serde(default)]
    pub credential_ends: Option<UtcInstant>,
    /// Whether claims challenges are declared to be understood.
    #[serde(default)]
    pub cae: bool,
}

impl Account {
    /// The name of its sealed file: says nothing about the person.
    pub(super) fn file(&self) -> String {
        let parts = [&self.login_url, &self.graph_url, &self.tenant_id, &self.client_id, self.object_id.as_str()];
        Sha256::of(parts.join("\n").as_bytes()).to_string()
    }

    /// Whether it goes by this name: sign-in name or object id, in any case.
    pub fn is_named(&self, name: &str) -> bool {
        self.user_principal_name.eq_ignore_ascii_case(name) || self.object_id.as_str().eq_ignore_ascii_case(name)
    }

    pub(super) fn is_at(&self, cloud: &Cloud) -> bool {
        self.login_url == cloud.authority().as_str() && self.graph_url == cloud.graph().as_str()
    }

    /// Where it signed in.
    pub(super) fn cloud(&self) -> Option<Cloud> {
        match self.cloud {
            CloudName::Custom => Cloud::custom(&self.login_url, &self.graph_url).ok(),
            named => Cloud::named(named),
        }
    }

    /// The same without where tokens come from and go to.
    pub fn signed_in(&self) -> SignedIn {
        SignedIn {
            user_principal_name: self.user_principal_name.clone(),
            display_name: self.display_name.clone(),
            object_id: self.object_id.clone(),
            tenant_id: self.tenant_id.clone(),
            client_id: self.client_id.clone(),
            scopes: self.scopes.clone(),
            flow: self.flow,
            write_scopes_allowed: self.write_scopes_allowed,
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            token_id: self.token_id.clone(),
            credential_ends: self.credential_ends,
            cae: self.cae,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct List {
    format: u32,
    /// The current account last.
    accounts: Vec<Account>,
}

pub(super) fn list_file(home: &Utf8Path) -> Utf8PathBuf {
    home.join("accounts.json")
}

/// Held while the list changes.
pub(super) fn lock_file(home: &Utf8Path) -> Utf8PathBuf {
    home.join("accounts.lock")
}

/// Who has signed in, the current account last.
pub(super) fn read(home: &Utf8Path) -> Result<Vec<Account>, StoreError> {
    let path = list_file(home);
    let Some(bytes) = files::read(&path)? else { return Ok(Vec::new()) };
    let list: List = serde_json::from_slice(&bytes).map_err(|_| StoreError::Accounts { path: path.clone() })?;
    if list.format == FORMAT { Ok(list.accounts) } else { Err(StoreError::Newer { path }) }
}

/// Changes the list, alone among processes. An empty list is no file.
pub(super) fn change<T>(home: &Utf8Path, change: impl FnOnce(&mut Vec<Account>) -> T) -> Result<T, StoreError> {
    let held = files::hold(&lock_file(home))?;
    let path = list_file(home);
    let mut accounts = read(home)?;
    let result = change(&mut accounts);
    if accounts.is_empty() {
        files::remove(&path)?;
        files::remove(&lock_file(home))?;
    } else {
        let list = List { format: FORMAT, accounts };
        let bytes = serde_json::to_vec_pretty(&list).map_err(|_| StoreError::Accounts { path: path.clone() })?;
        files::write(&path, &bytes)?;
    }
    drop(held);
    Ok(result)
}
