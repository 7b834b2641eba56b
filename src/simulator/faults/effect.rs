//! The words of a fault: where it may strike and what happens then.
//!
//! It must not know names, specifications or how an answer is made.

/// Where a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum Point {
    /// The token endpoint.
    Token,
    /// Where device codes are given out.
    DeviceCode,
    /// The access token of any Graph request.
    Access,
    /// The directory.
    Users,
    /// The top level of folders and single folders.
    Folders,
    /// Folders below a folder.
    Children,
    /// Lists of messages, in no order that was asked for.
    List,
    /// Lists of messages with `$orderby`.
    Sorted,
    /// Single messages as JSON, without their bodies.
    Message,
    /// Single messages as JSON, with their bodies.
    Body,
    /// A message's bytes.
    Value,
    /// Lists of attachments without their content.
    Attachments,
    /// Lists of attachments with their content.
    Contents,
    /// Single attachments.
    Attachment,
    /// Delta queries.
    Delta,
    /// Settings of a mailbox.
    Settings,
    /// The organization and its domains.
    Organization,
    /// What was bought.
    Skus,
    /// The contracts for it.
    Subscriptions,
    /// Groups.
    Groups,
    /// Whether reports conceal names.
    ReportSettings,
    /// What needs Entra P1 or P2: sign-in dates, registered methods.
    Premium,
    /// Usage reports, before the download.
    Report,
    /// The host that reports are downloaded from.
    Download,
    /// Everything that is none of the others.
    Other,
}

/// How a report's file is spoilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum Sheet {
    NoBom,
    Ragged,
    Bad,
    Permuted,
    Twice,
    Unknown,
    Missing,
    Nameless,
    HeaderOnly,
    Empty,
    Blank,
    Lf,
    Commas,
    Restated,
    Doubled,
}

/// What stands in a report instead of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum Names {
    Real,
    Hex,
    Long,
    Guid,
    Base64,
    Pii,
    Unknown,
    Nothing,
    Mixed,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum Effect {
    /// An error with a code and a text; both may be empty.
    Status(u16, &'static str, &'static str),
    /// An error without a body.
    Bare(u16),
    /// An error whose envelope is written the other way: `innererror`, with the code inside and outside empty.
    Inner(u16, &'static str),
    /// An error with a code, a text and `Retry-After`.
    Wait(u16, &'static str, &'static str),
    /// A page of HTML instead of JSON or mail.
    Html(u16),
    /// The connection breaks in the middle of the body.
    Cut,
    /// The body ends half-way as if it were whole.
    Short,
    /// The body promises more bytes than come.
    Promise,
    /// The body pauses half-way for some seconds.
    Stall,
    /// The connection breaks before the first byte of the body.
    Reset,
    /// The next link points to another host.
    ForeignLink,
    /// The next link is the request itself.
    SameLink,
    /// The next link is missing although there is more.
    NoLink,
    /// The next link has lost its user.
    UserlessLink,
    /// The page is empty and links to itself, once.
    EmptyPage,
    /// The last entry stands on the page twice.
    Twice,
    /// `@odata.count` lies.
    WrongCount,
    /// The page ends early; its link leads on from there.
    ShortPage,
    /// The next link skips one message, as when one before it was deleted meanwhile.
    Shift,
    /// Entries chosen by the seed, `rate=`, are left out.
    Omit,
    /// A page with an entry chosen by the seed, `rate=`, is an error.
    BadItem,
    /// A folder is its own child.
    FolderLoop,
    /// `totalItemCount` lies.
    Drift,
    /// The last entry of a page has lost its names, and one without an id follows.
    Nobody,
    /// Sign-in names and addresses are in capitals.
    Capitals,
    /// Members of these names are missing, however deep they stand.
    Drop(&'static [&'static str]),
    /// Members of these names, however deep they stand, have these values, written as JSON.
    Put(&'static [(&'static str, &'static str)]),
    /// The headers by which other workloads of Graph tell how much is left.
    Units,
    /// These characters stand inside a subject's JSON text.
    Subject(&'static str),
    /// The message is gone.
    Vanish,
    /// The message is gone from its id and has another from then on.
    Move,
    /// The message's change key moves after it was served.
    Edit,
    /// The access token counts as expired.
    Expire,
    /// Everything the user's sign-in gave is withdrawn.
    Revoke,
    /// The access token is challenged for more claims.
    Claims,
    /// A redirect to another server, `port=` on this machine or a host that does not exist.
    Redirect,
    /// No answer for some seconds, then the connection breaks.
    Hang,
    /// A report's file at once instead of a link.
    Direct,
    /// A link with another scheme and host.
    Location(&'static str),
    /// A redirect to the request itself.
    Loop,
    /// The document inside a member named `value`.
    Wrap,
    /// A report's file in another shape.
    Sheet(Sheet),
    /// A report with other names.
    Names(Names),
    /// An OAuth error with status 200.
    ErrorAsSuccess,
    /// The token endpoint answers with an AADSTS number, `code=`.
    Aadsts,
}
