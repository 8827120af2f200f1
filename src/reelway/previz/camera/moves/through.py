"""Push through: past what stands in front, and on."""

from reelway.previz.camera.rig import Move, Rig

MOVE = Move(
    words="push-through dolly-through travelling-a-travers",
    verbs="pass penetrate",
    ways={"": Rig(ahead=1.25, right=0.10)},
    rests=0.65,
    planted=True,
)
