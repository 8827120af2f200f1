"""Ten thousand generations in flight: what they cost while they sleep, and to take up again after a restart.

Their provider says "look again in ten minutes": this is what a job costs that nothing happens to. A second line has
them polled every 15 s, which is what patient clients of hosted services do; that is work, and has no budget. Memory is
what the process holds after all of them were accepted, submitted and are being followed; the limit is a process in
which as many bare coroutines sleep.
"""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import apsw

from bench.context import Bench
from bench.figures import Budget, Figure
from bench.processes import Process, wait_until
from bench.wire import PROMPT, openai_body, openai_headers


def run(bench: Bench) -> Iterable[Figure]:
    """Memory, CPU asleep, restart; then CPU when polled."""
    n = bench.scale.in_flight
    sleepers = bench.call("bench.floor", what="sleepers", sleepers=n)["value"]
    bench.say(f"{n} in flight, asleep")
    with bench.serve("in-flight", workers=True, log="in-flight") as server:
        idle_mb = server.rss_mb()
        _fill(bench, server, "in-flight", f"sleep {PROMPT}", n)
        asleep_percent = _busy_percent(bench, server)
        rss_mb = server.rss_mb()
    bench.say("again, after a restart")
    ready_at = time.monotonic()
    with bench.serve("in-flight", workers=True, log="in-flight") as server:
        _until(bench, "in-flight", "epoch > 1", n)
        taken_up_s = time.monotonic() - ready_at
        restarted_mb = server.rss_mb()
    yield Figure(
        measure=f"memory, {n:,} in flight",
        value=rss_mb,
        unit="MB",
        limit=sleepers,
        limit_is="as many bare coroutines",
        budget=Budget(sense="<", value=150),
        note=f"{idle_mb:.0f} MB before the first, {(rss_mb - idle_mb) * 1000 / n:.1f} KB each;"
        f" {restarted_mb:.0f} MB after a restart",
    )
    yield Figure(
        measure=f"CPU, {n:,} asleep",
        value=asleep_percent,
        unit="% of a core",
        budget=Budget(sense="<", value=5),
    )
    yield Figure(
        measure=f"restart with {n:,} in flight",
        value=taken_up_s,
        unit="s",
        note="from starting the process until every one is followed again",
    )
    bench.say("looked at every 15 s")
    with bench.serve("polled", workers=True, log="polled") as server:
        _fill(bench, server, "polled", f"busy {PROMPT}", n)
        if bench.scale.watch_s >= 10:
            time.sleep(90)  # until the waits have grown to 15 s
        polled_percent = _busy_percent(bench, server)
    yield Figure(
        measure=f"CPU, {n:,} looked at every 15 s",
        value=polled_percent,
        unit="% of a core",
        note="" if bench.scale.watch_s >= 10 else "not settled: the full run waits until the looks are 15 s apart",
    )


def _fill(bench: Bench, server: Process, data: str, prompt: str, n: int) -> None:
    headers = openai_headers(server.info["key"])
    bench.load(
        f"{data}: create",
        server,
        16,
        count=n,
        method="POST",
        paths=["/v1/videos"],
        headers=headers,
        body=openai_body(prompt),
    )
    _until(bench, data, "state = 'running'", n)
    time.sleep(min(bench.scale.watch_s, 2.0))  # the first looks are over


def _until(bench: Bench, data: str, condition: str, n: int) -> None:
    count = _counter(bench.folder / data / "reelway.db", condition)
    wait_until(lambda: count() >= n, 120, f"{n} generations with {condition}")


def _counter(path: Path, condition: str) -> Callable[[], int]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)

    def count() -> int:
        ((rows,),) = connection.execute(f"SELECT COUNT(*) FROM generations WHERE {condition}").fetchall()
        return int(rows)

    return count


def _busy_percent(bench: Bench, server: Process) -> float:
    before, started = server.cpu_s(), time.monotonic()
    time.sleep(bench.scale.watch_s)
    return (server.cpu_s() - before) / (time.monotonic() - started) * 100
