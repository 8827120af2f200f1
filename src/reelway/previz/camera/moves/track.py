"""Tracking: the camera goes with whom it follows."""

from reelway.previz.camera.rig import Move, Rig

MOVE = Move(
    words="""tracking-shot tracking-camera track-shot tracking tracked follow-shot following-shot follow-cam
        follow-camera chase-cam chase-shot steadicam steadycam gimbal-shot camera-follows verfolgungsfahrt
        plan-sequence travelling-de-suivi plano-secuencia 跟拍 跟随镜头 追跡ショット""",
    verbs="track follow chase trail accompany pursue shadow",
    ways={"": Rig(right=0.20)},
    elsewhere={"in": "push", "out": "pull"},
)
