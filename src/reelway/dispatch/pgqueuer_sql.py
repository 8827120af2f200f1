"""What we say to PgQueuer's queue table ourselves; claims are PgQueuer's own SQL.

A row is one unfinished subject: `entrypoint` is its lane, `payload` its id, `headers` its owner, `priority` its turn.
`attempts` goes up whenever a row is given back, so (owner of the claim, attempts) names one claim: whoever slept
through a takeover matches no row.
"""

from typing import Final

from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel

# All names are said here: PgQueuer would read them from the environment, from words as common as CHANNEL.
SETTINGS: Final = DBSettings(
    prefix="",
    db_schema=None,
    channel=Channel("ch_pgqueuer"),
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
    durability=Durability.balanced,
)

TURN_MAX: Final = 2_147_483_647  # a priority is this less the turn

# The predicate of the unique index, which PostgreSQL wants to hear again.
_UNFINISHED: Final = "status = ANY (ARRAY['queued'::pgqueuer_status, 'picked'::pgqueuer_status])"

# $1 lane, $2 owner, $3 topic:subject, $4 subject, $5 milliseconds until it is due
ENQUEUE: Final = (
    "INSERT INTO pgqueuer (priority, status, entrypoint, dedupe_key, payload, headers, execute_after)"
    " VALUES (reelway_turn($1, $2), 'queued', $1, $3, convert_to($4, 'UTF8'), jsonb_build_object('owner', $2::text),"
    " now() + $5 * interval '1 millisecond')"
    f" ON CONFLICT (dedupe_key) WHERE {_UNFINISHED} AND dedupe_key IS NOT NULL DO NOTHING"
)

# $1 topic:subject, $2 lane. Its place in the old lane is free at once.
REROUTE: Final = f"UPDATE pgqueuer SET entrypoint = $2, slot = NULL WHERE dedupe_key = $1 AND {_UNFINISHED}"

ENQUEUED: Final = f"SELECT dedupe_key FROM pgqueuer WHERE {_UNFINISHED} AND dedupe_key IN "

# What waits is due and has no place; how long the oldest is due already.
BACKLOG: Final = (
    "SELECT entrypoint, count(*) FILTER (WHERE status = 'queued' AND execute_after <= now()),"
    " count(*) FILTER (WHERE status = 'picked'),"
    " (COALESCE(EXTRACT(EPOCH FROM now() - min(execute_after) FILTER (WHERE status = 'queued')), 0))::float8"
    " FROM pgqueuer GROUP BY entrypoint ORDER BY entrypoint"
)

# $1 topic:subject of each, $2 channel, $3 notice
WAKE: Final = (
    "WITH woken AS (UPDATE pgqueuer SET execute_after = now(), updated = now()"
    " WHERE dedupe_key = ANY ($1::text[]) AND status = 'queued' AND execute_after > now())"
    " SELECT pg_notify($2, $3)"
)

# $1 worker, $2 ids
BEAT: Final = (
    "UPDATE pgqueuer SET heartbeat = now()"
    " WHERE id = ANY ($2::bigint[]) AND queue_manager_id = $1 AND status = 'picked'"
)

# $1 worker, $2 ids, $3 attempts
DONE: Final = (
    "DELETE FROM pgqueuer AS q USING unnest($2::bigint[], $3::int[]) AS r(id, attempts)"
    " WHERE q.id = r.id AND q.attempts = r.attempts AND q.queue_manager_id = $1 AND q.status = 'picked'"
)

# $1 worker, $2 ids, $3 attempts, $4 delays, $5 lanes, $6 owners. Who waits takes a new turn, who gave way keeps his.
# Turns are taken in the order given: two workers that take them in different orders would wait for each other.
AGAIN: Final = (
    "WITH r AS MATERIALIZED (SELECT id, attempts, delay,"
    " CASE WHEN delay > interval '0' THEN reelway_turn(lane, owner) END AS turn"
    " FROM unnest($2::bigint[], $3::int[], $4::interval[], $5::text[], $6::text[])"
    " AS given(id, attempts, delay, lane, owner))"
    " UPDATE pgqueuer AS q SET status = 'queued', queue_manager_id = NULL, execute_after = now() + r.delay,"
    " attempts = q.attempts + 1, updated = now(), priority = COALESCE(r.turn, q.priority)"
    " FROM r WHERE q.id = r.id AND q.attempts = r.attempts AND q.queue_manager_id = $1 AND q.status = 'picked'"
)

# $1 worker, $2 channel, $3 notice
GIVE_UP: Final = (
    "WITH given_up AS (UPDATE pgqueuer SET status = 'queued', queue_manager_id = NULL, attempts = attempts + 1,"
    " updated = now() WHERE queue_manager_id = $1 AND status = 'picked')"
    " SELECT pg_notify($2, $3)"
)

# $1 lanes, $2 turns
SERVING: Final = (
    "INSERT INTO dispatch_lanes AS l (lane, serving) SELECT * FROM unnest($1::text[], $2::bigint[])"
    " ON CONFLICT (lane) DO UPDATE SET serving = EXCLUDED.serving WHERE l.serving < EXCLUDED.serving"
)

# $1 lanes. A row that becomes due while we look is not missed: one that was due a moment ago counts too.
NEXT_DUE: Final = (
    "SELECT min(due) - now() FROM unnest($1::text[]) AS lane, LATERAL (SELECT execute_after AS due FROM pgqueuer"
    " WHERE entrypoint = lane AND status = 'queued' AND execute_after > now() - interval '100 milliseconds'"
    " ORDER BY execute_after LIMIT 1) AS soonest"
)

# Who is not ahead of the others need not be remembered, and an empty lane begins anew.
TIDY: Final = (
    "WITH empty AS (DELETE FROM dispatch_lanes AS l"
    " WHERE NOT EXISTS (SELECT FROM pgqueuer AS q WHERE q.entrypoint = l.lane) RETURNING lane)"
    " DELETE FROM dispatch_turns AS t USING dispatch_lanes AS l"
    " WHERE t.lane = l.lane AND (t.turn <= l.serving OR t.lane IN (SELECT lane FROM empty))"
)
