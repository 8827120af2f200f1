"""Who is where: one grey level for each of the cast."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from reelway.previz.geometry import Floats

Member = tuple[str, int, int]  # what it is, and the first and last group of its solids


def level_of(number: int, count: int) -> int:
    """The grey of the cast's member `number`, from 0; the last is white."""
    return round(255 * (number + 1) / count)


def to_levels(groups: Floats, cast: Sequence[Member]) -> npt.NDArray[np.uint8]:
    """0 where nobody of the cast is."""
    levels = np.zeros(groups.shape, np.uint8)
    for number, (_, first, last) in enumerate(cast):
        levels[(groups >= first) & (groups <= last)] = level_of(number, len(cast))
    return levels


def legend(cast: Sequence[Member]) -> list[dict[str, object]]:
    """Which level is whom."""
    return [{"kind": kind, "value": level_of(number, len(cast))} for number, (kind, _, _) in enumerate(cast)]
