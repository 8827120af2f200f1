"""A round pedestal, for what is too small to stand on the ground and be looked at."""

from reelway.previz.subjects.body import Body
from reelway.previz.world import Materials

TOP = 0.95  # metres


class Pedestal:
    """Of stone, with a rim of gold."""

    def __init__(self, materials: Materials, gold: int | None = None) -> None:
        if gold is None:
            gold = materials.add((0.48, 0.30, 0.08), specular=1.0, gloss=0.9, mirror=0.40)
        self._gold = gold
        self._stone = materials.add((0.30, 0.29, 0.28), specular=0.6, gloss=0.8, mirror=0.16)

    def place(self, body: Body) -> None:
        """Add its solids, in groups of their own."""
        body.drum(self._stone, (0, (TOP - 0.06) / 2, 0), 0.30, (TOP - 0.06) / 2, 0.02)
        body.group()
        body.drum(self._stone, (0, TOP - 0.045, 0), 0.42, 0.035, 0.015)
        body.group()
        body.drum(self._gold, (0, TOP - 0.005, 0), 0.36, 0.008, 0.004)
