"""Renders prompts and encodes their pictures again: `python -m bench.render`, for measures/previz.py.

JSON in: {"prompts", "seconds", "size", "folder", "cache"}; seconds and memory out.
"""

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import av

from bench import machine
from reelway.previz.encode import Encoder
from reelway.previz.engine import Engine
from reelway.previz.order import Order

_FPS = 24


async def measure(prompts: list[str], seconds: int, size: list[int], folder: Path, cache: Path) -> dict[str, Any]:
    """Each prompt in miniature, then whole, then its pictures through the encoder alone."""
    await _compile(cache)
    engine = Engine(cache_dir=cache)
    width, height = size
    first_s = 0.0
    updates: list[float] = []
    clips: list[dict[str, Any]] = []
    try:
        for number, prompt in enumerate(prompts):
            small = Order(prompt=prompt, width=320, height=180, fps=_FPS, frames=6, seed=1)
            took = await _render(engine, small, folder / "small.mp4", updates)
            first_s = first_s or took
            updates.clear()
            clip = folder / f"{number}.mp4"
            order = Order(prompt=prompt, width=width, height=height, fps=_FPS, frames=seconds * _FPS, seed=1)
            render_s = await _render(engine, order, clip, updates)
            encode_s = await asyncio.to_thread(encode_again, clip, folder / "again.mp4")
            clips.append({"prompt": prompt, "render_s": render_s, "encode_s": encode_s, "updates": len(updates)})
        peak = sum(machine.peak_rss_mb(pid) for pid in machine.children(os.getpid()))
    finally:
        await engine.aclose()
    return {"first_s": first_s, "clips": clips, "peak_rss_mb": peak}


async def _compile(cache: Path) -> None:
    """In a process that is gone afterwards: the compiler's memory is not the renderer's."""
    engine = Engine(cache_dir=cache)
    try:
        if not engine.warmed():
            await engine.warm()
    finally:
        await engine.aclose()


async def _render(engine: Engine, order: Order, path: Path, updates: list[float]) -> float:
    started = time.perf_counter()
    await engine.render(order, path, on_progress=updates.append)
    return time.perf_counter() - started


def encode_again(clip: Path, path: Path) -> float:
    """Seconds for the engine's own encoder to write the pictures of `clip`, which lie ready in memory."""
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        width, height = stream.width, stream.height
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    started = time.perf_counter()
    with Encoder(path, width=width, height=height, fps=_FPS, threads=os.cpu_count() or 1) as encoder:
        for picture in pictures:
            encoder.write(picture)
    return time.perf_counter() - started


def main() -> None:
    """JSON in, JSON out."""
    asked = json.load(sys.stdin)
    paths = {name: Path(asked[name]) for name in ("folder", "cache")}
    print(json.dumps(asyncio.run(measure(asked["prompts"], asked["seconds"], asked["size"], **paths))))


if __name__ == "__main__":
    main()
