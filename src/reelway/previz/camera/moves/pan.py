"""Pan: the head turns, the feet stand."""

from reelway.previz.camera.rig import Move, Rig

MOVE = Move(
    words="""pan-left pan-right pan-across panning-shot pan-shot pan-to pan-over pan-from pan-around
        panning camera-pan schwenk kameraschwenk panoramique paneo panoramica 摇镜头 パン撮影""",
    verbs="pan sweep swivel turn",
    ways={"right": Rig(pan=0.52), "left": Rig(pan=-0.52)},
    planted=True,
    turns=True,
)
