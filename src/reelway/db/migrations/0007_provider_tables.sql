-- Providers that the server keeps itself, beside the tables of the settings file.

CREATE TABLE provider_tables (
    name TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    settings TEXT NOT NULL,              -- JSON: what a table of the settings file would say, but its secrets
    secrets TEXT,                        -- JSON of them, sealed with the operator secret; NULL: there are none
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
