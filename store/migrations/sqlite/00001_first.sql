-- +goose Up
-- AUTOINCREMENT: the number of a deleted book, sync or run is never given to
-- another, which would inherit what history says of it. PostgreSQL does so anyway.
CREATE TABLE book (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  name         TEXT NOT NULL UNIQUE,
  seq          INTEGER NOT NULL DEFAULT 0,   -- grows with every change to its contacts or fields
  population   INTEGER NOT NULL DEFAULT 0,   -- contacts not in the trash
  next_contact INTEGER NOT NULL DEFAULT 1,   -- next contact number
  next_field   INTEGER NOT NULL DEFAULT 0,   -- next position in contact.data; positions are never used twice
  key_field    TEXT NOT NULL DEFAULT '',     -- unique identifier (C28)
  key_made     INTEGER NOT NULL DEFAULT 0,   -- 1: 9-digit keys are generated (C29)
  region       TEXT NOT NULL DEFAULT '',     -- default telephone region, ISO 3166-1
  name_formula TEXT NOT NULL DEFAULT ''
);
CREATE TABLE field (
  book_id  INTEGER NOT NULL REFERENCES book(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  name     TEXT NOT NULL,
  label    TEXT NOT NULL DEFAULT '',
  kind     TEXT NOT NULL,
  PRIMARY KEY (book_id, position),
  UNIQUE (book_id, name)
) WITHOUT ROWID;
CREATE TABLE contact (
  id          INTEGER PRIMARY KEY,           -- book.id * 2^40 + contact number
  version     INTEGER NOT NULL,
  created_run INTEGER NOT NULL,
  updated_run INTEGER NOT NULL,
  data        TEXT NOT NULL                  -- JSON array of values by field position
);
CREATE TABLE trash (
  id          INTEGER PRIMARY KEY,
  version     INTEGER NOT NULL,
  created_run INTEGER NOT NULL,
  updated_run INTEGER NOT NULL,
  data        TEXT NOT NULL,
  deleted_run INTEGER NOT NULL,
  deleted_at  INTEGER NOT NULL               -- milliseconds since 1970
);
CREATE TABLE contact_key (                    -- a leaf of the index of match keys
  id         INTEGER PRIMARY KEY,
  book_id    INTEGER NOT NULL,
  rule       INTEGER NOT NULL,                 -- 1 unique identifier, 2 e-mail, 3 telephone
  first_hash INTEGER NOT NULL,                 -- the leaf holds the keys from here to the next leaf
  data       BLOB NOT NULL,                    -- sorted (hash, contact id) pairs of 8 bytes each
  UNIQUE (book_id, rule, first_hash)
);
CREATE TABLE sync (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  name       TEXT NOT NULL UNIQUE,
  definition TEXT NOT NULL,
  base       TEXT NOT NULL DEFAULT ''        -- folder that relative paths start from
);
CREATE TABLE run (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  sync_id      INTEGER,
  name         TEXT NOT NULL DEFAULT '',
  kind         TEXT NOT NULL,                -- sync, undo, edit
  status       TEXT NOT NULL,
  started_at   INTEGER NOT NULL,
  finished_at  INTEGER NOT NULL DEFAULT 0,
  book_id      INTEGER NOT NULL DEFAULT 0,   -- of the target, where it is a book
  source_hash  TEXT NOT NULL DEFAULT '',
  source_size  INTEGER NOT NULL DEFAULT 0,
  target_state TEXT NOT NULL DEFAULT '',
  fingerprint  TEXT NOT NULL DEFAULT '',
  plan_hash    TEXT NOT NULL DEFAULT '',
  first_ref    INTEGER NOT NULL DEFAULT 0,
  position     INTEGER NOT NULL DEFAULT 0,   -- plan rows applied so far
  blocks_of    INTEGER NOT NULL DEFAULT 0,   -- run whose blocks describe this one's outcome
  undo_of      INTEGER NOT NULL DEFAULT 0,
  detail       TEXT NOT NULL DEFAULT '{}'    -- totals, reasons, warnings, messages, configuration
);
CREATE INDEX run_sync ON run (sync_id, id);
CREATE INDEX run_plan ON run (plan_hash) WHERE plan_hash <> '';
CREATE INDEX run_book ON run (book_id, id) WHERE book_id <> 0;
CREATE INDEX run_open ON run (id) WHERE status IN ('applying', 'planning');
CREATE TABLE block (
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  n      INTEGER NOT NULL,
  data   BLOB NOT NULL,
  PRIMARY KEY (run_id, n)
) WITHOUT ROWID;
CREATE TABLE change (
  run_id    INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  seq       INTEGER NOT NULL,
  source_row INTEGER NOT NULL,
  line      INTEGER NOT NULL,
  action    INTEGER NOT NULL,
  reason    TEXT NOT NULL,
  rule      TEXT NOT NULL,
  ref       INTEGER NOT NULL,
  source_id TEXT NOT NULL,
  target_id TEXT NOT NULL,
  version   TEXT NOT NULL,
  detail    TEXT NOT NULL,                   -- JSON: fields, missing, message, ...
  PRIMARY KEY (run_id, seq)
) WITHOUT ROWID;
CREATE INDEX change_ref ON change (ref) WHERE ref <> 0;
CREATE TABLE link (
  sync_id   INTEGER NOT NULL,
  source_id TEXT NOT NULL,
  ref       INTEGER NOT NULL,
  PRIMARY KEY (sync_id, source_id),
  UNIQUE (sync_id, ref)
) WITHOUT ROWID;
CREATE TABLE setting (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE learned (
  fingerprint TEXT PRIMARY KEY,
  mapping     TEXT NOT NULL
) WITHOUT ROWID;

-- +goose Down
SELECT 1;
