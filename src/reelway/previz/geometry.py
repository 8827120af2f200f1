"""Vectors, rotations and the camera."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Vector = npt.NDArray[np.float64]
Triple = Sequence[float] | Vector


def vector(values: Triple) -> Vector:
    """Three numbers as an array that can be added and scaled."""
    return np.asarray(values, np.float64)


def unit(values: Triple) -> Vector:
    """The same direction, one metre long."""
    v = vector(values)
    return v / max(float(np.linalg.norm(v)), 1e-9)


def turn_x(angle: float) -> Vector:
    """Rotation about the x axis, in radians."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]], np.float64)


def turn_y(angle: float) -> Vector:
    """Rotation about the y (upright) axis, in radians."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float64)


def turn_z(angle: float) -> Vector:
    """Rotation about the z axis, in radians."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float64)


def ease(s: float) -> float:
    """Smooth start and stop; 0 before 0, 1 after 1."""
    s = min(max(s, 0.0), 1.0)
    return s * s * (3.0 - 2.0 * s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Where the camera stands, what it looks at, and how wide (vertical degrees at 16:9)."""

    eye: Vector
    target: Vector
    fov: float = 50.0
    roll: float = 0.0
    focus: float | None = None  # metres at which it is sharp; None where everything is
    aperture: float = 0.0  # metres, the width of the lens that blurs the rest


def camera_row(pose: Pose, aspect: float) -> Floats:
    """The camera as the kernels read it (see `spmd.layout`).

    A frame narrower than 16:9 is seen through a wider lens, so that a portrait still holds the subject.
    """
    forward = unit(pose.target - pose.eye)
    right = unit(np.cross((0.0, 1.0, 0.0), forward))
    up = np.cross(forward, right)
    if pose.roll:
        c, s = math.cos(pose.roll), math.sin(pose.roll)
        right, up = c * right + s * up, c * up - s * right
    focal = 1 / math.tan(math.radians(pose.fov) / 2) * min(aspect * 9 / 16, 1.0) ** 0.45
    return np.array([*pose.eye, *right, *up, *forward, focal, 0, 0], np.float32)


def project(camera: Vector, points: Vector, height: int, width: int) -> tuple[Vector, Vector, Vector, Vector, float]:
    """Pixels x and y, depth along the view, distance, and pixels per metre at one metre."""
    away = points - camera[0:3]
    z = away @ camera[9:12]
    focal = float(camera[12]) * height / 2
    safe = np.maximum(z, 1e-3)
    x = width / 2 + (away @ camera[3:6]) / safe * focal
    y = height / 2 - (away @ camera[6:9]) / safe * focal
    return x, y, z, np.linalg.norm(away, axis=1), focal
