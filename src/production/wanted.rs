//! What a production is asked for. It must not know the command line.

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

/// Whose names the fields have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Names that most loaders map by themselves.
    Generic,
    /// Relativity's names of processing fields.
    Relativity,
    /// Names that Everlaw proposes its standard fields for.
    Everlaw,
    /// Logikcull's names.
    Logikcull,
}

/// How the Concordance file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub enum DatEncoding {
    /// UTF-8 with byte order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// Windows code page 1252; what it lacks becomes `?` and is counted.
    #[serde(rename = "windows-1252")]
    Windows1252,
    /// UTF-16, little-endian, with byte order mark.
    #[serde(rename = "utf-16le")]
    Utf16le,
}

/// Which members of a family have rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Families {
    /// The message and every member.
    Rows,
    /// The message only; its native carries the members.
    ParentOnly,
}

/// Where the natives of a production lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Natives {
    /// Copied into the production, each hashed against the manifest.
    Copy,
    /// Left in the package; paths are from the package's folder. They are read and hashed all the same.
    Reference,
}

/// How dates are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dates {
    /// `06/03/2024`, `14:05:09`.
    Us,
    /// `2024-06-03`, `14:05:09`.
    Iso,
}

/// Among which messages duplicates are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dedupe {
    /// Those of one custodian.
    Custodian,
    /// All.
    Global,
}

/// Everything a production is asked for.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Wanted {
    /// Whose field names.
    pub profile: Profile,
    /// Encoding of the Concordance file.
    pub dat_encoding: DatEncoding,
    /// Which members of a family have rows.
    pub families: Families,
    /// Whether natives are copied.
    pub natives: Natives,
    /// Whether extracted text is written.
    pub text: bool,
    /// Whether the decoded members of families are written as files; needs rows.
    pub attachments: bool,
    /// How dates are written.
    pub dates: Dates,
    /// IANA name of the zone that dates are told in.
    pub zone: String,
    /// Whether duplicates are left out, and among which messages.
    pub dedupe: Option<Dedupe>,
    /// Folders before every path in the load files, parted by backslashes; empty for none.
    pub prefix: String,
    /// The folder below NATIVES, TEXT and ATTACHMENTS: letters, digits, `-` and `_`.
    pub volume: String,
}

impl Wanted {
    /// A time zone by its IANA name.
    pub fn zone(name: &str) -> Option<TimeZone> {
        let plausible = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
        plausible.then(|| TimeZone::get(name).ok()).flatten()
    }

    /// Folders before every path, as typed with `/` or `\\`, each named like a volume; at most 60 characters.
    pub fn prefix(typed: &str) -> Option<String> {
        let folders: Vec<_> = typed.split(['/', '\\']).filter(|folder| !folder.is_empty()).collect();
        let good = !folders.is_empty() && typed.len() <= 60 && folders.iter().all(|folder| Self::is_volume(folder));
        good.then(|| folders.join("\\"))
    }

    /// A path as the load files have it.
    pub(super) fn path(&self, name: &str) -> String {
        let name = name.replace('/', "\\");
        if self.prefix.is_empty() { name } else { format!("{}\\{name}", self.prefix) }
    }

    /// Whether a text can be the name of a volume's folder: it goes into every path, on Windows, too.
    pub fn is_volume(name: &str) -> bool {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let upper = name.to_ascii_uppercase();
        let is_numbered =
            |device: &str| upper.strip_prefix(device).is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit());
        let is_device =
            matches!(upper.as_str(), "CON" | "PRN" | "AUX" | "NUL") || is_numbered("COM") || is_numbered("LPT");
        (1..=20).contains(&name.len()) && name.bytes().all(plain) && !is_device
    }
}
