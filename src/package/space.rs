//! What the system says about a disk, turned into words a person can act on.
//!
//! It must not decide what happens next: every failure here ends the step that met it.

use std::io;

use camino::Utf8Path;

use super::{Package, PackageError};

impl PackageError {
    /// The error of an attempt (`doing`: a verb) on a file or folder.
    pub fn local(doing: &'static str, path: impl AsRef<Utf8Path>, source: io::Error) -> Self {
        let path = path.as_ref().to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull => Self::Full { path },
            io::ErrorKind::QuotaExceeded => Self::Quota { path },
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            io::ErrorKind::PermissionDenied => Self::Denied { path },
            io::ErrorKind::FileTooLarge => Self::TooLarge { path },
            io::ErrorKind::NotADirectory => Self::NotAFolder { path },
            _ => Self::Io { doing, path, source },
        }
    }
}

impl Package {
    /// Bytes that this user may still write on the package's disk; `None` where the system does not say.
    pub fn free_bytes(&self) -> Option<u64> {
        fs4::available_space(self.root()).ok()
    }
}

/// Adds the attempt and its object to an I/O error, where it happens.
pub(super) trait At<T> {
    /// Names what was tried and on what.
    fn at(self, doing: &'static str, path: impl AsRef<Utf8Path>) -> Result<T, PackageError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, doing: &'static str, path: impl AsRef<Utf8Path>) -> Result<T, PackageError> {
        self.map_err(|source| PackageError::local(doing, path, source))
    }
}

#[cfg(test)]
mod tests {
    use miette::Diagnostic as _;

    use super::*;

    #[test]
    fn each_condition_of_the_disk_has_its_own_error_with_advice() {
        for (kind, code) in [
            (io::ErrorKind::StorageFull, "affiant::package::disk_full"),
            (io::ErrorKind::QuotaExceeded, "affiant::package::quota"),
            (io::ErrorKind::ReadOnlyFilesystem, "affiant::package::read_only"),
            (io::ErrorKind::PermissionDenied, "affiant::package::denied"),
            (io::ErrorKind::FileTooLarge, "affiant::package::file_too_large"),
            (io::ErrorKind::NotADirectory, "affiant::package::not_a_folder"),
            (io::ErrorKind::TimedOut, "affiant::package::io"),
        ] {
            let error = PackageError::local("write", "x/data", kind.into());
            assert_eq!(error.code().map(|code| code.to_string()).as_deref(), Some(code));
            assert!(error.help().is_some(), "{code}");
            assert!(error.to_string().contains("x/data"), "{error}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_s_own_word_for_a_full_disk_is_understood() {
        use std::io::Write as _;
        let mut full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has /dev/full");
        let error = full.write_all(b"x").expect_err("nothing fits");
        assert!(matches!(PackageError::local("write", "/dev/full", error), PackageError::Full { .. }));
    }
}
