//! The three load files, written row by row side by side, and the list of what was replaced in them.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Seek as _, Write as _};

use super::clean::Cleaned;
use super::dat::Dat;
use super::document::{Document, Spelling};
use super::edrm::{Edrm, TextFile};
use super::error::ProductionError;
use super::field::{Field, fields, generic};
use super::output::Output;
use super::statement::Counts;
use super::table::Table;
use super::wanted::Wanted;

/// The load files.
pub(super) struct Rows {
    pub(super) fields: Vec<(Field, &'static str)>,
    spelling: Spelling,
    dat: Dat,
    csv: Table,
    pub(super) edrm: Edrm,
    cleaned: Table,
    /// Who belongs to whom, until the documents of the XML file are ended.
    kin: tempfile::SpooledTempFile,
}

impl Rows {
    pub(super) fn begin(output: &mut Output, wanted: &Wanted, description: &str) -> Result<Self, ProductionError> {
        let fields = fields(wanted);
        let names: Vec<_> = fields.iter().map(|(_, name)| *name).collect();
        let mut dat = Dat::begin(output.sheet("LOADFILES/AFF.dat")?, wanted.dat_encoding)?;
        dat.record(names.iter().copied())?;
        let csv = Table::begin(output.sheet("LOADFILES/AFF.csv")?, &names)?;
        let edrm = Edrm::begin(output.sheet("LOADFILES/AFF-edrm.xml")?, description)?;
        let heads = ["control_number", "file", "field", "replaced", "count"];
        let cleaned = Table::begin(output.sheet("LOADFILES/cleaned.csv")?, &heads)?;
        let kin = tempfile::spooled_tempfile(1 << 20);
        Ok(Self { fields, spelling: Spelling::wanted(wanted), dat, csv, edrm, cleaned, kin })
    }

    /// Writes a document into all of them.
    pub(super) fn document(
        &mut self,
        document: &Document<'_>,
        text: Option<&TextFile>,
        counts: &mut Counts,
    ) -> Result<(), ProductionError> {
        let values: Vec<_> =
            self.fields.iter().map(|(field, _)| document.value(*field).spelled(&self.spelling)).collect();
        let dat = self.dat.record(values.iter().map(String::as_str))?;
        let csv = self.csv.row(values.iter().map(String::as_str))?;
        let xml = self.edrm.document(document, &self.fields, text)?;
        let control = document.control();
        let fields: Vec<_> = self.fields.iter().map(|(field, _)| *field).collect();
        for (field, cleaned) in fields.iter().zip(dat) {
            counts.cleaned_dat.add(&cleaned);
            self.say(control, "AFF.dat", *field, &cleaned)?;
        }
        for (field, cleaned) in fields.iter().zip(csv) {
            counts.cleaned_csv.add(&cleaned);
            self.say(control, "AFF.csv", *field, &cleaned)?;
        }
        for (field, cleaned) in xml {
            counts.cleaned_xml.add(&cleaned);
            self.say(control, "AFF-edrm.xml", field, &cleaned)?;
        }
        if let Some((parent, container)) = document.parent() {
            let line = writeln!(self.kin, "{} {parent} {control}", u8::from(container));
            line.map_err(|source| ProductionError::write("relationships".into(), source))?;
        }
        counts.documents += 1;
        Ok(())
    }

    fn say(&mut self, control: &str, file: &str, field: Field, cleaned: &Cleaned) -> Result<(), ProductionError> {
        if cleaned.is_nothing() {
            return Ok(());
        }
        for (sign, count) in cleaned.named() {
            self.cleaned.row([control, file, generic(field), sign, &count.to_string()].into_iter())?;
        }
        Ok(())
    }

    /// Writes who belongs to whom; the folders come next.
    pub(super) fn relationships(&mut self) -> Result<(), ProductionError> {
        self.edrm.relationships()?;
        let wrong = |source| ProductionError::write("relationships".into(), source);
        self.kin.rewind().map_err(wrong)?;
        for line in BufReader::new(&mut self.kin).lines() {
            let line = line.map_err(wrong)?;
            let mut words = line.split(' ');
            if let (Some(container), Some(parent), Some(child)) = (words.next(), words.next(), words.next()) {
                self.edrm.relationship(parent, child, container == "1")?;
            }
        }
        Ok(())
    }

    /// Ends the files; their digests go into `digests`.
    pub(super) fn finish(
        self,
        output: &mut Output,
        digests: &mut BTreeMap<String, String>,
    ) -> Result<Vec<String>, ProductionError> {
        for sheet in [self.dat.finish(), self.csv.finish()?, self.edrm.finish()?, self.cleaned.finish()?] {
            let name = sheet.name().to_owned();
            digests.insert(name, output.close(sheet)?.to_string());
        }
        Ok(self.fields.iter().map(|(_, name)| (*name).to_owned()).collect())
    }
}
