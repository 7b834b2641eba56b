//! One usage report of a run: fetched as a file, read line by line, kept whole or as the rows inside the domains.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek as _, Write as _};

use bytes::Bytes;
use rusqlite::{OptionalExtension as _, params};

use super::Line;
use super::fetch::{Ended, Job};
use super::outcome::{Outcome, Trouble};
use crate::graph::{Downloaded, Got, Sink};
use crate::inventory::dataset::{Period, question};
use crate::inventory::report::{self, Concealment, Report, Summary};
use crate::inventory::store::{FetchRow, Stage, StoreError};

/// What a report's reading came to, before it is settled.
struct Read {
    summary: Summary,
    sha256: String,
    kept: Option<String>,
}

impl Job<'_> {
    /// Gets a usage report.
    pub(super) async fn report(&self, report: &'static Report) -> Result<Ended, StoreError> {
        let store = self.bench.store;
        let period = report.has_period.then(|| self.order.period.unwrap_or(Period::of(self.dataset)));
        let word = period.map_or("", Period::as_str);
        let (ask, endpoint) = question(self.dataset, period, false);
        let ask = ask.unless(self.etag(word)?);
        let mut file = Arriving(tempfile::tempfile().map_err(StoreError::File)?);
        let answer = match self.bench.graph.download(&ask, &mut file).await {
            Ok(answer) => answer,
            Err(fault) => return Ok(self.lost(period, self.refused(endpoint, &fault)?)),
        };
        let Downloaded { got, host, etag, content_type } = &answer.value;
        let row = FetchRow {
            endpoint,
            trail: &answer.trail,
            redirect_host: host.as_deref(),
            etag: etag.as_deref(),
            content_type: content_type.as_deref(),
            outcome: "ok",
            ..FetchRow::default()
        };
        if *got == Got::NotModified {
            let fetches = [self.note(&FetchRow { outcome: "not_modified", ..row })?];
            let whole = self.whole(word, "", "none", None, &fetches);
            return Ok(match store.settle_unchanged(&whole)? {
                Some(settled) => {
                    let sql = "SELECT concealment, refresh_date FROM snapshot WHERE snap_id = ?1";
                    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?));
                    let (word, refresh) = store.db.query_row(sql, [settled.snap], read)?;
                    let found = if report.is_about_people() { Concealment::parse(&word) } else { Concealment::Unknown };
                    let (line, trouble, found) = self.had(period, settled, 0, Some(refresh), found);
                    (Line { outcome: Outcome::NotModified, ..line }, trouble, found)
                }
                None => {
                    let text = "the service says that nothing changed, but nothing is here";
                    self.lost(period, Trouble::new(Outcome::Failed, "not_modified", text))
                }
            });
        }
        let stage = Stage::begin(&store.db, report.tables)?;
        let read = match self.read(report, &mut file.0, &stage)? {
            Ok(read) => read,
            Err(trouble) => {
                file.0.rewind().map_err(StoreError::File)?;
                let stored = store.keep_body(&mut file.0)?;
                self.note(&FetchRow {
                    body: Some(stored.sha256.to_string()),
                    outcome: "failed",
                    error_code: Some(&trouble.code),
                    error_text: Some(&trouble.text),
                    ..row
                })?;
                return Ok(self.lost(period, trouble));
            }
        };
        let Read { summary, sha256, kept } = read;
        let fetches = [self.note(&FetchRow {
            body: Some(sha256),
            kept,
            rows: Some(summary.rows),
            rejected: Some(summary.rejected),
            ..row
        })?];
        self.remarks(&summary)?;
        let columns = serde_json::json!(summary.columns).to_string();
        let concealment = if report.is_about_people() { summary.concealment() } else { Concealment::Unknown };
        let says = if report.is_about_people() { concealment.as_str() } else { "none" };
        let whole = self.whole(word, &summary.refresh, says, Some(&columns), &fetches);
        let settled = store.settle(&stage, &whole)?;
        let (mut line, trouble, concealment) =
            self.had(period, settled, summary.rejected, Some(summary.refresh.clone()), concealment);
        if summary.rows + summary.outside == 0 {
            line.note = Some("a header and no rows: no data yet, or no such service".to_owned());
        }
        Ok((line, trouble, concealment))
    }

    /// The entity tag of the newest snapshot, if the same people were wanted then.
    fn etag(&self, period: &str) -> Result<Option<String>, StoreError> {
        let connection = self.bench.connection;
        let domains = serde_json::json!(connection.domains.names()).to_string();
        let sql = "SELECT f.etag FROM snapshot s JOIN sync_run r USING (run_id) JOIN fetch f ON f.snap_id = s.snap_id
           WHERE s.snap_id = (SELECT max(snap_id) FROM snapshot WHERE tenant_id = ?1 AND dataset = ?2 AND period = ?3
             AND complete = 1) AND r.domains_json = ?4 AND f.etag IS NOT NULL";
        let with = params![connection.tenant.id, self.dataset.as_str(), period, domains];
        Ok(self.bench.store.db.query_row(sql, with, |row| row.get(0)).optional()?)
    }

    /// Reads the file into the staging, and keeps it, or what of it is inside the domains.
    fn read(
        &self,
        report: &'static Report,
        file: &mut File,
        stage: &Stage<'_>,
    ) -> Result<Result<Read, Trouble>, StoreError> {
        let store = self.bench.store;
        let domains = &self.bench.connection.domains;
        let narrow = matches!(domains, crate::inventory::Domains::Listed(_)) && report.is_about_people();
        let keeps = |bare: &str| {
            !narrow || self.is_known("user_address_v", "kind = 'upn' AND address", bare) || domains.keeps(Some(bare))
        };
        file.rewind().map_err(StoreError::File)?;
        let inside = tempfile::tempfile().map_err(StoreError::File)?;
        let mut writer = csv::Writer::from_writer(BufWriter::new(inside));
        let mut copy = |record: &csv::StringRecord| {
            writer.write_record(record).map_err(|error| StoreError::File(io::Error::other(error)))
        };
        let transaction = store.db.unchecked_transaction()?;
        let read = report::read(
            report,
            BufReader::with_capacity(1 << 16, &*file),
            stage,
            &keeps,
            if narrow { Some(&mut copy) } else { None },
        );
        transaction.commit()?;
        let summary = match read {
            Ok(summary) => summary,
            Err(report::ReportError::Store(error)) => return Err(error),
            Err(error) => {
                let code = match &error {
                    report::ReportError::UnexpectedContent => "unexpected_content",
                    report::ReportError::Empty => "empty",
                    report::ReportError::NoColumn(_) => "column_missing",
                    report::ReportError::TooManyRejected { .. } => "too_many_rejected",
                    report::ReportError::BreaksOff(_) => "breaks_off",
                    _ => "unreadable",
                };
                return Ok(Err(Trouble::new(Outcome::Failed, code, error.to_string())));
            }
        };
        file.rewind().map_err(StoreError::File)?;
        if !narrow {
            let sha256 = store.keep_body(&mut *file)?.sha256.to_string();
            return Ok(Ok(Read { summary, sha256, kept: None }));
        }
        let (whole, _) = crate::terms::pour(&mut *file, io::sink()).map_err(StoreError::File)?;
        let inside = writer.into_inner().map_err(|error| StoreError::File(io::Error::other(error.to_string())))?;
        let mut inside = inside.into_inner().map_err(|error| StoreError::File(error.into_error()))?;
        inside.rewind().map_err(StoreError::File)?;
        let kept = store.keep_body(&mut inside)?;
        Ok(Ok(Read { summary, sha256: whole.to_string(), kept: Some(kept.sha256.to_string()) }))
    }

    /// What is worth a line about a report that was taken.
    fn remarks(&self, summary: &Summary) -> Result<(), StoreError> {
        let name = self.dataset.as_str();
        if !summary.unknown.is_empty() {
            let columns = summary.unknown.iter().map(|name| name.chars().take(80).collect::<String>());
            let columns = columns.collect::<Vec<_>>().join(", ");
            self.log("warning", "schema_drift", &format!("{name}: columns that are not known: {columns}"))?;
        }
        if summary.rejected > 0 {
            let lines = summary.lines.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
            let text = format!("{name}: {} rows do not fit the header, in lines {lines}", summary.rejected);
            self.log("warning", "rows_rejected", &text)?;
        }
        if summary.repeated > 0 {
            let text =
                format!("{name}: {} rows are about somebody another row is about; they are numbered", summary.repeated);
            self.log("warning", "repeated", &text)?;
        }
        if summary.outside > 0 {
            let text =
                format!("{name}: {} rows outside the domains were dropped; only the rest is stored", summary.outside);
            self.log("info", "outside_domains", &text)?;
        }
        Ok(())
    }
}

/// The file an answer arrives in.
struct Arriving(File);

impl Sink for Arriving {
    async fn begin(&mut self) -> io::Result<()> {
        self.0.rewind()?;
        self.0.set_len(0)
    }

    async fn chunk(&mut self, bytes: Bytes) -> io::Result<()> {
        self.0.write_all(&bytes)
    }
}
