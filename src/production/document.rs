//! One row of a load file: the value of each field, from the manifest and the head of the native.
//!
//! What neither of them has is empty. It must not know how rows are written.

use jiff::tz::TimeZone;

use super::family::{Family, Member};
use super::field::Field;
use super::wanted::{Dates, Families, Wanted};
use crate::identity::{CONTENT_ID_VERSION, Head};
use crate::terms::{PartRole, UtcInstant};

/// A message or a member of its family.
#[derive(Clone, Copy)]
pub(super) struct Document<'f> {
    pub(super) family: &'f Family,
    /// Index of the member; `None` for the message.
    pub(super) member: Option<usize>,
    pub(super) wanted: &'f Wanted,
    pub(super) acquisition: &'f str,
}

/// A value before it is spelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Empty,
    Text(String),
    Number(u64),
    Flag(bool),
    Date(UtcInstant),
    Time(UtcInstant),
    Moment(UtcInstant),
    /// A moment that is told in UTC whatever the zone of the others.
    Utc(UtcInstant),
    /// The zone of the others.
    Zone,
}

impl Value {
    fn text(text: Option<impl ToString>) -> Self {
        text.map(|text| text.to_string()).filter(|text| !text.is_empty()).map_or(Self::Empty, Self::Text)
    }

    fn list(all: &[impl AsRef<str>], separator: &str) -> Self {
        let all: Vec<_> = all.iter().map(AsRef::as_ref).collect();
        Self::text(Some(all.join(separator)))
    }

    fn at(instant: Option<UtcInstant>, of: fn(UtcInstant) -> Self) -> Self {
        instant.map_or(Self::Empty, of)
    }

    /// As it stands in a load file.
    pub(super) fn spelled(&self, by: &Spelling) -> String {
        let formed = |at: UtcInstant, us: &str, iso: &str| {
            let form = if by.dates == Dates::Us { us } else { iso };
            at.timestamp().to_zoned(by.zone.clone()).strftime(form).to_string()
        };
        let offset = if by.zone == TimeZone::UTC { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%:z" };
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => if *flag { "Yes" } else { "No" }.to_owned(),
            Self::Date(at) => formed(*at, "%m/%d/%Y", "%Y-%m-%d"),
            Self::Time(at) => formed(*at, "%H:%M:%S", "%H:%M:%S"),
            Self::Moment(at) => formed(*at, "%m/%d/%Y %H:%M:%S", offset),
            Self::Utc(at) => Self::Moment(*at).spelled(&Spelling { zone: TimeZone::UTC, ..by.clone() }),
            Self::Zone => by.name.clone(),
        }
    }
}

/// How values are spelled: the form of dates and the zone they are told in.
#[derive(Debug, Clone)]
pub(super) struct Spelling {
    dates: Dates,
    zone: TimeZone,
    name: String,
}

impl Spelling {
    /// As it is wanted; a zone that is not known is UTC.
    pub(super) fn wanted(wanted: &Wanted) -> Self {
        let zone = Wanted::zone(&wanted.zone);
        let name = if zone.is_some() { wanted.zone.clone() } else { "UTC".to_owned() };
        Self { dates: wanted.dates, zone: zone.unwrap_or(TimeZone::UTC), name }
    }

    /// As programs exchange dates: ISO 8601 in UTC.
    pub(super) fn exchange() -> Self {
        Self { dates: Dates::Iso, zone: TimeZone::UTC, name: "UTC".to_owned() }
    }
}

impl<'f> Document<'f> {
    fn own(&self) -> Option<&'f Member> {
        self.member.and_then(|index| self.family.members.get(index))
    }

    fn head(&self) -> Option<&'f Head> {
        match self.own() {
            Some(member) => member.head.as_ref(),
            None => Some(&self.family.head),
        }
    }

    /// Its control number.
    pub(super) fn control(&self) -> &'f str {
        self.own().map_or(&self.family.item.control, |member| &member.control)
    }

    /// The control number of what it lies in, and whether that is a container that is no message.
    pub(super) fn parent(&self) -> Option<(&'f str, bool)> {
        let parent = self.own()?.parent.and_then(|index| self.family.members.get(index));
        let container = parent.is_some_and(|parent| parent.part.role != PartRole::EmbeddedMessage);
        Some((parent.map_or(&*self.family.item.control, |parent| &*parent.control), container))
    }

    /// Everything that lies in it, at any depth: members stand depth first, so it is what follows until one that lies
    /// outside.
    fn below(&self) -> &'f [Member] {
        let members = &*self.family.members;
        let Some(own) = self.member else { return members };
        let after = members.get(own + 1..).unwrap_or_default();
        let within = after.iter().take_while(|member| member.parent.is_some_and(|parent| parent >= own)).count();
        after.get(..within).unwrap_or_default()
    }

    /// Whether it is a message.
    pub(super) fn is_message(&self) -> bool {
        self.own().is_none_or(|member| member.part.role == PartRole::EmbeddedMessage)
    }

    /// Where its native lies, from the production or the package.
    pub(super) fn native(&self) -> Option<&'f str> {
        self.own().map_or(Some(&self.family.native), |member| member.native.as_ref()).map(String::as_str)
    }

    /// Where its text lies.
    pub(super) fn text(&self) -> Option<&'f str> {
        self.own().map_or(self.family.text.as_ref(), |member| member.text.as_ref()).map(String::as_str)
    }

    fn record_type(&self) -> &'static str {
        match self.own().map(|member| member.part.role) {
            Some(PartRole::EmbeddedMessage) => "Embedded email",
            Some(PartRole::Calendar) => "Calendar",
            Some(_) => "Email attachment",
            None if self.family.item.item_class.to_ascii_uppercase().starts_with("IPM.SCHEDULE") => "Meeting message",
            None => "Email",
        }
    }

    fn smime(&self) -> Value {
        let class = self.family.item.item_class.to_ascii_uppercase();
        if self.has_exception("smime_encrypted") {
            Value::Text("Encrypted".to_owned())
        } else if class.contains("SMIME") {
            Value::Text("Signed".to_owned())
        } else {
            Value::Empty
        }
    }

    fn has_exception(&self, code: &str) -> bool {
        self.family.exceptions.iter().any(|known| known == code)
    }

    /// The value of a field.
    pub(super) fn value(&self, field: Field) -> Value {
        let (item, own) = (&self.family.item, self.own());
        let people =
            |of: fn(&Head) -> &Vec<String>| self.head().map_or(Value::Empty, |head| Value::list(of(head), "; "));
        let said = |of: fn(&Head) -> &Option<String>| Value::text(self.head().and_then(|head| of(head).as_ref()));
        let sent = match own {
            Some(member) => member.head.as_ref().and_then(|head| head.date),
            None => item.sent,
        };
        let received = item.received.filter(|_| own.is_none());
        // What only the message as a whole has.
        let message = |value: Value| if own.is_none() { value } else { Value::Empty };
        match field {
            Field::BegDoc | Field::EndDoc => Value::Text(self.control().to_owned()),
            Field::BegAttach => Value::Text(item.control.clone()),
            Field::EndAttach => {
                let last = self.family.members.last().filter(|_| self.wanted.families == Families::Rows);
                Value::Text(last.map_or(&item.control, |last| &last.control).clone())
            }
            Field::ParentId => Value::text(self.parent().map(|(parent, _)| parent)),
            Field::AttachIds if self.wanted.families == Families::ParentOnly => Value::Empty,
            Field::AttachIds => {
                Value::list(&self.below().iter().map(|member| &member.control).collect::<Vec<_>>(), ";")
            }
            Field::AttachCount => Value::Number(self.below().len() as u64),
            Field::AttachNames => {
                let below = self.below();
                let names = below.iter().filter_map(|member| member.part.name.as_deref());
                Value::list(&names.collect::<Vec<_>>(), ";")
            }
            Field::Custodian => Value::text(Some(&item.custodian)),
            Field::AllCustodians => Value::list(&self.family.custodians, ";"),
            Field::RecordType => Value::Text(self.record_type().to_owned()),
            Field::From => people(|head| &head.from),
            Field::To => people(|head| &head.to),
            Field::Cc => people(|head| &head.cc),
            Field::Bcc => people(|head| &head.bcc),
            Field::Subject if own.is_none() => Value::text(item.subject.as_ref()),
            Field::Subject => said(|head| &head.subject),
            Field::DateSent => Value::at(sent, Value::Date),
            Field::TimeSent => Value::at(sent, Value::Time),
            Field::DateTimeSent => Value::at(sent, Value::Moment),
            Field::DateReceived => Value::at(received, Value::Date),
            Field::TimeReceived => Value::at(received, Value::Time),
            Field::DateTimeReceived => Value::at(received, Value::Moment),
            Field::TimeZone => Value::Zone,
            Field::SortDate => Value::at(item.sent.or(item.received), Value::Moment),
            Field::MessageId if own.is_none() => Value::text(item.message_id.as_ref()),
            Field::MessageId => said(|head| &head.message_id),
            Field::InReplyTo => said(|head| &head.in_reply_to),
            Field::References => said(|head| &head.references),
            Field::ConvIndex => said(|head| &head.thread_index),
            Field::EdrmMih if own.is_none() => Value::text(item.mih),
            Field::EdrmMih => Value::text(self.head().and_then(|head| head.mih)),
            Field::ContentId => message(Value::text(item.content_id.map(|id| format!("{CONTENT_ID_VERSION}:{id}")))),
            Field::Md5 => Value::text(own.map_or(item.md5, |member| member.matching.map(|hashes| hashes.md5))),
            Field::Sha1 => Value::text(own.map_or(item.sha1, |member| member.matching.map(|hashes| hashes.sha1))),
            Field::Sha256 => Value::text(own.map_or(item.sha256, |member| member.part.sha256)),
            Field::FileName => Value::text(match own {
                Some(member) => member.part.name.clone(),
                None => Some(format!("{}.eml", item.control)),
            }),
            Field::FileExt => Value::text(match own {
                Some(member) if member.part.name.is_some() => member.part.extension(),
                Some(member) => Some(member.part.file_extension()).filter(|end| end != "bin"),
                None => Some("eml".to_owned()),
            }),
            Field::FileSize => {
                own.map_or(Some(item.bytes), |member| member.part.bytes).map_or(Value::Empty, Value::Number)
            }
            Field::MimeType => Value::text(match own {
                Some(member) => member.part.media_type.clone(),
                None => Some("message/rfc822".to_owned()),
            }),
            Field::FolderPath => Value::text(Some(&item.folder)),
            Field::NativePath => Value::text(self.native().map(|path| self.wanted.path(path))),
            Field::TextPath => Value::text(self.text().map(|path| self.wanted.path(path))),
            Field::Importance => said(|head| &head.importance),
            Field::Sensitivity => said(|head| &head.sensitivity),
            Field::Categories => self.head().map_or(Value::Empty, |head| Value::list(&head.keywords, ";")),
            Field::IsDraft => message(Value::Flag(item.is_draft)),
            Field::HasCloudLinks => message(Value::Flag(self.family.has_links)),
            Field::Smime => message(self.smime()),
            Field::Irm => message(Value::Flag(self.has_exception("irm_protected"))),
            Field::Label => self.head().map_or(Value::Empty, |head| Value::list(&head.labels, ";")),
            Field::Exception => message(Value::list(&self.family.exceptions, ";")),
            Field::NativeSource => message(Value::text(Some(&item.source))),
            Field::AcquisitionId => Value::Text(self.acquisition.to_owned()),
            Field::CollectedUtc => Value::at(item.collected, Value::Utc),
            Field::SourceMailbox => Value::text(Some(&item.mailbox)),
            Field::GraphId => Value::text(Some(&item.graph_id)),
        }
    }
}
