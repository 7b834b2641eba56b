//! What is collected: which date decides, and which folders.

use std::fmt;

/// The message property that the date range is about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum DateField {
    /// Delivery into this mailbox; set on sent items and drafts too.
    #[default]
    Received,
    /// When the sender's client submitted it.
    Sent,
    /// When the item was made in this mailbox; migrations and imports move it.
    Created,
    /// When the item last changed.
    Modified,
}

impl DateField {
    /// The Graph property behind it.
    pub const fn property(self) -> &'static str {
        match self {
            Self::Received => "receivedDateTime",
            Self::Sent => "sentDateTime",
            Self::Created => "createdDateTime",
            Self::Modified => "lastModifiedDateTime",
        }
    }
}

impl fmt::Display for DateField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Received => "received",
            Self::Sent => "sent",
            Self::Created => "created",
            Self::Modified => "modified",
        })
    }
}

/// A folder path that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a folder path like Inbox/Deal: a name is empty, or a backslash stands before neither / nor \\")]
pub struct FolderPathError;

/// The names from the mailbox root to a folder, as people see them.
///
/// Written with `/` between names; a `/` or `\` inside a name is escaped with `\`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FolderPath(Vec<String>);

impl FolderPath {
    /// A path from its names.
    pub fn new(names: Vec<String>) -> Self {
        Self(names)
    }

    /// Reads `Inbox/Deal`; a leading or trailing `/` is allowed.
    pub fn parse(text: &str) -> Result<Self, FolderPathError> {
        let mut names = vec![String::new()];
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match c {
                '/' => names.push(String::new()),
                '\\' => match chars.next() {
                    Some(escaped @ ('/' | '\\')) => push(&mut names, escaped),
                    _ => return Err(FolderPathError),
                },
                other => push(&mut names, other),
            }
        }
        if names.len() > 1 && names.first().is_some_and(String::is_empty) {
            names.remove(0);
        }
        if names.len() > 1 && names.last().is_some_and(String::is_empty) {
            names.pop();
        }
        if names.iter().any(String::is_empty) { Err(FolderPathError) } else { Ok(Self(names)) }
    }

    /// The names, outermost first.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// The path of a child folder.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        let mut names = self.0.clone();
        names.push(name.to_owned());
        Self(names)
    }

    /// Whether `other` is this folder or lies below it; names compare without case, as in Outlook.
    pub fn covers(&self, other: &Self) -> bool {
        let same = |a: &String, b: &String| a.to_lowercase() == b.to_lowercase();
        self.0.len() <= other.0.len() && self.0.iter().zip(&other.0).all(|(a, b)| same(a, b))
    }
}

fn push(names: &mut [String], c: char) {
    if let Some(last) = names.last_mut() {
        last.push(c);
    }
}

impl fmt::Display for FolderPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, name) in self.0.iter().enumerate() {
            let separator = if i == 0 { "" } else { "/" };
            write!(f, "{separator}{}", name.replace('\\', "\\\\").replace('/', "\\/"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_path_reads_back_whatever_the_names_hold(names in prop::collection::vec("[^\u{0}]{1,8}", 1..5)) {
            let path = FolderPath::new(names);
            prop_assert_eq!(FolderPath::parse(&path.to_string()), Ok(path));
        }

        #[test]
        fn arbitrary_text_never_panics(text in ".*") {
            let _ = FolderPath::parse(&text);
        }
    }

    #[test]
    fn a_folder_covers_itself_and_what_lies_below_it() {
        let path = |text| FolderPath::parse(text).expect("valid path");
        assert!(path("inbox").covers(&path("Inbox/Deal")));
        assert!(path("/Inbox/Deal/").covers(&path("Inbox/Deal")));
        assert!(!path("Inbox/Deal").covers(&path("Inbox")));
        assert!(!path("In").covers(&path("Inbox")));
    }
}
