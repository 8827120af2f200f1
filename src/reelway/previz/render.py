"""An order made into a file: frames by a few threads, in order, encoded as they come."""

import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import av.error
import numpy as np
import numpy.typing as npt

from reelway.previz import filters
from reelway.previz.encode import CODEC, Encoder
from reelway.previz.marcher import Stopped, picture
from reelway.previz.order import Order
from reelway.previz.picture.footage import Footage
from reelway.previz.picture.load import Unreadable
from reelway.previz.picture.still import Still
from reelway.previz.prompt import parse
from reelway.previz.settings import SETTINGS
from reelway.previz.shot import Shot

Picture = npt.NDArray[np.uint8]
Job = Callable[[], Picture]

MARCHED_PIXELS = 640 * 360  # a clip up to 1280x720 is marched at this many pixels, and scaled up
MOVED_PIXELS = 1920 * 1080  # a picture or clip that only moves is kept up to this size
SHARPEN = 0.45

__all__ = ["Stopped", "Unreadable", "marched_size", "render"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What was made."""

    codec: str
    render_s: float
    shot: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Frames to be made, in order, and the grain they are given at the end."""

    jobs: Iterator[Job]
    grain: float


def marched_size(width: int, height: int) -> tuple[int, int]:
    """The size that the ray marcher works at: native when small, then growing much slower than the clip."""
    whole = width * height
    budget = MARCHED_PIXELS * max(1.0, whole / (1280 * 720)) ** 0.5
    return _within(width, height, budget)


def _within(width: int, height: int, pixels: float) -> tuple[int, int]:
    scale = min(1.0, (pixels / (width * height)) ** 0.5)
    if scale == 1.0:
        return width, height
    return max(round(width * scale / 2), 8) * 2, max(round(height * scale / 2), 8) * 2


def render(
    order: Order,
    output: Path,
    *,
    threads: int,
    stop: Event,
    on_progress: Callable[[float], None],
    move: str | None = None,
) -> Rendered:
    """Make `order` into `output`, which exists only when it is whole.

    Raises Stopped soon after `stop` is set, Unreadable for a source that cannot be used, OSError for a disk that
    cannot be written. `on_progress` hears the share of frames encoded, at the end 1.
    """
    started = time.monotonic()
    shot = parse(order.prompt, order.negative_prompt, move=move)
    part = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        source = _source(order, shot, stop)
        encoder = Encoder(
            part, width=order.width, height=order.height, fps=order.fps, threads=threads, grain=source.grain
        )
        with encoder, closing(_in_order(source.jobs, threads, stop)) as frames:
            for done, frame in enumerate(frames, start=1):
                encoder.write(frame)
                on_progress(min(done / order.frames, 1.0) * 0.999)
                if stop.is_set():
                    raise Stopped
        _settle(part, output)
    except av.error.FFmpegError as error:
        raise OSError(f"the clip could not be encoded: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    on_progress(1.0)
    return Rendered(codec=CODEC, render_s=time.monotonic() - started, shot=_told(shot, order))


def _told(shot: Shot, order: Order) -> dict[str, object]:
    told = shot.to_json()
    if order.image is not None or order.video is not None:
        kind = "image" if order.image is not None else "video"
        told |= {"setting": kind, "subject": None, "fallback": False}
        told["move"] = (shot.move or "push") if kind == "image" else None
    return told


def _source(order: Order, shot: Shot, stop: Event) -> _Source:
    if order.image is not None:
        return _from_image(order, shot)
    if order.video is not None:
        return _from_video(order, shot)
    return _from_words(order, shot, stop)


def _from_words(order: Order, shot: Shot, stop: Event) -> _Source:
    width, height = marched_size(order.width, order.height)
    aspect = order.width / order.height
    setting = SETTINGS[shot.setting](shot, seed=order.seed, duration_s=order.duration_s, aspect=aspect)
    scaled = (width, height) != (order.width, order.height)

    def job(number: int) -> Job:
        def make() -> Picture:
            frame = picture(setting, number / order.fps, width, height, 1 / order.fps, stop.is_set)
            return _crisp(frame) if scaled else frame

        return make

    return _Source(jobs=(job(n) for n in range(order.frames)), grain=setting.graded.grain)


def _from_image(order: Order, shot: Shot) -> _Source:
    assert order.image is not None
    width, height = _within(order.width, order.height, MOVED_PIXELS)
    still = Still(Path(order.image), shot, width=width, height=height, duration_s=order.duration_s)

    def job(number: int) -> Job:
        return lambda: still.at(number / order.fps)

    return _Source(jobs=(job(n) for n in range(order.frames)), grain=still.look.grain)


def _from_video(order: Order, shot: Shot) -> _Source:
    assert order.video is not None
    width, height = _within(order.width, order.height, MOVED_PIXELS)
    footage = Footage(Path(order.video), shot, width=width, height=height)

    def job(frame: Picture) -> Job:
        return lambda: footage.grade(frame)

    jobs = (job(frame) for frame in footage.pictures(order.fps, order.frames))
    return _Source(jobs=jobs, grain=0.0)


def _crisp(frame: Picture) -> Picture:
    out = np.empty_like(frame)
    filters.sharpen(frame, out, SHARPEN)
    return out


def _in_order(jobs: Iterator[Job], threads: int, stop: Event) -> Generator[Picture, None, None]:
    """Results in the order of `jobs`, at most two frames per thread ahead of the reader."""
    waiting: deque[Future[Picture]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="previz") as pool:
        try:
            for job in jobs:
                if stop.is_set():
                    raise Stopped
                waiting.append(pool.submit(job))
                if len(waiting) >= 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _settle(part: Path, output: Path) -> None:
    """Make the file durable, then visible."""
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.replace(output)
