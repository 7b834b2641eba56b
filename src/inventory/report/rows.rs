//! One row of a report becomes rows of the store.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use serde_json::{Map, json};

use super::principal::{Kind, classify};
use super::read::{Row, Summary};
use super::table::{Report, Target};
use super::value;
use crate::inventory::store::table;
use crate::inventory::store::{Stage, StoreError};

const SERVICES: [(&str, &str); 6] = [
    ("exchange", "exchange"),
    ("onedrive", "onedrive"),
    ("sharepoint", "sharepoint"),
    ("skypeforbusiness", "skype"),
    ("yammer", "yammer"),
    ("teams", "teams"),
];
const APPS: [&str; 6] = ["outlook", "word", "excel", "powerpoint", "onenote", "teams"];
const PLATFORMS: [&str; 4] = ["windows", "mac", "mobile", "web"];

/// Whether it is a column of the app report: an app, a platform, or both.
pub(super) fn is_app_column(plain: &str) -> bool {
    app_column(plain).is_some()
}

fn app_column(plain: &str) -> Option<(&'static str, &'static str)> {
    if let Some(platform) = PLATFORMS.into_iter().find(|platform| *platform == plain) {
        return Some(("", platform));
    }
    let (app, rest) = APPS.into_iter().find_map(|app| Some((app, plain.strip_prefix(app)?)))?;
    if rest.is_empty() {
        return Some((app, ""));
    }
    PLATFORMS.into_iter().find(|platform| *platform == rest).map(|platform| (app, platform))
}

fn text(text: Option<&str>) -> Value {
    text.map_or(Value::Null, |text| Value::Text(text.to_owned()))
}

fn integer(number: Option<i64>) -> Value {
    number.map_or(Value::Null, Value::Integer)
}

fn number(row: &Row<'_>, column: &str) -> Value {
    integer(row.get(column).and_then(value::number))
}

fn date(row: &Row<'_>, column: &str) -> Value {
    text(row.get(column).and_then(value::date))
}

fn yes(row: &Row<'_>, column: &str) -> Value {
    integer(row.get(column).and_then(value::yes).map(i64::from))
}

/// Writes the rows of one report into the staging.
pub(super) struct Writer<'a> {
    pub(super) report: &'static Report,
    pub(super) stage: &'a Stage<'a>,
}

impl Writer<'_> {
    /// Writes one row; false when it is about somebody outside.
    pub(super) fn row(
        &self,
        row: &Row<'_>,
        keeps: &dyn Fn(&str) -> bool,
        summary: &mut Summary,
        ordinals: &mut BTreeMap<String, u32>,
    ) -> Result<bool, StoreError> {
        if self.report.principal.is_empty() {
            self.totals(row)?;
            return Ok(true);
        }
        let name = row.get(self.report.principal).unwrap_or_default();
        let kind = classify(name);
        *summary.kinds.entry(kind).or_default() += 1;
        let bare = name.to_lowercase();
        if !keeps(&bare) {
            return Ok(false);
        }
        let principal = self.principal(row, name, (kind, &bare), summary, ordinals)?;
        match self.report.target {
            Target::Email => self.email(row, principal)?,
            Target::Mailbox => self.mailbox(row, principal)?,
            Target::Active => self.active(row, &principal)?,
            Target::Activation => self.activation(row, principal)?,
            Target::App => self.app(row, &principal)?,
            Target::Metrics | Target::Totals => self.metrics(row, &principal)?,
        }
        Ok(true)
    }

    /// Stages the name; one that is there already gets a number, but where a person has several rows by design.
    fn principal(
        &self,
        row: &Row<'_>,
        name: &str,
        (kind, bare): (Kind, &str),
        summary: &mut Summary,
        ordinals: &mut BTreeMap<String, u32>,
    ) -> Result<String, StoreError> {
        // The directory's own id, where the report has one; the zero id stands for a concealed one.
        let id = row.get("userid").and_then(|id| uuid::Uuid::try_parse(id).ok()).filter(|id| !id.is_nil());
        let hint = id.map(|id| id.to_string()).unwrap_or_default();
        let values = |name: String| {
            let (kind, bare, hint) = (kind.as_str().into(), bare.to_owned(), hint.clone());
            [
                Value::Text(name),
                Value::Text(kind),
                Value::Null,
                Value::Text("none".into()),
                Value::Text(bare),
                Value::Text(hint),
            ]
        };
        if self.stage.put(&table::PRINCIPAL, &values(name.to_owned()))? || self.report.target == Target::Activation {
            return Ok(name.to_owned());
        }
        summary.repeated += 1;
        let last = ordinals.entry(name.to_owned()).or_insert(1);
        loop {
            *last += 1;
            let numbered = format!("{name}#{last}");
            if self.stage.put(&table::PRINCIPAL, &values(numbered.clone()))? {
                return Ok(numbered);
            }
        }
    }

    fn email(&self, row: &Row<'_>, principal: String) -> Result<(), StoreError> {
        let values = [
            Value::Text(principal),
            yes(row, "isdeleted"),
            date(row, "deleteddate"),
            date(row, "lastactivitydate"),
            number(row, "sendcount"),
            number(row, "receivecount"),
            number(row, "readcount"),
            number(row, "meetingcreatedcount"),
            number(row, "meetinginteractedcount"),
            text(row.get("assignedproducts")),
            self.extra(row),
        ];
        self.stage.put(&table::EMAIL, &values).map(|_| ())
    }

    fn mailbox(&self, row: &Row<'_>, principal: String) -> Result<(), StoreError> {
        let values = [
            Value::Text(principal),
            text(row.get("recipienttype").and_then(value::recipient).as_deref()),
            yes(row, "isdeleted"),
            date(row, "deleteddate"),
            date(row, "createddate"),
            date(row, "lastactivitydate"),
            number(row, "itemcount"),
            number(row, "storageusedbyte"),
            number(row, "issuewarningquotabyte"),
            number(row, "prohibitsendquotabyte"),
            number(row, "prohibitsendreceivequotabyte"),
            number(row, "deleteditemcount"),
            number(row, "deleteditemsizebyte"),
            number(row, "deleteditemquotabyte"),
            yes(row, "hasarchive"),
            self.extra(row),
        ];
        self.stage.put(&table::MAILBOX, &values).map(|_| ())
    }

    fn active(&self, row: &Row<'_>, principal: &str) -> Result<(), StoreError> {
        for (column, service) in SERVICES {
            let values = [
                Value::Text(principal.to_owned()),
                Value::Text(service.to_owned()),
                yes(row, &format!("has{column}license")),
                date(row, &format!("{column}lastactivitydate")),
                date(row, &format!("{column}licenseassigndate")),
            ];
            self.stage.put(&table::ACTIVE, &values)?;
        }
        Ok(())
    }

    fn activation(&self, row: &Row<'_>, principal: String) -> Result<(), StoreError> {
        let values = [
            Value::Text(principal),
            Value::Text(row.get("producttype").unwrap_or_default().to_owned()),
            date(row, "lastactivateddate"),
            number(row, "windows"),
            number(row, "mac"),
            number(row, "windows10mobile"),
            number(row, "ios"),
            number(row, "android"),
            yes(row, "activatedonsharedcomputer"),
        ];
        self.stage.put(&table::ACTIVATION, &values).map(|_| ())
    }

    /// Apps and platforms by themselves are written either way, pairs of them only where used: a yes needs its place,
    /// and thirty times no for each person does not.
    fn app(&self, row: &Row<'_>, principal: &str) -> Result<(), StoreError> {
        for (i, _, plain) in row.columns() {
            let Some((app, platform)) = app_column(plain) else { continue };
            let Some(used) = row.at(i).and_then(value::yes) else { continue };
            if used || app.is_empty() || platform.is_empty() {
                let of = |text: &str| Value::Text(text.to_owned());
                let values = [of(principal), of(app), of(platform), Value::Integer(i64::from(used))];
                self.stage.put(&table::APP, &values)?;
            }
        }
        for column in ["Last Activation Date", "Last Activity Date"] {
            self.metric(principal, column, row.get(&value::plain(column)))?;
        }
        Ok(())
    }

    fn metrics(&self, row: &Row<'_>, principal: &str) -> Result<(), StoreError> {
        const NOT: [&str; 9] = [
            "reportrefreshdate",
            "reportperiod",
            "displayname",
            "ownerdisplayname",
            "userid",
            "tenantdisplayname",
            "sharedchanneltenantdisplaynames",
            "assignedproducts",
            "siteurl",
        ];
        for (i, name, plain) in row.columns() {
            if plain != self.report.principal && !NOT.contains(&plain) {
                self.metric(principal, name, row.at(i))?;
            }
        }
        Ok(())
    }

    /// One metric: a number where it is one (durations in seconds, yes and no as 1 and 0), else its text.
    fn metric(&self, principal: &str, column: &str, says: Option<&str>) -> Result<(), StoreError> {
        let Some(says) = says else { return Ok(()) };
        let yes = value::yes(says).map(i64::from);
        let number = value::number(says).or(yes).or_else(|| value::seconds(says));
        let values = [
            Value::Text(principal.to_owned()),
            Value::Text(format!("{}.{}", self.report.dataset.as_str(), value::snake(column))),
            integer(number),
            if number.is_some() { Value::Null } else { Value::Text(says.to_owned()) },
        ];
        self.stage.put(&table::METRIC, &values).map(|_| ())
    }

    fn totals(&self, row: &Row<'_>) -> Result<(), StoreError> {
        // A row a day: the one of the report's own date counts.
        if row.get("reportdate").is_some_and(|day| Some(day) != row.get("reportrefreshdate")) {
            return Ok(());
        }
        let product = row.get("producttype").unwrap_or_default();
        for (i, name, plain) in row.columns() {
            if matches!(plain, "reportrefreshdate" | "reportperiod" | "reportdate" | "producttype") {
                continue;
            }
            let Some(number) = row.at(i).and_then(value::number) else { continue };
            let metric = format!("{}.{}", self.report.dataset.as_str(), value::snake(name));
            let values = [Value::Text(metric), Value::Text(product.to_owned()), Value::Integer(number)];
            self.stage.put(&table::TOTAL, &values)?;
        }
        Ok(())
    }

    /// What nobody knew of, as JSON.
    fn extra(&self, row: &Row<'_>) -> Value {
        let unknown = row.columns().filter(|(_, _, plain)| !self.report.knows(plain));
        let map: Map<String, serde_json::Value> =
            unknown.filter_map(|(i, name, _)| Some((name.to_owned(), json!(row.at(i)?)))).collect();
        if map.is_empty() { Value::Null } else { Value::Text(serde_json::Value::Object(map).to_string()) }
    }
}
