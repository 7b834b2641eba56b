//! Item, folder and attachment ids in Exchange's shape: URL-safe base64 of a binary entry id.
//!
//! An id says which mailbox, which folder (only the normal kind) and which item. Nothing is stored for it, so a
//! million messages cost no memory. Ids are case-sensitive; some differ in the case of one letter only.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;

use super::tenant::{Item, Mailbox};
use crate::terms::Sha256;

const PROVIDER: [u8; 16] = *b"\x1d\x84\x03\x11\xaa\x66\x11\xcd\x9b\xc8\x00\xaa\x00\x2f\xc4\x5a";
const MESSAGE_BYTES: usize = 113;
const IMMUTABLE_BYTES: usize = 53;
const FOLDER_BYTES: usize = 90;
const ATTACHMENT_TAIL: [u8; 5] = [0x01, 0x12, 0x00, 0x10, 0x00];
const NUMBER_MAX: u64 = (1 << 40) - 1;

/// Which kind of id a caller asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Changes when the item moves.
    Normal,
    /// Survives moves: `Prefer: IdType="ImmutableId"`.
    Immutable,
}

/// Why an id cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadId {
    /// Not an id at all.
    Malformed,
    /// An id of something else: another mailbox, or nothing that exists.
    Foreign,
}

/// The id of a message.
pub(super) fn message(mailbox: &Mailbox, item: Item, kind: Kind) -> String {
    URL_SAFE.encode(message_bytes(mailbox, item, kind))
}

/// The message behind an id of either kind.
pub(super) fn read_message(mailbox: &Mailbox, id: &str) -> Result<Item, BadId> {
    let bytes = URL_SAFE.decode(id).map_err(|_| BadId::Malformed)?;
    let number = match bytes.len() {
        MESSAGE_BYTES => bytes.get(105..111),
        IMMUTABLE_BYTES => bytes.get(45..51),
        _ => None,
    };
    let item = item_of(number.ok_or(BadId::Malformed)?).ok_or(BadId::Malformed)?;
    let kind = if bytes.len() == MESSAGE_BYTES { Kind::Normal } else { Kind::Immutable };
    if mailbox.folder_of(item).is_some() && message_bytes(mailbox, item, kind) == bytes {
        Ok(item)
    } else {
        Err(BadId::Foreign)
    }
}

/// The id of a folder; the same for both kinds.
pub(super) fn folder(mailbox: &Mailbox, folder: usize) -> String {
    URL_SAFE.encode(folder_bytes(mailbox, folder))
}

/// The folder behind an id.
pub(super) fn read_folder(mailbox: &Mailbox, id: &str) -> Result<usize, BadId> {
    let bytes = URL_SAFE.decode(id).map_err(|_| BadId::Malformed)?;
    let number = bytes.get(80..86).filter(|_| bytes.len() == FOLDER_BYTES).ok_or(BadId::Malformed)?;
    let folder = usize::try_from(number_of(number)).map_err(|_| BadId::Malformed)?;
    if folder < mailbox.folders.len() && folder_bytes(mailbox, folder) == bytes {
        Ok(folder)
    } else {
        Err(BadId::Foreign)
    }
}

/// The id of the folder above the top, which is never shown.
pub(super) fn store_root(mailbox: &Mailbox) -> String {
    URL_SAFE.encode(folder_bytes(mailbox, 0xff_ffff))
}

/// The id of an attachment, counted from 0.
pub(super) fn attachment(mailbox: &Mailbox, item: Item, kind: Kind, ordinal: usize) -> String {
    let mut bytes = message_bytes(mailbox, item, kind);
    bytes.extend_from_slice(&ATTACHMENT_TAIL);
    let ordinal = u16::try_from(ordinal).unwrap_or(u16::MAX);
    let hash = Sha256::of(&[bytes.as_slice(), &ordinal.to_be_bytes()].concat());
    bytes.extend_from_slice(hash.as_bytes().get(..14).unwrap_or_default());
    bytes.extend_from_slice(&ordinal.to_be_bytes());
    URL_SAFE.encode(bytes)
}

/// The ordinal behind an attachment's id.
pub(super) fn read_attachment(mailbox: &Mailbox, item: Item, id: &str) -> Result<usize, BadId> {
    let bytes = URL_SAFE.decode(id).map_err(|_| BadId::Malformed)?;
    let ordinal = bytes.last_chunk::<2>().map(|pair| usize::from(u16::from_be_bytes(*pair))).ok_or(BadId::Malformed)?;
    let matches = |kind| attachment(mailbox, item, kind, ordinal) == id;
    if matches(Kind::Normal) || matches(Kind::Immutable) { Ok(ordinal) } else { Err(BadId::Foreign) }
}

/// The change key of an item or folder: the value inside its etag.
pub(super) fn change_key(mailbox: &Mailbox, number: u64, revision: u64) -> String {
    let hash = Sha256::of(format!("{} {number} {revision}", mailbox.guid).as_bytes());
    let mut bytes = vec![0x09, 0x00, 0x00, 0x00, 0x16, 0x00, 0x00, 0x00];
    bytes.extend_from_slice(hash.as_bytes().get(..22).unwrap_or_default());
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// A number that is the item's own within its mailbox.
pub(super) fn number(item: Item) -> u64 {
    match item {
        Item::Mail(n) => u64::try_from(n).unwrap_or_default() & NUMBER_MAX,
        Item::Made(batch, n) => (u64::try_from(batch).unwrap_or_default() + 1) << 40 | (n & NUMBER_MAX),
    }
}

fn item_of(bytes: &[u8]) -> Option<Item> {
    item(number_of(bytes))
}

/// The item with this number.
pub(super) fn item(number: u64) -> Option<Item> {
    let n = number & NUMBER_MAX;
    match usize::try_from(number >> 40).ok()?.checked_sub(1) {
        None => usize::try_from(n).ok().map(Item::Mail),
        Some(batch) => Some(Item::Made(batch, n)),
    }
}

fn number_of(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn six(number: u64) -> [u8; 6] {
    let [_, _, rest @ ..] = number.to_be_bytes();
    rest
}

fn replica(mailbox: &Mailbox) -> [u8; 16] {
    Sha256::of(mailbox.guid.as_bytes()).as_bytes().first_chunk().copied().unwrap_or_default()
}

fn message_bytes(mailbox: &Mailbox, item: Item, kind: Kind) -> Vec<u8> {
    let replica = replica(mailbox);
    let number = six(number(item));
    let folder = u64::try_from(mailbox.folder_of(item).unwrap_or_default()).unwrap_or_default();
    // The item's number ends on a multiple of three bytes, so that its last letter is its last six bits.
    let parts: &[&[u8]] = match kind {
        Kind::Normal => &[
            &[0, 3, 36, 0],
            mailbox.guid.as_bytes(),
            &[70, 0, 0, 0, 0, 0],
            &PROVIDER,
            &[7, 0],
            &replica,
            &six(folder),
            &[0, 0, 0],
            &replica,
            &number,
            &[0, 0],
        ],
        Kind::Immutable => &[&[0, 9, 0, 46, 0, 0, 0, 0, 0], &PROVIDER, &[13, 0, 0, 0], &replica, &number, &[0, 0]],
    };
    parts.concat()
}

fn folder_bytes(mailbox: &Mailbox, folder: usize) -> Vec<u8> {
    let number = six(u64::try_from(folder).unwrap_or_default());
    let parts: [&[u8]; 8] = [
        &[0, 3, 36, 0],
        mailbox.guid.as_bytes(),
        &[46, 0, 0, 0, 0, 0],
        &PROVIDER,
        &[3, 0],
        &replica(mailbox),
        &number,
        &[0; 4],
    ];
    parts.concat()
}
