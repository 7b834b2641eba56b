-- The store of the usage and licence sync: format 1. The one source of the DDL, loaded by the program and by its tests.
-- SQLite 3.37 or newer (STRICT). It lies in AFFIANT_HOME and belongs to nobody's custody record: a collection copies what it
-- needs. Times are UTC text, YYYY-MM-DDThh:mm:ss.sssZ; dates YYYY-MM-DD; digests lower-case hex; NULL is not known, never 0.
-- Tables ending in _v hold versions: a row is true from the snapshot from_snap until, not including, to_snap (NULL: still).

PRAGMA application_id = 0x41464956;          -- 'AFIV'
PRAGMA user_version = 1;

-- The tenants that were ever synced.
CREATE TABLE tenant (
  tenant_id      TEXT PRIMARY KEY,
  display_name   TEXT,
  default_domain TEXT,
  cloud          TEXT NOT NULL DEFAULT 'global',
  first_seen     TEXT NOT NULL
) STRICT;

-- One sign-in for the sync. The secret itself is in the token store; `secret_ref` names the account there.
CREATE TABLE connection (
  connection_id     INTEGER PRIMARY KEY,
  tenant_id         TEXT NOT NULL REFERENCES tenant,
  label             TEXT NOT NULL UNIQUE,
  auth_kind         TEXT NOT NULL CHECK (auth_kind IN ('delegated','app_secret','app_certificate')),
  client_id         TEXT NOT NULL,
  signed_in_user_id TEXT,
  secret_ref        TEXT,
  secret_hint       TEXT,
  secret_expires_on TEXT,
  domains_mode      TEXT NOT NULL DEFAULT 'all' CHECK (domains_mode IN ('all','listed')),
  domains_json      TEXT NOT NULL DEFAULT '["*"]',
  enabled           INTEGER NOT NULL DEFAULT 1,
  added_at          TEXT NOT NULL,
  removed_at        TEXT,                             -- off the list; its runs stay
  CHECK (client_id <> tenant_id)
) STRICT;

-- What each connection was granted, run by run: a revocation shows as a dated change.
CREATE TABLE scope_grant (
  connection_id INTEGER NOT NULL REFERENCES connection,
  scope         TEXT NOT NULL,
  kind          TEXT NOT NULL CHECK (kind IN ('delegated','application','role')),
  present       INTEGER NOT NULL,
  first_run     INTEGER,
  last_run      INTEGER,
  PRIMARY KEY (connection_id, kind, scope)
) STRICT, WITHOUT ROWID;

-- One execution for one connection.
CREATE TABLE sync_run (
  run_id            INTEGER PRIMARY KEY AUTOINCREMENT,
  run_uid           TEXT NOT NULL UNIQUE,
  connection_id     INTEGER NOT NULL REFERENCES connection,
  tenant_id         TEXT NOT NULL REFERENCES tenant,
  trigger           TEXT NOT NULL CHECK (trigger IN ('manual','schedule','precollection')),
  started_at        TEXT NOT NULL,
  finished_at       TEXT,
  status            TEXT NOT NULL CHECK (status IN ('running','ok','partial','failed','cancelled')),
  concealment       TEXT NOT NULL DEFAULT 'unknown' CHECK (concealment IN ('none','all','mixed','unknown')),
  concealment_basis TEXT,
  domains_json      TEXT NOT NULL,
  app_version       TEXT NOT NULL,
  catalog_version   TEXT NOT NULL,
  error_code        TEXT,
  error_text        TEXT
) STRICT;

-- Bodies as they arrived, by digest, stored once. `codec` is how `body` is packed.
CREATE TABLE raw_body (
  sha256 TEXT PRIMARY KEY,
  bytes  INTEGER NOT NULL,
  codec  TEXT NOT NULL,
  body   BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- One exchange with the service. The address is kept without what makes a link secret.
CREATE TABLE fetch (
  fetch_id          INTEGER PRIMARY KEY,
  run_id            INTEGER NOT NULL REFERENCES sync_run,
  seq               INTEGER NOT NULL,
  endpoint          TEXT NOT NULL,
  api_version       TEXT NOT NULL,
  request_url       TEXT NOT NULL,
  requested_at      TEXT NOT NULL,
  elapsed_ms        INTEGER,
  attempts          INTEGER NOT NULL DEFAULT 1,
  waited_ms         INTEGER NOT NULL DEFAULT 0,
  http_status       INTEGER,
  graph_request_id  TEXT,
  client_request_id TEXT NOT NULL,
  redirect_host     TEXT,
  etag              TEXT,
  content_type      TEXT,
  body_sha256       TEXT,
  rows              INTEGER,
  rows_rejected     INTEGER,
  outcome           TEXT NOT NULL CHECK (outcome IN ('ok','not_modified','forbidden','unlicensed','unsupported','throttled','failed','skipped')),
  error_code        TEXT,
  error_text        TEXT,
  snap_id           INTEGER REFERENCES snapshot,      -- what came of it, where anything did
  kept              TEXT NOT NULL DEFAULT 'whole' CHECK (kept IN ('whole','kept_rows','none')),
  kept_sha256       TEXT,                             -- the stored body, where it holds only the rows inside the domains
  UNIQUE (run_id, seq)
) STRICT;

-- What a run had to say, in order.
CREATE TABLE sync_log (
  run_id      INTEGER NOT NULL REFERENCES sync_run,
  seq         INTEGER NOT NULL,
  at          TEXT NOT NULL,
  level       TEXT NOT NULL,
  code        TEXT NOT NULL,
  text        TEXT NOT NULL,
  fields_json TEXT,
  PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

-- One dataset of one run. Incomplete ones close no interval.
CREATE TABLE snapshot (
  snap_id        INTEGER PRIMARY KEY,
  run_id         INTEGER NOT NULL REFERENCES sync_run,
  tenant_id      TEXT NOT NULL REFERENCES tenant,
  dataset        TEXT NOT NULL,
  period         TEXT NOT NULL DEFAULT '',
  refresh_date   TEXT NOT NULL DEFAULT '',
  taken_at       TEXT NOT NULL,
  complete       INTEGER NOT NULL,
  row_count      INTEGER NOT NULL,
  content_sha256 TEXT NOT NULL,
  same_as        INTEGER REFERENCES snapshot,
  restates       INTEGER REFERENCES snapshot,
  concealment    TEXT NOT NULL DEFAULT 'none',
  columns_json   TEXT
) STRICT;
CREATE UNIQUE INDEX snapshot_once ON snapshot(run_id,dataset,period);
CREATE INDEX snapshot_asof ON snapshot(tenant_id,dataset,period,complete,taken_at);

-- Snapshots that a custody record swears to: their stored bodies are never removed.
CREATE TABLE sworn_to (
  snap_id INTEGER PRIMARY KEY REFERENCES snapshot,
  since   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now'))
) STRICT;

-- Directory and licence state: one row per version, from the snapshot that first had it up to the one that no longer did.
CREATE TABLE user_v (
  tenant_id           TEXT NOT NULL,
  user_id             TEXT NOT NULL,
  from_snap           INTEGER NOT NULL REFERENCES snapshot,
  to_snap             INTEGER REFERENCES snapshot,
  row_hash            TEXT NOT NULL,
  upn                 TEXT NOT NULL,
  mail                TEXT,
  display_name        TEXT,
  department          TEXT,
  company_name        TEXT,
  job_title           TEXT,
  office              TEXT,
  country             TEXT,
  usage_location      TEXT,
  user_type           TEXT,
  account_enabled     INTEGER,
  created_at          TEXT,
  is_resource_account INTEGER,
  mailbox_purpose     TEXT,
  employee_type       TEXT,
  on_prem_sync        INTEGER,
  PRIMARY KEY (tenant_id, user_id, from_snap)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_v_open ON user_v(tenant_id,to_snap,upn);

CREATE TABLE user_address_v (
  tenant_id TEXT NOT NULL,
  user_id   TEXT NOT NULL,
  address   TEXT NOT NULL,
  kind      TEXT NOT NULL,
  from_snap INTEGER NOT NULL,
  to_snap   INTEGER,
  PRIMARY KEY (tenant_id, address, kind, user_id, from_snap)
) STRICT, WITHOUT ROWID;

-- Sign-in dates, per snapshot. Interactive and non-interactive ones are attempts.
CREATE TABLE user_signin (
  tenant_id           TEXT NOT NULL,
  user_id             TEXT NOT NULL,
  snap_id             INTEGER NOT NULL REFERENCES snapshot,
  last_interactive    TEXT,
  last_noninteractive TEXT,
  last_successful     TEXT,
  PRIMARY KEY (snap_id, user_id)
) STRICT, WITHOUT ROWID;

-- How people can prove themselves at sign-in, per snapshot; only with Entra ID P1 or better.
CREATE TABLE user_mfa (
  tenant_id     TEXT NOT NULL,
  user_id       TEXT NOT NULL,
  snap_id       INTEGER NOT NULL REFERENCES snapshot,
  is_registered INTEGER,
  is_capable    INTEGER,
  is_admin      INTEGER,
  methods_json  TEXT,
  PRIMARY KEY (snap_id, user_id)
) STRICT, WITHOUT ROWID;

-- Accounts in the directory's bin: report rows may still be about them.
CREATE TABLE deleted_user_v (
  tenant_id    TEXT NOT NULL,
  user_id      TEXT NOT NULL,
  from_snap    INTEGER NOT NULL,
  to_snap      INTEGER,
  row_hash     TEXT NOT NULL,
  upn          TEXT NOT NULL,
  mail         TEXT,
  display_name TEXT,
  deleted_at   TEXT,
  PRIMARY KEY (tenant_id, user_id, from_snap)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_license_v (
  tenant_id           TEXT NOT NULL,
  user_id             TEXT NOT NULL,
  sku_id              TEXT NOT NULL,
  via_group           TEXT NOT NULL DEFAULT '',
  from_snap           INTEGER NOT NULL,
  to_snap             INTEGER,
  row_hash            TEXT NOT NULL,
  state               TEXT,
  error               TEXT,
  disabled_plans_json TEXT NOT NULL DEFAULT '[]',
  updated_at          TEXT,
  PRIMARY KEY (tenant_id, user_id, sku_id, via_group, from_snap)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_plan_v (
  tenant_id         TEXT NOT NULL,
  user_id           TEXT NOT NULL,
  service_plan_id   TEXT NOT NULL,
  from_snap         INTEGER NOT NULL,
  to_snap           INTEGER,
  service           TEXT,
  capability_status TEXT,
  assigned_at       TEXT,
  PRIMARY KEY (tenant_id, user_id, service_plan_id, from_snap)
) STRICT, WITHOUT ROWID;

-- People who have a product and are not in the store, because the connection names domains: how many, and why.
CREATE TABLE left_out_v (
  tenant_id TEXT NOT NULL,
  sku_id    TEXT NOT NULL,
  reason    TEXT NOT NULL CHECK (reason IN ('outside','no_address')),
  from_snap INTEGER NOT NULL,
  to_snap   INTEGER,
  people    INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, sku_id, reason, from_snap)
) STRICT, WITHOUT ROWID;

CREATE TABLE sku_v (
  tenant_id             TEXT NOT NULL,
  sku_id                TEXT NOT NULL,
  from_snap             INTEGER NOT NULL,
  to_snap               INTEGER,
  row_hash              TEXT NOT NULL,
  sku_part_number       TEXT NOT NULL,
  applies_to            TEXT,
  capability_status     TEXT,
  consumed              INTEGER,
  enabled               INTEGER,
  warning               INTEGER,
  suspended             INTEGER,
  locked_out            INTEGER,
  subscription_ids_json TEXT,
  PRIMARY KEY (tenant_id, sku_id, from_snap)
) STRICT, WITHOUT ROWID;

-- The service plans inside a product, as this tenant has them.
CREATE TABLE sku_plan_v (
  tenant_id           TEXT NOT NULL,
  sku_id              TEXT NOT NULL,
  service_plan_id     TEXT NOT NULL,
  from_snap           INTEGER NOT NULL,
  to_snap             INTEGER,
  plan_name           TEXT,
  provisioning_status TEXT,
  applies_to          TEXT,
  PRIMARY KEY (tenant_id, sku_id, service_plan_id, from_snap)
) STRICT, WITHOUT ROWID;

CREATE TABLE subscription_v (
  tenant_id         TEXT NOT NULL,
  subscription_id   TEXT NOT NULL,
  from_snap         INTEGER NOT NULL,
  to_snap           INTEGER,
  row_hash          TEXT NOT NULL,
  commerce_id       TEXT,
  sku_id            TEXT,
  sku_part_number   TEXT,
  status            TEXT,
  total_licenses    INTEGER,
  is_trial          INTEGER,
  created_at        TEXT,
  next_lifecycle_at TEXT,
  owner_tenant_id   TEXT,
  PRIMARY KEY (tenant_id, subscription_id, from_snap)
) STRICT, WITHOUT ROWID;

CREATE TABLE licensed_group_v (
  tenant_id           TEXT NOT NULL,
  group_id            TEXT NOT NULL,
  sku_id              TEXT NOT NULL,
  from_snap           INTEGER NOT NULL,
  to_snap             INTEGER,
  display_name        TEXT,
  processing_state    TEXT,
  members_with_errors INTEGER,
  PRIMARY KEY (tenant_id, group_id, sku_id, from_snap)
) STRICT, WITHOUT ROWID;

CREATE TABLE domain_v (
  tenant_id   TEXT NOT NULL,
  domain      TEXT NOT NULL,
  from_snap   INTEGER NOT NULL,
  to_snap     INTEGER,
  is_default  INTEGER,
  is_initial  INTEGER,
  is_verified INTEGER,
  PRIMARY KEY (tenant_id, domain, from_snap)
) STRICT, WITHOUT ROWID;

-- The tenant switch that conceals names, as read.
CREATE TABLE report_setting (
  tenant_id               TEXT NOT NULL,
  snap_id                 INTEGER PRIMARY KEY REFERENCES snapshot,
  display_concealed_names INTEGER
) STRICT;

-- Usage: who a report row is about. Pseudonyms never get a user.
CREATE TABLE principal (
  snap_id      INTEGER NOT NULL REFERENCES snapshot,
  principal    TEXT NOT NULL,
  kind         TEXT NOT NULL CHECK (kind IN ('real','concealed','unknown','empty','other')),
  user_id      TEXT,
  match_method TEXT NOT NULL DEFAULT 'none',
  PRIMARY KEY (snap_id, principal)
) STRICT, WITHOUT ROWID;
CREATE INDEX principal_user ON principal(snap_id, user_id);

CREATE TABLE use_email (
  snap_id             INTEGER NOT NULL,
  principal           TEXT NOT NULL,
  is_deleted          INTEGER,
  deleted_on          TEXT,
  last_activity       TEXT,
  sent                INTEGER,
  received            INTEGER,
  read                INTEGER,
  meetings_created    INTEGER,
  meetings_interacted INTEGER,
  assigned_products   TEXT,
  extra_json          TEXT,
  PRIMARY KEY (snap_id, principal)
) STRICT, WITHOUT ROWID;

CREATE TABLE use_mailbox (
  snap_id           INTEGER NOT NULL,
  principal         TEXT NOT NULL,
  recipient_type    TEXT,
  is_deleted        INTEGER,
  deleted_on        TEXT,
  created_on        TEXT,
  last_activity     TEXT,
  item_count        INTEGER,
  used_bytes        INTEGER,
  warn_quota        INTEGER,
  send_quota        INTEGER,
  sendreceive_quota INTEGER,
  deleted_items     INTEGER,
  deleted_bytes     INTEGER,
  deleted_quota     INTEGER,
  has_archive       INTEGER,
  extra_json        TEXT,
  PRIMARY KEY (snap_id, principal)
) STRICT, WITHOUT ROWID;

CREATE TABLE use_active (
  snap_id             INTEGER NOT NULL,
  principal           TEXT NOT NULL,
  service             TEXT NOT NULL,
  has_license         INTEGER,
  last_activity       TEXT,
  license_assigned_on TEXT,
  PRIMARY KEY (snap_id, principal, service)
) STRICT, WITHOUT ROWID;

CREATE TABLE use_activation (
  snap_id         INTEGER NOT NULL,
  principal       TEXT NOT NULL,
  product_type    TEXT NOT NULL,
  last_activated  TEXT,
  windows         INTEGER,
  mac             INTEGER,
  windows_mobile  INTEGER,
  ios             INTEGER,
  android         INTEGER,
  shared_computer INTEGER,
  PRIMARY KEY (snap_id, principal, product_type)
) STRICT, WITHOUT ROWID;

CREATE TABLE use_app (
  snap_id   INTEGER NOT NULL,
  principal TEXT NOT NULL,
  app       TEXT NOT NULL,
  platform  TEXT NOT NULL,
  used      INTEGER NOT NULL,
  PRIMARY KEY (snap_id, principal, app, platform)
) STRICT, WITHOUT ROWID;

CREATE TABLE use_metric (
  snap_id   INTEGER NOT NULL,
  principal TEXT NOT NULL,
  metric    TEXT NOT NULL,
  num       INTEGER,
  txt       TEXT,
  PRIMARY KEY (snap_id, principal, metric)
) STRICT, WITHOUT ROWID;

CREATE TABLE use_tenant (
  snap_id INTEGER NOT NULL,
  metric  TEXT NOT NULL,
  product TEXT NOT NULL DEFAULT '',
  num     INTEGER,
  PRIMARY KEY (snap_id, metric, product)
) STRICT, WITHOUT ROWID;

-- Product names: an imported table goes before the built-in one.
CREATE TABLE cat_sku (
  sku_id    TEXT PRIMARY KEY,
  string_id TEXT NOT NULL,
  name      TEXT NOT NULL,
  origin    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE cat_alias (
  name_key TEXT NOT NULL,
  sku_id   TEXT NOT NULL,
  PRIMARY KEY (name_key, sku_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE cat_plan (
  service_plan_id TEXT PRIMARY KEY,
  plan_name       TEXT NOT NULL,
  friendly        TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE cat_sku_plan (
  sku_id          TEXT NOT NULL,
  service_plan_id TEXT NOT NULL,
  PRIMARY KEY (sku_id, service_plan_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE cat_capability (
  service_plan_id TEXT NOT NULL,
  capability      TEXT NOT NULL,
  PRIMARY KEY (service_plan_id, capability)
) STRICT, WITHOUT ROWID;

-- The customer's own prices; the service has none.
CREATE TABLE price (
  price_id             INTEGER PRIMARY KEY,
  tenant_id            TEXT,
  sku_id               TEXT NOT NULL,
  currency             TEXT NOT NULL,
  minor_per_seat_month INTEGER NOT NULL,
  valid_from           TEXT NOT NULL,
  valid_to             TEXT,
  source               TEXT NOT NULL,
  source_sha256        TEXT
) STRICT;

-- Products left out of findings or of everything, with the reason.
CREATE TABLE sku_policy (
  tenant_id TEXT,
  sku_id    TEXT NOT NULL,
  ignore_in TEXT NOT NULL CHECK (ignore_in IN ('all','findings')),
  reason    TEXT,
  PRIMARY KEY (tenant_id, sku_id)
) STRICT;

-- What the rules found, from the first run that saw it to the last.
CREATE TABLE finding (
  finding_id      INTEGER PRIMARY KEY,
  tenant_id       TEXT NOT NULL,
  rule            TEXT NOT NULL,
  rule_version    INTEGER NOT NULL,
  subject_kind    TEXT NOT NULL,
  subject_id      TEXT NOT NULL,
  first_run       INTEGER NOT NULL REFERENCES sync_run,
  last_run        INTEGER NOT NULL REFERENCES sync_run,
  state           TEXT NOT NULL,
  severity        TEXT NOT NULL,
  minor_per_month INTEGER,
  currency        TEXT,
  evidence_json   TEXT NOT NULL,
  UNIQUE (tenant_id, rule, subject_kind, subject_id)
) STRICT;
CREATE VIEW v_latest AS SELECT tenant_id,dataset,period,max(snap_id) AS snap_id FROM snapshot WHERE complete=1 GROUP BY tenant_id,dataset,period;
