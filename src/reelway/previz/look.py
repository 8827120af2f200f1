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


# What a colour of the palette adds to the dark and to the bright parts; their sum is nearly nothing, so that a palette
# tints a picture and does not light it.
PALETTE: dict[str, tuple[Tint, Tint]] = {
    "red": ((0.022, -0.010, -0.008), (0.030, -0.016, -0.016)),
    "orange": ((0.012, -0.002, -0.010), (0.034, 0.006, -0.034)),
    "yellow": ((0.006, 0.004, -0.010), (0.026, 0.018, -0.040)),
    "green": ((-0.010, 0.014, -0.006), (-0.014, 0.022, -0.012)),
    "blue": ((-0.014, -0.002, 0.030), (-0.022, -0.002, 0.026)),
    "purple": ((0.012, -0.014, 0.026), (0.010, -0.018, 0.018)),
    "pink": ((0.012, -0.008, 0.008), (0.032, -0.014, 0.010)),
    "brown": ((0.010, 0.002, -0.012), (0.020, 0.006, -0.028)),
    "gold": ((0.006, 0.002, -0.010), (0.034, 0.014, -0.042)),
}


def styled(look: Look, style: tuple[str, ...], palette: tuple[str, ...] = ()) -> Look:
    """`look` after each style word and each colour of the palette; a word it does not know changes nothing."""
    for word in style:
        look = _styled(look, word)
    for number, colour in enumerate(palette[:2]):
        dark, bright = PALETTE.get(colour, ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)))
        # Of two colours the first is the light and the second the shade: "orange and teal".
        if len(palette) == 1 or number == 0:
            look = replace(look, highlights=_add(look.highlights, bright))
        if len(palette) == 1 or number == 1:
            look = replace(look, shadows=_add(look.shadows, dark))
    return look


def _styled(look: Look, word: str) -> Look:
    match word:
        case "noir":
            cool = _add(look.shadows, (-0.012, 0.004, 0.024))
            return replace(
                look,
                exposure=look.exposure * 0.88,
                saturation=min(look.saturation, 0.30),
                contrast=max(look.contrast, 1.30),
                vignette=max(look.vignette, 0.52),
                grain=max(look.grain, 6.0),
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
                saturation=look.saturation * 1.22,
                contrast=look.contrast * 1.05,
                bloom=look.bloom * 1.25,
                shadows=_add(look.shadows, (0.004, -0.008, 0.034)),
                highlights=_add(look.highlights, (0.022, -0.014, 0.012)),
            )
        case "warm":
            return replace(look, highlights=_add(look.highlights, (0.020, 0.004, -0.018)))
        case "golden":
            return replace(
                look,
                exposure=look.exposure * 1.04,
                bloom=look.bloom * 1.2,
                saturation=look.saturation * 1.06,
                highlights=_add(look.highlights, (0.034, 0.012, -0.034)),
            )
        case "documentary":
            # As the camera saw it: no glow, no tint, the grain of a fast film.
            return replace(
                look,
                saturation=look.saturation * 0.88,
                contrast=1.0 + (look.contrast - 1.0) * 0.5,
                bloom=look.bloom * 0.35,
                shadows=(0.0, 0.0, 0.0),
                highlights=(0.0, 0.0, 0.0),
                vignette=look.vignette * 0.4,
                grain=max(look.grain, 6.5),
            )
        case "cold":
            return replace(
                look,
                saturation=look.saturation * 0.92,
                shadows=_add(look.shadows, (-0.014, 0.0, 0.022)),
                highlights=_add(look.highlights, (-0.016, 0.0, 0.016)),
            )
        case "pastel":
            return replace(
                look,
                exposure=look.exposure * 1.10,
                saturation=look.saturation * 0.80,
                contrast=look.contrast * 0.82,
                lift=look.lift + 0.055,
                highlights=_add(look.highlights, (0.010, 0.0, 0.008)),
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
