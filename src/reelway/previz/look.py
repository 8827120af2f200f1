"""The grade of a clip: exposure, contrast, tints; and what the words of a style do to it."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Tint = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How light becomes a picture; neutral by default."""

    exposure: float = 1.0
    bloom: float = 0.0
    saturation: float = 1.0
    contrast: float = 1.0
    lift: float = 0.0
    shadows: Tint = (0.0, 0.0, 0.0)
    highlights: Tint = (0.0, 0.0, 0.0)
    vignette: float = 0.0
    grain: float = 3.0  # in steps of 8-bit brightness
    shutter: float = 0.5  # share of a frame that the camera smears

    def row(self) -> npt.NDArray[np.float64]:
        """As `filters.develop` and `filters.regrade` read it."""
        head = (self.exposure, self.bloom, self.saturation, self.contrast, self.lift)
        return np.array([*head, *self.shadows, *self.highlights, self.vignette], np.float64)


def _add(a: Tint, b: Tint) -> Tint:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def styled(look: Look, style: tuple[str, ...]) -> Look:
    """`look` after each style word, in order; a word it does not know changes nothing."""
    for word in style:
        look = _styled(look, word)
    return look


def _styled(look: Look, word: str) -> Look:
    match word:
        case "noir":
            cool = _add(look.shadows, (-0.012, 0.004, 0.024))
            return replace(
                look,
                saturation=min(look.saturation, 0.55),
                contrast=max(look.contrast, 1.22),
                vignette=max(look.vignette, 0.45),
                shadows=cool,
            )
        case "monochrome":
            none: Tint = (0.0, 0.0, 0.0)
            return replace(look, saturation=0.0, contrast=look.contrast * 1.08, shadows=none, highlights=none)
        case "cinematic":
            return replace(
                look,
                contrast=look.contrast * 1.03,
                shadows=_add(look.shadows, (-0.006, 0.002, 0.012)),
                highlights=_add(look.highlights, (0.008, 0.002, -0.008)),
                vignette=max(look.vignette, 0.30),
            )
        case "neon":
            return replace(
                look,
                saturation=look.saturation * 1.12,
                bloom=look.bloom * 1.15,
                shadows=_add(look.shadows, (0.006, -0.004, 0.020)),
            )
        case "warm":
            return replace(look, highlights=_add(look.highlights, (0.020, 0.004, -0.018)))
        case "cold":
            return replace(
                look,
                saturation=look.saturation * 0.92,
                shadows=_add(look.shadows, (-0.014, 0.0, 0.022)),
                highlights=_add(look.highlights, (-0.016, 0.0, 0.016)),
            )
        case "pastel":
            return replace(
                look, saturation=look.saturation * 0.85, contrast=look.contrast * 0.86, lift=look.lift + 0.045
            )
        case "vintage":
            return replace(
                look,
                saturation=look.saturation * 0.72,
                contrast=look.contrast * 0.94,
                lift=look.lift + 0.02,
                highlights=_add(look.highlights, (0.03, 0.012, -0.03)),
                grain=max(look.grain, 9.0),
            )
        case _:
            return look
