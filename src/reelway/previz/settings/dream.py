"""A land of no map: violet crests under a low sun, for prompts that name no place."""

from typing import ClassVar

from reelway.previz.settings.mountains import Mountains
from reelway.previz.words import SettingWords
from reelway.previz.world import GROUND, Primitives


class Dream(Mountains):
    """Mountains without snow and trees."""

    words: ClassVar[SettingWords] = SettingWords(
        names="dream dreamscape surreal fantasy traum reve sueno sonho sogno 夢 梦境",
        moods={"any": "", "pastel": ""},
    )
    time: ClassVar[str] = "dusk"
    tall: ClassVar[float] = 270.0
    ridge: ClassVar[float] = 0.95
    bend: ClassVar[float] = 95.0

    def build(self) -> None:
        super().build()
        snow_from = -400.0 if self.snowed else 2000.0
        earth = (0.085, 0.07, 0.115, 0.35, 0.30, snow_from)
        self.soil = self.materials.add((0.13, 0.09, 0.155), specular=0.05, gloss=0.2, pattern=GROUND, params=earth)

    def furnish(self, prims: Primitives, t: float) -> None:
        prims.new_group()
        prims.terrain(self.soil, 0, scale=self.scale, height=self.tall)
