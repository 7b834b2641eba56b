//! One dataset of a run: asked for page by page, kept as it came, staged, and settled once it is whole. Files are next
//! door, in `report`.

use bytes::Bytes;
use rusqlite::params;
use serde::de::IgnoredAny;
use serde_json::Value as Json;

use super::outcome::{Outcome, Trouble, trouble};
use super::{Bench, Line, Order, Step, empty};
use crate::graph::{Fault, Followed, Link};
use crate::inventory::dataset::{
    Dataset, PageError, Period, kept, members, members_question, question, read_page, tables,
};
use crate::inventory::report::{self, Concealment};
use crate::inventory::store::{FetchRow, Settled, Stage, StoreError, Whole};
use crate::terms::Exchange;

pub(super) type Ended = (Line, Option<Trouble>, Concealment);

/// Gets one dataset.
pub(super) async fn dataset(bench: &Bench<'_>, order: &Order, run: i64, dataset: Dataset) -> Result<Ended, StoreError> {
    let job = Job { bench, order, run, dataset };
    match report::of(dataset) {
        Some(report) => job.report(report).await,
        None => job.listing().await,
    }
}

pub(super) struct Job<'a> {
    pub(super) bench: &'a Bench<'a>,
    pub(super) order: &'a Order,
    run: i64,
    pub(super) dataset: Dataset,
}

impl Job<'_> {
    pub(super) fn note(&self, row: &FetchRow<'_>) -> Result<i64, StoreError> {
        self.bench.store.note_fetch(self.run, row, (self.bench.clock)())
    }

    pub(super) fn log(&self, level: &str, code: &str, text: &str) -> Result<(), StoreError> {
        self.bench.store.log(self.run, level, code, text, None, (self.bench.clock)())
    }

    /// Notes a question without an answer.
    pub(super) fn refused(&self, endpoint: &str, fault: &Fault) -> Result<Trouble, StoreError> {
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

    pub(super) fn lost(&self, period: Option<Period>, trouble: Trouble) -> Ended {
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

    pub(super) fn is_known(&self, table: &str, column: &str, value: &str) -> bool {
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
        if self.dataset == Dataset::Org && !self.name_tenant(&fetches)? {
            let text = "this sign-in is of another tenant than the connection; nothing was kept";
            let trouble = Trouble::new(Outcome::Failed, "other_tenant", text);
            return Ok(self.lost(None, Trouble { stops: true, signs_in: true, ..trouble }));
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

    /// Takes the organisation's name from what was just kept; false where it is another one than the connection's.
    fn name_tenant(&self, fetches: &[i64]) -> Result<bool, StoreError> {
        let (store, tenant) = (self.bench.store, &self.bench.connection.tenant.id);
        let is_id = |text: &str| uuid::Uuid::try_parse(text).is_ok();
        for fetch in fetches {
            let sql = "SELECT body_sha256 FROM fetch WHERE fetch_id = ?1";
            let sha256: Option<String> = store.db.query_row(sql, [fetch], |row| row.get(0))?;
            let mut bytes = Vec::new();
            let Some(sha256) = sha256 else { continue };
            store.unpack_body(&sha256, &mut bytes)?;
            let page: Json = serde_json::from_slice(&bytes).unwrap_or_default();
            let Some(one) = page.get("value").and_then(|value| value.get(0)) else { continue };
            let id = one.get("id").and_then(Json::as_str).unwrap_or_default();
            if is_id(id) && is_id(tenant) && !id.eq_ignore_ascii_case(tenant) {
                return Ok(false);
            }
            let domains = one.get("verifiedDomains").and_then(Json::as_array);
            let default =
                domains.into_iter().flatten().find(|domain| domain.get("isDefault") == Some(&Json::Bool(true)));
            let name = one.get("displayName").and_then(Json::as_str);
            let domain = default.and_then(|domain| domain.get("name")).and_then(Json::as_str);
            store.name_tenant(tenant, name, domain)?;
        }
        Ok(true)
    }

    pub(super) fn whole<'b>(
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

    pub(super) fn had(
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
}
