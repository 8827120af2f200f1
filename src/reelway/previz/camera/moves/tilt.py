"""Tilt: the head nods, the feet stand."""

from reelway.previz.camera.rig import Move, Rig

MOVE = Move(
    words="""tilt-up tilt-down tilting-up tilting-down tilt-shot tilting-shot camera-tilt tilt-from tilt-to
        neigung""",
    verbs="tilt nod look",
    ways={"up": Rig(tilt=0.38), "down": Rig(tilt=-0.38)},
    planted=True,
    turns=True,
)
