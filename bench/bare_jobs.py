"""The limit for jobs on PostgreSQL: a worker with nothing but asyncpg and SKIP LOCKED. `python -m bench.bare_jobs`.

It does what ours does to a job and no more: take it, note the submit, look three times, download the clip and store it
durably, settle in SQL, send the webhook, note that; one row a job, a lease, a heartbeat. With --media it also probes
the clip and makes and stores three pictures, by the same functions in the same threads. No tries, no epochs, no
cancelling, no history, no signatures, no lanes, no metrics: nobody should run it.

Prints one JSON line when it is ready, and works from a line on stdin until SIGTERM.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import uvloop

from bench.floor import LOOK_S, LOOKS
from reelway.media.poster import stills
from reelway.media.probe import probe
from reelway.media.worker import run_media

AT_ONCE = 256
_LEASE_S = 5.0
_BATCH = 200
_PAUSE_S = 0.02  # between claims, so that one takes several

SCHEMA = """
CREATE TABLE jobs (
    id TEXT PRIMARY KEY, tenant TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'queued', upstream TEXT, file TEXT,
    facts TEXT, run_at TIMESTAMPTZ NOT NULL DEFAULT now(), owner INT, lease TIMESTAMPTZ
) WITH (fillfactor = 70);
CREATE INDEX ON jobs (run_at) WHERE state = 'queued';
CREATE INDEX ON jobs (lease) WHERE state IN ('running', 'settled');
CREATE TABLE accounts (tenant TEXT PRIMARY KEY, balance BIGINT NOT NULL);
CREATE TABLE ledger (id BIGSERIAL PRIMARY KEY, job TEXT NOT NULL, tenant TEXT NOT NULL, amount BIGINT NOT NULL);
CREATE TABLE deliveries (id BIGSERIAL PRIMARY KEY, job TEXT NOT NULL, status INT NOT NULL, at TIMESTAMPTZ NOT NULL);
"""
_CLAIM = """
WITH due AS (
    SELECT id FROM jobs WHERE state = 'queued' AND run_at <= now() ORDER BY run_at LIMIT $2 FOR UPDATE SKIP LOCKED
), lost AS (
    SELECT id FROM jobs WHERE state IN ('running', 'settled') AND lease < now() LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE jobs AS j SET owner = $1, lease = now() + make_interval(secs => $3),
    state = CASE WHEN j.state = 'queued' THEN 'running' ELSE j.state END
FROM (SELECT id FROM due UNION ALL SELECT id FROM lost) AS found WHERE j.id = found.id RETURNING j.id, j.tenant
"""


class Worker:
    """One process's work."""

    def __init__(self, pool: Any, http: aiohttp.ClientSession, asked: argparse.Namespace) -> None:
        self._pool = pool
        self._http = http
        self._asked = asked
        self._me = os.getpid()

    async def work(self) -> None:
        """Until cancelled."""
        running: set[asyncio.Task[None]] = set()
        beat = asyncio.create_task(self._beat())
        try:
            while True:
                room = min(AT_ONCE - len(running), _BATCH)
                rows = await self._pool.fetch(_CLAIM, self._me, room, _LEASE_S) if room else []
                for job, tenant in rows:
                    task = asyncio.create_task(self._do(job, tenant))
                    running.add(task)
                    task.add_done_callback(running.discard)
                await asyncio.sleep(_PAUSE_S)
        finally:
            beat.cancel()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(_LEASE_S / 3)
            await self._pool.execute(
                "UPDATE jobs SET lease = now() + make_interval(secs => $2)"
                " WHERE owner = $1 AND state IN ('running', 'settled')",
                self._me,
                _LEASE_S,
            )

    async def _do(self, job: str, tenant: str) -> None:
        await self._pool.execute("UPDATE jobs SET upstream = $2 WHERE id = $1 AND owner = $3", job, job, self._me)
        for _ in range(LOOKS - 1):  # the third look finds it done
            await asyncio.sleep(LOOK_S)
        path = self._asked.out / f"{job}.mp4"
        async with self._http.get(self._asked.clip) as answer:
            await asyncio.to_thread(_store, path, await answer.read())
        facts = await self._picture(path) if self._asked.media else ""
        await self._settle(job, tenant, path, facts)
        async with self._http.post(self._asked.hook, json={"job": job}, headers={"webhook-id": job}) as answer:
            await answer.read()
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "INSERT INTO deliveries (job, status, at) VALUES ($1, $2, now())", job, answer.status
            )
            await connection.execute("UPDATE jobs SET state = 'done', owner = NULL WHERE id = $1", job)

    async def _picture(self, path: Path) -> str:
        facts = await run_media(probe, path)
        made = await run_media(stills, path)
        for suffix, picture in ((".jpg", made.poster), (".webp", made.thumbnail), ("-sheet.jpg", made.contact_sheet)):
            await asyncio.to_thread(_store, path.with_name(path.stem + suffix), picture)
        return repr(facts)

    async def _settle(self, job: str, tenant: str, path: Path, facts: str) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.fetchval(
                "UPDATE jobs SET state = 'settled', file = $2, facts = $4 WHERE id = $1 AND owner = $3 RETURNING 1",
                job,
                str(path),
                self._me,
                facts,
            )
            await connection.execute("INSERT INTO ledger (job, tenant, amount) VALUES ($1, $2, 5)", job, tenant)
            await connection.execute("UPDATE accounts SET balance = balance - 5 WHERE tenant = $1", tenant)


def _store(path: Path, data: bytes) -> None:
    incoming = path.with_name(path.name + ".part")
    with incoming.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    incoming.rename(path)


def fill(database: str, name: str, jobs: int, tenants: int) -> None:
    """Tables, and a backlog of jobs called `name` and a number."""

    async def run() -> None:
        connection = await asyncpg.connect(database)
        await connection.execute(SCHEMA)
        named = "SELECT 't' || i, 1000000 FROM generate_series(0, $1::int - 1) AS i"
        await connection.execute(f"INSERT INTO accounts {named}", tenants)
        waiting = "SELECT $1::text || i, 't' || i % $2::int FROM generate_series(1, $3::int) AS i"
        await connection.execute(f"INSERT INTO jobs (id, tenant) {waiting}", f"{name}-", tenants, jobs)
        await connection.execute("ANALYZE")
        await connection.close()

    asyncio.run(run())


async def _run(asked: argparse.Namespace) -> None:
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    async with asyncpg.create_pool(asked.database, min_size=10, max_size=10) as pool, aiohttp.ClientSession() as http:
        print(json.dumps({"port": 0}), flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        work = asyncio.create_task(Worker(pool, http, asked).work())
        await asyncio.wait([work, asyncio.create_task(over.wait())], return_when=asyncio.FIRST_COMPLETED)
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work


def main(argv: Sequence[str] | None = None) -> None:
    """Until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--clip", required=True)
    parser.add_argument("--hook", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--media", action="store_true")
    asked = parser.parse_args(argv)
    asked.out.mkdir(parents=True, exist_ok=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(asked))


if __name__ == "__main__":
    main()
