"""Open country: rows of crops, a fence, round trees on low hills."""

from itertools import pairwise
from typing import ClassVar

import numpy as np

from reelway.previz.geometry import Floats, vector
from reelway.previz.look import Look
from reelway.previz.settings.base import Effort
from reelway.previz.settings.framing import cells
from reelway.previz.settings.land import Land
from reelway.previz.textures import fractal
from reelway.previz.words import SettingWords
from reelway.previz.world import GROUND, Primitives

ACACIA = 19.0  # metres from one to the next, on each side of the way


class Field(Land):
    """The way runs straight, beside a fence."""

    words: ClassVar[SettingWords] = SettingWords(
        names="""field meadow farm farmland grassland prairie countryside vineyard plain pasture lawn garden park
            village hillside barn zoo circus carnival moor heath paddy rice-field rice-paddy rice-terrace
            feld wiese dorf champ campo pradera aldea prato 田野 草原 农场 草地 поле луг حقل खेत""",
        kinds={
            "wheat": "wheat wheatfield cornfield corn rye barley harvest autumn weizen ble trigo grano 麦田 麦",
            "savanna": "savanna savannah savane savanne sabana savana steppe serengeti outback",
            "lavender": "lavender tulip flower-field poppy",
        },
        moods={"warm": "", "any": ""},
    )
    time: ClassVar[str] = "day"
    move: ClassVar[str] = "track"
    signature: ClassVar[frozenset[str]] = frozenset({"track"})
    speed_max: ClassVar[float] = 26.0
    world: ClassVar[float] = 800.0
    tall: ClassVar[float] = 46.0
    ridge: ClassVar[float] = 0.0
    plain: ClassVar[float] = 34.0
    rise: ClassVar[float] = 260.0
    bend: ClassVar[float] = 0.0
    leafy: ClassVar[bool] = True
    effort = Effort(steps=64, far=900.0, shadow_steps=12, ao_reach=0.8, mirror_steps=0, relax=0.9, shadow_far=45.0)
    look = Look(
        exposure=0.95,
        bloom=0.8,
        saturation=1.10,
        contrast=1.09,
        shadows=(-0.002, 0.003, 0.014),
        highlights=(0.012, 0.004, -0.010),
        vignette=0.30,
    )

    def build(self) -> None:
        super().build()
        add, kind = self.materials.add, self.shot.variant
        soil, steep, rows = (0.105, 0.150, 0.034), (0.13, 0.115, 0.05), 0.34
        leaves = (0.045, 0.085, 0.020)
        if kind == "wheat":
            soil, steep, rows, leaves = (0.40, 0.265, 0.075), (0.24, 0.16, 0.05), 0.42, (0.13, 0.095, 0.025)
        elif kind == "savanna":
            soil, steep, rows, leaves = (0.30, 0.215, 0.085), (0.22, 0.14, 0.06), 0.0, (0.075, 0.085, 0.025)
        elif kind == "lavender":
            soil, steep, rows = (0.22, 0.10, 0.36), (0.10, 0.13, 0.05), 0.80
        snow_from = -400.0 if self.snowed else 4000.0
        earth = (*steep, 0.25, 0.9, snow_from, rows, 3.4)
        self.soil = add(soil, specular=0.05, gloss=0.2, pattern=GROUND, params=earth)
        self.leaves = self.materials.tree((0.42, 0.44, 0.46) if self.snowed else leaves)
        self.scrub = add((0.185, 0.15, 0.055), specular=0.05, gloss=0.2)
        self.table = np.random.default_rng(self.seed + 6).random((61, 6))
        self.wood = add((0.115, 0.085, 0.062), specular=0.12, gloss=0.3)

    def level(self) -> Floats:
        swell = fractal(self.seed + 15, octaves=4, first=8, gain=0.4)
        return np.asarray(0.010 + 0.03 * swell + super().level() * 0.6, np.float32)

    def furnish(self, prims: Primitives, t: float) -> None:
        prims.new_group()
        prims.terrain(self.soil, 0, scale=self.scale, height=self.tall)
        savanna = self.shot.variant == "savanna"
        # On a savanna what is sunk until only its crown is seen is dry scrub.
        sunk, cell, tall, clear = (1.35, 11.0, 2.5, 9.0) if savanna else (0.0, 17.0, 8.5, 22.0)
        prims.new_group()
        prims.trees(
            self.scrub if savanna else self.leaves, -sunk, cell=cell, tall=tall, shift=(0.0, 0.0), height=self.tall,
            scale=self.scale, seed=self.seed % 79 + 4, clear=clear, leafy=True,
        )  # fmt: skip
        if savanna:
            self._acacias(prims, t)
        else:
            self._fence(prims, t)

    def _acacias(self, prims: Primitives, t: float) -> None:
        """Flat crowns on forked trunks, far from each other."""
        for cell in cells(self.camera(t), ACACIA, 1, 9):
            for side in (-1, 1):
                a, b, c, d, e, f = self.table[(cell * 2 + (side > 0)) % len(self.table)]
                if f < 0.3:
                    continue
                x, z = side * (15.0 + 45.0 * a * a), (cell + b) * ACACIA
                foot, tall = vector((x, self.ground(x, z) - 0.2, z)), 4.4 + 2.6 * c
                fork = foot + vector((0.5 * (d - 0.5), 0.5 * tall, 0.5 * (e - 0.5)))
                prims.new_group()
                prims.capsule(self.wood, foot, fork, 0.24, 0.15, 0.1)
                wide = tall * (0.46 + 0.16 * d)
                crowns = [
                    foot + vector((way * 0.42 * wide, tall + 0.35 * way * (e - 0.3), 0.3 * way * wide * (d - 0.5)))
                    for way in (-1, 1)
                ]
                for crown in crowns:
                    prims.capsule(self.wood, fork, crown, 0.12, 0.06, 0.1)
                prims.new_group()
                for x, y, z in crowns:
                    prims.ellipsoid(self.leaves, (x, y + 0.25, z), (wide * 0.72, wide * 0.13, wide * 0.66), smooth=0.25)

    def _fence(self, prims: Primitives, t: float) -> None:
        """Each post stands on its own ground; the rails hang between them."""
        x, tops = -7.0, []
        prims.new_group()
        for cell in cells(self.camera(t), 3.0, 4, 27):
            z = 3.0 * cell
            y = self.ground(x, z)
            prims.box(self.wood, (x, y + 0.5, z), (0.065, 0.62, 0.065), 0.02)
            tops.append((y, z))
        for (y0, z0), (y1, z1) in pairwise(tops):
            for up in (0.48, 0.92):
                prims.capsule(self.wood, (x, y0 + up, z0), (x, y1 + up, z1), 0.035)
