"""Status reads a second: GET /v1/videos/{id}, chosen from many generations.

Limits: a bare Starlette that sends the same bytes, and the two SELECTs (key, generation) on a bare connection.
"""

from collections.abc import Iterable

import orjson

from bench.context import Bench, beside
from bench.figures import Budget, Figure
from bench.wire import openai_body, openai_headers


def run(bench: Bench) -> Iterable[Figure]:
    """One line for each number of connections, then the layers."""
    most = max(bench.scale.connections)
    layers = bench.call("bench.direct", what="status", seconds=bench.scale.seconds)
    with bench.serve("status") as server:
        key = server.info["key"]
        made = bench.load(
            "status: create",
            server,
            8,
            count=bench.scale.videos,
            method="POST",
            paths=["/v1/videos"],
            headers=openai_headers(key),
            body=openai_body(),
            keep=True,
        )
        paths = [f"/v1/videos/{orjson.loads(body)['id']}" for body in made.result.bodies]
        with bench.bare(answer=made.result.bodies[0].encode()) as bare:
            bench.say("GET /v1/videos/{id}")
            headers = openai_headers(key, unique=False)
            sides = {}
            for n in bench.scale.connections:
                sides[f"ours {n}"] = lambda n=n: bench.load("status", server, n, paths=paths, headers=headers)
                sides[f"bare {n}"] = lambda n=n: bench.load(
                    "status: bare JSON", bare, n, paths=["/json"], headers=headers
                )
            points = bench.rounds(sides)
    for n in bench.scale.connections:
        yield Figure(
            measure=f"status, {n} connections",
            value=points[f"ours {n}"].per_s,
            unit="/s",
            limit=points[f"bare {n}"].per_s,
            limit_is="bare Starlette, same bytes",
            budget=Budget(sense=">=", value=5_000) if n == most else None,
            note=beside(points[f"ours {n}"]),
        )
    yield Figure(
        measure="status without HTTP",
        value=layers["direct_per_s"],
        unit="/s",
        limit=layers["bare_per_s"],
        limit_is="bare apsw, same 2 SELECTs",
    )
