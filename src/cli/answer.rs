//! An answer on its way out: a table for people, CSV for spreadsheets, JSON for programs.
//!
//! Columns are the fields of the rows, in their order. It must not know what a question is about.

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::Serialize;

use super::connection::with_store;
use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::output::json;
use super::show::{plain, table};
use crate::directory::guarded;
use crate::inventory::{Answer, Filter, StoreError, View};
use crate::terms::UtcInstant;

/// What every question takes.
#[derive(Debug, clap::Args)]
pub(super) struct Ask {
    /// The connection [default: the only one]
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
    /// As of the end of this day, or of this instant [default: now]
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// Print CSV
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Write it to this file, which must not exist
    #[arg(long, value_name = "FILE")]
    out: Option<Utf8PathBuf>,
}

/// Which people a question is about.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "People")]
pub(super) struct People {
    /// Only this department; repeatable, none for people without one
    #[arg(long, value_name = "TEXT")]
    department: Vec<String>,
    /// Only member or guest; none for accounts of which it is not known
    #[arg(long, value_name = "TYPE")]
    user_type: Vec<String>,
    /// Only this product: part number, or any part of its name; none for people without a licence
    #[arg(long, value_name = "PRODUCT")]
    license: Vec<String>,
    /// Only this kind of mailbox: user, shared, room, equipment; none where it is not known
    #[arg(long, value_name = "KIND")]
    resource: Vec<String>,
    /// Only addresses of this domain, exactly; none for people without an address
    #[arg(long, value_name = "DOMAIN")]
    domain: Vec<String>,
    /// Leave disabled accounts out
    #[arg(long)]
    exclude_disabled: bool,
}

impl People {
    /// What they are chosen by.
    pub(super) fn filter(&self) -> Filter {
        Filter {
            departments: self.department.clone(),
            user_types: self.user_type.clone(),
            licences: self.license.clone(),
            resources: self.resource.clone(),
            domains: self.domain.clone(),
            only_enabled: self.exclude_disabled,
        }
    }
}

impl Ask {
    /// Asks, and prints the answer; of a table only the columns that are named, of CSV and JSON all.
    pub(super) async fn answer<T: Serialize + JsonSchema + Send + 'static>(
        &self,
        desk: &Desk,
        columns: &'static [&'static str],
        ask: impl FnOnce(&View<'_>) -> Result<Answer<T>, StoreError> + Send + 'static,
    ) -> Result<Exit, Failure> {
        let (label, at) = (self.connection.clone(), self.moment()?);
        let answer = with_store(desk, move |store| {
            let tenant = store.the_connection(label.as_deref())?.tenant.id;
            Ok(ask(&store.view(&tenant, at)?)?)
        });
        self.show(desk, columns, &answer.await?)
    }

    /// Whether the question is about now.
    pub(super) const fn is_about_now(&self) -> bool {
        self.as_of.is_none()
    }

    /// The connection that is asked about, where one is named.
    pub(super) fn connection(&self) -> Option<&str> {
        self.connection.as_deref()
    }

    /// Prints an answer.
    pub(super) fn show<T: Serialize + JsonSchema>(
        &self,
        desk: &Desk,
        columns: &[&str],
        answer: &Answer<T>,
    ) -> Result<Exit, Failure> {
        let text = if desk.json {
            json(answer)
        } else if self.csv {
            sheet(&answer.rows)?
        } else {
            let (heads, cells) = columns_of(&answer.rows, columns)?;
            let right = numeric(&cells, heads.len());
            let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
            if cells.is_empty() { String::new() } else { table(&heads, &right, &cells) }
        };
        self.put(desk, &text)?;
        if !desk.json {
            if answer.rows.is_empty() && answer.notes.is_empty() {
                desk.note("nothing found");
            }
            for note in &answer.notes {
                desk.note(note);
            }
            if !answer.as_of.is_empty() {
                let dates: Vec<String> = answer.as_of.iter().map(ToString::to_string).collect();
                desk.note(&format!("as of: {}", dates.join("; ")));
            }
        }
        Ok(Exit::Complete)
    }

    /// The moment asked about.
    pub(super) fn moment(&self) -> Result<Option<UtcInstant>, Failure> {
        self.as_of.as_deref().map(moment).transpose()
    }

    /// The day asked about, `YYYY-MM-DD`: that of the moment, or today.
    pub(super) fn day(&self, desk: &Desk) -> Result<String, Failure> {
        // The end of a day is the first instant of the next.
        let day = |at: UtcInstant| at.to_string().get(..10).unwrap_or_default().to_owned();
        match (&self.as_of, self.moment()?) {
            (Some(text), Some(_)) if text.trim().len() == 10 => Ok(text.trim().to_owned()),
            (_, at) => Ok(day(at.unwrap_or((desk.clock)()))),
        }
    }

    fn put(&self, desk: &Desk, text: &str) -> Result<(), Failure> {
        let Some(path) = &self.out else {
            desk.print(text);
            return Ok(());
        };
        let write = || {
            let mut file = std::fs::File::create_new(path)?;
            std::io::Write::write_all(&mut file, text.as_bytes())?;
            file.sync_all()
        };
        write().map_err(|error| {
            let why = error.kind().to_string();
            Failure::failed(
                format!("the file could not be written: {why}"),
                "name one that does not exist, in a folder that does",
            )
            .about(path)
        })
    }
}

/// A day, which means its end, or an instant.
pub(super) fn moment(text: &str) -> Result<UtcInstant, Failure> {
    let day = text.trim().parse::<jiff::civil::Date>().ok().filter(|_| text.trim().len() == 10);
    let end = day
        .and_then(|day| day.tomorrow().ok())
        .and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok())
        .map(|at| UtcInstant::new(at.timestamp()));
    end.or_else(|| UtcInstant::parse(text.trim()).ok()).ok_or_else(|| {
        Failure::usage("--as-of is neither a day nor an instant", "write 2026-09-30, or 2026-09-30T12:00:00Z")
    })
}

/// All rows as records, the first one the names of the columns.
fn records<T: Serialize>(rows: &[T]) -> Result<Vec<csv::StringRecord>, Failure> {
    let unwritable = || Failure::failed("the answer could not be laid out", "ask with --json, and report this");
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).map_err(|_| unwritable())?;
    }
    let bytes = writer.into_inner().map_err(|_| unwritable())?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_slice());
    reader.records().collect::<Result<_, _>>().map_err(|_| unwritable())
}

/// RFC 4180 with a byte-order mark, so that spreadsheets read it as UTF-8, and no cell that they would calculate.
pub(super) fn sheet<T: Serialize>(rows: &[T]) -> Result<String, Failure> {
    let unwritable = |_| Failure::failed("the answer could not be laid out", "ask with --json, and report this");
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for record in records(rows)? {
        writer.write_record(record.iter().map(|cell| guarded(cell).into_owned())).map_err(unwritable)?;
    }
    let bytes = writer.into_inner().unwrap_or_default();
    Ok(format!("\u{feff}{}", String::from_utf8_lossy(&bytes)))
}

/// The named columns as heads and cells.
fn columns_of<T: Serialize>(rows: &[T], named: &[&str]) -> Result<(Vec<String>, Vec<Vec<String>>), Failure> {
    let mut records = records(rows)?.into_iter();
    let Some(heads) = records.next() else { return Ok((Vec::new(), Vec::new())) };
    let places: Vec<usize> = named.iter().filter_map(|name| heads.iter().position(|head| head == *name)).collect();
    let cells = records.map(|record| {
        let cell = |place: &usize| shortened(&plain(record.get(*place).unwrap_or_default()));
        places.iter().map(cell).collect()
    });
    let heads = places.iter().filter_map(|place| heads.get(*place)).map(|head| head.replace('_', " ").to_uppercase());
    Ok((heads.collect(), cells.collect()))
}

/// A moment without its time, which nobody reads in a table; a flag in words.
fn shortened(cell: &str) -> String {
    let is_moment = cell.len() >= 20 && cell.as_bytes().get(10) == Some(&b'T') && cell.ends_with('Z');
    if let "true" | "false" = cell {
        return if cell == "true" { "yes" } else { "no" }.to_owned();
    }
    if is_moment { cell.get(..10).unwrap_or(cell).to_owned() } else { cell.to_owned() }
}

/// Columns that hold numbers and nothing else.
fn numeric(cells: &[Vec<String>], columns: usize) -> Vec<usize> {
    let is_number = |cell: &String| cell.is_empty() || cell.parse::<i64>().is_ok();
    (0..columns).filter(|column| cells.iter().filter_map(|row| row.get(*column)).all(is_number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Row {
        user: &'static str,
        seats_free: Option<i64>,
        changed: &'static str,
    }

    #[test]
    fn a_sheet_quotes_guards_and_says_nothing_for_what_is_not_known() {
        let rows = [
            Row { user: "=cmd()", seats_free: None, changed: "a, \"b\"" },
            Row { user: "ana", seats_free: Some(-3), changed: "" },
        ];
        let text = sheet(&rows).expect("a sheet");
        assert_eq!(text, "\u{feff}user,seats_free,changed\r\n'=cmd(),,\"a, \"\"b\"\"\"\r\nana,'-3,\r\n");
    }

    #[test]
    fn a_table_has_the_named_columns_in_their_order() {
        let rows = [Row { user: "ana\u{1b}", seats_free: Some(7), changed: "2026-11-28T08:00:00.000Z" }];
        let (heads, cells) = columns_of(&rows, &["changed", "seats_free", "user"]).expect("columns");
        assert_eq!(heads, ["CHANGED", "SEATS FREE", "USER"]);
        assert_eq!(cells, [["2026-11-28", "7", "ana"]]);
        assert_eq!(numeric(&cells, 3), [1]);
    }
}
