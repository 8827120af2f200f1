"""Orbit: round the target, at the same distance."""

from reelway.previz.camera.rig import Move, Rig

MOVE = Move(
    words="""orbit orbit-shot orbiting-shot orbital-shot orbiting-camera orbital arc-shot arc-around arc-left
    arc-right
        arcing-shot circling-shot circular-shot 360-shot 360-degree 360-degrees 360-view 360-orbit
        circle-around circling-around rotate-around bullet-time umkreisen kreisfahrt orbite orbita
        环绕 旋转镜头 周回""",
    verbs="orbit circle arc revolve rotate spin swirl wheel",
    ways={"right": Rig(orbit=0.9), "left": Rig(orbit=-0.9)},
)
