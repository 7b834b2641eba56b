-- The manifest of an Affiant acquisition: format 1. The one source of the DDL, loaded by the program and by its tests.
-- SQLite 3.37 or newer (STRICT). While an acquisition runs this is its working state; when it is sealed it is its record.
-- Rows are only ever added. The columns are projections of the log lines in entry.body; the log lines are what is hashed.
-- WITHOUT ROWID only where the key columns come first: otherwise integrity_check of SQLite 3.40 reports NULLs that are not there.
-- Times are UTC text, YYYY-MM-DDThh:mm:ss.sssZ. Digests are raw bytes. Constraints and triggers guard against mistakes;
-- the evidence is the Merkle root over entry.leaf (see FORMAT.md).

PRAGMA application_id = 0x41464654;          -- 'AFFT'
PRAGMA user_version = 1;

CREATE TABLE meta (
  key   TEXT PRIMARY KEY CHECK (key IN ('format','acquisition_id','origin','created_at','tool_name','tool_version','tool_sha256','matter','note_vkey','path_salt')),
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The log: one canonical JSON line (RFC 8785) per event, and its RFC 6962 leaf hash.
CREATE TABLE entry (
  seq  INTEGER PRIMARY KEY CHECK (seq >= 0),
  body TEXT NOT NULL CHECK (json_valid(body) AND length(body) BETWEEN 2 AND 1000000),
  leaf BLOB NOT NULL CHECK (length(leaf) = 32),
  kind TEXT GENERATED ALWAYS AS (json_extract(body,'$.kind')) STORED NOT NULL
       CHECK (kind IN ('acquisition.opened','session.opened','auth.obtained','auth.refreshed','clock.compared','custodian.named',
                       'custodian.licensed','mailbox.opened','access.tested','folder.listed','page.fetched','item.collected','item.excepted',
                       'item.reverified','item.authenticated','dns.key.captured','folder.reconciled','volume.written','file.orphaned',
                       'exception.resolved','earlier.known','mailbox.compared','package.built','custody.transferred','custody.noted','disposed','session.closed','acquisition.sealed')),
  at   TEXT GENERATED ALWAYS AS (json_extract(body,'$.at')) STORED NOT NULL
       CHECK (at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9]Z'),
  CHECK (json_extract(body,'$.seq') = seq)
) STRICT;
CREATE INDEX entry_kind ON entry(kind, seq);

-- Heads of the log: the root over the first `size` lines, and the checkpoint that states it, a signed note. Time-stamp
-- tokens come after the seal and lie beside the checkpoint as files; tsr stays NULL.
CREATE TABLE checkpoint (
  size INTEGER PRIMARY KEY CHECK (size > 0),
  root BLOB NOT NULL CHECK (length(root) = 32),
  note TEXT NOT NULL,
  tsr  BLOB
) STRICT;

CREATE TABLE custodian (
  custodian_id INTEGER PRIMARY KEY,
  display_name TEXT NOT NULL,
  asked_as     TEXT NOT NULL,                 -- what the user typed
  entry_seq    INTEGER NOT NULL REFERENCES entry(seq)
) STRICT;

CREATE TABLE mailbox (
  mailbox_id   INTEGER PRIMARY KEY,
  custodian_id INTEGER NOT NULL REFERENCES custodian,
  tenant_id    TEXT NOT NULL,
  object_id    TEXT NOT NULL,
  upn          TEXT NOT NULL,
  primary_smtp TEXT,
  mailbox_kind TEXT NOT NULL CHECK (mailbox_kind IN ('user','shared','room','equipment','group','archive','unknown')),
  access_basis TEXT NOT NULL CHECK (access_basis IN ('self','full_access_delegation','folder_share','app_permission')),
  entry_seq    INTEGER NOT NULL REFERENCES entry(seq),
  UNIQUE (tenant_id, object_id, mailbox_kind)
) STRICT;

-- The folder tree as seen when the plan was made. `included` is 0 for folders left out, with the reason.
CREATE TABLE folder (
  folder_id        INTEGER PRIMARY KEY,
  mailbox_id       INTEGER NOT NULL REFERENCES mailbox,
  graph_id         TEXT NOT NULL,
  parent_graph_id  TEXT,
  path             TEXT NOT NULL,
  well_known       TEXT,
  total_item_count INTEGER CHECK (total_item_count >= 0),
  expected         INTEGER CHECK (expected >= 0),
  is_hidden        INTEGER NOT NULL CHECK (is_hidden IN (0,1)),
  included         INTEGER NOT NULL CHECK (included IN (0,1)),
  excluded_because TEXT CHECK (excluded_because IS NULL OR excluded_because IN ('not_asked','excluded','search_folder','not_mail','recoverable_not_asked','not_readable')),
  entry_seq        INTEGER NOT NULL REFERENCES entry(seq),
  UNIQUE (mailbox_id, graph_id),
  CHECK ((included = 1) = (excluded_because IS NULL))
) STRICT;

-- The frozen collection list: one row per message the service listed, in listing order. listed_id is the number of the
-- control number. An item is done when it has a row in item, or an exception of severity item_missing.
CREATE TABLE listed (
  listed_id           INTEGER PRIMARY KEY CHECK (listed_id > 0),
  mailbox_id          INTEGER NOT NULL REFERENCES mailbox,
  folder_id           INTEGER NOT NULL REFERENCES folder,
  graph_id            TEXT NOT NULL,
  change_key          TEXT,
  internet_message_id TEXT,
  received_utc        TEXT,
  sent_utc            TEXT,
  created_utc         TEXT,
  modified_utc        TEXT,
  subject             TEXT,
  is_draft            INTEGER NOT NULL CHECK (is_draft IN (0,1)),
  item_class          TEXT,
  store_bytes         INTEGER CHECK (store_bytes >= 0),
  pass                INTEGER NOT NULL CHECK (pass >= 1),   -- 1: the plan; 2: found by the closing enumeration
  entry_seq           INTEGER NOT NULL REFERENCES entry(seq),
  UNIQUE (mailbox_id, graph_id)
) STRICT;
CREATE INDEX listed_folder ON listed(folder_id);

CREATE TABLE item (
  item_id             INTEGER PRIMARY KEY REFERENCES listed(listed_id),
  control_number      TEXT NOT NULL UNIQUE CHECK (control_number GLOB '[A-Z]*-[0-9]*'),
  mailbox_id          INTEGER NOT NULL REFERENCES mailbox,
  folder_id           INTEGER NOT NULL REFERENCES folder,
  graph_id            TEXT NOT NULL,
  immutable_id        TEXT,
  change_key          TEXT,
  internet_message_id TEXT,
  mih                 BLOB CHECK (mih IS NULL OR length(mih) = 16),
  content_id          BLOB NOT NULL CHECK (length(content_id) = 32),
  item_class          TEXT NOT NULL,
  sent_utc            TEXT,
  received_utc        TEXT,
  created_utc         TEXT,
  modified_utc        TEXT,
  header_date         TEXT,
  is_draft            INTEGER NOT NULL CHECK (is_draft IN (0,1)),
  subject             TEXT,
  path                TEXT NOT NULL UNIQUE,
  bytes               INTEGER NOT NULL CHECK (bytes >= 0),
  sha256              BLOB NOT NULL CHECK (length(sha256) = 32),
  sha1                BLOB CHECK (sha1 IS NULL OR length(sha1) = 20),
  md5                 BLOB CHECK (md5 IS NULL OR length(md5) = 16),
  source_kind         TEXT NOT NULL CHECK (source_kind IN ('mime_value','rebuilt_from_json')),
  -- The topmost header fields of these names, as they stand: what the receiving system said.
  top_received                   TEXT,
  top_authentication_results     TEXT,
  top_arc_authentication_results TEXT,
  entry_seq           INTEGER NOT NULL UNIQUE REFERENCES entry(seq),
  UNIQUE (mailbox_id, graph_id)
) STRICT;
CREATE INDEX item_mih ON item(mih);
CREATE INDEX item_content ON item(content_id);
CREATE INDEX item_folder ON item(folder_id);

-- Families: attachments, inline parts, embedded messages, links; from the parsed native.
CREATE TABLE part (
  part_id        INTEGER PRIMARY KEY,
  item_id        INTEGER NOT NULL REFERENCES item,
  parent_part_id INTEGER REFERENCES part,
  ordinal        INTEGER NOT NULL,
  mime_path      TEXT NOT NULL,
  role           TEXT NOT NULL CHECK (role IN ('attachment','inline','embedded_message','reference','tnef_member','calendar','signature')),
  name_raw       BLOB,
  name           TEXT,
  media_type     TEXT,
  bytes          INTEGER CHECK (bytes >= 0),
  sha256         BLOB CHECK (sha256 IS NULL OR length(sha256) = 32),
  target_url     TEXT,
  UNIQUE (item_id, mime_path)
) STRICT;

-- A resolution is a later 'exception.resolved' entry that names the exception_id; nothing here is edited.
CREATE TABLE exception (
  exception_id INTEGER PRIMARY KEY,
  mailbox_id   INTEGER REFERENCES mailbox,
  folder_id    INTEGER REFERENCES folder,
  item_id      INTEGER REFERENCES item,
  listed_id    INTEGER REFERENCES listed,
  graph_id     TEXT,
  code         TEXT NOT NULL CHECK (code IN ('not_accessible','gone','too_large','mime_unavailable','throttled_out','size_mismatch','hash_changed','irm_protected','smime_encrypted','tnef_opaque','cloud_attachment','parse_error','name_changed','count_mismatch','clock_skew','orphan_file','other')),
  severity     TEXT NOT NULL CHECK (severity IN ('info','warning','item_missing','fatal')),
  detail       TEXT NOT NULL DEFAULT '',
  attempts     INTEGER CHECK (attempts >= 0),
  entry_seq    INTEGER NOT NULL REFERENCES entry(seq),
  CHECK (severity <> 'item_missing' OR item_id IS NULL)
) STRICT;
CREATE INDEX exception_listed ON exception(listed_id);

-- The balance, per folder. vanished is part of excepted, rebuilt is part of collected, appeared (only in the second listing)
-- and departed (no longer in the second listing, and not vanished) are part of listed. expected and expected_after are the
-- service's own counts of the range before and after; outside is what it counts in the folder beyond expected: other dates,
-- other kinds of items. The latest row of a folder holds.
CREATE TABLE reconciliation (
  mailbox_id     INTEGER NOT NULL REFERENCES mailbox,
  folder_id      INTEGER NOT NULL REFERENCES folder,
  expected       INTEGER NOT NULL,
  outside        INTEGER CHECK (outside >= 0),
  not_chosen     INTEGER CHECK (not_chosen >= 0),
  held_before    INTEGER CHECK (held_before >= 0),   -- supplemental runs: an earlier package holds the same version
  listed         INTEGER NOT NULL,
  collected      INTEGER NOT NULL,
  rebuilt        INTEGER NOT NULL CHECK (rebuilt BETWEEN 0 AND collected),
  excepted       INTEGER NOT NULL,
  vanished       INTEGER NOT NULL CHECK (vanished BETWEEN 0 AND excepted),
  appeared       INTEGER NOT NULL CHECK (appeared BETWEEN 0 AND listed),
  departed       INTEGER NOT NULL CHECK (departed BETWEEN 0 AND listed - vanished),
  expected_after INTEGER NOT NULL,
  entry_seq      INTEGER NOT NULL REFERENCES entry(seq),
  PRIMARY KEY (mailbox_id, folder_id, entry_seq),
  CHECK (listed = collected + excepted)
) STRICT;

-- Supplemental runs only: what the earlier package knew of the mailboxes, copied from its manifest before anything was
-- listed. 'missing' was listed then and not collected. The line 'earlier.known' states the number of rows and their digest.
CREATE TABLE earlier (
  earlier_id          INTEGER PRIMARY KEY CHECK (earlier_id > 0),
  object_id           TEXT NOT NULL,             -- the mailbox's owner
  graph_id            TEXT NOT NULL,
  folder_graph_id     TEXT NOT NULL,             -- where it lay then
  folder_path         TEXT NOT NULL,
  state               TEXT NOT NULL CHECK (state IN ('collected','missing')),
  acquisition_id      TEXT NOT NULL,             -- the package that has it, or misses it, under this control number
  control_number      TEXT NOT NULL CHECK (control_number GLOB '[A-Z]*-[0-9]*'),
  content_id          BLOB CHECK (content_id IS NULL OR length(content_id) = 32),
  change_key          TEXT,
  internet_message_id TEXT,
  received_utc        TEXT,
  sent_utc            TEXT,
  created_utc         TEXT,
  modified_utc        TEXT,
  entry_seq           INTEGER NOT NULL REFERENCES entry(seq),
  UNIQUE (object_id, graph_id),
  CHECK ((state = 'collected') = (content_id IS NOT NULL))
) STRICT;

-- Supplemental runs only: what has become of those messages. The latest row of an earlier_id holds. Without listed_id the
-- message was not fetched again. The line 'mailbox.compared' states the counts of a mailbox and the digest of its rows.
CREATE TABLE compared (
  compared_id  INTEGER PRIMARY KEY CHECK (compared_id > 0),
  mailbox_id   INTEGER NOT NULL REFERENCES mailbox,
  earlier_id   INTEGER NOT NULL REFERENCES earlier,
  outcome      TEXT NOT NULL CHECK (outcome IN ('unchanged','moved','changed','retried','gone')),
  listed_id    INTEGER UNIQUE REFERENCES listed,
  folder_id    INTEGER REFERENCES folder,        -- where it lies now
  change_key   TEXT,
  modified_utc TEXT,
  seen         TEXT CHECK (seen IS NULL OR seen IN ('not_found','other_folder','other_date','not_asked','refused')),
  entry_seq    INTEGER NOT NULL REFERENCES entry(seq),
  CHECK ((outcome = 'gone') = (folder_id IS NULL)),
  CHECK ((outcome = 'gone') = (seen IS NOT NULL)),
  CHECK (outcome NOT IN ('unchanged','gone') OR listed_id IS NULL),
  CHECK (outcome NOT IN ('changed','retried') OR listed_id IS NOT NULL)
) STRICT;
CREATE INDEX compared_earlier ON compared(earlier_id);
CREATE INDEX compared_mailbox ON compared(mailbox_id);
CREATE INDEX compared_folder ON compared(folder_id);

CREATE TABLE volume (
  volume_id INTEGER PRIMARY KEY,
  name      TEXT NOT NULL UNIQUE,
  bytes     INTEGER NOT NULL,
  members   INTEGER NOT NULL,
  sha256    BLOB NOT NULL CHECK (length(sha256) = 32),
  entry_seq INTEGER NOT NULL REFERENCES entry(seq)
) STRICT;

-- One row per HTTP exchange with Graph or the token endpoint. No header that carries a secret is kept.
CREATE TABLE request (
  request_no        INTEGER PRIMARY KEY,
  entry_seq         INTEGER REFERENCES entry(seq),
  purpose           TEXT NOT NULL CHECK (purpose IN ('token','user','access_test','folder','count','list','mime','attachment','item_state','other')),
  method            TEXT NOT NULL CHECK (method IN ('GET','POST')),
  url               TEXT NOT NULL,
  status            INTEGER,
  attempt           INTEGER NOT NULL CHECK (attempt >= 1),
  client_request_id TEXT NOT NULL,
  request_id        TEXT,
  server_date       TEXT,
  sent_at           TEXT NOT NULL,
  headers_at        TEXT,
  done_at           TEXT,
  content_length    INTEGER,
  bytes             INTEGER,
  body_sha256       BLOB,
  retry_after_ms    INTEGER,
  error             TEXT,
  CHECK (method = 'GET' OR purpose = 'token')
) STRICT;

-- What the usage and licence sync on the collecting machine knew of a custodian when the collection began, each with the
-- snapshot that it was read in. value is NULL where it was not known.
CREATE TABLE licence_fact (
  custodian_id    INTEGER NOT NULL REFERENCES custodian,
  fact            TEXT NOT NULL CHECK (fact IN ('sync_at_hand','account_enabled','user_type','licences','mailbox_plan','hold_capable',
                    'ediscovery_premium','audit_premium','mailbox_kind','archive','mailbox_items','mailbox_bytes','recoverable_items',
                    'recoverable_bytes','last_exchange','last_teams','last_onedrive','last_sharepoint','pop_or_imap')),
  value           TEXT,
  dataset         TEXT,
  period          TEXT,
  as_of           TEXT,
  snapshot_id     INTEGER,
  snapshot_sha256 BLOB CHECK (snapshot_sha256 IS NULL OR length(snapshot_sha256) = 32),
  entry_seq       INTEGER NOT NULL UNIQUE REFERENCES entry(seq),
  PRIMARY KEY (custodian_id, fact)
) STRICT;

-- Public keys of mail signers as DNS had them during the run. txt is NULL where DNS has no such record; a name without a
-- row was not asked for, or nobody answered.
CREATE TABLE dns_key (
  name      TEXT NOT NULL,
  txt       TEXT,
  resolver  TEXT NOT NULL,
  asked_at  TEXT NOT NULL,
  dnssec_ad INTEGER NOT NULL CHECK (dnssec_ad IN (0,1)),
  entry_seq INTEGER NOT NULL REFERENCES entry(seq),
  PRIMARY KEY (name, asked_at)
) STRICT;

-- What each DKIM signature and each ARC set of a native is worth, as of its receipt, with those keys. NULL where that cannot
-- be said; detail then says why, in words of a closed list (FORMAT.md).
CREATE TABLE auth_result (
  item_id   INTEGER NOT NULL REFERENCES item,
  ordinal   INTEGER NOT NULL,
  method    TEXT NOT NULL CHECK (method IN ('dkim','arc')),
  domain    TEXT,
  selector  TEXT,
  header_ok INTEGER CHECK (header_ok IN (0,1)),
  body_ok   INTEGER CHECK (body_ok IN (0,1)),
  seal_ok   INTEGER CHECK (seal_ok IN (0,1)),   -- ARC: the seal over all sets up to this one
  as_of     TEXT NOT NULL,
  detail    TEXT,
  entry_seq INTEGER NOT NULL REFERENCES entry(seq),
  PRIMARY KEY (item_id, method, ordinal)
) STRICT;

-- Items whose columns disagree with their log line. Must be empty.
CREATE VIEW item_vs_log AS
SELECT i.item_id, i.control_number
  FROM item i JOIN entry e ON e.seq = i.entry_seq
 WHERE e.kind <> 'item.collected'
    OR json_extract(e.body,'$.sha256') IS NOT lower(hex(i.sha256))
    OR json_extract(e.body,'$.sha1') IS NOT CASE WHEN i.sha1 IS NOT NULL THEN lower(hex(i.sha1)) END
    OR json_extract(e.body,'$.md5') IS NOT CASE WHEN i.md5 IS NOT NULL THEN lower(hex(i.md5)) END
    OR json_extract(e.body,'$.path') IS NOT i.path
    OR json_extract(e.body,'$.bytes') IS NOT i.bytes
    OR json_extract(e.body,'$.control_number') IS NOT i.control_number
    OR json_extract(e.body,'$.graph_id') IS NOT i.graph_id
    OR json_extract(e.body,'$.content_id') IS NOT lower(hex(i.content_id))
    OR json_extract(e.body,'$.source_kind') IS NOT i.source_kind
    OR json_extract(e.body,'$.mih') IS NOT CASE WHEN i.mih IS NOT NULL THEN lower(hex(i.mih)) END;

CREATE TRIGGER entry_gapless BEFORE INSERT ON entry
  WHEN NEW.seq <> (SELECT coalesce(max(seq),-1)+1 FROM entry)
  BEGIN SELECT RAISE(ABORT,'entry.seq must be the next number'); END;
CREATE TRIGGER listed_gapless BEFORE INSERT ON listed
  WHEN NEW.listed_id <> (SELECT coalesce(max(listed_id),0)+1 FROM listed)
  BEGIN SELECT RAISE(ABORT,'listed.listed_id must be the next number'); END;

-- Rows are never changed and never removed.
CREATE TRIGGER meta_no_update BEFORE UPDATE ON meta BEGIN SELECT RAISE(ABORT,'meta is append-only'); END;
CREATE TRIGGER meta_no_delete BEFORE DELETE ON meta BEGIN SELECT RAISE(ABORT,'meta is append-only'); END;
CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT,'entry is append-only'); END;
CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT,'entry is append-only'); END;
CREATE TRIGGER checkpoint_no_update BEFORE UPDATE ON checkpoint BEGIN SELECT RAISE(ABORT,'checkpoint is append-only'); END;
CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint BEGIN SELECT RAISE(ABORT,'checkpoint is append-only'); END;
CREATE TRIGGER custodian_no_update BEFORE UPDATE ON custodian BEGIN SELECT RAISE(ABORT,'custodian is append-only'); END;
CREATE TRIGGER custodian_no_delete BEFORE DELETE ON custodian BEGIN SELECT RAISE(ABORT,'custodian is append-only'); END;
CREATE TRIGGER mailbox_no_update BEFORE UPDATE ON mailbox BEGIN SELECT RAISE(ABORT,'mailbox is append-only'); END;
CREATE TRIGGER mailbox_no_delete BEFORE DELETE ON mailbox BEGIN SELECT RAISE(ABORT,'mailbox is append-only'); END;
CREATE TRIGGER folder_no_update BEFORE UPDATE ON folder BEGIN SELECT RAISE(ABORT,'folder is append-only'); END;
CREATE TRIGGER folder_no_delete BEFORE DELETE ON folder BEGIN SELECT RAISE(ABORT,'folder is append-only'); END;
CREATE TRIGGER listed_no_update BEFORE UPDATE ON listed BEGIN SELECT RAISE(ABORT,'listed is append-only'); END;
CREATE TRIGGER listed_no_delete BEFORE DELETE ON listed BEGIN SELECT RAISE(ABORT,'listed is append-only'); END;
CREATE TRIGGER item_no_update BEFORE UPDATE ON item BEGIN SELECT RAISE(ABORT,'item is append-only'); END;
CREATE TRIGGER item_no_delete BEFORE DELETE ON item BEGIN SELECT RAISE(ABORT,'item is append-only'); END;
CREATE TRIGGER part_no_update BEFORE UPDATE ON part BEGIN SELECT RAISE(ABORT,'part is append-only'); END;
CREATE TRIGGER part_no_delete BEFORE DELETE ON part BEGIN SELECT RAISE(ABORT,'part is append-only'); END;
CREATE TRIGGER exception_no_update BEFORE UPDATE ON exception BEGIN SELECT RAISE(ABORT,'exception is append-only'); END;
CREATE TRIGGER exception_no_delete BEFORE DELETE ON exception BEGIN SELECT RAISE(ABORT,'exception is append-only'); END;
CREATE TRIGGER reconciliation_no_update BEFORE UPDATE ON reconciliation BEGIN SELECT RAISE(ABORT,'reconciliation is append-only'); END;
CREATE TRIGGER reconciliation_no_delete BEFORE DELETE ON reconciliation BEGIN SELECT RAISE(ABORT,'reconciliation is append-only'); END;
CREATE TRIGGER earlier_no_update BEFORE UPDATE ON earlier BEGIN SELECT RAISE(ABORT,'earlier is append-only'); END;
CREATE TRIGGER earlier_no_delete BEFORE DELETE ON earlier BEGIN SELECT RAISE(ABORT,'earlier is append-only'); END;
CREATE TRIGGER compared_no_update BEFORE UPDATE ON compared BEGIN SELECT RAISE(ABORT,'compared is append-only'); END;
CREATE TRIGGER compared_no_delete BEFORE DELETE ON compared BEGIN SELECT RAISE(ABORT,'compared is append-only'); END;
CREATE TRIGGER volume_no_update BEFORE UPDATE ON volume BEGIN SELECT RAISE(ABORT,'volume is append-only'); END;
CREATE TRIGGER volume_no_delete BEFORE DELETE ON volume BEGIN SELECT RAISE(ABORT,'volume is append-only'); END;
CREATE TRIGGER request_no_update BEFORE UPDATE ON request BEGIN SELECT RAISE(ABORT,'request is append-only'); END;
CREATE TRIGGER request_no_delete BEFORE DELETE ON request BEGIN SELECT RAISE(ABORT,'request is append-only'); END;
CREATE TRIGGER licence_fact_no_update BEFORE UPDATE ON licence_fact BEGIN SELECT RAISE(ABORT,'licence_fact is append-only'); END;
CREATE TRIGGER licence_fact_no_delete BEFORE DELETE ON licence_fact BEGIN SELECT RAISE(ABORT,'licence_fact is append-only'); END;
CREATE TRIGGER dns_key_no_update BEFORE UPDATE ON dns_key BEGIN SELECT RAISE(ABORT,'dns_key is append-only'); END;
CREATE TRIGGER dns_key_no_delete BEFORE DELETE ON dns_key BEGIN SELECT RAISE(ABORT,'dns_key is append-only'); END;
CREATE TRIGGER auth_result_no_update BEFORE UPDATE ON auth_result BEGIN SELECT RAISE(ABORT,'auth_result is append-only'); END;
CREATE TRIGGER auth_result_no_delete BEFORE DELETE ON auth_result BEGIN SELECT RAISE(ABORT,'auth_result is append-only'); END;
