"""Jobs a second from PostgreSQL through PgQueuer: a backlog, then one worker process, then two.

From the word to begin until the last webhook is at its receiver; the jobs were created before, and nobody else asks
anything of the server meanwhile. The limit is `bench.bare_jobs` on the same cluster, with as many processes, the same
clip, the same receiver and the same looks. Most of a job is its clip: probing it and making three pictures is work for
the processor that a worker with less SQL does not do any faster. So the limit is taken twice: with that work, which
carries the budget, and without, which says what the machine does for a worker that only moves bytes.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from bench import bare_jobs
from bench.clip import make_clip
from bench.cluster import Cluster, start_cluster
from bench.context import Bench
from bench.figures import Budget, Figure
from bench.load import CALLER_MARK
from bench.processes import Process, wait_until
from bench.sink import seen, sink
from bench.tenants import keys
from bench.wire import openai_body, openai_headers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    per_s: float
    worker_ms: float  # CPU of the workers, a job
    server_ms: float  # CPU of PostgreSQL, a job


def run(bench: Bench) -> Iterable[Figure]:
    """A line for one worker and one for two, each beside both limits."""
    clip = bench.folder / "clip.mp4"
    make_clip(clip)
    with start_cluster() as cluster, sink(bench.folder, clip) as receiver:
        url = f"http://127.0.0.1:{receiver.port}"
        work = _Work(bench, cluster, url)
        bench.say(f"{bench.scale.backlog} jobs on PostgreSQL, beside bare workers")
        sides: dict[str, Callable[[], _Taken]] = {}
        for workers in bench.scale.workers:
            sides[f"ours {workers}"] = partial(work.ours, workers)
            sides[f"media {workers}"] = partial(work.bare, workers, media=True)
        sides["bytes 1"] = partial(work.bare, 1, media=False)
        taken = bench.rounds(sides)
    for workers in bench.scale.workers:
        ours, limit = taken[f"ours {workers}"], taken[f"media {workers}"]
        yield Figure(
            measure=f"PostgreSQL jobs, {'one worker' if workers == 1 else f'{workers} workers'}",
            value=ours.per_s,
            unit="/s",
            limit=limit.per_s,
            limit_is="bare SKIP LOCKED, same probe and pictures",
            budget=Budget(sense=">=", value=0.6, of="ratio") if workers == 1 else None,
            note=f"CPU a job: {_cpu(ours)}; the limit: {_cpu(limit)}",
        )
    ours, limit = taken["ours 1"], taken["bytes 1"]
    yield Figure(
        measure="PostgreSQL jobs, one worker, against bytes alone",
        value=ours.per_s,
        unit="/s",
        limit=limit.per_s,
        limit_is="bare SKIP LOCKED, no probe, no pictures",
        note=f"the limit's CPU a job: {_cpu(limit)}; what ours spends above it is mostly the pictures",
    )


def _cpu(taken: _Taken) -> str:
    return f"{taken.worker_ms:.1f} ms worker, {taken.server_ms:.1f} ms PostgreSQL"


class _Work:
    def __init__(self, bench: Bench, cluster: Cluster, receiver: str) -> None:
        self._bench = bench
        self._cluster = cluster
        self._receiver = receiver
        self._template = cluster.make()
        bench.open_tenants("pg", f"{receiver}/hook", database=self._template)
        self._runs = 0

    def ours(self, workers: int) -> _Taken:
        """As many `worker` processes."""
        bench, data = self._bench, self._next("ours")
        url = self._cluster.make(self._template)
        with bench.serve(data, part="api", database=url) as server:
            bench.load(
                "pg jobs: create",
                server,
                16,
                count=bench.scale.backlog,
                method="POST",
                paths=["/v1/videos"],
                headers=openai_headers(CALLER_MARK),
                callers=keys(bench.scale.tenants),
                body=openai_body(),
            )
        self._cluster.ask(url, "ANALYZE")
        held = [
            lambda n=n: bench.serve(
                data, part="worker", held=True, clip_url=f"{self._receiver}/clip.mp4", log=f"{data}-{n}", database=url
            )
            for n in range(workers)
        ]
        return self._take(f"ours, {workers}", held)

    def bare(self, workers: int, *, media: bool) -> _Taken:
        """As many bare ones."""
        url, data = self._cluster.make(), self._next("bare")
        bare_jobs.fill(url, data, self._bench.scale.backlog, self._bench.scale.tenants)
        arguments = ["-m", "bench.bare_jobs", "--database", url, "--out", str(self._bench.folder / data)]
        arguments += ["--clip", f"{self._receiver}/clip.mp4", "--hook", f"{self._receiver}/hook"]
        arguments += ["--media"] if media else []
        log = self._bench.folder / f"{data}.log"
        return self._take(
            f"bare{' with media' if media else ''}, {workers}", [lambda: Process(arguments, log=log)] * workers
        )

    def _next(self, name: str) -> str:
        self._runs += 1
        return f"{name}-{self._runs}"

    def _take(self, label: str, starts: Sequence[Callable[[], Process]]) -> _Taken:
        jobs, before = self._bench.scale.backlog, seen(self._receiver)["webhooks"]
        with ExitStack() as stack:
            workers = [stack.enter_context(start()) for start in starts]
            server_s, worker_s = self._cluster.cpu_s(), sum(w.cpu_s() for w in workers)
            started = time.monotonic()
            for worker in workers:
                worker.go()
            try:
                wait_until(
                    lambda: seen(self._receiver)["webhooks"] >= before + jobs, 120, f"{jobs} webhooks", look_every_s=0.2
                )
            except RuntimeError as error:
                came = seen(self._receiver)["webhooks"] - before
                raise RuntimeError(f"{label}: {error}; {came:.0f} came{workers[0].last_words()}") from None
            taken = _Taken(
                per_s=jobs / (seen(self._receiver)["last_s"] - started),
                worker_ms=(sum(w.cpu_s() for w in workers) - worker_s) * 1000 / jobs,
                server_ms=(self._cluster.cpu_s() - server_s) * 1000 / jobs,
            )
        point = {"side": label, "per_s": taken.per_s, "worker_ms": taken.worker_ms, "server_ms": taken.server_ms}
        self._bench.log.setdefault("pg jobs", []).append(point)
        return taken
