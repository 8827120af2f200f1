-- For tables of a million rows. No index mentions `state`: an update that changes no indexed column is much cheaper,
-- and every step of a generation's life but the last is one.

-- Replays of webhooks: what ended since an instant.
CREATE INDEX generations_by_end ON generations (workspace_id, ended_at, id) WHERE ended_at IS NOT NULL;

-- Pages of finished clips, and how many there are. A generation has an output exactly when it succeeded.
CREATE INDEX generations_finished ON generations (workspace_id, id) WHERE output IS NOT NULL AND deleted_at IS NULL;

-- Pages of transfers, newest first.
CREATE INDEX transfers_by_time ON transfers (workspace_id, created_at, id);
DROP INDEX transfers_by_account;
