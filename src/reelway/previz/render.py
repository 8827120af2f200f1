"""An order made into a file: frames by a few threads, in order, encoded as they come."""

import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from threading import Event

import av.error
import numpy as np
import numpy.typing as npt
from PIL import Image

from reelway.kit.parts import part_path
from reelway.previz import filters
from reelway.previz.encode import CODEC, Encoder
from reelway.previz.marcher import Stopped, develop, march
from reelway.previz.order import Order
from reelway.previz.passes.files import Layers, PassFiles
from reelway.previz.picture.found import Filmed
from reelway.previz.picture.load import Unreadable
from reelway.previz.prompt import parse
from reelway.previz.settings import SETTINGS, Setting
from reelway.previz.shot import Shot
from reelway.previz.sound import Wave, ambience, score
from reelway.previz.sound.gait import footfalls

Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One frame, and what is known of it where passes are wanted."""

    picture: Picture
    layers: Layers | None = None


Job = Callable[[], Made]

MARCHED_PIXELS = 704 * 396  # a clip up to 1280x720 is marched at this many pixels, and scaled up
MOVED_PIXELS = 1920 * 1080  # a picture or clip that only moves is kept up to this size
SHARPEN = 0.45
PREVIEW_PIXELS = 320 * 180  # of the early picture that words are shown by
PREVIEW_SIDE = 640

__all__ = ["Stopped", "Unreadable", "marched_size", "render"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What was made."""

    codec: str
    render_s: float
    shot: dict[str, object]
    passes: tuple[str, ...] = ()  # names of the files beside the clip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Frames to be made, in order, and the grain they are given at the end."""

    jobs: Iterator[Job]
    grain: float
    sound: Wave | None = None
    setting: Setting | None = None  # of words
    filmed: Filmed | None = None  # of pictures


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
    on_preview: Callable[[bytes], None] | None = None,
) -> Rendered:
    """Make `order` into `output`, which exists only when it is whole.

    Raises Stopped soon after `stop` is set, Unreadable for a source that cannot be used, OSError for a disk that
    cannot be written. `on_progress` hears the share of frames encoded, at the end 1; `on_preview` is given a small JPEG
    of the first frame as soon as there is one. Passes lie beside `output`.
    """
    started = time.monotonic()
    shot = parse(order.prompt, order.negative_prompt, move=move, duration_s=order.duration_s)
    part = part_path(output)
    try:
        source = _source(order, shot, stop)
        encoder = Encoder(
            part,
            width=order.width,
            height=order.height,
            fps=order.fps,
            threads=threads,
            grain=source.grain,
            sound=source.sound,
        )
        with ExitStack() as until_done:
            told = _told(shot, order, source.filmed)
            beside = _passes(order, output, source, told)
            if beside is not None:
                until_done.enter_context(beside)
            with encoder, closing(_in_order(source.jobs, threads, stop)) as frames:
                for done, frame in enumerate(_shown_early(frames, source, order, stop, on_preview), start=1):
                    encoder.write(frame.picture)
                    if beside is not None and frame.layers is not None:
                        beside.write(frame.layers)
                    on_progress(min(done / order.frames, 1.0) * 0.999)
                    if stop.is_set():
                        raise Stopped
            passes = beside.settle() if beside is not None else ()
        _settle(part, output)
    except av.error.FFmpegError as error:
        raise OSError(f"the clip could not be encoded: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    on_progress(1.0)
    return Rendered(codec=CODEC, render_s=time.monotonic() - started, shot=told, passes=passes)


def _passes(order: Order, output: Path, source: _Source, told: dict[str, object]) -> PassFiles | None:
    if not order.passes or source.setting is None:
        return None
    return PassFiles(order, output, source.setting, told)


def _shown_early(
    frames: Iterator[Made],
    source: _Source,
    order: Order,
    stop: Event,
    on_preview: Callable[[bytes], None] | None,
) -> Iterator[Made]:
    """`frames`, the first of which is shown while the rest is made; one of words is made small for that, before."""
    if on_preview is not None and source.setting is not None:
        width, height = _within(order.width, order.height, PREVIEW_PIXELS)
        small = develop(source.setting, march(source.setting, 0.0, width, height, stop.is_set), 0.0, 1 / order.fps)
        on_preview(_jpeg(small))
        on_preview = None
    for frame in frames:
        if on_preview is not None:
            on_preview(_jpeg(frame.picture))
            on_preview = None
        yield frame


def _jpeg(frame: Picture) -> bytes:
    out = BytesIO()
    shown = Image.fromarray(frame)
    shown.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    shown.save(out, "JPEG", quality=85)
    return out.getvalue()


def _told(shot: Shot, order: Order, filmed: Filmed | None) -> dict[str, object]:
    told = shot.to_json()
    if filmed is not None:
        told |= {"setting": "image", "subject": None, "fallback": False, **filmed.to_json()}
    elif order.video is not None:
        told |= {"setting": "video", "subject": None, "fallback": False, "move": None}
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
        def make() -> Made:
            t = number / order.fps
            marched = march(setting, t, width, height, stop.is_set)
            frame = develop(setting, marched, t, 1 / order.fps)
            layers = None
            if order.passes:
                layers = Layers(away=marched.depth, groups=marched.groups, camera=marched.camera, cast=marched.cast)
            return Made(picture=_crisp(frame) if scaled else frame, layers=layers)

        return make

    sound = _sound(order, shot, footfalls_s=footfalls(setting)) if order.audio else None
    return _Source(jobs=(job(n) for n in range(order.frames)), grain=setting.graded.grain, sound=sound, setting=setting)


def _from_image(order: Order, shot: Shot) -> _Source:
    from reelway.previz.picture.between import Between  # here: it loads numba, which words do without
    from reelway.previz.picture.still import Still

    assert order.image is not None
    width, height = _within(order.width, order.height, MOVED_PIXELS)
    still: Still | Between
    if order.last_image is not None:
        still = Between(
            Path(order.image),
            Path(order.last_image),
            shot,
            width=width,
            height=height,
            frames=order.frames,
            fps=order.fps,
            prompt=order.prompt,
            seed=order.seed,
        )
    else:
        still = Still(
            Path(order.image),
            shot,
            width=width,
            height=height,
            duration_s=order.duration_s,
            prompt=order.prompt,
            seed=order.seed,
        )

    def job(number: int) -> Job:
        return lambda: Made(picture=still.at(number / order.fps))

    sound = _sound(order, shot) if order.audio else None
    return _Source(jobs=(job(n) for n in range(order.frames)), grain=still.look.grain, sound=sound, filmed=still.filmed)


def _sound(order: Order, shot: Shot, footfalls_s: Sequence[float] = ()) -> Wave:
    played = score(
        shot, order.prompt, made_up=order.image is None and order.video is None, unwanted=order.negative_prompt
    )
    return ambience(played, duration_s=order.duration_s, seed=order.seed, footfalls_s=footfalls_s)


def _from_video(order: Order, shot: Shot) -> _Source:
    from reelway.previz.picture.footage import Footage, Shown  # here: it loads numba

    assert order.video is not None
    width, height = _within(order.width, order.height, MOVED_PIXELS)
    footage = Footage(
        Path(order.video),
        shot,
        width=width,
        height=height,
        fps=order.fps,
        frames=order.frames,
        prompt=order.prompt,
        seed=order.seed,
    )

    def job(shown: Shown, number: int) -> Job:
        return lambda: Made(picture=footage.finish(shown, number))

    jobs = (job(shown, number) for number, shown in enumerate(footage.shown()))
    sound = None
    if order.audio:
        own = footage.sound(order.duration_s)
        sound = _sound(order, shot) if own is None else own
    return _Source(jobs=jobs, grain=0.0, sound=sound)


def _crisp(frame: Picture) -> Picture:
    out = np.empty_like(frame)
    filters.sharpen(frame, out, SHARPEN)
    return out


def _in_order(jobs: Iterator[Job], threads: int, stop: Event) -> Generator[Made, None, None]:
    """Results in the order of `jobs`, at most two frames per thread ahead of the reader."""
    waiting: deque[Future[Made]] = deque()
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
