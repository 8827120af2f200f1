"""Passes: what can come beside a clip for other tools to go on with, and the files that they are."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from reelway.errors import InvalidRequest


class Pass(StrEnum):
    """Names are public: add, never rename."""

    DEPTH = "depth"  # how far away each pixel is
    MASKS = "masks"  # who is where
    CAMERA = "camera"  # its way, its turn and its lens
    SHOT = "shot"  # what was understood of the prompt


# The pass itself, and after it the JSON that says the same, or how to read it.
FILES: Final = {
    Pass.DEPTH: ("depth.mkv", "depth.json"),
    Pass.MASKS: ("masks.mkv", "masks.json"),
    Pass.CAMERA: ("camera.gltf", "camera.json"),
    Pass.SHOT: ("shot.json",),
}


def parse_passes(names: Iterable[object]) -> tuple[Pass, ...]:
    """Each once, in one order, so that equal wishes are equal; raises InvalidRequest for one there is none of."""
    wanted = set()
    for name in names:
        try:
            wanted.add(Pass(str(name).strip().lower()))
        except ValueError:
            message = f"passes {str(name)[:40]!r} is not known; there are {', '.join(Pass)}"
            raise InvalidRequest(message, param="passes") from None
    return tuple(one for one in Pass if one in wanted)


def files_of(passes: Iterable[Pass]) -> list[str]:
    """The names of all their files."""
    return [name for one in passes for name in FILES[one]]
