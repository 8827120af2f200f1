"""What every place shares: it stages a subject, moves a camera, and is lit by an hour and a weather."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from reelway.previz import particles
from reelway.previz.air import HOURS, Air, Colour, at_hour, in_weather
from reelway.previz.camera import Operator
from reelway.previz.geometry import Floats, Pose, Vector
from reelway.previz.look import Look, styled
from reelway.previz.shot import Cast, Shot
from reelway.previz.spmd import layout
from reelway.previz.subjects import SUBJECTS, Stage
from reelway.previz.subjects.company import Company, Room
from reelway.previz.textures import fractal, pack_heights, pack_silhouettes, pack_tops
from reelway.previz.words import SettingWords
from reelway.previz.world import Frame, Light, Materials, Primitives

UPRIGHT = (0.62, 0.80)  # what of its length lies below the middle of someone who stands
HOUR_OF = {"golden": "sunset", "neon": "night"}
DECK = 0.75  # metres of a pier over the water


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

    #: What the place is called.
    words: ClassVar[SettingWords]
    #: What the place is when the prompt says nothing.
    time: ClassVar[str]
    weather: ClassVar[str | None] = None
    subject: ClassVar[str | None] = None
    move: ClassVar[str]
    #: Moves that the signature path already is.
    signature: ClassVar[frozenset[str]] = frozenset()
    speed_max: ClassVar[float] = 2.0
    #: Whether water is under the hero; who cannot float is given a pier.
    water: ClassVar[bool] = False
    #: Whether a strong wind carries leaves.
    leafy: ClassVar[bool] = False
    #: What fits beside the way; larger things are made smaller.
    room: ClassVar[Room] = Room()
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
        # A style may bring its hour, where the prompt names none.
        styles = [HOUR_OF[word] for word in shot.style if word in HOUR_OF]
        self.clock = shot.time or (styles[0] if styles else self.time)
        self.hour = HOURS[self.clock]
        self.dark = self.hour.dark
        self.falls = shot.weather or self.weather
        self.materials = Materials()
        self.wind = 1.0 if shot.wind else 0.0
        self.hero = self._company()
        self.graded = styled(self.look, shot.style, shot.palette)
        self._fall_table = self.rng.random((1500, 5))
        self.build()
        self._planks = self.materials.add((0.17, 0.125, 0.085), specular=0.15, gloss=0.3)
        self._piles = self.materials.add((0.085, 0.065, 0.05), specular=0.12, gloss=0.3)
        self.material_rows = self.materials.array()
        heights = self.heights()
        self.height_rows = pack_heights(heights)
        self.top_rows = pack_tops(heights)
        self.texture_rows = pack_silhouettes(self.hero.silhouettes() if self.hero else [])
        self.cloud_rows = fractal(self.seed + 77, first=4, gain=0.55).ravel()

    def _company(self) -> Company | None:
        own = (Cast(kind=self.subject),) if self.subject and not self.shot.empty else ()
        cast = tuple(one for one in self.shot.cast or own if self.admits(one))
        if not cast:
            return None
        deep = any(leg.move == "rack" for leg in self.shot.camera)
        company = Company(self.materials, cast, SUBJECTS, self.space(cast[0]), deep=deep)
        company.afloat = self.water
        return company

    # What a place defines.

    def space(self, cast: Cast) -> Room:
        """How much room there is where such a one is staged."""
        return self.room

    def admits(self, cast: Cast) -> bool:
        """Whether the place has room for such a one at all."""
        return True

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
        stage = replace(self.stage(self.gone(t), t), wind=self.wind)
        if self.water and self.hero is not None:
            at = stage.at + np.array([0.0, DECK if self.decked else 0.0, 0.0])
            stage = replace(stage, floats=not self.decked, at=at)
        return stage

    @property
    def decked(self) -> bool:
        """Whether a pier is under the hero, because nothing else would carry it."""
        return self.water and self.hero is not None and not self.hero.swims and self.hero.walks

    def _deck(self, prims: Primitives, stage: Stage) -> None:
        """A pier along the way that the hero goes: planks, beams and piles, for ever."""
        assert self.hero is not None
        x, y = float(stage.at[0]), float(stage.at[1])
        half = max(1.1, self.hero.spread / 2 + 0.6)
        prims.new_group()
        prims.box_row(self._planks, (x, y - 0.045, 0), (half, 0.045, 0.105), 0.015, 0.23)
        prims.new_group()
        for side in (-1, 1):
            prims.box(self._piles, (x + side * half * 0.8, y - 0.20, stage.at[2]), (0.08, 0.10, 400.0), endless=True)
            prims.box_row(self._piles, (x + side * half * 0.95, y - 1.1, 0), (0.11, 1.35, 0.11), 0.05, 3.2)

    @cached_property
    def operator(self) -> Operator:
        """Who films it."""
        return Operator(self)

    def camera(self, t: float) -> Pose:
        """The camera at `t`: the place's own path, or the moves that the prompt asks for."""
        return self.operator.at(t)

    def hero_at(self, t: float) -> Vector | None:
        """Where the subject is; None where there is none."""
        return None if self.hero is None else self.hero_stage(t).at + np.array([0.0, self.hero.eyes, 0.0])

    def hero_length(self) -> float | None:
        """Metres, the longest side of the subject."""
        return None if self.hero is None else self.hero.length

    def leader_length(self) -> float:
        """Metres, the longest side of the first of the cast; 0 where there is none."""
        return 0.0 if self.hero is None else self.hero.leader.length * self.hero.members[0].scale

    def hero_face(self) -> float:
        """Metres from where the camera looks at the subject up to its face: only who is upright has it at the top."""
        if self.hero is None or not UPRIGHT[0] < self.hero.eyes / self.hero.length < UPRIGHT[1]:
            return 0.0
        return 0.9 * self.hero.length - self.hero.eyes

    def hero_front(self, t: float) -> tuple[float, Vector] | None:
        """Where the subject looks, in radians, and the way from its middle to its face; None where it has no face."""
        if self.hero is None or (face := self.hero.leader.face) is None:
            return None
        heading = self.hero_stage(t).heading
        return heading, np.array([math.sin(heading) * face[0], face[1], math.cos(heading) * face[0]])

    def hero_beyond(self) -> float:
        """Metres from the subject to who stands behind it, in a shot whose focus goes there; 0 where nobody does."""
        return 0.0 if self.hero is None else self.hero.beyond

    @property
    def aspect(self) -> float:
        """Width over height of the picture."""
        return self._aspect

    def _bearing(self, t: float) -> float:
        """Where the camera is, in radians from where the hero goes."""
        stage = self.hero_stage(t)
        away = self.camera(t).eye - stage.at
        return math.remainder(math.atan2(float(away[0]), float(away[2])) - stage.heading, 2 * math.pi)

    @cached_property
    def _bearing_amid(self) -> float:
        return self._bearing(self.duration_s / 2)

    def lit(self, t: float) -> Air:
        """The air at the hour and in the weather of the shot."""
        air = self.air(t)
        if self.clock != self.time:
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
            stage = replace(self.hero_stage(t), watched=self._bearing(t), watched_amid=self._bearing_amid)
            if self.decked:
                self._deck(prims, stage)
            hero = self.hero.place(prims, stage, self.ground)
            lights += self.hero.lights(stage, self.ground)
        return Frame(primitives=prims, pose=self.camera(t), air=self.lit(t), lights=lights, hero=hero)

    def weather_on(self, canvas: particles.Canvas, t: float) -> None:
        """Draw what falls or drifts."""
        self.sprinkle(canvas, t)
        table = self._fall_table
        if self.wind:
            shade = 0.25 + 0.75 * (1 - self.dark)
            colour = (0.30 * shade, 0.17 * shade, 0.05 * shade) if self.leafy else self.lit(t).fog_colour
            particles.wind(canvas, table[:700], t, colour, leaves=self.leafy)
        match self.falls:
            case "rain":
                bright = 0.7 + 0.5 * (1 - self.dark)
                particles.rain(canvas, table, t, (0.42 * bright, 0.47 * bright, 0.55 * bright), self.wind)
            case "snow":
                particles.snow(canvas, table, t, 1.0 - 0.75 * self.dark, self.wind)
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
