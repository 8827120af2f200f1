"""Many generations in flight on one worker process, on PostgreSQL; and what it takes when that worker dies.

Their provider says "look again in ten minutes", so what is seen is what the queue costs: a claim at the start, then
heartbeats. The takeover is of ten thousand such jobs: their worker gets SIGKILL, another one runs beside it, and the
figure is the time from the instant at which the dead one counts as lost until the other follows every job.
"""

import time
from collections.abc import Iterable
from typing import Any

from bench.cluster import Cluster, start_cluster
from bench.context import Bench
from bench.figures import Budget, Figure
from bench.load import CALLER_MARK
from bench.processes import Process, wait_until
from bench.tenants import keys
from bench.wire import PROMPT, openai_body, openai_headers

_PLACES = 100_000  # more than there are jobs
_SETTLE_S = 2.0
_UNTIL_S = 600


def run(bench: Bench) -> Iterable[Figure]:
    """Two lines for each number of generations, two for the takeover."""
    with start_cluster() as cluster:
        yield from _follow(bench, cluster)
        yield from _take_over(bench, cluster)


def _follow(bench: Bench, cluster: Cluster) -> Iterable[Figure]:
    url, made = cluster.make(), 0
    bench.open_tenants("followed", database=url)
    with (
        bench.serve("followed", part="api", database=url) as api,
        bench.serve("followed", part="worker", log="follower", database=url, worker_in_flight_max=_PLACES) as worker,
    ):
        idle_mb = worker.rss_mb()
        for n in bench.scale.followed:
            floor = bench.call("bench.floor", what="sleepers", sleepers=n)["value"]
            bench.say(f"{n} in flight on PostgreSQL")
            busy = cluster.cpu_s() + worker.cpu_s()
            started = time.monotonic()
            _create(bench, api, n - made)
            made = n
            _until(cluster, url, "state = 'running'", n)
            began_s, began_cpu_s = time.monotonic() - started, cluster.cpu_s() + worker.cpu_s() - busy
            time.sleep(min(bench.scale.watch_s, _SETTLE_S))
            worker_percent, server_percent = _asleep(bench, worker, cluster)
            rss_mb = worker.rss_mb()
            yield Figure(
                measure=f"PostgreSQL memory, {n:,} in flight on a worker",
                value=rss_mb,
                unit="MB",
                limit=floor,
                limit_is="as many bare coroutines",
                note=f"{idle_mb:.0f} MB before the first, {(rss_mb - idle_mb) * 1000 / n:.1f} KB each; the last of them"
                f" were created and begun in {began_s:.0f} s, with {began_cpu_s:.0f} s of CPU of worker and PostgreSQL",
            )
            yield Figure(
                measure=f"PostgreSQL CPU, {n:,} asleep on a worker",
                value=worker_percent,
                unit="% of a core",
                budget=Budget(sense="<", value=5) if n <= 10_000 else None,
                note=f"the worker's; PostgreSQL's own is {server_percent:.1f} %",
            )
        worker.kill()  # to hand all of them over is not what is measured here


def _take_over(bench: Bench, cluster: Cluster) -> Iterable[Figure]:
    n, lost_s = bench.scale.taken_over, bench.scale.lost_s
    url = cluster.make()
    bench.open_tenants("taken", database=url)
    settings: dict[str, Any] = {"database": url, "worker_in_flight_max": _PLACES, "worker_lost_s": lost_s}
    bench.say(f"takeover of {n}")
    with bench.serve("taken", part="worker", log="first", **settings) as first:
        with bench.serve("taken", part="api", database=url) as api:
            _create(bench, api, n)
        _until(cluster, url, "state = 'running'", n)
        with bench.serve("taken", part="worker", log="second", **settings) as second:
            time.sleep(min(bench.scale.watch_s, _SETTLE_S))
            worker_s, server_s = second.cpu_s(), cluster.cpu_s()
            killed = time.monotonic()
            first.kill()
            _until(cluster, url, "epoch > 1", n)
            took_s = time.monotonic() - killed
            time.sleep(min(bench.scale.watch_s, _SETTLE_S))  # to read their handles and look once
            worker_s, server_s = second.cpu_s() - worker_s, cluster.cpu_s() - server_s
            second.kill()
    yield Figure(
        measure=f"PostgreSQL takeover of {n:,} generations",
        value=max(took_s - lost_s, 0.0),
        unit="s",
        note=f"after the {lost_s:g} s of silence for which a worker counts as alive; {took_s:.1f} s from SIGKILL",
    )
    yield Figure(
        measure=f"PostgreSQL takeover of {n:,}, CPU",
        value=worker_s,
        unit="s",
        note=f"the worker's, {worker_s * 1000 / n:.2f} ms each; PostgreSQL's own is {server_s:.1f} s",
    )


def _create(bench: Bench, api: Process, count: int) -> None:
    bench.load(
        "pg in flight: create",
        api,
        16,
        count=count,
        method="POST",
        paths=["/v1/videos"],
        headers=openai_headers(CALLER_MARK),
        callers=keys(bench.scale.tenants),
        body=openai_body(f"sleep {PROMPT}"),
    )


def _until(cluster: Cluster, url: str, condition: str, n: int) -> None:
    """Asked seldom: each question is a connection, and PostgreSQL's work as well."""
    wait_until(
        lambda: cluster.count(url, condition) >= n, _UNTIL_S, f"{n} generations with {condition}", look_every_s=0.25
    )


def _asleep(bench: Bench, worker: Process, cluster: Cluster) -> tuple[float, float]:
    """Per cent of a core, of the worker and of PostgreSQL."""
    worker_s, server_s, started = worker.cpu_s(), cluster.cpu_s(), time.monotonic()
    time.sleep(bench.scale.watch_s)
    took_s = time.monotonic() - started
    return (worker.cpu_s() - worker_s) / took_s * 100, (cluster.cpu_s() - server_s) / took_s * 100
