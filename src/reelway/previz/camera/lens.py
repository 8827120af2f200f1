"""What a lens leaves sharp: where it is focused, and how wide it is open."""

import math

from reelway.previz.shot import Shot

SENSOR = 0.012  # metres, half the height of full-frame film
STOP = 2.0  # the f-number of a close-up
# The disc that something endlessly far becomes where a blur is asked for, in heights of the picture: the lens is opened
# as far as that takes, whatever the size of what is filmed.
BOKEH, RACK, MACRO = 0.060, 0.070, 0.045
WIDEST = 0.055  # as much blur as a close-up may have of itself
REACH_MAX = 12.0  # metres; further off a lens blurs less, or a landscape looks like a toy
# Of its length: how far before its middle what is filmed is sharp, if it is upright and if it lies; how deep it is; and
# the most that the lens blurs of that, in heights of the picture.
UPRIGHT, LYING, DEPTH, SOFT = 0.05, 0.12, 0.4, 0.010


def blur_of(shot: Shot) -> float | None:
    """How large a blur the shot asks for: 0 is whatever the lens gives, None is none at all."""
    wishes = [
        BOKEH if "bokeh" in shot.style else None,
        RACK if any(leg.move == "rack" for leg in shot.camera) else None,
        MACRO if shot.lens == "macro" else None,
        0.0 if {shot.size, *(leg.size for leg in shot.camera)} & {"close", "extreme"} else None,
    ]
    return max((wish for wish in wishes if wish is not None), default=None)


def aperture(fov: float, reach: float, blur: float, length: float) -> float:
    """The width of the lens in metres, for vertical degrees and what is `reach` metres off and `length` metres long."""
    focal = 1 / math.tan(math.radians(fov) / 2)
    wanted = blur * 2 * min(reach, REACH_MAX) / focal
    deep = DEPTH * length
    most = SOFT * 2 / focal * reach * (reach / deep - 1) if 0 < deep < reach / 2 else wanted
    natural = min(SENSOR * focal / STOP, WIDEST * 2 * reach / focal)
    return max(natural, min(wanted, most))


def focused(reach: float, focus: float, beyond: float = 0.0) -> float:
    """Metres at which the picture is sharp; between the near and the far it goes by dioptres, as a lens does.

    `focus` is 0 on what is `reach` away, -1 on what is near, 1 on what is far: `beyond` metres behind it, where it is
    known.
    """
    far = reach + beyond if beyond else 8 * reach
    here, there = 1 / reach, (1 / (0.3 * reach) if focus < 0 else 1 / far)
    return 1 / (here + (there - here) * min(abs(focus), 1.0))
