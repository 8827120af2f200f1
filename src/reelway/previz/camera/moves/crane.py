"""Crane: up or down, with the target held."""

from reelway.previz.camera.rig import Move, Rig

MOVE = Move(
    words="""crane-up crane-down crane-shot craning jib jib-up jib-down jib-shot boom-up boom-down boom-shot
        pedestal-up pedestal-down rising-shot rising-camera ascending-shot descending-shot kranfahrt kran-aufnahme
        plan-a-la-grue grua 升降镜头 クレーン撮影""",
    verbs="crane rise ascend lift boom climb soar up descend lower sink",
    ways={"up": Rig(up=0.55), "down": Rig(up=-0.55)},
    rests=0.15,
)
