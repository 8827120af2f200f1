-- Who serves what: what may stand in, what it should cost, and how the upstreams are doing.

ALTER TABLE workspaces ADD COLUMN substitution TEXT;   -- forbid | same_family | any; NULL: as the server's setting says
ALTER TABLE generations ADD COLUMN substitution TEXT NOT NULL DEFAULT 'any';
ALTER TABLE generations ADD COLUMN expected_cost_microusd BIGINT NOT NULL DEFAULT 0;

-- One row for each upstream that was found failing: closed again, the row is gone.
CREATE TABLE circuits (
    provider TEXT NOT NULL,
    upstream_model TEXT NOT NULL,        -- '' is the whole provider: its key or its funds
    fault TEXT NOT NULL,
    message TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    open_until BIGINT NOT NULL,          -- then one job is let through to see
    pause_ms BIGINT NOT NULL,            -- how long it was opened for last
    PRIMARY KEY (provider, upstream_model)
);

-- How long an upstream took lately, from submit to finish: a moving mean.
CREATE TABLE route_times (
    provider TEXT NOT NULL,
    upstream_model TEXT NOT NULL,
    seconds DOUBLE PRECISION NOT NULL,
    clips BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (provider, upstream_model)
);

-- What a provider with a budget has been given to do in a day or a month, at what it should cost or did cost.
CREATE TABLE budgets (
    provider TEXT NOT NULL,
    period TEXT NOT NULL,                -- 2026-11-23 or 2026-11, UTC
    spent_microusd BIGINT NOT NULL,
    PRIMARY KEY (provider, period)
);
