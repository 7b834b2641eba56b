//! Where sign-ins are kept between runs: who in a plain file, tokens in a sealed one.
//!
//! `accounts.json` lists who has signed in, without secrets. `tokens/…` holds each account's tokens, sealed with
//! a key from the operating system's key store, from a key file only the owner can read, or from a passphrase.
//! Replacing is crash-safe: a new file is synced before it takes the old one's name. It must not know OAuth.

mod files;
mod key;
mod sealed;

use std::sync::{Arc, Mutex};

use camino::Utf8PathBuf;
use miette::Diagnostic;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::cloud::{Cloud, CloudName};
use crate::terms::{ObjectId, Secret, Sha256, UtcInstant};

use super::{Flow, Scopes, SignedIn};

/// Where tokens are to be kept.
#[derive(Debug, Clone)]
pub enum StoreKind {
    /// Sealed with a key in the operating system's key store.
    Keyring,
    /// Sealed with a key file, or with a passphrase where one is given.
    File {
        /// From `AFFIANT_PASSPHRASE`.
        passphrase: Option<Secret>,
    },
    /// In this process only.
    Memory,
}

/// How tokens are in fact kept, to be said plainly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// Key in the operating system's key store.
    Keyring(Utf8PathBuf),
    /// Key in a file beside the tokens.
    KeyFile(Utf8PathBuf),
    /// Key from a passphrase.
    Passphrase(Utf8PathBuf),
    /// Nowhere.
    Memory,
}

impl std::fmt::Display for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Keyring(at) => write!(f, "in {at}, sealed with a key in this system's key store"),
            Self::KeyFile(at) => write!(f, "in {at}, sealed with a key file there that only you can read"),
            Self::Passphrase(at) => write!(f, "in {at}, sealed with your passphrase"),
            Self::Memory => f.write_str("in memory, until this program ends"),
        }
    }
}

/// What went wrong with the store.
#[derive(Debug, Clone, Error, Diagnostic)]
pub enum StoreError {
    /// A file cannot be read or written.
    #[error("the token store at {path} cannot be {doing}: {why}")]
    #[diagnostic(
        code(affiant::store::file),
        help("check that the folder exists and is yours, or choose another with --home or AFFIANT_HOME")
    )]
    File {
        /// Which file.
        path: Utf8PathBuf,
        /// `read` or `written`.
        doing: &'static str,
        /// The system's word.
        why: String,
    },
    /// Others can read the key file.
    #[error("the key file {path} can be read by others")]
    #[diagnostic(
        code(affiant::store::modes),
        help("run `chmod 600 {path}`, then sign in again, since somebody may have read it")
    )]
    OpenToOthers {
        /// The key file.
        path: Utf8PathBuf,
    },
    /// The tokens do not open with this key.
    #[error("the stored sign-in cannot be opened with this key")]
    #[diagnostic(
        code(affiant::store::seal),
        help(
            "if you use AFFIANT_PASSPHRASE, check it; else the file was changed: run `affiant logout --all`, then `affiant login`"
        )
    )]
    Seal,
    /// The list of accounts is not one.
    #[error("{path} is damaged")]
    #[diagnostic(code(affiant::store::accounts), help("remove it and sign in again"))]
    Accounts {
        /// The file.
        path: Utf8PathBuf,
    },
    /// There is no key store on this machine.
    #[error("this system has no key store that can be used")]
    #[diagnostic(code(affiant::store::keyring), help("use --token-store file"))]
    NoKeyring,
    /// The system gave no random numbers.
    #[error("the system gave no random numbers")]
    #[diagnostic(code(affiant::store::random), help("try again"))]
    Random,
}

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
}

impl Account {
    /// The name of its sealed file: says nothing about the person.
    fn file(&self) -> String {
        let parts = [&self.login_url, &self.graph_url, &self.tenant_id, &self.client_id, self.object_id.as_str()];
        Sha256::of(parts.join("\n").as_bytes()).to_string()
    }

    fn is_at(&self, cloud: &Cloud) -> bool {
        self.login_url == cloud.authority().as_str() && self.graph_url == cloud.graph().as_str()
    }

    fn is(&self, signed_in: &SignedIn) -> bool {
        self.object_id == signed_in.object_id
            && self.tenant_id == signed_in.tenant_id
            && self.client_id == signed_in.client_id
    }
}

/// An account's tokens.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// For Graph.
    pub access: Secret,
    /// For the token endpoint.
    pub refresh: Option<Secret>,
    /// When they were obtained.
    pub issued_at: UtcInstant,
    /// When the access token ends.
    pub expires_at: UtcInstant,
}

/// The store of one home folder.
#[derive(Clone)]
pub struct Store {
    home: Utf8PathBuf,
    kind: StoreKind,
    memory: Arc<Mutex<Option<(Account, Tokens)>>>,
}

impl Store {
    /// The store in a home folder; touches nothing yet.
    pub fn new(home: Utf8PathBuf, kind: StoreKind) -> Self {
        Self { home, kind, memory: Arc::default() }
    }

    /// The key store where this system has one, else files.
    pub fn automatic(home: Utf8PathBuf, passphrase: Option<Secret>) -> Self {
        let kind = match passphrase {
            None if key::keyring_is_there() => StoreKind::Keyring,
            passphrase => StoreKind::File { passphrase },
        };
        Self::new(home, kind)
    }

    /// How tokens are kept, in words.
    pub fn kept(&self) -> Kept {
        let at = self.home.join("tokens");
        match &self.kind {
            StoreKind::Keyring => Kept::Keyring(at),
            StoreKind::File { passphrase: Some(_) } => Kept::Passphrase(at),
            StoreKind::File { passphrase: None } => Kept::KeyFile(at),
            StoreKind::Memory => Kept::Memory,
        }
    }

    /// Keeps a sign-in and makes it the current one.
    pub(super) async fn save(&self, account: &Account, tokens: &Tokens) -> Result<(), StoreError> {
        let (account, tokens) = (account.clone(), tokens.clone());
        self.off_the_reactor(move |store| store.save_now(account, &tokens)).await
    }

    fn save_now(&self, account: Account, tokens: &Tokens) -> Result<(), StoreError> {
        if matches!(self.kind, StoreKind::Memory) {
            return self.remember(Some((account, tokens.clone())));
        }
        self.seal(&account, tokens)?;
        let mut accounts = files::accounts(&self.home)?;
        accounts.retain(|have| have.file() != account.file());
        accounts.push(account);
        files::write_accounts(&self.home, &accounts)
    }

    /// Replaces the tokens of an account that is kept.
    pub(super) async fn replace(&self, signed_in: &SignedIn, tokens: &Tokens) -> Result<(), StoreError> {
        let (signed_in, tokens) = (signed_in.clone(), tokens.clone());
        self.off_the_reactor(move |store| store.replace_now(&signed_in, &tokens)).await
    }

    fn replace_now(&self, signed_in: &SignedIn, tokens: &Tokens) -> Result<(), StoreError> {
        if matches!(self.kind, StoreKind::Memory) {
            let held = self.memory.lock().map_err(|_| StoreError::Seal)?.take();
            return self.remember(held.map(|(account, _)| (account, tokens.clone())));
        }
        let mut accounts = files::accounts(&self.home)?;
        let Some(account) = accounts.iter_mut().find(|account| account.is(signed_in)) else { return Ok(()) };
        // The new refresh token first: the list only says until when.
        self.seal(account, tokens)?;
        (account.issued_at, account.expires_at) = (tokens.issued_at, tokens.expires_at);
        files::write_accounts(&self.home, &accounts)
    }

    /// The current sign-in for a cloud, or that of the account named.
    pub(super) async fn load(
        &self,
        named: Option<&str>,
        cloud: &Cloud,
    ) -> Result<Option<(Account, Tokens)>, StoreError> {
        let (named, cloud) = (named.map(str::to_owned), cloud.clone());
        self.off_the_reactor(move |store| store.load_now(named.as_deref(), &cloud)).await
    }

    fn load_now(&self, named: Option<&str>, cloud: &Cloud) -> Result<Option<(Account, Tokens)>, StoreError> {
        let fits = |account: &Account| {
            account.is_at(cloud) && named.is_none_or(|named| account.user_principal_name.eq_ignore_ascii_case(named))
        };
        if matches!(self.kind, StoreKind::Memory) {
            let held = self.memory.lock().map_err(|_| StoreError::Seal)?.clone();
            return Ok(held.filter(|(account, _)| fits(account)));
        }
        let Some(account) = files::accounts(&self.home)?.into_iter().rev().find(fits) else { return Ok(None) };
        match files::read(&self.tokens_file(&account))? {
            Some(bytes) => {
                let tokens = sealed::open(&bytes, &account.file(), &self.home, &self.kind)?;
                Ok(Some((account, tokens)))
            }
            None => Ok(None),
        }
    }

    /// Who is signed in, without opening any token; the current one last.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.off_the_reactor(|store| match &store.kind {
            StoreKind::Memory => {
                let held = store.memory.lock().map_err(|_| StoreError::Seal)?;
                Ok(held.iter().map(|(account, _)| account.clone()).collect())
            }
            StoreKind::Keyring | StoreKind::File { .. } => files::accounts(&store.home),
        })
        .await
    }

    /// Forgets the account named, or every one; returns those forgotten.
    pub async fn forget(&self, named: Option<&str>) -> Result<Vec<Account>, StoreError> {
        let named = named.map(str::to_owned);
        self.off_the_reactor(move |store| store.forget_now(named.as_deref())).await
    }

    fn forget_now(&self, named: Option<&str>) -> Result<Vec<Account>, StoreError> {
        if matches!(self.kind, StoreKind::Memory) {
            let held = self.memory.lock().map_err(|_| StoreError::Seal)?.take();
            return Ok(held.into_iter().map(|(account, _)| account).collect());
        }
        let goes =
            |account: &Account| named.is_none_or(|named| account.user_principal_name.eq_ignore_ascii_case(named));
        let (gone, kept): (Vec<_>, Vec<_>) = files::accounts(&self.home)?.into_iter().partition(goes);
        for account in &gone {
            files::remove(&self.tokens_file(account))?;
        }
        files::write_accounts(&self.home, &kept)?;
        if kept.is_empty() {
            key::forget(&self.home, &self.kind)?;
        }
        Ok(gone)
    }

    fn seal(&self, account: &Account, tokens: &Tokens) -> Result<(), StoreError> {
        let bytes = sealed::seal(tokens, &account.file(), &self.home, &self.kind)?;
        files::write(&self.tokens_file(account), &bytes)
    }

    fn tokens_file(&self, account: &Account) -> Utf8PathBuf {
        self.home.join("tokens").join(format!("{}.sealed", account.file()))
    }

    fn remember(&self, held: Option<(Account, Tokens)>) -> Result<(), StoreError> {
        *self.memory.lock().map_err(|_| StoreError::Seal)? = held;
        Ok(())
    }

    async fn off_the_reactor<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        tokio::task::spawn_blocking(move || work(&store)).await.map_err(|_| StoreError::Seal)?
    }
}
