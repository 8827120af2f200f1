"""Durable creates a second on PostgreSQL: POST /v1/videos to one API process, by a thousand customers.

The limit is pgbench with as many clients and customers, running the very statements of one such request. A second
line has all requests come from one customer: each create then waits for the one before it to be on the disk, as both
change one account, and no server can do better than the disk does one after the other.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any
from urllib.request import Request, urlopen

import orjson

from bench.cluster import start_cluster
from bench.context import Bench, Point, beside
from bench.figures import Budget, Figure
from bench.load import CALLER_MARK
from bench.pgbench import Rate, Script, requests_in, tokens_of
from bench.tenants import FIRST, keys
from bench.wire import openai_body, openai_headers

_UNIQUE = "bench-11111111"


def run(bench: Bench) -> Iterable[Figure]:
    """One line for each number of connections, one for a single customer, one without HTTP."""
    scale = bench.scale
    most = max(scale.connections)
    with start_cluster() as cluster:
        url = cluster.make()
        bench.open_tenants("pg", database=url)
        script = record(bench, url)
        theirs = cluster.make(url)
        bench.say("PostgreSQL create, beside pgbench")
        direct = bench.call(
            "bench.direct",
            what="create on PostgreSQL",
            seconds=scale.seconds,
            tasks=most,
            tenants=scale.tenants,
            database=url,
        )
        with bench.serve("pg", part="api", log="pg-create", database=url) as server:
            load: dict[str, Any] = {
                "method": "POST",
                "paths": ["/v1/videos"],
                "headers": openai_headers(CALLER_MARK),
                "body": openai_body(),
            }
            pgbench = _Pgbench(bench, script, theirs)
            customers = keys(scale.tenants)
            sides: dict[str, Any] = {}
            for n in scale.connections:
                sides[f"ours {n}"] = partial(bench.load, "pg create", server, n, callers=customers, **load)
                sides[f"theirs {n}"] = partial(pgbench.take, n, scale.tenants)
            sides["ours alone"] = partial(bench.load, "pg create, one customer", server, most, callers=keys(1), **load)
            sides["theirs alone"] = partial(pgbench.take, most, 1)
            points = bench.rounds(sides)
    note = f"{script.statements} statements a request, BEGIN and COMMIT among them, {scale.tenants} customers"
    for n in scale.connections:
        budget = Budget(sense=">=", value=0.35, of="ratio") if n == most else None
        yield _figure(f"PostgreSQL create, {n} connections", points[f"ours {n}"], points[f"theirs {n}"], budget, note)
    yield _figure(
        f"PostgreSQL create, {most} connections of one customer",
        points["ours alone"],
        points["theirs alone"],
        None,
        "one account: each waits until the one before is on the disk",
    )
    yield Figure(
        measure="PostgreSQL create without HTTP",
        value=direct["direct_per_s"],
        unit="/s",
        limit=points[f"theirs {most}"].per_s,
        limit_is="pgbench, same statements",
        note=f"{most} at once over 10 connections to the database",
    )


class _Pgbench:
    def __init__(self, bench: Bench, script: Script, url: str) -> None:
        self._bench = bench
        self._script = script
        self._url = url
        self._runs = 0

    def take(self, clients: int, accounts: int) -> Rate:
        self._runs += 1
        rate = self._script.run(
            self._url,
            self._bench.folder,
            clients=clients,
            seconds=self._bench.scale.seconds,
            accounts=accounts,
            run=self._runs,
        )
        self._bench.log.setdefault("pg create: pgbench", []).append({"clients": clients, "per_s": rate.per_s})
        return rate


def record(bench: Bench, url: str) -> Script:
    """What one create sends, as a script; from two requests of two customers after a first one."""
    recorded = bench.folder / "create.json"
    with bench.serve("pg", part="api", record=recorded, log="pg-record", database=url) as server:
        videos = [_post(server.port, key, f"{_UNIQUE[:-1]}{n}") for n, key in enumerate(keys(3))]
    request, other = requests_in(recorded)[-2:]
    return Script(request, other, tokens_of(FIRST + 1, videos[1], _UNIQUE))


def _post(port: int, key: str, unique: str) -> str:
    headers = openai_headers(key) | {"Idempotency-Key": unique}
    request = Request(f"http://127.0.0.1:{port}/v1/videos", openai_body().encode(), headers)
    with urlopen(request, timeout=30) as answer:
        video: str = orjson.loads(answer.read())["id"]
        return video


def _figure(measure: str, ours: Point, theirs: Rate, budget: Budget | None, note: str) -> Figure:
    return Figure(
        measure=measure,
        value=ours.per_s,
        unit="/s",
        limit=theirs.per_s,
        limit_is="pgbench, same statements",
        budget=budget,
        note=f"{beside(ours)}; pgbench: {theirs.latency_ms:.1f} ms on average; {note}",
    )
