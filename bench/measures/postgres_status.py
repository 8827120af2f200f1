"""Status reads a second on PostgreSQL: GET /v1/videos/{id}, beside pgbench with the same SELECTs."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import orjson

from bench.cluster import Cluster, start_cluster
from bench.context import Bench, beside
from bench.figures import Budget, Figure
from bench.pgbench import Rate, Script, reading, requests_in, tokens_of
from bench.tenants import FIRST, keys
from bench.wire import openai_body, openai_headers

_NUMBERED = 100_000_000_000_000_000  # eighteen digits, as in the ids that pgbench makes


def run(bench: Bench) -> Iterable[Figure]:
    """One line for each number of connections."""
    scale = bench.scale
    most = max(scale.connections)
    with start_cluster() as cluster:
        url = cluster.make()
        bench.open_tenants("pg", database=url)
        key = keys(1)[0]
        headers = openai_headers(key, unique=False)
        recorded = bench.folder / "status.json"
        with bench.serve("pg", part="api", record=recorded, log="pg-record", database=url) as server:
            made = bench.load(
                "pg status: create",
                server,
                8,
                count=scale.videos,
                method="POST",
                paths=["/v1/videos"],
                headers=openai_headers(key),
                body=openai_body(),
                keep=True,
            )
            ids = [orjson.loads(body)["id"] for body in made.result.bodies]
            paths = [f"/v1/videos/{id}" for id in ids]
            bench.load("pg status: first use", server, 1, count=3, paths=[paths[0]], headers=headers)
        request, other = requests_in(recorded)[-2:]
        script = Script(request, other, tokens_of(FIRST, ids[0]))
        theirs = _numbered(cluster, url)
        bench.say("PostgreSQL status, beside pgbench")
        with bench.serve("pg", part="api", log="pg-status", database=url) as server:
            sides: dict[str, Any] = {}
            for n in scale.connections:
                sides[f"ours {n}"] = partial(bench.load, "pg status", server, n, paths=paths, headers=headers)
                sides[f"theirs {n}"] = partial(_pgbench, bench, script, theirs, n)
            points = bench.rounds(sides)
    for n in scale.connections:
        ours, limit = points[f"ours {n}"], points[f"theirs {n}"]
        yield Figure(
            measure=f"PostgreSQL status, {n} connections",
            value=ours.per_s,
            unit="/s",
            limit=limit.per_s,
            limit_is=f"pgbench, same {script.statements} SELECTs",
            budget=Budget(sense=">=", value=2_500) if n == most else None,
            note=f"{beside(ours)}; pgbench: {limit.latency_ms:.1f} ms on average",
        )


def _numbered(cluster: Cluster, url: str) -> str:
    """A copy whose generations have ids that pgbench can count through."""
    copy = cluster.make(url)
    cluster.ask(copy, "TRUNCATE events")  # they hold on to the ids
    cluster.ask(copy, f"UPDATE generations SET id = 'video_00000000' || ({_NUMBERED} + number)")
    cluster.ask(copy, "VACUUM FULL ANALYZE generations")
    return copy


def _pgbench(bench: Bench, script: Script, url: str, clients: int) -> Rate:
    head = reading(_NUMBERED + 1, _NUMBERED + bench.scale.videos)
    rate = script.run(url, bench.folder, clients=clients, seconds=bench.scale.seconds, accounts=1, run=0, head=head)
    bench.log.setdefault("pg status: pgbench", []).append({"clients": clients, "per_s": rate.per_s})
    return rate
