"""Rack focus: the sharpness wanders from what is near to what is far, or back."""

from reelway.previz.camera.rig import Move, Rig

MOVE = Move(
    words="""rack-focus focus-pull pull-focus pulls-focus racking-focus racks-focus focus-shift shift-focus
        shifts-focus focus-shifts focus-rack focus-racks rack-focuses scharfeverlagerung 移焦 ピント送り""",
    verbs="refocus",
    ways={"far": Rig(focus=1.0), "near": Rig(focus=-1.0)},
    rests=1.0,
    planted=True,
)
