//! What can go wrong with a delivery, each with what the person does next.
//!
//! It must not hold a secret, nor a name from inside of an archive that may be anything.

use camino::Utf8PathBuf;

use crate::verify::RecordError;

/// Why a delivery could not be made or opened.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum DeliveryError {
    /// The package's record does not hold.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Record(#[from] RecordError),
    /// The folder for the result is taken.
    #[error("{folder} is there already")]
    #[diagnostic(code(affiant::delivery::taken), help("name a new folder"))]
    Taken {
        /// The folder.
        folder: Utf8PathBuf,
    },
    /// The folder for the result lies inside of what is read.
    #[error("{folder} lies inside of the folder that is read")]
    #[diagnostic(code(affiant::delivery::inside), help("name a folder outside of it"))]
    Inside {
        /// The folder.
        folder: Utf8PathBuf,
    },
    /// A file of the package is not what its list says.
    #[error("{path} is not as it was sealed")]
    #[diagnostic(
        code(affiant::delivery::differs),
        help("nothing was packed; see every difference with: affiant verify")
    )]
    Differs {
        /// From the package's root.
        path: String,
    },
    /// The disk.
    #[error("could not {doing} {path}: {source}")]
    #[diagnostic(
        code(affiant::delivery::io),
        help("check the free space and the permissions, then start again; what was begun is taken away")
    )]
    Io {
        /// What was being done.
        doing: &'static str,
        /// With which file.
        path: Utf8PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Text that is no recipient.
    #[error("no age recipient: it begins with age1, as age-keygen prints it")]
    #[diagnostic(code(affiant::delivery::recipient), help("give age1…, or a file with one recipient a line"))]
    Recipient,
    /// Text that is no identity.
    #[error("the file holds no age identity (AGE-SECRET-KEY-…)")]
    #[diagnostic(code(affiant::delivery::identity), help("give the file that age-keygen made"))]
    Identity,
    /// A secret that protects nothing.
    #[error("the passphrase has fewer than {0} characters")]
    #[diagnostic(code(affiant::delivery::weak), help("take a long one, such as six random words"))]
    Weak(usize),
    /// The folder holds no delivery.
    #[error("{folder} holds no packed volumes")]
    #[diagnostic(
        code(affiant::delivery::nothing),
        help("name the folder with the volumes (.zip or .zip.age) and their list (.sha256)")
    )]
    Nothing {
        /// The folder.
        folder: Utf8PathBuf,
    },
    /// A volume that the list names is not there.
    #[error("the volume {name} is missing")]
    #[diagnostic(code(affiant::delivery::missing), help("fetch it again; all volumes of the list are needed"))]
    Missing {
        /// Its name.
        name: String,
    },
    /// A volume arrived with other bytes.
    #[error("the volume {name} is damaged: its SHA-256 is not the one in the list")]
    #[diagnostic(code(affiant::delivery::damaged), help("fetch it again"))]
    Damaged {
        /// Its name.
        name: String,
    },
    /// A volume that needs a key.
    #[error("the volume {name} is encrypted, and no key was given")]
    #[diagnostic(
        code(affiant::delivery::locked),
        help(
            "give --identity FILE for a delivery encrypted to a key, --passphrase-file FILE for one with a passphrase"
        )
    )]
    Locked {
        /// Its name.
        name: String,
    },
    /// A key that does not open it.
    #[error("the volume {name} cannot be decrypted with what was given")]
    #[diagnostic(code(affiant::delivery::key), help("check which key or passphrase the delivery was made for"))]
    Key {
        /// Its name.
        name: String,
    },
    /// An archive that cannot be read.
    #[error("the volume {name} is no usable archive: {why}")]
    #[diagnostic(code(affiant::delivery::archive), help("fetch it again"))]
    Archive {
        /// Its name.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// A member that leads elsewhere.
    #[error("the volume {name} holds a member that does not belong into a package (number {number})")]
    #[diagnostic(
        code(affiant::delivery::hostile),
        help("nothing was kept; the archive was not made by `affiant pack`, or was changed")
    )]
    Hostile {
        /// The volume's name.
        name: String,
        /// The member's place in it, from 1.
        number: usize,
    },
    /// More than the disk holds.
    #[error("the package needs {needed} bytes, and the disk has {free}")]
    #[diagnostic(code(affiant::delivery::space), help("free space, or name a folder on another disk"))]
    Space {
        /// Bytes needed.
        needed: u64,
        /// Bytes free.
        free: u64,
    },
}

impl DeliveryError {
    /// For `map_err`: what was being done with which file.
    pub(super) fn io(doing: &'static str, path: impl Into<Utf8PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }
}
