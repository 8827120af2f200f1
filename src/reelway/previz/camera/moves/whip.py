"""Whip pan: a turn so quick that the picture smears."""

from reelway.previz.camera.rig import Move, Rig

MOVE = Move(
    words="whip whip-pan whip-pans whip-pan-left whip-pan-right whips-to swish-pan flash-pan reissschwenk 甩镜头",
    verbs="whip snap swish jerk",
    ways={"right": Rig(pan=1.75), "left": Rig(pan=-1.75)},
    rests=1.0,
    planted=True,
    turns=True,
    brief_s=0.45,
)
