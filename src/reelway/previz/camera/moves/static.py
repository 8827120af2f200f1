"""Static: on the tripod."""

from reelway.previz.camera.rig import Move, Rig

MOVE = Move(
    words="""static static-shot static-camera locked-off locked-down locked-camera fixed-camera tripod tripod-shot
        still-camera stationary-camera no-camera-movement no-movement statisch statische-kamera plan-fixe camara-fija
        plano-fijo camera-fissa camera-fixa 固定镜头 固定カメラ""",
    verbs="static locked still motionless stationary fixed hold",
    ways={"": Rig()},
    planted=True,
)
