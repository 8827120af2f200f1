"""The things a frame is made of: materials, primitives, lights, and the frame itself."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from reelway.previz.air import Air
from reelway.previz.geometry import Floats, Pose, Triple, Vector, vector
from reelway.previz.spmd.layout import (
    LIGHT_WIDTH,
    MATERIAL_WIDTH,
    MIRROR,
    PARAMS,
    PATTERN,
    PRIM_PARAMS,
    PRIM_WIDTH,
)

FLAT, WINDOWS, ROAD, BRICK, GROUND, WATER, PUDDLES, PLANKS, PLANET, SEABED, PICTURE, TREE = range(12)
_ELLIPSOID, _BOX, _CAPSULE, _CYLINDER, _CONE, _TORUS, _PLANE, _TERRAIN = range(8)
_CITY, _TREES, _ROCKS, _BOX_ROW, _PROFILE, _LEAFY, _RELIEF = range(8, 15)
SHARP = 0.001
FAR_OFF = 1e6  # metres; as good as endless
TALLEST = 4.7  # a city's highest mast, in its `height`


class Materials:
    """The palette of a scene: each name is added once and then known by its number."""

    def __init__(self) -> None:
        self._rows: list[Floats] = []

    def add(
        self,
        rgb: Triple,
        *,
        specular: float = 0.1,
        gloss: float = 0.3,
        emission: Triple = (0, 0, 0),
        pattern: int = FLAT,
        mirror: float = 0.0,
        params: Sequence[float] = (),
    ) -> int:
        """A new material's number; `params` are read by its pattern (see `spmd/source/shade.py`)."""
        row = np.zeros(MATERIAL_WIDTH, np.float32)
        row[:3] = rgb
        row[3:5] = specular, gloss
        row[5:8] = emission
        row[PATTERN] = pattern
        row[MIRROR] = mirror
        row[PARAMS : PARAMS + len(params)] = params
        self._rows.append(row)
        return len(self._rows) - 1

    def tree(self, leaves: Triple, bark: Sequence[float] = (0.062, 0.046, 0.035)) -> int:
        """What `Primitives.trees` are of."""
        return self.add(leaves, specular=0.05, gloss=0.2, pattern=TREE, params=bark)

    def array(self) -> Floats:
        """All rows in one flat array, as the kernels read them."""
        return np.concatenate(self._rows)


class Primitives:
    """One frame's solids. Members of a group melt into each other by their `smooth`; groups only meet."""

    def __init__(self) -> None:
        self._rows: list[Floats] = []
        self._bounds: list[tuple[float, ...]] = []
        self.group = 0
        self.cast: list[tuple[str, int, int]] = []  # who is in it: the kind, the first and the last group

    def new_group(self) -> int:
        """Start a group and return its number."""
        self.group += 1
        return self.group

    def _add(
        self,
        opcode: int,
        material: int,
        position: Triple,
        params: Sequence[float] = (),
        *,
        rotation: Vector | None = None,
        smooth: float = SHARP,
        reach: float = 0.0,
        centre: Triple | None = None,
        within: Triple = (FAR_OFF, FAR_OFF, FAR_OFF),
    ) -> None:
        """Nothing is further than `reach` from `centre`; 0 means it has no end. Nor is anything outside `within`."""
        row = np.zeros(PRIM_WIDTH, np.float32)
        row[:4] = opcode, self.group, smooth, material
        row[4:7] = position
        row[7:16] = (np.eye(3) if rotation is None else rotation.T).ravel()
        row[PRIM_PARAMS : PRIM_PARAMS + len(params)] = params
        self._rows.append(row)
        x, y, z = position if centre is None else centre
        reach = reach + smooth if reach > 0 else 0.0
        a, b, c = within if reach == 0.0 else (min(reach, side + smooth) for side in within)
        self._bounds.append((x, y, z, reach, x - a, y - b, z - c, x + a, y + b, z + c))

    def ellipsoid(
        self, material: int, at: Triple, radii: Triple, rotation: Vector | None = None, smooth: float = SHARP
    ) -> None:
        """An egg with three radii."""
        x, y, z = radii
        self._add(_ELLIPSOID, material, at, (x, y, z), rotation=rotation, smooth=smooth, reach=max(x, y, z))

    def box(
        self,
        material: int,
        at: Triple,
        half: Triple,
        corner: float = 0.02,
        rotation: Vector | None = None,
        smooth: float = SHARP,
        *,
        endless: bool = False,
    ) -> None:
        """A box of half sizes `half`; an `endless` one (walls, roads) is never culled, turned or melted."""
        x, y, z = half
        if endless:
            assert rotation is None
            assert smooth == SHARP
            self._add(_BOX, material, at, (x, y, z, corner), within=half)
            return
        reach = math.sqrt(x * x + y * y + z * z)
        self._add(_BOX, material, at, (x, y, z, corner), rotation=rotation, smooth=smooth, reach=reach)

    def capsule(
        self, material: int, a: Triple, b: Triple, r1: float, r2: float | None = None, smooth: float = SHARP
    ) -> None:
        """A rod with round ends from `a` to `b`, of radius `r1` there and `r2` here."""
        start, end = vector(a), vector(b)
        along = end - start
        length2 = float(along @ along) + 1e-9
        last = r1 if r2 is None else r2
        params = (*along, r1, last, 1.0 / length2)
        reach = math.sqrt(length2) / 2 + max(r1, last)
        self._add(_CAPSULE, material, start, params, smooth=smooth, reach=reach, centre=(start + end) / 2)

    def cylinder(
        self,
        material: int,
        at: Triple,
        radius: float,
        half: float,
        corner: float = 0.01,
        rotation: Vector | None = None,
        smooth: float = SHARP,
    ) -> None:
        """An upright cylinder of half height `half`."""
        params = (radius, half, corner)
        reach = math.hypot(radius, half)
        self._add(_CYLINDER, material, at, params, rotation=rotation, smooth=smooth, reach=reach)

    def cone(
        self,
        material: int,
        at: Triple,
        low: float,
        high: float,
        half: float,
        corner: float = 0.01,
        rotation: Vector | None = None,
        smooth: float = SHARP,
        flat: float = 1.0,
    ) -> None:
        """A cone or tapering drum: radius `low` below, `high` above."""
        slant = math.cos(math.atan2(abs(low - high), 2 * half))
        params = (low, high, half, corner, slant, 1 / (2 * half), flat)
        reach = math.hypot(max(low, high), half) + corner
        self._add(_CONE, material, at, params, rotation=rotation, smooth=smooth, reach=reach)

    def torus(
        self,
        material: int,
        at: Triple,
        radius: float,
        thickness: float,
        rotation: Vector | None = None,
        smooth: float = SHARP,
        squash: float = 0.0,
    ) -> None:
        """A lying ring; `squash` makes it a flat band."""
        params = (radius, thickness, squash)
        self._add(_TORUS, material, at, params, rotation=rotation, smooth=smooth, reach=radius + thickness)

    def plane(self, material: int, y: float) -> None:
        """The level ground (or water) at height `y`."""
        self._add(_PLANE, material, (0, y, 0), within=(FAR_OFF, 0.0, FAR_OFF))

    def terrain(
        self, material: int, y: float, *, scale: float, height: float, shift: tuple[float, float] = (0, 0)
    ) -> None:
        """The scene's height map, `scale` texels per metre, `height` metres high."""
        self._add(_TERRAIN, material, (0, y, 0), (scale, height, *shift, 1.0))

    def city(
        self,
        material: int,
        *,
        cell: float,
        half: float,
        height: float,
        centre: tuple[float, float],
        seed: float,
    ) -> None:
        """Endless blocks of towers, tallest round `centre`."""
        within = (FAR_OFF, height * TALLEST, FAR_OFF)
        self._add(_CITY, material, (0, 0, 0), (cell, half, height, 0, *centre, seed, 0.0042), within=within)

    def trees(
        self,
        material: int,
        y: float,
        *,
        cell: float,
        tall: float,
        shift: tuple[float, float],
        height: float,
        scale: float,
        seed: float,
        clear: float,
        leafy: bool = False,
    ) -> None:
        """Firs, or trees with round crowns, on the height map.

        None nearer than `clear` to x = 0; with a negative `clear` none where the map (0 to 1) is lower than -`clear`.
        """
        self._add(_LEAFY if leafy else _TREES, material, (0, y, 0), (cell, tall, *shift, height, scale, seed, clear))

    def rocks(
        self,
        material: int,
        y: float,
        *,
        cell: float,
        size: float,
        height: float,
        scale: float,
        seed: float,
        clear: float = -1e-6,
    ) -> None:
        """Boulders on the height map; `clear` as for `trees`."""
        self._add(_ROCKS, material, (0, y, 0), (cell, size, 0, 0, height, scale, seed, clear))

    def box_row(self, material: int, at: Triple, half: Triple, corner: float, period: float) -> None:
        """A box repeated for ever along z."""
        within = (half[0] + corner, half[1] + corner, FAR_OFF)
        self._add(_BOX_ROW, material, at, (*half, corner, period), within=within)

    def profile(
        self,
        material: int,
        at: Triple,
        size: Triple,
        rotation: Vector,
        *,
        blend: float,
        layer: int,
        scale: float = 1.0,
    ) -> None:
        """A solid cut by three silhouettes, textures `layer` (side), + 1 (front), + 2 (top), in units of `scale`."""
        x, y, z = size
        params = (1 / x, 1 / y, 1 / z, scale, blend, layer)
        self._add(_PROFILE, material, at, params, rotation=rotation, reach=0.5 * math.sqrt(x * x + y * y + z * z))

    def relief(
        self,
        material: int,
        at: Triple,
        side: float,
        rotation: Vector,
        *,
        half: float,
        layer: int,
        seen: tuple[float, float, float, float],
        stretch: float = 1.0,
        deep: float = 1.0,
    ) -> None:
        """A picture made round, `side` metres wide and `stretch` times as high, at most 2 `half` `deep` sides thick.

        `half` is how thick the texture says, `deep` (no less than 1) how many times that it is drawn out.
        Texture `layer` is its shape, those after it say where its colours are, which are materials from `material` on.
        `seen` is the rectangle (left, low, right, high) that it fills, in sides from its middle.
        """
        params = (1 / side, 1 / (side * stretch), 1 / (side * deep), side * min(stretch, 1.0), half, layer)
        left, low, right, high = seen
        size = np.array([right - left, (high - low) * stretch, 2 * half * deep]) * side
        centre = vector(at) + rotation @ np.array([left + right, (low + high) * stretch, 0.0]) * (side / 2)
        reach = float(np.linalg.norm(size)) / 2
        within = np.abs(rotation) @ size / 2
        self._add(_RELIEF, material, at, params, rotation=rotation, reach=reach, centre=centre, within=within)

    def arrays(self) -> tuple[Floats, Floats]:
        """Rows and bounding spheres, as the kernels read them."""
        return np.ascontiguousarray(self._rows, np.float32), np.ascontiguousarray(self._bounds, np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """A lamp: `colour` may exceed 1; `halo` is how much it lights the air; a `spot` shines down its axis only."""

    at: Triple
    colour: Triple
    reach: float
    halo: float = 0.0
    axis: Triple = (0, 0, 0)
    spot: float = -2.0  # cosine of the half angle

    def row(self) -> Floats:
        """As the kernels read it."""
        return np.array([*self.at, *self.colour, self.reach, self.halo, *self.axis, self.spot], np.float32)


def light_rows(lights: Sequence[Light]) -> Floats:
    """All lights of a frame; one dark row where there is none, as the kernels want an array."""
    return np.stack([light.row() for light in lights]) if lights else np.zeros((1, LIGHT_WIDTH), np.float32)


@dataclass(slots=True, kw_only=True)
class Frame:
    """One instant, ready for the ray marcher."""

    primitives: Primitives
    pose: Pose
    air: Air
    lights: list[Light] = field(default_factory=list)
    hero: tuple[int, int] = (-9, -9)  # first and last group of what the camera follows: kept out of motion blur
