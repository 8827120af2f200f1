"""Reelway and LiteLLM's proxy in turns, before one and the same upstream: `python -m bench.peer`.

JSON in: {"scale", "folder"}; Figures out, as JSON. It must run in a network namespace of its own (measures/litellm.py
sees to that): there is a loopback device and nothing else, so that whatever the peer tries to fetch or to report, it
reaches nobody.
"""

import array
import fcntl
import json
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import urlopen

import orjson

from bench import litellm
from bench.clip import make_clip, make_large_clip
from bench.context import Bench, Point, beside
from bench.figures import Figure
from bench.measures.start_up import free_port, start
from bench.processes import Process, run_json, wait_until
from bench.scale import SCALES
from bench.wire import PROMPT, openai_body, openai_headers

_AT_ONCE = 16
_DOWNLOADS = 24
_SETTLE_S = 2.0
_QUIET_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    server: Any  # Process or Proxy
    headers: dict[str, str]


def run(bench: Bench) -> Iterable[Figure]:
    """Start, memory, creates, completed jobs, status reads, downloads."""
    small, large = bench.folder / "small.mp4", bench.folder / "large.mp4"
    make_clip(small)
    make_large_clip(large, small, bench.scale.file_mib)
    starts = [_start_ours(bench, number) for number in range(min(bench.scale.starts, 3))]
    arguments = ["-m", "bench.replica", "--clip", str(small), "--large", str(large)]
    with Process(arguments, log=bench.folder / "replica.log") as replica:
        upstream = f"http://127.0.0.1:{replica.port}"
        with (
            bench.serve("peer", workers=True, upstream=upstream) as reelway,
            litellm.Proxy(bench.folder, free_port(), upstream) as proxy,
        ):
            time.sleep(_SETTLE_S)
            ours = _Side(server=reelway, headers=openai_headers(reelway.info["key"]))
            theirs = _Side(server=proxy, headers=openai_headers(litellm.KEY))
            versus = _Versus(bench, ours, theirs, upstream)
            yield versus.figure("start", "s", median(s for s, _ in starts), proxy.start_s, "until it says it is alive")
            yield versus.figure("memory, idle", "MB", starts[0][1], proxy.rss_mb(), "two seconds after the start")
            yield from versus.journeys()
            yield from versus.creates()
            yield versus.status()
            yield from versus.downloads()


class _Versus:
    def __init__(self, bench: Bench, ours: _Side, theirs: _Side, upstream: str) -> None:
        self._bench = bench
        self._sides = {"ours": ours, "theirs": theirs}
        self._upstream = upstream
        self._limit_is = f"LiteLLM {litellm.version()}"

    def figure(self, what: str, unit: str, ours: float, theirs: float, note: str) -> Figure:
        """One line; the limit is theirs."""
        return Figure(
            measure=f"beside LiteLLM: {what}", value=ours, unit=unit, limit=theirs, limit_is=self._limit_is, note=note
        )

    def journeys(self) -> Iterable[Figure]:
        """Whole jobs, as one client sees them."""
        self._bench.say("jobs, from create to the last byte")
        taken: dict[str, list[dict[str, float]]] = {"ours": [], "theirs": []}
        for _ in range(self._bench.scale.rounds):
            for name, side in self._sides.items():
                payload = {"port": side.server.port, "headers": _once(side.headers), "body": openai_body()}
                jobs = {"jobs": self._bench.scale.peer_jobs, "at_once": _AT_ONCE}
                taken[name].append(run_json("bench.journey", payload | jobs))
        ours, theirs = ({k: median(t[k] for t in taken[name]) for k in ("per_s", "job_s")} for name in taken)
        yield self.figure(
            f"completed jobs, {_AT_ONCE} clients",
            "/s",
            ours["per_s"],
            theirs["per_s"],
            "create, ask every 0.1 s until completed, download 1 s of 64x64; ours has also stored, probed and pictured"
            f" the clip and charged for it. One job took {ours['job_s']:.2f} s, theirs {theirs['job_s']:.2f} s",
        )

    def creates(self) -> Iterable[Figure]:
        """The answer, and the upstream's knowing of it."""
        self._bench.say("creates")
        points = self._rounds(
            "create", method="POST", paths=["/v1/videos"], body=openai_body(f"sleep {PROMPT}"), quiet=True
        )
        ours, theirs = points["ours"], points["theirs"]
        yield self.figure(
            f"create, {_AT_ONCE} connections",
            "/s",
            ours.per_s,
            theirs.per_s,
            f"ours answers when the row and the hold are on the disk, and submits besides; LiteLLM keeps nothing and"
            f" asks the upstream within the request. Ours: {beside(ours)}. LiteLLM: {beside(theirs)}",
        )
        yield self.figure(
            "time to answer a create", "ms", ours.result.p50_ms, theirs.result.p50_ms, f"median at {_AT_ONCE} at once"
        )
        count = self._bench.scale.peer_jobs * 2
        submitted = {name: self._submitted(name, count) for name in self._sides}
        yield self.figure(
            "creates that reached the upstream",
            "/s",
            submitted["ours"],
            submitted["theirs"],
            f"{count} creates, until the upstream has seen the last one",
        )

    def status(self) -> Figure:
        """Of one finished job."""
        self._bench.say("status reads")
        paths = {name: f"/v1/videos/{self._finished(name, 'a clip')}" for name in self._sides}
        points = self._rounds("status", lambda name: {"paths": [paths[name]]})
        ours, theirs = points["ours"], points["theirs"]
        return self.figure(
            f"status, {_AT_ONCE} connections",
            "/s",
            ours.per_s,
            theirs.per_s,
            f"ours reads its row, LiteLLM asks the upstream. Ours: {beside(ours)}. LiteLLM: {beside(theirs)}",
        )

    def downloads(self) -> Iterable[Figure]:
        """Large files, and the memory that they cost."""
        mib = self._bench.scale.file_mib
        self._bench.say(f"downloads of {mib} MiB")
        paths = {name: f"/v1/videos/{self._finished(name, 'a large clip')}/content" for name in self._sides}
        before = {name: side.server.rss_mb() for name, side in self._sides.items()}
        points = self._rounds("content", lambda name: {"paths": [paths[name]]}, connections=8, count=_DOWNLOADS)
        per_s = {name: p.result.body_bytes / p.result.seconds / (1 << 20) for name, p in points.items()}
        yield self.figure(
            f"download of {mib} MiB, 8 connections",
            "MiB/s",
            per_s["ours"],
            per_s["theirs"],
            "ours sends the file that it keeps, LiteLLM fetches it from the upstream each time",
        )
        peaks = {name: side.server.peak_rss_mb() for name, side in self._sides.items()}
        yield self.figure(
            "memory at its largest",
            "MB",
            peaks["ours"],
            peaks["theirs"],
            f"over all of the above; before the downloads it was {before['ours']:.0f} MB, theirs"
            f" {before['theirs']:.0f} MB",
        )

    def _rounds(
        self,
        label: str,
        of: Callable[[str], dict[str, Any]] = lambda _: {},
        *,
        connections: int = _AT_ONCE,
        quiet: bool = False,
        **load: Any,
    ) -> dict[str, Point]:
        """In turns; with `quiet` each waits until the upstream hears no more of the one before."""

        def take(name: str) -> Point:
            side, label_of = self._sides[name], f"litellm: {label}, {name}"
            point = self._bench.load(label_of, side.server, connections, headers=side.headers, **(load | of(name)))
            made = -1
            while quiet and made != (made := self._made()):
                time.sleep(_QUIET_S)
            return point

        return self._bench.rounds({name: partial(take, name) for name in self._sides})

    def _submitted(self, name: str, count: int) -> float:
        before, started = self._made(), time.monotonic()
        self._bench.load(
            f"litellm: submitted, {name}",
            self._sides[name].server,
            _AT_ONCE,
            count=count,
            method="POST",
            paths=["/v1/videos"],
            headers=self._sides[name].headers,
            body=openai_body(f"sleep {PROMPT}"),
        )
        wait_until(lambda: self._made() >= before + count, 60, f"{count} jobs upstream", look_every_s=0.01)
        return count / (time.monotonic() - started)

    def _made(self) -> int:
        with urlopen(f"{self._upstream}/seen", timeout=10) as answer:
            made: int = orjson.loads(answer.read())["made"]
            return made

    def _finished(self, name: str, prompt: str) -> str:
        """The id of a job that is completed."""
        side = self._sides[name]
        load: dict[str, Any] = {"count": 1, "headers": side.headers, "keep": True}
        made = self._bench.load(
            "litellm: made", side.server, 1, method="POST", paths=["/v1/videos"], body=openai_body(prompt), **load
        )
        id: str = orjson.loads(made.result.bodies[0])["id"]

        def completed() -> bool:
            point = self._bench.load("litellm: looked at", side.server, 1, paths=[f"/v1/videos/{id}"], **load)
            return bool(orjson.loads(point.result.bodies[0])["status"] == "completed")

        wait_until(completed, 60, f"{id} completed")
        return id


def _once(headers: dict[str, str]) -> dict[str, str]:
    """Without the mark that only the load generator replaces."""
    return {name: value for name, value in headers.items() if name != "Idempotency-Key"}


def _start_ours(bench: Bench, number: int) -> tuple[float, float]:
    port, data = free_port(), bench.folder / f"start-{number}"
    arguments = ["-m", "reelway", "serve", "--port", str(port), "--data", str(data)]
    return start(bench, arguments, port, settle=number == 0)


def _alone() -> None:
    """Bring loopback up; raises RuntimeError where there is any other device."""
    if [name for _, name in socket.if_nameindex()] != ["lo"]:
        raise RuntimeError("the peer is only run where there is no network but loopback")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = array.array("B", struct.pack("16sh14x", b"lo", 1))  # IFF_UP
        fcntl.ioctl(control, 0x8914, request)  # SIOCSIFFLAGS


def main() -> None:
    """JSON in, JSON out."""
    asked = json.load(sys.stdin)
    _alone()
    bench = Bench(scale=SCALES[asked["scale"]], folder=Path(asked["folder"]))
    try:
        figures = [asdict(figure) for figure in run(bench)]
    except RuntimeError as error:
        sys.exit(str(error))
    print(json.dumps({"figures": figures, "log": bench.log}))


if __name__ == "__main__":
    main()
