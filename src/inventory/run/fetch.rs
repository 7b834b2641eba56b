//! One dataset of a run: asked for page by page or as a file, kept as it came, staged, and settled once it is whole.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek as _, Write as _};

use bytes::Bytes;
use rusqlite::{OptionalExtension as _, params};
use serde::de::IgnoredAny;
use serde_json::Value as Json;

use super::outcome::{Outcome, Trouble, trouble};
use super::{Bench, Line, Order, Step, empty};
use crate::graph::{Downloaded, Fault, Followed, Got, Link, Sink};
use crate::inventory::dataset::{
    Dataset, PageError, Period, kept, members, members_question, question, read_page, tables,
};
use crate::inventory::report::{self, Concealment, Report, Summary};
use crate::inventory::store::{FetchRow, Settled, Stage, StoreError, Whole};
use crate::terms::Exchange;

type Ended = (Line, Option<Trouble>, Concealment);

/// Gets one dataset.
pub(super) async fn dataset(bench: &Bench<'_>, order: &Order, run: i64, dataset: Dataset) -> Result<Ended, StoreError> {
    let job = Job { bench, order, run, dataset };
    match report::of(dataset) {
        Some(report) => job.report(report).await,
        None => job.listing().await,
    }
}

struct Job<'a> {
    bench: &'a Bench<'a>,
    order: &'a Order,
    run: i64,
    dataset: Dataset,
}

/// What a report's reading came to, before it is settled.
struct Read {
    summary: Summary,
    sha256: String,
    kept: Option<String>,
}

impl Job<'_> {
    fn note(&self, row: &FetchRow<'_>) -> Result<i64, StoreError> {
        self.bench.store.note_fetch(self.run, row, (self.bench.clock)())
    }

    fn log(&self, level: &str, code: &str, text: &str) -> Result<(), StoreError> {
        self.bench.store.log(self.run, level, code, text, None, (self.bench.clock)())
    }

    /// Notes a question without an answer.
    fn refused(&self, endpoint: &str, fault: &Fault) -> Result<Trouble, StoreError> {
        let trouble = trouble(fault, self.dataset, &self.bench.signed_in.scopes);
        let (code, text) = (trouble.code.as_str(), trouble.text.as_str());
        self.note(&FetchRow {
            endpoint,
            trail: &fault.trail,
            outcome: trouble.outcome.as_str(),
            error_code: Some(code),
            error_text: Some(text),
            ..FetchRow::default()
        })?;
        Ok(trouble)
    }

    fn lost(&self, period: Option<Period>, trouble: Trouble) -> Ended {
        let line = Line { period, note: Some(trouble.text.clone()), ..empty(self.dataset, trouble.outcome) };
        (line, Some(trouble), Concealment::Unknown)
    }

    /// Whether an entry of a listing is about somebody inside the domains.
    fn keeps(&self, entry: &Json) -> bool {
        let text = |name: &str| entry.get(name).and_then(Json::as_str);
        match self.dataset {
            Dataset::Signin | Dataset::Mfa => text("id").is_some_and(|id| self.is_known("user_v", "user_id", id)),
            _ => self.bench.connection.domains.keeps(text("mail")),
        }
    }

    fn is_known(&self, table: &str, column: &str, value: &str) -> bool {
        let sql = format!("SELECT 1 FROM {table} WHERE tenant_id = ?1 AND {column} = ?2 AND to_snap IS NULL LIMIT 1");
        let tenant = &self.bench.connection.tenant.id;
        let found = self.bench.store.db.prepare_cached(&sql).and_then(|mut one| one.exists(params![tenant, value]));
        found.unwrap_or(false)
    }

    /// Gets a listing.
    async fn listing(&self) -> Result<Ended, StoreError> {
        let store = self.bench.store;
        let (ask, endpoint) = question(self.dataset, None, self.order.minimise);
        let stage = Stage::begin(&store.db, tables(self.dataset))?;
        let (mut fetches, mut rejected, mut rows) = (Vec::new(), 0, 0);
        let (mut link, mut followed): (Option<Link>, _) = (None, Followed::default());
        loop {
            let (bytes, next, trail) = if self.dataset == Dataset::ReportSettings {
                match self.bench.graph.get_kept::<IgnoredAny>(&ask).await {
                    Ok(answer) => (answer.value.bytes, None, answer.trail),
                    Err(fault) => return Ok(self.lost(None, self.refused(endpoint, &fault)?)),
                }
            } else {
                match self.bench.graph.page_kept::<IgnoredAny>(&ask, link.as_ref()).await {
                    Ok(answer) => (answer.value.bytes, answer.value.value.next, answer.trail),
                    Err(fault) => return Ok(self.lost(None, self.refused(endpoint, &fault)?)),
                }
            };
            let page = match self.page(&stage, endpoint, &bytes, &trail)? {
                Ok(page) => page,
                Err(trouble) => return Ok(self.lost(None, trouble)),
            };
            fetches.push(page.0);
            (rows, rejected) = (rows + page.1, rejected + page.2);
            (self.bench.tell)(Step::Rows(self.dataset, rows));
            // Only the newest score is wanted, and each day is a page.
            link = next.filter(|_| self.dataset != Dataset::Securescore);
            match &link {
                None => break,
                Some(link) if followed.leads_on(link, page.1) => {}
                Some(_) => {
                    let trouble = Trouble::new(Outcome::Failed, "paging_loop", "the pages lead in a circle");
                    return Ok(self.lost(None, trouble));
                }
            }
        }
        if rejected > 0 {
            self.log("warning", "rows_rejected", &format!("{}: {rejected} entries could not be read", self.dataset))?;
            if rejected * 100 > rows + rejected {
                let text = format!("{rejected} of {} entries could not be read", rows + rejected);
                return Ok(self.lost(None, Trouble::new(Outcome::Failed, "too_many_rejected", text)));
            }
        }
        if self.dataset == Dataset::Groups {
            self.members(&stage, &mut fetches).await?;
        }
        if self.dataset == Dataset::Org {
            self.name_tenant(&fetches)?;
        }
        let settled = store.settle(&stage, &self.whole("", "", "none", None, &fetches))?;
        Ok(self.had(None, settled, rejected, None, Concealment::Unknown))
    }

    /// Keeps, stages and notes one page: its number, its rows and its odd entries.
    fn page(
        &self,
        stage: &Stage<'_>,
        endpoint: &str,
        bytes: &Bytes,
        trail: &[Exchange],
    ) -> Result<Result<(i64, u64, u64), Trouble>, StoreError> {
        let store = self.bench.store;
        let read = || -> Result<_, PageError> {
            let inside = kept(self.dataset, bytes, &|entry| self.keeps(entry))?;
            let rows = read_page(self.dataset, inside.as_deref().unwrap_or(bytes), stage)?;
            Ok((inside, rows))
        };
        let sha256 = crate::terms::Sha256::of(bytes).to_string();
        match read() {
            Ok((inside, rows)) => {
                let stored = store.keep_body(inside.as_deref().unwrap_or(bytes))?;
                let fetch = self.note(&FetchRow {
                    endpoint,
                    trail,
                    body: Some(sha256),
                    kept: inside.is_some().then(|| stored.sha256.to_string()),
                    rows: Some(rows.rows),
                    rejected: Some(rows.rejected),
                    outcome: "ok",
                    ..FetchRow::default()
                })?;
                Ok(Ok((fetch, rows.rows, rows.rejected)))
            }
            Err(PageError::Store(error)) => Err(error),
            Err(PageError::Shape) => {
                let trouble = Trouble::new(Outcome::Failed, "unexpected_content", PageError::Shape.to_string());
                self.note(&FetchRow {
                    endpoint,
                    trail,
                    outcome: "failed",
                    error_code: Some(&trouble.code),
                    error_text: Some(&trouble.text),
                    ..FetchRow::default()
                })?;
                Ok(Err(trouble))
            }
        }
    }

    /// Counts members in trouble, for the groups that have some. What is refused stays not known.
    async fn members(&self, stage: &Stage<'_>, fetches: &mut Vec<i64>) -> Result<(), StoreError> {
        let groups: Vec<String> = {
            let sql = "SELECT DISTINCT group_id FROM temp.s_licensed_group_v WHERE members_with_errors IS NULL";
            let mut select = stage.db().prepare(sql)?;
            let groups = select.query_map([], |row| row.get(0))?;
            groups.collect::<Result<_, _>>()?
        };
        for group in groups {
            let (ask, endpoint) = members_question(&group);
            let (mut link, mut followed): (Option<Link>, _) = (None, Followed::default());
            loop {
                let answer = match self.bench.graph.page_kept::<IgnoredAny>(&ask, link.as_ref()).await {
                    Ok(answer) => answer,
                    Err(fault) => {
                        self.refused(endpoint, &fault)?;
                        break;
                    }
                };
                let bytes = &answer.value.bytes;
                let stored = self.bench.store.keep_body(bytes.as_ref())?;
                let rows = members(&group, bytes, stage).unwrap_or_default();
                fetches.push(self.note(&FetchRow {
                    endpoint,
                    trail: &answer.trail,
                    body: Some(stored.sha256.to_string()),
                    rows: Some(rows),
                    outcome: "ok",
                    ..FetchRow::default()
                })?);
                link = answer.value.value.next;
                if !link.as_ref().is_some_and(|link| followed.leads_on(link, rows)) {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Takes the organisation's name from what was just kept.
    fn name_tenant(&self, fetches: &[i64]) -> Result<(), StoreError> {
        let store = self.bench.store;
        for fetch in fetches {
            let sql = "SELECT body_sha256 FROM fetch WHERE fetch_id = ?1";
            let sha256: Option<String> = store.db.query_row(sql, [fetch], |row| row.get(0))?;
            let mut bytes = Vec::new();
            let Some(sha256) = sha256 else { continue };
            store.unpack_body(&sha256, &mut bytes)?;
            let page: Json = serde_json::from_slice(&bytes).unwrap_or_default();
            let Some(one) = page.get("value").and_then(|value| value.get(0)) else { continue };
            let domains = one.get("verifiedDomains").and_then(Json::as_array);
            let default =
                domains.into_iter().flatten().find(|domain| domain.get("isDefault") == Some(&Json::Bool(true)));
            let name = one.get("displayName").and_then(Json::as_str);
            let domain = default.and_then(|domain| domain.get("name")).and_then(Json::as_str);
            store.name_tenant(&self.bench.connection.tenant.id, name, domain)?;
        }
        Ok(())
    }

    fn whole<'b>(
        &'b self,
        period: &'b str,
        refresh: &'b str,
        concealment: &'b str,
        columns: Option<&'b str>,
        fetches: &'b [i64],
    ) -> Whole<'b> {
        Whole {
            run: self.run,
            tenant: &self.bench.connection.tenant.id,
            dataset: self.dataset.as_str(),
            period,
            refresh,
            taken: (self.bench.clock)(),
            concealment,
            columns,
            fetches,
        }
    }

    fn had(
        &self,
        period: Option<Period>,
        settled: Settled,
        rejected: u64,
        refresh: Option<String>,
        concealment: Concealment,
    ) -> Ended {
        let note = settled.restates.map(|_| "the service restated figures it gave before for the same date".to_owned());
        let line = Line {
            period,
            rows: Some(settled.rows),
            rejected,
            refresh: refresh.filter(|date| !date.is_empty()),
            unchanged: settled.same_as.is_some(),
            note,
            ..empty(self.dataset, Outcome::Ok)
        };
        (line, None, concealment)
    }

    /// Gets a usage report.
    async fn report(&self, report: &'static Report) -> Result<Ended, StoreError> {
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
