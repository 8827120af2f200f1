"""The moves of a camera: one small file each, and one line here."""

from reelway.previz.camera.moves import (
    aerial,
    crane,
    handheld,
    orbit,
    pan,
    pull,
    push,
    rack,
    static,
    through,
    tilt,
    track,
    truck,
    vertigo,
    whip,
    zoom,
)
from reelway.previz.camera.rig import Move

MOVES: dict[str, Move] = {
    "aerial": aerial.MOVE,
    "crane": crane.MOVE,
    "handheld": handheld.MOVE,
    "orbit": orbit.MOVE,
    "pan": pan.MOVE,
    "pull": pull.MOVE,
    "push": push.MOVE,
    "rack": rack.MOVE,
    "static": static.MOVE,
    "through": through.MOVE,
    "tilt": tilt.MOVE,
    "track": track.MOVE,
    "truck": truck.MOVE,
    "vertigo": vertigo.MOVE,
    "whip": whip.MOVE,
    "zoom": zoom.MOVE,
}
