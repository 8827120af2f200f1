"""What a job costs as the tables grow, on both databases: ten thousand, a hundred thousand, a million finished jobs.

The past is copied from one real job, with its transfers, attempts, events, webhook and idempotency record. Then, at
each size: jobs are created over HTTP with the workers off; workers finish them, to the webhook; and a fresh /metrics is
asked for. Each figure stands beside the same one at the smallest size: a ratio of 1 says that history costs nothing.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from bench.clip import make_clip
from bench.cluster import Cluster, start_cluster
from bench.context import Bench
from bench.figures import Figure
from bench.fill import fill
from bench.load import CALLER_MARK
from bench.processes import wait_until
from bench.serve import settings_for
from bench.sink import seen, sink
from bench.tenants import keys
from bench.wire import openai_body, openai_headers

_SETTLE_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Costs:
    creates_per_s: float
    finished_per_s: float
    finish_cpu_ms: float  # a job, of ours and of PostgreSQL
    metrics_ms: float


_NAMES = {
    "creates_per_s": ("create", "/s"),
    "finished_per_s": ("jobs finished", "/s"),
    "finish_cpu_ms": ("CPU to finish a job", "ms"),
    "metrics_ms": ("a fresh /metrics", "ms"),
}


def run(bench: Bench) -> Iterable[Figure]:
    """Four lines for each database, at the largest size; the sizes between are in the notes."""
    clip = bench.folder / "clip.mp4"
    make_clip(clip)
    with sink(bench.folder, clip) as receiver:
        url = f"http://127.0.0.1:{receiver.port}"
        with start_cluster() as cluster:
            past = _Past(bench, "PostgreSQL", url, {"database": cluster.make()}, cluster)
            taken = past.grow()
        yield from _figures("PostgreSQL", taken)
        taken = _Past(bench, "SQLite", url, {}, None).grow()
        yield from _figures("SQLite", taken)


def _figures(name: str, taken: Mapping[int, _Costs]) -> Iterable[Figure]:
    sizes = list(taken)
    least, between, most = sizes[0], sizes[1:-1], sizes[-1]
    for field in fields(_Costs):
        what, unit = _NAMES[field.name]
        values = {size: getattr(costs, field.name) for size, costs in taken.items()}
        yield Figure(
            measure=f"{name} {what}, {most:,} finished before",
            value=values[most],
            unit=unit,
            limit=values[least],
            limit_is=f"with {least:,}",
            note=", ".join(f"{values[size]:,.1f} {unit} with {size:,}" for size in between),
        )


class _Past:
    """One database that grows."""

    def __init__(
        self, bench: Bench, name: str, receiver: str, settings: dict[str, Any], cluster: Cluster | None
    ) -> None:
        self._bench = bench
        self._name = name
        self._receiver = receiver
        self._settings = settings
        self._cluster = cluster
        self._data = f"growth-{name}"

    def grow(self) -> dict[int, _Costs]:
        """The costs at each size."""
        self._bench.open_tenants(self._data, f"{self._receiver}/hook", **self._settings)
        self._take(1)  # the one that is copied, and what is slow only once
        taken, there = {}, 0
        for size in self._bench.scale.finished:
            started = time.monotonic()
            self._fill(there + 1, size)
            self._bench.say(f"{self._name} with {size:,} finished jobs, made in {time.monotonic() - started:.0f} s")
            taken[size] = self._take(self._bench.scale.grown)
            there = size
        self._bench.log[self._data] = [{"finished": n} | {k: getattr(c, k) for k in _NAMES} for n, c in taken.items()]
        return taken

    def _fill(self, first: int, last: int) -> None:
        settings = settings_for(self._bench.folder / self._data, **self._settings)
        fill(settings, first, last, self._bench.scale.tenants)
        if self._cluster is not None:
            self._cluster.ask(self._settings["database"], "VACUUM ANALYZE")
            self._cluster.ask(self._settings["database"], "CHECKPOINT")

    def _take(self, jobs: int) -> _Costs:
        bench, before = self._bench, seen(self._receiver)["webhooks"]
        part = "serve" if self._cluster is None else "api"
        with bench.serve(self._data, part=part, **self._settings) as api:
            bench.load("growth: first use", api, 1, count=1, paths=["/readyz"])
            fresh = bench.load("growth: metrics", api, 1, count=1, paths=["/metrics"])
            made = bench.load(
                "growth: create",
                api,
                min(16, jobs),
                count=jobs,
                method="POST",
                paths=["/v1/videos"],
                headers=openai_headers(CALLER_MARK),
                callers=keys(bench.scale.tenants),
                body=openai_body(),
            )
        clip_url = f"{self._receiver}/clip.mp4"
        with bench.serve(self._data, workers=True, held=True, clip_url=clip_url, **self._settings) as server:
            cpu_s, started = self._cpu_s() + server.cpu_s(), time.monotonic()
            server.go()
            wait_until(
                lambda: seen(self._receiver)["webhooks"] >= before + jobs, 240, f"{jobs} webhooks", look_every_s=0.2
            )
            costs = _Costs(
                creates_per_s=made.per_s,
                finished_per_s=jobs / (seen(self._receiver)["last_s"] - started),
                finish_cpu_ms=(self._cpu_s() + server.cpu_s() - cpu_s) * 1000 / jobs,
                metrics_ms=fresh.result.p50_ms,
            )
            time.sleep(_SETTLE_S)  # until the last webhook is written down as well: it may be the one to copy
            return costs

    def _cpu_s(self) -> float:
        return 0.0 if self._cluster is None else self._cluster.cpu_s()
