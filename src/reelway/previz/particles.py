"""Small things in the air, drawn over the marched picture: rain, snow, dust, mist, steam, lights of traffic."""

from dataclasses import dataclass

import numpy as np

from reelway.previz import strokes
from reelway.previz.geometry import Floats, Triple, Vector, project

Values = Vector | float


@dataclass(slots=True, kw_only=True)
class Canvas:
    """A marched picture that particles can be put into, in metres."""

    image: Floats
    depth: Floats
    camera: Vector

    def discs(
        self,
        points: Vector,
        radii: Values,
        colour: Triple,
        alphas: Values,
        *,
        near: float = 0.4,
        add: float = 0.0,
        soft: float = 0.6,
        smallest: float = 0.0,
        lift: float = 0.0,
    ) -> None:
        """Discs of `radii` metres at `points`; `colour` is one or one per point; nearer than `near` is left out."""
        height, width = self.depth.shape
        x, y, z, away, focal = project(self.camera, points, height, width)
        order = np.argsort(-z)
        order = order[z[order] > near]
        if order.size == 0:
            return
        pixels = np.maximum(np.asarray(radii) * focal / np.maximum(z, near), smallest)
        colours = np.broadcast_to(np.asarray(colour, np.float64), (len(points), 3))
        alpha = np.broadcast_to(np.asarray(alphas, np.float64), (len(points),))
        strokes.splat(
            self.image,
            self.depth,
            x[order],
            y[order],
            away[order] - lift,
            pixels[order],
            np.ascontiguousarray(colours[order]),
            np.ascontiguousarray(alpha[order]),
            add,
            soft,
        )

    def lines(self, starts: Vector, along: Vector, widths: Vector, colour: Triple) -> None:
        """Streaks from `starts` by the vector `along`, `widths` in pixels at 720 lines."""
        height, width = self.depth.shape
        x0, y0, z0, away, _ = project(self.camera, starts, height, width)
        x1, y1, _, _, _ = project(self.camera, starts + along, height, width)
        seen = z0 > 0.5
        thin = np.asarray(widths)[seen] * height / 720
        strokes.streak(
            self.image,
            self.depth,
            x0[seen],
            y0[seen],
            x1[seen],
            y1[seen],
            away[seen],
            thin,
            np.asarray(colour, np.float64),
        )

    def before(self, right: Vector, up: Values, ahead: Vector) -> Vector:
        """World points from camera coordinates on the level: metres to the right, above the eye, ahead."""
        eye, side, front = self.camera[0:3], self.camera[3:6], self.camera[9:12]
        flat = np.array([front[0], 0.0, front[2]])
        flat /= max(float(np.linalg.norm(flat)), 1e-6)
        points = eye + np.outer(right, [side[0], 0.0, side[2]]) + np.outer(ahead, flat)
        points[:, 1] = eye[1] + up
        return np.asarray(points)


def rain(canvas: Canvas, table: Vector, t: float, colour: Triple = (0.42, 0.47, 0.55), blown: float = 0.0) -> None:
    """Rain in a box before the camera, slanting by `blown`; `table` is (n, 4) numbers from 0 to 1."""
    ahead = 0.8 + table[:, 2] ** 1.6 * 22
    up = 5.2 - ((table[:, 1] * 9 + t * 9.5) % 9)
    right = (table[:, 0] - 0.5) * (2.2 + ahead * 1.5)
    points = canvas.before(right, up, ahead)
    side = np.asarray(canvas.camera[3:6], np.float64) * 0.16 * blown
    canvas.lines(points, np.array([0.03, -0.30, 0.0]) + side, np.clip(1.6 / ahead, 0.12, 0.9) * 0.8, colour)


def splashes(canvas: Canvas, table: Vector, t: float, ground: float = 0.0) -> None:
    """Where rain meets level ground at height `ground`."""
    phase = (table[:, 3] + t * 3.1) % 1
    ahead = 2 + table[:, 2] * 16
    points = canvas.before((table[:, 0] - 0.5) * 6, 0.0, ahead)
    points[:, 1] = ground + phase * 0.05 + 0.01
    canvas.discs(points, 0.02, (0.5, 0.55, 0.62), 0.5 * (1 - phase), add=1.0, soft=0.2, smallest=0.8, lift=0.1)


def snow(canvas: Canvas, table: Vector, t: float, light: float = 1.0, blown: float = 0.0) -> None:
    """Flakes that sway as they fall, or fly sideways when `blown`; `light` is how bright they are."""
    ahead = 0.9 + table[:, 2] ** 1.5 * 26
    up = 4.5 - ((table[:, 1] * 9 + t * (0.8 + 0.5 * table[:, 3])) % 9)
    sway = 0.25 * np.sin(t * 1.3 + table[:, 3] * 40)
    width = 3.0 + ahead * 1.5
    across = ((table[:, 0] + blown * t * 3.0 / width) % 1.0 - 0.5) * width
    points = canvas.before(across + sway, up, ahead)
    canvas.discs(points, 0.018, (0.95 * light, 0.97 * light, 1.0 * light), 0.75, add=0.3, soft=0.4, smallest=0.75)


def dust(canvas: Canvas, table: Vector, t: float, colour: Triple = (0.95, 0.62, 0.40), wind: float = 2.2) -> None:
    """Fine grains near the ground and a few wide puffs; `table` is (n, 5)."""
    ahead = 0.6 + table[:, 2] ** 1.5 * 26
    right = ((table[:, 0] * 2 + t * wind / (8 + ahead)) % 2 - 1) * (1.4 + ahead * 0.85)
    up = table[:, 1] ** 1.6 * (1.2 + ahead * 0.16) - 1.3 + 0.05 * np.sin(t * 2 + table[:, 3] * 9)
    fine = table[:, 4] < 0.93
    radii = np.where(fine, np.minimum(0.012, ahead * 0.004), 0.35 + table[:, 3] * 0.5)
    points = canvas.before(right, up, ahead)
    canvas.discs(points, radii, colour, np.where(fine, 0.34, 0.030), near=0.5, soft=0.8, smallest=0.7)


def mist(canvas: Canvas, table: Vector, t: float, colour: Triple = (0.85, 0.62, 0.52), ground: float = 0.0) -> None:
    """Wide faint veils over the ground; `table` is (n, 5)."""
    ahead = 6 + table[:, 2] * 60
    points = canvas.before((table[:, 0] - 0.5) * 60 + t * 0.6, 0.0, ahead)
    points[:, 1] = ground + 0.2 + table[:, 1] ** 2 * 2.2
    canvas.discs(points, 2.5 + 4 * table[:, 3], colour, 0.035, near=2.0, soft=4.0)


def motes(canvas: Canvas, table: Vector, t: float, colour: Triple, strength: float = 0.6) -> None:
    """Specks that hang in the light of a room or a wood, or drift in the sea; `table` is (n, 5)."""
    ahead = 0.8 + table[:, 2] ** 1.4 * 16
    right = (table[:, 0] - 0.5) * (1.2 + ahead * 1.4) + 0.25 * np.sin(t * 0.5 + table[:, 3] * 20)
    up = (table[:, 1] - 0.45) * (1.0 + ahead * 0.75) + 0.2 * np.sin(t * 0.37 + table[:, 4] * 20)
    points = canvas.before(right, up, ahead)
    glint = 0.5 + 0.5 * np.sin(t * 1.6 + table[:, 3] * 60)
    canvas.discs(points, 0.009, colour, strength * (0.25 + 0.75 * glint), add=1.0, soft=0.5, smallest=0.7)


def bubbles(canvas: Canvas, table: Vector, t: float) -> None:
    """Strings of air that rise and wobble; `table` is (n, 5)."""
    ahead = 3.0 + table[:, 2] * 12
    up = ((table[:, 1] * 7 + t * (0.7 + 0.5 * table[:, 3])) % 7) - 2.0
    column = np.floor(table[:, 0] * 6) / 6 - 0.42
    right = column * (2.0 + ahead) + 0.10 * np.sin(t * 3 + table[:, 3] * 40) + 0.3 * (table[:, 4] - 0.5)
    points = canvas.before(right, up, ahead)
    canvas.discs(points, 0.018 + 0.03 * table[:, 4], (0.55, 0.75, 0.80), 0.30, add=0.8, soft=0.3, smallest=0.8)


def wind(canvas: Canvas, table: Vector, t: float, colour: Triple, *, leaves: bool) -> None:
    """What a strong wind carries past: leaves, or thin streaks of dust; `table` is (n, 5)."""
    ahead = 1.4 + table[:, 2] ** 1.3 * 18
    speed = 5.0 + 4.0 * table[:, 3]
    width = 2.5 + ahead * 1.5
    right = ((table[:, 0] + t * speed / width) % 1.0 - 0.5) * width
    up = (table[:, 1] - 0.5) * (1.6 + ahead * 0.5) + 0.30 * np.sin(t * 3.1 + table[:, 4] * 30)
    if leaves:
        few = table[:, 4] < 0.22
        points = canvas.before(right, up, ahead)[few]
        canvas.discs(points, 0.035, colour, 0.85, soft=0.3, smallest=0.9)
        return
    points = canvas.before(right, up, ahead)
    side = canvas.camera[3:6]
    canvas.lines(points, np.asarray(side, np.float64) * 0.5, np.full(len(points), 0.16), colour)
