"""A valley between snowy mountains."""
# ruff: noqa: RUF001  (Cyrillic words are meant to be Cyrillic)

from dataclasses import replace
from typing import ClassVar

import numpy as np

from reelway.previz.geometry import turn_y, turn_z, vector
from reelway.previz.look import Look
from reelway.previz.settings.base import Effort
from reelway.previz.settings.land import Land
from reelway.previz.words import SettingWords
from reelway.previz.world import GROUND, Primitives


class Mountains(Land):
    """Meadows below, firs on the slopes, snow above; under snow all of it is white."""

    words: ClassVar[SettingWords] = SettingWords(
        names="""mountain mountainous alps alpine peak valley ridge himalaya himalayas volcano summit crater
            hill fjord geyser berg berge bergen gebirge alpen montagne montana montanha montagna landscape vista
            landschaft paysage paisaje paisagem paesaggio 山 雪山 风景 風景 гор пейзаж جبل पहाड़""",
        kinds={
            "ice": """ice glacier snowfield tundra arctic iceberg antarctica antarctic ice-sheet ice-field igloo
                north-pole south-pole frozen-lake frozen-river frozen-sea frozen-ocean""",
        },
        moods={"snow": "", "cold": "", "any": ""},
    )
    time: ClassVar[str] = "day"
    move: ClassVar[str] = "crane"
    signature: ClassVar[frozenset[str]] = frozenset({"crane", "track"})
    speed_max: ClassVar[float] = 26.0
    tall: ClassVar[float] = 340.0
    ridge: ClassVar[float] = 0.85
    plain: ClassVar[float] = 30.0
    rise: ClassVar[float] = 360.0
    bend: ClassVar[float] = 75.0
    rough: ClassVar[float] = 0.0022
    effort = Effort(
        steps=70, far=1700.0, shadow_steps=12, ao_reach=0.8, mirror_steps=0, relax=0.88, shadow_far=60.0, hill_steps=240
    )
    look = Look(
        exposure=0.92,
        bloom=0.8,
        saturation=1.08,
        contrast=1.10,
        shadows=(-0.004, 0.002, 0.018),
        highlights=(0.010, 0.002, -0.008),
        vignette=0.32,
    )

    @property
    def snowed(self) -> bool:
        """Where there is ice, all is white in any weather."""
        return super().snowed or self.shot.variant == "ice"

    def build(self) -> None:
        super().build()
        if self.shot.variant == "ice" and self.falls != "snow":
            self.graded = replace(self.graded, exposure=0.75 * self.graded.exposure)  # the sun on so much white
        add = self.materials.add
        snow_from = -400.0 if self.snowed else 62.0
        earth = (0.135, 0.12, 0.108, 0.0, 0.30, snow_from)
        self.soil = add((0.085, 0.100, 0.038), specular=0.05, gloss=0.2, pattern=GROUND, params=earth)
        needles = (0.22, 0.245, 0.25) if self.snowed else (0.026, 0.046, 0.022)
        rough = (0.10, 0.092, 0.085, 0.0, 1.1, snow_from)
        self.stone = add((0.155, 0.145, 0.13), specular=0.05, pattern=GROUND, params=rough)
        self.table = np.random.default_rng(self.seed + 4).random((59, 5))
        self.firs = self.materials.tree(needles)

    def furnish(self, prims: Primitives, t: float) -> None:
        prims.new_group()
        prims.terrain(self.soil, 0, scale=self.scale, height=self.tall)
        prims.new_group()
        prims.trees(
            self.firs,
            0,
            cell=12.0,
            tall=9.0,
            shift=(0.0, 0.0),
            height=self.tall,
            scale=self.scale,
            seed=self.seed % 79 + 4,
            clear=-0.012,
        )
        self._boulders(prims, t)

    def _boulders(self, prims: Primitives, t: float) -> None:
        """Stones beside the way; each stretch of it draws its own."""
        first = int((self.gone(t) if self.hero else 0.0) // 7.0) - 3
        for cell in range(first, first + 22):
            a, b, c, d, e = self.table[cell % len(self.table)]
            z = (cell + a) * 7.0
            x = self.way(z) + (1 if d < 0.5 else -1) * (4.5 + 16.0 * b)
            size = 0.25 + 1.1 * c**3
            at = vector((x, self.ground(x, z) + size * 0.1, z))
            prims.new_group()
            turn = turn_y(6.0 * e) @ turn_z(0.3 * a)
            prims.ellipsoid(self.stone, at, (size, size * 0.62, size * 0.8), turn, size * 0.3)
            at = at + turn @ vector((size * 0.55, size * 0.1, -size * 0.2))
            prims.ellipsoid(self.stone, at, (size * 0.6, size * 0.5, size * 0.7), turn, size * 0.3)
