"""What every measure is given: the scale, a folder, and servers and loads to call for."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from tempfile import mkdtemp
from typing import Any, Protocol, TypeVar

from bench.load import Load, Result
from bench.processes import Process, run_json
from bench.scale import Scale
from bench.serve import settings_for
from bench.tenants import make_tenants

_UNIQUE_A_LOAD = 2_000_000  # no load sends more requests than this


class Rated(Protocol):
    """What takes turns with another."""

    @property
    def per_s(self) -> float:
        """Its rate."""
        ...


R = TypeVar("R", bound=Rated)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A load and what it cost the server."""

    result: Result
    server_cpu_ms: float  # a request, warm-up included on both sides

    @property
    def per_s(self) -> float:
        """Answers a second."""
        return self.result.per_s


@dataclass(slots=True, kw_only=True)
class Bench:
    """One run."""

    scale: Scale
    folder: Path  # ours alone, removed at the end
    only: Sequence[str] = ()  # the measures that were asked for by name
    log: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # every point, for the JSON file
    _unique: int = 0
    _servers: int = 0

    def say(self, text: str) -> None:
        """Progress, to stderr."""
        print(f"  {text}", file=sys.stderr, flush=True)

    def serve(
        self,
        data: str,
        *,
        part: str = "serve",
        workers: bool = False,
        held: bool = False,
        webhook: str | None = None,
        record: Path | None = None,
        clip_url: str = "",
        upstream: str = "",
        log: str | None = None,
        **settings: Any,
    ) -> Process:
        """A Reelway process on the folder `data`; stop it."""
        arguments = ["-m", "bench.serve", str(self.folder / data), "--part", part, "--settings", json.dumps(settings)]
        arguments += ["--workers"] if workers else []
        arguments += ["--held"] if held else []
        arguments += ["--webhook", webhook] if webhook else []
        arguments += ["--record", str(record)] if record else []
        return Process(
            arguments,
            log=self.folder / f"{log or data}.log",
            INSTANT_CLIP_URL=clip_url,
            INSTANT_UPSTREAM=upstream,
        )

    def open_tenants(self, data: str, webhook: str | None = None, **settings: Any) -> None:
        """Make the scale's customers; nobody else may be using the database."""
        make_tenants(settings_for(self.folder / data, **settings), self.scale.tenants, webhook)

    def bare(self, *, answer: bytes = b"", file: Path | None = None) -> Process:
        """A bare Starlette server; stop it."""
        arguments = ["-m", "bench.bare"]
        if answer:
            path = self.folder / "answer.json"
            path.write_bytes(answer)
            arguments += ["--answer", str(path)]
        if file is not None:
            arguments += ["--file", str(file)]
        return Process(arguments, log=self.folder / "bare.log")

    def load(self, label: str, server: Process, connections: int, **more: Any) -> Point:
        """Drive `server` for the scale's seconds, or for `count` requests."""
        self._unique += _UNIQUE_A_LOAD
        load = Load(
            port=server.port,
            connections=connections,
            seconds=0.0 if "count" in more else self.scale.seconds,
            warm_s=0.0 if "count" in more else self.scale.warm_s,
            start=self._unique,
            **more,
        )
        before = server.cpu_s()
        try:
            result = Result(**run_json("bench.load", asdict(load)))
        except RuntimeError as error:
            raise RuntimeError(f"{label}: {error}{server.last_words()}") from error
        share = result.seconds / (result.seconds + load.warm_s)
        cpu_ms = (server.cpu_s() - before) * 1000 * share / max(result.requests, 1)
        point = Point(result=result, server_cpu_ms=cpu_ms)
        kept = {k: v for k, v in asdict(result).items() if k != "bodies"}
        self.log.setdefault(label, []).append(kept | {"connections": connections, "server_cpu_ms": cpu_ms})
        return point

    def rounds(self, sides: Mapping[str, Callable[[], R]]) -> dict[str, R]:
        """Each side in turn, as often as the scale says; the median of each."""
        taken: dict[str, list[R]] = {label: [] for label in sides}
        for _ in range(self.scale.rounds):
            for label, take in sides.items():
                taken[label].append(take())
        return {label: sorted(points, key=lambda p: p.per_s)[len(points) // 2] for label, points in taken.items()}

    def call(self, module: str, **payload: Any) -> dict[str, float]:
        """The median of what `module` answers, key by key; each round has a folder of its own in `folder`."""
        answers = []
        for number in range(self.scale.rounds):
            folder = Path(mkdtemp(prefix=f"{module}-{payload['what'].replace('/', '-')}-{number}-", dir=self.folder))
            answers.append(run_json(module, payload | {"folder": str(folder)}))
        self.log.setdefault(f"{module} {payload['what']}", []).extend(answers)
        return {name: median(a[name] for a in answers) for name in answers[0]}


def beside(point: Point) -> str:
    """The note under a rate."""
    r = point.result
    return (
        f"p50 {r.p50_ms:.1f} ms, p99 {r.p99_ms:.1f} ms, server {point.server_cpu_ms:.2f} ms CPU a request,"
        f" generator {r.client_busy:.0%} of a core"
    )
