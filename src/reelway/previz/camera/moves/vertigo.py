"""Dolly zoom: nearer and wider at once, so that the subject stays and the world behind it stretches."""

from reelway.previz.camera.rig import Move, Rig

MOVE = Move(
    words="dolly-zoom vertigo-effect vertigo-shot zolly contra-zoom",
    ways={"in": Rig(nearer=0.6, zoom=-0.6), "out": Rig(nearer=-0.6, zoom=0.6)},
    rests=0.3,
)
