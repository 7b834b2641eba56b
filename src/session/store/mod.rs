//! Where sign-ins are kept between runs: who in a plain list, everything that counts in a sealed file each.
//!
//! `accounts.json` lists who has signed in, without secrets. `tokens/…` holds each account's sign-in, sealed with
//! a key from the operating system's key store, from a key file only the owner can read, or from a passphrase.
//! Replacing is crash-safe: a new file is synced before it takes the old one's name. It must not know OAuth.

mod account;
mod error;
mod files;
mod key;
mod keyring;
mod sealed;
mod signing;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use camino::Utf8PathBuf;

use crate::cloud::Cloud;
use crate::terms::{SealingKey, Secret, UtcInstant};

use super::credential::Credential;

use self::key::{Keys, Lock};

pub use self::account::Account;
pub use self::error::StoreError;

/// How often, and how many times, another process's renewal is waited for.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
const LOOKS: u32 = 1_200;

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
            Self::KeyFile(at) => write!(
                f,
                "in {at}, sealed with the key file token.key beside it: whoever can read your files can read both"
            ),
            Self::Passphrase(at) => write!(f, "in {at}, sealed with your passphrase"),
            Self::Memory => f.write_str("in memory, until this program ends"),
        }
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
    /// What an application gets its next token with.
    pub credential: Option<Credential>,
    /// What a challenge demands of the next sign-in, as JSON.
    pub claims: Option<String>,
}

/// The store of one home folder.
#[derive(Clone)]
pub struct Store {
    home: Utf8PathBuf,
    kind: StoreKind,
    keys: Keys,
    memory: Arc<Mutex<Option<(Account, Tokens)>>>,
    /// The sealing key of a store in memory.
    signing: Arc<Mutex<Option<SealingKey>>>,
}

/// One process's turn to renew an account's tokens.
#[derive(Debug)]
pub(super) struct Turn {
    _hold: Option<files::Hold>,
}

impl Store {
    /// The store in a home folder; touches nothing yet.
    pub fn new(home: Utf8PathBuf, kind: StoreKind) -> Self {
        let passphrase = match &kind {
            StoreKind::File { passphrase } => passphrase.clone(),
            StoreKind::Keyring | StoreKind::Memory => None,
        };
        Self { keys: Keys::new(home.clone(), passphrase), home, kind, memory: Arc::default(), signing: Arc::default() }
    }

    /// The key store where this system has one, else files.
    pub fn automatic(home: Utf8PathBuf, passphrase: Option<Secret>) -> Self {
        let kind = match passphrase {
            None if keyring::is_there() => StoreKind::Keyring,
            passphrase => StoreKind::File { passphrase },
        };
        Self::new(home, kind)
    }

    /// How a new sign-in will be kept, in words.
    pub fn kept(&self) -> Kept {
        self.lock().map_or(Kept::Memory, |lock| self.kept_with(lock))
    }

    /// How an account's sign-in is kept, whatever the settings say now.
    pub async fn kept_of(&self, account: &Account) -> Result<Kept, StoreError> {
        let account = account.clone();
        self.off_the_reactor(move |store| {
            Ok(store.lock_of(&account)?.map_or(Kept::Memory, |lock| store.kept_with(lock)))
        })
        .await
    }

    /// The cloud of the current account, or of the one named; `None` when nobody is, or the list cannot be read.
    pub fn cloud(&self, named: Option<&str>) -> Option<Cloud> {
        if matches!(self.kind, StoreKind::Memory) {
            return None;
        }
        let fits = |account: &Account| named.is_none_or(|named| account.is_named(named));
        account::read(&self.home).ok()?.into_iter().rev().find(fits)?.cloud()
    }

    /// Keeps a sign-in and makes it the current one.
    pub(super) async fn save(&self, account: &Account, tokens: &Tokens) -> Result<(), StoreError> {
        let (account, tokens) = (account.clone(), tokens.clone());
        self.off_the_reactor(move |store| match store.lock() {
            None => store.remember(Some((account, tokens))),
            Some(lock) => {
                store.seal(&account, &tokens, lock)?;
                account::change(&store.home, |accounts| {
                    accounts.retain(|have| have.file() != account.file());
                    accounts.push(account);
                })
            }
        })
        .await
    }

    /// Replaces a sign-in that is kept, with the kind of key it has; one that was forgotten stays forgotten.
    pub(super) async fn replace(&self, account: &Account, tokens: &Tokens) -> Result<(), StoreError> {
        let (account, tokens) = (account.clone(), tokens.clone());
        self.off_the_reactor(move |store| {
            if matches!(store.kind, StoreKind::Memory) {
                return store.remember(Some((account, tokens)));
            }
            let Some(lock) = store.lock_of(&account)? else { return Ok(()) };
            // The new refresh token first: the list only says until when.
            store.seal(&account, &tokens, lock)?;
            account::change(&store.home, |accounts| {
                if let Some(listed) = accounts.iter_mut().find(|listed| listed.file() == account.file()) {
                    *listed = account;
                }
            })
        })
        .await
    }

    /// The current sign-in for a cloud, or that of the account named.
    pub(super) async fn load(
        &self,
        named: Option<&str>,
        cloud: &Cloud,
    ) -> Result<Option<(Account, Tokens)>, StoreError> {
        let (named, cloud) = (named.map(str::to_owned), cloud.clone());
        self.off_the_reactor(move |store| {
            let fits = |account: &Account| {
                account.is_at(&cloud) && named.as_deref().is_none_or(|named| account.is_named(named))
            };
            if matches!(store.kind, StoreKind::Memory) {
                return Ok(store.remembered()?.filter(|(account, _)| fits(account)));
            }
            match account::read(&store.home)?.into_iter().rev().find(fits) {
                Some(account) => store.open(&account),
                None => Ok(None),
            }
        })
        .await
    }

    /// What a challenge left to be demanded of the next sign-in; nothing where nothing can be read, as signing in mends that.
    pub(super) async fn claims_left(&self, cloud: &Cloud, client_id: &str, named: Option<&str>) -> Option<String> {
        let (cloud, client_id, named) = (cloud.clone(), client_id.to_owned(), named.map(str::to_owned));
        let look = move |store: &Self| {
            let fits = |account: &Account| {
                account.is_at(&cloud)
                    && account.client_id == client_id
                    && named.as_deref().is_none_or(|named| account.is_named(named))
            };
            if matches!(store.kind, StoreKind::Memory) {
                return Ok(store
                    .remembered()?
                    .filter(|(account, _)| fits(account))
                    .and_then(|(_, tokens)| tokens.claims));
            }
            let Some(account) = account::read(&store.home)?.into_iter().rev().find(fits) else { return Ok(None) };
            Ok(store.open(&account)?.and_then(|(_, tokens)| tokens.claims))
        };
        self.off_the_reactor(look).await.ok().flatten()
    }

    /// What is kept of an account now, which another process may have renewed.
    pub(super) async fn reload(&self, account: &Account) -> Result<Option<(Account, Tokens)>, StoreError> {
        let account = account.clone();
        self.off_the_reactor(
            move |store| {
                if matches!(store.kind, StoreKind::Memory) { Ok(None) } else { store.open(&account) }
            },
        )
        .await
    }

    /// Waits until no other process renews this account. After two minutes nobody is waited for any more.
    pub(super) async fn turn(&self, account: &Account) -> Result<Turn, StoreError> {
        if matches!(self.kind, StoreKind::Memory) {
            return Ok(Turn { _hold: None });
        }
        let path = self.tokens().join(format!("{}.lock", account.file()));
        for _ in 0..LOOKS {
            let path = path.clone();
            if let Some(hold) = self.off_the_reactor(move |_| files::try_hold(&path)).await? {
                return Ok(Turn { _hold: Some(hold) });
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(Turn { _hold: None })
    }

    /// Who is signed in, without opening any token; the current one last.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.off_the_reactor(|store| match &store.kind {
            StoreKind::Memory => Ok(store.remembered()?.map(|(account, _)| account).into_iter().collect()),
            StoreKind::Keyring | StoreKind::File { .. } => account::read(&store.home),
        })
        .await
    }

    /// Forgets the account named, or every one; returns those forgotten. Every one goes even from a damaged store.
    pub async fn forget(&self, named: Option<&str>) -> Result<Vec<Account>, StoreError> {
        let named = named.map(str::to_owned);
        self.off_the_reactor(move |store| match (&store.kind, named) {
            (StoreKind::Memory, _) => {
                let held = store.remembered()?;
                store.remember(None)?;
                Ok(held.map(|(account, _)| account).into_iter().collect())
            }
            (_, Some(named)) => store.forget_named(&named),
            (_, None) => store.forget_all(),
        })
        .await
    }

    fn forget_named(&self, named: &str) -> Result<Vec<Account>, StoreError> {
        let gone: Vec<Account> =
            account::read(&self.home)?.into_iter().filter(|account| account.is_named(named)).collect();
        // The tokens first: should this be cut short, the list still says what to forget.
        for account in &gone {
            files::remove(&self.tokens_file(account))?;
            files::remove(&self.tokens().join(format!("{}.lock", account.file())))?;
        }
        let last = account::change(&self.home, |accounts| {
            accounts.retain(|account| !account.is_named(named));
            accounts.is_empty()
        })?;
        if last {
            self.forget_all()?;
        }
        Ok(gone)
    }

    fn forget_all(&self) -> Result<Vec<Account>, StoreError> {
        let gone = account::read(&self.home).unwrap_or_default();
        let ours = |path: &Utf8PathBuf| matches!(path.extension(), Some("sealed" | "lock"));
        for path in files::list(&self.tokens())?.into_iter().filter(ours) {
            files::remove(&path)?;
        }
        files::remove_empty_folder(&self.tokens());
        // What the sealing key is sealed with stays with it.
        if !self.has_sealing_key() {
            self.keys.forget()?;
        }
        files::remove(&account::list_file(&self.home))?;
        files::remove(&account::lock_file(&self.home))?;
        Ok(gone)
    }

    /// The kind of key for new sign-ins; `None` for memory.
    const fn lock(&self) -> Option<Lock> {
        match &self.kind {
            StoreKind::Keyring => Some(Lock::Keyring),
            StoreKind::File { passphrase: Some(_) } => Some(Lock::Passphrase),
            StoreKind::File { passphrase: None } => Some(Lock::KeyFile),
            StoreKind::Memory => None,
        }
    }

    fn kept_with(&self, lock: Lock) -> Kept {
        match lock {
            Lock::Keyring => Kept::Keyring(self.tokens()),
            Lock::KeyFile => Kept::KeyFile(self.tokens()),
            Lock::Passphrase => Kept::Passphrase(self.tokens()),
        }
    }

    fn lock_of(&self, account: &Account) -> Result<Option<Lock>, StoreError> {
        if matches!(self.kind, StoreKind::Memory) {
            return Ok(None);
        }
        let path = self.tokens_file(account);
        files::read(&path)?.map(|bytes| sealed::lock_of(&bytes, &path)).transpose()
    }

    fn seal(&self, account: &Account, tokens: &Tokens, lock: Lock) -> Result<(), StoreError> {
        let bytes = sealed::seal(account, tokens, &self.keys, lock)?;
        files::write(&self.tokens_file(account), &bytes)
    }

    fn open(&self, account: &Account) -> Result<Option<(Account, Tokens)>, StoreError> {
        let path = self.tokens_file(account);
        let Some(bytes) = files::read(&path)? else { return Ok(None) };
        if files::is_open_to_others(&path)? {
            // It is sealed, so nothing leaked; but it was meant for its owner alone, and is again.
            tracing::warn!("the sealed sign-in could be read by others; its permissions are put right");
            files::close_to_others(&path)?;
        }
        sealed::open(&bytes, &account.file(), &path, &self.keys).map(Some)
    }

    fn tokens(&self) -> Utf8PathBuf {
        self.home.join("tokens")
    }

    fn tokens_file(&self, account: &Account) -> Utf8PathBuf {
        self.tokens().join(format!("{}.sealed", account.file()))
    }

    fn remembered(&self) -> Result<Option<(Account, Tokens)>, StoreError> {
        Ok(self.memory.lock().map_err(|_| StoreError::Seal)?.clone())
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

#[cfg(test)]
mod tests;
