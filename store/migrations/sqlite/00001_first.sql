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
  name_formula TEXT NOT NULL DEFAULT '',
  second_keys  INTEGER NOT NULL DEFAULT 0    -- 1: the keys of second e-mails and telephones are kept as well
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
  rule       INTEGER NOT NULL,                 -- 1 unique identifier, 2 e-mail, 3 telephone, 4 and 5 second ones
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
CREATE INDEX change_nobody ON change (run_id) WHERE ref = 0;
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
CREATE TABLE users (                          -- somebody who may sign in; "user" is a word of SQL
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  email      TEXT NOT NULL UNIQUE,             -- canonical
  name       TEXT NOT NULL DEFAULT '',
  role       TEXT NOT NULL,                    -- owner, manager, operator, viewer
  disabled   INTEGER NOT NULL DEFAULT 0,
  password   TEXT NOT NULL DEFAULT '',         -- Argon2id; '' when no password opens the account
  totp       TEXT NOT NULL DEFAULT '',         -- sealed
  totp_on    INTEGER NOT NULL DEFAULT 0,       -- 1: it was confirmed and is asked for
  totp_step  INTEGER NOT NULL DEFAULT 0,       -- the latest code that counted
  created_at INTEGER NOT NULL                  -- milliseconds since 1970, here and below
);
CREATE TABLE recovery (                       -- codes for whoever has lost the second factor
  user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  hash    TEXT NOT NULL,
  PRIMARY KEY (user_id, hash)
) WITHOUT ROWID;
CREATE TABLE identity (                       -- who an issuer of OpenID Connect says a user is
  issuer  TEXT NOT NULL,
  subject TEXT NOT NULL,
  user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  PRIMARY KEY (issuer, subject),
  UNIQUE (user_id, issuer)
) WITHOUT ROWID;
CREATE TABLE ticket (                         -- a link that works once
  hash       TEXT PRIMARY KEY,
  kind       TEXT NOT NULL,                    -- setup, invitation, password
  user_id    INTEGER NOT NULL DEFAULT 0,       -- 0: nobody yet
  email      TEXT NOT NULL DEFAULT '',
  name       TEXT NOT NULL DEFAULT '',
  role       TEXT NOT NULL DEFAULT '',
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE session (                        -- a browser in which somebody has signed in
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id    INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  hash       TEXT NOT NULL UNIQUE,
  state      TEXT NOT NULL,                    -- open, or what is missing: code, enrolment
  method     TEXT NOT NULL,                    -- password, issuer, setup, invitation
  agent      TEXT NOT NULL,
  address    TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL,
  proved_at  INTEGER NOT NULL                  -- when the user last proved who they are
);
CREATE INDEX session_of_user ON session (user_id);
CREATE TABLE token (                          -- lets a program act for a user
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id    INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  name       TEXT NOT NULL,
  hash       TEXT NOT NULL UNIQUE,
  scopes     TEXT NOT NULL,                    -- read run write admin
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL DEFAULT 0,       -- 0: never
  used_at    INTEGER NOT NULL DEFAULT 0,
  revoked_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX token_user ON token (user_id);
CREATE TABLE audit (                          -- who did what; nothing in it is ever changed
  n       INTEGER PRIMARY KEY,                 -- 1, 2, 3 without a gap
  at      INTEGER NOT NULL,
  actor   TEXT NOT NULL,
  action  TEXT NOT NULL,
  object  TEXT NOT NULL,
  address TEXT NOT NULL,
  detail  TEXT NOT NULL,                       -- JSON: numbers and words, no personal data
  hash    TEXT NOT NULL                        -- of the entry before and this one's content
);
-- +goose StatementBegin
CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
-- +goose StatementEnd
CREATE TABLE channel (                        -- a way to tell people something
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  name     TEXT NOT NULL UNIQUE,
  kind     TEXT NOT NULL,                      -- smtp, webhook, slack
  settings TEXT NOT NULL,                      -- JSON, without secrets
  secret   TEXT NOT NULL DEFAULT '',           -- sealed
  events   TEXT NOT NULL DEFAULT 'null'        -- JSON: what it is told of every sync
);
CREATE TABLE notify (                         -- who is told about a sync's runs, and what they were told
  sync_id INTEGER PRIMARY KEY,
  rules   TEXT NOT NULL DEFAULT 'null',        -- JSON, from the sync's file
  state   TEXT NOT NULL DEFAULT '{}',          -- JSON: problems that last
  version INTEGER NOT NULL DEFAULT 0            -- of the state
);
CREATE TABLE outbox (                         -- messages to be sent
  id            TEXT PRIMARY KEY,
  channel       TEXT NOT NULL,                 -- name; '': the mail server
  recipient     TEXT NOT NULL,                 -- e-mail address
  kind          TEXT NOT NULL,
  sync_id       INTEGER NOT NULL,
  body          TEXT NOT NULL,                 -- JSON
  created_at    INTEGER NOT NULL,              -- milliseconds since 1970
  state         TEXT NOT NULL,                 -- waiting, sent, dead, replaced
  attempts      INTEGER NOT NULL DEFAULT 0,
  next_at       INTEGER NOT NULL,
  claimed_until INTEGER NOT NULL DEFAULT 0,    -- a process is sending it
  reason        TEXT NOT NULL DEFAULT '',      -- why it was not sent
  sent_at       INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (next_at) WHERE state = 'waiting';
CREATE INDEX outbox_made ON outbox (created_at);
CREATE TABLE job (                            -- work that waits for a worker, or has one
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  kind         TEXT NOT NULL,                  -- plan, run, apply, undo, replay
  sync_name    TEXT NOT NULL,                  -- '' where it is about a run by hand
  subject      INTEGER NOT NULL DEFAULT 0,       -- run that it is about: to be applied, undone, replayed
  detail       TEXT NOT NULL DEFAULT '{}',     -- JSON: what else was asked for
  asked_by     TEXT NOT NULL,                  -- an e-mail's user number, or schedule
  planned_at   INTEGER NOT NULL DEFAULT 0,       -- the occurrence of a schedule, milliseconds since 1970
  state        TEXT NOT NULL,                  -- waiting, running, done, failed, cancelled
  created_at   INTEGER NOT NULL,
  started_at   INTEGER NOT NULL DEFAULT 0,
  finished_at  INTEGER NOT NULL DEFAULT 0,
  epoch        INTEGER NOT NULL DEFAULT 0,       -- of the lease: grows with every worker that takes the job
  leased_until INTEGER NOT NULL DEFAULT 0,
  cancel       INTEGER NOT NULL DEFAULT 0,       -- 1: asked to stop
  run_id       INTEGER NOT NULL DEFAULT 0,       -- that came of it
  code         TEXT NOT NULL DEFAULT '',       -- why it failed
  message      TEXT NOT NULL DEFAULT ''
);
CREATE INDEX job_open ON job (state, id);
CREATE UNIQUE INDEX job_occurrence ON job (sync_name, planned_at) WHERE planned_at <> 0;
CREATE TABLE draft (                          -- a wizard that somebody has begun
  id         TEXT PRIMARY KEY,
  kind       TEXT NOT NULL,                    -- import
  data       TEXT NOT NULL,                    -- JSON
  updated_by TEXT NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE TABLE schedule (                       -- when a sync runs by itself
  sync_id         INTEGER PRIMARY KEY,
  definition      TEXT NOT NULL,               -- JSON
  paused          INTEGER NOT NULL DEFAULT 0,
  next_at         INTEGER NOT NULL,             -- milliseconds since 1970; 0: it has come to its end
  last_planned_at INTEGER NOT NULL DEFAULT 0,   -- the latest run that was taken
  epoch           INTEGER NOT NULL DEFAULT 0    -- grows with every change
);
CREATE INDEX schedule_due ON schedule (next_at) WHERE paused = 0 AND next_at > 0;
CREATE TABLE fetched (                        -- a remote file that a sync has read
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  sync_id    INTEGER NOT NULL,
  path       TEXT NOT NULL,
  size       INTEGER NOT NULL,                  -- of the file as it lay there
  hash       TEXT NOT NULL,                    -- SHA-256 of it
  modified   TEXT NOT NULL,                    -- as its server tells it; empty: it does not
  tag        TEXT NOT NULL,                    -- ETag
  run_id     INTEGER NOT NULL,                  -- that applied it
  fetched_at INTEGER NOT NULL,                  -- milliseconds since 1970
  settled    INTEGER NOT NULL                   -- 1: kept, moved or deleted, as the sync says
);
CREATE UNIQUE INDEX fetched_once ON fetched (sync_id, path, size, hash);
CREATE TABLE saved_filter (                   -- a choice among a book's contacts that has a name
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  book_id    INTEGER NOT NULL,
  name       TEXT NOT NULL,
  definition TEXT NOT NULL,                    -- JSON
  UNIQUE (book_id, name)
);
CREATE TABLE idempotency (                    -- what the API answered to a request that may be repeated
  id      TEXT PRIMARY KEY,                    -- hash of who asked and of the key they chose
  request TEXT NOT NULL,                       -- hash of what was asked
  status  INTEGER NOT NULL,               -- of the answer; 0: it is still at work
  sealed  BLOB NOT NULL,                  -- headers and body
  at      INTEGER NOT NULL
);
CREATE INDEX idempotency_at ON idempotency (at);
CREATE TABLE tested (                         -- how the last test of a connection went
  connection_id INTEGER PRIMARY KEY REFERENCES connection(id) ON DELETE CASCADE,
  at            INTEGER NOT NULL,              -- milliseconds since 1970
  code          TEXT NOT NULL,                 -- of what stood in the way; '': it went well
  said          TEXT NOT NULL
);
CREATE TABLE managed (                        -- what is kept in files, and the secrets that files name
  kind   TEXT NOT NULL,                        -- Sync, Connection, Book, Channel
  name   TEXT NOT NULL,
  file   TEXT NOT NULL,                        -- '' when it is changed on the pages again
  secret TEXT NOT NULL DEFAULT '',             -- where its secret comes from: ${env:...}, ${file:...}
  PRIMARY KEY (kind, name)
) WITHOUT ROWID;
CREATE TABLE occasion (                       -- an event or a meeting of a book's people
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  book_id       INTEGER NOT NULL,
  kind          TEXT NOT NULL,                 -- event, meeting
  name          TEXT NOT NULL,                 -- of an event; the subject of a meeting
  starts_at     INTEGER NOT NULL DEFAULT 0,    -- milliseconds since 1970; 0: not said
  ends_at       INTEGER NOT NULL DEFAULT 0,
  place         TEXT NOT NULL DEFAULT '',
  note          TEXT NOT NULL DEFAULT '',
  part_of       INTEGER NOT NULL DEFAULT 0,    -- the event that a meeting belongs to
  connection    TEXT NOT NULL DEFAULT '',      -- whose campaign an event is connected with (E21)
  campaign      TEXT NOT NULL DEFAULT '',      -- its id there
  campaign_name TEXT NOT NULL DEFAULT ''
);
CREATE INDEX occasion_book ON occasion (book_id, kind, id);
CREATE TABLE attendance (                     -- somebody takes part
  occasion_id INTEGER NOT NULL REFERENCES occasion(id) ON DELETE CASCADE,
  ref         INTEGER NOT NULL,                -- the contact
  status      TEXT NOT NULL DEFAULT '',        -- registered, attended, ...: the organisation's own words
  added_at    INTEGER NOT NULL,                -- milliseconds since 1970
  PRIMARY KEY (occasion_id, ref)
) WITHOUT ROWID;
CREATE INDEX attendance_ref ON attendance (ref);
CREATE TABLE lead (                           -- somebody who waits in a book's inbox
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  book_id     INTEGER NOT NULL,
  occasion_id INTEGER NOT NULL DEFAULT 0,    -- the event where they were met
  form_id     INTEGER NOT NULL DEFAULT 0,    -- by which form they came
  fields      TEXT NOT NULL,                 -- values by field, JSON
  came        TEXT NOT NULL,                 -- form, csv, api
  note        TEXT NOT NULL DEFAULT '',
  state       TEXT NOT NULL,                 -- new, taken, dismissed
  ref         INTEGER NOT NULL DEFAULT 0,    -- the contact that they became
  run_id      INTEGER NOT NULL DEFAULT 0,    -- by which run; 0: the contact had all of it
  settled_by  TEXT NOT NULL DEFAULT '',      -- who took or dismissed them
  version     INTEGER NOT NULL DEFAULT 1,    -- counts corrections
  at          INTEGER NOT NULL,              -- milliseconds since 1970
  settled_at  INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX lead_state ON lead (state, book_id, id);
CREATE TABLE capture_form (                   -- a page by which people put themselves into an inbox
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  book_id     INTEGER NOT NULL,
  occasion_id INTEGER NOT NULL DEFAULT 0,    -- the event that its leads are of
  hash        TEXT NOT NULL UNIQUE,          -- SHA-256 of the secret in its address
  title       TEXT NOT NULL,
  fields      TEXT NOT NULL,                 -- names, JSON
  required    TEXT NOT NULL,                 -- names, JSON
  closed      INTEGER NOT NULL DEFAULT 0,
  day         TEXT NOT NULL DEFAULT '',      -- on which somebody came last
  came        INTEGER NOT NULL DEFAULT 0,    -- so many on that day
  created_at  INTEGER NOT NULL               -- milliseconds since 1970
);

-- +goose Down
SELECT 1;
