//! What can go wrong with a package, each with what the person does next.
//!
//! It must not know how the work is done; paths in messages are the user's own folder and control numbers.

use camino::Utf8PathBuf;

use super::volumes::{MEMBERS_MAX, VOLUME_BYTES_MIN};
use crate::terms::Sha256;

/// Why a package could not be made, opened, written or sealed.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum PackageError {
    /// The folder does not exist.
    #[error("{root} does not exist")]
    #[diagnostic(
        code(affiant::package::not_there),
        help(
            "check the spelling of the folder; a run that was stopped before it made one is started again with `affiant collect`"
        )
    )]
    NotThere {
        /// The folder that was named.
        root: Utf8PathBuf,
    },
    /// A file stands where a folder must be.
    #[error("{path} is a file, not a folder")]
    #[diagnostic(code(affiant::package::not_a_folder), help("name a folder, or a new name that does not exist yet"))]
    NotAFolder {
        /// The file.
        path: Utf8PathBuf,
    },
    /// The folder holds no acquisition.
    #[error("{root} is not an acquisition: affiant/manifest.sqlite is not there")]
    #[diagnostic(
        code(affiant::package::not_a_package),
        help(
            "name the folder that was given to `affiant collect --out`; if that run was stopped before it listed anything, start it again with `affiant collect`"
        )
    )]
    NotAPackage {
        /// The folder that was named.
        root: Utf8PathBuf,
    },
    /// The run that made the folder was stopped at its very beginning; nothing is lost by starting it again.
    #[error("nothing was collected into {root} yet: the run that made it was stopped at its very beginning")]
    #[diagnostic(
        code(affiant::package::never_begun),
        help("start it again with the same `affiant collect`: the folder counts as empty")
    )]
    NeverBegun {
        /// The folder that was named.
        root: Utf8PathBuf,
    },
    /// The acquisition is complete and sealed; nothing may be added.
    #[error("{root} is sealed: nothing can be added to it")]
    #[diagnostic(
        code(affiant::package::sealed),
        help("check it with `affiant verify {root}`; collect anew into another folder")
    )]
    Sealed {
        /// The folder that was named.
        root: Utf8PathBuf,
    },
    /// The acquisition goes on; what is added later belongs to a sealed package.
    #[error("{root} is not sealed yet")]
    #[diagnostic(code(affiant::package::unsealed), help("finish it first: affiant resume {root}"))]
    Unsealed {
        /// The folder that was named.
        root: Utf8PathBuf,
    },
    /// Another run works on the folder.
    #[error("{root} is in use by {holder}")]
    #[diagnostic(
        code(affiant::package::locked),
        help(
            "wait until that run has ended, or choose another folder; a lock of a run that has died goes away by itself"
        )
    )]
    Locked {
        /// The folder that was named.
        root: Utf8PathBuf,
        /// Process, machine and start, as far as they can be read.
        holder: String,
    },
    /// The folder is not the one that was opened any more.
    #[error("{root} was moved, deleted or replaced while a run worked in it")]
    #[diagnostic(
        code(affiant::package::displaced),
        help("put the folder back where it was, then go on with `affiant resume`; what it holds is kept")
    )]
    Displaced {
        /// The folder that was named.
        root: Utf8PathBuf,
    },
    /// The folder's file system offers no locks.
    #[error("{root} is on a file system without file locks")]
    #[diagnostic(
        code(affiant::package::no_locks),
        help("choose a folder on a local disk, and copy the sealed package afterwards")
    )]
    NoLocks {
        /// The folder that was named.
        root: Utf8PathBuf,
    },
    /// The folder for a new acquisition holds one already.
    #[error("{root} holds another acquisition")]
    #[diagnostic(
        code(affiant::package::holds_another),
        help("resume it with `affiant resume {root}` or choose another folder")
    )]
    HoldsAnother {
        /// The folder that was named.
        root: Utf8PathBuf,
    },
    /// The folder for a new acquisition holds a finished one.
    #[error("{root} holds another acquisition, which is sealed")]
    #[diagnostic(code(affiant::package::holds_sealed), help("choose another folder"))]
    HoldsSealed {
        /// The folder that was named.
        root: Utf8PathBuf,
    },
    /// The folder for a new acquisition holds something else.
    #[error("{root} is not empty")]
    #[diagnostic(code(affiant::package::not_empty), help("choose an empty folder, or a name that does not exist yet"))]
    NotEmpty {
        /// The folder that was named.
        root: Utf8PathBuf,
    },
    /// The limits of a ZIP volume make no sense.
    #[error("a volume of {bytes} bytes and {members} messages at most is not possible")]
    #[diagnostic(
        code(affiant::package::volume_limits),
        help(
            "give at least {VOLUME_BYTES_MIN} bytes and 1 to {MEMBERS_MAX} messages a volume; 3.9 GiB and 60000 suit every tool"
        )
    )]
    VolumeLimits {
        /// Bytes asked for.
        bytes: u64,
        /// Members asked for.
        members: u32,
    },
    /// The disk is full.
    #[error("the disk is full while writing {path}")]
    #[diagnostic(
        code(affiant::package::disk_full),
        help("free space on that disk, then go on with `affiant resume`; everything collected so far is kept")
    )]
    Full {
        /// What was being written.
        path: Utf8PathBuf,
    },
    /// The user's share of the disk is used up.
    #[error("the disk quota is used up while writing {path}")]
    #[diagnostic(
        code(affiant::package::quota),
        help(
            "remove files of yours or ask for a larger quota, then go on with `affiant resume`; everything collected so far is kept"
        )
    )]
    Quota {
        /// What was being written.
        path: Utf8PathBuf,
    },
    /// The file system accepts no changes.
    #[error("{path} is on a read-only file system")]
    #[diagnostic(
        code(affiant::package::read_only),
        help(
            "choose a folder on a disk that can be written; if this disk became read-only by itself, have it checked before going on"
        )
    )]
    ReadOnly {
        /// What was to be written.
        path: Utf8PathBuf,
    },
    /// The user may not read or write there.
    #[error("no permission for {path}")]
    #[diagnostic(
        code(affiant::package::denied),
        help("choose a folder that you may write to, or have its permissions changed")
    )]
    Denied {
        /// What was to be read or written.
        path: Utf8PathBuf,
    },
    /// The file system takes no file that large.
    #[error("{path} is too large for its file system")]
    #[diagnostic(
        code(affiant::package::file_too_large),
        help(
            "choose smaller volumes with `--volume-size`, or a disk formatted with NTFS, exFAT, APFS or ext4; if a limit is set for this process (`ulimit -f`), lift it. Then go on with `affiant resume`"
        )
    )]
    TooLarge {
        /// What was being written.
        path: Utf8PathBuf,
    },
    /// Any other failure of the disk.
    #[error("could not {doing} {path}: {source}")]
    #[diagnostic(
        code(affiant::package::io),
        help(
            "check the disk and its connection, then go on with `affiant resume`; everything collected so far is kept"
        )
    )]
    Io {
        /// What was tried: a verb.
        doing: &'static str,
        /// On what.
        path: Utf8PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file with other content already has the name; nothing is ever overwritten.
    #[error("{path} already exists with other content")]
    #[diagnostic(
        code(affiant::package::occupied),
        help(
            "stop, and go on with `affiant resume`: it moves a file without a row aside; a file is never overwritten"
        )
    )]
    Occupied {
        /// The file.
        path: Utf8PathBuf,
    },
    /// A native is no longer what the manifest says.
    #[error("{path} changed after it was collected: the manifest says {expected}, the file is {found}")]
    #[diagnostic(
        code(affiant::package::changed),
        help("find out what changed the file; the acquisition must not be sealed with it")
    )]
    Changed {
        /// The native, as in the manifest.
        path: String,
        /// SHA-256 when it was collected.
        expected: Sha256,
        /// SHA-256 now.
        found: Sha256,
    },
    /// A native is gone.
    #[error("{path} is in the manifest, and its file is missing")]
    #[diagnostic(
        code(affiant::package::missing),
        help("restore the folder from a copy; the acquisition must not be sealed without the file")
    )]
    Missing {
        /// The native, as in the manifest.
        path: String,
    },
    /// A file waits to be packed, and the manifest does not know it.
    #[error("{path} is not in the manifest")]
    #[diagnostic(
        code(affiant::package::unrecorded),
        help("stop, and go on with `affiant resume`: it moves files without a row aside")
    )]
    Unrecorded {
        /// The file, from the package's root.
        path: String,
    },
    /// Something in the folder is neither file nor folder, or has a name that no package has.
    #[error("{path} does not belong into a package")]
    #[diagnostic(
        code(affiant::package::foreign),
        help("move it out of the folder: only plain files and folders with plain names are sealed")
    )]
    Foreign {
        /// What was found.
        path: String,
    },
    /// A path in the manifest that Affiant does not give.
    #[error("the manifest names {path:?}, which is no place of a native")]
    #[diagnostic(
        code(affiant::package::not_ours),
        help("the manifest was changed, or written by another version; check the folder against a copy")
    )]
    NotOurs {
        /// The path in the manifest.
        path: String,
    },
    /// The manifest's rows did not come in path order.
    #[error("the row of {path} came out of order")]
    #[diagnostic(code(affiant::package::unordered), help("report this as a defect; nothing was changed"))]
    Unordered {
        /// The row's path.
        path: String,
    },
    /// Working files are still there that a sealed package does not have.
    #[error("{path} must be gone before the package can be sealed")]
    #[diagnostic(
        code(affiant::package::not_clean),
        help("go on with `affiant resume`: it finishes what was left open")
    )]
    NotClean {
        /// What is left, from the package's root.
        path: String,
    },
    /// A ZIP volume could not be written or read.
    #[error("the volume {path} is not usable: {reason}")]
    #[diagnostic(
        code(affiant::package::volume),
        help("check the disk; a volume that was not recorded is written again by `affiant resume`")
    )]
    Volume {
        /// The volume.
        path: Utf8PathBuf,
        /// What the archive code said.
        reason: String,
    },
    /// The program is ending while disk work was under way.
    #[error("the work on the package was cut short")]
    #[diagnostic(
        code(affiant::package::cut_short),
        help("go on with `affiant resume`; everything collected so far is kept")
    )]
    CutShort,
}
