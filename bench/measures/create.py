"""Durable creates a second: POST /v1/videos, each with its own Idempotency-Key and a price to hold.

Limits, from the outside in: a bare Starlette that reads the body and answers (HTTP alone); the same creates called
in-process (no HTTP); the same SQL on a bare apsw writer (no Python of ours). All four sync to disk or answer alike, so
the ratios say what each layer costs. Workers are off: a server that also renders shares its core with that.
"""

from collections.abc import Iterable

from bench.context import Bench, beside
from bench.figures import Budget, Figure
from bench.wire import openai_body, openai_headers


def run(bench: Bench) -> Iterable[Figure]:
    """One line for each number of connections, then the layers."""
    most = max(bench.scale.connections)
    bench.say("SQL without HTTP, and on a bare writer")
    layers = bench.call(
        "bench.direct",
        what="create",
        seconds=bench.scale.seconds,
        tasks=most,
        recorded=bench.scale.recorded,
    )
    with bench.serve("create") as server:
        headers, body = openai_headers(server.info["key"]), openai_body()
        answer = bench.load(
            "create", server, 1, count=1, method="POST", paths=["/v1/videos"], headers=headers, body=body, keep=True
        )
        with bench.bare(answer=answer.result.bodies[0].encode()) as bare:
            bench.say("POST /v1/videos")
            sides = {}
            for connections in bench.scale.connections:
                common = {"connections": connections, "method": "POST", "headers": headers, "body": body}
                sides[f"ours {connections}"] = lambda common=common: bench.load(
                    "create", server, paths=["/v1/videos"], **common
                )
                sides[f"echo {connections}"] = lambda common=common: bench.load(
                    "create: bare echo", bare, paths=["/echo"], **common
                )
            points = bench.rounds(sides)
    for connections in bench.scale.connections:
        ours = points[f"ours {connections}"]
        yield Figure(
            measure=f"create, {connections} connections",
            value=ours.per_s,
            unit="/s",
            limit=layers["bare_per_s"] if connections > 1 else layers["bare_single_per_s"],
            limit_is="bare writer, same SQL" + ("" if connections > 1 else ", one to a commit"),
            budget=Budget(sense=">=", value=2_500) if connections == most else None,
            note=beside(ours),
        )
    yield Figure(
        measure="create over HTTP, against HTTP alone",
        value=points[f"ours {most}"].per_s,
        unit="/s",
        limit=points[f"echo {most}"].per_s,
        limit_is="bare Starlette echo",
        note="the echo: " + beside(points[f"echo {most}"]),
    )
    yield Figure(
        measure="create without HTTP",
        value=layers["direct_per_s"],
        unit="/s",
        limit=layers["bare_per_s"],
        limit_is="bare writer, same SQL",
        note=f"{layers['statements']:.0f} statements a create in one transaction, {most} at once",
    )
