//! Mutations of the record: rows and schema of the database, lines of the log, in one of them or in both.

use rusqlite::Connection;
use rusqlite::types::Value;

use super::chance::Chance;
use super::package::{Files, HEAD, LOG};
use crate::handmade::leaf_of;

/// A table with its columns, and how many rows it has.
struct Table {
    name: String,
    columns: Vec<(String, String)>,
    rows: i64,
}

fn tables(db: &Connection) -> Vec<Table> {
    let mut names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").expect("names");
    let names: Vec<String> =
        names.query_map([], |row| row.get(0)).expect("names").collect::<Result<_, _>>().expect("names");
    let table = |name: String| {
        let mut columns = db.prepare("SELECT name, type FROM pragma_table_info(?1) ORDER BY cid").expect("columns");
        let columns = columns.query_map([&name], |row| Ok((row.get(0)?, row.get(1)?))).expect("columns");
        let columns = columns.collect::<Result<_, _>>().expect("columns");
        let rows = db.query_row(&format!("SELECT count(*) FROM {name}"), [], |row| row.get(0)).expect("a count");
        Table { name, columns, rows }
    };
    names.into_iter().map(table).filter(|table| table.rows > 0).collect()
}

/// Takes triggers, NOT NULL, UNIQUE, CHECK, STRICT and generated columns out of the way while `edit` runs, then puts
/// the published schema back: nothing of it shows afterwards.
fn loosened<T>(db: &Connection, edit: impl FnOnce(&Connection) -> T) -> T {
    let schema = "SELECT rowid, type, name, sql FROM sqlite_schema";
    let mut all = db.prepare(schema).expect("a schema");
    let all: Vec<(i64, String, String, Option<String>)> = all
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .expect("a schema")
        .collect::<Result<_, _>>()
        .expect("a schema");
    let triggers: Vec<_> = all.iter().filter(|(_, kind, _, _)| kind == "trigger").cloned().collect();
    for (_, _, name, _) in &triggers {
        db.execute_batch(&format!("DROP TRIGGER {name}")).expect("dropped");
    }
    // The version of the schema grows with each change of it; it has no meaning.
    let reload = || {
        let version: i64 = db.pragma_query_value(None, "schema_version", |row| row.get(0)).expect("a number");
        db.pragma_update(None, "schema_version", version + 1).expect("set");
    };
    db.execute_batch("PRAGMA writable_schema = ON").expect("a pragma");
    db.execute_batch(
        "UPDATE sqlite_schema SET sql = replace(replace(replace(sql, ' IS NOT NULL', ' NOTNULL'), ' NOT NULL', ''), ') STRICT', ')') WHERE type = 'table'",
    )
    .expect("loosened");
    reload();
    let done = edit(db);
    for (_, kind, name, sql) in all.iter().filter(|(_, kind, _, _)| kind == "table") {
        db.execute("UPDATE sqlite_schema SET sql = ?1 WHERE type = ?2 AND name = ?3", (sql, kind, name))
            .expect("put back");
    }
    reload();
    db.execute_batch("PRAGMA writable_schema = OFF").expect("a pragma");
    for (_, _, _, sql) in triggers {
        db.execute_batch(&sql.expect("a trigger's text")).expect("put back");
    }
    done
}

/// Makes one; says what it did, and what must be named where that can be said.
pub(super) fn mutate(kind: usize, files: &mut Files, chance: &mut Chance) -> (String, Option<String>) {
    match kind {
        0..=4 => files.edit_database(|db| loosened(db, |db| rows(kind, db, chance))),
        5 => files.edit_database(|db| schema(db, chance)),
        6 => log_alone(files, chance),
        7 => log_and_rows(files, chance),
        _ => replay(files, chance),
    }
}

/// One row of a table, as an SQL condition.
fn one_row(db: &Connection, table: &Table, chance: &mut Chance) -> Option<String> {
    let at = chance.below(usize::try_from(table.rows).expect("few"));
    let (key, kind) = &table.columns[0];
    let keys = format!("SELECT {key} FROM {} LIMIT 1 OFFSET {at}", table.name);
    let value: Value = db.query_row(&keys, [], |row| row.get(0)).ok()?;
    let text = match (value, kind.as_str()) {
        (Value::Integer(number), _) => number.to_string(),
        (Value::Text(text), _) => format!("'{}'", text.replace('\'', "''")),
        _ => return None,
    };
    Some(format!("{key} = {text}"))
}

fn rows(kind: usize, db: &Connection, chance: &mut Chance) -> (String, Option<String>) {
    let tables = tables(db);
    let table = chance.one(&tables);
    let name = &table.name;
    let (column, of) = chance.one(&table.columns);
    let all = chance.below(8) == 0;
    let Some(row) = one_row(db, table, chance).map(|row| if all { "1".to_owned() } else { row }) else {
        return ("nothing".to_owned(), None);
    };
    let sql = match kind {
        0 => format!("UPDATE {name} SET {column} = NULL WHERE {row}"),
        1 => {
            let value = match (of.as_str(), chance.below(3)) {
                ("INTEGER", 0) => format!("{column} + 1"),
                ("INTEGER", 1) => "0".to_owned(),
                ("INTEGER", _) => format!("CAST({column} AS TEXT) || 'x'"),
                ("TEXT", 0) => format!("{column} || ' '"),
                ("TEXT", 1) => format!("substr({column}, 2)"),
                ("TEXT", _) => format!("{column} || char(0) || 'x'"),
                (_, 0) => format!("zeroblob(length({column}))"),
                (_, 1) => format!("substr({column}, 2)"),
                (_, _) => format!("hex({column})"),
            };
            format!("UPDATE {name} SET {column} = {value} WHERE {row}")
        }
        2 => {
            let Some(with) = one_row(db, table, chance) else { return ("nothing".to_owned(), None) };
            let of = |row: &str| format!("(SELECT {column} FROM {name} WHERE {row} LIMIT 1)");
            format!(
                "UPDATE {name} SET {column} = CASE WHEN {row} THEN {} ELSE {} END WHERE {row} OR {with}",
                of(&with),
                of(&row)
            )
        }
        3 => format!("DELETE FROM {name} WHERE {row}"),
        _ => {
            let values: Vec<String> = table
                .columns
                .iter()
                .enumerate()
                .map(|(n, (column, of))| match (n, of.as_str()) {
                    (0, "INTEGER") => format!("(SELECT max({column}) + 1 FROM {name})"),
                    (0, _) => format!("{column} || 'x'"),
                    _ => column.clone(),
                })
                .collect();
            let columns: Vec<&str> = table.columns.iter().map(|(column, _)| column.as_str()).collect();
            format!(
                "INSERT INTO {name} ({}) SELECT {} FROM {name} WHERE {row} LIMIT 1",
                columns.join(", "),
                values.join(", ")
            )
        }
    };
    // Where a key forbids it there is nothing to find.
    let done = db.execute_batch(&sql);
    let named = (name != "entry" && name != "checkpoint").then(|| format!("the rows of {name}|NULL value in {name}."));
    (format!("{sql}{}", if done.is_err() { " (refused)" } else { "" }), named)
}

fn schema(db: &Connection, chance: &mut Chance) -> (String, Option<String>) {
    let drop_one = |kind: &str, chance: &mut Chance| {
        let mut names = db
            .prepare("SELECT name FROM sqlite_schema WHERE type = ?1 AND sql IS NOT NULL ORDER BY name")
            .expect("names");
        let names: Vec<String> =
            names.query_map([kind], |row| row.get(0)).expect("names").collect::<Result<_, _>>().expect("names");
        format!("DROP {kind} {}", chance.one(&names))
    };
    let sql = match chance.below(9) {
        0 | 1 => drop_one("trigger", chance),
        2 => drop_one("index", chance),
        3 => drop_one("view", chance),
        4 => drop_one("table", chance),
        5 => format!("CREATE TABLE note_{} (text TEXT)", chance.below(100)),
        6 => format!("PRAGMA application_id = {}", chance.below(1 << 20)),
        7 => "PRAGMA user_version = 0".to_owned(),
        _ => {
            let tables = tables(db);
            let table = chance.one(&tables);
            format!("ALTER TABLE {} ADD COLUMN more_{} TEXT", table.name, chance.below(100))
        }
    };
    let done = db.execute_batch(&sql);
    (format!("{sql}{}", if done.is_err() { " (refused)" } else { "" }), None)
}

fn lines(files: &Files) -> Vec<String> {
    files.text(LOG).lines().map(str::to_owned).collect()
}

fn put_lines(files: &mut Files, lines: &[String]) {
    files.put(LOG, lines.iter().fold(String::new(), |text, line| text + line + "\n"));
}

/// An edit of one line that leaves it canonical, where it can.
fn edited(line: &str, chance: &mut Chance) -> String {
    let digits: Vec<usize> = line.char_indices().filter(|(_, c)| ('1'..='8').contains(c)).map(|(at, _)| at).collect();
    let at = *chance.one(&digits);
    line.char_indices().map(|(n, c)| if n == at { char::from(c as u8 + 1) } else { c }).collect()
}

/// Changes the log, and returns it with what was done.
fn changed(mut lines: Vec<String>, chance: &mut Chance) -> (Vec<String>, String) {
    let at = chance.below(lines.len());
    let what = match chance.below(5) {
        0 => {
            lines.truncate(at);
            format!("cut the log to {at} lines")
        }
        1 => {
            lines.remove(at);
            format!("drop line {at} of the log")
        }
        2 => {
            lines.insert(at, lines[at].clone());
            format!("double line {at} of the log")
        }
        3 => {
            let with = chance.below(lines.len());
            lines.swap(at, with);
            format!("exchange lines {at} and {with} of the log")
        }
        _ => {
            lines[at] = edited(&lines[at], chance);
            format!("edit line {at} of the log")
        }
    };
    (lines, what)
}

fn log_alone(files: &mut Files, chance: &mut Chance) -> (String, Option<String>) {
    let (lines, what) = changed(lines(files), chance);
    put_lines(files, &lines);
    (what, Some(LOG.to_owned()))
}

/// The log, its rows and leaves alike.
fn log_and_rows(files: &mut Files, chance: &mut Chance) -> (String, Option<String>) {
    let (lines, what) = changed(lines(files), chance);
    put_lines(files, &lines);
    files.edit_database(|db| put_entries(db, &lines));
    (format!("{what}, in the database too"), None)
}

fn put_entries(db: &Connection, lines: &[String]) {
    loosened(db, |db| {
        db.execute_batch("DELETE FROM entry").expect("emptied");
        for (seq, line) in lines.iter().enumerate() {
            let seq = i64::try_from(seq).expect("few");
            // Kind and time are computed from the text.
            let _ = db.execute("INSERT INTO entry (seq, body, leaf) VALUES (?1, ?2, ?3)", (seq, line, leaf_of(line)));
        }
    });
}

/// Everything taken back to an older checkpoint, which was signed once: the log, its rows, the head.
fn replay(files: &mut Files, chance: &mut Chance) -> (String, Option<String>) {
    let all = chance.coin();
    let lines = lines(files);
    let (size, note) = files.edit_database(|db| {
        let mut heads = db.prepare("SELECT size, note FROM checkpoint ORDER BY size").expect("heads");
        let heads = heads.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))).expect("heads");
        let heads: Vec<_> = heads.collect::<Result<_, _>>().expect("heads");
        // A package of one short session has one checkpoint.
        let (size, note) = chance.one(&heads[..(heads.len() - 1).max(1)]).clone();
        if all {
            loosened(db, |db| {
                db.execute("DELETE FROM checkpoint WHERE size > ?1", [size]).expect("taken back");
                db.execute("DELETE FROM entry WHERE seq >= ?1", [size]).expect("taken back");
                for table in tables(db).iter().filter(|table| table.columns.iter().any(|(name, _)| name == "entry_seq"))
                {
                    db.execute(&format!("DELETE FROM {} WHERE entry_seq >= ?1", table.name), [size])
                        .expect("taken back");
                }
            });
        }
        (size, note)
    });
    files.put(HEAD, note);
    if all {
        put_lines(files, &lines[..usize::try_from(size).expect("few")]);
    }
    (format!("replay the checkpoint of {size} lines{}", if all { " with all its rows" } else { "" }), None)
}
