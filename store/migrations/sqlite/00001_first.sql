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
CREATE TABLE connection (                     -- an account at another system
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  name     TEXT NOT NULL UNIQUE,
  kind     TEXT NOT NULL,                      -- the connector: carddav, ldap
  settings TEXT NOT NULL,                      -- JSON, without secrets
  secret   TEXT NOT NULL DEFAULT ''            -- sealed
);
CREATE TABLE spent (                          -- calls that a connection made on a day
  connection_id INTEGER NOT NULL REFERENCES connection(id) ON DELETE CASCADE,
  day           TEXT NOT NULL,                 -- 2026-11-22
  calls         INTEGER NOT NULL,
  PRIMARY KEY (connection_id, day)
) WITHOUT ROWID;
CREATE TABLE pair (                           -- an object of a connection and the address book it is linked with
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  connection_id INTEGER NOT NULL REFERENCES connection(id),
  object        TEXT NOT NULL,
  book_id       INTEGER NOT NULL,
  seq           INTEGER NOT NULL DEFAULT 0,    -- grows with every change to its mirror
  cursor        TEXT NOT NULL DEFAULT '',      -- high-water mark of the remote; '' before the first full listing
  swept_at      INTEGER NOT NULL DEFAULT 0,    -- last complete listing, milliseconds since 1970
  epoch         INTEGER NOT NULL DEFAULT 0,    -- of the lease: grows with every run that takes the pair
  leased_until  INTEGER NOT NULL DEFAULT 0,    -- milliseconds since 1970
  UNIQUE (connection_id, object, book_id)
);
CREATE TABLE mirror (                         -- what is known of one record of the remote
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  pair_id       INTEGER NOT NULL REFERENCES pair(id) ON DELETE CASCADE,
  remote_id     TEXT NOT NULL,
  ref           INTEGER,                       -- the contact it is linked to
  seq           INTEGER NOT NULL,              -- of the pair, when the record last changed
  state         INTEGER NOT NULL DEFAULT 0,    -- 0 there, 1 gone, 2 gone and unlinked, 3 erased on request
  merged_into   TEXT NOT NULL DEFAULT '',      -- the record that stands for one that is gone
  version       TEXT NOT NULL DEFAULT '',      -- as the remote names it
  modified      INTEGER NOT NULL DEFAULT 0,    -- milliseconds since 1970; 0 when the remote does not say
  local_version INTEGER NOT NULL DEFAULT 0,    -- of the contact when the two were last in step
  key_hash      INTEGER NOT NULL DEFAULT 0,
  email_hash    INTEGER NOT NULL DEFAULT 0,
  phone_hash    INTEGER NOT NULL DEFAULT 0,
  seen          TEXT NOT NULL,                 -- JSON: its values by field
  base          TEXT NOT NULL DEFAULT '{}',    -- JSON: what both sides last agreed on, by field of the book
  UNIQUE (pair_id, remote_id)
);
CREATE UNIQUE INDEX mirror_link ON mirror (pair_id, ref) WHERE ref IS NOT NULL;
CREATE INDEX mirror_seq ON mirror (pair_id, seq);
CREATE INDEX mirror_key ON mirror (pair_id, key_hash) WHERE key_hash <> 0;
CREATE INDEX mirror_email ON mirror (pair_id, email_hash) WHERE email_hash <> 0;
CREATE INDEX mirror_phone ON mirror (pair_id, phone_hash) WHERE phone_hash <> 0;
CREATE TABLE progress (                       -- how far a sync has followed a pair
  sync_id     INTEGER NOT NULL,
  pair_id     INTEGER NOT NULL REFERENCES pair(id) ON DELETE CASCADE,
  mirror_seq  INTEGER NOT NULL DEFAULT 0,      -- changes of the mirror up to here are dealt with
  book_run    INTEGER NOT NULL DEFAULT 0,      -- runs on the book up to here are dealt with
  fingerprint TEXT NOT NULL DEFAULT '',        -- of the sync's settings then
  PRIMARY KEY (sync_id, pair_id)
);
CREATE TABLE retry (                          -- records a sync has to look at again: held, failed, in conflict
  sync_id   INTEGER NOT NULL,
  mirror_id INTEGER NOT NULL,                  -- 0: the contact has no counterpart yet
  ref       INTEGER NOT NULL,                  -- 0: the record has no counterpart yet
  PRIMARY KEY (sync_id, mirror_id, ref)
);
CREATE TABLE intent (                         -- a write to a remote, durable before every attempt
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  pair_id      INTEGER NOT NULL REFERENCES pair(id) ON DELETE CASCADE,
  run_id       INTEGER NOT NULL,
  idempotency_key TEXT NOT NULL UNIQUE,
  op           INTEGER NOT NULL,               -- 1 create, 2 update, 3 delete
  ref          INTEGER NOT NULL,
  remote_id    TEXT NOT NULL,                  -- '' for a create
  payload      TEXT NOT NULL,                  -- JSON: the first one, resent in every attempt
  base         TEXT NOT NULL,                  -- JSON: what both sides agree on once it is carried out
  attempted_at INTEGER NOT NULL,
  parked       INTEGER NOT NULL DEFAULT 0      -- 1: the outcome is unknown
);
CREATE INDEX intent_pair ON intent (pair_id);
CREATE UNIQUE INDEX intent_create ON intent (pair_id, ref) WHERE op = 1;
CREATE TABLE conflict (                       -- a field that both sides changed differently
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  pair_id   INTEGER NOT NULL REFERENCES pair(id) ON DELETE CASCADE,
  remote_id TEXT NOT NULL,
  ref       INTEGER NOT NULL,
  field     TEXT NOT NULL,
  base      TEXT NOT NULL,
  ours      TEXT NOT NULL,
  theirs    TEXT NOT NULL,                     -- in the book's words
  theirs_raw TEXT NOT NULL,                    -- as the remote has it
  winner    TEXT NOT NULL,                     -- ours, theirs; review: it waits for a person
  frozen    INTEGER NOT NULL DEFAULT 0,        -- 1: the oscillation breaker stopped it
  run_id    INTEGER NOT NULL,
  found_at  INTEGER NOT NULL,
  pick      TEXT NOT NULL DEFAULT '',          -- what a person chose
  picked_at INTEGER NOT NULL DEFAULT 0,
  open      INTEGER NOT NULL
);
CREATE UNIQUE INDEX conflict_open ON conflict (pair_id, ref, field) WHERE open = 1;
CREATE INDEX conflict_ref ON conflict (ref);
CREATE INDEX conflict_waiting ON conflict (pair_id) WHERE open <> 0;
CREATE TABLE suppression (                    -- somebody who was erased on request: nothing in it can be read
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  book_id   INTEGER NOT NULL,
  ref       INTEGER NOT NULL,                  -- the contact that was erased; 0: there was none
  run_id    INTEGER NOT NULL,                  -- that erased it
  reason    TEXT NOT NULL,
  erased_at INTEGER NOT NULL                   -- milliseconds since 1970
);
CREATE TABLE suppression_key (                -- match keys by which an import would bring the person back
  suppression_id INTEGER NOT NULL REFERENCES suppression(id) ON DELETE CASCADE,
  rule           INTEGER NOT NULL,             -- as in contact_key
  hash           INTEGER NOT NULL,             -- keyed, as in contact_key
  PRIMARY KEY (suppression_id, rule, hash)
);
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
