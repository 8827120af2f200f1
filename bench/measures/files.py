"""Finished files: whole at 8 connections, and 64 KiB ranges at 32; beside Starlette's own FileResponse.

The file lies in storage under a token, which is all that /files/ asks for. Memory is read before the first byte and
after the last: streaming must not grow with the file.
"""

from collections.abc import Iterable

from bench.clip import make_noise
from bench.context import Bench, beside
from bench.figures import Budget, Figure
from reelway.generations.finish import file_key

_TOKEN = "0" * 43
_RANGE = {"Range": "bytes=1000000-1065535"}
_TINY_RANGE = {"Range": "bytes=100000-165535"}


def run(bench: Bench) -> Iterable[Figure]:
    """Throughput, ranges, memory."""
    scale = bench.scale
    path = bench.folder / "files" / "files" / file_key(_TOKEN, ".mp4")
    make_noise(path, scale.file_mib)
    part = _RANGE if scale.file_mib > 1 else _TINY_RANGE
    url = f"/files/{_TOKEN}.mp4"
    with bench.serve("files") as server, bench.bare(file=path) as bare:
        bench.load("files: first use", server, 1, count=2, paths=[url])
        before = server.rss_mb()
        bench.say("files")
        points = bench.rounds(
            {
                "whole": lambda: bench.load("files: whole", server, 8, paths=[url]),
                "bare whole": lambda: bench.load("files: bare whole", bare, 8, paths=["/file"]),
                "part": lambda: bench.load("files: range", server, 32, paths=[url], headers=part, expect=206),
                "bare part": lambda: bench.load(
                    "files: bare range", bare, 32, paths=["/file"], headers=part, expect=206
                ),
            }
        )
        after = server.rss_mb()

    def mib_per_s(name: str) -> float:
        return points[name].result.body_bytes / points[name].result.seconds / (1 << 20)

    yield Figure(
        measure=f"file of {scale.file_mib} MiB, 8 connections",
        value=mib_per_s("whole"),
        unit="MiB/s",
        limit=mib_per_s("bare whole"),
        limit_is="bare Starlette FileResponse",
        budget=Budget(sense=">=", value=0.5, of="ratio"),
        note=beside(points["whole"]),
    )
    yield Figure(
        measure="range of 64 KiB, 32 connections",
        value=points["part"].per_s,
        unit="/s",
        limit=points["bare part"].per_s,
        limit_is="bare Starlette FileResponse",
        budget=Budget(sense=">=", value=0.5, of="ratio"),
        note=beside(points["part"]),
    )
    yield Figure(
        measure="memory that streaming adds",
        value=max(after - before, 0.0),
        unit="MB",
        budget=Budget(sense="<", value=float(scale.file_mib)),
        note=f"{before:.0f} MB before, {after:.0f} MB after; flat means far less than one file",
    )
