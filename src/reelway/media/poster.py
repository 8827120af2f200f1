"""Still previews of a clip: a poster, a thumbnail, a contact sheet, all from one pass over its frames."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reelway.media.probe import UnreadableClip, open_clip, upright_size

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream
    from PIL.Image import Image

POSTER_WIDTH_PX_MAX: Final = 1280
THUMBNAIL_WIDTH_PX_MAX: Final = 640
CELL_WIDTH_PX: Final = 240
# Beyond this a contact sheet is made of key frames: decoding all of a long clip is not worth the wait.
_EVERY_FRAME_S_MAX: Final = 60.0
_FRAMES_MAX: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stills:
    """Encoded pictures of one clip."""

    poster: bytes  # JPEG, one second in or in the middle of a shorter clip, at most 1280 wide
    thumbnail: bytes  # the same moment as WebP (OpenAI's `variant=thumbnail`), at most 640 wide
    contact_sheet: bytes  # JPEG of moments at even distances, left to right, top to bottom; cells 240 wide


def stills(path: Path, columns: int = 5, rows: int = 5) -> Stills:
    """All three in one pass; raises UnreadableClip."""
    cells: list[Image] = []
    shown: dict[int, Image] = {}
    with open_clip(path) as (container, stream):
        duration_s = _length_s(container, stream)
        if duration_s > _EVERY_FRAME_S_MAX:
            stream.codec_context.skip_frame = "NONKEY"
        at_cells = [(cell + 0.5) * duration_s / (columns * rows) for cell in range(columns * rows)]
        at_still = min(1.0, duration_s / 2)
        moments = sorted([(moment, False) for moment in at_cells] + [(at_still, True)])
        for (_, is_still), frame in zip(moments, _at([m for m, _ in moments], container, stream), strict=False):
            if is_still:
                shown = {width: _image(frame, width) for width in (POSTER_WIDTH_PX_MAX, THUMBNAIL_WIDTH_PX_MAX)}
            else:
                cells.append(_image(frame, CELL_WIDTH_PX))
    if not shown or not cells:
        raise UnreadableClip("no frame in it can be decoded")
    thumbnail = io.BytesIO()
    # Method 2 of 6: a third of the time of the default for a few per cent of size.
    shown[THUMBNAIL_WIDTH_PX_MAX].save(thumbnail, "WEBP", quality=80, method=2)
    return Stills(
        poster=_jpeg(shown[POSTER_WIDTH_PX_MAX]),
        thumbnail=thumbnail.getvalue(),
        contact_sheet=_jpeg(_sheet(cells, columns, rows)),
    )


def _sheet(cells: "list[Image]", columns: int, rows: int) -> "Image":
    from PIL import Image

    width, height = cells[0].size
    sheet = Image.new("RGB", (columns * width, rows * height))
    for number, cell in enumerate(cells):
        sheet.paste(cell, (number % columns * width, number // columns * height))
    return sheet


def _at(moments: list[float], container: "InputContainer", stream: "VideoStream") -> Iterator["VideoFrame"]:
    """The frame on screen at each of the rising `moments` (s from the first frame); one may serve several."""
    waiting = iter(moments)
    moment = next(waiting, None)
    shown: VideoFrame | None = None
    start_s = 0.0
    for _, frame in zip(range(_FRAMES_MAX), container.decode(stream), strict=False):
        if shown is None:
            start_s = frame.time or 0.0
        else:
            while moment is not None and (frame.time or 0.0) - start_s > moment:
                yield shown
                moment = next(waiting, None)
        if moment is None:
            return
        shown = frame
    while shown is not None and moment is not None:
        yield shown
        moment = next(waiting, None)


def _length_s(container: "InputContainer", stream: "VideoStream") -> float:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / 1_000_000  # AV_TIME_BASE


def _image(frame: "VideoFrame", width_px_max: int) -> "Image":
    """`frame` upright and at most so wide; scaled by FFmpeg before it becomes a picture, which is cheaper."""
    from PIL import Image

    scale = min(1.0, width_px_max / upright_size(frame)[0])
    small = frame.reformat(
        width=max(1, round(frame.width * scale)), height=max(1, round(frame.height * scale)), format="rgb24"
    )
    picture = Image.fromarray(small.to_ndarray())
    return picture.rotate(frame.rotation, expand=True) if frame.rotation else picture


def _jpeg(picture: "Image") -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
