"""The camera's way as files: JSON, and glTF 2.0 with an animated camera, which Blender, Maya and three.js read.

The renderer's world is left-handed (x right, y up, z ahead); glTF's is right-handed and its cameras look along -z, so z
is turned round. glTF: https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html, read 2026-11-23.
"""

import base64
import json
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from reelway.previz.camera.path import View
from reelway.previz.geometry import Vector

FLOAT = 5126  # glTF's number for a 32-bit float
NEAR_M, FAR_M = 0.05, 5000.0


def camera_json(views: Sequence[View], *, width: int, height: int, fps: float) -> str:
    """One object a frame: metres, degrees, and the camera-to-world matrix (its columns: right, up, forward, eye)."""
    return json.dumps(
        {
            "version": 1,
            "world": {"handedness": "left", "right": "x", "up": "y", "forward": "z", "unit": "m"},
            "width": width,
            "height": height,
            "fps": fps,
            "frames": [_frame(view, height) for view in views],
        }
    )


def _frame(view: View, height: int) -> dict[str, object]:
    columns = np.stack([view.right, view.up, view.forward, view.eye], axis=1)
    return {
        "t": round(view.t, 6),
        "eye": _rounded(view.eye),
        "target": _rounded(view.target),
        "up": _rounded(view.up),
        "fov_y": round(view.fov, 4),
        "focal_px": round(height / 2 / math.tan(math.radians(view.fov) / 2), 3),
        "focus": None if view.focus is None else round(view.focus, 3),
        "camera_to_world": [_rounded(row) for row in columns] + [[0.0, 0.0, 0.0, 1.0]],
    }


def camera_gltf(views: Sequence[View], *, width: int, height: int) -> str:
    """A .gltf of one camera: its place and turn are animated, its field of view is that of the first frame.

    glTF animates no lens, so a zoom is told in the camera's extras: `fov_y` by frame.
    """
    times = np.array([view.t for view in views], np.float32)
    places = np.array([_mirrored(view.eye) for view in views], np.float32)
    turns = np.array(_without_flips([_quaternion(view) for view in views]), np.float32)
    data = [times, places, turns]
    offsets = np.cumsum([0] + [block.nbytes for block in data])
    whole = b"".join(block.tobytes() for block in data)
    document = {
        "asset": {"version": "2.0", "generator": "Reelway previz"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [
            {
                "name": "camera",
                "camera": 0,
                "translation": [float(v) for v in places[0]],
                "rotation": [float(v) for v in turns[0]],
            }
        ],
        "cameras": [
            {
                "name": "previz",
                "type": "perspective",
                "perspective": {
                    "aspectRatio": width / height,
                    "yfov": math.radians(views[0].fov),
                    "znear": NEAR_M,
                    "zfar": FAR_M,
                },
                "extras": {"fov_y": [round(view.fov, 4) for view in views]},
            }
        ],
        "animations": [
            {
                "name": "shot",
                "samplers": [
                    {"input": 0, "output": 1, "interpolation": "LINEAR"},
                    {"input": 0, "output": 2, "interpolation": "LINEAR"},
                ],
                "channels": [
                    {"sampler": 0, "target": {"node": 0, "path": "translation"}},
                    {"sampler": 1, "target": {"node": 0, "path": "rotation"}},
                ],
            }
        ],
        "accessors": [
            _accessor(0, times[:, None], "SCALAR"),
            _accessor(1, places, "VEC3"),
            _accessor(2, turns, "VEC4"),
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": int(start), "byteLength": block.nbytes}
            for start, block in zip(offsets, data, strict=False)
        ],
        "buffers": [
            {
                "byteLength": len(whole),
                "uri": "data:application/octet-stream;base64," + base64.b64encode(whole).decode(),
            }
        ],
    }
    return json.dumps(document)


def _accessor(view: int, values: npt.NDArray[np.float32], kind: str) -> dict[str, object]:
    return {
        "bufferView": view,
        "componentType": FLOAT,
        "count": len(values),
        "type": kind,
        "min": [float(v) for v in values.min(axis=0)],
        "max": [float(v) for v in values.max(axis=0)],
    }


def _rounded(values: Vector) -> list[float]:
    return [round(float(value), 6) for value in values]


def _mirrored(values: Vector) -> Vector:
    return np.asarray(values * (1.0, 1.0, -1.0))


def _quaternion(view: View) -> Vector:
    """x, y, z, w of the turn from glTF's own camera (looking along -z) to this one."""
    matrix = np.stack([_mirrored(view.right), _mirrored(view.up), -_mirrored(view.forward)], axis=1)
    # The largest of the four is found first: the others are divided by it.
    squares = np.array(
        [
            1 + matrix[0, 0] - matrix[1, 1] - matrix[2, 2],
            1 - matrix[0, 0] + matrix[1, 1] - matrix[2, 2],
            1 - matrix[0, 0] - matrix[1, 1] + matrix[2, 2],
            1 + matrix[0, 0] + matrix[1, 1] + matrix[2, 2],
        ]
    )
    outer = np.array(
        [
            [squares[0], matrix[0, 1] + matrix[1, 0], matrix[0, 2] + matrix[2, 0], matrix[2, 1] - matrix[1, 2]],
            [matrix[0, 1] + matrix[1, 0], squares[1], matrix[1, 2] + matrix[2, 1], matrix[0, 2] - matrix[2, 0]],
            [matrix[0, 2] + matrix[2, 0], matrix[1, 2] + matrix[2, 1], squares[2], matrix[1, 0] - matrix[0, 1]],
            [matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1], squares[3]],
        ]
    )
    row = outer[int(squares.argmax())]
    return np.asarray(row / np.linalg.norm(row))


def _without_flips(turns: list[Vector]) -> list[Vector]:
    """A quaternion and its negative are the same turn; neighbours are kept on one side, or the camera would spin."""
    kept: list[Vector] = []
    for turn in turns:
        kept.append(-turn if kept and float(turn @ kept[-1]) < 0 else turn)
    return kept
