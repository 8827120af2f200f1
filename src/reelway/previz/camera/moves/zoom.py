"""Zoom: the lens changes, the camera stands."""

from reelway.previz.camera.rig import Move, Rig

MOVE = Move(
    words="zoom zooming crash-zoom camera-zoom 放大 变焦 ズーム",
    verbs="magnify",
    ways={"in": Rig(zoom=0.45), "out": Rig(zoom=-0.45)},
    rests=0.25,
)
