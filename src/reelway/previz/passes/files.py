"""The files of passes beside a clip: `clip.depth.mkv` and its likes; they appear only when they are whole."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import av.error
import numpy as np
import numpy.typing as npt

from reelway.kit.parts import part_path
from reelway.previz.camera import camera_path
from reelway.previz.geometry import Floats
from reelway.previz.order import Order
from reelway.previz.passes import depth, masks
from reelway.previz.passes.camera import camera_gltf, camera_json
from reelway.previz.settings import Setting

SKY = 0.98  # share of the marcher's reach from which on there is only sky


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """What is known of a frame beside its picture."""

    away: Floats  # metres from the eye
    groups: Floats
    camera: Floats
    cast: Sequence[masks.Member]


class PassFiles:
    """The passes that an order asks for, being written beside `output`."""

    def __init__(self, order: Order, output: Path, setting: Setting, told: dict[str, object]) -> None:
        self._order = order
        self._output = output
        self._setting = setting
        self._parts: dict[Path, Path] = {}
        self._depth = self._video("depth", "gray16le") if "depth" in order.passes else None
        self._masks = self._video("masks", "gray") if "masks" in order.passes else None
        self._cast: Sequence[masks.Member] = ()
        if "shot" in order.passes:
            self._text("shot.json", json.dumps(told, ensure_ascii=False, indent=2))
        if "camera" in order.passes:
            self._camera()

    def write(self, layers: Layers) -> None:
        """Append one frame."""
        self._cast = self._cast or layers.cast
        if self._depth is not None:
            metres = depth.along_view(layers.away, layers.camera)
            self._depth.write(depth.to_levels(metres, layers.away >= self._setting.effort.far * SKY))
        if self._masks is not None:
            self._masks.write(masks.to_levels(layers.groups, layers.cast))

    def settle(self) -> tuple[str, ...]:
        """Close them all and give them their names, which are returned."""
        size = {"width": self._order.width, "height": self._order.height, "fps": self._order.fps}
        if self._depth is not None:
            self._depth.close()
            self._text("depth.json", json.dumps({"version": 1, **size, **depth.scale()}, indent=2))
        if self._masks is not None:
            self._masks.close()
            legend = {"version": 1, **size, "value_0": "nobody of the cast", "cast": masks.legend(self._cast)}
            self._text("masks.json", json.dumps(legend, indent=2))
        for path, part in self._parts.items():
            part.replace(path)
        return tuple(sorted(path.name for path in self._parts))

    def __enter__(self) -> "PassFiles":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for video in (self._depth, self._masks):
            if video is not None:
                video.abandon()
        for part in self._parts.values():
            part.unlink(missing_ok=True)

    def _camera(self) -> None:
        order = self._order
        aspect = order.width / order.height
        views = camera_path(self._setting.camera, frames=order.frames, fps=order.fps, aspect=aspect)
        self._text("camera.json", camera_json(views, width=order.width, height=order.height, fps=order.fps))
        self._text("camera.gltf", camera_gltf(views, width=order.width, height=order.height))

    def _video(self, name: str, pixels: str) -> "_Exact":
        return _Exact(self._part(f"{name}.mkv"), self._order, pixels)

    def _text(self, name: str, text: str) -> None:
        self._part(name).write_text(text, "utf-8")

    def _part(self, name: str) -> Path:
        path = self._output.with_name(f"{self._output.stem}.{name}")
        part = part_path(self._output, name)
        self._parts[path] = part
        return part


class _Exact:
    """A grey clip without loss (FFV1 in Matroska), which every value survives."""

    def __init__(self, path: Path, order: Order, pixels: str) -> None:
        self._container = av.open(str(path), "w", format="matroska")
        stream: Any = self._container.add_stream("ffv1", rate=Fraction(order.fps))
        stream.width, stream.height, stream.pix_fmt = order.width, order.height, pixels
        self._stream = stream
        self._pixels = pixels
        self._size = (order.width, order.height)
        self._fps = order.fps
        self._count = 0
        self._open = True

    def write(self, levels: npt.NDArray[Any]) -> None:
        """One frame, which is enlarged to the clip's size without inventing values between."""
        height, width = levels.shape
        rows = np.arange(self._size[1]) * height // self._size[1]
        columns = np.arange(self._size[0]) * width // self._size[0]
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(levels[rows][:, columns]), format=self._pixels)
        frame.pts = self._count
        frame.time_base = Fraction(1, self._fps)
        self._count += 1
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Flush and end the file."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        self._open = False

    def abandon(self) -> None:
        """End the file, whatever is in it."""
        if self._open:
            self._open = False
            self._container.close()
