"""What every place shares: it stages a subject, moves a camera, and is lit by an hour and a weather."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from reelway.previz import particles
from reelway.previz.air import HOURS, Air, Colour, at_hour, in_weather
from reelway.previz.geometry import Floats, Pose, Vector, ease
from reelway.previz.look import Look, styled
from reelway.previz.moves import MOVES
from reelway.previz.shot import Shot
from reelway.previz.spmd import layout
from reelway.previz.subjects import SUBJECTS, Stage, Subject
from reelway.previz.textures import fractal, pack_heights, pack_silhouettes
from reelway.previz.world import Frame, Light, Materials, Primitives

# Where a signature path is held still so that another move can start from it.
REST = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How hard the marcher tries in a place; the names are those of `spmd.layout`."""

    steps: int = 72
    far: float = 900.0
    shadow_steps: int = 14
    ao_reach: float = 0.8
    mirror_steps: int = 30
    epsilon: float = 0.0012
    relax: float = 0.92
    shadow_far: float = 40.0
    shadow_hardness: float = 10.0
    min_step: float = 0.0006
    hill_steps: int = 170

    def row(self) -> Floats:
        """As the kernels read it."""
        row = np.zeros(layout.EFFORT_WIDTH, np.float32)
        row[layout.STEPS], row[layout.FAR] = self.steps, self.far
        row[layout.SHADOW_STEPS], row[layout.AO_REACH] = self.shadow_steps, self.ao_reach
        row[layout.MIRROR_STEPS], row[layout.EPSILON] = self.mirror_steps, self.epsilon
        row[layout.RELAX], row[layout.SHADOW_FAR] = self.relax, self.shadow_far
        row[layout.SHADOW_HARDNESS], row[layout.MIN_STEP] = self.shadow_hardness, self.min_step
        row[layout.HILL_STEPS] = self.hill_steps
        return row


class Setting(ABC):
    """One place, built for one shot of one length. Everything about a frame is a function of its time `t`."""

    #: What the place is when the prompt says nothing.
    time: ClassVar[str]
    weather: ClassVar[str | None] = None
    subject: ClassVar[str | None] = None
    move: ClassVar[str]
    #: Moves that the signature path already is.
    signature: ClassVar[frozenset[str]] = frozenset()
    speed_max: ClassVar[float] = 2.0
    water: ClassVar[bool] = False
    #: The place's own colour at hours that are not its signature.
    tint: ClassVar[Colour] = (1.0, 1.0, 1.0)
    effort: Effort = Effort()
    look: Look = Look()

    def __init__(self, shot: Shot, *, seed: int, duration_s: float, aspect: float) -> None:
        self.shot = shot
        self.duration_s = max(duration_s, 0.04)
        self.seed = seed % (2**31)
        self.rng = np.random.default_rng(self.seed)
        self._aspect = aspect
        self.hour = HOURS[shot.time or self.time]
        self.dark = self.hour.dark
        self.falls = shot.weather or self.weather
        self.materials = Materials()
        name = shot.subject or self.subject
        self.hero: Subject | None = SUBJECTS[name](self.materials, shot.colour) if name else None
        self.graded = styled(self.look, shot.style)
        self._fall_table = self.rng.random((1500, 5))
        self.build()
        self.material_rows = self.materials.array()
        self.height_rows = pack_heights(self.heights())
        self.texture_rows = pack_silhouettes(self.hero.silhouettes() if self.hero else [])
        self.cloud_rows = fractal(self.seed + 77, first=4, gain=0.55).ravel()

    # What a place defines.

    @abstractmethod
    def build(self) -> None:
        """Add materials, draw the random tables: once, before the first frame."""

    @abstractmethod
    def furnish(self, prims: Primitives, t: float) -> None:
        """Add the place's solids."""

    @abstractmethod
    def path(self, t: float, k: float) -> Pose:
        """The signature camera: `t` is where the hero is, `k` (0 to 1) how far the move has come."""

    @abstractmethod
    def air(self, t: float) -> Air:
        """Sky and light at the signature hour."""

    def heights(self) -> Floats:
        """The height map that `terrain`, `trees` and `rocks` stand on."""
        return np.zeros((layout.HEIGHT_SIZE, layout.HEIGHT_SIZE), np.float32)

    def ground(self, x: float, z: float) -> float:
        """Height of the ground under a point."""
        return 0.0

    def stage(self, gone: float, t: float) -> Stage:
        """Where the hero is after `gone` metres."""
        return Stage(at=np.array([0.0, 0.0, gone]), heading=0.0, gone=gone, t=t)

    def lights(self, t: float) -> list[Light]:
        """Lamps of the place."""
        return []

    def clear(self, pose: Pose) -> Pose:
        """`pose`, kept out of walls and hills."""
        floor = self.ground(float(pose.eye[0]), float(pose.eye[2])) + 0.45
        eye = np.array([pose.eye[0], max(float(pose.eye[1]), floor), pose.eye[2]])
        return replace(pose, eye=eye)

    def sprinkle(self, canvas: particles.Canvas, t: float) -> None:  # noqa: B027 -- most places have none
        """Particles that belong to the place; the weather adds its own."""

    # What all places do the same way.

    def gone(self, t: float) -> float:
        """Metres that the hero has come by `t`."""
        if self.hero is None:
            return 0.0
        return min(self.hero.speed, self.speed_max) * t

    def hero_stage(self, t: float) -> Stage:
        """Where the hero is at `t`."""
        stage = self.stage(self.gone(t), t)
        if self.water and self.hero is not None and self.hero.swims:
            stage = replace(stage, floats=True)
        return stage

    def camera(self, t: float) -> Pose:
        """The camera at `t`: the place's own path, or the move that the prompt asks for."""
        s = t / self.duration_s
        pace = min(max(self.shot.pace, 0.5), 1.5) ** 0.5
        k = 0.5 + (s - 0.5) * pace
        name = self.shot.move
        if name is None or name in self.signature or name == self.move:
            pose = self.path(t, k)
        else:
            pose = MOVES[name](self.path(t, REST), 0.6 * ease(k) + 0.4 * k)
        return self.clear(pose)

    @property
    def aspect(self) -> float:
        """Width over height of the picture."""
        return self._aspect

    def lit(self, t: float) -> Air:
        """The air at the hour and in the weather of the shot."""
        air = self.air(t)
        if self.shot.time is not None and self.shot.time != self.time:
            air = at_hour(air, self.hour, tint=self.tint)
        if self.shot.weather is not None and self.shot.weather != self.weather:
            air = in_weather(air, self.shot.weather)
        return air

    def frame(self, t: float) -> Frame:
        """Everything the marcher needs for one instant."""
        prims = Primitives()
        self.furnish(prims, t)
        lights = self.lights(t)
        hero = (-9, -9)
        if self.hero is not None:
            stage = self.hero_stage(t)
            hero = self.hero.place(prims, stage)
            lights += self.hero.lights(stage)
        return Frame(primitives=prims, pose=self.camera(t), air=self.lit(t), lights=lights, hero=hero)

    def weather_on(self, canvas: particles.Canvas, t: float) -> None:
        """Draw what falls or drifts."""
        self.sprinkle(canvas, t)
        table = self._fall_table
        match self.falls:
            case "rain":
                bright = 0.7 + 0.5 * (1 - self.dark)
                particles.rain(canvas, table, t, (0.42 * bright, 0.47 * bright, 0.55 * bright))
            case "snow":
                particles.snow(canvas, table, t)
            case "dust" if type(self).weather != "dust":
                particles.dust(canvas, table[:600], t, self.lit(t).fog_colour)
            case _:
                pass


def drift(rate: float, t: float, limit: float) -> float:
    """`rate` metres per second that never pass `limit` metres: long clips stay inside the place."""
    return limit * (1 - float(np.exp(-rate * t / limit))) if t > 0 else rate * t


def along(a: Vector, b: Vector, k: float) -> Vector:
    """The point `k` of the way from `a` to `b`."""
    return np.asarray(a + (b - a) * k)
