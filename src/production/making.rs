//! The making of a production: message by message, its native, its members, its rows.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use rusqlite::Connection;

use super::document::Document;
use super::duplicates::{Custodians, Duplicates};
use super::edrm::TextFile;
use super::error::ProductionError;
use super::family::{Family, Item, Member, Part, Parts, item, items, members};
use super::listings::{self, Codes, EXCEPTION_HEADS};
use super::natives::Source;
use super::output::{Output, Shelf};
use super::rows::Rows;
use super::statement::Counts;
use super::table::Table;
use super::text;
use super::wanted::{Families, Natives, Wanted};
use crate::identity::{Head, Piece, open};
use crate::terms::{ControlNumber, Matching, Md5, PartRole, Sha256};
use crate::verify::Record;

/// A production that is being made.
pub(super) struct Making<'r> {
    record: &'r Record,
    wanted: &'r Wanted,
    output: Output,
    rows: Rows,
    links: Table,
    left_out: Option<Table>,
    duplicates: Duplicates,
    shelves: Shelves,
    counts: Counts,
}

struct Shelves {
    texts: Shelf,
    attachments: Shelf,
}

/// What a finished production is told as: its folder, counts, digests of load files, names of fields.
type Made = (Output, Counts, BTreeMap<String, String>, Vec<String>);

impl<'r> Making<'r> {
    pub(super) fn begin(record: &'r Record, wanted: &'r Wanted, mut output: Output) -> Result<Self, ProductionError> {
        let description = format!("Affiant acquisition {}", record.head().acquisition_id);
        let rows = Rows::begin(&mut output, wanted, &description)?;
        let heads = ["control_number", "custodian", "mime_path", "url", "sent_utc"];
        let links = Table::begin(output.sheet("LOADFILES/cloud-links.csv")?, &heads)?;
        let heads = ["control_number", "kept_control_number", "custodian", "folder", "content_id", "mih", "sha256"];
        let (duplicates, left_out) = match wanted.dedupe {
            Some(among) => {
                let sheet = output.sheet("LOADFILES/duplicates.csv")?;
                (Duplicates::find(record.db(), among)?, Some(Table::begin(sheet, &heads)?))
            }
            None => (Duplicates::default(), None),
        };
        let shelves = Shelves {
            texts: Shelf::new("TEXT", &wanted.volume),
            attachments: Shelf::new("ATTACHMENTS", &wanted.volume),
        };
        Ok(Self { record, wanted, output, rows, links, left_out, duplicates, shelves, counts: Counts::default() })
    }

    /// Goes through all messages.
    pub(super) fn messages(&mut self, progress: &mut dyn FnMut(u64, u64)) -> Result<(), ProductionError> {
        let db: &'r Connection = self.record.db();
        let total: i64 = db.query_row("SELECT coalesce(sum(bytes), 0) FROM item", [], |row| row.get(0))?;
        let (mut done, total) = (0, u64::try_from(total).unwrap_or(0));
        let mut source = Source::new(self.record.root());
        let (mut parts, mut codes) = (Parts::new(db)?, Codes::new(db)?);
        let mut custodians = self.wanted.dedupe.map(|among| Custodians::new(db, among)).transpose()?;
        let mut statement = items(db)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let item = item(row)?;
            self.counts.messages += 1;
            done += item.bytes;
            if let Some(kept) = self.duplicates.kept_for(item.item_id) {
                self.leave_out(&item, kept)?;
            } else {
                let native = source.read(&item)?;
                let all = custodians.as_mut().map(|custodians| custodians.of(&item)).transpose()?;
                let (parts, codes) = (parts.of(item.item_id)?, codes.of(item.item_id)?);
                self.message(item, &native, &parts, codes, all.unwrap_or_default())?;
            }
            progress(done, total);
        }
        Ok(())
    }

    fn leave_out(&mut self, item: &Item, kept: i64) -> Result<(), ProductionError> {
        let kept = u64::try_from(kept).ok().and_then(ControlNumber::new);
        let hex = |digest: Option<String>| digest.unwrap_or_default();
        let cells = [
            item.control.clone(),
            hex(kept.map(|kept| kept.to_string())),
            item.custodian.clone(),
            item.folder.clone(),
            hex(item.content_id.map(|id| id.to_string())),
            hex(item.mih.map(|mih| mih.to_string())),
            hex(item.sha256.map(|sha256| sha256.to_string())),
        ];
        match &mut self.left_out {
            Some(table) => table.row(cells.iter().map(String::as_str)).map(drop),
            None => Ok(()),
        }
    }

    fn message(
        &mut self,
        item: Item,
        native: &[u8],
        parts: &[Part],
        exceptions: Vec<String>,
        custodians: Vec<String>,
    ) -> Result<(), ProductionError> {
        let place = match self.wanted.natives {
            Natives::Copy => {
                let folder = item.control.parse().map_or_else(|_| "0001".to_owned(), ControlNumber::folder);
                let place = format!("NATIVES/{}/{folder}/{}.eml", self.wanted.volume, item.control);
                self.output.put(&place, native)?;
                place
            }
            Natives::Reference => item.path.clone(),
        };
        let links: Vec<_> = parts.iter().filter(|part| part.role == PartRole::Reference).collect();
        let sent = item.sent.map(|at| at.to_string()).unwrap_or_default();
        for link in &links {
            let url = link.target.as_deref().unwrap_or_default();
            self.links.row([&*item.control, &*item.custodian, &*link.mime_path, url, &*sent].into_iter())?;
        }
        let mut family = Family {
            members: members(&item.control, parts),
            head: Head::default(),
            custodians,
            exceptions,
            has_links: !links.is_empty(),
            native: place,
            text: None,
            item,
        };
        let texts = self.contents(native, &mut family)?;
        self.counts.produced += 1;
        self.counts.native_bytes += family.item.bytes;
        let acquisition = &self.record.head().acquisition_id;
        let rows = if self.wanted.families == Families::Rows { family.members.len() } else { 0 };
        for member in std::iter::once(None).chain((0..rows).map(Some)) {
            let document = Document { family: &family, member, wanted: self.wanted, acquisition };
            self.rows.document(&document, texts.get(&member), &mut self.counts)?;
        }
        Ok(())
    }

    /// Opens the native: heads, hashes, texts and files of the message and its members.
    fn contents(
        &mut self,
        native: &[u8],
        family: &mut Family,
    ) -> Result<HashMap<Option<usize>, TextFile>, ProductionError> {
        let places: HashMap<String, usize> =
            family.members.iter().enumerate().map(|(at, member)| (member.part.mime_path.clone(), at)).collect();
        let (mut texts, mut done) = (HashMap::new(), Ok(()));
        let rows = self.wanted.families == Families::Rows;
        let _ = open(native, &mut |path, piece| {
            let at = places.get(path).copied().filter(|_| rows);
            if at.is_none() && !path.is_empty() {
                return ControlFlow::Continue(());
            }
            match self.piece(piece, at, family) {
                Ok(text) => texts.extend(text.map(|text| (at, text))),
                Err(error) => done = Err(error),
            }
            if done.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        done.map(|()| texts)
    }

    fn piece(
        &mut self,
        piece: &Piece<'_>,
        at: Option<usize>,
        family: &mut Family,
    ) -> Result<Option<TextFile>, ProductionError> {
        let head = piece.head();
        let control = match at.and_then(|at| family.members.get_mut(at)) {
            Some(member) => {
                self.member(piece, member, &family.item.control)?;
                member.head.clone_from(&head);
                member.control.clone()
            }
            None => {
                family.head = head.clone().unwrap_or_default();
                family.item.control.clone()
            }
        };
        if !self.wanted.text {
            return Ok(None);
        }
        let body = text::of_bodies(&piece.text(text::says_something));
        let whole = match &head {
            Some(head) => text::of_message(head, &body),
            None => body,
        };
        let bytes = text::written(&whole);
        if bytes.is_empty() {
            return Ok(None);
        }
        let place = self.shelves.texts.place(&format!("{control}.txt"));
        self.output.put(&place, &bytes)?;
        match at.and_then(|at| family.members.get_mut(at)) {
            Some(member) => member.text = Some(place),
            None => family.text = Some(place),
        }
        Ok(Some(TextFile { bytes: bytes.len() as u64, md5: Md5::of(&bytes) }))
    }

    /// Hashes a member's content, compares it with its row, and writes it where that is asked for.
    fn member(&mut self, piece: &Piece<'_>, member: &mut Member, control: &str) -> Result<(), ProductionError> {
        let content = piece.content();
        if member.part.sha256 != Some(Sha256::of(&content)) {
            return Err(ProductionError::Differs { control_number: control.to_owned() });
        }
        member.matching = Some(Matching::of(&content));
        if self.wanted.attachments {
            let file = format!("{}.{}", member.control, member.part.file_extension());
            let place = self.shelves.attachments.place(&file);
            self.output.put(&place, &content)?;
            member.native = Some(place);
        }
        Ok(())
    }

    /// Ends all lists.
    pub(super) fn finish(self) -> Result<Made, ProductionError> {
        let Self { record, mut output, mut rows, links, left_out, duplicates, shelves, mut counts, .. } = self;
        let db = record.db();
        rows.relationships()?;
        listings::folders(db, &duplicates, &mut rows.edrm)?;
        let mut exceptions = Table::begin(output.sheet("LOADFILES/exceptions.csv")?, &EXCEPTION_HEADS)?;
        listings::exceptions(db, &duplicates, &mut exceptions)?;
        counts.duplicates = duplicates.len();
        (counts.texts, counts.attachments) = (shelves.texts.files(), shelves.attachments.files());
        (counts.cloud_links, counts.exceptions) = (links.rows(), exceptions.rows());
        let mut digests = BTreeMap::new();
        let fields = rows.finish(&mut output, &mut digests)?;
        for table in [Some(links), Some(exceptions), left_out].into_iter().flatten() {
            let sheet = table.finish()?;
            let name = sheet.name().to_owned();
            digests.insert(name, output.close(sheet)?.to_string());
        }
        Ok((output, counts, digests, fields))
    }
}
