//! A small sealed package, written by hand: SQL, `serde_json` and the standard library, none of Affiant's writers.
//!
//! Only the columns that a native's bytes decide come from `identity::examine`, which has its own tests.

use std::fs;
use std::io::Write as _;
use std::iter;

use affiant::identity::examine;
use affiant::terms::Matching;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use camino::Utf8Path;
use rusqlite::{Connection, params};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::damage::rewrite_manifests;

const DDL: &str = include_str!("../../schemas/manifest.sql");
const ID: &str = "0190c2f0-7b1e-7c3a-9a51-2f6d3c1e8b77";
const ORIGIN: &str = "affiant.invalid/acq/";

/// How the natives are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Eml,
    Zip,
}

/// Writes a sealed package of four messages; two more were listed and are not there.
pub(crate) fn sealed(root: &Utf8Path, shape: Shape) {
    sealed_by(root, shape, SEALER);
}

/// The same, sealed by somebody.
pub(crate) fn sealed_by(root: &Utf8Path, shape: Shape, who: &'static str) {
    let mut made = Made::begin(root, shape, who);
    made.collect();
    made.seal();
}

/// Writes the same acquisition before it is sealed.
pub(crate) fn unsealed(root: &Utf8Path, shape: Shape) {
    Made::begin(root, shape, SEALER).collect();
}

fn natives() -> Vec<Vec<u8>> {
    let mail = |n: u32, id: &str, rest: &str| {
        format!(
            "From: Ann <ann@contoso.example>\r\nTo: Bob <bob@contoso.example>\r\nSubject: Number {n}\r\n\
             Date: Mon, 4 Mar 2024 09:0{n}:00 +0100\r\n{id}MIME-Version: 1.0\r\n{rest}"
        )
        .into_bytes()
    };
    let attached = "Content-Type: multipart/mixed; boundary=part\r\n\r\n--part\r\nContent-Type: text/plain\r\n\r\nHello\r\n\
                    --part\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\
                    Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n--part--\r\n";
    vec![
        mail(1, "Message-ID: <1@contoso.example>\r\n", "Content-Type: text/plain\r\n\r\nOne\r\n"),
        mail(2, "Message-ID: <2@contoso.example>\r\n", attached),
        mail(3, "", "Content-Type: text/plain; charset=utf-8\r\n\r\nDrei \u{fc}\r\n"),
        mail(4, "Message-ID: <4@contoso.example>\r\n", attached),
    ]
}

/// RFC 6962 section 2.1, by its definition.
pub(crate) fn root_of(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => Sha256::digest(b"").into(),
        [leaf] => *leaf,
        _ => {
            let mut split = 1;
            while split * 2 < leaves.len() {
                split *= 2;
            }
            let (left, right) = leaves.split_at(split);
            Sha256::new().chain_update([1]).chain_update(root_of(left)).chain_update(root_of(right)).finalize().into()
        }
    }
}

pub(crate) fn leaf_of(line: &str) -> [u8; 32] {
    Sha256::new().chain_update([0]).chain_update(line).finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

fn small<N: TryInto<i64>>(number: N) -> i64 {
    number.try_into().unwrap_or_else(|_| unreachable!("numbers here are small"))
}

struct Made<'r> {
    root: &'r Utf8Path,
    shape: Shape,
    who: &'static str,
    db: Connection,
    lines: Vec<String>,
    parts: i64,
    bytes: i64,
}

impl<'r> Made<'r> {
    fn begin(root: &'r Utf8Path, shape: Shape, who: &'static str) -> Self {
        fs::create_dir_all(root.join("affiant")).expect("folder");
        fs::create_dir_all(root.join("data")).expect("folder");
        let db = Connection::open(root.join("affiant/manifest.sqlite")).expect("database");
        db.execute_batch(DDL).expect("the published schema");
        let meta = [
            ("format", "1"),
            ("acquisition_id", ID),
            ("origin", &format!("affiant.invalid/acq/{ID}")),
            ("created_at", "2024-06-04T09:00:00.000Z"),
            ("tool_name", "by hand"),
            ("tool_version", "1"),
            ("tool_sha256", &hex(&[7; 32])),
            ("matter", "Example v. Example"),
            ("path_salt", "000102030405060708090a0b0c0d0e0f"),
            ("note_vkey", &vkey(who)),
        ];
        for (key, value) in meta {
            db.execute("INSERT INTO meta VALUES (?1, ?2)", [key, value]).expect("meta");
        }
        Self { root, shape, who, db, lines: Vec::new(), parts: 0, bytes: 0 }
    }

    /// Appends an entry; `serde_json` sorts members, and its escapes are those of RFC 8785.
    fn log(&mut self, kind: &str, body: Value) -> i64 {
        let seq = small(self.lines.len());
        let Value::Object(mut members) = body else { unreachable!("bodies here are objects") };
        members.insert("seq".to_owned(), json!(seq));
        members.insert("kind".to_owned(), json!(kind));
        members.insert("at".to_owned(), json!(format!("2024-06-04T09:00:{seq:02}.000Z")));
        let line = Value::Object(sorted(members)).to_string();
        let leaf = leaf_of(&line);
        self.db
            .execute("INSERT INTO entry (seq, body, leaf) VALUES (?1, ?2, ?3)", params![seq, line, leaf])
            .expect("entry");
        self.lines.push(line);
        seq
    }

    fn checkpoint(&mut self) -> String {
        let (root, note) = note(&self.lines, self.who);
        self.db
            .execute("INSERT INTO checkpoint VALUES (?1, ?2, ?3, NULL)", params![small(self.lines.len()), root, note])
            .expect("checkpoint");
        note
    }

    /// The digest of every table's rows, as the last line states them.
    fn tables(&self) -> Value {
        let salt = "000102030405060708090a0b0c0d0e0f";
        let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'entry'";
        let text = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        let mut tables = Map::new();
        for table in self.db.prepare(names).expect("names").query_map([], text).expect("names") {
            let table = table.expect("a name");
            let value = "iif(type = 'BLOB', 'iif(' || name || ' IS NULL, NULL, lower(hex(' || name || ')))', name)";
            let columns = format!("SELECT group_concat({value}, ', ') FROM pragma_table_info('{table}')");
            let columns = self.db.query_row(&columns, [], text).expect("columns");
            let key =
                format!("SELECT group_concat(name, ', ' ORDER BY pk) FROM pragma_table_info('{table}') WHERE pk > 0");
            let key = self.db.query_row(&key, [], text).expect("a key");
            let lines = format!("SELECT json_array({columns}) FROM {table} ORDER BY {key}");
            let mut lines = self.db.prepare(&lines).expect("lines");
            let lines = lines.query_map([], text).expect("lines").map(|line| line.expect("a line"));
            let all = iter::once(salt.to_owned()).chain(lines).fold(String::new(), |all, line| all + &line + "\n");
            tables.insert(table, json!(hex(&Sha256::digest(all))));
        }
        Value::Object(tables)
    }

    fn execute(&self, sql: &str, params: impl rusqlite::Params) {
        self.db.execute(sql, params).expect(sql);
    }

    fn collect(&mut self) {
        let scope = json!({ "date_field": "received", "window_from": "2024-03-01T00:00:00.000Z", "window_to": "2024-04-01T00:00:00.000Z" });
        self.log(
            "acquisition.opened",
            json!({ "acquisition_id": ID, "tool_name": "by hand", "tool_version": "1", "note_vkey": vkey(self.who), "scope": scope }),
        );
        self.log("session.opened", json!({ "log_size": 1, "host": "desk", "pid": 1, "note_vkey": vkey(self.who) }));
        let seq = self.log("custodian.named", json!({ "custodian_id": 1, "object_id": "o-1" }));
        self.execute("INSERT INTO custodian VALUES (1, 'Ann', 'ann@contoso.example', ?1)", [seq]);
        let seq = self.log("mailbox.opened", json!({ "mailbox_id": 1, "access_basis": "full_access_delegation" }));
        self.execute("INSERT INTO mailbox VALUES (1, 1, 't', 'o-1', 'ann@contoso.example', NULL, 'user', 'full_access_delegation', ?1)", [seq]);
        self.checkpoint();
        let seq = self.log("folder.listed", json!({ "folder_id": 1, "mailbox_id": 1, "path_hash": hex(&[1; 32]), "pass": 1, "listed": 4, "expected": 4 }));
        self.execute("INSERT INTO folder VALUES (1, 1, 'f1', NULL, 'Inbox', 'inbox', 9, 4, 0, 1, NULL, ?1)", [seq]);
        self.execute("INSERT INTO folder VALUES (2, 1, 'f2', NULL, 'Deal', NULL, 2, 2, 0, 1, NULL, ?1)", [seq]);
        self.execute(
            "INSERT INTO folder VALUES (3, 1, 'f3', NULL, 'Notes', 'notes', 2, NULL, 0, 0, 'not_mail', ?1)",
            [seq],
        );
        for listed in 1..=6 {
            let folder = if listed <= 4 { 1 } else { 2 };
            self.execute(
                "INSERT INTO listed VALUES (?1, 1, ?2, 'm' || ?1, 'c', NULL, '2024-03-04T08:00:00.000Z', NULL, NULL, NULL, 'subject', 0, NULL, NULL, 1, ?3)",
                params![listed, folder, seq],
            );
        }
        for (listed, native) in [1, 2, 4, 5].into_iter().zip(natives()) {
            self.item(listed, &native);
        }
        for (exception, listed, code) in [(1, 3, "gone"), (2, 6, "not_accessible")] {
            let seq = self.log("item.excepted", json!({ "code": code, "severity": "item_missing" }));
            self.execute(
                "INSERT INTO exception VALUES (?1, 1, ?2, NULL, ?3, NULL, ?4, 'item_missing', '', 1, ?5)",
                params![exception, if listed <= 4 { 1 } else { 2 }, listed, code, seq],
            );
        }
        self.execute("INSERT INTO exception VALUES (3, 1, 1, 1, 1, NULL, 'cloud_attachment', 'info', '', NULL, 5)", []);
        for purpose in ["list", "mime"] {
            self.execute(
                "INSERT INTO request (purpose, method, url, status, attempt, client_request_id, sent_at) VALUES (?1, 'GET', '/v1.0/x', 200, 1, 'c', '2024-06-04T09:00:00.000Z')",
                [purpose],
            );
        }
        self.execute("INSERT INTO request (purpose, method, url, status, attempt, client_request_id, sent_at) VALUES ('token', 'POST', '/t', 200, 1, 'c', '2024-06-04T09:00:00.000Z')", []);
        if self.shape == Shape::Zip {
            self.volume();
        }
        for (folder, counts) in [(1, [4, 3, 0, 1, 1]), (2, [2, 1, 1, 1, 0])] {
            let [listed, collected, rebuilt, excepted, vanished] = counts;
            let body = json!({ "mailbox_id": 1, "folder_id": folder, "expected": listed, "listed": listed, "collected": collected,
                "rebuilt": rebuilt, "excepted": excepted, "vanished": vanished, "appeared": 0, "departed": 0, "expected_after": listed });
            let seq = self.log("folder.reconciled", body);
            self.execute(
                "INSERT INTO reconciliation VALUES (1, ?1, ?2, NULL, NULL, NULL, ?2, ?3, ?4, ?5, ?6, 0, 0, ?2, ?7)",
                params![folder, listed, collected, rebuilt, excepted, vanished, seq],
            );
        }
    }

    fn item(&mut self, listed: i64, native: &[u8]) {
        let inside = format!("NATIVES/VOL001/0001/AFF-{listed:07}.eml");
        let (place, path) = match self.shape {
            Shape::Eml => (format!("data/{inside}"), format!("data/{inside}")),
            Shape::Zip => (format!("staging/{inside}"), format!("data/VOL001.zip/{inside}")),
        };
        let file = self.root.join(place);
        fs::create_dir_all(file.parent().expect("inside the package")).expect("folder");
        fs::write(file, native).expect("native");
        let read = examine(native);
        let Matching { md5, sha1 } = Matching::of(native);
        let sha256: [u8; 32] = Sha256::digest(native).into();
        let rebuilt = listed == 5;
        let source = if rebuilt { "rebuilt_from_json" } else { "mime_value" };
        let bytes = small(native.len());
        self.bytes += bytes;
        let folder = if listed <= 4 { 1 } else { 2 };
        let number = format!("AFF-{listed:07}");
        let body = json!({ "control_number": number, "graph_id": format!("m{listed}"), "mailbox_id": 1, "folder_id": folder,
            "path": path, "bytes": bytes, "sha256": hex(&sha256),
            "sha1": sha1.to_string(), "md5": md5.to_string(), "mih": read.mih.map(|mih| mih.to_string()),
            "content_id": read.content_id.to_string(), "source_kind": source, "change_key": "c", "attempts": 1 });
        let seq = self.log("item.collected", body);
        self.execute(
            "INSERT INTO item (item_id, control_number, mailbox_id, folder_id, graph_id, change_key, internet_message_id, mih,
               content_id, item_class, received_utc, header_date, is_draft, subject, path, bytes, sha256, source_kind, entry_seq, sha1, md5)
             VALUES (?1, ?2, 1, ?3, 'm' || ?1, 'c', ?4, ?5, ?6, 'IPM.Note', '2024-03-04T08:00:00.000Z', ?7, 0, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            params![
                listed, number, folder, read.message_id, read.mih.map(|mih| *mih.as_bytes()), read.content_id.as_bytes(),
                read.header_date, read.subject, path, bytes, sha256, source, seq, sha1.as_bytes(), md5.as_bytes()
            ],
        );
        let first = self.parts;
        for part in read.parts {
            self.parts += 1;
            let parent = part.parent.map(|index| first + 1 + small(index));
            self.execute(
                "INSERT INTO part VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                params![
                    self.parts,
                    listed,
                    parent,
                    small(part.ordinal),
                    part.mime_path,
                    part.role.as_str(),
                    part.name_raw,
                    part.name,
                    part.media_type,
                    part.bytes.map(small),
                    part.sha256.map(|sha256| *sha256.as_bytes()),
                    part.target_url
                ],
            );
        }
    }

    fn volume(&mut self) {
        let file = self.root.join("data/VOL001.zip");
        let mut volume = ZipWriter::new(fs::File::create(&file).expect("volume"));
        let numbers = [1, 2, 4, 5];
        for listed in numbers {
            let inside = format!("NATIVES/VOL001/0001/AFF-{listed:07}.eml");
            volume.start_file(&*inside, SimpleFileOptions::default()).expect("member");
            let native = fs::read(self.root.join("staging").join(&inside)).expect("staged");
            volume.write_all(&native).expect("member");
        }
        volume.finish().expect("volume");
        fs::remove_dir_all(self.root.join("staging")).expect("staged natives");
        let bytes = fs::read(&file).expect("volume");
        let sha256: [u8; 32] = Sha256::digest(&bytes).into();
        let body =
            json!({ "name": "VOL001.zip", "bytes": bytes.len(), "members": numbers.len(), "sha256": hex(&sha256) });
        let seq = self.log("volume.written", body);
        self.execute(
            "INSERT INTO volume VALUES (1, 'VOL001.zip', ?1, ?2, ?3, ?4)",
            params![small(bytes.len()), small(numbers.len()), sha256, seq],
        );
    }

    fn seal(mut self) {
        let (name, bytes) = ("affiant/orphans/left.eml", b"Subject: left\r\n\r\n");
        fs::create_dir_all(self.root.join("affiant/orphans")).expect("folder");
        fs::write(self.root.join(name), bytes).expect("an orphan");
        let line = json!({ "path": "data/left.eml", "bytes": bytes.len(), "sha256": hex(&Sha256::digest(bytes)), "moved_to": name });
        self.log("file.orphaned", line);
        self.log("package.built", json!({ "format": "eml", "items": 4, "bytes": self.bytes }));
        self.log("acquisition.sealed", json!({ "state": "complete_with_exceptions", "listed": 6, "collected": 4, "rebuilt": 1, "excepted": 2, "vanished": 1, "bytes": self.bytes, "tables": self.tables() }));
        let note = self.checkpoint();
        fs::write(self.root.join("affiant/checkpoint"), note).expect("checkpoint");
        fs::write(self.root.join("affiant/checkpoint.vkey"), vkey(self.who) + "\n").expect("key");
        let log = self.lines.iter().fold(String::new(), |log, line| log + line + "\n");
        fs::write(self.root.join("affiant/log.jsonl"), log).expect("log");
        let info = format!(
            "Bag-Software-Agent: by hand 1\nBagging-Date: 2024-06-04\nExternal-Identifier: {ID}\n\
             Bag-Group-Identifier: Example v. Example\n"
        );
        fs::write(self.root.join("bag-info.txt"), info).expect("bag-info");
        self.db.close().expect("nothing is open");
        rewrite_manifests(self.root);
    }
}

/// Whose key seals; another name has another key.
pub(crate) const SEALER: &str = "handmade";

fn pair(who: &str) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&Sha256::digest(who)).expect("32 bytes")
}

fn key_id(who: &str) -> [u8; 4] {
    let named = [ORIGIN.as_bytes(), ID.as_bytes(), b"\n\x01", pair(who).public_key().as_ref()].concat();
    Sha256::digest(named)[..4].try_into().expect("four")
}

pub(crate) fn vkey(who: &str) -> String {
    let typed = [&[1], pair(who).public_key().as_ref()].concat();
    format!("{ORIGIN}{ID}+{}+{}", hex(&key_id(who)), STANDARD.encode(typed))
}

/// The root over these lines, and the signed checkpoint that states it.
fn note(lines: &[String], who: &str) -> ([u8; 32], String) {
    let leaves: Vec<_> = lines.iter().map(|line| leaf_of(line)).collect();
    let root = root_of(&leaves);
    let text = format!("{ORIGIN}{ID}\n{}\n{}\n", leaves.len(), STANDARD.encode(root));
    let signature = [&key_id(who)[..], pair(who).sign(text.as_bytes()).as_ref()].concat();
    (root, format!("{text}\n\u{2014} {ORIGIN}{ID} {}\n", STANDARD.encode(signature)))
}

/// Swears after the seal: a segment of these kinds and bodies, signed by `who`.
pub(crate) fn swear_after(root: &Utf8Path, number: u32, who: &str, told: &[(&str, Value)]) {
    let earlier = (1..number).map(|earlier| format!("affiant/custody/{earlier:06}.jsonl"));
    let files = iter::once("affiant/log.jsonl".to_owned()).chain(earlier);
    let mut lines: Vec<String> = files
        .flat_map(|file| {
            let text = fs::read_to_string(root.join(file)).expect("lines");
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    let first = lines.len();
    let opened = ("session.opened", json!({ "log_size": first, "host": "desk", "pid": 1, "note_vkey": vkey(who) }));
    let closed = ("session.closed", json!({ "reason": "custody" }));
    for (kind, body) in iter::once(&opened).chain(told).chain(iter::once(&closed)) {
        let Value::Object(mut members) = body.clone() else { unreachable!("bodies here are objects") };
        members.insert("seq".to_owned(), json!(lines.len()));
        members.insert("kind".to_owned(), json!(kind));
        members.insert("at".to_owned(), json!("2024-06-05T09:00:00.000Z"));
        lines.push(Value::Object(sorted(members)).to_string());
    }
    let segment = lines[first..].iter().fold(String::new(), |text, line| text + line + "\n");
    fs::create_dir_all(root.join("affiant/custody")).expect("folder");
    fs::write(root.join(format!("affiant/custody/{number:06}.jsonl")), segment).expect("segment");
    fs::write(root.join(format!("affiant/custody/{number:06}.checkpoint")), note(&lines, who).1).expect("checkpoint");
    rewrite_manifests(root);
}

/// Members in byte order, at every depth, whatever map `serde_json` was built with.
fn sorted(members: Map<String, Value>) -> Map<String, Value> {
    let mut members: Vec<_> = members.into_iter().collect();
    members.sort_by(|a, b| a.0.cmp(&b.0));
    let inner = |value| match value {
        Value::Object(members) => Value::Object(sorted(members)),
        other => other,
    };
    members.into_iter().map(|(name, value)| (name, inner(value))).collect()
}
