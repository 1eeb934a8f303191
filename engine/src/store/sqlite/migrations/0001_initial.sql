-- Times are microseconds since 1970-01-01 UTC. Ids of connections, deliveries and entries are 16 bytes.
-- AUTOINCREMENT stands where a number must never be given twice, also after its row was removed.

CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE connection (
    id BLOB NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    provider TEXT NOT NULL,
    reference_id TEXT,
    account_id TEXT NOT NULL,
    account TEXT NOT NULL,              -- JSON: id, scopes, facts
    state TEXT NOT NULL,
    reason TEXT,
    epoch INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- In this order it also finds all connections of a provider's account, which is what a notification asks for.
CREATE UNIQUE INDEX connection_account ON connection (provider, account_id, tenant);
CREATE INDEX connection_reference ON connection (tenant, reference_id);

-- A table of its own, so that no write to another column of a connection can ever undo a refreshed token.
CREATE TABLE credential (
    connection BLOB NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL,
    stored_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE cursor (
    connection BLOB NOT NULL,
    resource TEXT NOT NULL,
    lane TEXT NOT NULL,
    through INTEGER NOT NULL,
    token TEXT,
    finished INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (connection, resource, lane)
) STRICT, WITHOUT ROWID;

CREATE TABLE flow (
    state TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    provider TEXT NOT NULL,
    connection BLOB NOT NULL,
    reference_id TEXT,
    verifier BLOB,                      -- sealed
    browser BLOB,
    success_url TEXT,
    failure_url TEXT,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tenant (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    entries INTEGER NOT NULL DEFAULT 0  -- log entries ever written
) STRICT;

CREATE TABLE log (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,           -- number of the entry among those of its tenant, so that a backlog is a difference
    connection BLOB NOT NULL,
    kind TEXT NOT NULL,                 -- record:<type>, deleted:<type> or event:<type>
    key TEXT NOT NULL,
    id BLOB NOT NULL,
    committed_at INTEGER NOT NULL,
    trace BLOB,                         -- trace id, span id, flags
    body BLOB NOT NULL
) STRICT;
CREATE INDEX log_tenant ON log (tenant);
CREATE INDEX log_connection ON log (connection);

-- What is known of each record: the content of its newest entry.
CREATE TABLE digest (
    connection BLOB NOT NULL,
    data_type TEXT NOT NULL,
    key TEXT NOT NULL,
    digest BLOB NOT NULL,
    deleted INTEGER NOT NULL,
    PRIMARY KEY (connection, data_type, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    provider TEXT NOT NULL,
    connection BLOB,                    -- null: the account is not known here
    notice TEXT NOT NULL,               -- JSON
    received_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    given_up INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    trace BLOB
) STRICT;
CREATE INDEX inbox_connection ON inbox (connection, given_up, due_at);

-- Event ids of notices; they outlive the inbox rows, so that a late repetition is known too.
CREATE TABLE notice (
    connection BLOB NOT NULL,           -- 16 zero bytes: the account is not known here
    provider TEXT NOT NULL,
    event_id TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (connection, provider, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX notice_age ON notice (received_at);

CREATE TABLE sink_offset (
    tenant TEXT NOT NULL,
    sink TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (tenant, sink)
) STRICT, WITHOUT ROWID;

CREATE TABLE parked (
    delivery BLOB NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    sink TEXT NOT NULL,
    connection BLOB NOT NULL,
    sequences TEXT NOT NULL,            -- JSON: list of numbers
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    replay INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX parked_sink ON parked (tenant, sink, due_at);

CREATE TABLE dead_letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    sink TEXT NOT NULL,
    class TEXT NOT NULL,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    entry_tenant TEXT NOT NULL,
    connection BLOB NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    entry_id BLOB NOT NULL,
    committed_at INTEGER NOT NULL,
    trace BLOB,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX dead_letter_sink ON dead_letter (tenant, sink);
CREATE INDEX dead_letter_age ON dead_letter (last_at);
