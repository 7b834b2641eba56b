//! What can be wrong with the token store, and what to do about it. No secret is in it.

use camino::Utf8PathBuf;
use miette::Diagnostic;
use thiserror::Error;

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
    /// The file was changed, or is another account's, or its key was replaced.
    #[error("the stored sign-in was changed, or its key was replaced")]
    #[diagnostic(code(affiant::store::seal), help("run `affiant logout --all`, then sign in again"))]
    Seal,
    /// The passphrase is not the one it was sealed with.
    #[error("the passphrase is wrong")]
    #[diagnostic(
        code(affiant::store::passphrase),
        help(
            "set AFFIANT_PASSPHRASE to the one you signed in with; if it is lost, run `affiant logout --all` and sign in again"
        )
    )]
    WrongPassphrase,
    /// The sign-in is sealed with a passphrase and none was given.
    #[error("the stored sign-in is sealed with a passphrase, and none is given")]
    #[diagnostic(code(affiant::store::no_passphrase), help("set AFFIANT_PASSPHRASE to the one you signed in with"))]
    PassphraseNeeded,
    /// The key file is not there.
    #[error("the key file {path} is gone, and with it the stored sign-in")]
    #[diagnostic(code(affiant::store::key_gone), help("sign in again with `affiant login`"))]
    KeyGone {
        /// The key file.
        path: Utf8PathBuf,
    },
    /// The key that signs checkpoints is there and cannot be opened.
    #[error(
        "the key that signs checkpoints, {path}, cannot be opened: it was changed, or what it is sealed with was replaced"
    )]
    #[diagnostic(
        code(affiant::store::sealing_key),
        help(
            "restore it from a copy, or move it away and a new one is made; packages signed with the old one stay verifiable with the vkey in each of them"
        )
    )]
    SealingKey {
        /// The file.
        path: Utf8PathBuf,
    },
    /// The list of accounts is not one.
    #[error("{path} is damaged")]
    #[diagnostic(code(affiant::store::accounts), help("run `affiant logout --all`, then sign in again"))]
    Accounts {
        /// The file.
        path: Utf8PathBuf,
    },
    /// The list of accounts is from a later version.
    #[error("{path} was written by a newer version of Affiant")]
    #[diagnostic(code(affiant::store::newer), help("update Affiant, or use another folder with --home"))]
    Newer {
        /// The file.
        path: Utf8PathBuf,
    },
    /// The key store is there, and closed.
    #[error("this system's key store is locked")]
    #[diagnostic(
        code(affiant::store::keyring_locked),
        help(
            "unlock it (sign in to the desktop, or unlock the login keyring), then try again; or use --token-store file and sign in anew"
        )
    )]
    KeyringLocked,
    /// The key store does not have our key any more.
    #[error("the key of the stored sign-in is not in this system's key store any more")]
    #[diagnostic(code(affiant::store::key_lost), help("sign in again with `affiant login`"))]
    KeyLost,
    /// There is no key store on this machine.
    #[error("this system has no key store that can be used")]
    #[diagnostic(code(affiant::store::keyring), help("use --token-store file"))]
    NoKeyring,
    /// The system gave no random numbers.
    #[error("the system gave no random numbers")]
    #[diagnostic(code(affiant::store::random), help("try again"))]
    Random,
}
