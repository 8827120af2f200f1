"""The ModelsLab dialect: create and fetch, beside the OpenAI dialect in the same run.

Both end in the same create and the same row; the ratio is what the more tolerant wire costs.
"""

from collections.abc import Iterable

import orjson

from bench.context import Bench, beside
from bench.figures import Figure
from bench.wire import modelslab_body, modelslab_headers, openai_body, openai_headers

_CREATE = "/api/v7/video-fusion/text-to-video"
_FETCH = "/api/v7/video-fusion/fetch/"


def run(bench: Bench) -> Iterable[Figure]:
    """Two lines."""
    n = max(bench.scale.connections)
    with bench.serve("modelslab") as server:
        key = server.info["key"]
        theirs = {"method": "POST", "headers": modelslab_headers(), "body": modelslab_body(key)}
        ours = {"method": "POST", "headers": openai_headers(key), "body": openai_body()}
        made = bench.load(
            "modelslab: create", server, 8, count=bench.scale.videos, paths=[_CREATE], keep=True, **theirs
        )
        videos = bench.load("modelslab: create", server, 8, count=8, paths=["/v1/videos"], keep=True, **ours)
        numbers = [orjson.loads(body)["id"] for body in made.result.bodies]
        ids = [orjson.loads(body)["id"] for body in videos.result.bodies]
        fetch = {"method": "POST", "headers": modelslab_headers(unique=False), "body": f'{{"key":"{key}"}}'}
        bench.say("ModelsLab create and fetch")
        points = bench.rounds(
            {
                "create": lambda: bench.load("modelslab: create", server, n, paths=[_CREATE], **theirs),
                "openai create": lambda: bench.load("modelslab: openai", server, n, paths=["/v1/videos"], **ours),
                "fetch": lambda: bench.load(
                    "modelslab: fetch", server, n, paths=[f"{_FETCH}{number}" for number in numbers], **fetch
                ),
                "openai status": lambda: bench.load(
                    "modelslab: openai status",
                    server,
                    n,
                    paths=[f"/v1/videos/{id}" for id in ids],
                    headers=openai_headers(key, unique=False),
                ),
            }
        )
    for name, other in (("create", "openai create"), ("fetch", "openai status")):
        yield Figure(
            measure=f"ModelsLab {name}, {n} connections",
            value=points[name].per_s,
            unit="/s",
            limit=points[other].per_s,
            limit_is=other.replace("openai", "OpenAI"),
            note=beside(points[name]),
        )
