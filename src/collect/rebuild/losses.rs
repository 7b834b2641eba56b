//! What a rebuilt message lacks, in words for the record.
//!
//! It must hold nothing of the mail itself: numbers and kinds, no names and no text.

use std::fmt;

/// One thing that the rebuilt message lacks or has in another form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// What it is.
    pub kind: LossKind,
    /// Which attachment, by its place in the list from 1; `None` for the message itself.
    pub attachment: Option<usize>,
}

/// The kinds of loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LossKind {
    /// The service gave none of the original header fields: no Received, no DKIM, no custom field.
    NoOriginalHeaders,
    /// An original header field has a name that cannot be written.
    HeaderLeftOut,
    /// Control characters in a header value became spaces.
    HeaderChanged,
    /// The service gave no body.
    NoBody,
    /// The attachment is not here.
    Attachment(LostBecause),
    /// The attachment is a link; the file was not fetched.
    LinkOnly,
    /// The stated media type cannot be written; the part is marked `application/octet-stream`.
    TypeReplaced,
    /// The Content-ID cannot be written.
    ContentIdLeftOut,
}

/// Why an attachment could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LostBecause {
    /// The service cannot open it (for instance an OLE object).
    Unreadable,
    /// The service refused access.
    Refused,
    /// It was gone when it was fetched.
    Gone,
    /// The service kept failing until the time allowed was over.
    Unavailable,
    /// The service lists it without any content.
    Empty,
}

impl LostBecause {
    /// A fragment that fits after "attachment".
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "could not be opened by the service",
            Self::Refused => "was refused by the service",
            Self::Gone => "was gone when it was fetched",
            Self::Unavailable => "could not be had in the time allowed",
            Self::Empty => "is listed by the service without content",
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(number) = self.attachment {
            write!(f, "attachment {number}: ")?;
        }
        f.write_str(match self.kind {
            LossKind::NoOriginalHeaders => "no original header fields were given",
            LossKind::HeaderLeftOut => "an original header field could not be written",
            LossKind::HeaderChanged => "control characters in a header field became spaces",
            LossKind::NoBody => "no body was given",
            LossKind::Attachment(because) => because.as_str(),
            LossKind::LinkOnly => "only the link is here",
            LossKind::TypeReplaced => "its media type could not be written",
            LossKind::ContentIdLeftOut => "its content id could not be written",
        })
    }
}
