"""Jobs a second, end to end: create, submit, three looks, download, probe, three pictures, settle, signed webhook.

From the first POST to the last webhook at its receiver; all jobs are sent at once, so the server also takes requests
while it works. The floor keeps nothing: three sleeps and a durable copy of the clip. It makes no pictures either, so
the ratio counts those against us; docs/performance.md says how much they are.
"""

import time
from collections.abc import Iterable
from pathlib import Path

from bench.clip import make_clip
from bench.context import Bench
from bench.figures import Figure
from bench.processes import wait_until
from bench.sink import seen, sink
from bench.wire import openai_body, openai_headers

_AT_ONCE = 256  # of the floor; ours takes all that come


def run(bench: Bench) -> Iterable[Figure]:
    """One line, and what a job costs."""
    clip = bench.folder / "clip.mp4"
    make_clip(clip)
    jobs = bench.scale.jobs
    floor = bench.call("bench.floor", what="jobs", jobs=jobs, at_once=_AT_ONCE, clip=str(clip))["value"]
    bench.say(f"{jobs} jobs")
    taken = [_once(bench, f"jobs-{number}", clip, jobs) for number in range(bench.scale.rounds)]
    bench.log["jobs"] = [{"per_s": per_s, "cpu_ms": cpu_ms} for per_s, cpu_ms in taken]
    per_s, cpu_ms = sorted(taken)[len(taken) // 2]
    yield Figure(
        measure="jobs, end to end",
        value=per_s,
        unit="/s",
        limit=floor,
        limit_is="no durability: 3 sleeps and a file copy",
        note=f"{cpu_ms:.1f} ms of CPU a job; for scale, the design's own prototype on SQLite"
        " did 412/s, without pictures",
    )


def _once(bench: Bench, name: str, clip: Path, jobs: int) -> tuple[float, float]:
    """Jobs a second, and the server's CPU milliseconds for each."""
    with sink(bench.folder, clip) as receiver:
        url = f"http://127.0.0.1:{receiver.port}"
        with bench.serve(name, workers=True, webhook=f"{url}/hook", clip_url=f"{url}/clip.mp4", log=name) as server:
            cpu = server.cpu_s()
            started = time.monotonic()
            bench.load(
                "jobs: create",
                server,
                16,
                count=jobs,
                method="POST",
                paths=["/v1/videos"],
                headers=openai_headers(server.info["key"]),
                body=openai_body(),
            )
            try:
                wait_until(lambda: seen(url)["webhooks"] >= jobs, 300, f"{jobs} webhooks", look_every_s=0.25)
            except RuntimeError as error:
                raise RuntimeError(f"{error}; {seen(url)['webhooks']} came{server.last_words()}") from None
            return jobs / (seen(url)["last_s"] - started), (server.cpu_s() - cpu) * 1000 / jobs
