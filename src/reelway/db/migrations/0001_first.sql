-- Everything one machine needs. Instants are milliseconds since 1970 UTC; money is micro-dollars.

CREATE TABLE workspaces (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id),
    hash TEXT NOT NULL UNIQUE,           -- sha256 of the key; the key itself is shown once and kept nowhere
    hint TEXT NOT NULL,                  -- first characters, to tell keys apart
    name TEXT NOT NULL,
    purse TEXT NOT NULL,                 -- live | test
    scopes TEXT NOT NULL,                -- JSON list
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX api_keys_by_workspace ON api_keys (workspace_id, id);

CREATE TABLE accounts (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id),
    purse TEXT NOT NULL,
    balance_microusd BIGINT NOT NULL DEFAULT 0 CHECK (balance_microusd >= 0),
    held_microusd BIGINT NOT NULL DEFAULT 0 CHECK (held_microusd >= 0 AND held_microusd <= balance_microusd),
    PRIMARY KEY (workspace_id, purse)
);

CREATE TABLE transfers (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    purse TEXT NOT NULL,
    kind TEXT NOT NULL,                  -- grant | hold | settle | release
    amount_microusd BIGINT NOT NULL CHECK (amount_microusd >= 0),
    generation_id TEXT,
    note TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX transfers_once ON transfers (generation_id, kind) WHERE generation_id IS NOT NULL;
CREATE UNIQUE INDEX transfers_resolved_once ON transfers (generation_id) WHERE kind IN ('settle', 'release');
CREATE INDEX transfers_by_account ON transfers (workspace_id, purse, id);

CREATE TABLE generations (
    number SERIAL_KEY,
    id TEXT NOT NULL UNIQUE,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id),
    key_id TEXT NOT NULL,
    purse TEXT NOT NULL,
    dialect TEXT NOT NULL,
    family TEXT NOT NULL,
    state TEXT NOT NULL,
    epoch BIGINT NOT NULL DEFAULT 0,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    upstream_model TEXT NOT NULL,
    spec TEXT NOT NULL,
    echo TEXT NOT NULL,
    base_url TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,
    price_microusd BIGINT NOT NULL,
    charged_microusd BIGINT,
    cost_microusd BIGINT,
    output TEXT,
    meta TEXT NOT NULL DEFAULT '{}',
    error_code TEXT,
    error_message TEXT,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    webhook_url TEXT,
    track_id TEXT,                       -- JSON: string, number or null as sent
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    deleted_at BIGINT
);
CREATE INDEX generations_by_workspace ON generations (workspace_id, id);
CREATE INDEX generations_in_flight ON generations (key_id) WHERE ended_at IS NULL;

CREATE TABLE attempts (
    generation_id TEXT NOT NULL REFERENCES generations (id),
    number INTEGER NOT NULL,             -- 1, 2, ... within the generation
    provider TEXT NOT NULL,
    upstream_model TEXT NOT NULL,
    outcome TEXT NOT NULL,               -- started | accepted | rejected | unknown | absent
    handle TEXT,                         -- JSON the provider gave; survives restarts
    fault TEXT,
    message TEXT,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (generation_id, number)
);

CREATE TABLE events (
    generation_id TEXT NOT NULL REFERENCES generations (id),
    number INTEGER NOT NULL,             -- 1, 2, ... within the generation
    type TEXT NOT NULL,
    at BIGINT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (generation_id, number)
);

CREATE TABLE idempotency (
    workspace_id TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    generation_id TEXT NOT NULL,
    answer TEXT NOT NULL,                -- the body of the first answer, sent again word for word
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

CREATE TABLE dispatch_entries (
    topic TEXT NOT NULL,                 -- generation | delivery
    subject TEXT NOT NULL,               -- the id to work on
    due_at BIGINT NOT NULL,
    enqueued_at BIGINT NOT NULL,
    PRIMARY KEY (topic, subject)
);

CREATE TABLE webhook_endpoints (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id),
    url TEXT NOT NULL,
    event_types TEXT NOT NULL,           -- JSON list
    description TEXT NOT NULL DEFAULT '',
    secret_version INTEGER NOT NULL DEFAULT 1,
    previous_secret_until BIGINT,        -- both secrets sign until then
    failing_since BIGINT,
    disabled_at BIGINT,
    disabled_reason TEXT,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE INDEX webhook_endpoints_by_workspace ON webhook_endpoints (workspace_id, id);

CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    generation_id TEXT NOT NULL,
    endpoint_id TEXT,                    -- NULL: the request's own webhook field
    url TEXT NOT NULL,
    event_id TEXT NOT NULL,              -- stable over retries
    event_type TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,                 -- pending | delivered | failed
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at BIGINT,
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX deliveries_by_workspace ON deliveries (workspace_id, id);
CREATE INDEX deliveries_by_generation ON deliveries (generation_id);

CREATE TABLE delivery_attempts (
    delivery_id TEXT NOT NULL REFERENCES deliveries (id),
    number INTEGER NOT NULL,
    at BIGINT NOT NULL,
    took_ms BIGINT NOT NULL,
    status INTEGER,
    error TEXT,
    response TEXT,
    PRIMARY KEY (delivery_id, number)
);
